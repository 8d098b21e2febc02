"""Reading and writing elements at computed places.

Indices are integers counted from the front: a frontend adds the size to negative ones where its framework wraps them.
Out-of-range indices raise where the backend can, else the result is not defined.
"""

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import INTEGERS, NAME_OF, DType, i1, i64, tensor
from mlgraph.dialects.ivy.creation import iota
from mlgraph.dialects.ivy.elementwise import cast, equal
from mlgraph.dialects.ivy.manipulation import expand_dims
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import (
    UNKNOWN,
    broadcast_shapes,
    common,
    dtype,
    normal_axis,
    same,
    shape_of,
    sized,
)
from mlgraph.dialects.parameters import Ints, Shape, Type, Value, Values


def integer(indices: Value) -> tuple[int, ...]:
    """Return the shape of an array of integers. Raise `ValueError` for others."""
    if dtype(indices) not in INTEGERS:
        raise ValueError(f"indices must be integers, got {NAME_OF[dtype(indices)]}")
    return shape_of(indices)


@op(
    Pure(),
    jax="jnp.take(x, indices, axis=axis)",
    tensorflow="tf.gather(x, indices, axis=axis)",
    numpy="np.take(x, indices, axis=axis)",
)
def take(x: Value, indices: Value, axis: int) -> Type:
    """The slices of `x` along `axis` that `indices`, of any rank, name."""
    shape = shape_of(x)
    along = normal_axis(axis, len(shape))
    return tensor((*shape[:along], *integer(indices), *shape[along + 1 :]), dtype(x))


@op(
    Pure(),
    jax="jnp.take_along_axis(x, indices, axis=axis)",
    numpy="np.take_along_axis(x, indices, axis=axis)",
)
def take_along_axis(x: Value, indices: Value, axis: int) -> Type:
    """For each place of `indices` the element of `x` at that place, but for `axis`, where the index says.

    `indices` has the rank of `x`, and no larger size along the other axes.
    """
    if len(integer(indices)) != len(shape_of(x)):
        raise ValueError(f"indices of rank {len(shape_of(indices))} for rank {len(shape_of(x))}")
    normal_axis(axis, len(shape_of(x)))
    return tensor(shape_of(indices), dtype(x))


def indexed_shape(x: Value, indices: Values, axes: Ints) -> tuple[int, ...]:
    shape = shape_of(x)
    if sorted(set(axes)) != sorted(axes) or len(axes) != len(indices):
        raise ValueError(f"{len(indices)} indices for axes {axes}")
    together = broadcast_shapes(*map(integer, indices))
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    if tuple(axes) != tuple(range(axes[0], axes[0] + len(axes))):
        return (*together, *rest)
    return (*shape[: axes[0]], *together, *shape[axes[0] + len(axes) :])


@op(Pure())
def index(x: Value, indices: Values, axes: Ints) -> Type:
    """Advanced indexing: `x[:, i, j]` with `axes` (1, 2), the indices broadcast against each other.

    The result's index axes stand where the axes stood if those are neighbors in order, else first, as in numpy.
    """
    return tensor(indexed_shape(x, indices, axes), dtype(x))


@op(Pure())
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Type:
    """`x` with `values`, broadcast, at the places that `index` reads; added to what is there if `accumulate`.

    Which of several values for one place stays is not defined unless they are added.
    """
    common(x, values)
    broadcast_shapes(indexed_shape(x, indices, axes), shape_of(values))
    return same(x)


@op(Pure())
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Type:
    """`x` with `values` at the places that `take_along_axis` reads; `mode` is "set", "add", "multiply", "max" or "min".

    Which of several values for one place stays under "set" is not defined.
    """
    common(x, values)
    integer(indices)
    if mode not in ("set", "add", "multiply", "max", "min"):
        raise ValueError(f"mode must be set, add, multiply, max or min, got {mode}")
    return same(x)


@op(
    Pure(),
    jax="lax.dynamic_slice(x, starts, sizes)",
    tensorflow="tf.slice(x, starts, sizes)",
)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Type:
    """`sizes[i]` elements from the 0-d integer `starts[i]` on along each axis; the start is held within what fits."""
    return tensor(sized(sizes), dtype(x))


@op(Pure(), jax="lax.dynamic_update_slice(x, update, starts)")
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Type:
    """`x` with `update` in the place that `dynamic_slice` of its shape reads."""
    common(x, update)
    return same(x)


@op(Pure())
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Type:
    """`x` with `update`, broadcast, in the place that `slice` reads."""
    common(x, update)
    return same(x)


@composite(
    Pure(),
    jax="jax.nn.one_hot(x, num_classes, dtype=dtype)",
    tensorflow="tf.one_hot(x, num_classes, dtype=dtype)",
)
def one_hot(x: Value, num_classes: int, dtype: DType) -> Value:
    """A new last axis with 1 where it equals the integer `x`, 0 elsewhere; all 0 out of range."""
    integer(x)
    return cast(equal(expand_dims(cast(x, i64), (-1,)), iota((num_classes,), i64)), dtype)


@op(
    Pure(),
    torch="torch.nonzero(x)",
    jax="jnp.argwhere(x)",
    tensorflow="tf.where(x)",
    numpy="np.argwhere(x)",
)
def nonzero(x: Value) -> Type:
    """The int64 indices of the true elements of a bool array, a row each, in row-major order."""
    if dtype(x) != i1:
        raise ValueError("expected bools; compare with 0 before the operation")
    return tensor((UNKNOWN, len(shape_of(x))), i64)
