"""The Airy function, which not every library has: the body is that of Cephes (Moshier, 1989), in any precision.

torch leaves out the first coefficient, 1, of two denominators: its function is the variant that is not `monic`.
"""

from math import nan, pi

from xdsl.traits import Pure

from mlgraph.dialects.ivy.approximation import clamped, in_float32, plus, polynomial, ratio, times
from mlgraph.dialects.ivy.elementwise import (
    cos,
    divide,
    exp,
    greater,
    isinf,
    less,
    multiply,
    negative,
    reciprocal,
    sin,
    sqrt,
    square,
    subtract,
    where,
)
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.special import real_float
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.parameters import Value

# Coefficients of Cephes' airy.c. Those whose name ends in P stand over those whose name ends in Q.

DECAY_P = (
    0.346538101525629, 12.007595273964581, 76.27960536152345, 168.08922493463058, 159.75639135016442,
    70.53609068404442, 14.026469116338967, 1.0,
)  # fmt: skip
DECAY_Q = (
    0.5675945326387702, 14.75625625848472, 84.51389701414746, 177.31808814540045, 164.2346928715297,
    71.47784008255756, 14.095913560783403, 1.0,
)  # fmt: skip
INSIDE_P = (
    -0.1316963234183318, -0.6264565444319123, -0.6931580360369335, -0.2797799815451191, -0.04919001326095003,
    -0.004062659235948854, -0.0001592764962392621, -2.776491081552329e-06, -1.6778769848911465e-08,
)  # fmt: skip
INSIDE_Q = (
    1.0, 13.356042070655324, 32.682503279522464, 26.736704094149957, 9.187074029072596, 1.4752914677166642,
    0.11568717379518804, 0.004402916416152112, 7.547203482874142e-05, 4.5185009297058035e-07,
)  # fmt: skip
OUTSIDE_P = (
    0.01973399320916857, 0.39110302961568827, 1.0657989759959559, 0.9391692298166502, 0.35146565610554764,
    0.06338889196289255, 0.005858041130483885, 0.000282851600836737, 6.98793669997261e-06,
    8.117892395543892e-08, 3.415517847659236e-10,
)  # fmt: skip
OUTSIDE_Q = (
    1.0, 9.30892908077442, 19.835292871831214, 15.564662893286462, 5.476860694229755, 0.9542936116189619,
    0.08645808263523921, 0.004126565238242226, 0.00010125908511650914, 1.1716673321441352e-06,
    4.9183457006293e-09,
)  # fmt: skip

EVEN, ODD = 0.355028053887817239260, 0.258819403792806798405
"""The value and minus the slope at 0."""
EVEN_SERIES = (
    1.8919941929217632e-35, 3.2580140002112767e-32, 4.8283767483131115e-29, 6.083754702874521e-26,
    6.424444966235494e-23, 5.589267120624879e-20, 3.9236655186786654e-17, 2.1658633663106234e-14,
    9.096626138504618e-12, 2.7835675983824134e-09, 5.845491956603068e-07, 7.716049382716049e-05,
    0.005555555555555556, 0.16666666666666666, 1.0,
)  # fmt: skip
ODD_SERIES = (
    2.098106899447759e-36, 3.789181060402653e-33, 5.911122454228139e-30, 7.87361510903188e-27,
    8.83419615233377e-24, 8.215802421670406e-21, 6.211146630782827e-18, 3.726687978469696e-15,
    1.7217298460529996e-12, 5.888316073501258e-10, 1.413195857640302e-07, 2.2045855379188714e-05,
    0.001984126984126984, 0.08333333333333333, 1.0,
)  # fmt: skip
"""`1 / (2 3) (5 6) (8 9) ...` and `1 / (3 4) (6 7) (9 10) ...`, up to the powers of `x**3`."""

CUT = 2.09
"""Up to where, on both sides, the power series is used."""

GONE = 103.892
"""From where on the function is 0 in double precision."""


@composite(
    Pure(), torch="None if monic else torch.special.airy_ai(x)", numpy="scipy.special.airy(x)[0] if monic else None"
)
@in_float32
def airy_ai(x: Value, monic: bool = True) -> Value:
    """The Airy function Ai, a solution of `y'' = x y`; NaN at both infinities."""
    real_float(x)
    middle = where(less(x, number(x, -CUT)), _waves(clamped(x, high=-CUT), monic), _series(clamped(x, -CUT, CUT)))
    found = where(greater(x, number(x, CUT)), _decay(clamped(x, CUT, GONE)), middle)
    found = where(greater(x, number(x, GONE)), number(x, 0), found)
    return where(isinf(x), number(x, nan), found)


def _series(x: Value) -> Value:
    cubed = multiply(square(x), x)
    even = times(polynomial(cubed, EVEN_SERIES), EVEN)
    return subtract(even, times(multiply(x, polynomial(cubed, ODD_SERIES)), ODD))


def _exponent(x: Value) -> Value:
    """`2/3 x**1.5` of what is above 0."""
    return times(multiply(x, sqrt(x)), 2 / 3)


def _decay(x: Value) -> Value:
    zeta = _exponent(x)
    scale = times(divide(exp(negative(zeta)), sqrt(sqrt(x))), 0.5 / pi**0.5)
    return multiply(scale, ratio(reciprocal(zeta), DECAY_P, DECAY_Q))


def _waves(x: Value, monic: bool) -> Value:
    size = negative(x)
    zeta = _exponent(size)
    z = reciprocal(zeta)
    zz = square(z)
    angle = plus(zeta, pi / 4)
    inside = multiply(sin(angle), plus(multiply(zz, ratio(zz, INSIDE_P, INSIDE_Q, monic)), 1))
    outside = multiply(cos(angle), multiply(z, ratio(zz, OUTSIDE_P, OUTSIDE_Q, monic)))
    return times(divide(subtract(inside, outside), sqrt(sqrt(size))), 1 / pi**0.5)
