"""The gradient of each operation of a kernel.

A rule takes the gradient of the result, the result and the operands, and gives the gradient of each operand, None where
there is none. Unused operations that a rule builds are dropped later. Formulas and subgradients are those of torch's
autograd, rounding apart: the derivative of a kernel is what torch computes for the unfused operations.
"""

from collections.abc import Callable
from math import log, pi, sqrt
from typing import TypeAlias, TypeVar

from xdsl.dialects import arith, math
from xdsl.ir import Operation

from mlgraph.dialects import scalar
from mlgraph.transforms.differentiate_kernel.scalars import Scalar, built, converted, where

Gradients: TypeAlias = Scalar | tuple[Scalar | None, ...]
"""Of one operand, or of each."""
Rule = TypeVar("Rule", bound=Callable[..., Gradients])

RULES: dict[type[Operation], Callable[..., Gradients]] = {}
"""The rules by operation; one without a rule has no gradient."""

NO_GRADIENT = (math.FloorOp, math.CeilOp, math.TruncOp, math.RoundEvenOp, arith.ConstantOp, arith.BitcastOp)
"""Operations that give floats, but are constant almost everywhere or cut the gradient off."""


def gradient_of(op: type[Operation]) -> Callable[[Rule], Rule]:
    """Declare the rule of an operation."""

    def register(rule: Rule) -> Rule:
        RULES[op] = rule
        return rule

    return register


# Arithmetic


@gradient_of(arith.AddfOp)
def add(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    return g, g


@gradient_of(arith.SubfOp)
def subtract(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    return g, -g


@gradient_of(arith.MulfOp)
def multiply(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    return g * b, g * a


@gradient_of(arith.DivfOp)
def divide(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    return g / b, -g * (a / b / b)


@gradient_of(math.FmaOp)
def fma(g: Scalar, y: Scalar, a: Scalar, b: Scalar, c: Scalar) -> Gradients:
    return g * b, g * a, g


@gradient_of(arith.NegfOp)
def negative(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return -g


@gradient_of(math.AbsFOp)
def absolute(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    """Give no gradient at 0, nor of nan."""
    return g * where(x > 0, x.like(1), where(x < 0, x.like(-1), 0))


@gradient_of(arith.MaximumfOp)
def maximum(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    """Give half to each operand where they are equal, and all to both beside nan."""
    half = where(a.equals(b), g * 0.5, g)
    return where(a < b, 0, half), where(a > b, 0, half)


@gradient_of(arith.MinimumfOp)
def minimum(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    """Give half to each operand where they are equal, and all to both beside nan."""
    half = where(a.equals(b), g * 0.5, g)
    return where(a > b, 0, half), where(a < b, 0, half)


@gradient_of(math.CopySignOp)
def copysign(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    return g * where(a.equals(0), 0, y / a), None


@gradient_of(arith.SelectOp)
def select(g: Scalar, y: Scalar, condition: Scalar, a: Scalar, b: Scalar) -> Gradients:
    """Give 0 to the branch that is not taken, even if the gradient is infinite."""
    return None, where(condition, g, 0), where(condition, 0, g)


@gradient_of(arith.ExtFOp)
@gradient_of(arith.TruncFOp)
def convert(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return converted(g, x.type)


# Powers, exponents and logarithms


@gradient_of(math.SqrtOp)
def square_root(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (y * 2)


@gradient_of(math.RsqrtOp)
def rsqrt(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * -0.5 * (y * y * y)


@gradient_of(math.CbrtOp)
def cbrt(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (y * y * 3)


@gradient_of(math.PowFOp)
def power(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    """Give no gradient where the exponent is 0, nor by it where the base is 0 and it is not negative."""
    log_a = built(math.LogOp(a.value))
    by_exponent = g * where(a.equals(0) & (b >= 0), 0, y * log_a)
    if b.constant == 2:
        return g * (a * 2), by_exponent
    lower = b - 1 if b.constant is None else b.like(b.constant - 1)
    by_base = g * (b * built(math.PowFOp(a.value, lower.value)))
    return where(b.equals(0), 0, by_base), by_exponent


@gradient_of(math.ExpOp)
def exp(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * y


@gradient_of(math.Exp2Op)
def exp2(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * y * log(2)


@gradient_of(math.ExpM1Op)
def expm1(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * (y + 1)


@gradient_of(math.LogOp)
def logarithm(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / x


@gradient_of(math.Log1pOp)
def log1p(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (x + 1)


@gradient_of(math.Log2Op)
def log2(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (x * log(2))


@gradient_of(math.Log10Op)
def log10(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (x * log(10))


# Trigonometric and hyperbolic functions


@gradient_of(math.SinOp)
def sin(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.CosOp(x.value))


@gradient_of(math.CosOp)
def cos(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * -built(math.SinOp(x.value))


@gradient_of(math.TanOp)
def tan(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * (y * y + 1)


@gradient_of(math.AsinOp)
def asin(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.RsqrtOp((1 - x * x).value))


@gradient_of(math.AcosOp)
def acos(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * -built(math.RsqrtOp((1 - x * x).value))


@gradient_of(math.AtanOp)
def atan(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (x * x + 1)


@gradient_of(math.Atan2Op)
def atan2(g: Scalar, y: Scalar, a: Scalar, b: Scalar) -> Gradients:
    """Give no gradient at the origin."""
    square = a * a + b * b
    reciprocal = where(square.equals(0), 0, 1 / square)
    return g * (b * reciprocal), g * (-a * reciprocal)


@gradient_of(math.SinhOp)
def sinh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.CoshOp(x.value))


@gradient_of(math.CoshOp)
def cosh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.SinhOp(x.value))


@gradient_of(math.TanhOp)
def tanh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * (1 - y * y)


@gradient_of(math.AsinhOp)
def asinh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.RsqrtOp((x * x + 1).value))


@gradient_of(math.AcoshOp)
def acosh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * built(math.RsqrtOp((x * x - 1).value))


@gradient_of(math.AtanhOp)
def atanh(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g / (1 - x * x)


# Special functions


@gradient_of(math.ErfOp)
def erf(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return built(math.ExpOp((-(x * x)).value)) * (2 / sqrt(pi)) * g


@gradient_of(scalar.ErfcOp)
def erfc(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return built(math.ExpOp((-(x * x)).value)) * (-2 / sqrt(pi)) * g


@gradient_of(scalar.SigmoidOp)
def sigmoid(g: Scalar, y: Scalar, x: Scalar) -> Gradients:
    return g * (1 - y) * y
