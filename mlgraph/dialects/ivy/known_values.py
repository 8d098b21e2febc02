"""An analysis of elements before they are computed: masks that hide nothing, indices that cannot be negative.

Tracers leave such behind: where eager code looks whether a mask hides anything at all, a trace keeps the mask.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import ArrayOp, array_of
from mlgraph.dialects.dtypes import INTEGERS, i1
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.table import Op, TableOp

MAX_DEPTH = 16
"""The number of operations that are followed back."""

MOVED = (
    ivy.broadcast_to, ivy.expand_dims, ivy.reshape, ivy.squeeze, ivy.permute_dims, ivy.slice, ivy.flip, ivy.tile,
)  # fmt: skip
"""Operations whose elements are all elements of their first operand."""


def all_are(x: Value, depth: int = MAX_DEPTH) -> bool | None:
    """Return the bool that every element of `x` surely is, None where that is not known."""
    array = constant(x)
    if array is not None:
        return bool(array.all()) if array.size and array.dtype == bool and array.all() == array.any() else None
    op = x.owner
    if not isinstance(op, TableOp) or dtype(x) != i1 or not depth:
        return None
    if op.OP in MOVED:
        return all_are(op.operands[0], depth - 1)
    if op.OP is ivy.full:
        return bool(op.arguments()["value"])
    rule = BOOLS.get(op.OP)
    return None if rule is None else rule(*op.operands, depth - 1)


def constant(x: Value) -> "np.ndarray[Any, Any] | None":
    """Return the elements of a literal or of a captured array of numpy."""
    op = x.owner
    if isinstance(op, ArrayOp):
        array: object = op.value.data.array
        return cast("np.ndarray[Any, Any]", array) if isinstance(array, np.ndarray) else None
    return array_of(x)


def opposite(found: bool | None) -> bool | None:
    """Return the negation of a bool that may be unknown."""
    return None if found is None else not found


def inverse(x: Value, depth: int) -> bool | None:
    """Return the bool that every element of `not x` surely is."""
    return opposite(all_are(x, depth))


def both(x1: Value, x2: Value, depth: int) -> bool | None:
    """Return the bool that every element of `x1 and x2` surely is."""
    found = all_are(x1, depth), all_are(x2, depth)
    return False if False in found else True if found == (True, True) else None


def either(x1: Value, x2: Value, depth: int) -> bool | None:
    """Return the bool that every element of `x1 or x2` surely is."""
    found = all_are(x1, depth), all_are(x2, depth)
    return True if True in found else False if found == (False, False) else None


def below(x1: Value, x2: Value, depth: int) -> bool | None:
    """Return False for `x1 < x2` where `x1` is not negative and `x2` is not positive."""
    return False if not_negative(x1, depth) and not_positive(x2) else None


def reaches(x1: Value, x2: Value, depth: int) -> bool | None:
    """Return True for `x1 >= x2` where `x1` is not negative and `x2` is not positive."""
    return opposite(below(x1, x2, depth))


BOOLS: dict[Op[..., Any], Callable[..., bool | None]] = {
    ivy.logical_not: inverse,
    ivy.bitwise_invert: inverse,
    ivy.logical_and: both,
    ivy.bitwise_and: both,
    ivy.logical_or: either,
    ivy.bitwise_or: either,
    ivy.less: below,
    ivy.greater_equal: reaches,
}


def not_positive(x: Value) -> bool:
    """Return whether `x` is an integer constant of which no element is above 0."""
    array = constant(x)
    return array is not None and dtype(x) in INTEGERS and bool((array <= 0).all())


def not_negative(x: Value, depth: int = MAX_DEPTH) -> bool:
    """Return whether `x` surely holds no negative integers, as indices along an axis, sizes and constants."""
    array = constant(x)
    op = x.owner
    if dtype(x) not in INTEGERS or not depth:
        return False
    if array is not None:
        return bool((array >= 0).all())
    if not isinstance(op, TableOp):
        return False
    if op.OP in MOVED:
        return not_negative(op.operands[0], depth - 1)
    if op.OP is ivy.arange:
        given = op.arguments()
        return given["start"] >= 0 and given["step"] > 0
    return op.OP in (ivy.iota, ivy.from_size)
