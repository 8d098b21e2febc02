"""Layers of ATen: convolutions, attention, dropout."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import HALF_PRECISION, f32, i1
from mlgraph.dialects.ivy.nn import attention_weights
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, static, to
from mlgraph.frontend.torch.rules.random import dropped
from mlgraph.frontend.torch.rules.registry import rule


def each(value: Any, n: int) -> tuple[int, ...]:
    """Return torch's one-or-all parameters as one for each of `n` axes."""
    several = tuple(value) if isinstance(value, tuple | list) else (value,)
    return several * n if len(several) == 1 else several


def both(padding: Any, n: int) -> tuple[int, ...]:
    """Return the same padding low and high."""
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
    totals = [
        0 if padding == "valid" else dk * (k - 1) for dk, k in zip(d, (static(weight, a) for a in range(2, n + 2)))
    ]
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


@rule("scaled_dot_product_attention.default")
def attention(
    out: Out, query: SSAValue, key: SSAValue, value: SSAValue, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> SSAValue:  # fmt: skip
    if is_causal:
        rows, columns = size_of(query, -2), size_of(key, -2)
        attn_mask = ivy.tril(ivy.full((rows, columns), True, i1))
    if enable_gqa and (times := static(query, -3) // static(key, -3)) > 1:
        key, value = (ivy.repeat(v, times, rank(v) - 3) for v in (key, value))
    mask = attn_mask if attn_mask is None or dtype(attn_mask) == i1 else to(attn_mask, dtype(query))
    if not dropout_p:
        return ivy.attention(query, key, value, mask, scale)
    query, key, value = (to(x, f32) if out.dtype in HALF_PRECISION else x for x in (query, key, value))
    weights = dropped(attention_weights(query, key, mask, scale), dropout_p)
    return to(ivy.matmul(weights, value), out.dtype)


@rule("glu.default")
def glu(out: Out, x: SSAValue, dim: int = -1) -> SSAValue:
    from mlgraph.frontend.torch.rules.manipulation import sliced

    over = axis(dim, rank(x))
    half = sizes.floor_divide(size_of(x, over), 2)
    return ivy.multiply(sliced(x, over, 0, half), ivy.sigmoid(sliced(x, over, half, 2**63 - 1)))


@rule("soft_margin_loss.default")
def soft_margin_loss(out: Out, x: SSAValue, target: SSAValue, reduction: int = 1) -> SSAValue:
    """`log(1 + exp(-target * x))` in the steps of torch, which overflow where another form would not."""
    x, target = to(x, out.dtype), to(target, out.dtype)
    losses = ivy.log1p(ivy.exp(ivy.multiply(ivy.negative(target), x)))
    if reduction == 0:
        return losses
    return ivy.mean(losses) if reduction == 1 else ivy.sum(losses)
