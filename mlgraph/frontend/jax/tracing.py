# pyright: basic
"""`jax.make_jaxpr` with as many symbolic sizes as the function allows.

Every size is a symbol of its own first. Where jax refuses (an inconclusive comparison, shapes that do not fit, a size
that Python needs), the symbols that it names are made equal or fixed, and the function is traced again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np
from jax import export

from mlgraph.errors import InputError
from mlgraph.frontend.control_flow.base import control_flow
from mlgraph.frontend.control_flow.eager_reads import EagerReads
from mlgraph.frontend.control_flow.paths import PathRecorder
from mlgraph.frontend.dynamic_sizes import DynamicSizes, fix_all, fix_all_but_first, unify_equal
from mlgraph.frontend.errors import raise_translated
from mlgraph.frontend.jax.control_flow import JaxControlFlow
from mlgraph.frontend.jax.dimensions import symbols_of
from mlgraph.frontend.jax.errors import translate_error
from mlgraph.frontend.jax.modules import Modules
from mlgraph.frontend.jax.path_reads import reads_as_tests, reads_of_example
from mlgraph.frontend.jax.size_access_hooks import record_size_access
from mlgraph.frontend.program import TRACED, Memory, Request, identities
from mlgraph.frontend.shape_access import ShapeAccessRecorder

TRIES = 6
"""So many times single symbols are fixed before the next rung of the ladder."""

Shape: TypeAlias = tuple[int | str, ...]


@dataclass
class JaxTrace:
    """The jaxpr of a function, and what was seen while it was traced."""

    jaxpr: Any
    shapes: list[Shape]
    outputs: list[Any]
    """The leaves, with `TRACED` for each array and size."""
    results: list[Any]
    """For each result a symbolic size, or None for the next output of the jaxpr."""
    observed: set[int]
    """The numbers of the inputs that the function does something with, be it a look at the shape."""
    conditions: tuple[str, ...]
    """The facts about sizes that the user's code depended on."""
    same: Mapping[int, Memory]
    """The leaves that are an input or an earlier leaf."""
    seconds: float
    written: list[str]
    """The variables of modules whose new values follow the leaves in the outputs of the jaxpr."""
    tests: int = 0
    """The number of tests, which are the last outputs of the jaxpr."""


class JaxSizes(DynamicSizes):
    """The sizes of a capture by jax, whose errors name symbols."""

    def __init__(self, arrays: Sequence[Any], dynamic: bool) -> None:
        super().__init__([array.shape for array in arrays], dynamic, (unify_equal, fix_all_but_first, fix_all))
        self.arrays = arrays
        self.tries = 0

    def arguments(self) -> list[jax.ShapeDtypeStruct]:
        """Return what stands for the inputs in a trace."""
        free = sorted(self.free)
        scope = export.SymbolicScope([f"{name} >= 2" for name in free])
        dims = dict(zip(free, export.symbolic_shape(", ".join(free), scope=scope) if free else (), strict=True))
        return [
            jax.ShapeDtypeStruct(
                tuple(dims[n] if isinstance(n, str) else n for n in shape),
                array.dtype,
                weak_type=getattr(array, "weak_type", False),
            )
            for array, shape in zip(self.arrays, self.shapes, strict=True)
        ]

    def relax(self, seen: set[str], message: str) -> None:
        """Free fewer sizes, guided by the symbols that the function looked at and those that an error names."""
        self.tries += 1
        named = symbols_of(message) & self.free
        if self.tries > TRIES or not (seen & self.free or named):
            self.tries = 0
            self.descend()
        elif not self.fix(seen) and not self.unify(named):
            self.fix((named - self.first) or named)


def check_inputs(request: Request) -> None:
    """Raise for arrays that no other framework has a type for."""
    for array, name in zip(request.arrays, request.names, strict=True):
        if jax.dtypes.issubdtype(array.dtype, jax.dtypes.extended):  # pyright: ignore[reportPrivateImportUsage]
            what = f"argument '{name}' has element type {array.dtype}, which only jax has"
            raise InputError(what, fix="pass jax.random.key_data(key), and wrap it in the function")


def trace(request: Request, sizes: JaxSizes, modules: Modules) -> JaxTrace:
    """Trace the function of `request`; an error of the user's own code comes out as it is.

    The jaxpr takes the variables of modules before the inputs.
    """
    weights = [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in modules.arrays]
    reads = EagerReads() if request.paths is None else reads_of_example(request, request.paths)
    while True:
        start = time.perf_counter()
        leaves = _Leaves(request.function, modules, request.paths, reads)
        arguments = [*weights, *sizes.arguments()]
        try:
            with record_size_access(sizes.sizes) as watch:
                jaxpr = jax.make_jaxpr(leaves)(*arguments)
        except Exception as error:
            if not sizes.free:
                raise_translated(error, translate_error)
            sizes.relax(watch.seen | watch.asked, error_text(error))
            continue
        if watch.seen & sizes.free:
            sizes.relax(watch.seen, "")
            continue
        shapes = [tuple(shape) for shape in sizes.shapes]
        return JaxTrace(
            jaxpr=jaxpr,
            shapes=shapes,
            outputs=leaves.outputs,
            results=leaves.results,
            observed=leaves.observed,
            conditions=tuple(watch.conditions),
            same=leaves.same,
            seconds=time.perf_counter() - start,
            written=leaves.written,
            tests=0 if request.paths is None else len(request.paths.tests),
        )


def error_text(error: Exception) -> str:
    """Return the text of an error without the list of all symbols that jax may append."""
    return str(error).partition("Using symbolic scope")[0]


class _Leaves:
    """The function to trace: it gives the arrays among the leaves, and remembers the others."""

    def __init__(
        self,
        function: Callable[..., list[Any]],
        modules: Modules,
        paths: PathRecorder | None,
        reads: EagerReads,
    ) -> None:
        self.function, self.modules, self.paths, self.reads = function, modules, paths, reads

    def __call__(self, *arrays: Any) -> list[Any]:
        """Return the arrays among the leaves, then what was written to modules, then what Python read."""
        n = len(self.modules.names)
        with (
            self.modules.holding(arrays[:n]) as written,
            reads_as_tests(self.paths, self.reads, arrays),
            control_flow(JaxControlFlow()),
        ):
            found = self.leaves(arrays[n:])
            new = written()
        self.written = list(new)
        return [*found, *new.values(), *([] if self.paths is None else self.paths.values)]

    def leaves(self, arrays: Sequence[Any]) -> list[Any]:
        """Return the arrays among the leaves."""
        self.outputs: list[Any] = []
        self.results: list[Any] = []
        found: list[Any] = []
        with ShapeAccessRecorder(arrays) as self.observed:
            leaves = self.function(*arrays)
        self.same = identities(leaves, arrays)
        for leaf in leaves:
            is_array = isinstance(leaf, jax.Array | np.ndarray)
            if not is_array and not symbols_of_size(leaf):
                self.outputs.append(leaf)
                continue
            self.outputs.append(TRACED)
            self.results.append(None if is_array else leaf)
            if is_array:
                found.append(leaf)
        return found


def symbols_of_size(leaf: Any) -> set[str]:
    """Return the symbols of a symbolic size, none for any other object."""
    return symbols_of(leaf) if export.is_symbolic_dim(leaf) else set()
