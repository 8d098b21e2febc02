"""Special functions of ATen that few libraries have: Bessel and Airy functions, polynomials, tails of the normal."""

# pyright: basic
from collections.abc import Callable
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.orthogonal import FAMILIES
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import to
from mlgraph.frontend.torch.rules.registry import rule

UNARY: dict[str, Callable[..., SSAValue]] = {
    "special_erfcx": ivy.erfcx,
    "special_log_ndtr": ivy.log_ndtr,
    "special_ndtri": ivy.ndtri,
    "special_scaled_modified_bessel_k0": ivy.bessel_k0e,
    "special_scaled_modified_bessel_k1": ivy.bessel_k1e,
    "special_spherical_bessel_j0": ivy.spherical_bessel_j0,
}
"""One operand, cast to the result's type first."""

NOT_MONIC: dict[str, Callable[..., SSAValue]] = {
    "special_airy_ai": ivy.airy_ai,
    "special_bessel_j0": ivy.bessel_j0,
    "special_bessel_j1": ivy.bessel_j1,
    "special_bessel_y0": ivy.bessel_y0,
    "special_bessel_y1": ivy.bessel_y1,
}
"""The functions whose denominators lack a coefficient in torch."""

for name, op in UNARY.items():
    rule(f"{name}.default")(lambda out, x, op=op: op(to(x, out.dtype)))

for name, op in NOT_MONIC.items():
    rule(f"{name}.default")(lambda out, x, op=op: op(to(x, out.dtype), monic=False))


@rule("special_modified_bessel_k0.default")
def k0(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.multiply(ivy.bessel_k0e(x), ivy.exp(ivy.negative(x)))


@rule("special_modified_bessel_k1.default")
def k1(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.multiply(ivy.bessel_k1e(x), ivy.exp(ivy.negative(x)))


@rule("polygamma.default")
def polygamma(out: Out, n: int, x: SSAValue) -> SSAValue:
    return ivy.polygamma(to(x, out.dtype), n)


def orthogonal(family: str) -> Callable[..., SSAValue]:
    def polynomial(out: Out, x: Any, n: Any) -> SSAValue:
        return ivy.orthogonal_polynomial(to(x, out.dtype), to(n, out.dtype), family)

    return polynomial


for family in FAMILIES:
    rule(*(f"special_{family}.{overload}" for overload in ("default", "n_scalar", "x_scalar")))(orthogonal(family))
