"""Reductions and scans: many elements to one along axes.

The result has the operand's element type unless the operation says otherwise: a frontend casts first where its
framework accumulates in a wider type.
"""

from xdsl.traits import Pure

from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.ivy.elementwise import equal, sqrt, square, where
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import (
    bools,
    dtype,
    floating,
    normal_axis,
    numbers,
    ordered,
    real_floats,
    real_of,
    reduced,
    reduced_shape,
    same,
    shape_of,
    tensor,
)
from mlgraph.dialects.parameters import Ints, Type, Value


def reduced_float(x: Value, axis: Ints | None, keepdims: bool) -> Type:
    floating(x)
    return reduced(x, axis, keepdims)


def reduced_bool(x: Value, axis: Ints | None, keepdims: bool) -> Type:
    bools(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.sum(x, dim=axis, keepdim=keepdims or None, dtype=integer_dtype(x))",
    jax="jnp.sum(x, axis=axis, keepdims=keepdims or None, dtype=integer_dtype(x))",
    tensorflow="tf.reduce_sum(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.sum(x, axis=axis, keepdims=keepdims or None, dtype=integer_dtype(x))",
)
def sum(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """The sum over `axis`, or over every axis; integers wrap."""
    numbers(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    jax="jnp.prod(x, axis=axis, keepdims=keepdims or None, dtype=integer_dtype(x))",
    tensorflow="tf.reduce_prod(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.prod(x, axis=axis, keepdims=keepdims or None, dtype=integer_dtype(x))",
)
def prod(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """The product over `axis`, or over every axis; integers wrap."""
    numbers(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.mean(x, dim=axis, keepdim=keepdims or None)",
    jax="jnp.mean(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_mean(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.mean(x, axis=axis, keepdims=keepdims or None)",
)
def mean(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """The arithmetic mean of floats over `axis`, or over every axis; NaN of nothing."""
    return reduced_float(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.var(x, dim=axis, correction=correction, keepdim=keepdims or None)",
    jax="jnp.var(x, axis=axis, ddof=correction, keepdims=keepdims or None)",
    numpy="np.var(x, axis=axis, ddof=correction, keepdims=keepdims or None)",
)
def var(x: Value, axis: Ints | None = None, correction: float = 0.0, keepdims: bool = False) -> Type:
    """The variance over `axis`: squared distances from the mean, divided by their number less `correction`."""
    floating(x)
    return reduced(x, axis, keepdims, real_of(dtype(x)))


@op(
    Pure(),
    torch="torch.std(x, dim=axis, correction=correction, keepdim=keepdims or None)",
    jax="jnp.std(x, axis=axis, ddof=correction, keepdims=keepdims or None)",
    numpy="np.std(x, axis=axis, ddof=correction, keepdims=keepdims or None)",
)
def std(x: Value, axis: Ints | None = None, correction: float = 0.0, keepdims: bool = False) -> Type:
    """The square root of `var`."""
    floating(x)
    return reduced(x, axis, keepdims, real_of(dtype(x)))


@composite(Pure(), torch="torch.linalg.vector_norm(x, dim=axis, keepdim=keepdims)")
def vector_norm(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value:
    """The square root of the sum of squares of real numbers. Its gradient at zero is zero."""
    real_floats(x)
    return root(sum(square(x), axis, keepdims))


def root(x: Value) -> Value:
    """Return the square root of `x`, with a gradient of zero at zero instead of infinity."""
    zero = equal(x, literal(0, dtype(x)))
    return where(zero, x, sqrt(where(zero, literal(1, dtype(x)), x)))


@op(
    Pure(),
    torch="torch.amax(x, dim=axis, keepdim=keepdims or None)",
    jax="jnp.max(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_max(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.max(x, axis=axis, keepdims=keepdims or None)",
)
def max(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """The largest element over `axis`, or over every axis; NaN if one is NaN."""
    ordered(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.amin(x, dim=axis, keepdim=keepdims or None)",
    jax="jnp.min(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_min(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.min(x, axis=axis, keepdims=keepdims or None)",
)
def min(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """The smallest element over `axis`, or over every axis; NaN if one is NaN."""
    ordered(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.all(x, dim=axis, keepdim=keepdims or None)",
    jax="jnp.all(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_all(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.all(x, axis=axis, keepdims=keepdims or None)",
)
def all(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """True where every bool over `axis`, or over every axis, is true."""
    return reduced_bool(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.any(x, dim=axis, keepdim=keepdims or None)",
    jax="jnp.any(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_any(x, axis=axis, keepdims=keepdims or None)",
    numpy="np.any(x, axis=axis, keepdims=keepdims or None)",
)
def any(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
    """True where one bool over `axis`, or over every axis, is true."""
    return reduced_bool(x, axis, keepdims)


@op(
    Pure(),
    torch="torch.logsumexp(x, dim=axis, keepdim=keepdims or None)",
    jax="jax.scipy.special.logsumexp(x, axis=axis, keepdims=keepdims or None)",
    tensorflow="tf.reduce_logsumexp(x, axis=axis, keepdims=keepdims or None)",
    numpy="scipy.special.logsumexp(x, axis=axis, keepdims=keepdims or None)",
)
def logsumexp(x: Value, axis: Ints, keepdims: bool = False) -> Type:
    """`log(sum(exp(x)))` over `axis` without overflow."""
    real_floats(x)
    return reduced(x, axis, keepdims)


@op(
    Pure(),
    jax="jnp.astype(jnp.argmax(x, axis=axis, keepdims=keepdims or None), dtype)",
)
def argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Type:
    """The index along `axis` of the largest element, the first of several; of the first NaN if there is one."""
    ordered(x)
    return tensor(reduced_shape(shape_of(x), (axis,), keepdims), dtype)


@op(
    Pure(),
    jax="jnp.astype(jnp.argmin(x, axis=axis, keepdims=keepdims or None), dtype)",
)
def argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Type:
    """The index along `axis` of the smallest element, the first of several; of the first NaN if there is one."""
    ordered(x)
    return tensor(reduced_shape(shape_of(x), (axis,), keepdims), dtype)


def scanned(x: Value, axis: int) -> Type:
    normal_axis(axis, len(shape_of(x)))
    return same(x)


@op(
    Pure(),
    torch="torch.cumsum(x, dim=axis, dtype=integer_dtype(x))",
    jax="jnp.cumsum(x, axis=axis, dtype=integer_dtype(x))",
    tensorflow="tf.cumsum(x, axis=axis)",
    numpy="np.cumsum(x, axis=axis, dtype=integer_dtype(x))",
)
def cumulative_sum(x: Value, axis: int) -> Type:
    """The sum of the elements up to each one along `axis`; integers wrap."""
    numbers(x)
    return scanned(x, axis)


@op(
    Pure(),
    torch="torch.cumprod(x, dim=axis, dtype=integer_dtype(x))",
    jax="jnp.cumprod(x, axis=axis, dtype=integer_dtype(x))",
    tensorflow="tf.math.cumprod(x, axis=axis)",
    numpy="np.cumprod(x, axis=axis, dtype=integer_dtype(x))",
)
def cumulative_prod(x: Value, axis: int) -> Type:
    """The product of the elements up to each one along `axis`; integers wrap."""
    numbers(x)
    return scanned(x, axis)


@op(
    Pure(),
    torch="torch.cummax(x, dim=axis)[0]",
    jax="lax.cummax(x, axis=axis % rank_of(x))",
    numpy="np.maximum.accumulate(x, axis=axis)",
)
def cumulative_max(x: Value, axis: int) -> Type:
    """The largest of the elements up to each one along `axis`; NaN from the first NaN on."""
    ordered(x)
    return scanned(x, axis)


@op(
    Pure(),
    torch="torch.cummin(x, dim=axis)[0]",
    jax="lax.cummin(x, axis=axis % rank_of(x))",
    numpy="np.minimum.accumulate(x, axis=axis)",
)
def cumulative_min(x: Value, axis: int) -> Type:
    """The smallest of the elements up to each one along `axis`; NaN from the first NaN on."""
    ordered(x)
    return scanned(x, axis)


@op(
    Pure(),
    torch="torch.logcumsumexp(x, dim=axis)",
    jax="lax.cumlogsumexp(x, axis=axis % rank_of(x))",
    tensorflow="tf.math.cumulative_logsumexp(x, axis=axis)",
    numpy="np.logaddexp.accumulate(x, axis=axis)",
)
def cumulative_logsumexp(x: Value, axis: int) -> Type:
    """`log(cumulative_sum(exp(x)))` along `axis` without overflow."""
    real_floats(x)
    return scanned(x, axis)
