"""Indexing of ATen: reads and writes at indices and masks."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i1, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule


def wrapped(index: SSAValue, size: sizes.Size) -> SSAValue:
    """Indices with `size` added to negative ones, but to those that are out of range even so."""
    index, size = to(index, i64), to(size, i64)
    from_end = ivy.logical_and(ivy.less(index, number(index, 0)), ivy.greater_equal(index, ivy.negative(size)))
    return ivy.where(from_end, ivy.add(index, size), index)


@rule("index_select.default")
def index_select(out: Out, x: SSAValue, dim: int, index: SSAValue) -> SSAValue:
    if rank(x) == 0:
        return x
    taken = ivy.take(x, to(index, i64), axis(dim, rank(x)))
    return ivy.expand_dims(taken, (axis(dim, rank(x)),)) if rank(index) == 0 else taken


@rule("embedding.default")
def embedding(
    out: Out,
    weight: SSAValue,
    indices: SSAValue,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> SSAValue:
    if scale_grad_by_freq:
        raise UnsupportedOpError("embedding with scale_grad_by_freq", why="no row scales gradients by counts")
    if padding_idx < 0:
        return ivy.take(weight, indices, 0)
    return ivy.embedding(weight, indices, padding_idx)


@rule("gather.default")
def gather(out: Out, x: SSAValue, dim: int, index: SSAValue, *, sparse_grad: bool = False) -> SSAValue:
    if rank(x) == 0 or rank(index) == 0:
        flat = ivy.take(ivy.reshape(x, (-1,)), to(index, i64), 0)
        return flat
    return ivy.take_along_axis(x, to(index, i64), axis(dim, rank(x)))


@rule("index.Tensor", "_unsafe_index.Tensor")
def index(out: Out, x: SSAValue, indices: Any) -> SSAValue:
    return ivy.index(x, *plain_indices(x, indices))


def plain_indices(x: SSAValue, indices: Any) -> tuple[list[SSAValue], tuple[int, ...]]:
    """Integer indices counted from the front, and their axes. Masks become the indices of their true elements."""
    found: list[SSAValue] = []
    axes: list[int] = []
    at = 0
    for item in indices:
        if item is None:
            at += 1
        elif dtype(item) == i1:
            places = ivy.nonzero(item)
            for i in range(rank(item)):
                column = ivy.slice(places, (0, i), (2**63 - 1, i + 1), (1, 1))
                found.append(ivy.squeeze(column, (1,)))
                axes.append(at)
                at += 1
        else:
            found.append(wrapped(item, size_of(x, at)))
            axes.append(at)
            at += 1
    return found, tuple(axes)


@rule("index_put.default", "_unsafe_index_put.default")
def index_put(out: Out, x: SSAValue, indices: Any, values: SSAValue, accumulate: bool = False) -> SSAValue:
    values = to(values, out.dtype)
    given = [(i, item) for i, item in enumerate(indices) if item is not None]
    if len(given) == 1 and dtype(given[0][1]) == i1:
        before, mask = given[0]
        if (spread := over_mask(values, rank(mask), rank(x) - before - rank(mask))) is not None:
            return masked(x, mask, spread, before, accumulate)
    found, axes = plain_indices(x, indices)
    return placed(x, found, values, axes, accumulate)


def placed(x: SSAValue, found: Any, values: SSAValue, axes: tuple[int, ...], accumulate: bool) -> SSAValue:
    """Return `ivy.index_put`; bools are counted where they accumulate."""
    if not accumulate or dtype(x) != i1:
        return ivy.index_put(x, found, values, axes, accumulate)
    return to(ivy.index_put(to(x, i64), found, to(values, i64), axes, True), i1)


def over_mask(values: SSAValue, masked: int, after: int) -> SSAValue | None:
    """Return `values` as they broadcast against what a mask of rank `masked` is over, None if they differ there.

    Where they do not, the write is a `where`, and no size depends on the mask.
    """
    if rank(values) <= after:
        return values
    *batch, places = range(rank(values) - after)
    if shape_of(values)[places] != 1:
        return None
    shape = sizes_of(values)
    return ivy.reshape(values, (*shape[: len(batch)], *(1,) * masked, *shape[places + 1 :]))


def masked(x: SSAValue, mask: SSAValue, values: SSAValue, before: int, accumulate: bool) -> SSAValue:
    """Return `x` with `values` where `mask`, over the axes from `before` on, holds."""
    after = rank(x) - before - rank(mask)
    shaped = ivy.expand_dims(mask, tuple(range(rank(mask), rank(mask) + after))) if after else mask
    values = ivy.add(x, values) if accumulate and dtype(x) != i1 else values
    values = ivy.logical_or(x, values) if accumulate and dtype(x) == i1 else values
    return ivy.where(shaped, values, x)


@rule("take.default")
def take(out: Out, x: SSAValue, index: SSAValue) -> SSAValue:
    """Of the flat tensor."""
    return ivy.take(ivy.reshape(x, (-1,)), wrapped(index, product(sizes_of(x))), 0)


@rule("nonzero.default")
def nonzero(out: Out, x: SSAValue) -> SSAValue:
    return ivy.nonzero(to(x, i1))


@rule("repeat_interleave.Tensor")
def repeat_interleave(out: Out, repeats: SSAValue, *, output_size: Any = None) -> SSAValue:
    """Each place as often as `repeats` says: how many of the running counts each step has passed."""
    ends = ivy.cumulative_sum(to(repeats, i64), 0)
    total = ivy.to_size(ivy.sum(to(repeats, i64))) if output_size is None else output_size
    return to(ivy.searchsorted(ends, ivy.iota((total,), i64), i64, "right"), out.dtype)


@rule("nonzero_static.default")
def nonzero_static(out: Out, x: SSAValue, *, size: Any, fill_value: int = -1) -> SSAValue:
    """The first `size` true places, found in the running count of them; rows that are left over hold `fill_value`."""
    shape, n = sizes_of(x), product(sizes_of(x))
    counts = ivy.cumulative_sum(to(ivy.reshape(to(x, i1), (-1,)), i64), 0)
    wanted = ivy.add(ivy.iota((size,), i64), literal(1, i64))
    places = ivy.searchsorted(counts, wanted, i64, "left")
    columns: list[SSAValue] = []
    rest = places
    for m in reversed(shape):
        width = to(m, i64)
        columns.insert(0, ivy.remainder(rest, width))
        rest = ivy.floor_divide(rest, width)
    if not columns:
        return ivy.full((size, 0), 0, i64)
    found = ivy.expand_dims(ivy.less(places, to(n, i64)), (1,))
    return ivy.where(found, ivy.stack(columns, 1), literal(fill_value, i64))


@rule("one_hot.default")
def one_hot(out: Out, x: SSAValue, num_classes: int = -1) -> SSAValue:
    if num_classes < 0:
        raise UnsupportedOpError("one_hot without num_classes: its size depends on values", fix="pass num_classes")
    return ivy.one_hot(x, num_classes, out.dtype)
