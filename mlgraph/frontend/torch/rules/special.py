"""Special functions of ATen, and norms."""

import math
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, HALF_PRECISION, f32
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axes, to
from mlgraph.frontend.torch.rules.registry import rule


@rule("special_i0e.default")
def i0e(out: Out, x: SSAValue) -> SSAValue:
    return ivy.i0e(to(x, out.dtype))


@rule("special_i1e.default")
def i1e(out: Out, x: SSAValue) -> SSAValue:
    return ivy.i1e(to(x, out.dtype))


@rule("i0.default", "special_i0.default", "special_modified_bessel_i0.default")
def i0(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.multiply(ivy.i0e(x), ivy.exp(ivy.abs(x)))


@rule("special_i1.default", "special_modified_bessel_i1.default")
def i1(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.multiply(ivy.i1e(x), ivy.exp(ivy.abs(x)))


@rule("special_zeta.default", "special_zeta.self_scalar", "special_zeta.other_scalar")
def zeta(out: Out, x: Any, y: Any) -> SSAValue:
    return ivy.zeta(to(x, out.dtype), to(y, out.dtype))


@rule("igamma.default", "special_gammainc.default")
def igamma(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.gammainc(to(x, out.dtype), to(y, out.dtype))


@rule("igammac.default", "special_gammaincc.default")
def igammac(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.gammaincc(to(x, out.dtype), to(y, out.dtype))


@rule("ldexp.Tensor")
def ldexp(out: Out, x: SSAValue, other: SSAValue) -> SSAValue:
    return ivy.multiply(to(x, out.dtype), ivy.pow(number(to(x, out.dtype), 2), to(other, out.dtype)))


@rule("round.decimals")
def round_decimals(out: Out, x: SSAValue, *, decimals: int = 0) -> SSAValue:
    if dtype(x) not in FLOATS:
        return x
    if decimals == 0:
        return ivy.round(x)
    scale = number(x, 10.0 ** abs(decimals))
    if decimals > 0:
        return ivy.divide(ivy.round(ivy.multiply(x, scale)), scale)
    return ivy.multiply(ivy.round(ivy.divide(x, scale)), scale)


def is_complex(x: SSAValue) -> bool:
    return dtype(x) in COMPLEX


@rule("linalg_vector_norm.default")
def vector_norm(
    out: Out, x: SSAValue, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> SSAValue:
    over = axes(dim, rank(x))
    absolute = ivy.abs(to(x, dtype) if dtype is not None else x)
    absolute = to(absolute, out.dtype)
    if rank(x) == 0 and ord != 0:
        return absolute
    if ord == math.inf:
        return ivy.max(absolute, over, keepdim)
    if ord == -math.inf:
        return ivy.min(absolute, over, keepdim)
    if ord == 0:
        return ivy.sum(to(ivy.not_equal(absolute, number(absolute, 0)), out.dtype), over, keepdim)
    if ord == 1:
        return ivy.sum(absolute, over, keepdim)
    if ord == 2:
        return ivy.vector_norm(absolute if is_complex(x) else to(x, out.dtype), over, keepdim)
    wide = to(absolute, f32) if out.dtype in HALF_PRECISION else absolute
    powers = ivy.sum(ivy.pow(wide, number(wide, float(ord))), over, keepdim)
    return to(ivy.pow(powers, number(wide, 1 / ord)), out.dtype)
