"""erf and erfc."""

from xdsl.dialects import math

from mlgraph.dialects import scalar
from mlgraph.transforms.expand_math.exponential import clamped, fraction, octaves, scaled
from mlgraph.transforms.expand_math.real import Real, fma, graded, power_of_two, two_product, two_sum, where, widened
from mlgraph.transforms.expand_math.table import expands

ERF_SINGLE = (0.12837917, -0.37612626, 0.11283579, -0.026853347, 0.005187164, -0.00079978816, 7.80703e-05)
ERF_DOUBLE = (
    *(0.12837916709551256, -0.3761263890318352, 0.112837916709442, -0.026866170643115122, 0.005223977606156016),
    *(-0.0008548325931384673, 0.00012055293644889783, -1.4924713695916173e-05, 1.6447149582881838e-06),
    *(-1.6206456336274288e-07, 1.3711611863456068e-08, -7.78066701765967e-10),
)
"""`erf(x) / x - 1` in powers of x**2, up to 1."""

LOG_SINGLE = (0.00035376483, 1.1270398, 0.6382262, 0.10303677, -0.02180495, 0.0029394885, -0.00018555846)
LOG_DOUBLE = (
    *(1.0820479249791419e-06, 1.128368546576405, 0.6366682659140629, 0.10263590073593623, -0.018862327500806235),
    *(-0.0005879534115400648, 0.0021025020890989474, -0.0009226869752446917, 0.00023221586598360202),
    *(-2.8695576450078086e-05, -3.3704009035004456e-06, 2.609382885390402e-06, -6.751090857722061e-07),
    *(1.0639383511392735e-07, -1.0722277026638236e-08, 6.408196896919031e-10, -1.739600904504246e-11),
)
"""`-log(erfc(x))` from 1 to where erf is 1, to the precision of `1 - erfc(x)`."""

TAIL_SINGLE = (
    *(1.2329951188617019, -0.13962110622737298, 0.015379612395375171, 0.06809644522223395, -0.10103819290360253),
    *(0.09374286711810616, -0.06633453218925188, 0.03709960326096956, -0.016211793669984497),
    *(0.0052280830101823356, -0.0006404411157910524, -0.0003925382436153987),
)
TAIL_DOUBLE = (
    *(1.2329951186255526, -0.1396211168405615, 0.015379652102603216, 0.06809705425457081, -0.10103906603531461),
    *(0.0937328350027325, -0.06633036583513148, 0.03716751546449735, -0.016197733788792607, 0.005031970652599918),
    *(-0.0007577751040577543, -0.0001992604803538315, 0.00015062916520062523, -2.4385754544495767e-05),
    *(-1.1241333337402294e-05, 5.6791195138611804e-06, 3.2448872646686153e-07, -7.819342611427862e-07),
    *(4.632044316912646e-08, 7.423576445392942e-08, -4.922997758855252e-09),
)
"""`(1 + 2 * x) * exp(x**2) * erfc(x)` in powers of `(x - 4) / (x + 4)`, from 1 / 2 to where erfc is 0."""


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
@widened
def erfc(x: Real) -> Real:
    """`1 - erf(x)` up to 1 / 2; from there `exp(-x**2) * g(x) / (1 + 2 * x)`."""
    a = abs(x)
    square = x * x
    small = fma(-x, graded(square, ERF_SINGLE, ERF_DOUBLE), 1.0 - x)
    tail = erfc_tail(a.at_most(28.0))
    return where(x < 0.5, where(a < 1.0, small, 2.0 - tail), tail)


def erfc_tail(x: Real) -> Real:
    """erfc from 1 / 2; the square has two parts, and the result is scaled last, so that a denormal is rounded once."""
    square, lost = two_product(x, x)
    k, index, r, rest = octaves(clamped(-square))
    r, rest = two_sum(r, rest - lost)
    t = (x - 4.0) / (x + 4.0)
    value = graded(t, TAIL_SINGLE, TAIL_DOUBLE) / (x + x + 1.0)
    return scaled(fma(value, fraction(r, rest), value), k, index)
