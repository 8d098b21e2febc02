"""pow, cbrt and rsqrt.

pow keeps the logarithm of a float64 in two parts, by the sums and products of T. Dekker, "A floating-point technique
for extending the available precision", Numerische Mathematik 18, 1971.
"""

import math as python

from xdsl.dialects import math

from mlgraph.transforms.expand_math.exponential import LOG_2, exp, exp_pair
from mlgraph.transforms.expand_math.logarithm import of_parts, split
from mlgraph.transforms.expand_math.real import (
    Real,
    exponent,
    fma,
    in_float64,
    nearest,
    polynomial,
    power_of_two,
    two_product,
    two_sum,
    where,
)
from mlgraph.transforms.expand_math.table import expands

MAX_EXPONENT = 1e300
"""Exponents beyond it are as good as infinite."""

TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
LOG_TAIL = (
    *(0.40000000000002317, 0.2857142857006857, 0.22222222525737764, 0.18181783836284068, 0.153867827065083),
    *(0.13256207183025845, 0.1320216402543309),
)
"""`(log((1 + s) / (1 - s)) - 2 * s - 2 / 3 * s**3) / s**5` in powers of s**2, by `tools/fit_polynomials.py`."""

ROOT = (
    *(1.999171370130046, -2.4859242626500913, 2.7922212964580493, -1.8981445045163425, 0.7007455452082693),
    *(-0.10806559779623054,),
)
"""`m**(-1/3)` between sqrt(1/2) and sqrt(2), by `tools/fit_polynomials.py`."""
CUBE_ROOT_OF_2 = 1.2599210498948732


@expands(math.RsqrtOp)
def rsqrt(x: Real) -> Real:
    """`1 / sqrt(x)`."""
    return 1.0 / x.sqrt()


@expands(math.CbrtOp)
@in_float64
def cbrt(x: Real) -> Real:
    """`2**q * m * y**2` with `x = 2**(3 * q) * m`, where y comes from a polynomial by steps of Halley's method.

    The last step is Newton's for the root itself, with what rounding took from its cube.
    """
    a = abs(x)
    parts = split(a)
    third, _ = nearest(parts.k, 1 / 3)
    rest = fma(third, -3.0, parts.k)
    up, down = rest > 0, rest < 0
    m = parts.m * where(up, x.like(2.0), where(down, x.like(0.5), 1.0))
    y = polynomial(parts.m, *ROOT)
    y = y * where(up, x.like(1 / CUBE_ROOT_OF_2), where(down, x.like(CUBE_ROOT_OF_2), 1.0))
    error = 1.0 - m * y * y * y
    y = fma(y * error, fma(error, 2 / 9, 1 / 3), y)
    root = m * y * y
    if x.exact:
        square, lost = two_product(root, root)
        cube, more = two_product(square, root)
        root = fma(((m - cube) - fma(lost, root, more)) * y * y, 1 / 3, root)
    value = root * power_of_two(exponent(third)[1])
    return where((a > 0) & (a < python.inf), value.with_sign_of(x), x)


@expands(math.PowFOp)
def pow(x: Real, y: Real) -> Real:
    """`exp(y * log(abs(x)))`, and C99's special cases.

    Float64 keeps the logarithm in two parts, float32 keeps it in float64.
    """
    magnitude = powered_single(abs(x), y) if x.single else powered_double(abs(x), y)
    half = y * 0.5
    whole = y.floor().equals(y)
    odd = whole & ~half.floor().equals(half)
    signed = where(odd, magnitude.with_sign_of(x), magnitude)
    undefined = (x < 0) & (x > -python.inf) & ~whole
    value = where(undefined, x.like(python.nan), signed)
    return where(x.equals(1.0) | y.equals(0.0), x.like(1.0), value)


def powered_single(a: Real, y: Real) -> Real:
    """Return `a**y` for a float32 that is not negative."""
    wide = a.wide()
    parts = split(wide)
    logarithm = of_parts(parts.k, (parts.m - 1.0).with_exact(exact=True))
    return exp((bounded(y.wide()) * at_ends(wide, logarithm)).with_exact(exact=False)).narrow()


def powered_double(a: Real, y: Real) -> Real:
    """Return `a**y` for a float64 that is not negative."""
    high, low = log_pair(a)
    y = bounded(y)
    high = at_ends(a, high)
    power = y * high
    rest = where(abs(power) < 2000.0, fma(y, high, -power) + y * low, 0.0)
    return exp_pair(power, rest)


def bounded(y: Real) -> Real:
    """Clamp an exponent to finite numbers: 0 times it is 0, as in `1**inf`."""
    return y.at_most(MAX_EXPONENT).at_least(-MAX_EXPONENT)


def at_ends(a: Real, logarithm: Real) -> Real:
    """Return the logarithm of a, also where that is 0, infinite or nan."""
    return where(a < python.inf, where(a.equals(0.0), a.like(-python.inf), logarithm), a)


def log_pair(x: Real) -> tuple[Real, Real]:
    """Return the logarithm of a positive float64 in two parts, with a relative error below 2**-63.

    It is `k * log(2) + 2 * s + s**3 * (2 / 3 + t)`, where all but the tail t have two parts.
    """
    parts = split(x)
    f = parts.m - 1.0
    d, d_lost = two_sum(x.like(1.0), parts.m)
    inverse = 1.0 / d
    s = f * inverse
    s_lost = inverse * (fma(-s, d, f) - s * d_lost)
    z, z_lost = two_product(s, s)
    z_lost = fma(s + s, s_lost, z_lost)
    p, p_lost = two_sum(x.like(TWO_THIRDS[0]), z * polynomial(z, *LOG_TAIL))
    r, r_lost = two_product(z, p)
    r_lost = r_lost + fma(z, p_lost + TWO_THIRDS[1], z_lost * p)
    w, w_lost = two_product(s, r)
    w_lost = w_lost + fma(s, r_lost, s_lost * r)
    octave, octave_rest = LOG_2[52]
    sum, lost = two_sum(parts.k * octave, s + s)
    high, more = two_sum(sum, w)
    low = lost + more + fma(parts.k, octave_rest, fma(s_lost, 2.0, w_lost))
    return two_sum(high, low)
