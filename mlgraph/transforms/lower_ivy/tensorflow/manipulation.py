"""Rules that move elements."""

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import i32, ui16
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import UNKNOWN, normal_axes, rank, shape_of
from mlgraph.dialects.parameters import Ints, Shape, Value
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.shared import continued_indices, is_value, size, subscript
from mlgraph.transforms.lower_ivy.tensorflow.rule import TENSORFLOW, rule, tf

rule.widen((ui16,), i32, ivy.tile, ivy.repeat)


@rule(ivy.expand_dims)
def expand_dims(x: Value, axis: Ints) -> Value:
    """One axis by name, several by an index."""
    if len(axis) < 2:
        return tf.expand_dims(x, axis[0]) if axis else x
    axes = normal_axes(axis, rank(x) + len(axis))
    index = tuple(None if a in axes else slice(None) for a in range(max(axes) + 1))
    return TENSORFLOW.call("operator.getitem", (x, index), {})[0]


@rule(ivy.squeeze)
def squeeze(x: Value, axis: Ints) -> Value | None:
    """tensorflow takes no axes for all of them."""
    return None if axis else x


@rule(ivy.roll)
def roll(x: Value, shift: Shape, axis: Ints) -> Value | None:
    return None if axis else x


@rule(ivy.slice)
def slice_(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return subscript(x, starts, stops, steps, TENSORFLOW)


# Padding


@rule(ivy.pad)
def pad(x: Value, low: Shape, high: Shape, value: Value) -> Value:
    """Pads first, then cuts, so that a cut may reach into what was padded."""
    grown = grow(x, low, high, value)
    cuts = [(_cut(a), _cut(b)) for a, b in zip(low, high, strict=True)]
    if all(cut == (0, 0) for cut in cuts):
        return grown
    stops = [_stop(x, axis, low[axis], high[axis]) for axis in range(rank(x))]
    return subscript(grown, [a for a, _ in cuts], stops, (1,) * rank(x), TENSORFLOW)


def grow(x: Value, low: Shape, high: Shape, value: Value) -> Value:
    """Pad `x` where `low` and `high` are positive."""
    paddings = [(_grown(a), _grown(b)) for a, b in zip(low, high, strict=True)]
    if all(padding == (0, 0) for padding in paddings):
        return x
    known = number_of(value)
    if known is not None and known == 0:
        return tf.pad(x, paddings)
    return tf.pad(x, paddings, constant_values=value if known is None else known)


def _grown(n: Size) -> Size:
    return arithmetic.maximum(n, 0)


def _cut(n: Size) -> Size:
    return arithmetic.maximum(arithmetic.subtract(0, n), 0)


def _stop(x: Value, axis: int, low: Size, high: Size) -> Size:
    if is_value(high):
        grown = arithmetic.add(size(x, axis), arithmetic.add(_grown(low), _grown(high)))
        return arithmetic.subtract(grown, _cut(high))
    return high if high < 0 else TO_END  # pyright: ignore[reportOperatorIssue]


@rule(ivy.pad_reflect)
def pad_reflect(x: Value, low: Ints, high: Ints) -> Value:
    """`tf.pad` mirrors once, and raises where the image is too small, or where there is none."""
    none = 0 in shape_of(x)
    for axis, (n, a, b) in enumerate(zip(shape_of(x), low, high, strict=True)):
        if (none and (a, b) != (0, 0)) or min(a, b) < 0 or UNKNOWN != n <= max(a, b) > 0:
            x = ivy.take(x, mirrored(size(x, axis), a, b), axis)
            low, high = _without(low, axis), _without(high, axis)
    return tf.pad(x, list(zip(low, high, strict=True)), mode="REFLECT") if any((*low, *high)) else x


def mirrored(n: Size, low: int, high: int) -> Value:
    """Return the indices from `-low` to `n + high`, mirrored at both ends."""
    last = ivy.from_size((arithmetic.subtract(n, 1),), i32)
    period = ivy.maximum(ivy.add(last, last), number(last, 1))
    place = ivy.iota((arithmetic.add(n, low + high),), i32)
    place = ivy.remainder(ivy.subtract(place, number(place, low)), period)
    return ivy.minimum(place, ivy.subtract(period, place))


def _without(pads: Ints, axis: int) -> Ints:
    return (*pads[:axis], 0, *pads[axis + 1 :])


@rule(ivy.pad_edge)
def pad_edge(x: Value, low: Ints, high: Ints) -> Value:
    for axis, (a, b) in enumerate(zip(low, high, strict=True)):
        if (a, b) != (0, 0):
            x = ivy.take(x, continued_indices(size(x, axis), a, b, "edge"), axis)
    return x


# Triangles


@rule(ivy.tril)
def tril(x: Value, k: int = 0) -> Value:
    if k == 0 or 0 < k < shape_of(x)[-1]:
        return tf.linalg.band_part(x, -1, k)
    diagonal = diagonals(x)
    return ivy.where(ivy.less_equal(diagonal, number(diagonal, k)), x, number(x, 0))


@rule(ivy.triu)
def triu(x: Value, k: int = 0) -> Value:
    if k == 0 or 0 < -k < shape_of(x)[-2]:
        return tf.linalg.band_part(x, -k, -1)
    diagonal = diagonals(x)
    return ivy.where(ivy.greater_equal(diagonal, number(diagonal, k)), x, number(x, 0))


def diagonals(x: Value) -> Value:
    """Return the diagonal that each element of a matrix is on: its column less its row."""
    rows, columns = (ivy.iota((size(x, axis),), i32) for axis in (-2, -1))
    return ivy.subtract(columns, ivy.expand_dims(rows, (1,)))
