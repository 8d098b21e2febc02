"""Layers of ATen: convolutions, pooling, attention, dropout."""

# pyright: basic
from math import sqrt
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import f32, f64, i1
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.raising import NeedsStaticSize, Out
from mlgraph.frontend.torch.table.rule import axis, number, product, rule, size_of, sizes_of, static, to


def each(value: Any, n: int) -> tuple[int, ...]:
    """torch's one-or-all parameters as one for each of `n` axes."""
    several = tuple(value) if isinstance(value, tuple | list) else (value,)
    return several * n if len(several) == 1 else several


def both(padding: Any, n: int) -> tuple[int, ...]:
    """The same padding low and high."""
    return tuple(p for side in each(padding, n) for p in (side, side))


def batched(x: SSAValue, spatial: int, function: Any) -> SSAValue:
    """Apply `function` with a batch axis, added and taken off where `x` has none."""
    if rank(x) == spatial + 2:
        return function(x)
    return ivy.squeeze(function(ivy.expand_dims(x, (0,))), (0,))


@rule("convolution.default")
def convolution(
    out: Out, x: SSAValue, weight: SSAValue, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> SSAValue:  # fmt: skip
    n = rank(weight) - 2
    s, p, d = each(stride, n), both(padding, n), each(dilation, n)
    if not transposed:
        return batched(x, n, lambda y: ivy.conv(y, weight, bias, s, p, d, groups))
    return batched(x, n, lambda y: ivy.conv_transpose(y, weight, bias, s, p, each(output_padding, n), d, groups))


@rule("conv1d.default", "conv2d.default", "conv3d.default")
def conv(
    out: Out,
    x: SSAValue,
    weight: SSAValue,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> SSAValue:
    n = rank(weight) - 2
    s, p, d = each(stride, n), both(padding, n), each(dilation, n)
    return batched(x, n, lambda y: ivy.conv(y, weight, bias, s, p, d, groups))


@rule("conv1d.padding", "conv2d.padding", "conv3d.padding")
def conv_padding(
    out: Out, x: SSAValue, weight: SSAValue, bias: Any = None, stride: Any = 1, padding: str = "valid",
    dilation: Any = 1, groups: int = 1,
) -> SSAValue:  # fmt: skip
    """ "same" pads the high side more where the total is odd."""
    n = rank(weight) - 2
    d = each(dilation, n)
    totals = [0 if padding == "valid" else dk * (k - 1) for dk, k in zip(d, shape_of(weight)[2:])]
    p = tuple(side for total in totals for side in (total // 2, total - total // 2))
    return batched(x, n, lambda y: ivy.conv(y, weight, bias, each(stride, n), p, d, groups))


@rule("conv_transpose1d.default", "conv_transpose2d.input", "conv_transpose3d.input")
def conv_transpose(
    out: Out, x: SSAValue, weight: SSAValue, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> SSAValue:  # fmt: skip
    n = rank(weight) - 2
    s, p, o, d = each(stride, n), both(padding, n), each(output_padding, n), each(dilation, n)
    return batched(x, n, lambda y: ivy.conv_transpose(y, weight, bias, s, p, o, d, groups))


def ceil_padding(size: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """How much more the high side is padded in ceil mode; a window that starts in it is dropped."""
    if not ceil_mode:
        return 0
    if size < 0:
        raise NeedsStaticSize("pooling with ceil_mode over a dynamic size")
    reach = d * (k - 1) + 1
    places = -(-(size + 2 * p - reach) // s) + 1
    places -= (places - 1) * s >= size + p
    return max((places - 1) * s + reach - size - 2 * p, 0)


def pool_padding(x: SSAValue, k: Any, s: Any, p: Any, d: Any, ceil_mode: bool) -> tuple[int, ...]:
    spatial = shape_of(x)[-len(k) :]
    extra = [ceil_padding(*args, ceil_mode) for args in zip(spatial, k, s, p, d)]
    return tuple(side for low, more in zip(p, extra) for side in (low, low + more))


@rule("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def max_pool(
    out: Out,
    x: SSAValue,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> SSAValue:
    n = pool_rank(kernel_size, out)
    k = each(kernel_size, n)
    s, p, d = each(stride or k, n), each(padding, n), each(dilation, n)
    both_sides = pool_padding(x, k, s, p, d, ceil_mode)
    return batched(x, n, lambda y: ivy.max_pool(y, k, s, both_sides, d))


def pool_rank(kernel_size: Any, out: Out) -> int:
    return len(kernel_size) if isinstance(kernel_size, tuple | list) and len(kernel_size) > 1 else max(out.rank - 2, 1)


@rule("max_pool2d_with_indices.default")
def max_pool2d_with_indices(
    out: Out,
    x: SSAValue,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    k = each(kernel_size, 2)
    s, p, d = each(stride or k, 2), each(padding, 2), each(dilation, 2)
    both_sides = pool_padding(x, k, s, p, d, ceil_mode)
    return batched(x, 2, lambda y: ivy.max_pool(y, k, s, both_sides, d)), None


@rule("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def avg_pool(
    out: Out, x: SSAValue, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None,
) -> SSAValue:  # fmt: skip
    n = pool_rank(kernel_size, out)
    k = each(kernel_size, n)
    s, p, d = each(stride or k, n), each(padding, n), (1,) * n
    sides = pool_padding(x, k, s, p, d, ceil_mode)
    total = batched(x, n, lambda y: ivy.sum_pool(y, k, s, sides))
    if divisor_override is not None:
        return ivy.divide(total, number(x, divisor_override))
    uniform = all(a == b for a, b in zip(sides[::2], sides[1::2])) and (count_include_pad or not any(p))
    if uniform:
        return ivy.divide(total, number(x, product(k)))
    return ivy.divide(total, counts(x, k, s, p, sides, count_include_pad))


def counts(x: SSAValue, k: Any, s: Any, p: Any, sides: Any, include: bool) -> SSAValue:
    """The number of elements that each window averages over."""
    n = len(k)
    ones = ivy.full((1, 1, *sizes_of(x)[-n:]), 1.0, dtype(x))
    if include:
        low = (0, 0, *p)
        ones = ivy.pad(ones, low, low, number(x, 1))
        sides = tuple(0 if i % 2 == 0 else high - sides[i - 1] for i, high in enumerate(sides))
    return ivy.sum_pool(ones, k, s, sides)


@rule("adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default", "_adaptive_avg_pool2d.default",
      "adaptive_avg_pool3d.default", "_adaptive_avg_pool3d.default")  # fmt: skip
def adaptive_avg_pool(out: Out, x: SSAValue, output_size: Any) -> SSAValue:
    n = len(output_size)
    if all(size == 1 for size in output_size):
        return ivy.mean(x, tuple(range(rank(x) - n, rank(x))), True)
    spatial = shape_of(x)[-n:]
    for i, (size, places) in enumerate(zip(spatial, output_size)):
        if size < 0:
            raise NeedsStaticSize("adaptive pooling over a dynamic size")
        x = adaptive_axis(x, rank(x) - n + i, size, places)
    return x


def adaptive_axis(x: SSAValue, over: int, size: int, places: int) -> SSAValue:
    """Means of `places` windows along one axis: window i goes from floor(i n / p) to ceil((i + 1) n / p)."""
    if size == places:
        return x
    if size % places == 0:
        shape = sizes_of(x)
        split = ivy.reshape(x, (*shape[:over], places, size // places, *shape[over + 1 :]))
        return ivy.mean(split, (over + 1,))
    from mlgraph.frontend.torch.table.manipulation import sliced

    bounds = [(i * size // places, -(-(i + 1) * size // places)) for i in range(places)]
    return ivy.concat([ivy.mean(sliced(x, over, a, b), (over,), True) for a, b in bounds], over)


@rule("scaled_dot_product_attention.default")
def attention(
    out: Out, query: SSAValue, key: SSAValue, value: SSAValue, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> SSAValue:  # fmt: skip
    if dropout_p:
        raise UnsupportedOpError("attention with dropout", fix="put the module in evaluation mode")
    if is_causal:
        rows, columns = size_of(query, -2), size_of(key, -2)
        attn_mask = ivy.tril(ivy.full((rows, columns), True, i1))
    if enable_gqa and (times := static(query, -3) // static(key, -3)) > 1:
        key, value = (ivy.repeat(v, times, rank(v) - 3) for v in (key, value))
    if scale is None:
        query, scale = scaled(query)
    mask = attn_mask if attn_mask is None or dtype(attn_mask) == i1 else to(attn_mask, dtype(query))
    return ivy.attention(query, key, value, mask, scale)


def scaled(query: SSAValue) -> tuple[SSAValue, float]:
    """A query, multiplied already where its width is free, and the factor that is left."""
    width = size_of(query, -1)
    if isinstance(width, int):
        return query, 1 / sqrt(width)
    exact = f64 if dtype(query) == f64 else f32
    return ivy.multiply(query, to(ivy.rsqrt(to(width, exact)), dtype(query))), 1.0


@rule("glu.default")
def glu(out: Out, x: SSAValue, dim: int = -1) -> SSAValue:
    from mlgraph.frontend.torch.table.manipulation import sliced

    over = axis(dim, rank(x))
    half = sizes.floor_divide(size_of(x, over), 2)
    return ivy.multiply(sliced(x, over, 0, half), ivy.sigmoid(sliced(x, over, half, 2**63 - 1)))
