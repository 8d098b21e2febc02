"""Python numbers that depend on tensors: `.item()`, and what a program computes with it before a tensor takes it up.

An integer is a size of type `index`, any other number a 0-d array in double precision, as Python computes.
"""

# pyright: basic
import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import COMPLEX, INTEGERS, c128, f64, i1, i64
from mlgraph.dialects.ivy.types import dtype
from mlgraph.frontend.torch._private import sym_sqrt
from mlgraph.frontend.torch.importer import IGNORED, Out, is_size
from mlgraph.frontend.torch.rules.helpers import to
from mlgraph.frontend.torch.rules.registry import rule


@rule("_local_scalar_dense.default")
def item(out: Out, x: SSAValue) -> SSAValue:
    x = ivy.reshape(x, ())
    if dtype(x) in INTEGERS:
        return ivy.to_size(x)
    return x if dtype(x) == i1 else to(x, c128 if dtype(x) in COMPLEX else f64)


@rule("sym_storage_offset.default")
def storage_offset(out: Out, x: SSAValue) -> Any:
    """Ignore where a view begins, which matters to assertions alone: values have no storage."""
    return IGNORED


def double(function: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    """Return a function of numbers, computed in double precision."""
    return lambda *numbers: function(*(to(x, f64) for x in numbers))


def arithmetic(function: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    """Return a function of numbers, computed in integers where all are, else in double precision."""

    def compute(*numbers: Any) -> SSAValue:
        common = i64 if all(map(_is_integer, numbers)) else f64
        return function(*(to(x, common) for x in numbers))

    return compute


def _is_integer(x: Any) -> bool:
    return isinstance(x, int) or is_size(x) or (isinstance(x, SSAValue) and dtype(x) in (i1, i64))


def compared(op: Callable[[SSAValue, SSAValue], SSAValue]) -> Callable[..., SSAValue]:
    """Return a comparison of numbers, or of bools."""

    def compare(a: Any, b: Any) -> SSAValue:
        common = i64 if all(isinstance(x, int) or is_size(x) or dtype(x) == i1 for x in (a, b)) else f64
        return op(to(a, common), to(b, common))

    return compare


def chosen(condition: SSAValue, a: Any, b: Any) -> SSAValue:
    """Return `a if condition else b`, of two integers or two floats."""
    if all(isinstance(x, int) or is_size(x) for x in (a, b)):
        return ivy.to_size(ivy.where(condition, to(a, i64), to(b, i64)))
    return ivy.where(condition, to(a, f64), to(b, f64))


def rounded(op: Callable[[SSAValue], SSAValue]) -> Callable[..., SSAValue]:
    """Return a rounding of a float to an integer."""
    return lambda x: ivy.to_size(to(op(to(x, f64)), i64))


SCALARS: dict[Any, Callable[..., Any]] = {
    operator.add: arithmetic(ivy.add),
    operator.sub: arithmetic(ivy.subtract),
    operator.mul: arithmetic(ivy.multiply),
    operator.truediv: double(ivy.divide),
    operator.floordiv: arithmetic(ivy.floor_divide),
    operator.mod: arithmetic(ivy.remainder),
    operator.pow: arithmetic(ivy.pow),
    operator.neg: arithmetic(ivy.negative),
    operator.abs: arithmetic(ivy.abs),
    torch.sym_float: lambda x: to(x, f64),
    torch.sym_int: rounded(ivy.trunc),
    torch.sym_max: arithmetic(ivy.maximum),
    torch.sym_min: arithmetic(ivy.minimum),
    math.floor: rounded(ivy.floor),
    math.ceil: rounded(ivy.ceil),
    math.trunc: rounded(ivy.trunc),
    round: rounded(ivy.round),
    operator.eq: compared(ivy.equal),
    operator.ne: compared(ivy.not_equal),
    operator.lt: compared(ivy.less),
    operator.le: compared(ivy.less_equal),
    operator.gt: compared(ivy.greater),
    operator.ge: compared(ivy.greater_equal),
    operator.and_: lambda a, b: ivy.logical_and(to(a, i1), to(b, i1)),
    operator.or_: lambda a, b: ivy.logical_or(to(a, i1), to(b, i1)),
    torch.sym_not: lambda a: ivy.logical_not(to(a, i1)),
    torch.sym_ite: chosen,  # pyright: ignore[reportAttributeAccessIssue]
    sym_sqrt: double(ivy.sqrt),
}
"""Functions of numbers of which one is no integer."""
