"""Conversion of tensorflow's strided slices to Python's indices."""

from typing import Any, TypeAlias

Item: TypeAlias = Any
"""A slice, an index (a number, a size or a value), None for a new axis, or Ellipsis."""


def index_of(
    begin: tuple[Item, ...], end: tuple[Item, ...], strides: tuple[int, ...], begin_mask: int, end_mask: int,
    ellipsis_mask: int, new_axis_mask: int, shrink_axis_mask: int,
) -> tuple[Item, ...]:  # fmt: skip
    """Return the index in brackets that a StridedSlice stands for; an item for each of its positions."""

    def item(i: int) -> Item:
        bit = 1 << i
        if ellipsis_mask & bit:
            return Ellipsis
        if new_axis_mask & bit:
            return None
        if shrink_axis_mask & bit:
            return begin[i]
        start = None if begin_mask & bit else begin[i]
        stop = None if end_mask & bit else end[i]
        return slice(start, stop, strides[i])

    return tuple(item(i) for i in range(len(strides)))


def by_axis(index: tuple[Item, ...], rank: int) -> list[Item]:
    """Return an index without its ellipsis: every axis of an array of `rank` is named."""
    taken = sum(item is not None and item is not Ellipsis for item in index)
    whole = [slice(None, None, 1)] * (rank - taken)
    if not any(item is Ellipsis for item in index):
        return [*index, *whole]
    at = next(i for i, item in enumerate(index) if item is Ellipsis)
    return [*index[:at], *whole, *index[at + 1 :]]
