"""Convolutions, with channels last: tensorflow has no others on a CPU.

Padding is stated by `tf.pad`, never left to a kernel. What no kernel computes is a sum over frames.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, cast

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.dtypes import FLOATS, tensor
from mlgraph.dialects.ivy.channels_last import CHANNELS_LAST, channels_first, channels_last
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of, sized
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.sizes import Size
from mlgraph.dialects.table import Op
from mlgraph.transforms.lower_ivy.shared import size, sizes, transpose_weight, typed
from mlgraph.transforms.lower_ivy.tensorflow.nn import frames, spatially_padded
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

P = ParamSpec("P")


def _in_channels_last(op: Op[P, Value]) -> Callable[P, Value]:
    """Return the lowering of `op` to the operation of the same name with channels last."""

    @functools.wraps(op.function)
    def lowered(x: Value, *args: Any, **kwargs: Any) -> Value:
        return channels_first(CHANNELS_LAST[op](channels_last(x), *args, **kwargs))

    return cast(Callable[P, Value], lowered)


rule(ivy.conv)(_in_channels_last(ivy.conv))
rule(ivy.conv_transpose)(_in_channels_last(ivy.conv_transpose))


@rule(ivy.conv_channels_last)
def conv_channels_last(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Value:
    (type,) = ivy.conv_channels_last.infer(
        x=x, weight=weight, bias=bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    if 0 in shape_of(type):
        places = _places(x, weight, stride, padding, dilation)
        return ivy.full((size(x, 0), *places, size(weight, 0)), 0, dtype(x))
    x = spatially_padded(x, 1, padding, number(x, 0)) if any(padding) else x
    if (found := _native(x, weight, stride, dilation, groups)) is None:
        found = _by_frames(x, weight, stride, dilation, groups)
    found = typed(found, type)
    return found if bias is None else tf.nn.bias_add(found, bias)


def _places(x: Value, weight: Value, stride: Ints, padding: Ints, dilation: Ints) -> list[Size]:
    """The sizes of the result along its spatial axes."""
    found: list[Size] = []
    for i, (s, d) in enumerate(zip(stride, dilation, strict=True)):
        room = arithmetic.add(size(x, i + 1), padding[2 * i] + padding[2 * i + 1])
        found.append(arithmetic.add(arithmetic.floor_divide(_over(room, _reach(size(weight, i + 2), d)), s), 1))
    return found


def _over(room: Size, reach: Size) -> Size:
    """Return the rest of the room for the first element of a frame, beside its own place."""
    return arithmetic.subtract(arithmetic.subtract(room, reach), 1)


def _native(x: Value, weight: Value, stride: Ints, dilation: Ints, groups: int) -> Value | None:
    """The convolution by tensorflow's kernel, None where it has none."""
    if dtype(x) not in FLOATS or len(stride) not in (1, 2, 3):
        return None
    dilated = dilation if any(d != 1 for d in dilation) else None
    if len(stride) == 3:
        return None if groups != 1 else _native_3d(x, weight, stride, dilated)
    filters = ivy.permute_dims(weight, (*range(2, rank(weight)), 1, 0))
    more = {} if dilated is None else {"dilations": dilated}
    if len(stride) == 1:
        return tf.nn.conv1d(x, filters, stride=stride, padding="VALID", **more)
    return tf.nn.conv2d(x, filters, strides=stride, padding="VALID", **more)


def _native_3d(x: Value, weight: Value, stride: Ints, dilated: Ints | None) -> Value | None:
    filters = ivy.permute_dims(weight, (2, 3, 4, 1, 0))
    if dilated is None:
        return tf.nn.conv3d(x, filters, strides=(1, *stride, 1), padding="VALID")
    if all(s == 1 for s in stride):
        return tf.nn.convolution(x, filters, padding="VALID", dilations=dilated)
    return None


def _by_frames(x: Value, weight: Value, stride: Ints, dilation: Ints, groups: int) -> Value:
    """The sum over the elements of each frame, by letters: batch n, group g, channels c and o, places A, elements a."""
    out, channels, *kernel = sizes(weight)
    for i, (k, s, d) in enumerate(zip(kernel, stride, dilation, strict=True)):
        x = frames(x, 1 + 2 * i, k, s, d)
    out = arithmetic.floor_divide(out, groups)
    places = "".join(chr(ord("A") + i) for i in range(len(kernel)))
    elements = "".join(chr(ord("p") + i) for i in range(len(kernel)))
    framed = "".join(a + b for a, b in zip(places, elements, strict=True))
    x = ivy.reshape(x, (*sizes(x)[:-1], groups, channels))
    weight = ivy.reshape(weight, (groups, out, channels, *kernel))
    found = ivy.einsum((x, weight), f"n{framed}gc,goc{elements}->n{places}go")
    return ivy.reshape(found, (*sizes(found)[:-2], arithmetic.multiply(out, groups)))


@rule(ivy.conv_transpose_channels_last)
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
    """By tensorflow's kernel without padding, then cut; else a convolution of `x` with zeros between its elements."""
    low, high = padding[::2], [b - extra for b, extra in zip(padding[1::2], output_padding, strict=True)]
    plain = groups == 1 and all(d == 1 for d in dilation) and len(stride) in (1, 2, 3) and dtype(x) in FLOATS
    if plain:
        found = _native_transpose(x, weight, stride)
        found = spatially_padded(found, 1, [-n for pair in zip(low, high, strict=True) for n in pair], number(x, 0))
        return found if bias is None else tf.nn.bias_add(found, bias)
    spread = x
    for axis, s in enumerate(stride, 1):
        spread = _with_zeros(spread, axis, s)
    reach = [_reach(size(weight, a), d) for a, d in enumerate(dilation, 2)]
    edges = [arithmetic.subtract(r, n) for r, *pair in zip(reach, low, high, strict=True) for n in pair]
    spread = spatially_padded(spread, 1, edges, number(x, 0))
    ones, none = (1,) * len(stride), (0, 0) * len(stride)
    return ivy.conv_channels_last(spread, transpose_weight(weight, groups), bias, ones, none, dilation, groups)


def _reach(window: Size, dilation: int) -> Size:
    """Return the distance from the first element of a window to its last."""
    return arithmetic.multiply(arithmetic.subtract(window, 1), dilation)


def _native_transpose(x: Value, weight: Value, stride: Ints) -> Value:
    """The whole transposed convolution, of which padding cuts off the edges."""
    filters = ivy.permute_dims(weight, (*range(2, rank(weight)), 1, 0))
    spatial = [_spread_size(size(x, a), s, size(weight, a + 1)) for a, s in enumerate(stride, 1)]
    shape = [size(x, 0), *spatial, size(weight, 1)]
    kernel = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[len(stride) - 1]
    found = kernel(x, filters, shape, strides=stride if len(stride) > 1 else stride[0], padding="VALID")  # pyright: ignore[reportGeneralTypeIssues]
    return typed(found, tensor(sized(shape), dtype(x)))


def _spread_size(n: Size, stride: int, window: Size) -> Size:
    return arithmetic.add(arithmetic.multiply(arithmetic.subtract(n, 1), stride), window)


def _with_zeros(x: Value, axis: int, stride: int) -> Value:
    """`x` with `stride - 1` zeros between its elements along `axis`."""
    if stride == 1:
        return x
    apart = ivy.expand_dims(x, (axis + 1,))
    high = [stride - 1 if a == axis + 1 else 0 for a in range(rank(apart))]
    padded = ivy.pad(apart, (0,) * rank(apart), high, number(x, 0))
    shape = sizes(x)
    shape[axis] = arithmetic.multiply(shape[axis], stride)
    stops = [1 - stride if a == axis else TO_END for a in range(rank(x))]
    return ivy.slice(ivy.reshape(padded, shape), (0,) * rank(x), stops, (1,) * rank(x))
