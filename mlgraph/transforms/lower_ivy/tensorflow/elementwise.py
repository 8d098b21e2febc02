"""Elementwise rules: element types that a function does not take, and functions that tensorflow lacks."""

from collections.abc import Callable
from math import inf, log, nan
from typing import Any

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import (
    FLOATS,
    HALF_PRECISION,
    UNSIGNED,
    DType,
    bf16,
    element_type,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
    ui8,
    ui16,
    ui32,
    ui64,
)
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, is_complex
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.table import Op
from mlgraph.transforms.lower_ivy.shared import SPECIAL, gamma_edges, typed, whole_power, zeta_edges
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

rule.widen((ui8, ui16), i32, ivy.pow)
rule.widen((ui32, ui64), i64, ivy.pow)
rule.widen((i8, i16), i32, ivy.fmod)
rule.widen(HALF_PRECISION, f32, ivy.floor_divide, ivy.fmod, ivy.erfinv, *SPECIAL)
rule.widen((bf16,), f32, ivy.lgamma, ivy.digamma)
rule.widen((i1,), ui8, ivy.less, ivy.less_equal, ivy.greater, ivy.greater_equal)

BOOLS = {
    ivy.add: ivy.logical_or,
    ivy.multiply: ivy.logical_and,
    ivy.maximum: ivy.logical_or,
    ivy.minimum: ivy.logical_and,
    ivy.bitwise_and: ivy.logical_and,
    ivy.bitwise_or: ivy.logical_or,
    ivy.bitwise_xor: ivy.logical_xor,
}
"""The meaning of arithmetic and bit operations for bools, which tensorflow's functions do not take."""


def _of_bools(op: Op[..., Any], logical: Callable[..., Value]) -> None:
    @rule(op)
    def bools(x1: Value, x2: Value) -> Value | None:
        return logical(x1, x2) if dtype(x1) == i1 else None


for _row, _logical in BOOLS.items():
    _of_bools(_row, _logical)


@rule(ivy.bitwise_invert)
def bitwise_invert(x: Value) -> Value | None:
    return ivy.logical_not(x) if dtype(x) == i1 else None


@rule(ivy.cast)
def cast(x: Value, dtype: DType) -> Value | None:
    """Of a complex number tensorflow tests the real part alone."""
    return ivy.not_equal(x, number(x, 0)) if dtype == i1 and is_complex(element_type(x.type)) else None


# Arithmetic


@rule(ivy.floor_divide)
def floor_divide(x1: Value, x2: Value) -> Value | None:
    """Of floats, tensorflow rounds the quotient before it takes the floor: 1 // 0.1 would be 10."""
    if dtype(x1) not in FLOATS:
        return None
    zero = number(x1, 0)
    rest = ivy.fmod(x1, x2)
    whole = ivy.round(ivy.divide(ivy.subtract(x1, rest), x2))
    apart = ivy.not_equal(ivy.less(rest, zero), ivy.less(x2, zero))
    below = ivy.logical_and(ivy.not_equal(rest, zero), apart)
    floor = ivy.where(below, ivy.subtract(whole, number(whole, 1)), whole)
    return ivy.where(ivy.equal(x2, zero), ivy.divide(x1, x2), floor)


@rule(ivy.fmod)
def fmod(x1: Value, x2: Value) -> Value | None:
    return ivy.remainder(x1, x2) if dtype(x1) in UNSIGNED else None


@rule(ivy.negative)
def negative(x: Value) -> Value | None:
    return ivy.subtract(number(x, 0), x) if dtype(x) in UNSIGNED else None


@rule(ivy.abs)
def abs(x: Value) -> Value | None:
    return x if dtype(x) in UNSIGNED else None


@rule(ivy.sign)
def sign(x: Value) -> Value | None:
    return ivy.cast(ivy.not_equal(x, number(x, 0)), dtype(x)) if dtype(x) in UNSIGNED else None


@rule(ivy.hypot)
def hypot(x1: Value, x2: Value) -> Value:
    a, b = ivy.abs(x1), ivy.abs(x2)
    large, small = ivy.maximum(a, b), ivy.minimum(a, b)
    ratio = ivy.divide(small, ivy.where(ivy.equal(large, number(large, 0)), number(large, 1), large))
    length = ivy.multiply(large, ivy.sqrt(ivy.add(ivy.square(ratio), number(ratio, 1))))
    return ivy.where(ivy.logical_or(ivy.isinf(a), ivy.isinf(b)), number(length, inf), length)


@rule(ivy.copysign)
def copysign(x1: Value, x2: Value) -> Value:
    wide: dict[DType, DType] = {f64: i64, f32: i32}
    bits = ivy.bitcast(x2, wide.get(dtype(x2), i16))
    size = ivy.abs(x1)
    return ivy.where(ivy.less(bits, number(bits, 0)), ivy.negative(size), size)


@rule(ivy.logaddexp)
def logaddexp(x1: Value, x2: Value) -> Value:
    """The larger plus softplus of minus the distance, which has the right gradient where they are equal."""
    infinite = ivy.logical_and(ivy.isinf(x1), ivy.equal(x1, x2))
    ahead = ivy.where(infinite, number(x1, 0), ivy.subtract(x1, x2))
    first = ivy.add(x1, ivy.softplus(ivy.negative(ahead)))
    return ivy.where(ivy.less(ahead, number(ahead, 0)), ivy.add(x2, ivy.softplus(ahead)), first)


@rule(ivy.nextafter)
def nextafter(x1: Value, x2: Value) -> Value | None:
    """tensorflow has none for float16 and bfloat16: one more or less in the integers of the same order."""
    if dtype(x1) not in HALF_PRECISION:
        return None
    up = ivy.less(x1, x2)
    key = _flipped(ivy.bitcast(x1, i16))
    key = ivy.add(key, ivy.where(up, number(key, 1), number(key, -1)))
    least = ivy.where(up, number(key, 1), number(key, -(2**15) + 1))
    bits = ivy.where(ivy.equal(x1, number(x1, 0)), least, _flipped(key))
    found = ivy.where(ivy.equal(x1, x2), x2, ivy.bitcast(bits, dtype(x1)))
    return ivy.where(ivy.logical_or(ivy.isnan(x1), ivy.isnan(x2)), number(x1, nan), found)


def _flipped(bits: Value) -> Value:
    """The bits of a 16-bit float as an integer in its order, and back."""
    sign = ivy.bitwise_right_shift(bits, number(bits, 15))
    return ivy.bitwise_xor(bits, ivy.bitwise_and(sign, number(bits, 2**15 - 1)))


@rule(ivy.clip)
def clip(x: Value, low: Value, high: Value) -> Value | None:
    """`tf.clip_by_value` lets the lower bound win; the operation's body lets the upper."""
    bounds = number_of(low), number_of(high)
    if None in bounds or not bounds[0] <= bounds[1] or dtype(x) == i1:  # pyright: ignore[reportOperatorIssue]
        return None
    return tf.clip_by_value(x, low, high)


# Rounding, exponents and logarithms


def _whole(op: Op[..., Any]) -> None:
    @rule(op)
    def whole(x: Value) -> Value | None:
        return None if dtype(x) in FLOATS else x


for _row in (ivy.floor, ivy.ceil, ivy.round):
    _whole(_row)


@rule(ivy.trunc)
def trunc(x: Value) -> Value:
    if dtype(x) not in FLOATS:
        return x
    return ivy.where(ivy.less(x, number(x, 0)), ivy.ceil(x), ivy.floor(x))


@rule(ivy.exp2)
def exp2(x: Value) -> Value:
    return ivy.pow(number(x, 2), x)


@rule(ivy.log2)
def log2(x: Value) -> Value:
    return _divided(ivy.log(x), log(2))


@rule(ivy.log10)
def log10(x: Value) -> Value:
    return _divided(ivy.log(x), log(10))


def _divided(x: Value, by: float) -> Value:
    """`x / by`, part by part: a complex quotient of an infinity is NaN."""
    if is_complex(dtype(x)):
        return ivy.complex(_divided(ivy.real(x), by), _divided(ivy.imag(x), by))
    return ivy.divide(x, number(x, by))


# Special functions


@rule(ivy.erf)
def erf(x: Value) -> Value | None:
    """In float64 tensorflow gives NaN at infinity."""
    return ivy.where(ivy.isinf(x), ivy.sign(x), typed(tf.math.erf(x), x.type)) if dtype(x) == f64 else None


@rule(ivy.digamma)
def digamma(x: Value) -> Value:
    """tensorflow gives NaN at zero."""
    pole = ivy.equal(x, number(x, 0))
    return ivy.where(pole, ivy.negative(ivy.reciprocal(x)), typed(tf.math.digamma(x), x.type))


@rule(ivy.pow)
def pow(x1: Value, x2: Value) -> Value | None:
    return whole_power(x1, x2, tf.pow)


@rule(ivy.gammainc)
def gammainc(x1: Value, x2: Value) -> Value:
    return gamma_edges(x1, x2, typed(tf.math.igamma(x1, x2), ivy.gammainc.infer(x1=x1, x2=x2)[0]), 0)


@rule(ivy.gammaincc)
def gammaincc(x1: Value, x2: Value) -> Value:
    return gamma_edges(x1, x2, typed(tf.math.igammac(x1, x2), ivy.gammaincc.infer(x1=x1, x2=x2)[0]), 1)


@rule(ivy.zeta)
def zeta(x1: Value, x2: Value) -> Value:
    return zeta_edges(x1, x2, typed(tf.math.zeta(x1, x2), ivy.zeta.infer(x1=x1, x2=x2)[0]))


def _from_zero(x: Value, name: str, at_zero: float) -> Value:
    """tensorflow gives an infinity below zero, and NaN at zero in places."""
    zero = number(x, 0)
    value = ivy.where(ivy.less(x, zero), number(x, nan), typed(getattr(tf.math.special, name)(x), x.type))
    return ivy.where(ivy.equal(x, zero), number(x, at_zero), value)


@rule(ivy.bessel_y0)
def bessel_y0(x: Value, monic: bool = True) -> Value | None:
    return _from_zero(x, "bessel_y0", -inf) if monic else None


@rule(ivy.bessel_y1)
def bessel_y1(x: Value, monic: bool = True) -> Value | None:
    return _from_zero(x, "bessel_y1", -inf) if monic else None


@rule(ivy.bessel_k0e)
def bessel_k0e(x: Value) -> Value:
    return _from_zero(x, "bessel_k0e", inf)


@rule(ivy.bessel_k1e)
def bessel_k1e(x: Value) -> Value:
    return _from_zero(x, "bessel_k1e", inf)


# Tests


def _part_tests(op: Op[..., Any], joined: Callable[..., Value], otherwise: Callable[..., Value]) -> None:
    @rule(op)
    def test(x: Value) -> Value | None:
        if is_complex(dtype(x)):
            return joined(op(ivy.real(x)), op(ivy.imag(x)))
        return None if dtype(x) in FLOATS else otherwise(x, dtype=i1)


_part_tests(ivy.isnan, ivy.logical_or, tf.zeros_like)
_part_tests(ivy.isinf, ivy.logical_or, tf.zeros_like)
_part_tests(ivy.isfinite, ivy.logical_and, tf.ones_like)
