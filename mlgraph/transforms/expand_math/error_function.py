"""erf and erfc.

The tail of erfc is the scaled function of M. Shepherd and J. Laframboise, "Chebyshev approximation of (1 + 2 x) exp(x²)
erfc x in 0 <= x < ∞", Mathematics of Computation 36, 1981, as a polynomial in their variable.
"""

from xdsl.dialects import math

from mlgraph.dialects import scalar
from mlgraph.transforms.expand_math.exponential import clamped, fraction, octaves, scaled
from mlgraph.transforms.expand_math.real import Real, fma, graded, in_float64, power_of_two, two_product, two_sum, where
from mlgraph.transforms.expand_math.table import expands

ERF_SINGLE = (0.12837917, -0.37612626, 0.11283579, -0.026853347, 0.005187162, -0.0007997853, 7.806903e-05)
ERF_DOUBLE = (
    *(0.12837916709551256, -0.37612638903183343, 0.11283791670936953, -0.02686617064196012, 0.005223977596748624),
    *(-0.0008548325485843119, 0.00012055280528910583, -1.4924466396952241e-05, 1.6444161566967376e-06),
    *(-1.618408771721275e-07, 1.3617168273167327e-08, -7.60877946901306e-10),
)
"""`erf(x) / x - 1` in powers of x**2, up to 1, by `tools/fit_polynomials.py`."""

LOG_SINGLE = (0.0003416106, 1.1270888, 0.63814557, 0.10310609, -0.021837747, 0.0029475845, -0.00018637296)
LOG_DOUBLE = (
    *(1.0633815286290843e-06, 1.1283687141020429, 0.6366675708467845, 0.10263766999226416, -0.018865419236936357),
    *(-0.0005840213413902922, 0.0020987379285441602, -0.0009199206521932722, 0.00023063877655746492),
    *(-2.7995855342607827e-05, -3.6111851313947874e-06, 2.6729672387591177e-06, -6.877403556699849e-07),
    *(1.082186220626092e-07, -1.0903077897422196e-08, 6.517970122323312e-10, -1.7703703521352688e-11),
)
"""`-log(erfc(x))` from 1 to where erf is 1, to the precision of `1 - erfc(x)`, by `tools/fit_polynomials.py`."""

TAIL_SINGLE = (
    *(1.2329951187834347, -0.13962111757103704, 0.01537961782113818, 0.06809709106108808, -0.10103784173893025),
    *(0.09373293364219597, -0.06634602662899085, 0.03715429327844855, -0.016117112053519293, 0.005152942810992459),
    *(-0.0008737314403769913, -0.0005145903443874108),
)
TAIL_DOUBLE = (
    *(1.2329951186255526, -0.1396211168405625, 0.01537965210260867, 0.06809705425466764, -0.10103906603578525),
    *(0.09373283500011922, -0.06633036582304838, 0.03716751549653421, -0.016197733934160463, 0.005031970438897287),
    *(-0.0007577741335752927, -0.0001992596403667752, 0.00015062529022286583, -2.438775185688145e-05),
    *(-1.1231854793681809e-05, 5.681938273070798e-06, 3.1056641083648014e-07, -7.841024660601737e-07),
    *(5.759520271260968e-08, 7.493416999431086e-08, -8.792785641148127e-09),
)
"""`(1 + 2 * x) * exp(x**2) * erfc(x)` in powers of `(x - 4) / (x + 4)`, by `tools/fit_polynomials.py`.

x goes from 1 / 2 to where erfc is 0.
"""


@expands(math.ErfOp)
def erf(x: Real) -> Real:
    """A polynomial up to 1; from there `1 - exp(-q(x))`."""
    a = abs(x)
    square = a * a
    small = fma(a, graded(square, ERF_SINGLE, ERF_DOUBLE), a)
    _, index, r, _ = octaves(-graded(a.at_most(4.0 if x.single else 6.0), LOG_SINGLE, LOG_DOUBLE))
    scale = power_of_two(index)
    large = fma(-scale, fraction(r), 1.0 - scale)
    return where(a < 1.0, small, large).with_sign_of(x)


@expands(scalar.ErfcOp)
@in_float64
def erfc(x: Real) -> Real:
    """`1 - erf(x)` up to 1 / 2; from there `exp(-x**2) * g(x) / (1 + 2 * x)`."""
    a = abs(x)
    square = x * x
    small = fma(-x, graded(square, ERF_SINGLE, ERF_DOUBLE), 1.0 - x)
    tail = erfc_tail(a.at_most(28.0))
    return where(x < 0.5, where(a < 1.0, small, 2.0 - tail), tail)


def erfc_tail(x: Real) -> Real:
    """Return erfc from 1 / 2 on.

    The square has two parts, and the result is scaled last, so that a denormal is rounded once.
    """
    square, lost = two_product(x, x)
    k, index, r, rest = octaves(clamped(-square))
    r, rest = two_sum(r, rest - lost)
    t = (x - 4.0) / (x + 4.0)
    value = graded(t, TAIL_SINGLE, TAIL_DOUBLE) / (x + x + 1.0)
    return scaled(fma(value, fraction(r, rest), value), k, index)
