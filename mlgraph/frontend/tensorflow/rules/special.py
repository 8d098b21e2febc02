# pyright: basic
"""Special functions."""

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.parameters import Value
from mlgraph.frontend.tensorflow.rules.registry import renamed, rule

renamed(
    {
        "BesselI0e": ivy.i0e,
        "BesselI1e": ivy.i1e,
        "BesselI0": lambda x: ivy.multiply(ivy.i0e(x), ivy.exp(ivy.abs(x))),
        "BesselI1": lambda x: ivy.multiply(ivy.i1e(x), ivy.exp(ivy.abs(x))),
        "BesselJ0": ivy.bessel_j0,
        "BesselJ1": ivy.bessel_j1,
        "BesselY0": ivy.bessel_y0,
        "BesselY1": ivy.bessel_y1,
        "BesselK0e": ivy.bessel_k0e,
        "BesselK1e": ivy.bessel_k1e,
        "BesselK0": lambda x: ivy.multiply(ivy.bessel_k0e(x), ivy.exp(ivy.negative(x))),
        "BesselK1": lambda x: ivy.multiply(ivy.bessel_k1e(x), ivy.exp(ivy.negative(x))),
        "Betainc": ivy.betainc,
        "Dawsn": ivy.dawsn,
        "Expint": ivy.expi,
        "FresnelCos": ivy.fresnel_cos,
        "FresnelSin": ivy.fresnel_sin,
        "Igamma": ivy.gammainc,
        "Igammac": ivy.gammaincc,
        "Spence": ivy.spence,
        "Zeta": ivy.zeta,
    }
)


@rule("Polygamma")
def polygamma(a: Value, x: Value) -> Value:
    """The derivative of order `a` of the digamma function: `(-1)**(a + 1) * a! * zeta(a + 1, x)`."""
    zero, one, two = (number(a, n) for n in (0, 1, 2))
    sign = ivy.subtract(ivy.multiply(ivy.remainder(a, two), two), one)
    order = ivy.add(a, one)
    found = ivy.multiply(ivy.multiply(sign, ivy.exp(ivy.lgamma(order))), ivy.zeta(order, x))
    return ivy.where(ivy.equal(a, zero), ivy.digamma(x), found)
