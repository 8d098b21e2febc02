"""Rules that read and write at computed places."""

from functools import reduce

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.dtypes import i1, i32, i64, tensor, ui32, ui64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import move_axis, permuted
from mlgraph.dialects.ivy.types import UNKNOWN, broadcast_shapes, dtype, rank, shape_of
from mlgraph.dialects.parameters import DType, Ints, Shape, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.shared import first_axes, is_value, shrunk, size, sizes, swapped_back, typed
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

rule.widen((i1,), i32, ivy.index_put, ivy.scatter_along_axis)


def counted(*indices: Value) -> list[Value]:
    """Cast indices to one of the two element types that tensorflow takes."""
    wide = any(dtype(i) in (i64, ui32, ui64) for i in indices)
    return [ivy.cast(i, i64 if wide else i32) if dtype(i) != (i64 if wide else i32) else i for i in indices]


@rule(ivy.take)
def take(x: Value, indices: Value, axis: int) -> Value:
    return tf.gather(x, *counted(indices), axis=axis)


@rule(ivy.take_along_axis)
def take_along_axis(x: Value, indices: Value, axis: int) -> Value:
    """A gather along the last axis, of which all others are batches."""
    axis %= rank(x)
    rows, (places,) = move_axis(shrunk(x, indices, axis), axis, -1), counted(move_axis(indices, axis, -1))
    if rank(x) == 1:
        return tf.gather(rows, places)
    found = tf.gather(rows, places, batch_dims=rank(x) - 1)
    return move_axis(typed(found, tensor(shape_of(places), dtype(x))), -1, axis)


# Advanced indexing


def together(indices: Values) -> Value:
    """Broadcast the indices against each other and stack them along a new last axis."""
    found = counted(*indices)
    shape = broadcast_shapes(*map(shape_of, found))
    if len(found) == 1:
        return ivy.expand_dims(found[0], (-1,))
    if UNKNOWN in shape:
        shape = sizes(reduce(ivy.add, found))
    wanted = tuple(UNKNOWN if is_value(n) else n for n in shape)
    spread = [i if shape_of(i) == wanted and UNKNOWN not in wanted else ivy.broadcast_to(i, shape) for i in found]
    return ivy.stack(spread, rank(spread[0]))


def in_place(axes: Ints) -> int:
    """Return the places of the indices' axes in the result of `index`."""
    return axes[0] if tuple(axes) == tuple(range(axes[0], axes[0] + len(axes))) else 0


@rule(ivy.index)
def index(x: Value, indices: Values, axes: Ints) -> Value:
    if len(axes) == 1:
        return tf.gather(x, *counted(*indices), axis=axes[0])
    places = together(indices)
    rows = permuted(x, first_axes(x, axes))
    shape = (*shape_of(places)[:-1], *shape_of(rows)[len(axes) :])
    if 0 in shape_of(rows)[len(axes) :]:  # tensorflow refuses to read nothing; it has any shape without elements
        found = ivy.reshape(rows, (*sizes(places)[:-1], *sizes(rows)[len(axes) :]))
    else:
        found = typed(tf.gather_nd(rows, places), tensor(shape, dtype(x)))
    n, before = rank(places) - 1, in_place(axes)
    order = [*range(n, n + before), *range(n), *range(n + before, len(shape))]
    return permuted(found, order)


@rule(ivy.index_put)
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Value:
    places = together(indices)
    order = first_axes(x, axes)
    n, before = rank(places) - 1, in_place(axes)
    rest = [size(x, a) for a in order[len(axes) :]]
    spread = broadcast(values, [*rest[:before], *sizes(places)[:-1], *rest[before:]])
    updates = permuted(spread, [*range(before, before + n), *range(before), *range(before + n, rank(spread))])
    if n == 0:  # tensorflow takes no single place
        places, updates = ivy.expand_dims(places, (0,)), ivy.expand_dims(updates, (0,))
    write = tf.tensor_scatter_nd_add if accumulate else tf.tensor_scatter_nd_update
    rows = permuted(x, order)
    return permuted(typed(write(rows, places, updates), rows.type), swapped_back(order))


def broadcast(x: Value, shape: Shape) -> Value:
    """Broadcast `x` to `shape`; return `x` itself where it is known to have it."""
    return x if list(shape_of(x)) == list(shape) else ivy.broadcast_to(x, shape)


WRITES = {
    "set": tf.tensor_scatter_nd_update,
    "add": tf.tensor_scatter_nd_add,
    "max": tf.tensor_scatter_nd_max,
    "min": tf.tensor_scatter_nd_min,
}


@rule(ivy.scatter_along_axis)
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Value:
    axis %= rank(x)
    (found,) = counted(indices)
    grid = [found if a == axis else _along(indices, a, dtype(found)) for a in range(rank(x))]
    updates = broadcast(values, sizes(indices))
    if mode == "multiply":
        return ivy.multiply(x, products(x, grid, updates))
    return WRITES[mode](x, together(grid), updates)


def _along(x: Value, axis: int, d: DType) -> Value:
    """The place of each element of `x` along `axis`."""
    others = tuple(a for a in range(rank(x)) if a != axis)
    return ivy.expand_dims(ivy.iota((size(x, axis),), d), others)


def products(x: Value, grid: Values, values: Value) -> Value:
    """Return for each element of `x` the product of the `values` whose place in `grid` it is, 1 without any."""
    place = grid[0]
    for axis in range(1, rank(x)):
        place = ivy.add(ivy.multiply(place, ivy.from_size((size(x, axis),), dtype(place))), grid[axis])
    total = reduce(arithmetic.multiply, sizes(x))
    place = ivy.reshape(place, (-1,))
    flat = tf.math.unsorted_segment_prod(ivy.reshape(values, (-1,)), place, total)
    return ivy.reshape(typed(flat, tensor((UNKNOWN,), dtype(x))), sizes(x))


# Slices at computed places


@rule(ivy.dynamic_slice)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Value:
    return tf.slice(x, clamped(x, starts, sizes), tuple(sizes))


@rule(ivy.dynamic_update_slice)
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Value:
    window = sizes(update)
    begin = clamped(x, starts, window)
    end = [ivy.add(a, ivy.from_size((n,), i32)) for a, n in zip(begin, window, strict=True)]
    return write_slice(x, update, begin, end, (1,) * rank(x))


def clamped(x: Value, starts: Values, window: Shape) -> list[Value]:
    """Clamp the starts so that the window fits."""
    return [_held(start, arithmetic.subtract(size(x, a), n)) for a, (start, n) in enumerate(zip(starts, window))]


def _held(start: Value, last: Size) -> Value:
    (place,) = counted(start)
    last = ivy.from_size((last,), dtype(place))
    place = ivy.maximum(ivy.minimum(place, last), ivy.from_size((0,), dtype(place)))
    return place if dtype(place) == i32 else ivy.cast(place, i32)


@rule(ivy.slice_update)
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    (part,) = ivy.slice.infer(x=x, starts=starts, stops=stops, steps=steps)
    if shape_of(part) != shape_of(update) or UNKNOWN in shape_of(part):
        update = ivy.broadcast_to(update, sizes(ivy.slice(x, starts, stops, steps)))
    return write_slice(x, update, starts, stops, steps)


def write_slice(x: Value, update: Value, starts: Shape | Values, stops: Shape | Values, steps: Ints) -> Value:
    if rank(x) == 0:
        return update
    open_ends = sum(1 << axis for axis, stop in enumerate(stops) if not is_value(stop) and stop == TO_END)
    ends = [0 if not is_value(stop) and stop == TO_END else stop for stop in stops]
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=x, begin=list(starts), end=ends, strides=list(steps), value=update, end_mask=open_ends
    )


@rule(ivy.one_hot)
def one_hot(x: Value, num_classes: int, dtype: DType) -> Value:
    if dtype == i1:
        return tf.one_hot(*counted(x), num_classes, on_value=True, off_value=False)
    return tf.one_hot(*counted(x), num_classes, dtype=dtype)


@rule(ivy.nonzero)
def nonzero(x: Value) -> Value | None:
    """tensorflow has no indices of a single element: a row without columns where it is true."""
    if rank(x) != 0:
        return None
    rows = typed(tf.where(ivy.reshape(x, (1,))), tensor((UNKNOWN, 1), i64))
    return ivy.slice(rows, (0, 0), (TO_END, 0), (1, 1))
