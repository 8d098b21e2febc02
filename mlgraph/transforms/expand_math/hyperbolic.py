"""The hyperbolic functions, and their inverses."""

import math as python

from xdsl.dialects import math

from mlgraph.transforms.expand_math.exponential import LOG2_E, LOG_2, fraction, octaves
from mlgraph.transforms.expand_math.logarithm import of_pair
from mlgraph.transforms.expand_math.real import (
    Real,
    exponent,
    fma,
    full_two_sum,
    graded,
    in_float64,
    power_of_two,
    two_sum,
    where,
)
from mlgraph.transforms.expand_math.table import expands

MAX_ARGUMENT = {23: 89.5, 52: 710.5}
"""Beyond these sinh and cosh are infinite."""

HALF_LOG_2 = {digits: (high / 2, low / 2) for digits, (high, low) in LOG_2.items()}

TANH_SINGLE = (-0.33333322, 0.13332422, -0.053733766, 0.01947252)
TANH_DOUBLE = (
    *(-0.3333333333333262, 0.1333333333314106, -0.05396825379065663, 0.021869480589705215, -0.00886303832453962),
    *(0.0035892636786623517, -0.001431491871979636, 0.0004764076864614234),
)
"""`(tanh(h) - h) / h**3` in powers of h**2, up to log(2) / 2, by `tools/fit_polynomials.py`."""

SINH_SINGLE = (0.16666667, 0.0083333105, 0.00019842896, 2.7822132e-06)
SINH_DOUBLE = (
    *(0.16666666666666669, 0.008333333333332912, 0.00019841269841593408, 2.755731910675837e-06),
    *(2.5052130998298043e-08, 1.605665921517062e-10, 7.77659819521996e-13),
)
"""`(sinh(x) - x) / x**3` in powers of x**2, up to 1, by `tools/fit_polynomials.py`."""


@expands(math.TanhOp)
def tanh(x: Real) -> Real:
    """`(s - 1 + (s + 1) * t) / (s + 1 + (s - 1) * t)` with `s = 2**k`, `t = tanh(h)`, `abs(x) = k * log(2) / 2 + h`.

    x is held where tanh is 1. As h is hardly ever negative nothing cancels.
    """
    high, low = HALF_LOG_2[x.layout.digits]
    a = abs(x).at_most(0.5 * x.layout.digits)
    k, index = exponent(fma(a, 2 * LOG2_E, -0.499))
    h = fma(-k, low, fma(-k, high, a))
    square = h * h
    t = fma(h * square, graded(square, TANH_SINGLE, TANH_DOUBLE), h)
    s = power_of_two(index)
    part = fma(s + 1.0, t, s - 1.0)
    return part.with_sign_of(x) / fma(1.0 - t, 2.0, part)


def quarter_exp(x: Real) -> tuple[Real, Real]:
    """Return a quarter of `exp(x)`, which does not overflow where half of it does not, and what its rounding lost."""
    _, index, r, rest = octaves(x.at_most(MAX_ARGUMENT[x.layout.digits]))
    value, lost = two_sum(x.like(1.0), fraction(r, rest))
    scale = power_of_two(index - 2)
    return value * scale, lost * scale


@expands(math.SinhOp)
def sinh(x: Real) -> Real:
    """A polynomial up to 1; from there `(exp(x) - exp(-x)) / 2`."""
    a = abs(x)
    square = a * a
    small = fma(a * square, graded(square, SINH_SINGLE, SINH_DOUBLE), a)
    e, lost = quarter_exp(a)
    large = (e + (lost - 0.0625 / e)) * 2.0
    return where(a < 1.0, small, large).with_sign_of(x)


@expands(math.CoshOp)
def cosh(x: Real) -> Real:
    """`(exp(x) + exp(-x)) / 2`."""
    e, lost = quarter_exp(abs(x))
    return (e + (lost + 0.0625 / e)) * 2.0


@expands(math.AsinhOp)
@in_float64
def asinh(x: Real) -> Real:
    """`log1p(x + x**2 / (1 + sqrt(1 + x**2)))`; the logarithm of 2 * x where the square of x is out of range."""
    a = abs(x)
    square = a * a
    value = log1p_or_double(a, a, square / ((square + 1.0).sqrt() + 1.0))
    return where(a < python.inf, value, a).with_sign_of(x)


@expands(math.AcoshOp)
@in_float64
def acosh(x: Real) -> Real:
    """`log1p(t + sqrt(t**2 + 2 * t))` with `t = x - 1`; the logarithm of 2 * x where x is large."""
    t = x - 1.0
    value = log1p_or_double(x, fma(t, t, t + t).sqrt(), t)
    outside = where(x < 1.0, x.like(python.nan), x)
    return where((x >= 1.0) & (x < python.inf), value, outside)


def log1p_or_double(a: Real, v: Real, w: Real) -> Real:
    """Return `log(1 + v + w)` with `v >= w`, or `log(2 * a)` for a large a: the sum then equals it."""
    large = a > 2.0**60
    v, lost = two_sum(v, w)
    high, low = full_two_sum(a.like(1.0), v)
    low = low + lost
    return of_pair(where(large, a, high), where(large, a.like(0.0), low), where(large, a.like(1.0), 0.0))


@expands(math.AtanhOp)
@in_float64
def atanh(x: Real) -> Real:
    """`log1p(2 * x / (1 - x)) / 2`."""
    a = abs(x)
    double = a + a
    ratio = double / (1.0 - a)
    high, low = full_two_sum(a.like(1.0), where(a < 0.5, fma(ratio, a, double), ratio))
    value = of_pair(high, low) * 0.5
    outside = where(a.equals(1.0), a.like(python.inf), python.nan)
    return where(a < 1.0, value, outside).with_sign_of(x)
