"""Operations of neural networks.

Images are N, C, then the spatial axes; padding is explicit: low and high of each spatial axis in turn.
"""

from math import inf

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import HALF_PRECISION, DType, f32, i1, tensor
from mlgraph.dialects.ivy.creation import dim, from_size
from mlgraph.dialects.ivy.elementwise import (
    abs,
    add,
    cast,
    divide,
    equal,
    erf,
    exp,
    expm1,
    greater,
    greater_equal,
    isfinite,
    less,
    less_equal,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    reciprocal,
    rsqrt,
    stop_gradient,
    subtract,
    tanh,
    where,
)
from mlgraph.dialects.ivy.indexing import take
from mlgraph.dialects.ivy.linalg import matmul
from mlgraph.dialects.ivy.manipulation import expand_dims, permute_dims, reshape
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.reduction import max, mean, sum
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import UNKNOWN, common, dtype, floating, product, rank, real_floats, reals, shape_of
from mlgraph.dialects.parameters import Ints, Type, Value

# Activations


@composite(Pure(), torch="torch.relu(x)", jax="jax.nn.relu(x)", tensorflow="tf.nn.relu(x)")
def relu(x: Value) -> Value:
    """`max(x, 0)`."""
    reals(x)
    return maximum(x, number(x, 0))


@composite(Pure(), torch="torch.sigmoid(x)", jax="jax.nn.sigmoid(x)", tensorflow="tf.sigmoid(x)")
def sigmoid(x: Value) -> Value:
    """`1 / (1 + exp(-x))`."""
    e = exp(negative(abs(x)))
    return where(less(x, number(x, 0)), divide(e, add(e, number(x, 1))), reciprocal(add(e, number(x, 1))))


@composite(Pure(), torch="torch.nn.functional.silu(x)", jax="jax.nn.silu(x)", tensorflow="tf.nn.silu(x)")
def silu(x: Value) -> Value:
    """`x * sigmoid(x)`."""
    return multiply(x, sigmoid(x))


@composite(
    Pure(),
    torch="torch.nn.functional.gelu(x, approximate='tanh' if approximate else 'none')",
    jax="jax.nn.gelu(x, approximate=approximate)",
    tensorflow="tf.nn.gelu(x, approximate=approximate)",
)
def gelu(x: Value, approximate: bool = False) -> Value:
    """`x * Phi(x)` with the normal distribution function Phi, or its tanh approximation (Hendrycks, Gimpel, 2016)."""
    real_floats(x)
    if approximate:
        cubed = multiply(multiply(x, x), x)
        inner = multiply(number(x, 0.7978845608028654), add(x, multiply(number(x, 0.044715), cubed)))
        return multiply(multiply(number(x, 0.5), x), add(number(x, 1), tanh(inner)))
    return multiply(multiply(number(x, 0.5), x), add(number(x, 1), erf(multiply(x, number(x, 0.7071067811865476)))))


@composite(Pure(), torch="torch.nn.functional.softplus(x)", jax="jax.nn.softplus(x)", tensorflow="tf.math.softplus(x)")
def softplus(x: Value) -> Value:
    """`log(1 + exp(x))`, computed without overflow."""
    return add(maximum(x, number(x, 0)), log1p(exp(negative(abs(x)))))


@composite(Pure(), torch="torch.nn.functional.elu(x, alpha)", jax="jax.nn.elu(x, alpha)")
def elu(x: Value, alpha: float = 1.0) -> Value:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    below = multiply(number(x, alpha), expm1(minimum(x, number(x, 0))))
    return where(greater(x, number(x, 0)), x, below)


@composite(Pure(), torch="torch.nn.functional.hardtanh(x, min_val=low, max_val=high)")
def hardtanh(x: Value, low: float, high: float) -> Value:
    """`x` between `low` and `high`, with no gradient at either."""
    real_floats(x)
    bottom, top = number(x, low), number(x, high)
    return where(less_equal(x, bottom), bottom, where(greater_equal(x, top), top, x))


@composite(
    Pure(),
    torch="torch.nn.functional.leaky_relu(x, negative_slope=slope)",
    tensorflow="tf.nn.leaky_relu(x, alpha=slope)",
)
def leaky_relu(x: Value, slope: float) -> Value:
    """`x` above 0, `slope * x` below."""
    real_floats(x)
    return where(greater(x, number(x, 0)), x, multiply(number(x, slope), x))


@composite(
    Pure(),
    torch="torch.nn.functional.hardswish(x)",
    jax="jax.nn.hard_swish(x)",
)
def hardswish(x: Value) -> Value:
    """`x * min(max(x + 3, 0), 6) / 6`."""
    inner = minimum(maximum(add(x, number(x, 3)), number(x, 0)), number(x, 6))
    return divide(multiply(x, inner), number(x, 6))


@composite(
    Pure(),
    torch="torch.softmax(x, dim=axis)",
    jax="jax.nn.softmax(x, axis=axis)",
    tensorflow="tf.nn.softmax(x, axis=axis)",
)
def softmax(x: Value, axis: int) -> Value:
    """`exp(x) / sum(exp(x))` along `axis`, computed without overflow."""
    e = exp(subtract(x, max(x, (axis,), True)))
    return divide(e, sum(e, (axis,), True))


@composite(
    Pure(),
    torch="torch.log_softmax(x, dim=axis)",
    jax="jax.nn.log_softmax(x, axis=axis)",
    tensorflow="tf.nn.log_softmax(x, axis=axis)",
)
def log_softmax(x: Value, axis: int) -> Value:
    """`log(softmax(x))` along `axis`, computed without overflow."""
    from mlgraph.dialects.ivy.elementwise import log

    shifted = subtract(x, max(x, (axis,), True))
    return subtract(shifted, log(sum(exp(shifted), (axis,), True)))


# Layers


@composite(Pure(), torch="torch.nn.functional.embedding(indices, weight, padding_idx=padding)")
def embedding(weight: Value, indices: Value, padding: int) -> Value:
    """The rows of `weight` that `indices` name; no gradient flows to row `padding`."""
    found = take(weight, indices, 0)
    padded = expand_dims(equal(indices, number(indices, padding)), (-1,))
    return where(padded, stop_gradient(found), found)


@composite(Pure(), torch="torch.nn.functional.linear(x, weight, bias)")
def linear(x: Value, weight: Value, bias: Value | None = None) -> Value:
    """`x @ weight.T + bias`, with `weight` of shape (out, in)."""
    result = matmul(x, permute_dims(weight, (1, 0)))
    return result if bias is None else add(result, bias)


@composite(Pure(), torch="torch.addmm(x, x1, x2)")
def addmm(x: Value, x1: Value, x2: Value) -> Value:
    """`x + x1 @ x2` of matrices."""
    return add(x, matmul(x1, x2))


def over_channels(x: Value, v: Value) -> Value:
    """Reshape a vector of channels to broadcast against N, C, ..."""
    return reshape(v, (1, -1, *(1,) * (rank(x) - 2)))


@composite(
    Pure(),
    torch="torch.nn.functional.batch_norm(x, mean, variance, weight, bias, training=False, momentum=0.0, eps=epsilon)",
    tensorflow=("tf.nn.batch_normalization(x, mean, variance, bias, weight, epsilon)"),
)
def batch_norm(
    x: Value,
    mean: Value,
    variance: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    epsilon: float = 1e-5,
) -> Value:
    """`(x - mean) / sqrt(variance + epsilon) * weight + bias` with vectors of channels (axis 1), as in evaluation."""
    real_floats(x)
    scale = rsqrt(add(variance, number(variance, epsilon)))
    scale = scale if weight is None else multiply(scale, weight)
    result = multiply(subtract(x, over_channels(x, mean)), over_channels(x, scale))
    return result if bias is None else add(result, over_channels(x, bias))


@composite(
    Pure(),
    torch="torch.nn.functional.layer_norm(x, weight.shape, weight, bias, eps=epsilon)",
)
def layer_norm(x: Value, weight: Value, bias: Value | None, epsilon: float) -> Value:
    """`(x - mean) / sqrt(variance + epsilon) * weight + bias` over the last axes, those of `weight`."""
    real_floats(x)
    axes = tuple(range(-rank(weight), 0))
    centered = subtract(x, mean(x, axes, True))
    variance = mean(multiply(centered, centered), axes, True)
    result = multiply(multiply(centered, rsqrt(add(variance, number(x, epsilon)))), weight)
    return result if bias is None else add(result, bias)


@composite(
    Pure(),
    torch="torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)",
)
def attention(query: Value, key: Value, value: Value, mask: Value | None = None, scale: float | None = None) -> Value:
    """`softmax(scale * query @ key.mT + mask) @ value`; a row that is masked everywhere gives 0.

    Shapes are (..., L, E), (..., S, E), (..., S, V); a bool mask keeps where it is true, a float mask is added.
    Without a `scale` it is `1 / sqrt(E)`. float16 and bfloat16 are computed in float32 and rounded once, as
    torch's kernels do.
    """
    d = floating(query, key, value)
    if d in HALF_PRECISION:
        query, key, value = (cast(x, f32) for x in (query, key, value))
    result = matmul(attention_weights(query, key, mask, scale), value)
    return cast(result, d) if dtype(result) != d else result


def attention_weights(query: Value, key: Value, mask: Value | None, scale: float | None) -> Value:
    """Return the weights of attention, (..., L, S)."""
    *batch, rows, columns = range(rank(key))
    scores = matmul(query, permute_dims(key, (*batch, columns, rows)))
    scores = multiply(scores, usual_scale(query) if scale is None else number(scores, scale))
    return softmax(scores, -1) if mask is None else masked_softmax(scores, mask)


def usual_scale(query: Value) -> Value:
    """Return one over the root of the width of a query."""
    width = shape_of(query)[-1]
    if width == UNKNOWN:
        return rsqrt(from_size((dim(query, rank(query) - 1),), dtype(query)))
    return number(query, width**-0.5 if width else inf)


def masked_softmax(scores: Value, mask: Value) -> Value:
    """Return the softmax over the last axis of masked `scores`, 0 in rows without a score."""
    if dtype(mask) == i1:
        scores = where(mask, scores, number(scores, -inf))
    else:
        scores = add(scores, cast(mask, dtype(scores)) if dtype(mask) != dtype(scores) else mask)
    top = max(scores, (-1,), True)
    e = exp(subtract(scores, where(isfinite(top), top, number(top, 0))))
    total = sum(e, (-1,), True)
    return divide(e, where(equal(total, number(total, 0)), number(total, 1), total))


# Convolution and pooling


def window_size(size: int, window: int, stride: int, low: int, high: int, dilation: int) -> int:
    """Return the number of places of a window on an axis."""
    return UNKNOWN if UNKNOWN in (size, window) else (size + low + high - dilation * (window - 1) - 1) // stride + 1


def multiplied(x: Value, weight: Value) -> DType:
    """Return the one element type of both, numbers of any kind."""
    if common(x, weight) == i1:
        raise ValueError("expected numbers, got bool; cast before the operation")
    return dtype(x)


def spatial(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> tuple[int, ...]:
    sizes = shape_of(x)[2:]
    if not len(sizes) == len(window) == len(stride) == len(dilation) == len(padding) // 2:
        raise ValueError(f"{len(sizes)} spatial axes need as many strides and dilations and twice as many paddings")
    return tuple(
        window_size(n, k, s, low, high, d)
        for n, k, s, low, high, d in zip(sizes, window, stride, padding[::2], padding[1::2], dilation, strict=True)
    )


@op(Pure())
def conv(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Type:
    """Cross-correlation of `x` (N, C, ...) with `weight` (O, C / groups, ...), plus `bias` (O)."""
    weights = shape_of(weight)
    if UNKNOWN not in (shape_of(x)[1], weights[1]) and shape_of(x)[1] != weights[1] * groups:
        raise ValueError(f"{shape_of(x)[1]} channels for a weight of {weights[1]} times {groups} groups")
    sizes = spatial(x, weights[2:], stride, padding, dilation)
    return tensor((shape_of(x)[0], weights[0], *sizes), multiplied(x, weight))


@op(Pure())
def conv_transpose(
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    dilation: Ints,
    groups: int = 1,
) -> Type:
    """The transpose of `conv` in `x`, with `weight` (C, O / groups, ...); `output_padding` widens the high side."""
    weights = shape_of(weight)
    sizes = tuple(
        UNKNOWN if UNKNOWN in (n, k) else (n - 1) * s - low - high + d * (k - 1) + extra + 1
        for n, k, s, low, high, extra, d in zip(
            shape_of(x)[2:], weights[2:], stride, padding[::2], padding[1::2], output_padding, dilation, strict=True
        )
    )
    return tensor((shape_of(x)[0], product((weights[1], groups)), *sizes), multiplied(x, weight))


@op(Pure())
def max_pool(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Type:
    """The largest element of each window; padding is minus infinity (the least integer). NaN if one is NaN."""
    reals(x)
    return tensor((*shape_of(x)[:2], *spatial(x, window, stride, padding, dilation)), dtype(x))


@op(Pure())
def sum_pool(x: Value, window: Ints, stride: Ints, padding: Ints) -> Type:
    """The sum of each window; padding is 0. An average divides it by the count that its framework means."""
    reals(x)
    return tensor((*shape_of(x)[:2], *spatial(x, window, stride, padding, (1,) * len(window))), dtype(x))
