"""Every dialect that a module of mlgraph may hold, by name; none is loaded before it is needed."""

from collections.abc import Callable, Collection
from importlib import import_module

from xdsl.context import Context
from xdsl.dialects import get_all_dialects
from xdsl.ir import Dialect


def _dialect(module: str, name: str) -> Callable[[], Dialect]:
    return lambda: getattr(import_module(f"mlgraph.dialects.{module}"), name)


DIALECTS: dict[str, Callable[[], Dialect]] = {
    "backend": _dialect("backend", "BackendTypes"),
    "constant": _dialect("constant", "Constant"),
    "generator": _dialect("generator", "Generator"),
    "ivy": _dialect("ivy", "Ivy"),
    "jax": _dialect("backend", "Jax"),
    "kernel": _dialect("kernel", "Kernel"),
    "numpy": _dialect("backend", "Numpy"),
    "scalar": _dialect("scalar", "Scalar"),
    "stateful": _dialect("stateful", "Stateful"),
    "tensorflow": _dialect("backend", "TensorFlow"),
    "torch": _dialect("backend", "Torch"),
}
"""The dialects of mlgraph."""


def context(names: Collection[str] | None = None) -> Context:
    """A context that knows the dialects of mlgraph and of xDSL, or only `names` of them, to parse and to run passes."""
    ctx = Context()
    for name, dialect in {**get_all_dialects(), **DIALECTS}.items():
        if names is None or name in names:
            ctx.register_dialect(name, dialect)
    return ctx
