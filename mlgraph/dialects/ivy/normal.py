"""The normal distribution, its tails, and polygamma."""

from math import factorial, pi, sqrt

from xdsl.traits import Pure

from mlgraph.dialects.ivy.approximation import chebyshev, clamped, in_float32, plus, polynomial, times
from mlgraph.dialects.ivy.elementwise import (
    cos,
    digamma,
    divide,
    erfc,
    exp,
    less,
    log,
    log1p,
    negative,
    reciprocal,
    round,
    sin,
    square,
    subtract,
    where,
)
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.special import real_float, zeta
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.parameters import Type, Value

ERFCX = (
    7.418235256624044e-17, -1.2507950530688648e-15, -1.864562880419313e-15, 3.3478119482868056e-14,
    3.25254814814874e-14, -9.65469674843344e-13, 1.9455868545777347e-13, 2.86879501093067e-11,
    -6.318088340886684e-11, -7.754400208831351e-10, 4.521959811218287e-09, 1.076499946567091e-08,
    -2.1886401049234397e-07, 7.74038306619849e-07, 4.13902798607301e-06, -6.916973302501207e-05,
    0.0004907758365258086, -0.002413163540417608, 0.009074997670705265, -0.026658668435305753,
    0.05920993999819189, -0.08424913336651792, -0.004590054580646478, 2.3551578691348034,
)  # fmt: skip
"""The Chebyshev series of `(1 + 2 x) erfcx(x)` in `(x - 3.75) / (x + 3.75)` (after Shepherd and Laframboise, 1981)."""


@composite(Pure(), torch="torch.special.erfcx(x)", numpy="scipy.special.erfcx(x)")
@in_float32
def erfcx(x: Value) -> Value:
    """`exp(x**2) * erfc(x)` without undue overflow."""
    real_float(x)
    low = less(x, number(x, 0))
    size = where(low, negative(x), x)
    y = subtract(number(x, 2), times(reciprocal(plus(size, 3.75)), 15))
    above = divide(chebyshev(y, ERFCX), plus(times(size, 2), 1))
    below = subtract(times(exp(square(clamped(x, high=0))), 2), above)
    return where(low, below, above)


@op(
    Pure(),
    torch="torch.special.ndtri(x)",
    jax="jax.scipy.special.ndtri(x)",
    tensorflow="tf.math.ndtri(x)",
    numpy="scipy.special.ndtri(x)",
)
def ndtri(x: Value) -> Type:
    """The number below which a standard normal one falls with probability `x`; NaN outside of 0 to 1."""
    return real_float(x)


@composite(Pure(), torch="torch.special.log_ndtr(x)", numpy="scipy.special.log_ndtr(x)")
@in_float32
def log_ndtr(x: Value) -> Value:
    """The logarithm of the probability that a standard normal number falls below `x`."""
    real_float(x)
    t = times(x, sqrt(0.5))
    low = clamped(t, high=-sqrt(0.5))
    below = subtract(log(times(erfcx(negative(low)), 0.5)), square(low))
    above = log1p(times(erfc(clamped(t, low=-sqrt(0.5))), -0.5))
    return where(less(x, number(x, -1)), below, above)


@composite(Pure(), torch="torch.special.polygamma(n, x)")
@in_float32
def polygamma(x: Value, n: int) -> Value:
    """The derivative of order `n` of `digamma`. Below a half it is reflected, as few zeta functions go there."""
    real_float(x)
    if n == 0:
        return digamma(x)
    low = less(x, number(x, 0.5))
    high = where(low, subtract(number(x, 1), x), x)
    size = times(zeta(number(x, n + 1), high), float(factorial(n)))
    above = size if n % 2 else negative(size)
    r = subtract(x, round(x))
    turned = divide(cos(times(r, pi)), sin(times(r, pi)))
    poles = times(polynomial(turned, _cotangent(n)), pi ** (n + 1))
    below = subtract(above if n % 2 == 0 else negative(above), poles)
    return where(low, below, above)


def _cotangent(n: int) -> list[float]:
    """The derivative of order `n` of the cotangent as a polynomial in the cotangent, the highest power first."""
    rising = [0, 1]
    for _ in range(n):
        slope = [power * c for power, c in enumerate(rising)][1:]
        rising = [-(a + b) for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return [float(c) for c in reversed(rising)]
