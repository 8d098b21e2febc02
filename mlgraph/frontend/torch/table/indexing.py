"""Indexing, scatter and sorting of ATen."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import i1, i64
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.raising import Out
from mlgraph.frontend.torch.table.rule import axis, number, rule, size_of, sizes_of, to


def wrapped(index: SSAValue, size: sizes.Size) -> SSAValue:
    """Indices with `size` added to negative ones."""
    index = to(index, i64)
    return ivy.where(ivy.less(index, number(index, 0)), ivy.add(index, to(size, i64)), index)


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
    return ivy.take(weight, indices, 0)


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
    masks = [item for item in indices if item is not None and dtype(item) == i1]
    if masks and not accumulate and rank(values) == 0 and len(masks) == len([i for i in indices if i is not None]) == 1:
        before = next(i for i, item in enumerate(indices) if item is not None)
        mask = masks[0]
        after = rank(x) - before - rank(mask)
        shaped = ivy.expand_dims(mask, tuple(range(rank(mask), rank(mask) + after))) if after else mask
        return ivy.where(shaped, values, x)
    found, axes = plain_indices(x, indices)
    return ivy.index_put(x, found, values, axes, accumulate)


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
    return scattered(x, dim, index, src, {"add": "add", "multiply": "multiply"}[reduce])


@rule("scatter_reduce.two")
def scatter_reduce(
    out: Out, x: SSAValue, dim: int, index: SSAValue, src: SSAValue, reduce: str, *, include_self: bool = True
) -> SSAValue:
    modes = {"sum": "add", "prod": "multiply", "amax": "max", "amin": "min"}
    if reduce not in modes or not include_self:
        raise UnsupportedOpError(f"scatter_reduce with reduce={reduce!r}, include_self={include_self}")
    return scattered(x, dim, index, src, modes[reduce])


def scattered(x: SSAValue, dim: int, index: SSAValue, src: SSAValue, mode: str) -> SSAValue:
    """torch reads of `src` only the part that `index` covers."""
    if rank(x) == 0 or rank(index) == 0:
        x1, i1d, s1 = (ivy.reshape(v, (-1,)) for v in (x, index, src))
        return ivy.reshape(scattered(x1, 0, i1d, s1, mode), sizes_of(x))
    if shape_of(src) != shape_of(index) or -1 in shape_of(src):
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
    return ivy.index_put(x, [wrapped(index, size_of(x, over))], to(source, dtype(x)), (over,), accumulate)


@rule("nonzero.default")
def nonzero(out: Out, x: SSAValue) -> SSAValue:
    return ivy.nonzero(to(x, i1))


@rule("one_hot.default")
def one_hot(out: Out, x: SSAValue, num_classes: int = -1) -> SSAValue:
    if num_classes < 0:
        raise UnsupportedOpError("one_hot without num_classes: its size depends on values", fix="pass num_classes")
    return ivy.one_hot(x, num_classes, out.dtype)
