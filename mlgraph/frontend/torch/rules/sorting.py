"""Sorting and order statistics of ATen. NaN is the largest value; medians are the lower of two."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import FLOATS, i1, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import UNKNOWN, broadcast_shapes, dtype, rank, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, to
from mlgraph.frontend.torch.rules.indexing import index
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.registry import rule


@rule("sort.default", "sort.stable")
def sort(out: Out, x: SSAValue, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    return ivy.sort_and_argsort(x, axis(dim, rank(x)), i64, descending, bool(stable))


@rule("argsort.default", "argsort.stable")
def argsort(out: Out, x: SSAValue, dim: int = -1, descending: bool = False, *, stable: Any = None) -> SSAValue:
    return ivy.argsort(x, axis(dim, rank(x)), i64, descending, bool(stable)) if rank(x) else ivy.full((), 0, i64)


@rule("topk.default")
def topk(out: Out, x: SSAValue, k: Any, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    if isinstance(k, int):
        return ivy.topk(x, k, over, i64, largest, stable=False)
    order = sliced(ivy.argsort(x, over, i64, largest, stable=False), over, 0, k)
    return ivy.take_along_axis(x, order, over), order


@rule("kthvalue.default")
def kthvalue(out: Out, x: SSAValue, k: Any, dim: int = -1, keepdim: bool = False) -> Any:
    return at_rank(out, x, sizes.subtract(k, 1), dim, keepdim)


def at_rank(out: Out, x: SSAValue, place: Any, dim: int, keepdim: bool) -> Any:
    """Return the element at `place` of the ascending order along `dim`, and its index."""
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    order = ivy.argsort(x, over, i64)
    index = sliced(order, over, place, sizes.add(place, 1))
    value = ivy.take_along_axis(x, index, over)
    return (value, index) if keepdim else (ivy.squeeze(value, (over,)), ivy.squeeze(index, (over,)))


@rule("median.dim")
def median_dim(out: Out, x: SSAValue, dim: int = -1, keepdim: bool = False) -> Any:
    """The lower middle; the first NaN where there is one."""
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    middle = sizes.floor_divide(sizes.subtract(size_of(x, over), 1), 2)
    value, index = at_rank(out, x, middle, over, keepdim)
    if dtype(x) not in FLOATS:
        return value, index
    missing = ivy.isnan(x)
    found = ivy.any(missing, (over,), keepdim)
    first = ivy.argmax(to(missing, i64), over, i64, keepdim)
    return ivy.where(found, number(x, float("nan")), value), ivy.where(found, first, index)


@rule("median.default")
def median(out: Out, x: SSAValue) -> SSAValue:
    if 0 in shape_of(x):
        return nothing(x)
    return median_dim(out, ivy.reshape(x, (-1,)), 0)[0]


def nothing(x: SSAValue) -> SSAValue:
    """Return the median of no elements."""
    if dtype(x) not in FLOATS:
        raise UnsupportedOpError("the median of no integers")
    return number(x, float("nan"))


@rule("nanmedian.dim")
def nanmedian_dim(out: Out, x: SSAValue, dim: int = -1, keepdim: bool = False) -> Any:
    """The lower middle of what is not NaN: NaN sorts last, so the place is counted from the front."""
    if dtype(x) not in FLOATS:
        return median_dim(out, x, dim, keepdim)
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    count = ivy.sum(to(ivy.logical_not(ivy.isnan(x)), i64), (over,), True)
    middle = ivy.maximum(ivy.floor_divide(ivy.subtract(count, number(count, 1)), number(count, 2)), number(count, 0))
    order = ivy.argsort(x, over, i64)
    index = ivy.take_along_axis(order, middle, over)
    value = ivy.take_along_axis(x, index, over)
    return (value, index) if keepdim else (ivy.squeeze(value, (over,)), ivy.squeeze(index, (over,)))


@rule("nanmedian.default")
def nanmedian(out: Out, x: SSAValue) -> SSAValue:
    if 0 in shape_of(x):
        return nothing(x)
    return nanmedian_dim(out, ivy.reshape(x, (-1,)), 0)[0]


@rule("mode.default")
def mode(out: Out, x: SSAValue, dim: int = -1, keepdim: bool = False) -> Any:
    """The least of the commonest values, and the index of its last occurrence."""
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    rows, columns = ivy.expand_dims(x, (over + 1,)), ivy.expand_dims(x, (over,))
    counts = ivy.sum(to(ivy.equal(rows, columns), i64), (over + 1,))
    order = ivy.argsort(x, over, i64)
    place = ivy.argmax(ivy.take_along_axis(counts, order, over), over, i64, True)
    value = ivy.take_along_axis(x, ivy.take_along_axis(order, place, over), over)
    hits = to(ivy.equal(x, value), i64)
    steps = ivy.cumulative_sum(ones(hits), over)
    index = ivy.argmax(ivy.multiply(hits, steps), over, i64, True)
    return (value, index) if keepdim else (ivy.squeeze(value, (over,)), ivy.squeeze(index, (over,)))


def ones(x: SSAValue) -> SSAValue:
    return ivy.add(ivy.multiply(x, number(x, 0)), number(x, 1))


@rule("cummax.default")
def cummax(out: Out, x: SSAValue, dim: int) -> Any:
    return running(x, dim, ivy.cumulative_max)


@rule("cummin.default")
def cummin(out: Out, x: SSAValue, dim: int) -> Any:
    return running(x, dim, ivy.cumulative_min)


def running(x: SSAValue, dim: int, scan: Any) -> Any:
    """Return the extreme so far, and the place of its latest occurrence."""
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    over = axis(dim, rank(x))
    wide = to(x, i64) if dtype(x) == i1 else x
    value = scan(wide, over)
    reached = ivy.equal(wide, value)
    if dtype(x) in FLOATS:
        reached = ivy.logical_or(reached, ivy.isnan(x))
    hits = to(reached, i64)
    places = ivy.subtract(ivy.cumulative_sum(ones(hits), over), number(hits, 1))
    index = ivy.cumulative_max(ivy.multiply(hits, places), over)
    return to(value, dtype(x)), index


@rule("searchsorted.Tensor", "searchsorted.Scalar")
def searchsorted(
    out: Out,
    sorted_sequence: SSAValue,
    x: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> SSAValue:
    if sorter is not None:
        sorted_sequence = ivy.take_along_axis(sorted_sequence, sorter, rank(sorted_sequence) - 1)
    side = side or ("right" if right else "left")
    return ivy.searchsorted(sorted_sequence, to(x, dtype(sorted_sequence)), out.dtype, side)


@rule("bucketize.Tensor", "bucketize.Scalar")
def bucketize(out: Out, x: Any, boundaries: SSAValue, *, out_int32: bool = False, right: bool = False) -> SSAValue:
    return ivy.searchsorted(boundaries, to(x, dtype(boundaries)), out.dtype, "right" if right else "left")


@rule("masked_select.default")
def masked_select(out: Out, x: SSAValue, mask: SSAValue) -> SSAValue:
    """The elements where `mask` holds, both broadcast."""
    shape = broadcast_shapes(shape_of(x), shape_of(mask))
    if UNKNOWN in shape:
        raise StaticSizeRequired("masked_select of free sizes")
    return index(out, ivy.broadcast_to(x, shape), [ivy.broadcast_to(mask, shape)])
