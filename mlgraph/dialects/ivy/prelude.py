"""Small builders that the families of the table, the frontends and the lowerings share."""

from collections.abc import Sequence
from typing import Any

from mlgraph.dialects.constant import literal
from mlgraph.dialects.ivy.creation import dim
from mlgraph.dialects.ivy.manipulation import TO_END, permute_dims, slice
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, normal_axis, rank, shape_of
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size


def number(x: Value, value: Any) -> Value:
    """Return `value` as a 0-d array of the element type of `x`."""
    return literal(value, dtype(x))


def size_of(x: Value, axis: int) -> Size:
    """Return the size of `x` along `axis`: an int where it is known, else an `ivy.dim`."""
    known = shape_of(x)[axis]
    return dim(x, normal_axis(axis, rank(x))) if known == UNKNOWN else known


def sizes_of(x: Value) -> tuple[Size, ...]:
    """Return the size of `x` along each axis."""
    return tuple(size_of(x, axis) for axis in range(rank(x)))


def permuted(x: Value, axes: Sequence[int]) -> Value:
    """Return `x` with its axes in the order `axes`; `x` itself where that changes nothing."""
    return x if list(axes) == list(range(rank(x))) else permute_dims(x, tuple(axes))


def move_axis(x: Value, source: int, target: int) -> Value:
    """Return `x` with the axis `source` at the place `target`, the others in order."""
    if not rank(x):
        return x
    axes = [axis for axis in range(rank(x)) if axis != source % rank(x)]
    axes.insert(target % rank(x), source % rank(x))
    return permuted(x, axes)


def matrix_transpose(x: Value) -> Value:
    """Return matrices `(*batch, n, m)` as `(*batch, m, n)`."""
    n = rank(x)
    return permute_dims(x, (*range(n - 2), n - 1, n - 2))


def slice_axis(x: Value, axis: int, start: Size, stop: Size = TO_END, step: int = 1) -> Value:
    """Return `x[start:stop:step]` along one axis."""
    along = axis % max(rank(x), 1)
    starts = tuple(start if i == along else 0 for i in range(rank(x)))
    stops = tuple(stop if i == along else TO_END for i in range(rank(x)))
    return slice(x, starts, stops, tuple(step if i == along else 1 for i in range(rank(x))))
