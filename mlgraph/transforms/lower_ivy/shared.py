"""Helpers for the rules of several backends."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from typing_extensions import TypeIs
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.backend import Backend
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import FLOATS, SIGNED, DType, dtype_of, i1, i64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, rank, shape_of
from mlgraph.dialects.parameters import Ints, Shape, Value
from mlgraph.dialects.sizes import Size

SPECIAL = (
    ivy.i0e, ivy.i1e, ivy.zeta, ivy.gammainc, ivy.gammaincc, ivy.betainc, ivy.expi, ivy.dawsn, ivy.spence,
    ivy.fresnel_cos, ivy.fresnel_sin, ivy.bessel_j0, ivy.bessel_j1, ivy.bessel_y0, ivy.bessel_y1, ivy.bessel_k0e,
    ivy.bessel_k1e, ivy.airy_ai, ivy.erfcx, ivy.ndtri, ivy.log_ndtr, ivy.polygamma,
    ivy.spherical_bessel_j0, ivy.orthogonal_polynomial,
)  # fmt: skip
"""Functions that libraries have in single and double precision."""


def typed(value: Value, type: Attribute) -> Value:
    """Return the result of a backend's call as a value of `type`."""
    value._type = type  # pyright: ignore[reportPrivateUsage]
    return value


def size(x: Value, axis: int) -> Size:
    """Return the size of `x` along `axis`: a number where it is known."""
    known = shape_of(x)[axis]
    return ivy.dim(x, axis) if known == UNKNOWN else known


def sizes(x: Value) -> list[Size]:
    """Return the sizes of `x`."""
    return [size(x, axis) for axis in range(rank(x))]


def python_number(value: Any, dtype: DType) -> Any:
    """Return `value` as the Python number that an array of `dtype` holds."""
    with np.errstate(all="ignore"):
        array = np.asarray(value).astype(dtype_of(dtype))
    return float(array) if array.dtype.name in ("float16", "bfloat16") else array.item()


def subscript(x: Value, starts: Shape, stops: Shape, steps: Ints, backend: Backend) -> Value:
    """Write `x[start:stop:step, ...]` as Python does, without parts that are defaults."""
    index = slices(starts, stops, steps)
    return at(x, index, backend) if index else x


def at(x: Value, index: Sequence[Any], backend: Backend) -> Value:
    """Return `x[index]`."""
    return backend.call("operator.getitem", (x, index[0] if len(index) == 1 else tuple(index)), {})[0]


def slices(starts: Shape, stops: Shape, steps: Ints) -> list[slice]:
    """Return the index `[start:stop:step, ...]` without parts that are defaults."""
    index = [_slice(*bounds) for bounds in zip(starts, stops, steps, strict=True)]
    while index and index[-1] == slice(None):
        index.pop()
    return index


def _slice(start: Size, stop: Size, step: int) -> slice:
    first = None if isinstance(start, int) and start == 0 else start
    last = None if isinstance(stop, int) and stop == TO_END else stop
    return slice(first, last, None if step == 1 else step)


def swapped_back(order: Sequence[int]) -> Ints:
    """Return the order of axes that undoes `order`."""
    return tuple(list(order).index(a) for a in range(len(order)))


def is_value(size: Size) -> TypeIs[SSAValue]:
    """Return whether a size is known only when the program runs."""
    return isinstance(size, SSAValue)


def lowest_of(dtype: DType) -> float | int:
    """Return the value below all others of an element type."""
    if dtype == i1:
        return False
    return -np.inf if dtype in FLOATS else int(np.iinfo(dtype_of(dtype)).min)


def highest_of(dtype: DType) -> float | int:
    """Return the value above all others of an element type."""
    if dtype == i1:
        return True
    return np.inf if dtype in FLOATS else int(np.iinfo(dtype_of(dtype)).max)


def pooled(x: Value, window: Ints, stride: Ints, dilation: Ints, combine: Callable[[Value, Value], Value]) -> Value:
    """Combine every place of a window on the spatial axes of `x` from strided slices, axis by axis."""
    for axis, (k, s, d) in enumerate(zip(window, stride, dilation, strict=True), 2):
        last = arithmetic.subtract(size(x, axis), d * (k - 1) + 1)
        reach = arithmetic.multiply(arithmetic.floor_divide(last, s), s)
        parts = [slice_axis(x, axis, i * d, arithmetic.add(reach, i * d + 1), s) for i in range(k)]
        x = reduce(combine, parts)
    return x


def continued(x: Value, low: Ints, high: Ints, mode: str) -> Value:
    """Extend `x` ("reflect" or "edge"), or cut it off, along each axis by indices."""
    for axis, (before, after) in enumerate(zip(low, high, strict=True)):
        if before or after:
            x = ivy.take(x, continued_indices(size(x, axis), before, after, mode), axis)
    return x


def continued_indices(size: Size, low: int, high: int, mode: str) -> Value:
    """Return the element's index for each place from `-low` to `size + high`: the mirrored or the nearest."""
    zero, last = literal(0, i64), ivy.from_size((arithmetic.subtract(size, 1),), i64)
    places = ivy.subtract(ivy.iota((arithmetic.add(size, low + high),), i64), literal(low, i64))
    if mode != "reflect":
        return ivy.clip(places, zero, last)
    return ivy.subtract(last, ivy.abs(ivy.subtract(last, ivy.abs(places))))


def transpose_weight(weight: Value, groups: int) -> Value:
    """Turn a weight of `conv_transpose` (C, O / groups, ...) into that of a `conv`: (O, C / groups, ...), mirrored."""
    spatial = tuple(range(2, rank(weight)))
    channels, out, *window = sizes(weight)
    if groups == 1:
        return ivy.flip(ivy.permute_dims(weight, (1, 0, *spatial)), spatial)
    grouped = ivy.reshape(weight, (groups, arithmetic.floor_divide(channels, groups), out, *window))
    swapped = ivy.permute_dims(grouped, (0, 2, 1, *(a + 1 for a in spatial)))
    shape = (arithmetic.multiply(out, groups), arithmetic.floor_divide(channels, groups), *window)
    return ivy.flip(ivy.reshape(swapped, shape), spatial)


def shrunk(x: Value, indices: Value, axis: int) -> Value:
    """Cut `x` to the size of `indices` along all axes but `axis`."""
    pairs = enumerate(zip(shape_of(x), shape_of(indices), strict=True))
    cuts = [a != axis and not n == m != UNKNOWN for a, (n, m) in pairs]
    if not any(cuts):
        return x
    stops = [size(indices, a) if cut else TO_END for a, cut in enumerate(cuts)]
    return ivy.slice(x, (0,) * rank(x), stops, (1,) * rank(x))


def first_axes(x: Value, axes: Ints) -> list[int]:
    """Return the axes of `x`, those of the indices first."""
    return [*axes, *(a for a in range(rank(x)) if a not in axes)]


def whole_power(x1: Value, x2: Value, power: Callable[[Value, Value], Value]) -> Value | None:
    """Raise `x1` to negative integer powers, where libraries fail: 1 and -1 have some, that of others is 0."""
    known = number_of(x2)
    if dtype(x1) not in SIGNED or (isinstance(known, int) and known >= 0):
        return None
    zero, one = number(x1, 0), number(x1, 1)
    below, odd = ivy.less(x2, zero), ivy.not_equal(ivy.bitwise_and(x2, one), zero)
    (type,) = ivy.pow.infer(x1=x1, x2=x2)
    plain = typed(power(x1, ivy.maximum(x2, zero)), type)
    unit = ivy.equal(ivy.abs(x1), one)
    return ivy.where(below, ivy.where(unit, ivy.where(odd, x1, one), zero), plain)


def gamma_edges(x1: Value, x2: Value, found: Value, at_zero: float) -> Value:
    """Correct `found` of an incomplete gamma function where operands are 0 or infinite; `at_zero` is its value at 0."""
    zero, nan = number(x1, 0), number(x1, np.nan)
    endless = ivy.logical_and(ivy.isinf(x1), ivy.isinf(x2))
    undefined = ivy.logical_and(ivy.equal(x1, zero), ivy.equal(x2, zero))
    bad = ivy.logical_or(ivy.logical_or(ivy.less(x1, zero), ivy.less(x2, zero)), ivy.logical_or(endless, undefined))
    bad = ivy.logical_or(bad, ivy.logical_or(ivy.isnan(x1), ivy.isnan(x2)))
    full = ivy.logical_or(ivy.equal(x1, zero), ivy.isinf(x2))
    empty = ivy.logical_or(ivy.equal(x2, zero), ivy.isinf(x1))
    return ivy.where(bad, nan, ivy.where(full, number(x1, 1 - at_zero), ivy.where(empty, number(x1, at_zero), found)))


def zeta_edges(x1: Value, x2: Value, found: Value) -> Value:
    """Return `found` where the sum of Hurwitz' zeta function converges and has no pole."""
    nan, inf = number(x1, np.nan), number(x1, np.inf)
    low = ivy.less_equal(x2, number(x2, 0))
    pole = ivy.logical_and(low, ivy.equal(x2, ivy.floor(x2)))
    found = ivy.where(ivy.logical_and(low, ivy.not_equal(x1, ivy.floor(x1))), nan, found)
    found = ivy.where(pole, inf, found)
    found = ivy.where(ivy.logical_or(ivy.isnan(x1), ivy.isnan(x2)), nan, found)
    found = ivy.where(ivy.equal(x1, number(x1, 1)), inf, found)
    return ivy.where(ivy.less(x1, number(x1, 1)), nan, found)
