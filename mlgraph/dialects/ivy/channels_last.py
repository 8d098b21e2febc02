"""Operations of images whose channels are the last axis: N, the spatial axes, C.

Each means what the operation of the same name without `channels_last` means between two changes of layout. The pass
`channels-last` makes them, for tensorflow, whose kernels want this layout.
"""

from xdsl.traits import Pure

from mlgraph.dialects.ivy import nn
from mlgraph.dialects.ivy.manipulation import permute_dims
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.parameters import Ints, Value


def to_last(rank: int) -> Ints:
    """Return the order of axes that moves the channels from the second place to the last."""
    return (0, *range(2, rank), 1)


def to_first(rank: int) -> Ints:
    """Return the order of axes that moves the channels from the last place to the second."""
    return (0, rank - 1, *range(1, rank - 1))


def channels_last(x: Value) -> Value:
    """Move the channels of N, C, ... to the end."""
    return permute_dims(x, to_last(rank(x)))


def channels_first(x: Value) -> Value:
    """Move the channels of N, ..., C to the second place."""
    return permute_dims(x, to_first(rank(x)))


@composite(Pure())
def conv_channels_last(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Value:
    """`conv` of N, ..., C; the weight is (O, C / groups, ...) all the same."""
    return channels_last(nn.conv(channels_first(x), weight, bias, stride, padding, dilation, groups))


@composite(Pure())
def conv_transpose_channels_last(
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    dilation: Ints,
    groups: int = 1,
) -> Value:
    """`conv_transpose` of N, ..., C; the weight is (C, O / groups, ...) all the same."""
    image = channels_first(x)
    return channels_last(nn.conv_transpose(image, weight, bias, stride, padding, output_padding, dilation, groups))


@composite(Pure())
def max_pool_channels_last(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    """`max_pool` of N, ..., C."""
    return channels_last(nn.max_pool(channels_first(x), window, stride, padding, dilation))


@composite(Pure())
def sum_pool_channels_last(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    """`sum_pool` of N, ..., C."""
    return channels_last(nn.sum_pool(channels_first(x), window, stride, padding))


@composite(Pure(), tensorflow="tf.nn.batch_normalization(x, mean, variance, bias, weight, epsilon)")
def batch_norm_channels_last(
    x: Value,
    mean: Value,
    variance: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    epsilon: float = 1e-5,
) -> Value:
    """`batch_norm` of N, ..., C."""
    return channels_last(nn.batch_norm(channels_first(x), mean, variance, weight, bias, epsilon))
