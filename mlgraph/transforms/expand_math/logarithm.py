"""log and others like it: `log(x) = k * log(2) + log(1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2).

`log(1 + f) = f - f**2 / 2 + s * (f**2 / 2 + R(s**2))` with `s = f / (2 + f)`, as in `e_log.c` of fdlibm (Sun
Microsystems, 1993).
"""

import math as python
from dataclasses import dataclass

from xdsl.dialects import math

from mlgraph.transforms.expand_math.exponential import LOG_2
from mlgraph.transforms.expand_math.real import Real, fma, full_two_sum, graded, two_product, two_sum, where
from mlgraph.transforms.expand_math.table import expands

SQRT_HALF = 0.7071067811865476

LOG_SINGLE = (0.66666776, 0.39977527, 0.29873326)
LOG_DOUBLE = (
    *(0.6666666666666736, 0.39999999999400954, 0.28571428745754457, 0.22222198198208531, 0.1818358523964546),
    *(0.15313481153229713, 0.1480197289920033),
)
"""`(log((1 + s) / (1 - s)) - 2 * s) / s**3` in powers of s**2, by `tools/fit_polynomials.py`."""

LOG2_E = {23: (1.442695, 1.925963e-08), 52: (1.4426950408889634, 2.0355273740931033e-17)}
LOG10_E = {23: (0.4342945, -1.010305e-08), 52: (0.4342944819032518, 1.098319650216765e-17)}
LOG10_2 = {23: (0.3010254, 4.605039e-06), 52: (0.30102999566361177, 3.694239077158931e-13)}
"""In two parts each; the first of log10(2) is short, so that a multiple of it is exact."""


@dataclass(frozen=True)
class Split:
    """A positive number as `2**k * m`."""

    k: Real
    m: Real
    inverse: Real
    """2**-k, if that is a normal number."""


def split(x: Real) -> Split:
    """Split a positive number into an exponent and a significand between sqrt(1/2) and sqrt(2)."""
    layout = x.layout
    lift = layout.digits + 2
    one = 2.0**layout.digits
    offset = x.like(one + layout.bias)
    if x.exact:  # it may be denormal
        small = x < layout.tiny
        offset = where(small, x.like(one + layout.bias + lift), offset)
        x = where(small, x * 2.0**lift, x)
    bits = x.bits()
    exponent = bits + (layout.one - layout.bits(SQRT_HALF))
    field = exponent & -(1 << layout.digits)
    k = ((exponent >> layout.digits) | layout.bits(one)).real() - offset
    m = (bits - field + layout.one).real()
    inverse = (field.like(2 * layout.one) - field).real()
    return Split(k.with_exact(x.exact), m.with_exact(x.exact), inverse.with_exact(x.exact))


def defined(x: Real, value: Real) -> Real:
    """Return `value`, a logarithm of x, where x is positive and finite; -inf, nan and inf elsewhere."""
    outside = where(x.equals(0.0), x.like(-python.inf), where(x < 0, x.like(python.nan), x))
    return where((x > 0) & (x < python.inf), value, outside)


def of_parts(k: Real, f: Real, lost: Real | float = 0.0) -> Real:
    """Return `k * log(2) + log(1 + f)`; what rounding took from f is added as it is."""
    high, low = LOG_2[k.layout.digits]
    half, rest = terms(f, fma(k, low, lost))
    return fma(k, high, f - (half - rest))


def terms(f: Real, small: Real | float) -> tuple[Real, Real]:
    """Return h and t of `log(1 + f) + small = f - (h - t)`."""
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    return half, fma(s, fma(z, graded(z, LOG_SINGLE, LOG_DOUBLE), half), small)


@expands(math.LogOp)
def log(x: Real) -> Real:
    """`k * log(2) + log(1 + f)`."""
    parts = split(x)
    return defined(x, of_parts(parts.k, parts.m - 1.0))


@expands(math.Log1pOp)
def log1p(x: Real) -> Real:
    """The logarithm of 1 + x, with what rounding takes from that sum."""
    high, low = full_two_sum(x.like(1.0), x)
    value = defined(high, of_pair(high, low))
    return where(abs(x) > x.layout.tiny, value, x)


def of_pair(high: Real, low: Real, octaves: Real | float = 0.0) -> Real:
    """Return `log(high + low) + octaves * log(2)`, where `low` is what rounding took from `high`."""
    parts = split(high)
    inverse = where(high < 2.0 ** (high.layout.digits + 4), parts.inverse, 0.0)
    f, rest = two_sum(parts.m - 1.0, low * inverse)
    return of_parts(parts.k + octaves, f, rest)


@expands(math.Log2Op)
def log2(x: Real) -> Real:
    """`k + log(1 + f) * log2(e)`."""
    return in_base(x, (1.0, 0.0), LOG2_E[x.layout.digits])


@expands(math.Log10Op)
def log10(x: Real) -> Real:
    """`k * log10(2) + log(1 + f) * log10(e)`."""
    return in_base(x, LOG10_2[x.layout.digits], LOG10_E[x.layout.digits])


def in_base(x: Real, octave: tuple[float, float], factor: tuple[float, float]) -> Real:
    """Return a logarithm in another base, given its values at 2 and at e in two parts each."""
    parts = split(x)
    f = parts.m - 1.0
    half, rest = terms(f, 0.0)
    high, low = two_sum(f, -half)
    low = low + rest
    product, lost = two_product(high, factor[0])
    total, left = two_sum(parts.k * octave[0], product)
    tail = fma(parts.k, octave[1], fma(low, factor[0], fma(high, factor[1], lost)))
    return defined(x, total + (left + tail))
