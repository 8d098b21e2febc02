"""Operations that make arrays from sizes and numbers."""

from math import ceil

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import INTEGERS, c128, f64, i1, tensor
from mlgraph.dialects.ivy.table import op
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.dialects.ivy.types import index, is_complex, shape_of, sized
from mlgraph.dialects.parameters import DType, Scalar, Shape, Type, Value


@op(
    Pure(),
    torch="torch.full(shape, value, dtype=dtype)",
    jax="jnp.full(shape, value, dtype=dtype)",
    tensorflow="tf.fill(shape, tf.constant(value, dtype=dtype))",
    numpy="np.full(shape, value, dtype=dtype)",
)
def full(shape: Shape, value: Scalar, dtype: DType) -> Type:
    """An array of `shape` that holds `value` everywhere."""
    return tensor(sized(shape), dtype)


@op(
    Pure(),
    torch="torch.arange(start, stop, step, dtype=dtype)",
    jax="jnp.arange(start, stop, step, dtype=dtype)",
    tensorflow="tf.range(start, stop, step, dtype=dtype)",
    numpy="np.arange(start, stop, step, dtype=dtype)",
)
def arange(start: float, stop: float, step: float, dtype: DType) -> Type:
    """The numbers `start`, `start + step`, ... before `stop`."""
    return tensor((max(ceil((stop - start) / step), 0),), dtype)


@op(
    Pure(),
    torch="torch.arange(size[0], dtype=dtype)",
    jax="jnp.arange(size[0], dtype=dtype)",
    tensorflow="tf.range(size[0], dtype=dtype)",
    numpy="np.arange(size[0], dtype=dtype)",
)
def iota(size: Shape, dtype: DType) -> Type:
    """The numbers 0, 1, ... `size - 1`; `size` is one size."""
    return tensor(sized(size), dtype)


@op(
    Pure(),
    torch="torch.eye(rows[0], columns[0], dtype=dtype)",
    jax="jnp.eye(rows[0], columns[0], dtype=dtype)",
    tensorflow="tf.eye(rows[0], columns[0], dtype=dtype)",
    numpy="np.eye(rows[0], columns[0], dtype=dtype)",
)
def eye(rows: Shape, columns: Shape, dtype: DType) -> Type:
    """Ones on the main diagonal of a matrix of `rows` by `columns`, zeros elsewhere."""
    return tensor((*sized(rows), *sized(columns)), dtype)


@op(
    Pure(),
    torch="x.shape[axis]",
    jax="x.shape[axis]",
    tensorflow="tf.shape(x)[axis]",
    numpy="x.shape[axis]",
)
def dim(x: Value, axis: int) -> Type:
    """The size of `x` along `axis`."""
    shape_of(x)[axis]
    return index


@op(
    Pure(),
    torch="torch.tensor(size[0], dtype=dtype)",
    jax="jnp.asarray(size[0], dtype=dtype)",
    tensorflow="tf.cast(size[0], dtype)",
    numpy="np.asarray(size[0], dtype=dtype)",
)
def from_size(size: Shape, dtype: DType) -> Type:
    """A size as a 0-d array; `size` is one size."""
    return tensor((), dtype)


@op(
    Pure(),
    torch="torch.Tensor.item(x)",
    jax="jax.Array.item(x)",
    tensorflow="tf.identity(x)",
    numpy="np.ndarray.item(x)",
)
def item(x: Value) -> Type:
    """The element of a 0-d array as a number of Python's: a bool, a float or a complex number.

    tensorflow's graphs have no such numbers: there it is the array, whose number is taken when the call is done.
    """
    if shape_of(x) or dtype_of(x) in INTEGERS:
        raise ValueError(f"expected a 0-d array of bools or floats, got {x.type}")
    return i1 if dtype_of(x) == i1 else c128 if is_complex(dtype_of(x)) else f64


@op(
    Pure(),
    torch="torch.Tensor.item(x)",
    jax="jax.Array.item(x)",
    tensorflow="tf.cast(x, tf.int32)",
    numpy="np.ndarray.item(x)",
)
def to_size(x: Value) -> Type:
    """A 0-d integer array as a size: a shape that depends on values."""
    if shape_of(x) or dtype_of(x) not in INTEGERS:
        raise ValueError(f"expected a 0-d array of integers, got {x.type}")
    return index
