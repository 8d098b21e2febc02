"""Bessel functions, which not every library has: the bodies are those of Cephes (Moshier, 1989), in any precision.

torch leaves out the first coefficient, 1, of some of Cephes' denominators, and errs by up to 3e-7: its functions are
the variants that are not `monic`.
"""

from math import inf, pi, sqrt

from xdsl.traits import Pure

from mlgraph.dialects.ivy.approximation import chebyshev, clamped, in_float32, plus, polynomial, ratio, times
from mlgraph.dialects.ivy.elementwise import (
    abs,
    add,
    cos,
    divide,
    equal,
    exp,
    isinf,
    less,
    less_equal,
    log,
    multiply,
    negative,
    reciprocal,
    rsqrt,
    sin,
    square,
    subtract,
    where,
)
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.special import i0e, i1e, real_float
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.parameters import Value

# Coefficients of Cephes' j0.c, j1.c, k0.c and k1.c. Those whose name ends in P stand over those whose name ends in Q.

J0_ROOTS = (5.78318596294678452118, 30.4712623436620863991)
"""The squares of the first two zeros."""
J0_P = (
    -4794432209.782018, 1956174919465.5657, -249248344360967.72, 9708622510473064.0,
)  # fmt: skip
J0_Q = (
    1.0, 499.563147152651, 173785.4016763747, 48440965.83399621, 11185553704.535683, 2112775201154.892,
    310518229857422.56, 3.1812195594320496e+16, 1.7108629408104315e+18,
)  # fmt: skip
Y0_P = (
    15592.436785523574, -14663929.59039716, 5435264770.518765, -982136065717.9115, 87590639439536.7,
    -3466283033847297.0, 4.4273326857256984e+16, -1.8495080043698668e+16,
)  # fmt: skip
Y0_Q = (
    1.0, 1041.2835366425984, 626107.330137135, 268919633.39381415, 86400248710.3935, 20297961275010.555,
    3171577528429750.5, 2.5059625617265306e+17,
)  # fmt: skip
MODULUS0_P = (
    0.0007969367292973471, 0.08283523921074408, 1.239533716464143, 5.447250030587687, 8.74716500199817,
    5.303240382353949, 1.0,
)  # fmt: skip
MODULUS0_Q = (
    0.0009244088105588637, 0.08562884743544745, 1.2535274390105895, 5.470977403304171, 8.761908832370695,
    5.306052882353947, 1.0,
)  # fmt: skip
PHASE0_P = (
    -0.011366383889846916, -1.2825271867050931, -19.553954425773597, -93.20601521237683, -177.68116798048806,
    -147.07750515495118, -51.41053267665993, -6.050143506007285,
)  # fmt: skip
PHASE0_Q = (
    1.0, 64.3178256118178, 856.4300259769806, 3882.4018360540163, 7240.467741956525, 5930.727011873169,
    2062.0933166032783, 242.0057402402914,
)  # fmt: skip

J1_ROOTS = (14.6819706421238932572, 49.2184563216946036703)
J1_P = (
    -899971225.7055594, 452228297998.19403, -72749424522181.83, 3682957328638529.0,
)  # fmt: skip
J1_Q = (
    1.0, 620.8364781180543, 256987.25675774884, 83514679.14319493, 22151159547.97925, 4749141220799.914,
    784369607876235.9, 8.952223361846274e+16, 5.322786203326801e+18,
)  # fmt: skip
Y1_P = (
    1263204747.9017804, -647355876379.1603, 114509511541823.73, -8127702555013251.0, 2.024394757135949e+17,
    -7.788771962659501e+17,
)  # fmt: skip
Y1_Q = (
    1.0, 594.3015923461282, 235564.09294306856, 73481194.44597217, 18760131610.870617, 3882312774962.3857,
    620557727146953.8, 6.871410873553005e+16, 3.9727060811656064e+18,
)  # fmt: skip
MODULUS1_P = (
    0.0007621256162081731, 0.07313970569409176, 1.1271960812968493, 5.112079511468076, 8.424045901417724,
    5.214515986823615, 1.0,
)  # fmt: skip
MODULUS1_Q = (
    0.0005713231280725487, 0.06884559087544954, 1.105142326340617, 5.073863861286015, 8.399855543276042,
    5.209828486823619, 1.0,
)  # fmt: skip
PHASE1_P = (
    0.05108625947501766, 4.982138729512334, 75.82382841325453, 366.7796093601508, 710.8563049989261,
    597.4896124006136, 211.68875710057213, 25.207020585802372,
)  # fmt: skip
PHASE1_Q = (
    1.0, 74.23732770356752, 1056.4488603826283, 4986.410583376536, 9562.318924047562, 7997.041604473507,
    2826.1927851763908, 336.0936078106983,
)  # fmt: skip

K0_NEAR = (
    1.374465435613523e-16, 4.25981614279661e-14, 1.0349695257633842e-11, 1.904516377220209e-09,
    2.5347910790261494e-07, 2.286212103119452e-05, 0.001264615411446926, 0.0359799365153615, 0.3442898999246285,
    -0.5353273932339028,
)  # fmt: skip
K0_FAR = (
    5.300433772686263e-18, -1.6475804301524212e-17, 5.2103915050390274e-17, -1.678231096805412e-16,
    5.512055978524319e-16, -1.848593377343779e-15, 6.3400764774050706e-15, -2.2275133269916698e-14,
    8.032890775363575e-14, -2.9800969231727303e-13, 1.140340588208475e-12, -4.514597883373944e-12,
    1.8559491149547177e-11, -7.957489244477107e-11, 3.577397281400301e-10, -1.69753450938906e-09,
    8.574034017414225e-09, -4.660489897687948e-08, 2.766813639445015e-07, -1.8317555227191195e-06,
    1.39498137188765e-05, -0.00012849549581627802, 0.0015698838857300533, -0.0314481013119645,
    2.4403030820659555,
)  # fmt: skip
K1_NEAR = (
    -7.023863479386288e-18, -2.427449850519366e-15, -6.666901694199329e-13, -1.4114883926335278e-10,
    -2.213387630734726e-08, -2.4334061415659684e-06, -0.0001730288957513052, -0.006975723859639864,
    -0.12261118082265715, -0.3531559607765449, 1.5253002273389478,
)  # fmt: skip
K1_FAR = (
    -5.756744483665017e-18, 1.7940508731475592e-17, -5.689462558442859e-17, 1.838093544366639e-16,
    -6.057047248373319e-16, 2.038703165624334e-15, -7.019837090418314e-15, 2.4771544244813043e-14,
    -8.976705182324994e-14, 3.3484196660784293e-13, -1.2891739609510289e-12, 5.13963967348173e-12,
    -2.1299678384275683e-11, 9.218315187605006e-11, -4.1903547593418965e-10, 2.015049755197033e-09,
    -1.0345762465678097e-08, 5.7410841254500495e-08, -3.5019606030878126e-07, 2.406484947837217e-06,
    -1.936197974166083e-05, 0.00019521551847135162, -0.002857816859622779, 0.10392373657681724,
    2.7206261904844427,
)  # fmt: skip

NEAR = 5.0
"""The argument from which the functions of order 0 and 1 are a wave, up to it a ratio of polynomials."""


def _wave0(x: Value, monic: bool) -> tuple[Value, Value, Value]:
    """The parts of the wave that order 0 becomes: its amplitudes in and out of phase, and the angle."""
    w = reciprocal(times(x, 1 / NEAR))
    z, scale = square(w), times(rsqrt(x), sqrt(2 / pi))
    inside = multiply(scale, ratio(z, MODULUS0_P, MODULUS0_Q))
    outside = multiply(multiply(scale, w), ratio(z, PHASE0_P, PHASE0_Q, monic))
    return inside, outside, plus(x, -pi / 4)


def _wave1(x: Value, monic: bool) -> tuple[Value, Value, Value]:
    """As `_wave0`, of order 1."""
    w = reciprocal(times(x, 1 / NEAR))
    z, scale = square(w), times(rsqrt(x), sqrt(2 / pi))
    inside = multiply(scale, ratio(z, MODULUS1_P, MODULUS1_Q))
    outside = multiply(multiply(scale, w), ratio(z, PHASE1_P, PHASE1_Q, monic))
    return inside, outside, plus(x, -3 * pi / 4)


def _first_kind(wave: tuple[Value, Value, Value]) -> Value:
    inside, outside, angle = wave
    return subtract(multiply(inside, cos(angle)), multiply(outside, sin(angle)))


def _second_kind(wave: tuple[Value, Value, Value]) -> Value:
    inside, outside, angle = wave
    return add(multiply(inside, sin(angle)), multiply(outside, cos(angle)))


def _is_near(x: Value) -> Value:
    return less_equal(x, number(x, NEAR))


@composite(
    Pure(),
    torch="None if monic else torch.special.bessel_j0(x)",
    tensorflow="tf.math.special.bessel_j0(x) if monic else None",
    numpy="scipy.special.j0(x) if monic else None",
)
@in_float32
def bessel_j0(x: Value, monic: bool = True) -> Value:
    """The Bessel function of the first kind and order 0."""
    real_float(x)
    size = abs(x)
    z = square(clamped(size, high=NEAR))
    roots = multiply(plus(z, -J0_ROOTS[0]), plus(z, -J0_ROOTS[1]))
    near = multiply(roots, ratio(z, J0_P, J0_Q, monic))
    return where(_is_near(size), near, _first_kind(_wave0(clamped(size, low=NEAR), monic)))


@composite(
    Pure(),
    torch="None if monic else torch.special.bessel_j1(x)",
    tensorflow="tf.math.special.bessel_j1(x) if monic else None",
    numpy="scipy.special.j1(x) if monic else None",
)
@in_float32
def bessel_j1(x: Value, monic: bool = True) -> Value:
    """The Bessel function of the first kind and order 1."""
    real_float(x)
    size = abs(x)
    near = clamped(x, -NEAR, NEAR)
    z = square(near)
    roots = multiply(plus(z, -J1_ROOTS[0]), plus(z, -J1_ROOTS[1]))
    far = _first_kind(_wave1(clamped(size, low=NEAR), monic))
    far = where(less(x, number(x, 0)), negative(far), far)
    return where(_is_near(size), multiply(multiply(near, roots), ratio(z, J1_P, J1_Q, monic)), far)


@composite(
    Pure(),
    torch="None if monic else torch.special.bessel_y0(x)",
    numpy="scipy.special.y0(x) if monic else None",
)
@in_float32
def bessel_y0(x: Value, monic: bool = True) -> Value:
    """The Bessel function of the second kind and order 0; minus infinity at 0, NaN below."""
    real_float(x)
    near = clamped(x, high=NEAR)
    logarithm = times(multiply(log(near), bessel_j0(near, monic)), 2 / pi)
    below = add(ratio(square(near), Y0_P, Y0_Q, monic), logarithm)
    return where(_is_near(x), below, _second_kind(_wave0(clamped(x, low=NEAR), monic)))


@composite(
    Pure(),
    torch="None if monic else torch.special.bessel_y1(x)",
    numpy="scipy.special.y1(x) if monic else None",
)
@in_float32
def bessel_y1(x: Value, monic: bool = True) -> Value:
    """The Bessel function of the second kind and order 1; minus infinity at 0, NaN below."""
    real_float(x)
    near = clamped(x, high=NEAR)
    logarithm = times(subtract(multiply(bessel_j1(near, monic), log(near)), reciprocal(near)), 2 / pi)
    below = add(multiply(near, ratio(square(near), Y1_P, Y1_Q, monic)), logarithm)
    found = where(_is_near(x), below, _second_kind(_wave1(clamped(x, low=NEAR), monic)))
    return where(equal(x, number(x, 0)), number(x, -inf), found)


@composite(
    Pure(),
    torch="torch.special.scaled_modified_bessel_k0(x)",
    numpy="scipy.special.k0e(x)",
)
@in_float32
def bessel_k0e(x: Value) -> Value:
    """The modified Bessel function of the second kind and order 0, times `exp(x)`; infinity at 0, NaN below."""
    real_float(x)
    near = clamped(x, high=2)
    i0 = multiply(i0e(near), exp(near))
    below = subtract(chebyshev(plus(square(near), -2), K0_NEAR), multiply(log(times(near, 0.5)), i0))
    return where(less_equal(x, number(x, 2)), multiply(exp(near), below), _decay(x, K0_FAR))


@composite(
    Pure(),
    torch="torch.special.scaled_modified_bessel_k1(x)",
    numpy="scipy.special.k1e(x)",
)
@in_float32
def bessel_k1e(x: Value) -> Value:
    """The modified Bessel function of the second kind and order 1, times `exp(x)`; infinity at 0, NaN below."""
    real_float(x)
    near = clamped(x, high=2)
    i1 = multiply(i1e(near), exp(near))
    pole = divide(chebyshev(plus(square(near), -2), K1_NEAR), near)
    below = multiply(exp(near), add(multiply(log(times(near, 0.5)), i1), pole))
    found = where(less_equal(x, number(x, 2)), below, _decay(x, K1_FAR))
    return where(equal(x, number(x, 0)), number(x, inf), found)


def _decay(x: Value, coefficients: tuple[float, ...]) -> Value:
    """The modified functions from 2 on, times `exp(x)`."""
    far = clamped(x, low=2)
    return multiply(chebyshev(plus(times(reciprocal(far), 8), -2), coefficients), rsqrt(far))


SINC = (1 / 6227020800, -1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1.0)
"""The power series of `sin(x) / x` in `x**2`."""


@composite(Pure(), torch="torch.special.spherical_bessel_j0(x)")
@in_float32
def spherical_bessel_j0(x: Value) -> Value:
    """The spherical Bessel function of the first kind and order 0: `sin(x) / x`, 1 at 0."""
    real_float(x)
    near = less(abs(x), number(x, 0.5))
    found = where(near, polynomial(square(clamped(x, -0.5, 0.5)), SINC), divide(sin(x), where(near, number(x, 1), x)))
    return where(isinf(x), number(x, 0), found)
