"""exp and others like it: `exp(x) = 2**k * exp(r)` with `abs(r) <= log(2) / 2`, and a polynomial for `exp(r)`.

r is reduced with log(2) in two parts (W. Cody and W. Waite, *Software Manual for the Elementary Functions*, 1980).
"""

from xdsl.dialects import math

from mlgraph.dialects import scalar
from mlgraph.transforms.expand_math.real import (
    Int,
    Real,
    exponent,
    fma,
    graded,
    power_of_two,
    two_product,
    two_sum,
    where,
    where_int,
)
from mlgraph.transforms.expand_math.table import expands

LOG2_E = 1.4426950408889634
LOG_2 = {23: (0.693359375, -0.00021219444), 52: (0.6931471803691238, 1.9082149292705877e-10)}
"""log(2) in two parts, for a type with so many digits; the first has so few that a multiple of it is exact."""
LOG_2_NEAREST = {23: (0.6931472, -1.9046542e-09), 52: (0.6931471805599453, 2.3190468138462996e-17)}
"""log(2) in two parts, the first rounded to nearest."""
MIN_ARGUMENT = {23: -104.0, 52: -746.0}
MAX_ARGUMENT = {23: 89.0, 52: 710.0}
"""Beyond these exp is 0 or infinite."""

EXP_SINGLE = (0.5, 0.1666652, 0.041666403, 0.0083688265, 0.0013940651)
EXP_DOUBLE = (
    *(0.5000000000000013, 0.16666666666666669, 0.04166666666651047, 0.008333333333329203, 0.0013888888948354308),
    *(0.00019841269864472136, 2.480148850945511e-05, 2.755726822540219e-06, 2.763180830429918e-07),
    *(2.5099970872374353e-08,),
)
"""`(exp(r) - 1 - r) / r**2`, by `tools/fit_polynomials.py`."""


def fraction(r: Real, rest: Real | None = None) -> Real:
    """Return `exp(r + rest) - 1`, where `rest` is what rounding took from `r`."""
    series = graded(r, EXP_SINGLE, EXP_DOUBLE)
    return fma(r * r, series, r) if rest is None else r + fma(r * r, series, rest)


def octaves(x: Real) -> tuple[Real, Int, Real, Real]:
    """Split `x = k * log(2) + r + rest`: k as a float and as an exponent, r, and what rounding takes from r."""
    high, low = LOG_2[x.layout.digits]
    k, index = exponent(x, LOG2_E)
    near = fma(-k, high, x)
    r = fma(-k, low, near)
    return k, index, r, fma(-k, low, near - r)


def scaled(x: Real, k: Real, index: Int) -> Real:
    """Return `x * 2**k`, rounded once, for every `k` from underflow to overflow."""
    if not x.exact:
        return x * power_of_two(index)
    layout = x.layout
    low = k < 30 - layout.bias
    shift = where_int(low, index.like(64 << layout.digits), -(1 << layout.digits))
    return x * ((index << layout.digits) + shift).real() * where(low, x.like(2.0**-64), 2.0)


def clamped(x: Real) -> Real:
    """Clamp the argument of exp to where its result changes."""
    digits = x.layout.digits if x.exact else 23
    return x.at_most(MAX_ARGUMENT[digits]).at_least(MIN_ARGUMENT[digits])


@expands(math.ExpOp)
def exp(x: Real) -> Real:
    """`2**k * exp(r)`; the scale is applied in two steps, so that a denormal result is rounded once."""
    k, index, r, _ = octaves(clamped(x))
    return scaled(fraction(r) + 1.0, k, index)


def exp_pair(high: Real, low: Real) -> Real:
    """Return `exp(high + low)`, where `low` is what rounding took from `high`."""
    k, index, r, rest = octaves(clamped(high))
    r, rest = two_sum(r, rest + low)
    return scaled(fraction(r, rest) + 1.0, k, index)


@expands(math.Exp2Op)
def exp2(x: Real) -> Real:
    """`2**k * exp(f * log(2))` with the fraction `f` of x."""
    layout = x.layout
    x = x.at_most(layout.bias + 2.0).at_least(-layout.bias - layout.digits - 2.0)
    high, low = LOG_2_NEAREST[layout.digits]
    k, index = exponent(x)
    f = x - k
    r, rest = two_product(f, high)
    return scaled(fraction(r, fma(f, low, rest)) + 1.0, k, index)


@expands(math.ExpM1Op)
def expm1(x: Real) -> Real:
    """`2**k * (exp(r) - 1) + (2**k - 1)`, computed with half of 2**k, which does not overflow.

    r stays in two parts: the greater one is exact, and its sum with `2**k - 1` loses nothing where k is small.
    """
    held = clamped(x).at_least(-x.layout.digits - 2.0)
    high, low = LOG_2[x.layout.digits]
    k, index = exponent(held, LOG2_E)
    near, rest = fma(-k, high, held), k * -low
    r = near + rest
    half = power_of_two(index - 1)
    series = fma(r * r, graded(r, EXP_SINGLE, EXP_DOUBLE), rest)
    value = fma(half, series, fma(half, near, half - 0.5)) * 2.0
    return where(abs(x) > x.layout.tiny * 4, value, x)


@expands(scalar.SigmoidOp)
def sigmoid(x: Real) -> Real:
    """`1 / (1 + exp(t))` with `t = -x`, where `exp(t) = 2**k * (1 + q)`.

    For `k > 0` both sides of the fraction are divided by 2**k, which does not overflow.
    """
    k, _, r, _ = octaves((-x).at_most(-MIN_ARGUMENT[x.layout.digits]).at_least(-x.layout.digits - 2.0))
    q = fraction(r)
    deep = k > 64
    _, index = exponent(where(deep, 64.0 - k, -abs(k)))
    w = power_of_two(index)
    growing = k > 0
    one = x.like(1.0)
    total, lost = two_sum(one, where(deep, x.like(0.0), w))
    denominator = total + fma(where(growing, one, w), q, lost)
    return where(growing, w, one) / denominator * where(deep, x.like(2.0**-64), one)
