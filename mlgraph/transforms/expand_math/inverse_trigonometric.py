"""asin, acos, atan and atan2.

Beyond 1 / 2, asin and acos are reduced by the half angle, as in `e_asin.c` of fdlibm (Sun Microsystems, 1993); atan by
the tangent of a difference of angles, as in its `s_atan.c`.
"""

import math as python

from xdsl.dialects import math

from mlgraph.transforms.expand_math.real import Real, fma, graded, two_sum, where
from mlgraph.transforms.expand_math.table import expands

HALF_PI = {23: (1.5707964, -4.371139e-08), 52: (1.5707963267948966, 6.123233995736766e-17)}
"""pi / 2 in two parts."""

ASIN_SINGLE = (0.1666666, 0.07500522, 0.044513382, 0.031838816, 0.014317347, 0.03769027)
ASIN_DOUBLE = (
    *(0.1666666666666676, 0.07499999999970863, 0.04464285717456468, 0.030381942709657522, 0.022372214942268674),
    *(0.0173516127322637, 0.013980812815407709, 0.011398969743711858, 0.010779956828555521, 0.003707442983086579),
    *(0.02170510367796984, -0.02099595669296769, 0.03262679577844092),
)
"""`(asin(x) - x) / x**3` in powers of x**2, up to 1 / 2, by `tools/fit_polynomials.py`."""

ATAN_SINGLE = (-0.33333328, 0.19999555, -0.14273107, 0.1094841, -0.080090694, 0.039042003)
ATAN_DOUBLE = (
    *(-0.33333333333333315, 0.19999999999993773, -0.1428571428499933, 0.11111111070114335, -0.09090907707824993),
    *(0.07692277690127375, -0.06666225641361599, 0.05877821288886513, -0.05230079732963184, 0.04589667509013278),
    *(-0.03712350333410896, 0.023661185141758315, -0.008369282378748361),
)
"""`(atan(x) - x) / x**3` in powers of x**2, up to 1 / 2, by `tools/fit_polynomials.py`."""


def half_angle(a: Real) -> tuple[Real, Real]:
    """Return s and `asin(s) - s`: s is a up to 1 / 2, from there the sine of half of `acos(a)`."""
    far = a > 0.5
    square = where(far, (1.0 - a) * 0.5, a * a)
    s = where(far, square.sqrt(), a)
    return s, s * square * graded(square, ASIN_SINGLE, ASIN_DOUBLE)


@expands(math.AsinOp)
def asin(x: Real) -> Real:
    """A polynomial up to 1 / 2; from there `pi / 2 - 2 * asin(sqrt((1 - x) / 2))`."""
    a = abs(x)
    high, low = HALF_PI[x.layout.digits]
    s, rest = half_angle(a)
    far, lost = two_sum(x.like(high), -(s + s))
    far = far - (rest + rest - (lost + low))
    return where(a > 0.5, far, s + rest).with_sign_of(x)


@expands(math.AcosOp)
def acos(x: Real) -> Real:
    """`pi / 2 - asin(x)` up to 1 / 2, from there `2 * asin(sqrt((1 - x) / 2))`, and pi less that for negative x."""
    a = abs(x)
    high, low = HALF_PI[x.layout.digits]
    s, rest = half_angle(a)
    angle = s + rest
    far = a > 0.5
    other = high - (where(far, angle, angle.with_sign_of(x)) - low)
    return where(far, where(x < 0, other, angle) * 2.0, other)


def angle_of(y: Real, x: Real) -> Real:
    """Return the angle of a point with positive coordinates; `(y - x) / (y + x)` is the tangent of it less pi / 4."""
    high, low = HALF_PI[x.layout.digits]
    steep = y > x * 2.4
    middle = y > x * 0.5
    t = where(steep, -x, where(middle, y - x, y)) / where(steep, y, where(middle, y + x, x))
    square = t * t
    least = where(steep, x.like(low), where(middle, x.like(low / 2), 0.0))
    rest = fma(t * square, graded(square, ATAN_SINGLE, ATAN_DOUBLE), least)
    return where(steep, x.like(high), where(middle, x.like(high / 2), 0.0)) + (t + rest)


@expands(math.AtanOp)
def atan(x: Real) -> Real:
    """A polynomial in x, `(x - 1) / (x + 1)` or `-1 / x`, whichever is at most 1 / 2."""
    return angle_of(abs(x), x.like(1.0)).with_sign_of(x)


@expands(math.Atan2Op)
def atan2(y: Real, x: Real) -> Real:
    """The angle of the point (x, y), in the half plane that the sign of x says, be x zero or not."""
    high, low = HALF_PI[x.layout.digits]
    a, b = abs(y), abs(x)
    infinite = a.equals(python.inf) & b.equals(python.inf)
    large = (a > 2.0 ** (x.layout.bias - 2)) | (b > 2.0 ** (x.layout.bias - 2))
    a = where(infinite, x.like(1.0), where(large, a * 0.25, a))
    b = where(infinite | a.equals(0.0), x.like(1.0), where(large, b * 0.25, b))
    angle = angle_of(a, b)
    angle = where(x.negative(), high * 2 - (angle - low * 2), angle).with_sign_of(y)
    return where(x.compare("uno", y), x.like(python.nan), angle)
