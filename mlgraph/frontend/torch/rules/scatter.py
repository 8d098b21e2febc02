"""Writes of ATen at computed places: scatter, index_add and their kin, and reductions over segments."""

from math import inf, nan
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, DType, dtype_of, f32, f64, i1, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, sizes_of, to
from mlgraph.frontend.torch.rules.indexing import placed, wrapped
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.registry import rule

MODES = {"sum": "add", "prod": "multiply", "amax": "max", "amin": "min", "max": "max", "min": "min", "mean": "add"}
"""The modes of `ivy.scatter_along_axis` by torch's names; a mean is a sum that is divided after."""

LOGICAL = {"add": "max", "multiply": "min"}
"""Sums and products of bools."""


@rule("scatter.src")
def scatter_src(out: Out, x: SSAValue, dim: int, index: SSAValue, src: SSAValue) -> SSAValue:
    return scattered(x, dim, index, src, "set")


@rule("scatter.value")
def scatter_value(out: Out, x: SSAValue, dim: int, index: SSAValue, value: Any) -> SSAValue:
    return scattered(x, dim, index, ivy.broadcast_to(to(value, out.dtype), sizes_of(index)), "set")


@rule("scatter_add.default")
def scatter_add(out: Out, x: SSAValue, dim: int, index: SSAValue, src: SSAValue) -> SSAValue:
    return scattered(x, dim, index, src, "add")


@rule("scatter.reduce")
def scatter_reduce_legacy(out: Out, x: SSAValue, dim: int, index: SSAValue, src: SSAValue, *, reduce: str) -> SSAValue:
    return scattered(x, dim, index, src, reduce)


@rule("scatter.value_reduce")
def scatter_value_reduce(out: Out, x: SSAValue, dim: int, index: SSAValue, value: Any, *, reduce: str) -> SSAValue:
    return scattered(x, dim, index, ivy.broadcast_to(to(value, out.dtype), sizes_of(index)), reduce)


@rule("scatter_reduce.two")
def scatter_reduce(
    out: Out, x: SSAValue, dim: int, index: SSAValue, src: SSAValue, reduce: str, *, include_self: bool = True
) -> SSAValue:
    return reduced(x, dim, index, src, reduce, include_self)


@rule("index_reduce.default")
def index_reduce(
    out: Out, x: SSAValue, dim: int, index: SSAValue, source: SSAValue, reduce: str, *, include_self: bool = True
) -> SSAValue:
    if rank(x) == 0:
        x1, s1 = ivy.reshape(x, (1,)), ivy.reshape(source, (1,))
        return ivy.reshape(index_reduce(out, x1, 0, index, s1, reduce, include_self=include_self), ())
    over = axis(dim, rank(x))
    along = tuple(a for a in range(rank(x)) if a != over)
    places = ivy.broadcast_to(ivy.expand_dims(ivy.reshape(index, (-1,)), along), sizes_of(source))
    return reduced(x, over, places, source, reduce, include_self)


def reduced(x: SSAValue, dim: int, index: SSAValue, src: SSAValue, reduce: str, include_self: bool) -> SSAValue:
    """Combine what falls on a place, with what was there if `include_self`. Means of integers are rounded down."""

    def fill(value: Any) -> SSAValue:
        return ivy.broadcast_to(literal(value, dtype(x)), sizes_of(index))

    began = x if include_self else scattered(x, dim, index, fill(neutral(reduce, dtype(x))), "set")
    total = scattered(began, dim, index, src, MODES[reduce])
    if reduce != "mean":
        return total
    none = ivy.full(sizes_of(x), 1 if include_self else 0, dtype(x))
    count = ivy.maximum(scattered(none, dim, index, fill(1), "add"), number(x, 1))
    return ivy.divide(total, count) if dtype(x) in FLOATS else ivy.floor_divide(total, count)


def neutral(reduce: str, d: DType) -> Any:
    """Return the neutral element of a reduction."""
    if reduce in ("sum", "mean"):
        return False if d == i1 else 0
    if reduce == "prod":
        return True if d == i1 else 1
    if d in FLOATS:
        return -inf if reduce in ("amax", "max") else inf
    if d == i1:
        return reduce in ("amin", "min")
    from numpy import iinfo

    bounds = iinfo(dtype_of(d))
    return int(bounds.min if reduce in ("amax", "max") else bounds.max)


def scattered(x: SSAValue, dim: int, index: SSAValue, src: SSAValue, mode: str) -> SSAValue:
    """torch reads of `src` only the part that `index` covers."""
    if rank(x) == 0 or rank(index) == 0:
        x1, i1d, s1 = (ivy.reshape(v, (-1,)) for v in (x, index, src))
        return ivy.reshape(scattered(x1, 0, i1d, s1, mode), sizes_of(x))
    if rank(index) != rank(x):  # torch takes an empty index of any rank
        return x
    if dtype(x) == i1:
        mode = LOGICAL.get(mode, mode)
    if shape_of(src) != shape_of(index) or UNKNOWN in shape_of(src):
        zeros, ones = (0,) * rank(src), (1,) * rank(src)
        src = ivy.slice(src, zeros, sizes_of(index), ones)
    return ivy.scatter_along_axis(x, to(index, i64), to(src, dtype(x)), axis(dim, rank(x)), mode)


@rule("index_add.default")
def index_add(out: Out, x: SSAValue, dim: int, index: SSAValue, source: SSAValue, *, alpha: Any = 1) -> SSAValue:
    source = source if alpha == 1 else ivy.multiply(source, number(source, alpha))
    return put_along(x, dim, index, source, accumulate=True)


@rule("index_copy.default")
def index_copy(out: Out, x: SSAValue, dim: int, index: SSAValue, source: SSAValue) -> SSAValue:
    return put_along(x, dim, index, source, accumulate=False)


@rule("index_fill.int_Scalar", "index_fill.int_Tensor")
def index_fill(out: Out, x: SSAValue, dim: int, index: SSAValue, value: Any) -> SSAValue:
    return put_along(x, dim, index, to(value, dtype(x)), accumulate=False)


def put_along(x: SSAValue, dim: int, index: SSAValue, source: SSAValue, accumulate: bool) -> SSAValue:
    if rank(x) == 0:
        return ivy.reshape(put_along(ivy.reshape(x, (1,)), 0, index, source, accumulate), ())
    over = axis(dim, rank(x))
    index = ivy.reshape(index, (-1,))
    return placed(x, [wrapped(index, size_of(x, over))], to(source, dtype(x)), (over,), accumulate)


@rule("put.default")
def put(out: Out, x: SSAValue, index: SSAValue, source: SSAValue, accumulate: bool = False) -> SSAValue:
    """Into the flat tensor."""
    shape = sizes_of(x)
    places = wrapped(ivy.reshape(index, (-1,)), product(shape))
    flat = placed(ivy.reshape(x, (-1,)), [places], ivy.reshape(source, (-1,)), (0,), accumulate)
    return ivy.reshape(flat, shape)


@rule("masked_scatter.default")
def masked_scatter(out: Out, x: SSAValue, mask: SSAValue, source: SSAValue) -> SSAValue:
    """The elements of `source` in order, where `mask` holds: the size of nothing depends on the mask."""
    if 0 in shape_of(source):
        return x
    shape = sizes_of(x)
    mask = ivy.broadcast_to(mask, shape)
    counts = ivy.cumulative_sum(ivy.reshape(to(mask, i64), (-1,)), 0)
    places = ivy.where(mask, ivy.subtract(ivy.reshape(counts, shape), literal(1, i64)), literal(0, i64))
    return ivy.where(mask, ivy.take(ivy.reshape(source, (-1,)), places, 0), x)


# Segments


@rule("segment_reduce.default")
def segment_reduce(
    out: Out, data: SSAValue, reduce: str, *, lengths: Any = None, indices: Any = None, offsets: Any = None,
    axis: int = 0, unsafe: bool = False, initial: Any = None,
) -> SSAValue:  # fmt: skip
    """Consecutive rows along `axis`, as many as `lengths` says or between `offsets`; axes before it have their own."""
    ends = sliced(to(offsets, i64), axis, 1, 2**63 - 1) if lengths is None else None
    if ends is None:
        ends = ivy.cumulative_sum(to(lengths, i64), axis)
    segments, d = size_of(ends, axis), dtype(data)
    batch, (rows, *inner) = sizes_of(data)[:axis], sizes_of(data)[axis:]
    steps = ivy.broadcast_to(ivy.iota((rows,), i64), (*batch, rows))
    places = ivy.searchsorted(ends, steps, i64, "right")
    places = ivy.expand_dims(places, tuple(range(axis + 1, rank(data)))) if inner else places
    places = ivy.broadcast_to(places, sizes_of(data))
    start = neutral(reduce, d) if initial is None else initial
    began = ivy.full((*batch, segments, *inner), start, d)
    total = ivy.scatter_along_axis(began, places, data, axis, MODES[reduce])
    if reduce != "mean":
        return total
    none = ivy.full((*batch, segments, *inner), 0, d)
    count = ivy.scatter_along_axis(none, places, ivy.full(sizes_of(data), 1, d), axis, "add")
    empty = ivy.equal(count, number(count, 0))
    nothing = number(data, nan if initial is None else initial)
    return ivy.where(empty, nothing, ivy.divide(total, ivy.maximum(count, number(count, 1))))


@rule("_embedding_bag_forward_only.default", "_embedding_bag.default")
def embedding_bag(
    out: Out, weight: SSAValue, indices: SSAValue, offsets: SSAValue, scale_grad_by_freq: bool = False, mode: int = 0,
    sparse: bool = False, per_sample_weights: Any = None, include_last_offset: bool = False, padding_idx: int = -1,
) -> Any:  # fmt: skip
    """The sum (mode 0), mean (1) or maximum (2) of the rows of each bag; a row of `padding_idx` does not count."""
    last = 2**63 - 1 if not include_last_offset else -1
    starts = sliced(to(offsets, i64), 0, 0, last)
    bags, width, d = size_of(starts, 0), size_of(weight, 1), dtype(weight)
    bag = ivy.searchsorted(starts, ivy.iota((size_of(indices, 0),), i64), i64, "right")
    bag = ivy.subtract(bag, number(bag, 1))
    rows = ivy.take(weight, to(indices, i64), 0)
    if per_sample_weights is not None:
        rows = ivy.multiply(rows, ivy.expand_dims(per_sample_weights, (1,)))
    counted = ivy.full((size_of(indices, 0),), True, i1)
    if padding_idx >= 0:
        counted = ivy.not_equal(to(indices, i64), literal(padding_idx, i64))
    rows = ivy.where(ivy.expand_dims(counted, (1,)), rows, literal(neutral("max" if mode == 2 else "sum", d), d))
    exact = d if d in (f32, f64) else f32
    began = ivy.full((bags, width), neutral("max" if mode == 2 else "sum", exact), exact)
    places = ivy.broadcast_to(ivy.expand_dims(bag, (1,)), sizes_of(rows))
    total = ivy.scatter_along_axis(began, places, to(rows, exact), 0, "max" if mode == 2 else "add")
    count = ivy.index_put(ivy.full((bags,), 0, i64), [bag], to(counted, i64), (0,), True)
    spread = ivy.expand_dims(count, (1,))
    if mode == 1:
        total = ivy.divide(total, to(ivy.maximum(spread, literal(1, i64)), exact))
    if mode == 2:
        total = ivy.where(ivy.greater(spread, literal(0, i64)), total, literal(0, exact))
    return to(total, d), None, count, None
