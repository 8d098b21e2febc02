"""`masks-to-where`: what a mask selects to be summed up, or to be written back, becomes a `where` over the whole array.

    %places = ivy.nonzero(%mask) : (tensor<?xi1>) -> tensor<?x1xi64>
    %i = ivy.squeeze(%places, axis = [1]) : (tensor<?x1xi64>) -> tensor<?xi64>
    %chosen = ivy.index(%x, indices = [%i], axes = [0]) : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %sum = ivy.sum(%chosen) : (tensor<?xf32>) -> tensor<f32>

becomes

    %chosen = ivy.where(%mask, %x, %zero) : (tensor<?xi1>, tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    %sum = ivy.sum(%chosen) : (tensor<?xf32>) -> tensor<f32>

so that no shape depends on values, which `jax.jit` cannot have. What raises of no elements, as a maximum, stays.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import HALF_PRECISION, f32, i64
from mlgraph.dialects.ivy.types import dtype, normal_axes, rank, shape_of
from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.table import Op, TableOp
from mlgraph.transforms.rewriting import replace

NEUTRAL: dict[Op[..., Any], bool | int] = {ivy.sum: 0, ivy.prod: 1, ivy.any: False, ivy.all: True}
"""Reductions, and what they pass over."""

POINTWISE = frozenset({
    ivy.add, ivy.subtract, ivy.multiply, ivy.divide, ivy.negative, ivy.abs, ivy.square, ivy.sqrt, ivy.exp, ivy.log,
    ivy.pow, ivy.maximum, ivy.minimum, ivy.relu, ivy.sigmoid, ivy.tanh, ivy.cast,
})  # fmt: skip
"""Operations that are finite at 1, with a finite derivative: 1 replaces the elements that are not selected."""


@dataclass(frozen=True)
class MasksToWherePass(ModulePass):
    """Replace reductions and writes of what a mask selects by a `where`."""

    name = "masks-to-where"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()):
            rewrite(inner)


def rewrite(op: Operation) -> None:
    if not isinstance(op, TableOp):
        return
    arguments = op.arguments()
    if op.OP in NEUTRAL:
        replace(op, lambda: reduced(op.OP, **arguments))
    elif op.OP is ivy.mean:
        replace(op, lambda: mean(**arguments))
    elif op.OP is ivy.index_put:
        replace(op, lambda: written(**arguments))


class Selection(NamedTuple):
    """`x[..., mask]`: the axes of the mask are those of `x` from `first` on."""

    x: Value
    mask: Value
    first: int

    def chosen(self, other: float) -> Value:
        """Return `x`, with `other` where the mask does not hold."""
        return ivy.where(over(self.mask, self.first, self.x), self.x, literal(other, dtype(self.x)))

    def axes(self, axis: Ints) -> Ints:
        """Return the axes of `x` that the axes of the selection come from."""
        n = rank(self.mask)
        own = tuple(range(self.first, self.first + n)) if self.first in axis else ()
        return (*(a for a in axis if a < self.first), *own, *(a + n - 1 for a in axis if a > self.first))


def over(mask: Value, first: int, x: Value) -> Value:
    """Return `mask` in a shape that broadcasts against `x`."""
    after = rank(x) - first - rank(mask)
    return ivy.expand_dims(mask, tuple(range(-after, 0))) if after else mask


def row_of(x: Value, row: Op[..., Any]) -> dict[str, Any] | None:
    """Return the arguments of the operation `row` that made `x`, None if another made it."""
    return x.owner.arguments() if isinstance(x.owner, TableOp) and x.owner.OP is row else None


def selection(x: Value) -> Selection | None:
    """Return the selection by a mask that `x` is, None where it is none."""
    if (found := row_of(x, ivy.index)) is None:
        return None
    mask = mask_of(found["indices"], found["axes"])
    return None if mask is None else Selection(found["x"], mask, found["axes"][0])


def mask_of(indices: Values, axes: Ints) -> Value | None:
    """Return the mask whose true places `indices` are, in order and of neighboring axes."""
    columns = [column(i) for i in indices]
    first = columns[0]
    if first is None or tuple(axes) != tuple(range(axes[0], axes[0] + rank(first[0]))):
        return None
    return first[0] if columns == [(first[0], i) for i in range(len(axes))] else None


def column(index: Value) -> tuple[Value, int] | None:
    """Return the mask and the number of the column of its places that `index` is."""
    if (squeezed := row_of(index, ivy.squeeze)) is None:
        return None
    places, number = squeezed["x"], 0
    if (sliced := row_of(places, ivy.slice)) is not None:
        places, number = sliced["x"], sliced["starts"][1]
    if (found := row_of(places, ivy.nonzero)) is None or shape_of(squeezed["x"])[1] != 1:
        return None
    return found["x"], number


def reduced(row: Op[..., Any], x: Value, axis: Ints | None, keepdims: bool) -> Value | None:
    found, axes = selection(x), normal_axes(axis, rank(x))
    if found is None or keepdims or found.first not in axes:
        return None
    return row(found.chosen(NEUTRAL[row]), found.axes(axes), False)


def mean(x: Value, axis: Ints | None, keepdims: bool) -> Value | None:
    """Return the sum by the number of elements, computed in float32 for float16 and bfloat16."""
    found, axes = selection(x), normal_axes(axis, rank(x))
    if found is None or keepdims or found.first not in axes:
        return None
    wide = f32 if dtype(x) in HALF_PRECISION else dtype(x)
    total = ivy.sum(ivy.cast(found.chosen(0), wide), found.axes(axes), False)
    count = ivy.sum(ivy.cast(found.mask, i64))
    for a in found.axes(tuple(a for a in axes if a != found.first)):
        count = ivy.multiply(count, ivy.from_size((ivy.dim(found.x, a),), i64))
    return ivy.cast(ivy.divide(total, ivy.cast(count, wide)), dtype(x))


def written(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool) -> Value | None:
    mask = mask_of(indices, axes)
    whole = None if mask is None else unselected(values, Selection(x, mask, axes[0]))
    if mask is None or whole is None:
        return None
    return ivy.where(over(mask, axes[0], x), ivy.add(x, whole) if accumulate else whole, x)


def unselected(values: Value, like: Selection) -> Value | None:
    """Return an array of the shape of `like.x` that has `values` where the mask of `like` selects."""
    if rank(values) == 0:
        return values
    if (found := selection(values)) is not None:
        same = (found.mask, found.first, rank(found.x)) == (like.mask, like.first, rank(like.x))
        return found.chosen(1) if same else None
    op = values.owner
    if not isinstance(op, TableOp) or op.OP not in POINTWISE or not all(fits(x, values) for x in op.operands):
        return None
    arguments: dict[str, Any] = {}
    for name, argument in op.arguments().items():
        arguments[name] = unselected(argument, like) if argument in op.operands else argument
        if arguments[name] is None:
            return None
    return op.OP(**arguments)


def fits(x: Value, values: Value) -> bool:
    """Return whether an operand has an element for each of `values`, or one for all."""
    return rank(x) in (0, rank(values))
