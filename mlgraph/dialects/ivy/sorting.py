"""Sorting and searching. NaN sorts last in ascending order and first in descending order; sorts are stable."""

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import DType, tensor
from mlgraph.dialects.ivy.elementwise import cast, less, less_equal
from mlgraph.dialects.ivy.indexing import take_along_axis
from mlgraph.dialects.ivy.manipulation import expand_dims
from mlgraph.dialects.ivy.reduction import argmax, argmin, max, min, sum
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import common, normal_axis, ordered, rank, reals, shape_of
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.dialects.parameters import Type, Value


@op(
    Pure(),
    torch="torch.sort(x, dim=axis, descending=descending, stable=True)[0]",
    jax="jnp.sort(x, axis=axis, descending=descending)",
)
def sort(x: Value, axis: int, descending: bool = False) -> Type:
    """`x` in ascending (or descending) order along `axis`."""
    normal_axis(axis, len(shape_of(x)))
    return ordered(x)


@op(
    Pure(),
    jax="jnp.astype(jnp.argsort(x, axis=axis, descending=descending, stable=True), dtype)",
)
def argsort(x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True) -> Type:
    """The indices that sort `x` along `axis`; in a `stable` order equal elements keep theirs."""
    normal_axis(axis, len(shape_of(x)))
    ordered(x)
    return tensor(shape_of(x), dtype)


@composite(Pure())
def sort_and_argsort(
    x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True
) -> tuple[Value, Value]:
    """`x` in order along `axis`, and the indices that `argsort` gives."""
    order = argsort(x, axis, dtype, descending, stable)
    return take_along_axis(x, order, axis), order


@composite(Pure(), torch="torch.max(x, dim=axis, keepdim=keepdims)")
def max_and_argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> tuple[Value, Value]:
    """The largest element along `axis`, and the index of the first of equals. torch's gradient flows to that one."""
    return max(x, (axis,), keepdims), argmax(x, axis, dtype, keepdims)


@composite(Pure(), torch="torch.min(x, dim=axis, keepdim=keepdims)")
def min_and_argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> tuple[Value, Value]:
    """The smallest element along `axis`, and the index of the first of equals. torch's gradient flows to that one."""
    return min(x, (axis,), keepdims), argmin(x, axis, dtype, keepdims)


@op(Pure())
def topk(x: Value, k: int, axis: int, dtype: DType, largest: bool = True, stable: bool = True) -> tuple[Type, Type]:
    """The `k` largest (or smallest) elements along `axis` in order, and their indices.

    Of equal elements those are the first, in order; where it need not be `stable`, any.
    """
    ordered(x)
    shape = list(shape_of(x))
    shape[normal_axis(axis, len(shape))] = k
    return tensor(tuple(shape), dtype_of(x)), tensor(tuple(shape), dtype)


@composite(Pure())
def searchsorted(x1: Value, x2: Value, dtype: DType, side: str = "left") -> Value:
    """The index of each element of `x2` in the ascending last axis of `x1`; before ("left") or after its equals.

    `x1` is 1-d, or has the shape of `x2` but for the last axis.
    """
    common(x1, x2)
    reals(x1)
    row = x1 if rank(x1) == 1 else expand_dims(x1, (-2,))
    before = less if side == "left" else less_equal
    return sum(cast(before(row, expand_dims(x2, (-1,))), dtype), (-1,))
