"""Canonicalization of ivy operations: algebra that keeps every bit, those of NaN, infinities and -0.0 included.

The one liberty is small whole powers, which become products: there a product is the more accurate of the two.
"""

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.canonical import canonical
from mlgraph.dialects.constant import array_of
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, INTEGERS, SIGNED, DType, dtype_of, i1
from mlgraph.dialects.ivy.known_values import all_are
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.size_sources import ELEMENTWISE, is_size, known, resolve_size, same_sizes
from mlgraph.dialects.ivy.types import dtype as element_type
from mlgraph.dialects.ivy.types import normal_axes, normal_axis, rank, shape_of
from mlgraph.dialects.parameters import KINDS, OPERAND, Ints, Shape, Value, Values
from mlgraph.dialects.table import Op, TableOp

Number = bool | int | float | complex


# What a pattern may ask of a value


def made_by(x: Value, row: Op[..., Any]) -> dict[str, Any] | None:
    """Return the arguments of the operation `row` that made `x`, None if another made it."""
    op = x.owner
    return op.arguments() if isinstance(op, TableOp) and op.OP is row else None


def operand_of(x: Value, row: Op[..., Any]) -> Value | None:
    """Return the operand of the unary operation `row` that made `x`, None if another made it."""
    op = x.owner
    return op.operands[0] if isinstance(op, TableOp) and op.OP is row else None


def number_in(x: Value, beside: Value) -> Number | None:
    """Return the one number that the literal `x` holds, if it also leaves the shape of `beside` as it is."""
    array = array_of(x)
    if array is None or array.size != 1 or array.ndim > rank(beside):
        return None
    return array.reshape(()).astype(np.float64).item() if element_type(x) in FLOATS else array.item()


def is_number(x: Value, number: Number, beside: Value) -> bool:
    """Return whether `x` is the literal `number`; 0 and -0.0 are different floats."""
    found = number_in(x, beside)
    if found is None or found != number:
        return False
    return element_type(x) not in FLOATS or np.signbit(found) == np.signbit(number)


def is_exact(x: Value) -> bool:
    """Return whether `x` holds floats, integers or bools; complex arithmetic turns zeros and infinities into others."""
    return element_type(x) not in COMPLEX


# Arithmetic


@canonical(ivy.add)
def add_nothing(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x + 0` of integers and `x + -0.0` of floats to `x`; `x + 0.0` is another where `x` is -0.0."""
    for x, zero in ((x1, x2), (x2, x1)):
        if is_exact(x) and is_number(zero, -0.0 if element_type(x) in FLOATS else 0, x):
            return x
    return None


@canonical(ivy.add)
def add_negative(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x + -y` to `x - y`."""
    if (y := operand_of(x2, ivy.negative)) is not None:
        return ivy.subtract(x1, y)
    if (y := operand_of(x1, ivy.negative)) is not None:
        return ivy.subtract(x2, y)
    return None


@canonical(ivy.subtract)
def subtract_nothing(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x - 0` to `x`."""
    return x1 if is_exact(x1) and is_number(x2, 0, x1) else None


@canonical(ivy.subtract)
def subtract_negative(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x - -y` to `x + y`."""
    y = operand_of(x2, ivy.negative)
    return None if y is None else ivy.add(x1, y)


@canonical(ivy.multiply)
def multiply_by_one(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x * 1` to `x`."""
    for x, one in ((x1, x2), (x2, x1)):
        if is_exact(x) and is_number(one, 1, x):
            return x
    return None


@canonical(ivy.divide)
def divide_by_one(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x / 1` to `x`."""
    return x1 if is_exact(x1) and is_number(x2, 1, x1) else None


@canonical(ivy.floor_divide)
def floor_divide_by_one(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x // 1` of integers to `x`."""
    return x1 if element_type(x1) in INTEGERS and is_number(x2, 1, x1) else None


@canonical(ivy.pow)
def small_power(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x**1` to `x`, `x**2` to `x * x`, `x**3` to `x * x * x`."""
    power = number_in(x2, x1) if is_exact(x1) and element_type(x1) != i1 else None
    if power == 1:
        return x1
    if power == 2:
        return ivy.multiply(x1, x1)
    if power == 3:
        return ivy.multiply(ivy.multiply(x1, x1), x1)
    return None


def involution(row: Op[..., Any]) -> None:
    """Rewrite `f(f(x))` to `x`."""

    @canonical(row)
    def twice(x: Value) -> Value | None:  # pyright: ignore[reportUnusedFunction]
        return operand_of(x, row)


for _row in (ivy.negative, ivy.logical_not, ivy.bitwise_invert, ivy.conj):
    involution(_row)


@canonical(ivy.abs)
def absolute_again(x: Value) -> Value | None:
    """Rewrite `abs(abs(x))` to `abs(x)`, and `abs(-x)` too, but for unsigned integers."""
    if operand_of(x, ivy.abs) is not None:
        return x
    y = operand_of(x, ivy.negative)
    return None if y is None or element_type(y) not in (*FLOATS, *SIGNED) else ivy.abs(y)


@canonical(ivy.conj)
def conjugate_of_real(x: Value) -> Value | None:
    """Rewrite the conjugate of a real to itself."""
    return x if is_exact(x) else None


@canonical(ivy.logical_and, ivy.bitwise_and)
def and_true(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x and true` to `x`."""
    for x, other in ((x1, x2), (x2, x1)):
        if element_type(x) == i1 and is_number(other, True, x):
            return x
    return None


@canonical(ivy.logical_or, ivy.bitwise_or, ivy.logical_xor, ivy.bitwise_xor)
def or_false(x1: Value, x2: Value) -> Value | None:
    """Rewrite `x or false` to `x`."""
    for x, other in ((x1, x2), (x2, x1)):
        if element_type(x) == i1 and is_number(other, False, x):
            return x
    return None


# Choice and conversion


@canonical(ivy.where)
def decided(condition: Value, x1: Value, x2: Value) -> Value | None:
    """Decide a choice whose condition is known, all true or all false, and does not broadcast what it chooses."""
    found = all_are(condition)
    if found is None:
        return None
    chosen, other = (x1, x2) if found else (x2, x1)
    return chosen if is_no_wider(condition, chosen) and is_no_wider(other, chosen) else None


def is_no_wider(x: Value, than: Value) -> bool:
    """Return whether broadcasting `than` against `x` surely leaves its shape as it is."""
    offset = rank(than) - rank(x)
    sizes = enumerate(shape_of(x))
    return offset >= 0 and all(n == 1 or resolve_size(x, i) == resolve_size(than, i + offset) for i, n in sizes)


@canonical(ivy.where)
def choose_negated(condition: Value, x1: Value, x2: Value) -> Value | None:
    """Rewrite `where(not c, x, y)` to `where(c, y, x)`."""
    c = operand_of(condition, ivy.logical_not)
    return None if c is None else ivy.where(c, x2, x1)


def is_lossless(a: DType, b: DType) -> bool:
    """Return whether every number of type `a` is one of type `b`."""
    return np.can_cast(dtype_of(a), dtype_of(b), casting="safe") and not (a in INTEGERS and b in (*FLOATS, *COMPLEX))


@canonical(ivy.cast)
def cast_again(x: Value, dtype: DType) -> Value | None:
    """Drop a cast to the operand's own type, and the first of two casts if it keeps every number."""
    if element_type(x) == dtype:
        return x
    y = operand_of(x, ivy.cast)
    if y is None or not is_lossless(element_type(y), element_type(x)):
        return None
    return y if element_type(y) == dtype else ivy.cast(y, dtype)


@canonical(ivy.attention)
def mask_that_hides_nothing(
    query: Value, key: Value, value: Value, mask: Value | None, scale: float | None
) -> Value | None:
    """Drop a mask of attention that is true everywhere."""
    return ivy.attention(query, key, value, None, scale) if mask is not None and all_are(mask) else None


# Moving elements


def drop_broadcast(row: Op[..., Any]) -> None:
    """Rewrite `f(x, broadcast_to(y))` to `f(x, y)` where the broadcast goes no further than the shape of `x`."""
    names = [p.name for p in row.parameters if p.kind is OPERAND]

    @canonical(row)
    def implicit(**arguments: Any) -> Value | None:  # pyright: ignore[reportUnusedFunction]
        operands = {name: arguments[name] for name in names}
        for name, x in operands.items():
            inner = made_by(x, ivy.broadcast_to)
            if inner is not None and any(is_no_wider(x, y) for y in operands.values() if y is not x):
                return row(**{**arguments, name: inner["x"]})
        return None


for _row in ELEMENTWISE:
    if sum(p.kind is OPERAND for p in _row.parameters) > 1:
        drop_broadcast(_row)


@canonical(ivy.permute_dims)
def permute_again(x: Value, axes: Ints) -> Value | None:
    """Drop a permutation that keeps the order, and merge two of them."""
    if axes == tuple(range(len(axes))):
        return x
    inner = made_by(x, ivy.permute_dims)
    return None if inner is None else ivy.permute_dims(inner["x"], tuple(inner["axes"][a] for a in axes))


@canonical(ivy.reshape)
def reshape_again(x: Value, shape: Shape) -> Value | None:
    """Drop a reshape to the operand's own shape, and merge two reshapes."""
    if keeps_shape(x, shape):
        return x
    inner = made_by(x, ivy.reshape)
    return None if inner is None else ivy.reshape(inner["x"], shape)


def keeps_shape(x: Value, shape: Shape) -> bool:
    """Return whether `shape`, where -1 is worked out, is surely the shape of `x`."""
    if len(shape) != rank(x):
        return False
    others = [n for i, n in enumerate(shape) if not is_size(n, x, i)]
    return others in ([], [-1])


@canonical(ivy.broadcast_to)
def broadcast_to_itself(x: Value, shape: Shape) -> Value | None:
    """Drop a broadcast to the operand's own shape."""
    return x if same_sizes(shape, x) else None


@canonical(ivy.expand_dims)
def expand_again(x: Value, axis: Ints) -> Value | None:
    """Cancel new axes where `squeeze` dropped them."""
    inner = made_by(x, ivy.squeeze)
    if inner is None:
        return None
    y = inner["x"]
    gone = normal_axes(inner["axis"], rank(y))
    return y if sorted(normal_axes(axis, rank(x) + len(axis))) == sorted(gone) else None


@canonical(ivy.squeeze)
def squeeze_again(x: Value, axis: Ints) -> Value | None:
    """Cancel a drop of the axes that `expand_dims` made."""
    inner = made_by(x, ivy.expand_dims)
    if inner is None:
        return None
    new = normal_axes(inner["axis"], rank(x))
    return inner["x"] if sorted(normal_axes(axis, rank(x))) == sorted(new) else None


@canonical(ivy.concat)
def concat_of_one(xs: Values, axis: int) -> Value | None:
    return xs[0] if len(xs) == 1 else None


@canonical(ivy.slice)
def slice_of_everything(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value | None:
    bounds = enumerate(zip(starts, stops, steps, strict=True))
    return x if all(a == 0 and k == 1 and is_end(b, x, i) for i, (a, b, k) in bounds) else None


def is_end(stop: int | SSAValue, x: Value, axis: int) -> bool:
    """Return whether a slice up to `stop` goes to the end of the axis."""
    if isinstance(stop, int) and (stop == TO_END or 0 <= shape_of(x)[axis] <= stop):
        return True
    return is_size(stop, x, axis)


@canonical(ivy.flip)
def flip_again(x: Value, axis: Ints) -> Value | None:
    """Drop a flip of no axis, and cancel two flips of the same axes."""
    if not axis:
        return x
    inner = made_by(x, ivy.flip)
    if inner is None:
        return None
    same = sorted(normal_axes(inner["axis"], rank(x))) == sorted(normal_axes(axis, rank(x)))
    return inner["x"] if same else None


@canonical(ivy.roll)
def roll_by_nothing(x: Value, shift: Ints, axis: Ints) -> Value | None:
    return None if any(shift) else x


@canonical(ivy.pad)
def pad_by_nothing(x: Value, low: Shape, high: Shape, value: Value) -> Value | None:
    return x if all(isinstance(n, int) and n == 0 for n in (*low, *high)) else None


@canonical(ivy.pad_reflect, ivy.pad_edge)
def continue_by_nothing(x: Value, low: Ints, high: Ints) -> Value | None:
    return None if any((*low, *high)) else x


@canonical(ivy.tile)
def tile_once(x: Value, repeats: Shape) -> Value | None:
    return x if all(isinstance(n, int) and n == 1 for n in repeats) else None


@canonical(ivy.repeat)
def repeat_once(x: Value, repeats: int, axis: int) -> Value | None:
    return x if repeats == 1 else None


# Sizes


@canonical(ivy.dim)
def size_from_its_source(x: Value, axis: int) -> Value | None:
    """Replace a known size by a number, and read that of a result off the operand that it comes from."""
    place = (x, normal_axis(axis, rank(x)))
    found = resolve_size(*place)
    if found == place:
        return None
    return ivy.dim(*found) if isinstance(found, tuple) else sizes.value(found)


@canonical(ivy.from_size)
def size_of_a_value(size: Shape, dtype: DType) -> Value | None:
    """Rewrite a size that is the value of an array to that array."""
    value = size[0]
    x = operand_of(value, ivy.to_size) if isinstance(value, SSAValue) else None
    return None if x is None else ivy.cast(x, dtype)


def number_sizes(row: Op[..., Any]) -> None:
    """Store sizes that are constants in the operation as numbers."""
    names = [p.name for p in row.parameters if p.kind is KINDS[Shape]]

    @canonical(row)
    def numbered(**arguments: Any) -> Value | None:  # pyright: ignore[reportUnusedFunction]
        found = {name: tuple(n if known(n) is None else known(n) for n in arguments[name]) for name in names}
        return None if all(found[name] == arguments[name] for name in names) else row(**{**arguments, **found})


for _row in ivy.IVY.rows.values():
    if any(p.kind is KINDS[Shape] for p in _row.parameters):
        number_sizes(_row)
