"""Images: resizing and colors. Images are batch, height, width, channels."""

from collections.abc import Callable

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import f32, i64
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.helpers import counted, to
from mlgraph.frontend.tensorflow.rules.registry import rule


def scale_of(size: Size, wanted: Size, align_corners: bool) -> Value:
    """Return the distance in the image, in pixels, of neighboring pixels of the result."""
    if align_corners and wanted != 1:
        size, wanted = sizes.subtract(size, 1), sizes.subtract(wanted, 1)
    return ivy.divide(to(size, f32), to(wanted, f32))


def positions(size: Size, wanted: Size, align_corners: bool, half_pixel_centers: bool) -> Value:
    """Return the positions along an axis of the image of the pixels of the result."""
    scale = scale_of(size, wanted, align_corners)
    places = counted(wanted, f32)
    if not half_pixel_centers:
        return ivy.multiply(places, scale)
    half = number(places, 0.5)
    return ivy.subtract(ivy.multiply(ivy.add(places, half), scale), half)


def held(index: Value, size: Size) -> Value:
    """Indices held within an axis."""
    return ivy.minimum(ivy.maximum(index, number(index, 0)), to(sizes.subtract(size, 1), i64))


def along(weight: Value, x: Value, axis: int) -> Value:
    """Return a vector shaped to broadcast along one axis."""
    return ivy.reshape(weight, tuple(-1 if i == axis else 1 for i in range(rank(x))))


@rule("ResizeBilinear")
def resize_bilinear(
    images: Value, size: Sizes, *, align_corners: bool, half_pixel_centers: bool, importer: FuncGraphImporter
) -> Value:
    x = to(images, f32)
    for axis in (1, 2):
        n = importer.dim(x, axis)
        at = positions(n, size[axis - 1], align_corners, half_pixel_centers)
        floor = ivy.floor(at)
        low, high = held(ivy.cast(floor, i64), n), held(ivy.add(ivy.cast(floor, i64), to(1, i64)), n)
        weight = along(ivy.subtract(at, floor), x, axis)
        a, b = ivy.take(x, low, axis), ivy.take(x, high, axis)
        x = ivy.add(a, ivy.multiply(ivy.subtract(b, a), weight))
    return x


@rule("ResizeNearestNeighbor")
def resize_nearest(
    images: Value, size: Sizes, *, align_corners: bool, half_pixel_centers: bool, importer: FuncGraphImporter
) -> Value:
    x = images
    for axis in (1, 2):
        n = importer.dim(x, axis)
        scale = scale_of(n, size[axis - 1], align_corners)
        places = counted(size[axis - 1], f32)
        at = ivy.multiply(ivy.add(places, number(places, 0.5)) if half_pixel_centers else places, scale)
        nearest = ivy.floor(ivy.add(at, number(at, 0.5))) if align_corners else ivy.floor(at)
        x = ivy.take(x, held(ivy.cast(nearest, i64), n), axis)
    return x


@rule("ResizeBicubic")
def resize_bicubic(
    images: Value, size: Sizes, *, align_corners: bool, half_pixel_centers: bool, importer: FuncGraphImporter
) -> Value:
    """With half pixels Keys's kernel of -0.5, weights outside the image dropped; else of -0.75, edges continued."""
    x = to(images, f32)
    sharpness = -0.5 if half_pixel_centers else -0.75
    for axis in (1, 2):
        n = importer.dim(x, axis)
        at = positions(n, size[axis - 1], align_corners, half_pixel_centers)
        floor = ivy.floor(at)
        # tensorflow looks weights up in a table of 1024 steps
        steps = ivy.round(ivy.multiply(ivy.subtract(at, floor), number(at, 1024)))
        offset = ivy.divide(steps, number(at, 1024))
        x = cubic(x, axis, ivy.cast(floor, i64), offset, n, sharpness, half_pixel_centers)
    return x


def cubic(x: Value, axis: int, floor: Value, offset: Value, n: Size, sharpness: float, drop: bool) -> Value:
    total, norm = None, None
    for step in (-1, 0, 1, 2):
        index = ivy.add(floor, to(step, i64))
        weight = cubic_weight(ivy.abs(ivy.subtract(offset, number(offset, step))), sharpness)
        inside = ivy.equal(index, held(index, n))
        weight = ivy.where(inside, weight, number(weight, 0)) if drop else weight
        piece = ivy.multiply(ivy.take(x, held(index, n), axis), along(weight, x, axis))
        total = piece if total is None else ivy.add(total, piece)
        norm = weight if norm is None else ivy.add(norm, weight)
    assert total is not None
    assert norm is not None
    return ivy.divide(total, along(norm, x, axis)) if drop else total


def cubic_weight(x: Value, a: float) -> Value:
    """Keys's kernel at the distance `x`."""

    def polynomial(*coefficients: float) -> Value:
        found = number(x, coefficients[0])
        for c in coefficients[1:]:
            found = ivy.add(ivy.multiply(found, x), number(x, c))
        return found

    near, far = polynomial(a + 2, -a - 3, 0, 1), polynomial(a, -5 * a, 8 * a, -4 * a)
    zero = number(x, 0)
    return ivy.where(ivy.less_equal(x, number(x, 1)), near, ivy.where(ivy.less(x, number(x, 2)), far, zero))


KERNELS: dict[str, tuple[float, Callable[[Value], Value]]] = {
    "triangle": (1.0, lambda x: ivy.maximum(ivy.subtract(number(x, 1), ivy.abs(x)), number(x, 0))),
    "keyscubic": (2.0, lambda x: cubic_weight(ivy.abs(x), -0.5)),
    "box": (0.5, lambda x: ivy.where(ivy.less_equal(ivy.abs(x), number(x, 0.5)), number(x, 1), number(x, 0))),
}
"""The reach and the weight of a kernel at a distance."""


@rule("ScaleAndTranslate")
def scale_and_translate(
    images: Value,
    size: Sizes,
    scale: Value,
    translation: Value,
    *,
    kernel_type: str,
    antialias: bool,
    importer: FuncGraphImporter,
) -> Value:
    """Each axis is multiplied by a matrix of weights, the kernel's at the distance of two pixels."""
    if kernel_type not in KERNELS:
        raise Unsupported(f"with kernel_type={kernel_type!r}")
    _, kernel = KERNELS[kernel_type]
    x = to(images, f32)
    for axis in (1, 2):
        n = importer.dim(x, axis)
        inverse = ivy.reciprocal(element(scale, axis - 1))
        shift = ivy.negative(ivy.multiply(inverse, element(translation, axis - 1)))
        weights = spans(kernel, n, size[axis - 1], inverse, shift, antialias)
        x = ivy.einsum([x, weights], "bhwc,hi->biwc" if axis == 1 else "bhwc,wi->bhic")
    return x


def element(x: Value, i: int) -> Value:
    return ivy.squeeze(slice_axis(x, 0, i, i + 1), (0,))


def spans(
    kernel: Callable[[Value], Value], n: Size, wanted: Size, inverse: Value, shift: Value, antialias: bool
) -> Value:
    """Return the weight of each pixel of an axis in each pixel of the result."""
    half = number(inverse, 0.5)
    width = ivy.maximum(inverse, number(inverse, 1)) if antialias else number(inverse, 1)
    at = ivy.add(ivy.multiply(ivy.add(counted(wanted, f32, 1, 2), half), inverse), shift)
    distance = ivy.divide(ivy.subtract(ivy.subtract(at, half), counted(n, f32, 0, 2)), width)
    weights = kernel(distance)
    total = ivy.sum(weights, (0,), True)
    inside = ivy.logical_and(ivy.greater_equal(at, number(at, 0)), ivy.less_equal(at, to(n, f32)))
    some = ivy.greater(ivy.abs(total), number(total, 1000 * 1.17549435e-38))
    normal = ivy.divide(weights, ivy.where(some, total, number(total, 1)))
    return ivy.where(ivy.logical_and(inside, some), normal, number(normal, 0))


@rule("CropAndResize")
def crop_and_resize(
    image: Value,
    boxes: Value,
    box_ind: Value,
    crop_size: Sizes,
    *,
    method: str,
    extrapolation_value: float,
    importer: FuncGraphImporter,
) -> Value:
    """Parts of images, boxes (y1, x1, y2, x2) in units of the image, sampled at a grid."""
    x = to(image, f32)
    if method not in ("bilinear", "nearest"):
        raise Unsupported(f"with method={method!r}")
    y_at, x_at = (box_positions(importer, x, boxes, axis, crop_size[axis]) for axis in (0, 1))
    outside = ivy.logical_or(
        beyond(ivy.expand_dims(y_at, (2,)), importer.dim(x, 1)), beyond(ivy.expand_dims(x_at, (1,)), importer.dim(x, 2))
    )
    batch = ivy.reshape(to(box_ind, i64), (-1, 1, 1))

    def pixels(rows: Value, columns: Value) -> Value:
        places = [batch, ivy.expand_dims(rows, (2,)), ivy.expand_dims(columns, (1,))]
        return ivy.index(x, places, (0, 1, 2))

    if method == "nearest":
        rows, columns = (
            held(ivy.cast(ivy.round(at), i64), importer.dim(x, i + 1)) for i, at in enumerate((y_at, x_at))
        )
        found = pixels(rows, columns)
    else:
        (top, bottom, dy), (left, right, dx) = (
            neighbors(at, importer.dim(x, i + 1)) for i, at in enumerate((y_at, x_at))
        )
        dx = ivy.reshape(dx, (*importer.shape(dx)[:1], 1, -1, 1))
        dy = ivy.reshape(dy, (*importer.shape(dy)[:1], -1, 1, 1))
        upper = between(pixels(top, left), pixels(top, right), dx)
        lower = between(pixels(bottom, left), pixels(bottom, right), dx)
        found = between(upper, lower, dy)
    return ivy.where(ivy.expand_dims(outside, (3,)), number(found, extrapolation_value), found)


def between(a: Value, b: Value, weight: Value) -> Value:
    return ivy.add(a, ivy.multiply(ivy.subtract(b, a), weight))


def neighbors(at: Value, n: Size) -> tuple[Value, Value, Value]:
    """Return the pixels on both sides of each place, and how far it is from the first."""
    low = ivy.floor(at)
    return held(ivy.cast(low, i64), n), held(ivy.cast(ivy.ceil(at), i64), n), ivy.subtract(at, low)


def beyond(at: Value, n: Size) -> Value:
    return ivy.logical_or(ivy.less(at, number(at, 0)), ivy.greater(at, to(sizes.subtract(n, 1), f32)))


def box_positions(importer: FuncGraphImporter, x: Value, boxes: Value, axis: int, wanted: Size) -> Value:
    """Return the positions in the image of the samples of each box along one axis."""
    last = to(sizes.subtract(importer.dim(x, axis + 1), 1), f32)
    first, second = (ivy.multiply(slice_axis(boxes, 1, i, i + 1), last) for i in (axis, axis + 2))
    if wanted == 1:
        return ivy.multiply(ivy.add(first, second), number(first, 0.5))
    step = ivy.divide(ivy.subtract(second, first), to(sizes.subtract(wanted, 1), f32))
    return ivy.add(first, ivy.multiply(step, counted(wanted, f32, 1, 2)))


@rule("AdjustContrastv2")
def adjust_contrast(images: Value, factor: Value) -> Value:
    """Distances from the mean of each channel, multiplied."""
    axes = (rank(images) - 3, rank(images) - 2)
    mean = ivy.mean(images, axes, True)
    return ivy.add(ivy.multiply(ivy.subtract(images, mean), to(factor, dtype(images))), mean)


@rule("RGBToHSV")
def rgb_to_hsv(images: Value) -> Value:
    """Hue, saturation and value, each from 0 to 1."""
    r, g, b = (slice_axis(images, -1, i, i + 1) for i in range(3))
    value = ivy.maximum(ivy.maximum(r, g), b)
    spread = ivy.subtract(value, ivy.minimum(ivy.minimum(r, g), b))
    zero, one = number(value, 0), number(value, 1)
    saturation = ivy.where(
        ivy.greater(value, zero), ivy.divide(spread, ivy.where(ivy.greater(value, zero), value, one)), zero
    )
    norm = ivy.divide(number(value, 1 / 6), ivy.where(ivy.greater(spread, zero), spread, one))

    def hue_from(x: Value, y: Value, offset: float) -> Value:
        return ivy.add(ivy.multiply(norm, ivy.subtract(x, y)), number(value, offset))

    hue = ivy.where(
        ivy.equal(r, value),
        hue_from(g, b, 0),
        ivy.where(ivy.equal(g, value), hue_from(b, r, 2 / 6), hue_from(r, g, 4 / 6)),
    )
    hue = ivy.where(ivy.greater(spread, zero), hue, zero)
    hue = ivy.where(ivy.less(hue, zero), ivy.add(hue, one), hue)
    return ivy.concat([hue, saturation, value], rank(images) - 1)


@rule("HSVToRGB")
def hsv_to_rgb(images: Value) -> Value:
    h, s, v = (slice_axis(images, -1, i, i + 1) for i in range(3))
    six = ivy.multiply(h, number(h, 6))
    zero, one = number(h, 0), number(h, 1)

    def ramp(x: Value) -> Value:
        return ivy.minimum(ivy.maximum(x, zero), one)

    def away(x: float) -> Value:
        return ivy.abs(ivy.subtract(six, number(h, x)))

    red = ramp(ivy.subtract(away(3), one))
    green, blue = ramp(ivy.subtract(number(h, 2), away(2))), ramp(ivy.subtract(number(h, 2), away(4)))
    rest = ivy.subtract(one, s)
    channels = [ivy.multiply(ivy.add(rest, ivy.multiply(s, c)), v) for c in (red, green, blue)]
    return ivy.concat(channels, rank(images) - 1)


@rule("AdjustSaturation")
def adjust_saturation(images: Value, scale: Value) -> Value:
    h, s, v = (slice_axis(rgb_to_hsv(images), -1, i, i + 1) for i in range(3))
    scaled = ivy.maximum(ivy.minimum(ivy.multiply(s, to(scale, dtype(s))), number(s, 1)), number(s, 0))
    return hsv_to_rgb(ivy.concat([h, scaled, v], rank(images) - 1))


@rule("AdjustHue")
def adjust_hue(images: Value, delta: Value) -> Value:
    h, s, v = (slice_axis(rgb_to_hsv(images), -1, i, i + 1) for i in range(3))
    turned = ivy.remainder(ivy.add(h, to(delta, dtype(h))), number(h, 1))
    return hsv_to_rgb(ivy.concat([turned, s, v], rank(images) - 1))
