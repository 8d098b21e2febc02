"""ATen ops that move elements. Views are values here: the trace is functional."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import DType, i1
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import Out, array_behind
from mlgraph.frontend.torch.rules.helpers import axis, size_of, sizes_of, to
from mlgraph.frontend.torch.rules.indexing import wrapped
from mlgraph.frontend.torch.rules.registry import rule


@rule("view.default", "reshape.default", "_unsafe_view.default", "view_copy.default", "_reshape_copy.default")
def view(out: Out, x: SSAValue, size: Any) -> SSAValue:
    return ivy.reshape(x, size)


@rule("view_as.default", "reshape_as.default")
def reshape_as(out: Out, x: SSAValue, other: SSAValue) -> SSAValue:
    return ivy.reshape(x, sizes_of(other))


@rule("view.dtype", "view_copy.dtype")
def view_dtype(out: Out, x: SSAValue, type: DType) -> SSAValue:
    if out.val.dtype.itemsize != out.arguments[0].dtype.itemsize:
        raise UnsupportedOpError("a view as numbers of another width")
    return x if type == dtype(x) else ivy.bitcast(x, type)


@rule("unflatten.int")
def unflatten(out: Out, x: SSAValue, dim: int, sizes_: Any) -> SSAValue:
    """One of the sizes may be -1: what the others leave."""
    shape, over = sizes_of(x), axis(dim, rank(x))
    rest = product([n for n in sizes_ if n != -1])
    new = [sizes.floor_divide(shape[over], rest) if n == -1 else n for n in sizes_]
    return ivy.reshape(x, (*shape[:over], *new, *shape[over + 1 :]))


@rule("flatten.using_ints")
def flatten(out: Out, x: SSAValue, start_dim: int = 0, end_dim: int = -1) -> SSAValue:
    if rank(x) == 0:
        return ivy.reshape(x, (1,))
    shape = sizes_of(x)
    start, end = axis(start_dim, rank(x)), axis(end_dim, rank(x))
    return ivy.reshape(x, (*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :]))


@rule("permute.default", "permute_copy.default")
def permute(out: Out, x: SSAValue, dims: Any) -> SSAValue:
    return ivy.permute_dims(x, tuple(axis(d, rank(x)) for d in dims))


@rule("transpose.int")
def transpose(out: Out, x: SSAValue, dim0: int, dim1: int) -> SSAValue:
    order = list(range(rank(x)))
    if order:
        a, b = axis(dim0, rank(x)), axis(dim1, rank(x))
        order[a], order[b] = order[b], order[a]
    return ivy.permute_dims(x, tuple(order))


@rule("t.default", "numpy_T.default")
def t(out: Out, x: SSAValue) -> SSAValue:
    return ivy.permute_dims(x, tuple(reversed(range(rank(x)))))


@rule("unsqueeze.default", "unsqueeze_copy.default")
def unsqueeze(out: Out, x: SSAValue, dim: int) -> SSAValue:
    return ivy.expand_dims(x, (dim % (rank(x) + 1),))


@rule("squeeze.default")
def squeeze(out: Out, x: SSAValue) -> SSAValue:
    return squeezed(out, x, range(rank(x)))


@rule("squeeze.dim")
def squeeze_dim(out: Out, x: SSAValue, dim: int) -> SSAValue:
    return squeezed(out, x, (dim,))


@rule("squeeze.dims", "squeeze_copy.dims")
def squeeze_dims(out: Out, x: SSAValue, dim: Any) -> SSAValue:
    return squeezed(out, x, dim)


def squeezed(out: Out, x: SSAValue, dims: Any) -> SSAValue:
    """torch leaves an axis of another size than 1 alone."""
    ones = tuple(axis(d, rank(x)) for d in dims if rank(x) and shape_of(x)[axis(d, rank(x))] == 1)
    return ivy.squeeze(x, ones) if ones else x


@rule("expand_as.default")
def expand_as(out: Out, x: SSAValue, other: SSAValue) -> SSAValue:
    return ivy.broadcast_to(x, sizes_of(other))


@rule("expand.default", "expand_copy.default", "broadcast_to.default")
def expand(out: Out, x: SSAValue, size: Any, *, implicit: bool = False) -> SSAValue:
    old = (None,) * (len(size) - rank(x)) + sizes_of(x)
    return ivy.broadcast_to(x, tuple(o if isinstance(n, int) and n == -1 else n for n, o in zip(size, old)))  # pyright: ignore[reportArgumentType]


@rule("cat.default", "concat.default")
def cat(out: Out, tensors: Any, dim: int = 0) -> SSAValue:
    """torch's legacy: a 1-d tensor of size 0 joins anything."""
    ranks = max(rank(x) for x in tensors)
    kept = [to(x, out.dtype) for x in tensors if not (ranks > 1 and shape_of(x) == (0,))]
    return ivy.concat(kept, axis(dim, ranks)) if len(kept) > 1 else kept[0]


@rule("stack.default")
def stack(out: Out, tensors: Any, dim: int = 0) -> SSAValue:
    return ivy.stack([to(x, out.dtype) for x in tensors], dim % (rank(tensors[0]) + 1))


@rule("slice.Tensor", "slice_copy.Tensor")
def slice_(out: Out, x: SSAValue, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> SSAValue:
    over = axis(dim, rank(x))
    return sliced(x, over, 0 if start is None else start, TO_END if end is None else end, step)


def bounds(x: SSAValue, over: int, start: Any, stop: Any, step: int) -> tuple[Any, Any, Any]:
    """Return the starts, stops and steps of a slice along one axis."""
    n = rank(x)
    at = lambda value, other: tuple(value if i == over else other for i in range(n))  # noqa: E731
    return at(start, 0), at(stop, TO_END), at(step, 1)


def sliced(x: SSAValue, over: int, start: Any, stop: Any, step: int = 1) -> SSAValue:
    return ivy.slice(x, *bounds(x, over, start, stop, step))


@rule("narrow.default", "narrow_copy.default")
def narrow(out: Out, x: SSAValue, dim: int, start: Any, length: Any) -> SSAValue:
    over = axis(dim, rank(x))
    if isinstance(start, int) and start < 0:
        start = sizes.add(size_of(x, over), start)
    return sliced(x, over, start, sizes.add(start, length))


@rule("diff.default")
def diff(out: Out, x: SSAValue, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> SSAValue:
    over = axis(dim, rank(x))
    parts = [to(part, out.dtype) for part in (prepend, x, append) if part is not None]
    x = ivy.concat(parts, over) if len(parts) > 1 else x
    for _ in range(n):
        later, earlier = sliced(x, over, 1, TO_END), sliced(x, over, 0, -1)
        x = ivy.logical_xor(later, earlier) if out.dtype == i1 else ivy.subtract(later, earlier)
    return x


@rule("slice_scatter.default")
def slice_scatter(
    out: Out, x: SSAValue, src: SSAValue, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> SSAValue:
    over = axis(dim, rank(x))
    where = bounds(x, over, 0 if start is None else start, TO_END if end is None else end, step)
    return ivy.slice_update(x, to(src, out.dtype), *where)


@rule("select.int", "select_copy.int")
def select(out: Out, x: SSAValue, dim: int, index: Any) -> SSAValue:
    over = axis(dim, rank(x))
    if (place := array_behind(index)) is not None:
        return ivy.index(x, (wrapped(place, size_of(x, over)),), (over,))
    return ivy.squeeze(sliced(x, over, *one(index)), (over,))


def one(index: Any) -> tuple[Any, Any]:
    """Return the bounds of a slice that holds element `index` alone."""
    if isinstance(index, int):
        return index, TO_END if index == -1 else index + 1
    return index, sizes.add(index, 1)


@rule("select_scatter.default")
def select_scatter(out: Out, x: SSAValue, src: SSAValue, dim: int, index: Any) -> SSAValue:
    over = axis(dim, rank(x))
    if (place := array_behind(index)) is not None:
        return ivy.index_put(x, (wrapped(place, size_of(x, over)),), to(src, out.dtype), (over,))
    return ivy.slice_update(x, ivy.expand_dims(to(src, out.dtype), (over,)), *bounds(x, over, *one(index), 1))


@rule("split.Tensor", "split_copy.Tensor")
def split(out: Out, x: SSAValue, split_size: Any, dim: int = 0) -> tuple[SSAValue, ...]:
    over = axis(dim, rank(x))
    starts = [sizes.multiply(split_size, i) for i in range(len(out.val))]
    return tuple(sliced(x, over, a, sizes.add(a, split_size)) for a in starts)


@rule("split_with_sizes.default", "split.sizes", "split_with_sizes_copy.default")
def split_with_sizes(out: Out, x: SSAValue, split_sizes: Any, dim: int = 0) -> tuple[SSAValue, ...]:
    over, start, parts = axis(dim, rank(x)), 0, []
    for size in split_sizes:
        stop = sizes.add(start, size)
        parts.append(sliced(x, over, start, stop))
        start = stop
    return tuple(parts)


@rule("chunk.default")
def chunk(out: Out, x: SSAValue, chunks: int, dim: int = 0) -> tuple[SSAValue, ...]:
    over = axis(dim, rank(x))
    size = sizes.floor_divide(sizes.add(size_of(x, over), chunks - 1), chunks)
    return split(out, x, size, over)


@rule("unbind.int", "unbind_copy.int")
def unbind(out: Out, x: SSAValue, dim: int = 0) -> tuple[SSAValue, ...]:
    return tuple(select(out, x, dim, i) for i in range(len(out.val)))


@rule("flip.default")
def flip(out: Out, x: SSAValue, dims: Any) -> SSAValue:
    return ivy.flip(x, tuple(axis(d, rank(x)) for d in dims)) if rank(x) and len(dims) else x


@rule("roll.default")
def roll(out: Out, x: SSAValue, shifts: Any, dims: Any = ()) -> SSAValue:
    if len(dims):
        return ivy.roll(x, shifts, tuple(axis(d, rank(x)) for d in dims))
    return ivy.reshape(ivy.roll(ivy.reshape(x, (-1,)), shifts, (0,)), sizes_of(x))


@rule("repeat.default")
def repeat(out: Out, x: SSAValue, repeats: Any) -> SSAValue:
    new = len(repeats) - rank(x)
    return ivy.tile(ivy.expand_dims(x, tuple(range(new))) if new else x, repeats)


@rule("repeat_interleave.self_int")
def repeat_interleave(
    out: Out, x: SSAValue, repeats: int, dim: int | None = None, *, output_size: Any = None
) -> SSAValue:
    if dim is None:
        return ivy.repeat(ivy.reshape(x, (-1,)), repeats, 0)
    return ivy.repeat(x, repeats, axis(dim, rank(x)))


@rule("constant_pad_nd.default")
def constant_pad_nd(out: Out, x: SSAValue, pad: Any, value: Any = 0) -> SSAValue:
    low, high = pads(x, pad)
    return ivy.pad(x, low, high, number(x, value))


def pads(x: SSAValue, pad: Any) -> tuple[Any, Any]:
    """torch counts pads from the last axis."""
    low, high = [0] * rank(x), [0] * rank(x)
    for i in range(len(pad) // 2):
        low[-1 - i], high[-1 - i] = pad[2 * i], pad[2 * i + 1]
    return tuple(low), tuple(high)


@rule("reflection_pad1d.default", "reflection_pad2d.default", "reflection_pad3d.default")
def reflection_pad(out: Out, x: SSAValue, padding: Any) -> SSAValue:
    return ivy.pad_reflect(x, *pads(x, padding))


@rule("replication_pad1d.default", "replication_pad2d.default", "replication_pad3d.default")
def replication_pad(out: Out, x: SSAValue, padding: Any) -> SSAValue:
    return ivy.pad_edge(x, *pads(x, padding))


def circular_pad(x: SSAValue, pad: Any) -> SSAValue:
    """Pad with the end before the beginning, and the other way round; where a pad is negative elements go first."""
    for over, (low, high) in enumerate(zip(*pads(x, pad))):
        if not isinstance(low, int) or not isinstance(high, int):
            raise StaticSizeRequired("circular padding of free size")
        last = sizes.subtract(size_of(x, over), max(-high, 0))
        kept = sliced(x, over, max(-low, 0), last) if min(low, high) < 0 else x
        before = [sliced(kept, over, sizes.subtract(size_of(kept, over), low), TO_END)] if low > 0 else []
        after = [sliced(kept, over, 0, high)] if high > 0 else []
        x = ivy.concat([*before, kept, *after], over) if before or after else kept
    return x


@rule("pad.default")
def pad(out: Out, x: SSAValue, pad: Any, mode: str = "constant", value: Any = None) -> SSAValue:
    match mode:
        case "reflect":
            return reflection_pad(out, x, pad)
        case "replicate":
            return replication_pad(out, x, pad)
        case "circular":
            return circular_pad(x, pad)
        case _:
            return constant_pad_nd(out, x, pad, 0 if value is None else value)


@rule("tril.default")
def tril(out: Out, x: SSAValue, diagonal: int = 0) -> SSAValue:
    return ivy.tril(x, diagonal)


@rule("triu.default")
def triu(out: Out, x: SSAValue, diagonal: int = 0) -> SSAValue:
    return ivy.triu(x, diagonal)


@rule("pixel_shuffle.default")
def pixel_shuffle(out: Out, x: SSAValue, upscale_factor: int) -> SSAValue:
    *batch, c, h, w = sizes_of(x)
    r, n = upscale_factor, len(batch)
    split_x = ivy.reshape(x, (*batch, sizes.floor_divide(c, r * r), r, r, h, w))
    mixed = ivy.permute_dims(split_x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ivy.reshape(mixed, (*batch, sizes.floor_divide(c, r * r), sizes.multiply(h, r), sizes.multiply(w, r)))
