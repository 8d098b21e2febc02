"""Lowerings of ufuncs on complex numbers, which are ordered by the real part, then by the imaginary part."""

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.types import dtype as element
from mlgraph.frontend.numpy.tracer import emit
from mlgraph.frontend.numpy.ufuncs import RULES, IvyOp, Rule, is_zero, number, rule, where


def lexicographic(strict: IvyOp, last: IvyOp) -> Rule:
    """Return a comparison by the real parts, or by the imaginary parts where these are equal."""

    def build(x1: SSAValue, x2: SSAValue) -> SSAValue:
        a, b, c, d = emit(ivy.real, x1), emit(ivy.imag, x1), emit(ivy.real, x2), emit(ivy.imag, x2)
        whole = emit(ivy.logical_not, emit(ivy.logical_or, emit(ivy.isnan, b), emit(ivy.isnan, d)))
        first = emit(ivy.logical_and, emit(strict, a, c), whole)
        second = emit(ivy.logical_and, emit(ivy.equal, a, c), emit(last, b, d))
        return emit(ivy.logical_or, first, second)

    return build


rule(np.less, "c")(lexicographic(ivy.less, ivy.less))
rule(np.less_equal, "c")(lexicographic(ivy.less, ivy.less_equal))
rule(np.greater, "c")(lexicographic(ivy.greater, ivy.greater))
rule(np.greater_equal, "c")(lexicographic(ivy.greater, ivy.greater_equal))


def complex_isnan(x: SSAValue) -> SSAValue:
    """Return whether either part is NaN."""
    return emit(ivy.logical_or, emit(ivy.isnan, emit(ivy.real, x)), emit(ivy.isnan, emit(ivy.imag, x)))


rule(np.isnan, "c")(complex_isnan)


@rule(np.isinf, "c")
def complex_isinf(x: SSAValue) -> SSAValue:
    return emit(ivy.logical_or, emit(ivy.isinf, emit(ivy.real, x)), emit(ivy.isinf, emit(ivy.imag, x)))


@rule(np.isfinite, "c")
def complex_isfinite(x: SSAValue) -> SSAValue:
    return emit(ivy.logical_and, emit(ivy.isfinite, emit(ivy.real, x)), emit(ivy.isfinite, emit(ivy.imag, x)))


def extreme(ufunc: np.ufunc, keep_nan: bool) -> Rule:
    """Return the maximum or minimum in the order of `ufunc`; NaN wins, or loses where `keep_nan` is false."""

    def build(x1: SSAValue, x2: SSAValue) -> SSAValue:
        take = RULES[ufunc, "c"](x1, x2)
        take = emit(ivy.logical_or, take, complex_isnan(x1 if keep_nan else x2))
        return where(take, x1, x2)

    return build


rule(np.maximum, "c")(extreme(np.greater_equal, keep_nan=True))
rule(np.minimum, "c")(extreme(np.less_equal, keep_nan=True))
rule(np.fmax, "c")(extreme(np.greater_equal, keep_nan=False))
rule(np.fmin, "c")(extreme(np.less_equal, keep_nan=False))


@rule(np.sign, "c")
def complex_sign(x: SSAValue) -> SSAValue:
    size = emit(ivy.abs, x)
    zero = is_zero(size)
    safe = where(zero, number(size, 1), size)
    unit = emit(ivy.divide, x, emit(ivy.cast, safe, element(x)))
    return where(zero, x, unit)


def complex_logarithm(base: float) -> Rule:
    """Return a logarithm of a complex number through the natural one."""

    def build(x: SSAValue) -> SSAValue:
        return emit(ivy.divide, emit(ivy.log, x), number(x, np.log(base)))

    return build


rule(np.log2, "c")(complex_logarithm(2.0))
rule(np.log10, "c")(complex_logarithm(10.0))


@rule(np.exp2, "c")
def complex_exp2(x: SSAValue) -> SSAValue:
    return emit(ivy.exp, emit(ivy.multiply, x, number(x, np.log(2.0))))


@rule(np.rint, "c")
def complex_rint(x: SSAValue) -> SSAValue:
    return emit(ivy.complex, emit(ivy.round, emit(ivy.real, x)), emit(ivy.round, emit(ivy.imag, x)))


@rule(np.expm1, "c")
def complex_expm1(x: SSAValue) -> SSAValue:
    """Return `exp(x) - 1`, accurate near 0: the real part is expm1(a) cos(b) - 2 sin(b/2)**2."""
    a, b = emit(ivy.real, x), emit(ivy.imag, x)
    half = emit(ivy.sin, emit(ivy.multiply, b, number(b, 0.5)))
    bend = emit(ivy.multiply, emit(ivy.square, half), number(b, 2.0))
    real = emit(ivy.subtract, emit(ivy.multiply, emit(ivy.expm1, a), emit(ivy.cos, b)), bend)
    return emit(ivy.complex, real, emit(ivy.multiply, emit(ivy.exp, a), emit(ivy.sin, b)))


@rule(np.log1p, "c")
def complex_log1p(x: SSAValue) -> SSAValue:
    return emit(ivy.log, emit(ivy.add, x, number(x, 1.0)))
