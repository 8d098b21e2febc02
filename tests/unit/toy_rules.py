# pyright: basic
"""Rules for the library `toy` where a cell is too little."""

from collections.abc import Sequence

from mlgraph.dialects import ivy
from mlgraph.dialects.backend import backend
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.transforms.lower_ivy.rules import Rules
from mlgraph.transforms.lower_ivy.shared import at, slices, subscript

rule = Rules()
TOY = backend("toy")
toy = TOY.toy


@rule(ivy.slice)
def slice_(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return subscript(x, starts, stops, steps, TOY)


@rule(ivy.slice_update)
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return toy.updated(x, tuple(slices(starts, stops, steps)), update)


@rule(ivy.dynamic_slice)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Value:
    return toy.window(x, tuple(starts), tuple(sizes))


@rule(ivy.dynamic_update_slice)
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Value:
    return toy.with_window(x, update, tuple(starts))


def places(indices: Values, axes: Ints) -> Sequence[Value | slice]:
    given = dict(zip(axes, indices, strict=True))
    return [given.get(axis, slice(None)) for axis in range(max(axes) + 1)]


@rule(ivy.index)
def index(x: Value, indices: Values, axes: Ints) -> Value:
    return at(x, places(indices, axes), TOY)


@rule(ivy.index_put)
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Value | None:
    return None if accumulate else toy.updated(x, tuple(places(indices, axes)), values)


@rule(ivy.scatter_along_axis)
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Value | None:
    return toy.scattered(x, indices, values, axis) if mode == "set" else None


@rule(ivy.argmax)
def argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return toy.astype(toy.argmax(x, axis=axis, keepdims=keepdims), dtype)


@rule(ivy.sort)
def sort(x: Value, axis: int, descending: bool = False) -> Value | None:
    return None if descending else toy.sort(x, axis=axis)


@rule(ivy.argsort)
def argsort(x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True) -> Value | None:
    return None if descending else toy.astype(toy.argsort(x, axis=axis, stable=True), dtype)
