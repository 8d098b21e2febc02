"""Operations of neural networks, but for convolutions.

Images are lowered in either layout: tensorflow's own pools want channels last, lose NaN and minus infinity, and have no
kernels for many element types, so a pool is a reduction over frames, axis by axis.
"""

from collections.abc import Callable

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.dtypes import HALF_PRECISION, f32, f64, i32, tensor
from mlgraph.dialects.ivy.nn import window_size
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, rank, shape_of, sized
from mlgraph.dialects.parameters import Ints, Shape, Value
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.shared import is_value, lowest_of, size, typed
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

rule.widen(HALF_PRECISION, f32, ivy.sum_pool, ivy.sum_pool_channels_last)


@rule(ivy.elu)
def elu(x: Value, alpha: float = 1.0) -> Value | None:
    """tensorflow knows no other alpha."""
    return tf.nn.elu(x) if alpha == 1 else None


@rule(ivy.gelu)
def gelu(x: Value, approximate: bool = False) -> Value | None:
    """tensorflow computes with constants of float32."""
    return ivy.gelu.function(x, approximate) if dtype(x) == f64 else None


@rule(ivy.leaky_relu)
def leaky_relu(x: Value, slope: float) -> Value | None:
    """tensorflow keeps the slope in float32."""
    return ivy.leaky_relu.function(x, slope) if dtype(x) == f64 else None


@rule(ivy.batch_norm)
def batch_norm(
    x: Value,
    mean: Value,
    variance: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    epsilon: float = 1e-5,
) -> Value:
    vectors = (mean, variance, bias, weight)
    return tf.nn.batch_normalization(x, *[v if v is None else _over_channels(x, v) for v in vectors], epsilon)


def _over_channels(x: Value, v: Value) -> Value:
    return ivy.expand_dims(v, tuple(range(1, rank(x) - 1))) if rank(x) > 2 else v


# Pools


@rule(ivy.max_pool)
def max_pool(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    return _pool(ivy.max, _padded(x, 2, padding, number(x, lowest_of(dtype(x)))), 2, window, stride, dilation)


@rule(ivy.max_pool_channels_last)
def max_pool_channels_last(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    return _pool(ivy.max, _padded(x, 1, padding, number(x, lowest_of(dtype(x)))), 1, window, stride, dilation)


@rule(ivy.sum_pool)
def sum_pool(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    return _pool(ivy.sum, _padded(x, 2, padding, number(x, 0)), 2, window, stride, (1,) * len(window))


@rule(ivy.sum_pool_channels_last)
def sum_pool_channels_last(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    return _pool(ivy.sum, _padded(x, 1, padding, number(x, 0)), 1, window, stride, (1,) * len(window))


def _padded(x: Value, first: int, padding: Ints, value: Value) -> Value:
    return spatially_padded(x, first, padding, value) if any(padding) else x


def spatially_padded(x: Value, first: int, padding: Shape, value: Value) -> Value:
    """Pad `x` with `padding` along the axes from `first` on."""
    before, after = (0,) * first, (0,) * (rank(x) - first - len(padding) // 2)
    return ivy.pad(x, (*before, *padding[::2], *after), (*before, *padding[1::2], *after), value)


def _pool(reduction: Callable[..., Value], x: Value, first: int, window: Ints, stride: Ints, dilation: Ints) -> Value:
    for axis, (k, s, d) in enumerate(zip(window, stride, dilation, strict=True), first):
        if (k, s) != (1, 1):
            x = reduction(frames(x, axis, k, s, d), (axis + 1,))
    return x


def frames(x: Value, axis: int, window: Size, stride: int, dilation: int) -> Value:
    """Return `x` with the places of a window along `axis`, and its elements along a new axis after that."""
    if dilation == 1:
        shape = shape_of(x)
        places = UNKNOWN if is_value(window) else window_size(shape[axis], window, stride, 0, 0, 1)  # pyright: ignore[reportArgumentType]
        type = tensor((*shape[:axis], places, *sized((window,)), *shape[axis + 1 :]), dtype(x))
        return typed(tf.signal.frame(x, window, stride, axis=axis), type)
    reach = arithmetic.multiply(arithmetic.subtract(window, 1), dilation)
    last = arithmetic.subtract(arithmetic.subtract(size(x, axis), reach), 1)
    starts = ivy.iota((arithmetic.add(arithmetic.floor_divide(last, stride), 1),), i32)
    starts = ivy.expand_dims(ivy.multiply(starts, number(starts, stride)), (1,))
    steps = ivy.iota((window,), i32)
    return ivy.take(x, ivy.add(starts, ivy.multiply(steps, number(steps, dilation))), axis)
