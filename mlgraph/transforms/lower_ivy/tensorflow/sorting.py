"""Sorts and searches, of integers in the order of what is sorted."""

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import FLOATS, DType, i1, i32, i64, tensor
from mlgraph.dialects.ivy.prelude import move_axis
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.dialects.ivy.types import rank, shape_of
from mlgraph.dialects.parameters import Value
from mlgraph.transforms.lower_ivy.shared import sizes, typed
from mlgraph.transforms.lower_ivy.tensorflow.order import order_key
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf


def direction(descending: bool) -> str:
    return "DESCENDING" if descending else "ASCENDING"


@rule(ivy.sort)
def sort(x: Value, axis: int, descending: bool = False) -> Value:
    if dtype_of(x) not in (*FLOATS, i1):
        return tf.sort(x, axis=axis, direction=direction(descending))
    return ivy.take_along_axis(x, ivy.argsort(x, axis, i32, descending), axis)


@rule(ivy.argsort)
def argsort(x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True) -> Value:
    key = order_key(x)
    places = tf.argsort(key, axis=axis, direction=direction(descending), stable=True)
    return places if dtype == i32 else ivy.cast(typed(places, tensor(shape_of(x), i32)), dtype)


@rule(ivy.topk)
def topk(x: Value, k: int, axis: int, dtype: DType, largest: bool = True, stable: bool = True) -> tuple[Value, Value]:
    """Inverting every bit of integers reverses their order."""
    key = move_axis(order_key(x), axis, -1)
    key = key if largest else ivy.bitwise_invert(key)
    _, places = tf.math.top_k.several(2, key, k)
    places = move_axis(typed(places, tensor((*shape_of(key)[:-1], k), i32)), -1, axis)
    return ivy.take_along_axis(x, places, axis), places if dtype == i32 else ivy.cast(places, dtype)


@rule(ivy.searchsorted)
def searchsorted(x1: Value, x2: Value, dtype: DType, side: str = "left") -> Value:
    """tensorflow wants as many leading axes on both sides."""
    row, found = order_key(x1), order_key(x2)
    flat = rank(x1) == 1 and rank(x2) != 1
    wide = dtype if dtype in (i32, i64) else i32
    places = tf.searchsorted(row, ivy.reshape(found, (-1,)) if flat else found, side=side, out_type=wide)
    places = typed(places, tensor((-1,) if flat else shape_of(x2), wide))
    places = ivy.reshape(places, sizes(x2)) if flat else places
    return places if wide == dtype else ivy.cast(places, dtype)
