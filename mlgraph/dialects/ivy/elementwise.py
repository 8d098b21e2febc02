"""Elementwise operations: one result element for each element of the broadcast operands.

Names and meaning are the array API standard's where it has the function. Operands have one element type.
"""

import numpy as np
from xdsl.traits import Commutative, Pure

from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, HALF_PRECISION, INTEGERS, NAME_OF, c64, c128, dtype_of, f32, f64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import (
    bools,
    broadcast,
    broadcast_float,
    broadcast_shapes,
    common,
    compared,
    dtype,
    floating,
    i1,
    is_complex,
    numbers,
    ordered,
    real_floats,
    real_of,
    reals,
    same,
    shape_of,
    tensor,
    with_dtype,
)
from mlgraph.dialects.parameters import DType, Type, Value


def same_float(x: Value) -> Type:
    """Return the operand's own type, which must be a float or complex type."""
    floating(x)
    return x.type


def same_integer(*xs: Value) -> Type:
    """Return the broadcast of operands of one integer or bool type."""
    if common(*xs) not in (*INTEGERS, i1):
        raise ValueError(f"expected integers or bools, got {NAME_OF[common(*xs)]}")
    return broadcast(*xs)


def compared_in_order(*xs: Value) -> Type:
    """Return a bool type for each element of the broadcast of operands that have an order."""
    ordered(*xs)
    return compared(*xs)


def integers(*xs: Value) -> Type:
    """Return the broadcast of operands of one integer type."""
    if common(*xs) == i1:
        raise ValueError("expected integers, got bool")
    return same_integer(*xs)


def part_of(x: Value) -> Type:
    """Return the real type of a complex operand."""
    if not is_complex(dtype(x)):
        raise ValueError(f"expected complex numbers, got {NAME_OF[dtype(x)]}")
    return with_dtype(x, real_of(dtype(x)))


def test_of(x: Value) -> Type:
    """Return a bool type for each element."""
    return with_dtype(x, i1)


def integer_bounds(dtype: DType) -> tuple[int, int]:
    """Return the least and the greatest number of an integer type."""
    info = np.iinfo(dtype_of(dtype))
    return int(info.min), int(info.max)


# Arithmetic


@op(
    Pure(),
    Commutative(),
    torch="torch.add(x1, x2)",
    jax="jnp.add(x1, x2)",
    tensorflow="tf.add(x1, x2)",
    numpy="np.add(x1, x2)",
)
def add(x1: Value, x2: Value) -> Type:
    """`x1 + x2`; integers wrap, bools give their or."""
    return broadcast(x1, x2)


@op(
    Pure(),
    torch="torch.sub(x1, x2)",
    jax="jnp.subtract(x1, x2)",
    tensorflow="tf.subtract(x1, x2)",
    numpy="np.subtract(x1, x2)",
)
def subtract(x1: Value, x2: Value) -> Type:
    """`x1 - x2`; integers wrap."""
    return numbers(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.mul(x1, x2)",
    jax="jnp.multiply(x1, x2)",
    tensorflow="tf.multiply(x1, x2)",
    numpy="np.multiply(x1, x2)",
)
def multiply(x1: Value, x2: Value) -> Type:
    """`x1 * x2`; integers wrap, bools give their and."""
    return broadcast(x1, x2)


@op(
    Pure(),
    torch="torch.div(x1, x2)",
    jax="jnp.divide(x1, x2)",
    tensorflow="tf.divide(x1, x2)",
    numpy="np.divide(x1, x2)",
)
def divide(x1: Value, x2: Value) -> Type:
    """`x1 / x2` of floats."""
    return broadcast_float(x1, x2)


@op(
    Pure(),
    torch="torch.floor_divide(x1, x2)",
    jax="jnp.floor_divide(x1, x2)",
    tensorflow="tf.math.floordiv(x1, x2)",
    numpy="np.floor_divide(x1, x2)",
)
def floor_divide(x1: Value, x2: Value) -> Type:
    """The largest whole number not above `x1 / x2`, as Python's `//`."""
    return reals(x1, x2)


@op(
    Pure(),
    torch="torch.remainder(x1, x2)",
    jax="jnp.remainder(x1, x2)",
    tensorflow="tf.math.floormod(x1, x2)",
    numpy="np.remainder(x1, x2)",
)
def remainder(x1: Value, x2: Value) -> Type:
    """`x1 - x2 * floor(x1 / x2)`, with the sign of `x2`, as Python's `%`."""
    return reals(x1, x2)


@op(
    Pure(),
    torch="torch.fmod(x1, x2)",
    jax="jnp.fmod(x1, x2)",
    tensorflow="tf.truncatemod(x1, x2)",
    numpy="np.fmod(x1, x2)",
)
def fmod(x1: Value, x2: Value) -> Type:
    """The remainder with the sign of `x1`, as C's `fmod`."""
    return reals(x1, x2)


@op(Pure(), torch="torch.pow(x1, x2)", jax="jnp.power(x1, x2)", tensorflow="tf.pow(x1, x2)", numpy="np.power(x1, x2)")
def pow(x1: Value, x2: Value) -> Type:
    """`x1` to the power `x2`."""
    return numbers(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.maximum(x1, x2)",
    jax="jnp.maximum(x1, x2)",
    tensorflow="tf.maximum(x1, x2)",
    numpy="np.maximum(x1, x2)",
)
def maximum(x1: Value, x2: Value) -> Type:
    """The larger of the two; NaN if either is NaN."""
    return ordered(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.minimum(x1, x2)",
    jax="jnp.minimum(x1, x2)",
    tensorflow="tf.minimum(x1, x2)",
    numpy="np.minimum(x1, x2)",
)
def minimum(x1: Value, x2: Value) -> Type:
    """The smaller of the two; NaN if either is NaN."""
    return ordered(x1, x2)


@op(
    Pure(),
    torch="torch.atan2(x1, x2)",
    jax="jnp.arctan2(x1, x2)",
    tensorflow="tf.atan2(x1, x2)",
    numpy="np.arctan2(x1, x2)",
)
def atan2(x1: Value, x2: Value) -> Type:
    """The angle of the point (`x2`, `x1`) in radians, in [-pi, pi]."""
    return real_floats(x1, x2)


@op(Pure(), torch="torch.hypot(x1, x2)", jax="jnp.hypot(x1, x2)", numpy="np.hypot(x1, x2)")
def hypot(x1: Value, x2: Value) -> Type:
    """`sqrt(x1**2 + x2**2)` without undue overflow."""
    return real_floats(x1, x2)


@op(Pure(), torch="torch.copysign(x1, x2)", jax="jnp.copysign(x1, x2)", numpy="np.copysign(x1, x2)")
def copysign(x1: Value, x2: Value) -> Type:
    """`x1` with the sign of `x2`, that of zeros included."""
    return real_floats(x1, x2)


@op(
    Pure(),
    torch="torch.nextafter(x1, x2)",
    jax="jnp.nextafter(x1, x2)",
    tensorflow="tf.math.nextafter(x1, x2)",
    numpy="np.nextafter(x1, x2)",
)
def nextafter(x1: Value, x2: Value) -> Type:
    """The next float after `x1` towards `x2`."""
    return real_floats(x1, x2)


@op(Pure(), torch="torch.logaddexp(x1, x2)", jax="jnp.logaddexp(x1, x2)", numpy="np.logaddexp(x1, x2)")
def logaddexp(x1: Value, x2: Value) -> Type:
    """`log(exp(x1) + exp(x2))` without overflow."""
    return real_floats(x1, x2)


@op(Pure(), torch="torch.Tensor.detach(x)", jax="lax.stop_gradient(x)", tensorflow="tf.stop_gradient(x)")
def stop_gradient(x: Value) -> Type:
    """`x`, through which no gradient flows. numpy, which has no gradients, needs no call for it."""
    return same(x)


@op(jax="lax.optimization_barrier(x)", tensorflow="tf.identity(x)")
def optimization_barrier(x: Value) -> Type:
    """`x`, of which no pass knows more than its type: `stablehlo.optimization_barrier`."""
    return same(x)


@op(Pure(), torch="torch.abs(x)", jax="jnp.abs(x)", tensorflow="tf.abs(x)", numpy="np.abs(x)")
def abs(x: Value) -> Type:
    """The absolute value; the modulus, a real, of a complex number."""
    numbers(x)
    return with_dtype(x, real_of(dtype(x)))


@op(Pure(), torch="torch.neg(x)", jax="jnp.negative(x)", tensorflow="tf.negative(x)", numpy="np.negative(x)")
def negative(x: Value) -> Type:
    """`-x`; unsigned integers wrap."""
    return numbers(x)


@op(Pure(), jax="jnp.sign(x)", tensorflow="tf.sign(x)", numpy="np.sign(x)")
def sign(x: Value) -> Type:
    """-1, 0 or 1; NaN of NaN; `x / abs(x)` of a complex number."""
    return numbers(x)


@op(Pure(), torch="torch.square(x)", jax="jnp.square(x)", tensorflow="tf.square(x)", numpy="np.square(x)")
def square(x: Value) -> Type:
    """`x * x`."""
    return numbers(x)


@op(
    Pure(),
    torch="torch.reciprocal(x)",
    jax="jnp.reciprocal(x)",
    tensorflow="tf.math.reciprocal(x)",
    numpy="np.reciprocal(x)",
)
def reciprocal(x: Value) -> Type:
    """`1 / x`."""
    return same_float(x)


@op(Pure(), torch="torch.sqrt(x)", jax="jnp.sqrt(x)", tensorflow="tf.sqrt(x)", numpy="np.sqrt(x)")
def sqrt(x: Value) -> Type:
    """The square root; NaN below 0."""
    return same_float(x)


@op(
    Pure(),
    torch="torch.rsqrt(x)",
    jax="lax.rsqrt(x)",
    tensorflow="tf.math.rsqrt(x)",
    numpy="np.reciprocal(np.sqrt(x))",
)
def rsqrt(x: Value) -> Type:
    """`1 / sqrt(x)`."""
    return same_float(x)


@op(Pure(), torch="torch.floor(x)", jax="jnp.floor(x)", tensorflow="tf.floor(x)", numpy="np.floor(x)")
def floor(x: Value) -> Type:
    """The largest whole number not above `x`."""
    return reals(x)


@op(Pure(), torch="torch.ceil(x)", jax="jnp.ceil(x)", tensorflow="tf.math.ceil(x)", numpy="np.ceil(x)")
def ceil(x: Value) -> Type:
    """The smallest whole number not below `x`."""
    return reals(x)


@op(Pure(), torch="torch.trunc(x)", jax="jnp.trunc(x)", numpy="np.trunc(x)")
def trunc(x: Value) -> Type:
    """`x` without its fraction."""
    return reals(x)


@op(Pure(), torch="torch.round(x)", jax="jnp.round(x)", tensorflow="tf.round(x)", numpy="np.round(x)")
def round(x: Value) -> Type:
    """The nearest whole number, halves to the even one."""
    return reals(x)


# Exponents and logarithms


@op(Pure(), torch="torch.exp(x)", jax="jnp.exp(x)", tensorflow="tf.exp(x)", numpy="np.exp(x)")
def exp(x: Value) -> Type:
    """e to the power `x`."""
    return same_float(x)


@op(Pure(), torch="torch.exp2(x)", jax="jnp.exp2(x)", numpy="np.exp2(x)")
def exp2(x: Value) -> Type:
    """2 to the power `x`."""
    return real_floats(x)


@op(Pure(), torch="torch.expm1(x)", jax="jnp.expm1(x)", tensorflow="tf.math.expm1(x)", numpy="np.expm1(x)")
def expm1(x: Value) -> Type:
    """`exp(x) - 1`, accurate near 0."""
    return same_float(x)


@op(Pure(), torch="torch.log(x)", jax="jnp.log(x)", tensorflow="tf.math.log(x)", numpy="np.log(x)")
def log(x: Value) -> Type:
    """The natural logarithm."""
    return same_float(x)


@op(Pure(), torch="torch.log1p(x)", jax="jnp.log1p(x)", tensorflow="tf.math.log1p(x)", numpy="np.log1p(x)")
def log1p(x: Value) -> Type:
    """`log(1 + x)`, accurate near 0."""
    return same_float(x)


@op(Pure(), torch="torch.log2(x)", jax="jnp.log2(x)", numpy="np.log2(x)")
def log2(x: Value) -> Type:
    """The logarithm to base 2."""
    return same_float(x)


@op(Pure(), torch="torch.log10(x)", jax="jnp.log10(x)", numpy="np.log10(x)")
def log10(x: Value) -> Type:
    """The logarithm to base 10."""
    return same_float(x)


# Trigonometry, in radians


@op(Pure(), torch="torch.sin(x)", jax="jnp.sin(x)", tensorflow="tf.math.sin(x)", numpy="np.sin(x)")
def sin(x: Value) -> Type:
    """The sine."""
    return same_float(x)


@op(Pure(), torch="torch.cos(x)", jax="jnp.cos(x)", tensorflow="tf.math.cos(x)", numpy="np.cos(x)")
def cos(x: Value) -> Type:
    """The cosine."""
    return same_float(x)


@op(Pure(), torch="torch.tan(x)", jax="jnp.tan(x)", tensorflow="tf.math.tan(x)", numpy="np.tan(x)")
def tan(x: Value) -> Type:
    """The tangent."""
    return same_float(x)


@op(Pure(), torch="torch.asin(x)", jax="jnp.arcsin(x)", tensorflow="tf.math.asin(x)", numpy="np.arcsin(x)")
def asin(x: Value) -> Type:
    """The inverse sine, in [-pi/2, pi/2]."""
    return same_float(x)


@op(Pure(), torch="torch.acos(x)", jax="jnp.arccos(x)", tensorflow="tf.math.acos(x)", numpy="np.arccos(x)")
def acos(x: Value) -> Type:
    """The inverse cosine, in [0, pi]."""
    return same_float(x)


@op(Pure(), torch="torch.atan(x)", jax="jnp.arctan(x)", tensorflow="tf.math.atan(x)", numpy="np.arctan(x)")
def atan(x: Value) -> Type:
    """The inverse tangent, in [-pi/2, pi/2]."""
    return same_float(x)


@op(Pure(), torch="torch.sinh(x)", jax="jnp.sinh(x)", tensorflow="tf.math.sinh(x)", numpy="np.sinh(x)")
def sinh(x: Value) -> Type:
    """The hyperbolic sine."""
    return same_float(x)


@op(Pure(), torch="torch.cosh(x)", jax="jnp.cosh(x)", tensorflow="tf.math.cosh(x)", numpy="np.cosh(x)")
def cosh(x: Value) -> Type:
    """The hyperbolic cosine."""
    return same_float(x)


@op(Pure(), torch="torch.tanh(x)", jax="jnp.tanh(x)", tensorflow="tf.math.tanh(x)", numpy="np.tanh(x)")
def tanh(x: Value) -> Type:
    """The hyperbolic tangent."""
    return same_float(x)


@op(Pure(), torch="torch.asinh(x)", jax="jnp.arcsinh(x)", tensorflow="tf.math.asinh(x)", numpy="np.arcsinh(x)")
def asinh(x: Value) -> Type:
    """The inverse hyperbolic sine."""
    return same_float(x)


@op(Pure(), torch="torch.acosh(x)", jax="jnp.arccosh(x)", tensorflow="tf.math.acosh(x)", numpy="np.arccosh(x)")
def acosh(x: Value) -> Type:
    """The inverse hyperbolic cosine; NaN below 1."""
    return same_float(x)


@op(Pure(), torch="torch.atanh(x)", jax="jnp.arctanh(x)", tensorflow="tf.math.atanh(x)", numpy="np.arctanh(x)")
def atanh(x: Value) -> Type:
    """The inverse hyperbolic tangent."""
    return same_float(x)


# Special functions


@op(
    Pure(),
    torch="torch.erf(x)",
    jax="jax.scipy.special.erf(x)",
    tensorflow="tf.math.erf(x)",
    numpy="scipy.special.erf(x)",
)
def erf(x: Value) -> Type:
    """The error function."""
    return real_floats(x)


@op(
    Pure(),
    torch="torch.erfc(x)",
    jax="jax.scipy.special.erfc(x)",
    tensorflow="tf.math.erfc(x)",
    numpy="scipy.special.erfc(x)",
)
def erfc(x: Value) -> Type:
    """1 minus the error function."""
    return real_floats(x)


@op(
    Pure(),
    torch="torch.erfinv(x)",
    jax="jax.scipy.special.erfinv(x)",
    tensorflow="tf.math.erfinv(x)",
    numpy="scipy.special.erfinv(x)",
)
def erfinv(x: Value) -> Type:
    """The inverse of the error function."""
    return real_floats(x)


@op(
    Pure(),
    torch="torch.lgamma(x)",
    jax="jax.scipy.special.gammaln(x)",
    tensorflow="tf.math.lgamma(x)",
    numpy="scipy.special.gammaln(x)",
)
def lgamma(x: Value) -> Type:
    """The logarithm of the absolute value of the gamma function."""
    return real_floats(x)


@op(
    Pure(),
    torch="torch.digamma(x)",
    jax="jax.scipy.special.digamma(x)",
    tensorflow="tf.math.digamma(x)",
    numpy="scipy.special.digamma(x)",
)
def digamma(x: Value) -> Type:
    """The derivative of `lgamma`."""
    return real_floats(x)


# Comparisons and tests


@op(
    Pure(),
    Commutative(),
    torch="torch.eq(x1, x2)",
    jax="jnp.equal(x1, x2)",
    tensorflow="tf.equal(x1, x2)",
    numpy="np.equal(x1, x2)",
)
def equal(x1: Value, x2: Value) -> Type:
    """`x1 == x2`."""
    return compared(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.ne(x1, x2)",
    jax="jnp.not_equal(x1, x2)",
    tensorflow="tf.not_equal(x1, x2)",
    numpy="np.not_equal(x1, x2)",
)
def not_equal(x1: Value, x2: Value) -> Type:
    """`x1 != x2`."""
    return compared(x1, x2)


@op(Pure(), torch="torch.lt(x1, x2)", jax="jnp.less(x1, x2)", tensorflow="tf.less(x1, x2)", numpy="np.less(x1, x2)")
def less(x1: Value, x2: Value) -> Type:
    """`x1 < x2`."""
    return compared_in_order(x1, x2)


@op(
    Pure(),
    torch="torch.le(x1, x2)",
    jax="jnp.less_equal(x1, x2)",
    tensorflow="tf.less_equal(x1, x2)",
    numpy="np.less_equal(x1, x2)",
)
def less_equal(x1: Value, x2: Value) -> Type:
    """`x1 <= x2`."""
    return compared_in_order(x1, x2)


@op(
    Pure(),
    torch="torch.gt(x1, x2)",
    jax="jnp.greater(x1, x2)",
    tensorflow="tf.greater(x1, x2)",
    numpy="np.greater(x1, x2)",
)
def greater(x1: Value, x2: Value) -> Type:
    """`x1 > x2`."""
    return compared_in_order(x1, x2)


@op(
    Pure(),
    torch="torch.ge(x1, x2)",
    jax="jnp.greater_equal(x1, x2)",
    tensorflow="tf.greater_equal(x1, x2)",
    numpy="np.greater_equal(x1, x2)",
)
def greater_equal(x1: Value, x2: Value) -> Type:
    """`x1 >= x2`."""
    return compared_in_order(x1, x2)


@op(Pure(), torch="torch.isnan(x)", jax="jnp.isnan(x)", tensorflow="tf.math.is_nan(x)", numpy="np.isnan(x)")
def isnan(x: Value) -> Type:
    """True where `x` is NaN."""
    return test_of(x)


@op(Pure(), torch="torch.isinf(x)", jax="jnp.isinf(x)", tensorflow="tf.math.is_inf(x)", numpy="np.isinf(x)")
def isinf(x: Value) -> Type:
    """True where `x` is infinite."""
    return test_of(x)


@op(
    Pure(),
    torch="torch.isfinite(x)",
    jax="jnp.isfinite(x)",
    tensorflow="tf.math.is_finite(x)",
    numpy="np.isfinite(x)",
)
def isfinite(x: Value) -> Type:
    """True where `x` is neither infinite nor NaN."""
    return test_of(x)


# Logic and bits


@op(
    Pure(),
    Commutative(),
    torch="torch.logical_and(x1, x2)",
    jax="jnp.logical_and(x1, x2)",
    tensorflow="tf.math.logical_and(x1, x2)",
    numpy="np.logical_and(x1, x2)",
)
def logical_and(x1: Value, x2: Value) -> Type:
    """True where both are true, of bools."""
    return bools(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.logical_or(x1, x2)",
    jax="jnp.logical_or(x1, x2)",
    tensorflow="tf.math.logical_or(x1, x2)",
    numpy="np.logical_or(x1, x2)",
)
def logical_or(x1: Value, x2: Value) -> Type:
    """True where one is true, of bools."""
    return bools(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.logical_xor(x1, x2)",
    jax="jnp.logical_xor(x1, x2)",
    tensorflow="tf.math.logical_xor(x1, x2)",
    numpy="np.logical_xor(x1, x2)",
)
def logical_xor(x1: Value, x2: Value) -> Type:
    """True where just one is true, of bools."""
    return bools(x1, x2)


@op(
    Pure(),
    torch="torch.logical_not(x)",
    jax="jnp.logical_not(x)",
    tensorflow="tf.math.logical_not(x)",
    numpy="np.logical_not(x)",
)
def logical_not(x: Value) -> Type:
    """True where `x`, a bool, is false."""
    return bools(x)


@op(
    Pure(),
    Commutative(),
    torch="torch.bitwise_and(x1, x2)",
    jax="jnp.bitwise_and(x1, x2)",
    tensorflow="tf.bitwise.bitwise_and(x1, x2)",
    numpy="np.bitwise_and(x1, x2)",
)
def bitwise_and(x1: Value, x2: Value) -> Type:
    """The and of each bit, of integers."""
    return same_integer(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.bitwise_or(x1, x2)",
    jax="jnp.bitwise_or(x1, x2)",
    tensorflow="tf.bitwise.bitwise_or(x1, x2)",
    numpy="np.bitwise_or(x1, x2)",
)
def bitwise_or(x1: Value, x2: Value) -> Type:
    """The or of each bit, of integers."""
    return same_integer(x1, x2)


@op(
    Pure(),
    Commutative(),
    torch="torch.bitwise_xor(x1, x2)",
    jax="jnp.bitwise_xor(x1, x2)",
    tensorflow="tf.bitwise.bitwise_xor(x1, x2)",
    numpy="np.bitwise_xor(x1, x2)",
)
def bitwise_xor(x1: Value, x2: Value) -> Type:
    """The xor of each bit, of integers."""
    return same_integer(x1, x2)


@op(
    Pure(),
    torch="torch.bitwise_not(x)",
    jax="jnp.bitwise_not(x)",
    tensorflow="tf.bitwise.invert(x)",
    numpy="np.bitwise_not(x)",
)
def bitwise_invert(x: Value) -> Type:
    """Each bit turned round, of integers."""
    return same_integer(x)


@op(
    Pure(),
    torch="torch.bitwise_left_shift(x1, x2)",
    jax="jnp.left_shift(x1, x2)",
    tensorflow="tf.bitwise.left_shift(x1, x2)",
    numpy="np.left_shift(x1, x2)",
)
def bitwise_left_shift(x1: Value, x2: Value) -> Type:
    """`x1 << x2`."""
    return integers(x1, x2)


@op(
    Pure(),
    torch="torch.bitwise_right_shift(x1, x2)",
    jax="jnp.right_shift(x1, x2)",
    tensorflow="tf.bitwise.right_shift(x1, x2)",
    numpy="np.right_shift(x1, x2)",
)
def bitwise_right_shift(x1: Value, x2: Value) -> Type:
    """`x1 >> x2`, keeping the sign."""
    return integers(x1, x2)


# Choice and conversion


@op(
    Pure(),
    torch="torch.where(condition, x1, x2)",
    jax="jnp.where(condition, x1, x2)",
    tensorflow="tf.where(condition, x1, x2)",
    numpy="np.where(condition, x1, x2)",
)
def where(condition: Value, x1: Value, x2: Value) -> Type:
    """`x1` where `condition`, a bool, holds, `x2` elsewhere."""
    return tensor(broadcast_shapes(shape_of(condition), shape_of(x1), shape_of(x2)), common(x1, x2))


@op(
    Pure(),
    torch="torch.Tensor.to(x, dtype)",
    jax="jnp.astype(x, dtype)",
    tensorflow="tf.cast(x, dtype)",
    numpy="np.ndarray.astype(x, dtype)",
)
def cast(x: Value, dtype: DType) -> Type:
    """`x` in another element type: floats to integers drop the fraction, numbers to bools test for not zero.

    Integers wrap. A float that an integer type cannot hold, and NaN, gives what the processor gives, as in C: torch,
    tensorflow and numpy do not define it. `saturating_cast` does.
    """
    return tensor(shape_of(x), dtype)


@composite(Pure(), jax="jnp.astype(x, dtype)")
def saturating_cast(x: Value, dtype: DType) -> Value:
    """Floats as integers without the fraction, the nearest where the type has no such number; NaN gives 0."""
    source = common(x)
    if source not in FLOATS or dtype not in INTEGERS:
        raise ValueError(f"expected floats and a type of integers, got {NAME_OF[source]} and {NAME_OF[dtype]}")
    wide = cast(x, f32) if source in HALF_PRECISION else x
    least, greatest = integer_bounds(dtype)
    if int(dtype_of(common(wide)).type(greatest)) == greatest:
        clamped = clip(wide, number(wide, least), number(wide, greatest))
        return cast(where(isnan(wide), number(wide, 0), clamped), dtype)
    above = greater_equal(wide, number(wide, greatest + 1))
    below = less(wide, number(wide, least))
    outside = logical_or(logical_or(above, below), isnan(wide))
    found = cast(where(outside, number(wide, 0), wide), dtype)
    return where(above, literal(greatest, dtype), where(below, literal(least, dtype), found))


@composite(
    Pure(),
    torch="torch.clamp(x, min=low, max=high)",
    jax="jnp.clip(x, min=low, max=high)",
    numpy="np.clip(x, low, high)",
)
def clip(x: Value, low: Value, high: Value) -> Value:
    """`x` clamped between `low` and `high`; `high` wins where `low > high`."""
    reals(x, low, high)
    return minimum(maximum(x, low), high)


# Complex numbers


@op(
    Pure(),
    torch="torch.complex(x1, x2)",
    jax="lax.complex(jnp.broadcast_arrays(x1, x2)[0], jnp.broadcast_arrays(x1, x2)[1])",
    tensorflow="tf.complex(x1, x2)",
    numpy=(
        "np.ndarray.view(np.stack(np.broadcast_arrays(x1, x2), axis=-1), np.result_type(dtype_of(x1), np.complex64))"
        "[..., 0]"
    ),
)
def complex(x1: Value, x2: Value) -> Type:
    """The complex numbers of real parts `x1` and imaginary parts `x2`."""
    if common(x1, x2) not in (f32, f64):
        raise ValueError(f"expected float32 or float64, got {NAME_OF[common(x1, x2)]}")
    return tensor(broadcast_shapes(shape_of(x1), shape_of(x2)), c64 if common(x1, x2) == f32 else c128)


@op(Pure(), torch="torch.real(x)", jax="jnp.real(x)", tensorflow="tf.math.real(x)", numpy="np.real(x)")
def real(x: Value) -> Type:
    """The real part."""
    return part_of(x)


@op(Pure(), torch="torch.imag(x)", jax="jnp.imag(x)", tensorflow="tf.math.imag(x)", numpy="np.imag(x)")
def imag(x: Value) -> Type:
    """The imaginary part."""
    return part_of(x)


@op(Pure(), torch="torch.conj_physical(x)", jax="jnp.conj(x)", tensorflow="tf.math.conj(x)", numpy="np.conj(x)")
def conj(x: Value) -> Type:
    """The complex conjugate."""
    return numbers(x)
