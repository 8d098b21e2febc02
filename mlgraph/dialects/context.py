"""Every dialect that a module of mlgraph may hold, by name; none is loaded before it is needed."""

from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module

from xdsl.context import Context
from xdsl.dialects import get_all_dialects
from xdsl.ir import Dialect

from mlgraph.frameworks import names


def _dialect(module: str, name: str) -> Callable[[], Dialect]:
    return lambda: getattr(import_module(f"mlgraph.dialects.{module}"), name)


DIALECTS: dict[str, Callable[[], Dialect]] = {
    "backend": _dialect("backend", "BackendTypes"),
    "constant": _dialect("constant", "Constant"),
    "generator": _dialect("generator", "Generator"),
    "ivy": _dialect("ivy.dialect", "Ivy"),
    "kernel": _dialect("kernel", "Kernel"),
    "scalar": _dialect("scalar", "Scalar"),
    "stateful": _dialect("stateful", "Stateful"),
}
"""The dialects of mlgraph, without those of backends."""


def dialects() -> dict[str, Callable[[], Dialect]]:
    """Return every dialect of mlgraph by its name, one of each framework among them."""
    return {name: partial(_call_dialect, name) for name in names()} | DIALECTS


def _call_dialect(name: str) -> Dialect:
    from mlgraph.dialects.backend import call_dialect

    return call_dialect(name)


def context(only: Collection[str] | None = None) -> Context:
    """Return a context with the dialects of mlgraph and of xDSL, or `only` some of them, to parse and to run passes."""
    ctx = Context()
    for name, dialect in {**get_all_dialects(), **dialects()}.items():
        if only is None or name in only:
            ctx.register_dialect(name, dialect)
    return ctx
