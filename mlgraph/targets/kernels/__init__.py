"""Kernels at run time: the functions that a graph calls instead of a chain of elementwise operations.

A kernel looks its loops up by the shapes and strides of a call. Where no kernel can run (nothing to loop over, arrays
of another kind than it was made for) it calls the unfused function.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from math import prod
from typing import Any, NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.llvm import FuncOp
from xdsl.passes import ModulePass

from mlgraph.dialects.dtypes import NAME_OF, dtype_of, element_type
from mlgraph.dialects.functions import finish, function
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.kernel import FUNCTION_WEIGHT, Access, FusedOp, RareOp, elementwise, has_loops, work
from mlgraph.frameworks import get
from mlgraph.targets.autograd import Derive
from mlgraph.targets.kernels.loops import MAX_CACHED_SHAPES, Loops, access_of
from mlgraph.targets.kernels.reducing import ReducingLoops
from mlgraph.targets.llvm import translate
from mlgraph.targets.loop_nest import LoopNest, Shape, make_loop_nest
from mlgraph.targets.machine_code import Code, assembly, load

MIN_STRIDED_ELEMENTS = 1 << 14
"""Elements from which on it matters whether those that are reduced lie side by side."""

MIN_VECTOR_ELEMENTS = 16
"""Elements from which on a row that is reduced is worth vectors."""


class Reduced(NamedTuple):
    """A reduction that a framework does on a result."""

    kind: str
    axes: tuple[int, ...]
    keepdims: bool


@dataclass(frozen=True)
class Passes:
    """The transforms that kernels are made with: the compiler gives them, as targets know none."""

    expand: ModulePass
    """Leaves kernels without functions that processors have no instruction for."""
    expand_common: ModulePass
    """The pass `expand`, but wrong for rare elements."""
    narrow: ModulePass
    """Leaves kernels for a GPU with arithmetic in half precision where the results are the same."""
    lower: Callable[[FusedOp, Access, str], FuncOp]
    """The loops of such a kernel."""
    derive: Derive
    """The derivative of a kernel, for torch's autograd."""


class Kernel:
    """One kernel: its code for each access to its arrays, and its loops for each shape."""

    def __init__(self, fused: FusedOp, to: str, passes: Passes) -> None:
        self.name = fused.symbol
        self.to = to
        self.fused = fused
        self.passes = passes
        arrays = [*self.fused.operands, *self.fused.results]
        dtypes = [element_type(value.type) for value in arrays]
        self.inputs = len(self.fused.operands)
        self.dtypes = [NAME_OF[d] for d in dtypes]
        self.itemsizes = [dtype_of(d).itemsize for d in dtypes]
        self.ranks = [rank(value) for value in arrays]
        self.reads = self.fused.reads
        self.kinds, self.axes = self.fused.kinds, self.fused.axes
        self.weight = work(self.fused.body.block)
        self.natural = Access.natural(self.fused)
        self.loop_nests: dict[Any, LoopNest | None] = {}
        self.loops: dict[LoopNest, Loops] = {}
        self.codes: dict[Access, Code] = {}
        self._process = os.getpid()
        self._first = _compiler().submit(self._make, self.natural)

    def __repr__(self) -> str:
        return f"<Kernel {self.name}({', '.join(self.dtypes[: self.inputs])}) to {self.to}>"

    @property
    def source(self) -> str:
        """The kernel in the `kernel` dialect, in a module of its own."""
        return f"{module_of(standalone(self.fused))!s}\n"

    @property
    def llvm(self) -> str:
        """The LLVM IR of the kernel over arrays without gaps."""
        return self._llvm(self.natural)

    @property
    def asm(self) -> str:
        """The assembly of the kernel over arrays without gaps, for this processor."""
        return assembly(self.llvm)

    def _llvm(self, access: Access) -> str:
        boxed = get(self.to).boxes_kernels
        whole = self.axes or has_loops(self.fused)
        expanded = self._expanded(self.passes.expand if whole else self.passes.expand_common)
        lowered = self._lowered(expanded, access)
        if not any(isinstance(op, RareOp) for op in expanded.body.block.ops):
            return translate(lowered, boxed)
        exact = self._lowered(self._expanded(self.passes.expand), access)
        return translate(exact, boxed, lowered, access.outer > 0)

    def _expanded(self, expand: ModulePass) -> FusedOp:
        fused = standalone(self.fused)
        expand.apply(Context(), module_of(fused))
        return fused

    def _lowered(self, expanded: FusedOp, access: Access) -> FuncOp:
        return self.passes.lower(expanded, access, self.name)

    def steps(self) -> dict[str, str]:
        """Return the kernel over arrays without gaps after each step, by the ending of a file's name."""
        expanded = self._expanded(self.passes.expand)
        lowered = self._lowered(expanded, self.natural)
        return {
            "0-fused.mlir": self.source,
            "1-expanded.mlir": f"{module_of(expanded)!s}\n",
            "2-llvm.mlir": f"{lowered!s}\n",
            "3.ll": self.llvm,
        }

    def code(self, access: Access) -> Code:
        """Return the code for an access to the arrays; it is made when it is first asked for."""
        if access not in self.codes:
            self._first_code()
        if access not in self.codes:
            self.codes[access] = self._make(access)
        return self.codes[access]

    def _first_code(self) -> None:
        """Wait for the compilation that `__init__` started; a forked child, without its thread, compiles in `code`."""
        if self._process == os.getpid():
            self.codes[self.natural] = self._first.result()

    def _make(self, access: Access) -> Code:
        return load(f"{self.source}{access} {self.to}", lambda: self._llvm(access))

    def loop_nest(self, shapes: Sequence[Shape], strides: Sequence[Shape], whole: bool = False) -> LoopNest | None:
        """Return the loops over operands of these shapes and strides in bytes, None where no kernel can run.

        It is that of a kernel whose results are all whole where `whole` says so, as on a GPU, or where that is faster.
        The framework then reduces them.
        """
        key = (whole, *shapes, *strides)
        found: Any = self.loop_nests.get(key, self)
        if found is self:
            if len(self.loop_nests) >= MAX_CACHED_SHAPES:
                self.loop_nests.clear()  # another thread may do so at any time
            fit = [len(shape) for shape in shapes] == self.ranks[: self.inputs]
            found = self._loop_nest(shapes, strides, whole) if fit else None
            self.loop_nests[key] = found
        return found

    def _loop_nest(self, shapes: Sequence[Shape], strides: Sequence[Shape], whole: bool) -> LoopNest | None:
        arrays = (shapes, strides, self.itemsizes[self.inputs :], self.reads)
        if not self.axes or whole:
            return make_loop_nest(*arrays)
        ranks = [rank if kind else None for kind, rank in zip(self.kinds, self.ranks[self.inputs :])]
        nest = make_loop_nest(*arrays, self.axes, ranks)
        return nest if nest is None or self._reduces_well(nest) else make_loop_nest(*arrays)

    def _reduces_well(self, nest: LoopNest) -> bool:
        """Return whether rows are near in memory, and long enough for vectors where these matter."""
        if prod(nest.shape) < MIN_STRIDED_ELEMENTS:
            return True
        innermost = next((axis for axis in reversed(nest.order) if nest.shape[axis] != 1), 0)
        near = innermost >= len(nest.shape) - self.axes
        return near and (nest.sizes[-1] >= MIN_VECTOR_ELEMENTS or self.weight < FUNCTION_WEIGHT)

    def loops_of(self, nest: LoopNest) -> Loops:
        """Return the CPU's loops for a loop nest, which may be one of whole results."""
        if self.axes and not nest.reduced:
            return self.whole.loops_of(nest)
        found = self.loops.get(nest)
        if found is None:
            if len(self.loops) >= MAX_CACHED_SHAPES:
                self.loops.clear()  # another thread may do so at any time
            code = self.code(access_of(nest, self.itemsizes))
            found = self.loops[nest] = self._loops(nest, code)
        return found

    def _loops(self, nest: LoopNest, code: Code) -> Loops:
        if not self.axes:
            return Loops(nest, code, self.itemsizes, self.weight)
        dtypes = [dtype_of(element_type(type)) for type in self.fused.result_types]
        return ReducingLoops(nest, code, self.itemsizes, self.weight, self.kinds, dtypes)

    @cached_property
    def whole(self) -> "Kernel":
        """The kernel without its reductions."""
        return Kernel(elementwise(self.fused), self.to, self.passes)

    def to_reduce(self, nest: LoopNest) -> list[Reduced | None]:
        """Return the reduction that is left to the framework for each result, None where there is none."""
        if not self.axes or nest.reduced:
            return [None] * len(self.kinds)
        ranks = self.ranks[self.inputs :]
        axes = tuple(range(-self.axes, 0))
        return [Reduced(kind, axes, rank == len(nest.shape)) if kind else None for kind, rank in zip(self.kinds, ranks)]

    @cached_property
    def gpu(self) -> Any:
        """The kernel on a GPU, which reduces nothing."""
        from mlgraph.targets.kernels.triton import TritonKernel

        whole = elementwise(self.fused)
        narrow = standalone(whole)
        self.passes.narrow.apply(Context(), module_of(narrow))
        return TritonKernel(whole, narrow)

    @property
    def triton(self) -> str:
        """The Triton source of the kernel over arrays without gaps, whose results torch then reduces."""
        return self.gpu.source

    def over(self, unfused: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that a graph calls: this kernel, or `unfused` where it cannot run."""
        module = get(self.to).kernels
        if module is None:
            raise TypeError(f"{self.to} runs no kernels")
        return import_module(module).make_launcher(self, unfused)

    def another(self, fused: FusedOp, unfused: Callable[..., Any]) -> Callable[..., Any]:
        """Return the launcher of another kernel of this target, such as a derivative."""
        return Kernel(fused, self.to, self.passes).over(unfused)


def standalone(fused: FusedOp) -> FusedOp:
    """Copy a kernel into a module of its own."""
    main = function(fused.symbol, fused.operand_types, [value.name_hint or "x" for value in fused.operands])
    copy = fused.clone(dict(zip(fused.operands, main.body.block.args)))
    main.body.block.add_op(copy)
    finish(main, copy.results)
    ModuleOp([main])
    return copy


def module_of(fused: FusedOp) -> ModuleOp:
    """Return the module of a kernel that stands alone."""
    module = fused.get_toplevel_object()
    assert isinstance(module, ModuleOp)
    return module


_compilers: list[ThreadPoolExecutor] = []


def _compiler() -> ThreadPoolExecutor:
    """Makes code while the rest of a graph is made."""
    if not _compilers:
        _compilers.append(ThreadPoolExecutor(2, "mlgraph-compile"))
    return _compilers[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compilers.clear)
