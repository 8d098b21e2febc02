"""`fold-constants`: what depends on no input is evaluated once, at compile time.

    %a = constant.literal dense<2> : tensor<1xi64>
    %b = ivy.add(%a, %a) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
    %z = ivy.pow(%x, %b) : (tensor<3xi64>, tensor<1xi64>) -> tensor<3xi64>

becomes

    %b = constant.literal dense<4> : tensor<1xi64>
    %z = ivy.pow(%x, %b) : (tensor<3xi64>, tensor<1xi64>) -> tensor<3xi64>

Weights, random numbers and state are no constants. An operation that numpy cannot evaluate stays, as does one whose
result is larger than 64 MiB. Of a chain, only what another operation reads is kept.
"""

from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, count
from math import prod
from typing import Any

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import IndexType, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import sizes
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import LITERAL_SIZE, ArrayOp, ParameterOp, array_constant
from mlgraph.dialects.dtypes import dtype_of
from mlgraph.dialects.functions import functions
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, shape_of
from mlgraph.transforms.evaluate import Evaluator, can_evaluate, is_constant, static_size

MAX_BYTES = 64 * 2**20
"""Results of more bytes stay operations."""


@dataclass(frozen=True)
class FoldConstantsPass(ModulePass):
    """Evaluate what depends on no input."""

    name = "fold-constants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        constants = Constants(op)
        for function in functions(op):
            fold(function, constants)


def fold(function: FuncOp, constants: "Constants") -> None:
    """Fold one function."""
    candidates = constant_operations(function)
    read = contributing(candidates)
    evaluator = Evaluator()
    folded: dict[Operation, None] = {}
    for op in candidates:
        if op in read and not is_constant(op) and evaluator.evaluate(op):
            folded[op] = None
            forget(op, evaluator)
    for op in folded:
        for result in op.results:
            if any(use.operation not in folded for use in result.uses):
                constants.replace(result, evaluator.known[result])
    erase_unused(folded)


def constant_operations(function: FuncOp) -> dict[Operation, None]:
    """Return the operations that depend on no input, in order."""
    found: dict[Operation, None] = {}
    for op in function.walk():
        if static_size(op) is not None or (
            can_evaluate(op) and all(v.owner in found for v in op.operands) and all(map(is_small, op.results))
        ):
            found[op] = None
    return found


def is_small(value: SSAValue) -> bool:
    """Return whether the shape of `value` is known, and its elements take little room."""
    if isinstance(value.type, IndexType):
        return True
    if not isinstance(value.type, TensorType) or UNKNOWN in (shape := shape_of(value)):
        return False
    return prod(shape) * dtype_of(dtype(value)).itemsize <= MAX_BYTES


def contributing(candidates: dict[Operation, None]) -> set[Operation]:
    """Return those of `candidates` that an operation beside them reads, directly or through others."""
    found: set[Operation] = set()
    for op in reversed(candidates):
        users = [use.operation for result in op.results for use in result.uses]
        if any(user in found or user not in candidates for user in users):
            found.add(op)
    return found


def forget(op: Operation, evaluator: Evaluator) -> None:
    """Let go of the operands of `op` that nothing else reads."""
    for operand in op.operands:
        if operand.has_one_use():
            evaluator.known.pop(operand, None)


def erase_unused(folded: dict[Operation, None]) -> None:
    """Erase constants without users."""
    for op in reversed(folded):
        if not any(result.uses for result in op.results):
            op.detach()
            op.erase()


class Constants:
    """The constants that a module gets, each under a name of its own, equal ones under one."""

    def __init__(self, module: ModuleOp) -> None:
        named = (op for op in module.walk() if isinstance(op, ArrayOp | ParameterOp))
        self.taken = {op.value.data.name for op in named}
        self.kept: dict[Any, tuple[str, Any]] = {}

    def replace(self, old: SSAValue, value: "np.ndarray[Any, Any] | int") -> None:
        """Replace `old` by a constant that holds `value`."""
        op = old.owner
        assert isinstance(op, Operation)
        with building(Builder(InsertPoint.before(op)), op.location):
            new = sizes.value(value) if isinstance(value, int) else array_constant(*self.keep(old.name_hint, value))
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)

    def keep(self, hint: str | None, array: "np.ndarray[Any, Any]") -> "tuple[str, np.ndarray[Any, Any]]":
        """Return a name for the array, and the array itself or an equal one that was kept before."""
        if 0 < array.size <= LITERAL_SIZE:
            return "", array
        array = array if array.flags.c_contiguous else array.copy(order="C")
        key = (array.dtype, array.shape, blake2b(array.tobytes()).digest())
        if key not in self.kept:
            self.kept[key] = (self.fresh(hint or "constant"), array)
        return self.kept[key]

    def fresh(self, hint: str) -> str:
        """Return a name that no constant has."""
        name = next(n for n in chain([hint], (f"{hint}_{i}" for i in count(1))) if n not in self.taken)
        self.taken.add(name)
        return name
