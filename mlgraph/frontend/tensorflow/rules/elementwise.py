# pyright: basic
"""Operations that give one element for each."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_constant, literal
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, SIGNED, DType, dtype_of, i1, i32
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import broadcast_shapes, dtype, rank, shape_of
from mlgraph.dialects.parameters import Value, Values
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Node, Traced, has_sizes
from mlgraph.frontend.tensorflow.rules.helpers import is_floating, to
from mlgraph.frontend.tensorflow.rules.registry import renamed, rule

renamed(
    {
        "Abs": ivy.abs,
        "Acos": ivy.acos,
        "Acosh": ivy.acosh,
        "Add": ivy.add,
        "AddV2": ivy.add,
        "Asin": ivy.asin,
        "Asinh": ivy.asinh,
        "Atan": ivy.atan,
        "Atan2": ivy.atan2,
        "Atanh": ivy.atanh,
        "BitwiseAnd": ivy.bitwise_and,
        "BitwiseOr": ivy.bitwise_or,
        "BitwiseXor": ivy.bitwise_xor,
        "Ceil": ivy.ceil,
        "Conj": ivy.conj,
        "Cos": ivy.cos,
        "Cosh": ivy.cosh,
        "Digamma": ivy.digamma,
        "Elu": ivy.elu,
        "Erf": ivy.erf,
        "Erfc": ivy.erfc,
        "Erfinv": ivy.erfinv,
        "Exp": ivy.exp,
        "Expm1": ivy.expm1,
        "Floor": ivy.floor,
        "FloorDiv": ivy.floor_divide,
        "FloorMod": ivy.remainder,
        "Greater": ivy.greater,
        "GreaterEqual": ivy.greater_equal,
        "Invert": ivy.bitwise_invert,
        "IsFinite": ivy.isfinite,
        "IsInf": ivy.isinf,
        "IsNan": ivy.isnan,
        "LeftShift": ivy.bitwise_left_shift,
        "Less": ivy.less,
        "LessEqual": ivy.less_equal,
        "Lgamma": ivy.lgamma,
        "Log": ivy.log,
        "Log1p": ivy.log1p,
        "LogicalAnd": ivy.logical_and,
        "LogicalNot": ivy.logical_not,
        "LogicalOr": ivy.logical_or,
        "Maximum": ivy.maximum,
        "Minimum": ivy.minimum,
        "Mod": ivy.fmod,
        "Mul": ivy.multiply,
        "Neg": ivy.negative,
        "NextAfter": ivy.nextafter,
        "Pow": ivy.pow,
        "RealDiv": ivy.divide,
        "Relu": ivy.relu,
        "RightShift": ivy.bitwise_right_shift,
        "Rint": ivy.round,
        "Round": ivy.round,
        "Rsqrt": ivy.rsqrt,
        "SelectV2": ivy.where,
        "Sigmoid": ivy.sigmoid,
        "Sign": ivy.sign,
        "Sin": ivy.sin,
        "Sinh": ivy.sinh,
        "Softplus": ivy.softplus,
        "Sqrt": ivy.sqrt,
        "Square": ivy.square,
        "Sub": ivy.subtract,
        "Tan": ivy.tan,
        "Tanh": ivy.tanh,
        "TruncateMod": ivy.fmod,
        "SquaredDifference": lambda x, y: squared_difference(x, y),
        "Softsign": lambda x: ivy.divide(x, ivy.add(number(x, 1), ivy.abs(x))),
        "Relu6": lambda x: ivy.minimum(ivy.relu(x), number(x, 6)),
        "ClipByValue": lambda x, low, high: ivy.maximum(ivy.minimum(x, high), low),
        "DivNoNan": lambda x, y: unless_zero(y, lambda y: ivy.divide(x, y), 1),
        "MulNoNan": lambda x, y: unless_zero(y, lambda y: ivy.multiply(x, y), 0),
        "Xdivy": lambda x, y: where_not_zero(x, ivy.divide(x, y)),
        "Xlogy": lambda x, y: where_not_zero(x, ivy.multiply(x, ivy.log(y))),
        "Xlog1py": lambda x, y: where_not_zero(x, ivy.multiply(x, ivy.log1p(y))),
        "ReluGrad": lambda dy, y: ivy.where(ivy.greater(y, number(y, 0)), dy, number(dy, 0)),
        "SigmoidGrad": lambda y, dy: ivy.multiply(dy, ivy.multiply(y, ivy.subtract(number(y, 1), y))),
        "TanhGrad": lambda y, dy: ivy.multiply(dy, ivy.subtract(number(y, 1), ivy.multiply(y, y))),
        "SqrtGrad": lambda y, dy: ivy.divide(ivy.multiply(dy, number(y, 0.5)), y),
        "RsqrtGrad": lambda y, dy: ivy.multiply(ivy.multiply(dy, number(y, -0.5)), ivy.multiply(y, ivy.multiply(y, y))),
        "InvGrad": lambda y, dy: ivy.negative(ivy.multiply(dy, ivy.multiply(y, y))),
        "ReciprocalGrad": lambda y, dy: ivy.negative(ivy.multiply(dy, ivy.multiply(y, y))),
        "SoftplusGrad": lambda dy, x: ivy.multiply(dy, ivy.sigmoid(x)),
    }
)


def squared_difference(x: Value, y: Value) -> Value:
    difference = ivy.subtract(x, y)
    if dtype(x) in COMPLEX:
        return ivy.multiply(ivy.conj(difference), difference)
    return ivy.square(difference)


def is_zero(x: Value) -> Value:
    return ivy.equal(x, number(x, 0))


def unless_zero(y: Value, function: object, safe: int) -> Value:
    """Return `function` of `y`, and 0 where `y` is 0, even against infinity and NaN."""
    kept = ivy.where(is_zero(y), number(y, safe), y)
    found = function(kept)  # type: ignore[operator]
    return ivy.where(is_zero(y), number(found, 0), found)


def where_not_zero(x: Value, found: Value) -> Value:
    return ivy.where(is_zero(x), number(found, 0), found)


@rule("Inv", "Reciprocal")
def reciprocal(x: Value) -> Value:
    return ivy.reciprocal(x) if is_floating(x) or dtype(x) in COMPLEX else truncated_quotient(number(x, 1), x)


@rule("TruncateDiv", "Div")
def truncated_quotient(x: Value, y: Value, *, node: Node | None = None) -> Value:
    """`Div` of floats is exact; the quotient of integers loses its fraction."""
    if dtype(x) in FLOATS or dtype(x) in COMPLEX:
        exact = ivy.divide(x, y)
        return ivy.trunc(exact) if node is not None and node.name == "TruncateDiv" else exact
    quotient = ivy.floor_divide(x, y)
    if dtype(x) not in SIGNED:
        return quotient
    zero = number(x, 0)
    inexact = ivy.not_equal(ivy.remainder(x, y), zero)
    opposite = ivy.not_equal(ivy.less(x, zero), ivy.less(y, zero))
    return ivy.add(quotient, to(ivy.logical_and(inexact, opposite), dtype(x)))


def comparison(function: Callable[[Value, Value], Value], otherwise: bool) -> Callable[..., Value]:
    """tensorflow gives one answer for shapes that do not fit; where that shows only at run time it is an error here."""

    def compare(x: Value, y: Value, *, incompatible_shape_error: bool) -> Value:
        try:
            broadcast_shapes(shape_of(x), shape_of(y))
        except ValueError:
            if not incompatible_shape_error:
                return literal(otherwise, i1)
        return function(x, y)

    return compare


rule("Equal")(comparison(ivy.equal, False))
rule("NotEqual")(comparison(ivy.not_equal, True))


@rule("ApproximateEqual")
def approximate_equal(x: Value, y: Value, *, tolerance: float) -> Value:
    return ivy.less(ivy.abs(ivy.subtract(x, y)), number(x, tolerance))


@rule("Cast")
def cast(x: Traced, *, DstT: DType, Truncate: bool, importer: FuncGraphImporter) -> Value:
    if Truncate:
        raise Unsupported("that truncates")
    if x.value is None and x.elements is not None and x.elements.ndim == 0 and has_sizes(x.elements):
        size: Any = x.elements[()]
        return ivy.from_size((size,), DstT)
    return to(importer.value(x), DstT)


@rule("Select")
def select(condition: Value, x: Value, y: Value) -> Value:
    """A vector of conditions chooses rows."""
    if rank(condition) == 1 and rank(x) > 1:
        condition = ivy.expand_dims(condition, tuple(range(1, rank(x))))
    return ivy.where(condition, x, y)


@rule("AddN", "AccumulateNV2", ignores="shape")
def add_n(inputs: Values) -> Value:
    total, *rest = inputs
    for x in rest:
        total = ivy.add(total, x)
    return total


@rule("Complex")
def complex_(real: Value, imag: Value, *, Tout: DType) -> Value:
    return ivy.complex(real, imag)


@rule("Real")
def real(x: Value, *, Tout: DType) -> Value:
    return ivy.real(x) if dtype(x) in COMPLEX else x


@rule("Imag")
def imag(x: Value, *, Tout: DType) -> Value:
    return ivy.imag(x)


@rule("Angle")
def angle(x: Value, *, Tout: DType) -> Value:
    return ivy.atan2(ivy.imag(x), ivy.real(x))


@rule("ComplexAbs")
def complex_abs(x: Value, *, Tout: DType) -> Value:
    return ivy.abs(x)


@rule("LeakyRelu")
def leaky_relu(x: Value, *, alpha: float) -> Value:
    return ivy.leaky_relu(x, alpha)


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@rule("Selu")
def selu(x: Value) -> Value:
    return ivy.multiply(number(x, SELU_SCALE), ivy.elu(x, SELU_ALPHA))


@rule("Relu6Grad")
def relu6_grad(dy: Value, y: Value) -> Value:
    inside = ivy.logical_and(ivy.greater(y, number(y, 0)), ivy.less(y, number(y, 6)))
    return ivy.where(inside, dy, number(dy, 0))


@rule("LeakyReluGrad")
def leaky_relu_grad(dy: Value, x: Value, *, alpha: float) -> Value:
    return ivy.where(ivy.greater(x, number(x, 0)), dy, ivy.multiply(dy, number(dy, alpha)))


@rule("EluGrad")
def elu_grad(dy: Value, y: Value) -> Value:
    return ivy.where(ivy.less(y, number(y, 0)), ivy.multiply(dy, ivy.add(y, number(y, 1))), dy)


@rule("SeluGrad")
def selu_grad(dy: Value, y: Value) -> Value:
    below = ivy.multiply(dy, ivy.add(y, number(y, SELU_SCALE * SELU_ALPHA)))
    return ivy.where(ivy.less(y, number(y, 0)), below, ivy.multiply(dy, number(dy, SELU_SCALE)))


@rule("SoftsignGrad")
def softsign_grad(dy: Value, x: Value) -> Value:
    return ivy.divide(dy, ivy.square(ivy.add(number(x, 1), ivy.abs(x))))


@rule("Ndtri")
def ndtri(x: Value) -> Value:
    """The inverse of the normal distribution function."""
    centered = ivy.subtract(ivy.multiply(x, number(x, 2)), number(x, 1))
    return ivy.multiply(ivy.erfinv(centered), number(x, sqrt(2)))


@rule("Bucketize")
def bucketize(x: Value, *, boundaries: tuple[float, ...], node: Node) -> Value:
    if not is_floating(x):
        raise Unsupported("of integers")
    edges = array_constant(f"{node.op.name}_boundaries", np.asarray(boundaries, dtype_of(dtype(x))))
    return ivy.searchsorted(edges, x, i32, "right")
