"""Resampling of ATen that has no decomposition of torch's own: antialiased resizing, and sampling of volumes."""

from itertools import product as corners
from math import ceil, pi
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import HALF_PRECISION, bf16, f16, f32, f64, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule

# Antialiased resizing: each axis is a weighted sum over a window that grows with the scale


@rule("_upsample_bilinear2d_aa.default")
def bilinear_aa(
    out: Out, x: SSAValue, output_size: Any, align_corners: bool, scales_h: Any = None, scales_w: Any = None
) -> SSAValue:
    return resized(out, x, output_size, align_corners, (scales_h, scales_w), 2, triangle)


@rule("_upsample_bicubic2d_aa.default")
def bicubic_aa(
    out: Out, x: SSAValue, output_size: Any, align_corners: bool, scales_h: Any = None, scales_w: Any = None
) -> SSAValue:
    return resized(out, x, output_size, align_corners, (scales_h, scales_w), 4, cubic)


@rule("_upsample_lanczos2d_aa.default")
def lanczos_aa(
    out: Out, x: SSAValue, output_size: Any, align_corners: bool, scales_h: Any = None, scales_w: Any = None
) -> SSAValue:
    return resized(out, x, output_size, align_corners, (scales_h, scales_w), 6, lanczos)


def resized(
    out: Out, x: SSAValue, output_size: Any, align_corners: bool, scales: Any, taps: int, kernel: Any
) -> SSAValue:
    """Return `x` resized along its last two axes, the last one first, in single or double precision."""
    if dtype(x) not in (f16, bf16, f32, f64):
        raise UnsupportedOpError("antialiased resizing of integers", fix="convert the image to floats")
    wide = to(x, f32) if dtype(x) in HALF_PRECISION else x
    for i in (1, 0):
        wide = resized_axis(wide, i - 2, output_size[i], align_corners, scales[i], taps, kernel)
    return to(wide, out.dtype)


def resized_axis(
    x: SSAValue, over: int, count: sizes.Size, align_corners: bool, factor: Any, taps: int, kernel: Any
) -> SSAValue:
    size, over, d = size_of(x, over), over % rank(x), dtype(x)
    scale, widest = scale_of(size, count, align_corners, factor, taps, d)
    one, half, zero = literal(1.0, d), literal(0.5, d), literal(0.0, d)
    support = ivy.multiply(ivy.maximum(scale, one), literal(taps / 2, d))
    centers = ivy.multiply(scale, ivy.add(ivy.iota((count,), d), half))

    def whole(value: SSAValue) -> SSAValue:
        return to(ivy.trunc(ivy.add(value, half)), i64)

    first = ivy.maximum(whole(ivy.subtract(centers, support)), literal(0, i64))
    length = ivy.subtract(ivy.minimum(whole(ivy.add(centers, support)), to(size, i64)), first)
    steps = ivy.iota((widest,), i64)
    inside = ivy.less(steps, ivy.expand_dims(length, (1,)))
    places = ivy.minimum(ivy.add(ivy.expand_dims(first, (1,)), steps), to(sizes.subtract(size, 1), i64))
    away = ivy.add(ivy.subtract(to(places, d), ivy.expand_dims(centers, (1,))), half)
    weights = ivy.where(inside, kernel(ivy.divide(away, ivy.maximum(scale, one))), zero)
    weights = ivy.divide(weights, ivy.sum(weights, (1,), True))
    after = tuple(range(2, rank(x) - over + 1))
    weights, inside = (ivy.expand_dims(v, after) if after else v for v in (weights, inside))
    terms = ivy.where(inside, ivy.multiply(ivy.take(x, places, over), weights), zero)
    return ivy.sum(terms, (over + 1,))


def scale_of(size: sizes.Size, count: sizes.Size, align_corners: bool, factor: Any, taps: int, d: Any) -> Any:
    """Return the distance in `x` of two places of the result, and the widest window: twice the support and one."""
    if align_corners:
        size, count, factor = sizes.subtract(size, 1), sizes.maximum(sizes.subtract(count, 1), 1), None
    if factor is not None and factor > 0:
        return literal(1.0 / factor, d), 2 * ceil(taps / 2 * max(1.0 / factor, 1.0)) + 1
    reach = sizes.multiply(sizes.maximum(size, count), taps // 2)
    up = sizes.floor_divide(sizes.subtract(sizes.add(reach, count), 1), count)
    return ivy.divide(to(size, d), to(count, d)), sizes.add(sizes.multiply(up, 2), 1)


def triangle(x: SSAValue) -> SSAValue:
    return ivy.maximum(ivy.subtract(number(x, 1), ivy.abs(x)), number(x, 0))


def cubic(x: SSAValue) -> SSAValue:
    """Keys' convolution with a = -0.5."""
    x = ivy.abs(x)
    near = polynomial(x, 1.5, -2.5, 0, 1)
    far = polynomial(x, -0.5, 2.5, -4, 2)
    outside = ivy.where(ivy.less(x, number(x, 2)), far, number(x, 0))
    return ivy.where(ivy.less(x, number(x, 1)), near, outside)


def polynomial(x: SSAValue, *coefficients: float) -> SSAValue:
    value = number(x, coefficients[0])
    for c in coefficients[1:]:
        value = ivy.add(ivy.multiply(value, x), number(x, c))
    return value


def lanczos(x: SSAValue) -> SSAValue:
    """sinc(x) sinc(x / 3)."""

    def sinc(v: SSAValue) -> SSAValue:
        zero = ivy.equal(v, number(v, 0))
        angle = ivy.multiply(ivy.where(zero, number(v, 1), v), number(v, pi))
        return ivy.where(zero, number(v, 1), ivy.divide(ivy.sin(angle), angle))

    both = ivy.multiply(sinc(x), sinc(ivy.divide(x, number(x, 3))))
    return ivy.where(ivy.less(ivy.abs(x), number(x, 3)), both, number(x, 0))


# Sampling of volumes


@rule("grid_sampler_3d.default")
def grid_sampler_3d(
    out: Out, x: SSAValue, grid: SSAValue, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> SSAValue:
    """Linear (mode 0) or nearest (1) samples at the x, y, z of `grid`; zeros, the border or reflections outside."""
    n, channels, *spatial = sizes_of(x)
    points = ivy.reshape(grid, (n, -1, 3))
    places = [
        source_place(ivy.take(points, literal(2 - a, i64), 2), size, padding_mode, align_corners)
        for a, size in enumerate(spatial)
    ]
    flat = ivy.reshape(x, (n, channels, -1))
    if interpolation_mode == 1:
        found = sampled(flat, [ivy.round(place) for place in places], spatial)
    else:
        found = linear_samples(flat, places, spatial)
    return ivy.reshape(found, (n, channels, *sizes_of(grid)[1:4]))


def source_place(at: SSAValue, size: sizes.Size, padding_mode: int, align_corners: bool) -> SSAValue:
    """Return the place in a volume of a coordinate from -1 to 1."""
    width, one, half = to(size, dtype(at)), number(at, 1), number(at, 0.5)
    if align_corners:
        at = ivy.multiply(ivy.multiply(ivy.add(at, one), half), ivy.subtract(width, one))
    else:
        at = ivy.multiply(ivy.subtract(ivy.multiply(ivy.add(at, one), width), one), half)
    if padding_mode == 2:
        at = reflected(at, width, align_corners)
    return ivy.clip(at, number(at, 0), ivy.subtract(width, one)) if padding_mode else at


def reflected(at: SSAValue, width: SSAValue, align_corners: bool) -> SSAValue:
    """Return `at` folded back between the centers of the outermost elements, or between their outer edges."""
    low = number(at, 0 if align_corners else -0.5)
    span = ivy.subtract(width, number(at, 1)) if align_corners else width
    still = ivy.equal(span, number(at, 0))
    span = ivy.where(still, number(at, 1), span)
    away = ivy.abs(ivy.subtract(at, low))
    extra = ivy.fmod(away, span)
    even = ivy.equal(ivy.remainder(ivy.floor(ivy.divide(away, span)), number(at, 2)), number(at, 0))
    folded = ivy.add(ivy.where(even, extra, ivy.subtract(span, extra)), low)
    return ivy.where(still, number(at, 0), folded)


def linear_samples(x: SSAValue, places: list[SSAValue], spatial: list[sizes.Size]) -> SSAValue:
    floors = [ivy.floor(place) for place in places]
    total: SSAValue | None = None
    for corner in corners((0, 1), repeat=len(places)):
        weight: SSAValue | None = None
        at: list[SSAValue] = []
        for high, place, low in zip(corner, places, floors):
            rest = ivy.subtract(place, low)
            part = rest if high else ivy.subtract(number(rest, 1), rest)
            weight = part if weight is None else ivy.multiply(weight, part)
            at.append(ivy.add(low, number(low, 1)) if high else low)
        assert weight is not None
        term = sampled(x, at, spatial, weight)
        total = term if total is None else ivy.add(total, term)
    assert total is not None
    return total


def sampled(x: SSAValue, at: list[SSAValue], spatial: list[sizes.Size], weight: Any = None) -> SSAValue:
    """Return the elements of `x` (N, C, flat) at whole places, times `weight`; 0 outside."""
    inside: SSAValue | None = None
    flat: SSAValue | None = None
    for place, size in zip(at, spatial):
        last = to(sizes.subtract(size, 1), dtype(place))
        within = ivy.logical_and(ivy.greater_equal(place, number(place, 0)), ivy.less_equal(place, last))
        inside = within if inside is None else ivy.logical_and(inside, within)
        index = to(ivy.where(within, place, number(place, 0)), i64)
        flat = index if flat is None else ivy.add(ivy.multiply(flat, to(size, i64)), index)
    assert inside is not None
    assert flat is not None
    n, channels, _ = sizes_of(x)
    spread = ivy.broadcast_to(ivy.expand_dims(flat, (1,)), (n, channels, size_of(flat, 1)))
    found = ivy.take_along_axis(x, spread, 2)
    found = found if weight is None else ivy.multiply(found, ivy.expand_dims(to(weight, dtype(x)), (1,)))
    return ivy.where(ivy.expand_dims(inside, (1,)), found, number(x, 0))
