"""Special functions that few libraries have: the bodies are Cephes' (Moshier, 1989) and Cody's, in any precision."""

from math import inf, nan, pi

from xdsl.traits import Pure

from mlgraph.dialects.ivy.approximation import chebyshev, clamped, in_float32, plus, polynomial, ratio, times
from mlgraph.dialects.ivy.elementwise import (
    abs,
    add,
    cos,
    divide,
    equal,
    exp,
    fmod,
    greater,
    isinf,
    less,
    less_equal,
    log,
    logical_or,
    multiply,
    negative,
    reciprocal,
    sin,
    square,
    subtract,
    where,
)
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.special import real_float
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.parameters import Value

EULER = 0.5772156649015329

# Ratios of polynomials between powers of 2, where the exponential integral is `exp(x) / x` times about 1.

EXPI1_P = (
    -5.350447357812543, 218.50491688166133, -4176.572384826693, 55411.76756393557, -331338.13311781443,
    1592627.1633849454,
)  # fmt: skip
EXPI1_Q = (
    1.0, -52.505479591128626, 1259.6161867867906, -17565.495819735348, 149306.2117002726, -729494.9239640528,
    1592627.1633849454,
)  # fmt: skip
EXPI2_P = (
    0.019818085032596897, -1.2716456259849176, -2.0881603356812284, 2.7555445091879367, -0.44095070487016,
    0.046656238059358916, -0.0015450426796734852, 7.059980605299618e-05,
)  # fmt: skip
EXPI2_Q = (
    1.0, 1.4764986709149215, 0.5629177174822436, 0.16990178978793072, 0.02291647179034212,
    0.0044501504397287525, 0.00017274396122065214, 3.953167195549672e-05,
)  # fmt: skip
EXPI3_P = (
    -1.3732153758712087, -0.7084559133740839, 1.580806855547941, -0.2601500427425623, 0.029946746941137137,
    -0.001038086040188744, 4.371064420753005e-05, 2.141783679522603e-06,
)  # fmt: skip
EXPI3_Q = (
    1.0, 0.8585231423622028, 0.4483285822873995, 0.07687932158124476, 0.024498682410218877,
    0.0008832165941927797, 0.00045909522995113536, -4.729848351866523e-06, 2.66519553739071e-06,
)  # fmt: skip
EXPI4_P = (
    -2.1069346016919166, 1.7327338696646881, -0.2423619178935842, 0.02322724180937566, 0.00023728804404931798,
    -8.343219561192553e-05, 1.3634087956052505e-05, -3.655412321999254e-07, 1.4649417339759612e-08,
    6.17640786371036e-10,
)  # fmt: skip
EXPI4_Q = (
    1.0, -0.2298062239901678, 0.11050770414740378, -0.015665429666307924, 0.002761106850817353,
    -0.00020891480122840484, 1.7085289388076754e-05, -4.4593117963566865e-07, 1.3946349303538475e-08,
    6.150865933977338e-10,
)  # fmt: skip
EXPI5_P = (
    -0.24581193676740204, -0.14833822533220778, 0.07248291795735552, -0.013483156873809405,
    0.001342775069788637, -7.942465637159712e-05, 2.644179518984236e-06, -4.239473659313765e-08,
)  # fmt: skip
EXPI5_Q = (
    1.0, -0.10442259084438711, -0.26764531281014026, 0.09695000254621984, -0.01601745692712991,
    0.001496414899205908, -8.462452563778485e-05, 2.7289384034767266e-06, -4.239462431819542e-08,
)  # fmt: skip
EXPI6_P = (
    0.12125611181054567, -0.5823133179043894, 0.2348887314557017, -0.030400343181132484, 0.0015100821468651906,
    -2.5231370954995714e-05,
)  # fmt: skip
EXPI6_Q = (
    1.0, -1.002252150365854, 0.2928709694872224, -0.03337004338674008, 0.0015605448811273888,
    -2.5231370936032347e-05,
)  # fmt: skip
EXPI7_P = (
    -0.7657847078286127, 0.6886192415566705, -0.2132598113545206, 0.033461075523841935, -0.003076541477344756,
    0.00017471193164549074, -6.1037116822741705e-06, 1.218032765428652e-07, -1.0860761027932903e-09,
)  # fmt: skip
EXPI7_Q = (
    1.0, -1.8888028686623086, 1.066691687211409, -0.27519159823063805, 0.039308526882338234,
    -0.003414684558602365, 0.00018668443707035555, -6.345146083130515e-06, 1.239754287483207e-07,
    -1.0860761027931265e-09,
)  # fmt: skip
EXPI = (
    (EXPI2_P, EXPI2_Q), (EXPI3_P, EXPI3_Q), (EXPI4_P, EXPI4_Q), (EXPI5_P, EXPI5_Q), (EXPI6_P, EXPI6_Q),
    (EXPI7_P, EXPI7_Q),
)  # fmt: skip
"""From 2, from 4, from 8, and so on up to 64."""
E1_SERIES = (
    -8.677337204770125e-18, 1.6537983849091297e-16, -2.9871733327421158e-15, 5.0981091545465446e-14,
    -8.193389712664089e-13, 1.2353110643708935e-11, -1.7397297489890083e-10, 2.27746439867652e-09,
    -2.755731922398589e-08, 3.0619243582206544e-07, -3.1001984126984127e-06, 2.834467120181406e-05,
    -0.0002314814814814815, 0.0016666666666666668, -0.010416666666666666, 0.05555555555555555, -0.25, 1.0, 0.0,
)  # fmt: skip
"""`(-1)**(k + 1) / (k k!)`, the power series of the exponential integral below 0."""
E1_DECAY = (
    7.7211730629576945e-19, 1.9180866301112135e-18, 4.9899616519743245e-18, 1.2407903097726667e-17,
    3.402500091202205e-17, 8.263153846691172e-17, 2.4856648220534434e-16, 5.5754607643578855e-16,
    1.992148815013435e-15, 3.647060613875213e-15, 1.8061305202331017e-14, 1.9976803734972913e-14,
    1.9034983784207435e-13, 1.921631896960905e-14, 2.350337637930449e-12, -2.330605548854824e-12,
    3.344891116610805e-11, -6.525881950383355e-11, 5.340360951053552e-10, -1.430990110218307e-09,
    9.367192724736652e-09, -2.997531758156375e-08, 1.794013017306885e-07, -6.424367330990174e-07,
    3.8005682780246923e-06, -1.4795052892102334e-05, 9.295514456059183e-05, -0.0003907636762266594,
    0.0029498916375537004, -0.013589634127867593, 0.19877948214947017, 1.6243390958583401,
)  # fmt: skip
"""The Chebyshev series of `x exp(x) E1(x)` in `(x - 4) / (x + 2)`, for `x` from 1 on."""


@composite(
    Pure(),
    jax="jax.scipy.special.expi(x)",
    numpy="scipy.special.expi(x)",
)
@in_float32
def expi(x: Value) -> Value:
    """The exponential integral: the integral of `exp(t) / t` from minus infinity to `x`."""
    real_float(x)
    return where(less(x, number(x, 0)), negative(_e1(negative(clamped(x, high=0)))), _above_zero(clamped(x, low=0)))


def _above_zero(x: Value) -> Value:
    small = clamped(x, high=2)
    found = plus(add(multiply(small, ratio(small, EXPI1_P, EXPI1_Q)), log(small)), EULER)
    w = reciprocal(clamped(x, low=2))
    scale = multiply(exp(x), w)
    for power, polynomials in enumerate(EXPI, 1):
        near = clamped(w, 0 if power == len(EXPI) else 0.5 ** (power + 1), 0.5**power)
        value = multiply(scale, plus(multiply(near, ratio(near, *polynomials)), 1))
        found = where(greater(x, number(x, 2.0**power)), value, found)
    return where(equal(x, number(x, inf)), x, found)


def _e1(x: Value) -> Value:
    """Minus the exponential integral at `-x`, for `x` not below 0."""
    small = clamped(x, high=1)
    near = plus(subtract(polynomial(small, E1_SERIES), log(small)), -EULER)
    far = clamped(x, low=1)
    y = subtract(number(x, 2), times(reciprocal(plus(far, 2)), 12))
    decay = divide(multiply(exp(negative(far)), chebyshev(y, E1_DECAY)), far)
    return where(less_equal(x, number(x, 1)), near, decay)


# Dawson's integral by the ratios of Cody, Paciorek and Thacher (1970)

DAWSN_NEAR_P = (
    1.1368149897175597e-11, 8.492622676674738e-10, 1.9443420417555306e-08, 9.531517412544844e-07,
    3.078283098749132e-06, 0.00035251336852028877, -0.0008501498467244109, 0.04226182230055466,
    -0.09174803717734524, 1.0,
)  # fmt: skip
DAWSN_NEAR_Q = (
    2.403720730667626e-11, 1.488646813684934e-09, 5.212652810105416e-08, 1.2725847827318697e-06,
    2.324902498207895e-05, 0.00032552474182605793, 0.003488058146571626, 0.027944853119882897,
    0.15887424196012057, 0.5749186294893204, 1.0,
)  # fmt: skip
DAWSN_MIDDLE_P = (
    0.5089551564179009, -0.24475441814269785, 0.09415123353035344, -0.021871125514203903, 0.003662076123295692,
    -0.0004232091144603888, 3.5964130479389666e-05, -2.1464035171996896e-06, 9.100107800763914e-08,
    -2.4027452082825098e-09, 3.592333854409284e-11,
)  # fmt: skip
DAWSN_MIDDLE_Q = (
    1.0, -0.6318398698733682, 0.2367067882282487, -0.053180636700322324, 0.008480417185862954,
    -0.0009479967684866654, 7.810255929445524e-05, -4.558751532524426e-06, 1.8910035811142186e-07,
    -4.913246913319206e-09, 7.184664032357345e-11,
)  # fmt: skip
DAWSN_FAR_P = (
    -0.5905928605347732, 0.6292352427243688, -0.17285897538038814, 0.016483704782518965, -0.0004868276130204627,
)  # fmt: skip
DAWSN_FAR_Q = (
    1.0, -2.698200571975449, 1.7327079904594784, -0.3937085822819395, 0.03442789240412334,
    -0.0009736552260409412,
)  # fmt: skip


@composite(
    Pure(),
    jax="jax.scipy.special.dawsn(x)",
    tensorflow="tf.math.special.dawsn(x)",
    numpy="scipy.special.dawsn(x)",
)
@in_float32
def dawsn(x: Value) -> Value:
    """The Dawson's integral: `exp(-x**2)` times the integral of `exp(t**2)` from 0 to `x`."""
    real_float(x)
    size = abs(x)
    near = clamped(x, -3.25, 3.25)
    w = reciprocal(where(less(size, number(x, 3.25)), number(x, 3.25), x))
    half, z = times(w, 0.5), square(w)
    middle = clamped(z, 6.25**-2)
    middle = multiply(half, plus(multiply(middle, ratio(middle, DAWSN_MIDDLE_P, DAWSN_MIDDLE_Q)), 1))
    last = clamped(z, high=6.25**-2)
    last = multiply(half, plus(multiply(last, ratio(last, DAWSN_FAR_P, DAWSN_FAR_Q)), 1))
    far = where(less(size, number(x, 6.25)), middle, last)
    below = multiply(near, ratio(square(near), DAWSN_NEAR_P, DAWSN_NEAR_Q))
    return where(less(size, number(x, 3.25)), below, far)


SPENCE_P = (
    4.6512858607399003e-05, 0.007315890452380947, 0.13384763957830903, 0.8796913117545303, 2.7114985119655346,
    4.256971560081218, 3.297713409852251, 1.0,
)  # fmt: skip
SPENCE_Q = (
    0.0006909904889125533, 0.02540437639325444, 0.2829748606025681, 1.4117259775183106, 3.6380053334513707,
    5.03278880143317, 3.547713409852251, 1.0,
)  # fmt: skip
"""Of Cephes' spence.c."""


@composite(
    Pure(),
    jax="jax.scipy.special.spence(x)",
    tensorflow="tf.math.special.spence(x)",
    numpy="scipy.special.spence(x)",
)
@in_float32
def spence(x: Value) -> Value:
    """The Spence's integral, of `log(t) / (1 - t)` from 1 to `x`."""
    real_float(x)
    large = greater(x, number(x, 2))
    z = where(large, reciprocal(clamped(x, low=2)), x)
    high, low = greater(z, number(x, 1.5)), less(z, number(x, 0.5))
    w = where(high, plus(reciprocal(clamped(z, low=1.5)), -1), where(low, negative(z), plus(z, -1)))
    y = negative(multiply(w, ratio(w, SPENCE_P, SPENCE_Q)))
    small = clamped(z, high=0.5)
    logarithms = multiply(log(small), log(plus(negative(small), 1)))
    y = where(low, subtract(number(x, pi**2 / 6), add(logarithms, y)), y)
    y = where(logical_or(large, high), subtract(times(square(log(z)), -0.5), y), y)
    y = where(equal(x, number(x, 0)), number(x, pi**2 / 6), y)
    return where(less(x, number(x, 0)), number(x, nan), y)


# Fresnel's integrals: coefficients of Cephes' fresnl.c

FRESNEL_SIN_P = (
    -2991.8191940101983, 708840.0452577386, -62974148.62058625, 2548908805.7337637, -44297951805.96978,
    318016297876.5678,
)  # fmt: skip
FRESNEL_SIN_Q = (
    1.0, 281.3762688899943, 45584.78108065326, 5173438.887700964, 419320245.8981112, 22441179564.534092,
    607366389490.0846,
)  # fmt: skip
FRESNEL_COS_P = (
    -4.9884311457357354e-08, 9.504280628298596e-06, -0.0006451914356839651, 0.018884331939670384,
    -0.20552590095501388, 1.0,
)  # fmt: skip
FRESNEL_COS_Q = (
    3.99982968972496e-12, 9.154392157746574e-10, 1.2500186247959882e-07, 1.2226278902417902e-05,
    0.0008680295429417843, 0.04121420907221998, 1.0,
)  # fmt: skip
FRESNEL_F_P = (
    0.4215435550436775, 0.1434079197807589, 0.011522095507358577, 0.000345017939782574, 4.6361374928786735e-06,
    3.055689837902576e-08, 1.0230451416490724e-10, 1.7201074326816183e-13, 1.3428327623306275e-16,
    3.763297112699879e-20,
)  # fmt: skip
FRESNEL_F_Q = (
    1.0, 0.7515863983533789, 0.11688892585919138, 0.0064405152650885865, 0.00015593440916415301,
    1.8462756734893055e-06, 1.1269922476399903e-08, 3.6014002958937136e-11, 5.887545336215784e-14,
    4.5200143407412973e-17, 1.2544323709001127e-20,
)  # fmt: skip
FRESNEL_G_P = (
    0.5044420736433832, 0.1971028335255234, 0.018764858409257526, 0.0006840793809153931, 1.1513882611188428e-05,
    9.828524436884223e-08, 4.4534441586175015e-10, 1.0826804113902088e-12, 1.375554606332618e-15,
    8.363544356306774e-19, 1.8695871016278324e-22,
)  # fmt: skip
FRESNEL_G_Q = (
    1.0, 1.4749575992512833, 0.33774898912002, 0.02536037414203388, 0.0008146791071843061,
    1.2754507566772912e-05, 1.0431458965757199e-07, 4.6068072814652043e-10, 1.1027321506624028e-12,
    1.3879653125957886e-15, 8.391588162831187e-19, 1.8695871016278324e-22,
)  # fmt: skip


@composite(
    Pure(),
    jax="jax.scipy.special.fresnel(x)[1]",
    tensorflow="tf.math.special.fresnel_cos(x)",
    numpy="scipy.special.fresnel(x)[1]",
)
@in_float32
def fresnel_cos(x: Value) -> Value:
    """The Fresnel integral of `cos(pi t**2 / 2)` from 0 to `x`."""
    real_float(x)
    near = clamped(x, -1.6, 1.6)
    below = multiply(near, ratio(square(square(near)), FRESNEL_COS_P, FRESNEL_COS_Q))
    f, g, sine, cosine = _spiral(x)
    return _fresnel(x, below, subtract(multiply(f, sine), multiply(g, cosine)))


@composite(
    Pure(),
    jax="jax.scipy.special.fresnel(x)[0]",
    tensorflow="tf.math.special.fresnel_sin(x)",
    numpy="scipy.special.fresnel(x)[0]",
)
@in_float32
def fresnel_sin(x: Value) -> Value:
    """The Fresnel integral of `sin(pi t**2 / 2)` from 0 to `x`."""
    real_float(x)
    near = clamped(x, -1.6, 1.6)
    cubed = multiply(square(near), near)
    below = multiply(cubed, ratio(square(square(near)), FRESNEL_SIN_P, FRESNEL_SIN_Q))
    f, g, sine, cosine = _spiral(x)
    return _fresnel(x, below, negative(add(multiply(f, cosine), multiply(g, sine))))


def _fresnel(x: Value, near: Value, turn: Value) -> Value:
    """`near` up to 1.6, from there on a spiral around one half, with the sign of `x`."""
    size = abs(x)
    far = plus(divide(turn, times(clamped(size, low=1.6), pi)), 0.5)
    far = where(isinf(x), number(x, 0.5), far)
    far = where(less(x, number(x, 0)), negative(far), far)
    return where(less(size, number(x, 1.6)), near, far)


def _spiral(x: Value) -> tuple[Value, Value, Value, Value]:
    """The auxiliary functions f and g, and the sine and cosine of `pi x**2 / 2`, for `x` from 1.6 on."""
    size = clamped(abs(x), low=1.6)
    t = reciprocal(times(square(clamped(size, high=36974.0)), pi))
    u = square(t)
    f = plus(negative(multiply(u, ratio(u, FRESNEL_F_P, FRESNEL_F_Q))), 1)
    g = multiply(t, ratio(u, FRESNEL_G_P, FRESNEL_G_Q))
    s = fmod(size, number(x, 2))
    angle = times(fmod(multiply(s, subtract(size, times(s, 0.5))), number(x, 2)), pi)
    return f, g, sin(angle), cos(angle)
