"""Convolution and pooling. The ops of ivy take N, C, ...; tensorflow's layouts are turned into that and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.helpers import ceil_divide, filled, lowest, without_nan
from mlgraph.frontend.tensorflow.rules.registry import rule

Pairs = Sequence[tuple[Size, Size]]


@dataclass(frozen=True)
class Layout:
    """The places of batch, channels and spatial axes, by which tensorflow's per-axis attributes are read."""

    first: bool
    n: int

    @staticmethod
    def of(data_format: str, n: int) -> "Layout":
        if data_format in ("NHWC", "NDHWC", "NWC", "CHANNELS_LAST"):
            return Layout(False, n)
        if data_format in ("NCHW", "NCDHW", "NCW", "CHANNELS_FIRST"):
            return Layout(True, n)
        raise Unsupported(f"with data_format={data_format!r}")

    def enter(self, x: Value) -> Value:
        """N, C, ... of an array in this layout."""
        return x if self.first else ivy.permute_dims(x, (0, self.n + 1, *range(1, self.n + 1)))

    def leave(self, x: Value) -> Value:
        """This layout of N, C, ..."""
        return x if self.first else ivy.permute_dims(x, (0, *range(2, self.n + 2), 1))

    def spatial(self, attribute: Sequence[Any]) -> tuple[Any, ...]:
        """Return the spatial part of an attribute that has an item for each axis."""
        others = attribute[:2] if self.first else (attribute[0], attribute[-1])
        if any(item not in (1, (0, 0)) for item in others):
            raise Unsupported("over batch or channels")
        return tuple(attribute[2:] if self.first else attribute[1:-1])


def paddings(
    layout: Layout, padding: str, explicit: Ints, size: Sizes, window: Ints, stride: Ints, dilation: Ints
) -> Pairs:
    """Padding before and after each spatial axis."""
    if padding == "VALID":
        return [(0, 0)] * layout.n
    if padding == "EXPLICIT":
        return layout.spatial(tuple(zip(explicit[::2], explicit[1::2], strict=True)))
    return [same(*axis) for axis in zip(size, window, stride, dilation, strict=True)]


def same(size: Size, window: int, stride: int, dilation: int) -> tuple[Size, Size]:
    """Return the padding that gives one window for each `stride` elements; the odd element goes after."""
    reach = (window - 1) * dilation + 1
    if stride == 1:
        total: Size = reach - 1
    else:
        covered = sizes.multiply(sizes.subtract(ceil_divide(size, stride), 1), stride)
        total = sizes.maximum(sizes.subtract(sizes.add(covered, reach), size), 0)
    low = sizes.floor_divide(total, 2)
    return low, sizes.subtract(total, low)


def settled(x: Value, pads: Pairs, value: Any) -> tuple[Value, Ints]:
    """Padding as numbers; where it depends on a size `x` is padded first."""
    flat = tuple(p for pair in pads for p in pair)
    if all(isinstance(p, int) for p in flat):
        return x, flat  # type: ignore[return-value]
    return ivy.pad(x, (0, 0, *flat[::2]), (0, 0, *flat[1::2]), number(x, value)), (0,) * len(flat)


def window_of(importer: FuncGraphImporter, weight: Value) -> Ints:
    """Return the spatial sizes of weights (out, in, ...)."""
    return tuple(importer.static(weight, axis, "the sizes of a filter") for axis in range(2, rank(weight)))


def weights_of(filters: Value) -> Value:
    """Return tensorflow's filters (..., in, out) as (out, in, ...)."""
    n = rank(filters) - 2
    return ivy.permute_dims(filters, (n + 1, n, *range(n)))


class ConvAttributes(TypedDict):
    """The attributes of every convolution."""

    strides: Ints
    padding: str
    data_format: str
    dilations: Ints


class PaddedConvAttributes(ConvAttributes):
    """The attributes of a convolution that pads as it is told."""

    explicit_paddings: Ints


def convolved(
    importer: FuncGraphImporter, x: Value, weight: Value, groups: int, *,
    strides: Ints, padding: str, data_format: str, dilations: Ints, explicit_paddings: Ints = (),
) -> Value:  # fmt: skip
    """Return the convolution of `x` with weights (out, in, ...)."""
    layout = Layout.of(data_format, rank(x) - 2)
    x = layout.enter(x)
    stride, dilation = layout.spatial(strides), layout.spatial(dilations)
    window = window_of(importer, weight)
    pads = paddings(layout, padding, explicit_paddings, importer.shape(x)[2:], window, stride, dilation)
    x, flat = settled(x, pads, 0)
    return layout.leave(ivy.conv(x, weight, None, stride, flat, dilation, groups))


def groups_of(importer: FuncGraphImporter, data_format: str, x: Value, weight: Value) -> int:
    first = Layout.of(data_format, rank(x) - 2).first
    return channels(importer, x, 1 if first else -1) // channels(importer, weight, 1)


def channels(importer: FuncGraphImporter, x: Value, axis: int) -> int:
    return importer.static(x, axis, "the number of channels")


@rule("Conv2D", ignores="use_cudnn_on_gpu")
def conv2d(
    x: Value, filters: Value, *, importer: FuncGraphImporter, **attributes: Unpack[PaddedConvAttributes]
) -> Value:
    weight = weights_of(filters)
    return convolved(importer, x, weight, groups_of(importer, attributes["data_format"], x, weight), **attributes)


@rule("Conv3D")
def conv3d(x: Value, filters: Value, *, importer: FuncGraphImporter, **attributes: Unpack[ConvAttributes]) -> Value:
    weight = weights_of(filters)
    return convolved(importer, x, weight, groups_of(importer, attributes["data_format"], x, weight), **attributes)


@rule("Conv")
def conv(
    x: Value, filters: Value, *,
    batch_dims: int, groups: int, importer: FuncGraphImporter, **attributes: Unpack[PaddedConvAttributes],
) -> Value:  # fmt: skip
    if batch_dims != 1:
        raise Unsupported(f"with batch_dims={batch_dims}")
    weight = weights_of(filters)
    attributes["dilations"] = attributes["dilations"] or (1,) * rank(x)
    return convolved(importer, x, weight, groups_of(importer, attributes["data_format"], x, weight), **attributes)


@rule("DepthwiseConv2dNative")
def depthwise_conv2d(
    x: Value, filters: Value, *, importer: FuncGraphImporter, **attributes: Unpack[PaddedConvAttributes]
) -> Value:
    weight = depthwise_weights(importer, filters)
    return convolved(importer, x, weight, channels(importer, filters, 2), **attributes)


def depthwise_weights(importer: FuncGraphImporter, filters: Value) -> Value:
    """Filters (h, w, in, multiplier) as (in * multiplier, 1, h, w)."""
    h, w, c, m = (importer.static(filters, axis, "the sizes of a filter") for axis in range(4))
    return ivy.reshape(ivy.permute_dims(filters, (2, 3, 0, 1)), (c * m, 1, h, w))


# The transpose


def transposed(
    importer: FuncGraphImporter, size: Sizes, weight: Value, y: Value, groups: int, *,
    strides: Ints, padding: str, data_format: str, dilations: Ints, explicit_paddings: Ints = (),
) -> Value:  # fmt: skip
    """Return the gradient of a convolution in its input, whose sizes are `size`."""
    layout = Layout.of(data_format, rank(y) - 2)
    y = layout.enter(y)
    stride, dilation = layout.spatial(strides), layout.spatial(dilations)
    window = window_of(importer, weight)
    wanted = size[2:] if layout.first else size[1:-1]
    pads = paddings(layout, padding, explicit_paddings, wanted, window, stride, dilation)
    given = importer.shape(y)[2:]
    whole = tuple(
        sizes.add(sizes.multiply(sizes.subtract(n, 1), s), (k - 1) * d + 1)
        for n, s, k, d in zip(given, stride, window, dilation, strict=True)
    )
    low: Any = tuple(pair[0] for pair in pads)
    high: Any = tuple(sizes.subtract(sizes.subtract(n, a), m) for n, a, m in zip(whole, low, wanted, strict=True))
    crop: Any = tuple(p for pair in zip(low, high, strict=True) for p in pair)
    zeros = (0,) * layout.n
    if all(isinstance(p, int) for p in crop):
        extra = tuple(max(-p, 0) for p in high)
        crop = tuple(p for a, b in zip(low, high, strict=True) for p in (a, max(b, 0)))
        return layout.leave(ivy.conv_transpose(y, weight, None, stride, crop, extra, dilation, groups))
    full = ivy.conv_transpose(y, weight, None, stride, zeros * 2, zeros, dilation, groups)
    cut = tuple(sizes.subtract(0, p) for p in crop)
    return layout.leave(ivy.pad(full, (0, 0, *cut[::2]), (0, 0, *cut[1::2]), number(full, 0)))


@rule("Conv2DBackpropInput", ignores="use_cudnn_on_gpu")
def conv2d_transpose(
    size: Sizes, filters: Value, y: Value, *,
    importer: FuncGraphImporter, **attributes: Unpack[PaddedConvAttributes],
) -> Value:  # fmt: skip
    weight = weights_of(filters)
    inputs = size[1] if Layout.of(attributes["data_format"], 2).first else size[-1]
    if not isinstance(inputs, int):
        raise StaticSizeRequired("the number of channels", inputs)
    return transposed(importer, size, weight, y, inputs // channels(importer, weight, 1), **attributes)


@rule("Conv3DBackpropInputV2")
def conv3d_transpose(
    size: Sizes, filters: Value, y: Value, *, importer: FuncGraphImporter, **attributes: Unpack[ConvAttributes]
) -> Value:
    return transposed(importer, size, weights_of(filters), y, 1, **attributes)


@rule("DepthwiseConv2dNativeBackpropInput")
def depthwise_transpose(
    size: Sizes, filters: Value, y: Value, *,
    importer: FuncGraphImporter, **attributes: Unpack[PaddedConvAttributes],
) -> Value:  # fmt: skip
    weight = depthwise_weights(importer, filters)
    return transposed(importer, size, weight, y, channels(importer, filters, 2), **attributes)


@rule("Conv2DBackpropFilter", ignores="use_cudnn_on_gpu")
def conv2d_filter_gradient(
    x: Value, size: Ints, dy: Value, *,
    strides: Ints, padding: str, explicit_paddings: Ints, data_format: str, dilations: Ints,
    importer: FuncGraphImporter,
) -> Value:  # fmt: skip
    """A convolution in which images are channels, and strides dilate."""
    layout = Layout.of(data_format, 2)
    x, dy = layout.enter(x), layout.enter(dy)
    if channels(importer, x, 1) != size[2]:
        raise Unsupported("with groups")
    stride, dilation, window = layout.spatial(strides), layout.spatial(dilations), size[:2]
    pads = paddings(layout, padding, explicit_paddings, importer.shape(x)[2:], window, stride, dilation)
    x, flat = settled(x, pads, 0)
    images, weights = ivy.permute_dims(x, (1, 0, 2, 3)), ivy.permute_dims(dy, (1, 0, 2, 3))
    window_of(importer, weights)
    found = ivy.conv(images, weights, None, dilation, flat, stride, 1)
    cut = ivy.slice(found, (0,) * 4, (size[2], size[3], *window), (1,) * 4)
    return ivy.permute_dims(cut, (2, 3, 0, 1))


# Pooling


def max_pooled(
    importer: FuncGraphImporter, x: Value, ksize: Ints, strides: Ints, padding: str, explicit: Ints, data_format: str
) -> Value:
    """tensorflow passes over NaN."""
    layout = Layout.of(data_format, rank(x) - 2)
    window, stride, ones = layout.spatial(ksize), layout.spatial(strides), (1,) * layout.n
    least = lowest(dtype(x))
    x = layout.enter(without_nan(x, least))
    pads = paddings(layout, padding, explicit, importer.shape(x)[2:], window, stride, ones)
    x, flat = settled(x, pads, least)
    return layout.leave(ivy.max_pool(x, window, stride, flat, ones))


@rule("MaxPool")
def max_pool(
    x: Value,
    *,
    ksize: Ints,
    strides: Ints,
    padding: str,
    explicit_paddings: Ints,
    data_format: str,
    importer: FuncGraphImporter,
) -> Value:
    return max_pooled(importer, x, ksize, strides, padding, explicit_paddings, data_format)


@rule("MaxPoolV2")
def max_pool_v2(
    x: Value, ksize: Ints, strides: Ints, *, padding: str, data_format: str, importer: FuncGraphImporter
) -> Value:
    return max_pooled(importer, x, ksize, strides, padding, (), data_format)


@rule("MaxPool3D")
def max_pool3d(
    x: Value, *, ksize: Ints, strides: Ints, padding: str, data_format: str, importer: FuncGraphImporter
) -> Value:
    return max_pooled(importer, x, ksize, strides, padding, (), data_format)


@rule("AvgPool", "AvgPool3D")
def avg_pool(
    x: Value, *, ksize: Ints, strides: Ints, padding: str, data_format: str, importer: FuncGraphImporter
) -> Value:
    """Padding does not count."""
    layout = Layout.of(data_format, rank(x) - 2)
    window, stride, ones = layout.spatial(ksize), layout.spatial(strides), (1,) * layout.n
    x = layout.enter(x)
    pads = paddings(layout, padding, (), importer.shape(x)[2:], window, stride, ones)
    if all(pair == (0, 0) for pair in pads):
        total = ivy.sum_pool(x, window, stride, (0,) * 2 * layout.n)
        return layout.leave(ivy.divide(total, number(x, product(window))))

    def summed(x: Value) -> Value:
        x, flat = settled(x, pads, 0)
        return ivy.sum_pool(x, window, stride, flat)

    counts = summed(filled((1, 1, *importer.shape(x)[2:]), 1, dtype(x)))
    return layout.leave(ivy.divide(summed(x), counts))
