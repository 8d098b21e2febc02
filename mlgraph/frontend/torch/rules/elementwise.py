"""Elementwise ATen ops. Operands are cast to torch's own result type before the ivy op."""

# pyright: basic
from collections.abc import Callable
from functools import wraps
from math import inf, log
from typing import Any

import torch
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import ArrayOp, LiteralOp
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, HALF_PRECISION, INTEGERS, f32, i1
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import is_number, to
from mlgraph.frontend.torch.rules.registry import rule

UNARY: dict[str, Callable[..., SSAValue]] = {
    "acos": ivy.acos,
    "acosh": ivy.acosh,
    "asin": ivy.asin,
    "asinh": ivy.asinh,
    "atan": ivy.atan,
    "atanh": ivy.atanh,
    "ceil": ivy.ceil,
    "cos": ivy.cos,
    "cosh": ivy.cosh,
    "digamma": ivy.digamma,
    "erf": ivy.erf,
    "erfc": ivy.erfc,
    "erfinv": ivy.erfinv,
    "exp": ivy.exp,
    "expm1": ivy.expm1,
    "floor": ivy.floor,
    "hardswish": ivy.hardswish,
    "lgamma": ivy.lgamma,
    "log": ivy.log,
    "log10": ivy.log10,
    "log1p": ivy.log1p,
    "log2": ivy.log2,
    "neg": ivy.negative,
    "positive": lambda x: x,
    "reciprocal": ivy.reciprocal,
    "relu": ivy.relu,
    "round": ivy.round,
    "rsqrt": ivy.rsqrt,
    "sin": ivy.sin,
    "sinh": ivy.sinh,
    "special_digamma": ivy.digamma,
    "special_erf": ivy.erf,
    "special_erfc": ivy.erfc,
    "special_erfinv": ivy.erfinv,
    "special_expm1": ivy.expm1,
    "special_gammaln": ivy.lgamma,
    "special_log1p": ivy.log1p,
    "special_round": ivy.round,
    "sqrt": ivy.sqrt,
    "square": ivy.square,
    "tan": ivy.tan,
    "tanh": ivy.tanh,
    "trunc": ivy.trunc,
    "fix": ivy.trunc,
}
"""One operand, cast to the result's type first (integers become floats where torch does so)."""

ROUNDING = ("ceil", "floor", "round", "trunc", "fix", "special_round")

TESTS: dict[str, Callable[..., SSAValue]] = {"isnan": ivy.isnan, "isinf": ivy.isinf, "isfinite": ivy.isfinite}

ARITHMETIC: dict[str, Callable[..., SSAValue]] = {
    "atan2": ivy.atan2,
    "copysign": ivy.copysign,
    "div": ivy.divide,
    "divide": ivy.divide,
    "true_divide": ivy.divide,
    "floor_divide": ivy.floor_divide,
    "fmod": ivy.fmod,
    "gcd": ivy.gcd,
    "hypot": ivy.hypot,
    "logaddexp": ivy.logaddexp,
    "nextafter": ivy.nextafter,
    "remainder": ivy.remainder,
}
"""Two operands, both cast to the result's type."""

COMPARISONS: dict[str, Callable[..., SSAValue]] = {
    "eq": ivy.equal,
    "ne": ivy.not_equal,
    "lt": ivy.less,
    "le": ivy.less_equal,
    "gt": ivy.greater,
    "ge": ivy.greater_equal,
}
"""Two operands, both cast to torch's common type; the result is bool."""

LOGIC: dict[str, Callable[..., SSAValue]] = {
    "logical_and": ivy.logical_and,
    "logical_or": ivy.logical_or,
    "logical_xor": ivy.logical_xor,
}
BITS: dict[str, tuple[Callable[..., SSAValue], Callable[..., SSAValue]]] = {
    "bitwise_and": (ivy.bitwise_and, ivy.logical_and),
    "bitwise_or": (ivy.bitwise_or, ivy.logical_or),
    "bitwise_xor": (ivy.bitwise_xor, ivy.logical_xor),
    "__and__": (ivy.bitwise_and, ivy.logical_and),
    "__or__": (ivy.bitwise_or, ivy.logical_or),
    "__xor__": (ivy.bitwise_xor, ivy.logical_xor),
}
"""Two operands of integers, or of bools."""


OVERLOADS = ("Tensor", "Scalar", "default", "Tensor_Tensor", "Tensor_Scalar", "Scalar_Tensor", "Scalar_self")


def overloads(name: str) -> list[str]:
    """Return the overloads of two operands that torch has under a name."""
    there = getattr(torch.ops.aten, name).overloads()
    return [f"{name}.{overload}" for overload in OVERLOADS if overload in there]


def held(function: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    """Compute in single precision where a number is given that halves cannot hold, as torch computes with numbers."""

    @wraps(function)
    def chosen(out: Out, *arguments: Any, **keywords: Any) -> SSAValue:
        if out.dtype not in HALF_PRECISION or not any(map(is_too_large, arguments)):
            return function(out, *arguments, **keywords)
        wide = [x if is_number(x) else to(x, f32) for x in arguments]
        return to(function(Out(out.val.float(), out.arguments), *wide, **keywords), out.dtype)

    return chosen


def is_too_large(x: Any) -> bool:
    """Return whether `x` is a finite number beyond those of halves."""
    return is_number(x) and not isinstance(x, complex) and torch.finfo(torch.float16).max < abs(x) < inf


def unary(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    return lambda out, x: op(to(x, out.dtype))


def rounding(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    return lambda out, x: x if dtype(x) in INTEGERS else op(x)


def binary(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    return held(lambda out, x, y: op(to(x, out.dtype), to(y, out.dtype)))


def comparison(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    def compare(out: Out, x: Any, y: Any) -> SSAValue:
        common = out.promoted()
        return op(to(x, common), to(y, common))

    return compare


def logic(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    return lambda out, x, y: op(to(x, i1), to(y, i1))


def bits(op: Callable[..., SSAValue], of_bools: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    def choose(out: Out, x: Any, y: Any) -> SSAValue:
        chosen = of_bools if out.dtype == i1 else op
        return chosen(to(x, out.dtype), to(y, out.dtype))

    return choose


for name, op in UNARY.items():
    rule(f"{name}.default")(rounding(op) if name in ROUNDING else unary(op))
for name, op in TESTS.items():
    rule(f"{name}.default")(lambda out, x, op=op: op(x if dtype(x) in (*FLOATS, *COMPLEX) else to(x, f32)))
for name, op in ARITHMETIC.items():
    rule(*overloads(name))(binary(op))
for name, op in COMPARISONS.items():
    rule(*overloads(name))(comparison(op))
for name, op in LOGIC.items():
    rule(*overloads(name))(logic(op))
for name, ops in BITS.items():
    rule(*overloads(name))(bits(*ops))


@rule("add.Tensor", "add.Scalar")
@held
def add(out: Out, x: Any, y: Any, *, alpha: Any = 1) -> SSAValue:
    if out.dtype == i1:
        return ivy.logical_or(to(x, i1), to(y if alpha else False, i1))
    return ivy.add(to(x, out.dtype), scaled(to(y, out.dtype), alpha))


@rule("sub.Tensor", "sub.Scalar", "subtract.Tensor")
@held
def sub(out: Out, x: Any, y: Any, alpha: Any = 1) -> SSAValue:
    return ivy.subtract(to(x, out.dtype), scaled(to(y, out.dtype), alpha))


@rule("rsub.Scalar", "rsub.Tensor")
@held
def rsub(out: Out, x: Any, y: Any, alpha: Any = 1) -> SSAValue:
    return ivy.subtract(to(y, out.dtype), scaled(to(x, out.dtype), alpha))


def scaled(x: SSAValue, factor: Any) -> SSAValue:
    """Return `factor * x`, `x` itself for 1."""
    return x if is_number(factor) and factor == 1 else ivy.multiply(x, to(factor, dtype(x)))


@rule("mul.Tensor", "mul.Scalar", "multiply.Tensor")
@held
def mul(out: Out, x: Any, y: Any) -> SSAValue:
    op = ivy.logical_and if out.dtype == i1 else ivy.multiply
    return op(to(x, out.dtype), to(y, out.dtype))


@rule("maximum.default", "max.other")
def maximum(out: Out, x: Any, y: Any) -> SSAValue:
    op = ivy.logical_or if out.dtype == i1 else ivy.maximum
    return op(to(x, out.dtype), to(y, out.dtype))


@rule("minimum.default", "min.other")
def minimum(out: Out, x: Any, y: Any) -> SSAValue:
    op = ivy.logical_and if out.dtype == i1 else ivy.minimum
    return op(to(x, out.dtype), to(y, out.dtype))


@rule("div.Tensor_mode", "div.Scalar_mode")
def div_mode(out: Out, x: Any, y: Any, rounding_mode: str | None = None) -> SSAValue:
    a, b = to(x, out.dtype), to(y, out.dtype)
    if rounding_mode == "floor":
        return ivy.floor_divide(a, b)
    if rounding_mode is None:
        return ivy.divide(a, b)
    if out.dtype in FLOATS:
        return ivy.trunc(ivy.divide(a, b))
    quotient = ivy.floor_divide(a, b)
    rest = ivy.not_equal(ivy.multiply(quotient, b), a)
    opposite = ivy.less(ivy.bitwise_xor(a, b), number(a, 0))
    return ivy.add(quotient, to(ivy.logical_and(rest, opposite), out.dtype))


@rule("pow.Tensor_Scalar")
def pow_to_scalar(out: Out, x: Any, y: Any) -> SSAValue:
    """A half is the square root, which differs from the power at minus infinity."""
    if y == 0.5 and out.dtype in FLOATS:
        return ivy.sqrt(to(x, out.dtype))
    return ivy.pow(to(x, out.dtype), to(y, out.dtype))


@rule("pow.Scalar", "pow.Tensor_Tensor")
def pow_(out: Out, x: Any, y: Any) -> SSAValue:
    return ivy.pow(to(x, out.dtype), to(y, out.dtype))


@rule("abs.default")
def abs_(out: Out, x: SSAValue) -> SSAValue:
    return x if dtype(x) == i1 else ivy.abs(x)


@rule("sign.default", "sgn.default")
def sign(out: Out, x: SSAValue) -> SSAValue:
    """torch gives 0 for NaN, other frameworks NaN."""
    if dtype(x) == i1:
        return x
    if dtype(x) in INTEGERS:
        return ivy.sign(x)
    return ivy.where(ivy.isnan(x), number(x, 0), ivy.sign(x))


@rule("signbit.default")
def signbit(out: Out, x: SSAValue) -> SSAValue:
    if dtype(x) in FLOATS:
        return ivy.less(ivy.copysign(number(x, 1), x), number(x, 0))
    return ivy.less(to(x, dtype(x)), number(x, 0))


@rule("sigmoid.default", "special_expit.default")
def sigmoid(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    if out.dtype not in COMPLEX:
        return ivy.sigmoid(x)
    return ivy.reciprocal(ivy.add(ivy.exp(ivy.negative(x)), number(x, 1)))


@rule("lcm.default")
def lcm(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    a, b = to(x, out.dtype), to(y, out.dtype)
    common = ivy.gcd(a, b)
    parts = ivy.floor_divide(a, ivy.maximum(common, number(common, 1)))
    return ivy.abs(ivy.multiply(parts, b))


@rule("silu.default")
def silu(out: Out, x: SSAValue) -> SSAValue:
    return ivy.multiply(x, sigmoid(out, x)) if out.dtype in COMPLEX else ivy.silu(x)


@rule("exp2.default", "special_exp2.default")
def exp2(out: Out, x: SSAValue) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.exp(ivy.multiply(x, number(x, log(2)))) if out.dtype in COMPLEX else ivy.exp2(x)


@rule("nan_to_num.default")
def nan_to_num(out: Out, x: SSAValue, nan: Any = None, posinf: Any = None, neginf: Any = None) -> SSAValue:
    """By default 0 for NaN and the largest finite numbers for infinities; complex numbers part by part."""
    if out.dtype in COMPLEX:
        parts = (nan_to_num(Out(out.val.real, ()), part, nan, posinf, neginf) for part in (ivy.real(x), ivy.imag(x)))
        return ivy.complex(*parts)
    if out.dtype not in FLOATS:
        return x
    bounds = torch.finfo(out.val.dtype)
    found = ivy.where(ivy.isnan(x), number(x, 0.0 if nan is None else nan), x)
    found = ivy.where(ivy.equal(x, number(x, inf)), number(x, bounds.max if posinf is None else posinf), found)
    return ivy.where(ivy.equal(x, number(x, -inf)), number(x, bounds.min if neginf is None else neginf), found)


@rule("frexp.Tensor")
def frexp(out: Out, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    return ivy.frexp(x)


@rule("frac.default")
def frac(out: Out, x: SSAValue) -> SSAValue:
    return ivy.subtract(x, ivy.trunc(x))


@rule("logical_not.default")
def logical_not(out: Out, x: SSAValue) -> SSAValue:
    return ivy.logical_not(to(x, i1))


@rule("bitwise_not.default")
def bitwise_not(out: Out, x: SSAValue) -> SSAValue:
    return ivy.logical_not(x) if dtype(x) == i1 else ivy.bitwise_invert(x)


@rule(*overloads("bitwise_left_shift"), *overloads("__lshift__"))
def left_shift(out: Out, x: Any, y: Any) -> SSAValue:
    return ivy.bitwise_left_shift(to(x, out.dtype), to(y, out.dtype))


@rule(*overloads("bitwise_right_shift"), *overloads("__rshift__"))
def right_shift(out: Out, x: Any, y: Any) -> SSAValue:
    return ivy.bitwise_right_shift(to(x, out.dtype), to(y, out.dtype))


@rule("where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar")
def where(out: Out, condition: SSAValue, x: Any, y: Any) -> SSAValue:
    return ivy.where(to(condition, i1), to(x, out.dtype), to(y, out.dtype))


@rule("masked_fill.Scalar", "masked_fill.Tensor")
def masked_fill(out: Out, x: SSAValue, mask: SSAValue, value: Any) -> SSAValue:
    return ivy.where(mask, to(value, out.dtype), x)


@rule("clamp.default", "clamp.Tensor", "clip.default", "clip.Tensor")
def clamp(out: Out, x: SSAValue, min: Any = None, max: Any = None) -> SSAValue:
    x = to(x, out.dtype)
    if min is not None and max is not None:
        return ivy.clip(x, to(min, out.dtype), to(max, out.dtype))
    return clamp_min(out, x, min) if min is not None else clamp_max(out, x, max)


@rule("clamp_min.default", "clamp_min.Tensor")
def clamp_min(out: Out, x: SSAValue, min: Any) -> SSAValue:
    return ivy.maximum(to(x, out.dtype), to(min, out.dtype))


@rule("clamp_max.default", "clamp_max.Tensor")
def clamp_max(out: Out, x: SSAValue, max: Any) -> SSAValue:
    return ivy.minimum(to(x, out.dtype), to(max, out.dtype))


@rule("fmax.default")
def fmax(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    a, b = to(x, out.dtype), to(y, out.dtype)
    if out.dtype not in FLOATS:
        return ivy.maximum(a, b)
    return ivy.where(ivy.isnan(a), b, ivy.where(ivy.isnan(b), a, ivy.maximum(a, b)))


@rule("fmin.default")
def fmin(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    a, b = to(x, out.dtype), to(y, out.dtype)
    if out.dtype not in FLOATS:
        return ivy.minimum(a, b)
    return ivy.where(ivy.isnan(a), b, ivy.where(ivy.isnan(b), a, ivy.minimum(a, b)))


@rule("_to_copy.default", "to.dtype", "to.dtype_layout", "to.device", "to.other", "type_as.default")
def to_copy(out: Out, x: SSAValue, *ignored: Any, **keywords: Any) -> SSAValue:
    """A change of element type; device, layout and memory format are not the IR's concern."""
    return to(x, out.dtype)


@rule(
    "clone.default",
    "alias.default",
    "contiguous.default",
    "lift_fresh_copy.default",
    "lift_fresh.default",
    "resolve_conj.default",
    "resolve_neg.default",
)
def clone(out: Out, x: SSAValue, *, memory_format: Any = None) -> SSAValue:
    """A copy: values never change, so it is `x` itself."""
    return x


@rule("detach.default")
def detach(out: Out, x: SSAValue) -> SSAValue:
    constant = isinstance(x.owner, LiteralOp | ArrayOp) or not (dtype(x) in FLOATS or dtype(x) in COMPLEX)
    return x if constant else ivy.stop_gradient(x)


@rule("gelu.default")
def gelu(out: Out, x: SSAValue, *, approximate: str = "none") -> SSAValue:
    return ivy.gelu(x, approximate=approximate == "tanh")


@rule("elu.default")
def elu(out: Out, x: SSAValue, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> SSAValue:
    if scale == 1 and input_scale == 1:
        return ivy.elu(x, float(alpha))
    below = ivy.multiply(number(x, alpha * scale), ivy.expm1(ivy.multiply(x, number(x, input_scale))))
    return ivy.where(ivy.greater(x, number(x, 0)), ivy.multiply(x, number(x, scale)), below)


@rule("leaky_relu.default")
def leaky_relu(out: Out, x: SSAValue, negative_slope: float = 0.01) -> SSAValue:
    return ivy.leaky_relu(x, float(negative_slope))


@rule("hardtanh.default")
def hardtanh(out: Out, x: SSAValue, min_val: float = -1, max_val: float = 1) -> SSAValue:
    if dtype(x) in FLOATS:
        return ivy.hardtanh(x, float(min_val), float(max_val))
    return ivy.clip(x, number(x, min_val), number(x, max_val))


@rule("relu6.default")
def relu6(out: Out, x: SSAValue) -> SSAValue:
    return hardtanh(out, x, 0, 6)


@rule("softplus.default")
def softplus(out: Out, x: SSAValue, beta: float = 1, threshold: float = 20) -> SSAValue:
    scaled_x = scaled(x, beta)
    smooth = ivy.softplus(scaled_x)
    smooth = smooth if beta == 1 else ivy.divide(smooth, number(x, beta))
    return ivy.where(ivy.greater(scaled_x, number(x, threshold)), x, smooth)


@rule("real.default")
def real(out: Out, x: SSAValue) -> SSAValue:
    return ivy.real(x) if dtype(x) in COMPLEX else x


@rule("imag.default")
def imag(out: Out, x: SSAValue) -> SSAValue:
    return ivy.imag(x)


@rule("conj.default", "_conj.default", "conj_physical.default", "_conj_physical.default")
def conj(out: Out, x: SSAValue) -> SSAValue:
    return ivy.conj(x) if dtype(x) in COMPLEX else x
