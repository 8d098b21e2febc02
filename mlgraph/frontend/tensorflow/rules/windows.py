"""Rules of operations on the windows of an image: patches, dilation, erosion."""

from collections.abc import Callable, Sequence
from typing import Any

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.sizes import product
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.rules.convolution import Layout, paddings
from mlgraph.frontend.tensorflow.rules.helpers import lowest, without_nan
from mlgraph.frontend.tensorflow.rules.registry import rule


def window_slices(
    importer: FuncGraphImporter, x: Value, window: Ints, stride: Ints, dilation: Ints, padding: str, outside: Any
) -> list[Value]:
    """For each place within the window, in row-major order, the element there of every window; channels come last."""
    n = len(window)
    layout = Layout(False, n)
    pads = paddings(layout, padding, (), importer.shape(x)[1:-1], window, stride, dilation)
    low, high = (tuple(pair[side] for pair in pads) for side in (0, 1))
    if any(p != 0 for p in (*low, *high)):
        x = ivy.pad(x, (0, *low, 0), (0, *high, 0), number(x, outside))
    reach = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
    spans = [sizes.subtract(size, r) for size, r in zip(importer.shape(x)[1:-1], reach, strict=True)]
    found: list[Value] = []
    for place in product_of(window):
        starts = [p * d for p, d in zip(place, dilation, strict=True)]
        stops = [sizes.add(span, a + 1) for span, a in zip(spans, starts, strict=True)]
        found.append(ivy.slice(x, (0, *starts, 0), (TO_END, *stops, TO_END), (1, *stride, 1)))
    return found


def product_of(window: Ints) -> list[Ints]:
    """Yield all places within a window."""
    places: list[Ints] = [()]
    for k in window:
        places = [(*place, i) for place in places for i in range(k)]
    return places


@rule("ExtractImagePatches")
def extract_patches(
    x: Value, *, ksizes: Ints, strides: Ints, padding: str, rates: Ints, importer: FuncGraphImporter
) -> Value:
    """The windows, their elements in the channels."""
    layout = Layout(False, rank(x) - 2)
    window, stride, dilation = (layout.spatial(given) for given in (ksizes, strides, rates))
    return ivy.concat(window_slices(importer, x, window, stride, dilation, padding, 0), rank(x) - 1)


@rule("ExtractVolumePatches")
def extract_volumes(x: Value, *, ksizes: Ints, strides: Ints, padding: str, importer: FuncGraphImporter) -> Value:
    return extract_patches(x, ksizes=ksizes, strides=strides, padding=padding, rates=(1,) * rank(x), importer=importer)


@rule("Dilation2D")
def dilation2d(
    x: Value, filters: Value, *, strides: Ints, rates: Ints, padding: str, importer: FuncGraphImporter
) -> Value:
    """The largest sum of an element of each window and the filter's element there."""
    layout = Layout(False, 2)
    h, w, c = (importer.static(filters, axis, "the sizes of a filter") for axis in range(3))
    least = lowest(dtype(x))
    pieces = window_slices(importer, x, (h, w), layout.spatial(strides), layout.spatial(rates), padding, least)
    sums: list[Value] = []
    for (i, j), piece in zip(product_of((h, w)), pieces, strict=True):
        there = ivy.slice(filters, (i, j, 0), (i + 1, j + 1, c), (1, 1, 1))
        sums.append(ivy.add(piece, ivy.squeeze(there, (0, 1))))
    return reduced(ivy.maximum, sums)


def reduced(function: Callable[..., Value], items: Sequence[Value]) -> Value:
    found, *rest = items
    for item in rest:
        found = function(found, item)
    return found


@rule("MaxPoolWithArgmax")
def max_pool_with_argmax(
    x: Value,
    *,
    ksize: Ints,
    strides: Ints,
    Targmax: Any,
    padding: str,
    include_batch_in_index: bool,
    importer: FuncGraphImporter,
) -> tuple[Value, Value]:
    """The largest element of each window, and its place in the flattened image."""
    layout = Layout(False, 2)
    window, stride, ones = layout.spatial(ksize), layout.spatial(strides), (1, 1)
    batch, h, w, c = importer.shape(x)
    images = batch if include_batch_in_index else 1
    places = ivy.reshape(ivy.iota((product((images, h, w, c)),), Targmax), (images, h, w, c))
    values = window_slices(importer, without_nan(x), window, stride, ones, padding, lowest(dtype(x)))
    indices = window_slices(importer, places, window, stride, ones, padding, 0)
    best, index = values[0], ivy.broadcast_to(indices[0], importer.shape(values[0]))
    for value, place in zip(values[1:], indices[1:], strict=True):
        larger = ivy.greater(value, best)
        index = ivy.where(larger, place, index)
        best = ivy.where(larger, value, best)
    return best, index
