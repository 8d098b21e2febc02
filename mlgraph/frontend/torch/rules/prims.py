"""Torch's `prims`: what decompositions into reference code end in. Each is an ATen op under another name."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import to
from mlgraph.frontend.torch.rules.registry import RULES

SAME = (
    "abs acos acosh asin asinh atan atan2 atanh bitwise_and bitwise_not bitwise_or bitwise_xor ceil cos cosh digamma eq"
    " erf erfc exp exp2 expm1 floor fmax fmin fmod ge gt hypot isfinite le lgamma log log10 log1p log2 lt maximum"
    " minimum ne neg nextafter pow reciprocal remainder round rsqrt sign signbit sin sinh sqrt tan tanh trunc where"
).split()
"""Prims with the name of an ATen op."""

OTHER = {
    "add": "add.Tensor",
    "sub": "sub.Tensor",
    "mul": "mul.Tensor",
    "div": "div.Tensor",
    "erf_inv": "erfinv.default",
    "shift_left": "bitwise_left_shift.Tensor",
    "shift_right_arithmetic": "bitwise_right_shift.Tensor",
    "clone": "clone.default",
    "conj": "conj.default",
    "real": "real.default",
    "imag": "imag.default",
    "transpose": "permute.default",
    "bessel_i0": "i0.default",
    "bessel_i0e": "special_i0e.default",
    "bessel_i1": "special_i1.default",
    "bessel_i1e": "special_i1e.default",
    "bessel_j0": "special_bessel_j0.default",
    "bessel_j1": "special_bessel_j1.default",
    "spherical_bessel_j0": "special_spherical_bessel_j0.default",
    "erfcx": "special_erfcx.default",
    "ndtri": "special_ndtri.default",
    "zeta": "special_zeta.default",
    "igamma": "igamma.default",
    "igammac": "igammac.default",
}
"""Prims under another name than ATen's."""


def first(*names: str) -> Any:
    return next((RULES[f"aten.{name}"].function for name in names if f"aten.{name}" in RULES), None)


def declare() -> None:
    """Add every prim whose ATen op has a rule."""
    for name in SAME:
        if (found := first(f"{name}.default", f"{name}.Tensor", f"{name}.self", f"{name}.Tensor_Tensor")) is not None:
            RULES.add(f"prims.{name}.default", found)
    for name, aten in OTHER.items():
        if (found := first(aten)) is not None:
            RULES.add(f"prims.{name}.default", found)


def convert_element_type(out: Out, x: SSAValue, dtype: Any) -> SSAValue:
    return to(x, out.dtype)


def reshape(out: Out, x: SSAValue, shape: Any) -> SSAValue:
    return ivy.reshape(x, shape)


def squeeze(out: Out, x: SSAValue, dimensions: Any) -> SSAValue:
    return ivy.squeeze(x, tuple(dimensions))


def iota(out: Out, length: Any, *, start: Any, step: Any, **ignored: Any) -> SSAValue:
    counted = ivy.iota((length,), out.dtype)
    stepped = counted if step == 1 else ivy.multiply(counted, to(step, out.dtype))
    return stepped if start == 0 else ivy.add(stepped, to(start, out.dtype))


RULES.add("prims.convert_element_type.default", convert_element_type)
RULES.add("prims.reshape.default", reshape)
RULES.add("prims.squeeze.default", squeeze)
RULES.add("prims.iota.default", iota)

declare()
