"""sin, cos and tan: `x = n * pi / 2 + r`, polynomials for the sine and cosine of r, and the quadrant n chooses.

The reduction is right for every x, and costs more than the rest: one that is right for small x alone is tried first
(`kernel.rare`). A float32 is reduced in float64: `x * 2 / pi` modulo 4 needs only those digits of
2 / pi that do not give multiples of 4, 106 of them for each of five ranges of x. For float64 see `payne_hanek`.
Small angles are reduced with pi / 2 in three parts (W. Cody and W. Waite, *Software Manual for the Elementary
Functions*, 1980).
"""

from fractions import Fraction

from xdsl.dialects import math

from mlgraph.transforms.expand_math.payne_hanek import TWO_OVER_PI, Angle, reduced_large
from mlgraph.transforms.expand_math.real import (
    Real,
    fma,
    full_two_sum,
    graded,
    nearest,
    only_common,
    rare,
    two_product,
    two_sum,
    where,
    where_int,
)
from mlgraph.transforms.expand_math.table import expands

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
"""pi / 2 in three parts."""

HALF_PI_SINGLE = (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15)
"""pi / 2 in three parts of 24 bits."""

SIN_SINGLE = (-0.16666651, 0.008331925, -0.0001948415)
SIN_DOUBLE = (
    *(-0.16666666666666666, 0.00833333333333304, -0.00019841269840959282, 2.7557319071877084e-06),
    *(-2.5052070282245146e-08, 1.6054220288736515e-10, -7.384530011208812e-13),
)
"""`(sin(r) - r) / r**3` in powers of r**2, by `tools/fit_polynomials.py`.

That for float32 holds up to 0.82, as the quadrant is rounded roughly.
"""

COS_SINGLE = (0.041666638, -0.0013886959, 2.439365e-05)
COS_DOUBLE = (
    *(0.041666666666666595, -0.0013888888888873342, 2.480158728900208e-05, -2.7557314217042386e-07),
    *(2.087570539736871e-09, -1.1358749365484254e-11),
)
"""`(cos(r) - 1 + r**2 / 2) / r**4` in powers of r**2, by `tools/fit_polynomials.py`; up to 0.82 for float32, too."""

NEAR_SINGLE = 2.0**15
"""Up to where three parts of pi / 2 are enough for a float32."""
LARGE_SINGLE = (2.0**48, 2.0**71, 2.0**94, 2.0**117)
"""The beginnings of the ranges of a float32 but the first."""
LARGE_DOUBLE = 2.0**40


def reduced(x: Real) -> Angle:
    """Return the quadrant of an angle, and what is left of it."""
    if only_common():
        rare(abs(x) > (NEAR_SINGLE if x.single else LARGE_DOUBLE))
        return near_single(x) if x.single else near_double(x)
    return reduced_single(x) if x.single else reduced_double(x)


def near_single(x: Real) -> Angle:
    """Reduce a float32 up to `NEAR_SINGLE` with pi / 2 in three parts: the first difference is exact."""
    n, quadrant = nearest(x, 2 / 3.141592653589793)
    r = x
    for part in HALF_PI_SINGLE:
        r = fma(-n, part, r)
    return Angle(quadrant, r, x.like(0.0))


def digits(start: float) -> tuple[float, float]:
    """Return 2 / pi in two parts, without the digits whose products with floats from `start` on are multiples of 4."""
    value = TWO_OVER_PI
    if start:
        unit = Fraction(2**25) / Fraction(start)
        value = (value + unit / 2) % unit - unit / 2
    high = float(value)
    return high, float(value - Fraction(high))


def reduced_single(x: Real) -> Angle:
    """Reduce a float32 in float64, where all but the last step is exact."""
    wide = x.wide()
    a = abs(wide)
    high, low = map(wide.like, digits(0.0))
    for start in LARGE_SINGLE:
        range_high, range_low = digits(start)
        high, low = where(a < start, high, range_high), where(a < start, low, range_low)
    turns, lost = two_product(wide, high)
    n, quadrant = nearest(turns)
    fraction = (turns - n) + fma(wide, low, lost)
    return Angle(quadrant.narrow(), (fraction * HALF_PI[0]).narrow(), x.like(0.0))


def reduced_double(x: Real) -> Angle:
    """Reduce any float64, a large one by `payne_hanek`."""
    near, far = near_double(x), reduced_large(x)
    large = abs(x) > LARGE_DOUBLE
    quadrant = where_int(large, far.quadrant, near.quadrant)
    return Angle(quadrant, where(large, far.r, near.r), where(large, far.rest, near.rest))


def near_double(x: Real) -> Angle:
    """Reduce a float64 up to `LARGE_DOUBLE` with pi / 2 in three parts."""
    n, quadrant = nearest(x, 2 / 3.141592653589793)
    product, lost = two_product(n, HALF_PI[1])
    r, rest = full_two_sum(fma(-n, HALF_PI[0], x), -product)
    return Angle(quadrant, r, fma(-n, HALF_PI[2], rest - lost))


def sine(angle: Angle) -> Real:
    """Return the sine of an angle in the first quadrant around 0."""
    r = angle.r
    square = r * r
    series = graded(square, SIN_SINGLE, SIN_DOUBLE)
    if r.single:
        return fma(r * square, series, r)
    return r + fma(r * square, series, fma(square * -0.5, angle.rest, angle.rest))


def cosine(angle: Angle) -> Real:
    """Return the cosine of an angle in the first quadrant around 0."""
    r = angle.r
    square = r * r
    series = graded(square, COS_SINGLE, COS_DOUBLE)
    if r.single:
        return fma(square, fma(square, series, -0.5), 1.0)
    high, low = two_sum(r.like(1.0), square * -0.5)
    return high + (low + fma(square * square, series, -(r * angle.rest)))


def turned(angle: Angle, quarters: int) -> Real:
    """Return the sine of an angle advanced by so many quarters of a turn."""
    quadrant = angle.quadrant + quarters
    value = where((quadrant & 1).differs(0), cosine(angle), sine(angle))
    sign = (quadrant & 2) << (value.layout.integer.width.data - 2)
    return (value.bits() ^ sign).real()


@expands(math.SinOp)
def sin(x: Real) -> Real:
    """The sine or cosine of what is left of x, with the sign of its quadrant."""
    return where(x.equals(0.0), x, turned(reduced(x), 0))


@expands(math.CosOp)
def cos(x: Real) -> Real:
    """The sine, a quarter of a turn on."""
    return turned(reduced(x), 1)


@expands(math.TanOp)
def tan(x: Real) -> Real:
    """The sine by the cosine, or what is left of them a quarter of a turn on."""
    angle = reduced(x)
    odd = (angle.quadrant & 1).differs(0)
    s, c = sine(angle), cosine(angle)
    return where(x.equals(0.0), x, where(odd, -c, s) / where(odd, s, c))
