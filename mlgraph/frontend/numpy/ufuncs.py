"""Lowerings of ufuncs to operations, by the kind of their operands' element type.

The operands of a rule have the element types that numpy's own loop takes; its result is cast to the loop's output type.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_of
from mlgraph.dialects.dtypes import DType, dtype_of, i1
from mlgraph.dialects.ivy.types import dtype as element
from mlgraph.dialects.table import Op
from mlgraph.frontend.numpy.tracer import constant, emit

Rule: TypeAlias = Callable[..., Any]
IvyOp: TypeAlias = Op[..., SSAValue]

UFUNCS: dict[np.ufunc, IvyOp] = {
    np.absolute: ivy.abs,
    np.add: ivy.add,
    np.arccos: ivy.acos,
    np.arccosh: ivy.acosh,
    np.arcsin: ivy.asin,
    np.arcsinh: ivy.asinh,
    np.arctan: ivy.atan,
    np.arctan2: ivy.atan2,
    np.arctanh: ivy.atanh,
    np.bitwise_and: ivy.bitwise_and,
    np.bitwise_or: ivy.bitwise_or,
    np.bitwise_xor: ivy.bitwise_xor,
    np.cbrt: ivy.cbrt,
    np.ceil: ivy.ceil,
    np.copysign: ivy.copysign,
    np.cos: ivy.cos,
    np.cosh: ivy.cosh,
    np.divide: ivy.divide,
    np.equal: ivy.equal,
    np.exp: ivy.exp,
    np.exp2: ivy.exp2,
    np.expm1: ivy.expm1,
    np.fabs: ivy.abs,
    np.float_power: ivy.pow,
    np.floor: ivy.floor,
    np.floor_divide: ivy.floor_divide,
    np.fmod: ivy.fmod,
    np.greater: ivy.greater,
    np.greater_equal: ivy.greater_equal,
    np.hypot: ivy.hypot,
    np.invert: ivy.bitwise_invert,
    np.isfinite: ivy.isfinite,
    np.isinf: ivy.isinf,
    np.isnan: ivy.isnan,
    np.less: ivy.less,
    np.less_equal: ivy.less_equal,
    np.log: ivy.log,
    np.log10: ivy.log10,
    np.log1p: ivy.log1p,
    np.log2: ivy.log2,
    np.logaddexp: ivy.logaddexp,
    np.maximum: ivy.maximum,
    np.minimum: ivy.minimum,
    np.multiply: ivy.multiply,
    np.negative: ivy.negative,
    np.nextafter: ivy.nextafter,
    np.not_equal: ivy.not_equal,
    np.power: ivy.pow,
    np.reciprocal: ivy.reciprocal,
    np.remainder: ivy.remainder,
    np.rint: ivy.round,
    np.sign: ivy.sign,
    np.sin: ivy.sin,
    np.sinh: ivy.sinh,
    np.sqrt: ivy.sqrt,
    np.square: ivy.square,
    np.subtract: ivy.subtract,
    np.tan: ivy.tan,
    np.tanh: ivy.tanh,
    np.trunc: ivy.trunc,
}
"""The operation of each ufunc that is one."""

RULES: dict[tuple[np.ufunc, str], Rule] = {}
"""Rules for single kinds of element types (`np.dtype.kind`), before `UFUNCS`."""


def rule(ufunc: np.ufunc, kinds: str) -> Callable[[Rule], Rule]:
    """Return a decorator that makes a function the lowering of `ufunc` on these kinds of element types."""

    def register(function: Rule) -> Rule:
        for kind in kinds:
            RULES[ufunc, kind] = function
        return function

    return register


def lowering(op: IvyOp) -> Rule:
    """Return the lowering of a ufunc to one operation."""

    def build(*xs: SSAValue) -> SSAValue:
        return emit(op, *xs)

    return build


def alias(op: IvyOp, kinds: str, *ufuncs: np.ufunc) -> None:
    """Make an operation the lowering of ufuncs on these kinds of element types."""
    for ufunc in ufuncs:
        rule(ufunc, kinds)(lowering(op))


def rule_of(ufunc: np.ufunc, kind: str) -> Rule | None:
    """Return the lowering of `ufunc` for a kind of element type, None if it is unsupported."""
    found = RULES.get((ufunc, kind))
    if found is None and (op := UFUNCS.get(ufunc)) is not None:
        return lowering(op)
    return found


def number(x: SSAValue, value: Any, dtype: DType | None = None) -> SSAValue:
    """Return a 0-d constant of the element type of `x`."""
    return constant(np.asarray(value, dtype_of(element(x) if dtype is None else dtype)))


def where(condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
    """Return `a` where `condition` is true, else `b`."""
    return emit(ivy.where, condition, a, b)


def below_zero(x: SSAValue) -> SSAValue:
    """Return whether each element is below 0."""
    return emit(ivy.less, x, number(x, 0))


def is_zero(x: SSAValue) -> SSAValue:
    """Return whether each element is 0."""
    return emit(ivy.equal, x, number(x, 0))


def true_everywhere(x: SSAValue, value: bool) -> SSAValue:
    """Return a bool for each element of `x`."""
    op = ivy.equal if value else ivy.not_equal
    return emit(op, x, x)


# Bools

alias(ivy.logical_or, "b", np.add, np.bitwise_or, np.maximum, np.fmax)
alias(ivy.logical_and, "b", np.multiply, np.bitwise_and, np.minimum, np.fmin)
alias(ivy.logical_xor, "b", np.bitwise_xor)
alias(ivy.logical_not, "b", np.invert)


@rule(np.absolute, "b")
@rule(np.positive, "iufc")
@rule(np.conjugate, "iuf")
@rule(np.floor, "biu")
@rule(np.ceil, "biu")
@rule(np.trunc, "biu")
def itself(x: SSAValue) -> SSAValue:
    return x


alias(ivy.conj, "c", np.conjugate)


@rule(np.isnan, "biu")
@rule(np.isinf, "biu")
def never(x: SSAValue) -> SSAValue:
    return true_everywhere(x, False)


@rule(np.isfinite, "biu")
def always(x: SSAValue) -> SSAValue:
    return true_everywhere(x, True)


def truth(x: SSAValue) -> SSAValue:
    """Return whether each element is not zero."""
    return x if element(x) == i1 else emit(ivy.cast, x, i1)


def logical(op: IvyOp) -> Rule:
    """Return the lowering of a logical ufunc, on the truth of its operands."""

    def build(*xs: SSAValue) -> SSAValue:
        return emit(op, *map(truth, xs))

    return build


for _ufunc, _row in {
    np.logical_and: ivy.logical_and,
    np.logical_or: ivy.logical_or,
    np.logical_xor: ivy.logical_xor,
    np.logical_not: ivy.logical_not,
}.items():
    rule(_ufunc, "biufc")(logical(_row))

# Integers


def literal_of(x: SSAValue) -> Any:
    """Return the elements of a small constant."""
    return array_of(x)


def safe_divisor(divide: IvyOp) -> Rule:
    """Return a division that gives 0 for an integer over 0, as numpy does; backends leave that undefined."""

    def build(x1: SSAValue, x2: SSAValue) -> SSAValue:
        known = literal_of(x2)
        if known is not None and np.all(known != 0):
            return emit(divide, x1, x2)
        zero = is_zero(x2)
        quotient = emit(divide, x1, where(zero, number(x2, 1), x2))
        return where(zero, number(x1, 0), quotient)

    return build


rule(np.floor_divide, "iu")(safe_divisor(ivy.floor_divide))
rule(np.remainder, "iu")(safe_divisor(ivy.remainder))
rule(np.fmod, "iu")(safe_divisor(ivy.fmod))


def shifted(op: IvyOp, left: bool) -> Rule:
    """Return a shift that gives 0 or -1 for shifts by the type's width or more, as numpy does."""

    def build(x1: SSAValue, x2: SSAValue) -> SSAValue:
        bits = dtype_of(element(x1)).itemsize * 8
        known = literal_of(x2)
        if known is not None and np.all((known >= 0) & (known < bits)):
            return emit(op, x1, x2)
        inside = emit(ivy.less, x2, number(x2, bits))
        if dtype_of(element(x2)).kind == "i":
            inside = emit(ivy.logical_and, inside, emit(ivy.greater_equal, x2, number(x2, 0)))
        shift = where(inside, x2, number(x2, 0))
        out = number(x1, 0)
        if not left and dtype_of(element(x1)).kind == "i":
            out = where(below_zero(x1), number(x1, -1), out)
        return where(inside, emit(op, x1, shift), out)

    return build


rule(np.left_shift, "iu")(shifted(ivy.bitwise_left_shift, left=True))
rule(np.right_shift, "iu")(shifted(ivy.bitwise_right_shift, left=False))


@rule(np.reciprocal, "iu")
def reciprocal(x: SSAValue) -> SSAValue:
    """Return 1 / x without its fraction; what numpy gives for 0 depends on the type."""
    with np.errstate(divide="ignore"):
        of_zero = np.reciprocal(np.zeros((), dtype_of(element(x))))
    unit = emit(ivy.equal, emit(ivy.abs, x), number(x, 1))
    return where(is_zero(x), number(x, of_zero), where(unit, x, number(x, 0)))


@rule(np.gcd, "iu")
def gcd(x1: SSAValue, x2: SSAValue) -> SSAValue:
    return emit(ivy.gcd, x1, x2)


@rule(np.lcm, "iu")
def lcm(x1: SSAValue, x2: SSAValue) -> SSAValue:
    divisor = emit(ivy.gcd, x1, x2)
    part = safe_divisor(ivy.floor_divide)(x1, divisor)
    return emit(ivy.abs, emit(ivy.multiply, part, x2))


@rule(np.bitwise_count, "iu")
def bitwise_count(x: SSAValue) -> SSAValue:
    return emit(ivy.bitwise_count, emit(ivy.abs, x) if dtype_of(element(x)).kind == "i" else x)


# Floats


def named(function: Rule) -> Rule:
    """Make a function the lowering, on floats, of the ufunc of its name."""
    rule(getattr(np, function.__name__), "f")(function)
    return function


@rule(np.fmax, "iuf")
def fmax(x1: SSAValue, x2: SSAValue) -> SSAValue:
    return without_nan(ivy.maximum, x1, x2)


@rule(np.fmin, "iuf")
def fmin(x1: SSAValue, x2: SSAValue) -> SSAValue:
    return without_nan(ivy.minimum, x1, x2)


def without_nan(op: IvyOp, x1: SSAValue, x2: SSAValue) -> SSAValue:
    """Apply `op`, or return the other operand where one is NaN."""
    if dtype_of(element(x1)).kind != "f":
        return emit(op, x1, x2)
    result = where(emit(ivy.isnan, x1), x2, emit(op, x1, x2))
    return where(emit(ivy.isnan, x2), x1, result)


@named
def heaviside(x1: SSAValue, x2: SSAValue) -> SSAValue:
    sign = where(below_zero(x1), number(x1, 0), number(x1, 1))
    result = where(is_zero(x1), x2, sign)
    return where(emit(ivy.isnan, x1), x1, result)


@named
def logaddexp2(x1: SSAValue, x2: SSAValue) -> SSAValue:
    ln2 = number(x1, np.log(2.0))
    result = emit(ivy.logaddexp, emit(ivy.multiply, x1, ln2), emit(ivy.multiply, x2, ln2))
    return emit(ivy.divide, result, ln2)


@named
def degrees(x: SSAValue) -> SSAValue:
    return emit(ivy.multiply, x, number(x, 180.0 / np.pi))


@named
def radians(x: SSAValue) -> SSAValue:
    return emit(ivy.multiply, x, number(x, np.pi / 180.0))


rule(np.rad2deg, "f")(degrees)
rule(np.deg2rad, "f")(radians)


@named
def signbit(x: SSAValue) -> SSAValue:
    return below_zero(emit(ivy.copysign, number(x, 1.0), x))


@named
def spacing(x: SSAValue) -> SSAValue:
    size = emit(ivy.abs, x)
    gap = emit(ivy.subtract, emit(ivy.nextafter, size, number(x, np.inf)), size)
    signed = (
        gap if dtype_of(element(x)) == np.float16 else emit(ivy.copysign, gap, x)
    )  # numpy's halves have no sign here
    return where(emit(ivy.isinf, x), number(x, np.nan), signed)


@named
def ldexp(x1: SSAValue, x2: SSAValue) -> SSAValue:
    """Return `x1 * 2**x2`, by half of the exponent at a time, so that no power overflows."""
    exponent = emit(ivy.cast, x2, element(x1))
    half = emit(ivy.trunc, emit(ivy.multiply, exponent, number(x1, 0.5)))
    first = emit(ivy.multiply, x1, emit(ivy.exp2, half))
    return emit(ivy.multiply, first, emit(ivy.exp2, emit(ivy.subtract, exponent, half)))


@named
def modf(x: SSAValue) -> tuple[SSAValue, SSAValue]:
    whole = emit(ivy.trunc, x)
    part = where(emit(ivy.isinf, x), number(x, 0), emit(ivy.subtract, x, whole))
    return emit(ivy.copysign, part, x), whole


@named
def frexp(x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Return mantissa, in [0.5, 1), and exponent, such that x = mantissa * 2**exponent."""
    plain = emit(ivy.logical_and, emit(ivy.isfinite, x), emit(ivy.not_equal, x, number(x, 0)))
    size = where(plain, emit(ivy.abs, x), number(x, 1.0))
    exponent = emit(ivy.add, emit(ivy.floor, emit(ivy.log2, size)), number(x, 1.0))
    mantissa = ldexp(size, emit(ivy.negative, exponent))
    high = emit(ivy.greater_equal, mantissa, number(x, 1.0))
    low = emit(ivy.less, mantissa, number(x, 0.5))
    shift = where(high, number(x, 1.0), where(low, number(x, -1.0), number(x, 0.0)))
    mantissa = emit(ivy.multiply, mantissa, emit(ivy.exp2, emit(ivy.negative, shift)))
    exponent = where(plain, emit(ivy.add, exponent, shift), number(x, 0.0))
    return where(plain, emit(ivy.copysign, mantissa, x), x), exponent


@rule(np.divmod, "iuf")
def divmod(x1: SSAValue, x2: SSAValue) -> tuple[SSAValue, SSAValue]:
    kind = dtype_of(element(x1)).kind
    quotient, remainder = rule_of(np.floor_divide, kind), rule_of(np.remainder, kind)
    assert quotient is not None
    assert remainder is not None
    return quotient(x1, x2), remainder(x1, x2)
