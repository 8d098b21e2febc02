"""Elementwise primitives."""

from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import (
    FLOATS,
    NAME_OF,
    UNSIGNED,
    dtype_of,
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
from mlgraph.dialects.ivy.types import dtype, is_complex, is_float
from mlgraph.frontend.jax.equation import Equation, element_type
from mlgraph.frontend.jax.rules.registry import renamed, rule
from mlgraph.frontend.rules import Unsupported

renamed(
    {
        "abs": ivy.abs,
        "acos": ivy.acos,
        "acosh": ivy.acosh,
        "asin": ivy.asin,
        "asinh": ivy.asinh,
        "atan": ivy.atan,
        "atan2": ivy.atan2,
        "atanh": ivy.atanh,
        "bessel_i0e": ivy.i0e,
        "bessel_i1e": ivy.i1e,
        "cbrt": ivy.cbrt,
        "ceil": ivy.ceil,
        "cos": ivy.cos,
        "cosh": ivy.cosh,
        "digamma": ivy.digamma,
        "eq": ivy.equal,
        "erf": ivy.erf,
        "erf_inv": ivy.erfinv,
        "erfc": ivy.erfc,
        "exp": ivy.exp,
        "exp2": ivy.exp2,
        "expm1": ivy.expm1,
        "floor": ivy.floor,
        "igamma": ivy.gammainc,
        "igammac": ivy.gammaincc,
        "imag": ivy.imag,
        "is_finite": ivy.isfinite,
        "lgamma": ivy.lgamma,
        "log": ivy.log,
        "log1p": ivy.log1p,
        "ne": ivy.not_equal,
        "neg": ivy.negative,
        "nextafter": ivy.nextafter,
        "real": ivy.real,
        "regularized_incomplete_beta": ivy.betainc,
        "rsqrt": ivy.rsqrt,
        "sign": ivy.sign,
        "sin": ivy.sin,
        "sinh": ivy.sinh,
        "sqrt": ivy.sqrt,
        "square": ivy.square,
        "sub": ivy.subtract,
        "tan": ivy.tan,
        "tanh": ivy.tanh,
        "zeta": ivy.zeta,
    }
)

WORDS: dict[int, Attribute] = {8: ui8, 16: ui16, 32: ui32, 64: ui64}
"""The unsigned integers by width."""


def width(d: Attribute) -> int:
    """Return the bits of an element type."""
    return 8 * dtype_of(d).itemsize


# Arithmetic


@rule("add", "add_any")
def add(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.logical_or(x, y) if dtype(x) == i1 else ivy.add(x, y)


@rule("mul")
def mul(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.logical_and(x, y) if dtype(x) == i1 else ivy.multiply(x, y)


@rule("max")
def max_(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return extremum(ivy.maximum, ivy.logical_or, x, y)


@rule("min")
def min_(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return extremum(ivy.minimum, ivy.logical_and, x, y)


def extremum(op: Any, of_bools: Any, x: SSAValue, y: SSAValue) -> SSAValue:
    """Complex numbers are ordered by their real, then their imaginary part."""
    if is_complex(dtype(x)):
        compare = ivy.greater if op is ivy.maximum else ivy.less
        parts = [(part(x), part(y)) for part in (ivy.real, ivy.imag)]
        first = ivy.where(ivy.equal(*parts[0]), compare(*parts[1]), compare(*parts[0]))
        return ivy.where(first, x, y)
    return of_bools(x, y) if dtype(x) == i1 else op(x, y)


@rule("logistic")
def logistic(e: Equation, x: SSAValue) -> SSAValue:
    if not is_complex(dtype(x)):
        return ivy.sigmoid(x)
    return ivy.reciprocal(ivy.add(number(x, 1), ivy.exp(ivy.negative(x))))


@rule("div")
def div(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.divide(x, y) if is_inexact(dtype(x)) else truncated(e, x, y)[0]


@rule("rem")
def rem(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.fmod(x, y) if is_inexact(dtype(x)) else truncated(e, x, y)[1]


def is_inexact(d: Attribute) -> bool:
    return is_float(d) or is_complex(d)


def truncated(e: Equation, x: SSAValue, y: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Return the integer quotient towards zero and its remainder; all bits set and `x` where `y` is 0, as in XLA."""
    zero = number(x, 0)
    numbers = e.known(y)
    safe = numbers is not None and all(isinstance(n, int) and n != 0 for n in numbers.flat)
    divisor = y if safe else ivy.where(ivy.equal(y, zero), number(y, 1), y)
    quotient = ivy.floor_divide(x, divisor)
    remainder = ivy.subtract(x, ivy.multiply(quotient, divisor))
    if dtype(x) not in UNSIGNED:
        differ = ivy.not_equal(ivy.less(x, zero), ivy.less(divisor, zero))
        rounded_down = ivy.logical_and(ivy.not_equal(remainder, zero), differ)
        quotient = ivy.add(quotient, ivy.cast(rounded_down, dtype(x)))
        remainder = ivy.subtract(x, ivy.multiply(quotient, divisor))
    if safe:
        return quotient, remainder
    ones = number(x, np.iinfo(dtype_of(dtype(x))).max if dtype(x) in UNSIGNED else -1)
    by_zero = ivy.equal(y, zero)
    return ivy.where(by_zero, ones, quotient), ivy.where(by_zero, x, remainder)


@rule("pow")
def pow_(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.pow(x, y if dtype(y) == dtype(x) else ivy.cast(y, dtype(x)))


@rule("integer_pow")
def integer_pow(e: Equation, x: SSAValue, *, y: int) -> SSAValue:
    if y == 0:
        return ivy.full(e.sizes(e.shape), 1, dtype(x))
    if y == 2:
        return ivy.square(x)
    if is_float(dtype(x)) and abs(y) > 3:
        return ivy.pow(x, number(x, y))
    power = multiplied(x, abs(y))
    return power if y > 0 else ivy.divide(number(x, 1), power)


def multiplied(x: SSAValue, y: int) -> SSAValue:
    """Return `x` to a positive power by squaring."""
    result: SSAValue | None = None
    while y:
        if y & 1:
            result = x if result is None else ivy.multiply(result, x)
        y >>= 1
        x = ivy.multiply(x, x) if y else x
    assert result is not None
    return result


@rule("round")
def round_(e: Equation, x: SSAValue, *, rounding_method: Any) -> SSAValue:
    if int(rounding_method) == 1:
        return ivy.round(x)
    size = ivy.abs(x)
    below = ivy.floor(size)
    up = ivy.greater_equal(ivy.subtract(size, below), number(x, 0.5))
    return ivy.copysign(ivy.add(below, ivy.cast(up, dtype(x))), x)


@rule("clamp")
def clamp(e: Equation, low: SSAValue, x: SSAValue, high: SSAValue) -> SSAValue:
    return ivy.clip(x, low, high)


@rule("mulhi")
def mulhi(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    wide = {i32: i64, ui32: ui64, i16: i32, ui16: ui32, i8: i16, ui8: ui16}.get(dtype(x))  # pyright: ignore[reportArgumentType]
    if wide is None:
        raise Unsupported(f"on {NAME_OF[dtype(x)]}")
    product = ivy.multiply(ivy.cast(x, wide), ivy.cast(y, wide))
    return ivy.cast(ivy.bitwise_right_shift(product, number(product, width(dtype(x)))), dtype(x))


# Comparison and choice


def ordered(op: Any) -> Any:
    def compare(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
        if dtype(x) == i1:
            x, y = ivy.cast(x, ui8), ivy.cast(y, ui8)
        return op(x, y)

    return compare


rule("lt")(ordered(ivy.less))
rule("le")(ordered(ivy.less_equal))
rule("gt")(ordered(ivy.greater))
rule("ge")(ordered(ivy.greater_equal))


def total(op: Any) -> Any:
    """Compare in IEEE's total order, where -0 comes before 0, and NaNs come last (or first, with their sign)."""

    def compare(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
        return ordered(op)(e, *map(rank_of_bits, (x, y)))

    return compare


def rank_of_bits(x: SSAValue) -> SSAValue:
    """Integers in the total order of floats."""
    if not is_float(dtype(x)):
        return x
    bits = ivy.bitcast(x, IntegerType(width(dtype(x))))
    turned = ivy.bitwise_xor(bits, number(bits, np.iinfo(dtype_of(dtype(bits))).max))
    return ivy.where(ivy.less(bits, number(bits, 0)), turned, bits)


rule("eq_to")(total(ivy.equal))
rule("lt_to")(total(ivy.less))
rule("le_to")(total(ivy.less_equal))


@rule("select_n")
def select_n(e: Equation, which: SSAValue, *cases: SSAValue) -> SSAValue:
    if dtype(which) == i1:
        return cases[0] if len(cases) == 1 else ivy.where(which, cases[1], cases[0])
    result = cases[-1]
    for i in reversed(range(len(cases) - 1)):
        result = ivy.where(ivy.equal(which, number(which, i)), cases[i], result)
    return result


# Bits


def logic(of_bools: Any, of_integers: Any) -> Any:
    def choose(e: Equation, *operands: SSAValue) -> SSAValue:
        return (of_bools if dtype(operands[0]) == i1 else of_integers)(*operands)

    return choose


rule("and")(logic(ivy.logical_and, ivy.bitwise_and))
rule("or")(logic(ivy.logical_or, ivy.bitwise_or))
rule("xor")(logic(ivy.logical_xor, ivy.bitwise_xor))
rule("not")(logic(ivy.logical_not, ivy.bitwise_invert))


def within(e: Equation, x: SSAValue, amount: SSAValue) -> tuple[SSAValue, SSAValue | None]:
    """Return a shift amount that is less than the width, and where the amount was not (None for nowhere)."""
    bits = width(dtype(x))
    numbers = e.known(amount)
    if numbers is not None and all(isinstance(n, int) and 0 <= n < bits for n in numbers.flat):
        return amount, None
    unsigned = ivy.bitcast(amount, WORDS[bits]) if dtype(amount) not in UNSIGNED else amount
    too_far = ivy.greater_equal(unsigned, number(unsigned, bits))
    return ivy.where(too_far, number(amount, bits - 1), amount), too_far


@rule("shift_left")
def shift_left(e: Equation, x: SSAValue, amount: SSAValue) -> SSAValue:
    amount, too_far = within(e, x, amount)
    result = ivy.bitwise_left_shift(x, amount)
    return result if too_far is None else ivy.where(too_far, number(x, 0), result)


@rule("shift_right_arithmetic")
def shift_right_arithmetic(e: Equation, x: SSAValue, amount: SSAValue) -> SSAValue:
    if dtype(x) not in UNSIGNED:
        return ivy.bitwise_right_shift(x, within(e, x, amount)[0])
    signed = IntegerType(width(dtype(x)))
    amount = ivy.bitcast(within(e, x, amount)[0], signed)
    return ivy.bitcast(ivy.bitwise_right_shift(ivy.bitcast(x, signed), amount), dtype(x))


@rule("shift_right_logical")
def shift_right_logical(e: Equation, x: SSAValue, amount: SSAValue) -> SSAValue:
    amount, too_far = within(e, x, amount)
    if dtype(x) in UNSIGNED:
        result = ivy.bitwise_right_shift(x, amount)
    else:
        word = WORDS[width(dtype(x))]
        shifted = ivy.bitwise_right_shift(ivy.bitcast(x, word), ivy.bitcast(amount, word))
        result = ivy.bitcast(shifted, dtype(x))
    return result if too_far is None else ivy.where(too_far, number(x, 0), result)


@rule("population_count")
def population_count(e: Equation, x: SSAValue) -> SSAValue:
    """`ivy.bitwise_count` counts the bits of the absolute value, which those of a word are."""
    return ivy.cast(ivy.bitwise_count(as_word(x)), dtype(x))


@rule("clz")
def clz(e: Equation, x: SSAValue) -> SSAValue:
    """Copy the leading one into all lower bits, and count the zeros left."""
    word = as_word(x)
    for step in (1, 2, 4, 8, 16, 32)[: width(dtype(x)).bit_length() - 1]:
        word = ivy.bitwise_or(word, ivy.bitwise_right_shift(word, number(word, step)))
    return ivy.cast(population_count(e, ivy.bitwise_invert(word)), dtype(x))  # pyright: ignore[reportArgumentType]


def as_word(x: SSAValue) -> SSAValue:
    """Return the bits of integers as unsigned ones."""
    return x if dtype(x) in UNSIGNED else ivy.bitcast(x, WORDS[width(dtype(x))])


# Conversion


@rule("convert_element_type")
def convert_element_type(e: Equation, x: SSAValue, *, new_dtype: Any) -> SSAValue:
    return converted(x, element_type(new_dtype))


def converted(x: SSAValue, to: Attribute) -> SSAValue:
    """Return `x` in another element type; floats that an integer type cannot hold become its nearest, and NaN 0."""
    source = dtype(x)
    if source == to:
        return x
    if to == i1:
        return ivy.not_equal(x, number(x, 0))
    if is_complex(source) and not is_complex(to):
        return converted(ivy.real(x), to)
    if is_float(source) and isinstance(to, IntegerType):
        return ivy.saturating_cast(x, to)  # pyright: ignore[reportUnknownArgumentType]
    return ivy.cast(x, to)


@rule("bitcast_convert_type")
def bitcast_convert_type(e: Equation, x: SSAValue, *, new_dtype: Any) -> SSAValue:
    to = element_type(new_dtype)
    old, new = width(dtype(x)), width(to)
    if old == new:
        return x if dtype(x) == to else ivy.bitcast(x, to)
    words = x if dtype(x) == WORDS[old] else ivy.bitcast(x, WORDS[old])
    words = narrowed(words, old, new) if old > new else widened(words, old, new)
    return words if to == WORDS[new] else ivy.bitcast(words, to)


def narrowed(words: SSAValue, old: int, new: int) -> SSAValue:
    """Each word as a last axis of narrower ones, the lowest first."""
    mask = number(words, (1 << new) - 1)
    parts = [ivy.bitwise_right_shift(words, number(words, i)) if i else words for i in range(0, old, new)]
    return ivy.stack([ivy.cast(ivy.bitwise_and(part, mask), WORDS[new]) for part in parts], -1)


def widened(words: SSAValue, old: int, new: int) -> SSAValue:
    """Return the last axis of words, the lowest first, as one wider word."""
    wide = ivy.cast(words, WORDS[new])
    result: SSAValue | None = None
    for i in range(new // old):
        part = ivy.take(wide, literal(i, i32), -1)
        part = ivy.bitwise_left_shift(part, number(part, i * old)) if i else part
        result = part if result is None else ivy.bitwise_or(result, part)
    assert result is not None
    return result


@rule("reduce_precision")
def reduce_precision(e: Equation, x: SSAValue, *, exponent_bits: int, mantissa_bits: int) -> SSAValue:
    forms = {(8, 7): "bfloat16", (5, 10): "float16", (8, 23): "float32", (11, 52): "float64"}
    name = forms.get((exponent_bits, mantissa_bits))
    if name is None:
        raise Unsupported(f"to {exponent_bits} bits of exponent and {mantissa_bits} of mantissa")
    to = element_type(np.dtype(name) if name != "bfloat16" else dtype_of(FLOATS[1]))
    return x if to == dtype(x) or width(to) > width(dtype(x)) else ivy.cast(ivy.cast(x, to), dtype(x))


# Complex numbers


@rule("complex")
def complex_(e: Equation, x: SSAValue, y: SSAValue) -> SSAValue:
    if e.shape_of(0) != e.shape_of(1):
        x, y = (ivy.broadcast_to(part, e.sizes(e.shape)) for part in (x, y))
    return ivy.complex(x, y)


@rule("conj")
def conj(e: Equation, x: SSAValue, *, input_dtype: Any = None, _input_dtype: Any = None) -> SSAValue:
    return ivy.conj(x if is_complex(dtype(x)) else ivy.cast(x, e.dtype))


# Identities


@rule("stop_gradient")
def stop_gradient(e: Equation, x: SSAValue) -> SSAValue:
    return ivy.stop_gradient(x)


@rule("copy", "copy_p", "pvary", "reduced_vary_cast_p", "layout_constraint", "sharding_constraint")
def identity(e: Equation, x: SSAValue, **hints: Any) -> SSAValue:
    return x


@rule("name")
def name(e: Equation, x: SSAValue) -> SSAValue:
    return x


@rule("optimization_barrier", "tie")
def identities(e: Equation, *xs: SSAValue) -> tuple[SSAValue, ...]:
    return xs


@rule("device_put")
def device_put(e: Equation, *xs: SSAValue, devices: Any, srcs: Any, copy_semantics: Any) -> tuple[SSAValue, ...]:
    return xs


@rule("debug_callback", "debug_print")
def debug(e: Equation, *xs: SSAValue, **printing: Any) -> tuple[SSAValue, ...]:
    """Printing happens while the function is captured, and only then, as Python's own does."""
    return ()
