"""Operations of images whose channels are the last axis: N, the spatial axes, C.

Each means what the operation of the same name without `channels_last` means between two changes of layout. The pass
`channels-last` makes them, for tensorflow, whose kernels want this layout.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, cast

from xdsl.traits import Pure

from mlgraph.dialects.ivy import nn
from mlgraph.dialects.ivy.manipulation import permute_dims
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.table import Op

P = ParamSpec("P")


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


def _declare(op: Op[P, Value], note: str = "", **templates: str) -> Op[P, Value]:
    """Declare `op` of N, ..., C; its body is `op` between two changes of layout."""

    model = cast(Op[..., Value], op)

    @functools.wraps(op.function)
    def body(x: Value, *args: Any, **kwargs: Any) -> Value:
        return channels_last(model(channels_first(x), *args, **kwargs))

    name = op.function.__name__
    body.__module__, body.__name__ = __name__, f"{name}_channels_last"
    body.__doc__ = f"`{name}` of N, ..., C{note}."
    last = CHANNELS_LAST[op] = composite(Pure(), **templates)(cast(Callable[P, Value], body))
    return last


CHANNELS_LAST: dict[Op[..., Any], Op[..., Any]] = {}
"""The operation with channels last for each operation of images."""

conv_channels_last = _declare(nn.conv, "; the weight is (O, C / groups, ...) all the same")
conv_transpose_channels_last = _declare(nn.conv_transpose, "; the weight is (C, O / groups, ...) all the same")
max_pool_channels_last = _declare(nn.max_pool)
sum_pool_channels_last = _declare(nn.sum_pool)
batch_norm_channels_last = _declare(
    nn.batch_norm, tensorflow="tf.nn.batch_normalization(x, mean, variance, bias, weight, epsilon)"
)
