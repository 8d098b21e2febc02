"""Reading and writing elements at computed places."""

# pyright: basic
from typing import Any, TypeAlias, cast

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import SIGNED, i1, i64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import move_axis, number, slice_axis
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter, as_size, is_tensor
from mlgraph.frontend.tensorflow.nodes import Traced
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.helpers import axis_of, counted, filled, to, to_bool
from mlgraph.frontend.tensorflow.rules.indices import by_axis, index_of
from mlgraph.frontend.tensorflow.rules.registry import rule

# Slices


@rule("Slice")
def slice_(x: Value, begin: Traced, size: Traced, *, importer: FuncGraphImporter) -> Value:
    """A size of -1 goes to the end."""
    starts, lengths = importer.items(begin), importer.items(size)
    if any(map(is_tensor, starts)) and all(isinstance(n, int) and n >= 0 for n in lengths):
        return ivy.dynamic_slice(x, [to(a, i64) for a in starts], lengths)
    first = tuple(as_size(a) for a in starts)
    whole = importer.shape(x)
    stops = tuple(stop_of(*each) for each in zip(first, lengths, whole, strict=True))
    return ivy.slice(x, first, stops, (1,) * rank(x))


def stop_of(start: Size, length: Any, whole: Size) -> Size:
    """Return the end of a slice of `length` elements; -1, which a tensor may hold at run time, is the axis' end."""
    if not isinstance(length, SSAValue):
        return TO_END if length == -1 else sizes.add(start, length)
    if not is_tensor(length):
        return sizes.add(start, cast(Value, length))
    rest = ivy.subtract(to(whole, dtype(length)), to(start, dtype(length)))
    return sizes.add(start, ivy.to_size(ivy.where(ivy.less(length, number(length, 0)), rest, length)))


@rule("StridedSlice")
def strided_slice(
    x: Value, begin: Traced, end: Traced, strides: Ints, *,
    begin_mask: int, end_mask: int, ellipsis_mask: int, new_axis_mask: int, shrink_axis_mask: int,
    importer: FuncGraphImporter,
) -> Value:  # fmt: skip
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return indexed(importer, x, index_of(importer.items(begin), importer.items(end), strides, *masks))


def indexed(importer: FuncGraphImporter, x: Value, index: tuple[Any, ...]) -> Value:
    """Return `x[index]` for an index of slices, integers, new axes and an ellipsis."""
    axis = 0
    new_axes: list[int] = []
    slices: list[Any] = []
    dropped: list[int] = []
    for item in by_axis(index, rank(x)):
        if item is None:
            new_axes.append(len(slices) - len(dropped) + len(new_axes))
            continue
        if not isinstance(item, slice):
            dropped.append(axis)
        slices.append(item)
        axis += 1
    for axis, item in enumerate(slices):
        if is_tensor(item):
            x = ivy.take(x, ivy.expand_dims(wrapped(item, importer.dim(x, axis)), (0,)), axis)
            slices[axis] = slice(None, None, 1)
    x = sliced(x, [whole_or_one(item) for item in slices])
    x = ivy.squeeze(x, tuple(dropped)) if dropped else x
    return ivy.expand_dims(x, tuple(new_axes)) if new_axes else x


def wrapped(index: Value, size: Size) -> Value:
    """Indices with `size` added to negative ones."""
    if dtype(index) not in SIGNED:
        return index
    return ivy.where(ivy.less(index, number(index, 0)), ivy.add(index, to(size, dtype(index))), index)


Slice: TypeAlias = "slice[Any, Any, Any]"


def whole_or_one(item: Any) -> Slice:
    """Return an index as the slice of its one element."""
    if isinstance(item, slice):
        return cast(Slice, item)
    return slice(item, TO_END if item == -1 else sizes.add(item, 1), 1)


def sliced(x: Value, slices: list[slice]) -> Value:
    """Return `x` with a slice along every axis; negative steps turn the axis round first."""
    backwards = tuple(axis for axis, item in enumerate(slices) if (item.step or 1) < 0)
    x = ivy.flip(x, backwards) if backwards else x
    found = [seen_backwards(item) if (item.step or 1) < 0 else item for item in slices]
    if all(item == slice(None, None, 1) for item in found):
        return x
    starts = tuple(0 if item.start is None else as_size(item.start) for item in found)
    stops = tuple(TO_END if item.stop is None else as_size(item.stop) for item in found)
    return ivy.slice(x, starts, stops, tuple(item.step or 1 for item in found))


def seen_backwards(item: slice) -> slice:
    """Return the slice of the turned axis: place i from the front is place -1 - i."""
    start, stop = (None if p is None else sizes.subtract(-1, as_size(p)) for p in (item.start, item.stop))
    return slice(start, stop, -item.step)


# Gathering


@rule("GatherV2", ignores="")
def gather(params: Value, indices: Value, axis: int, *, batch_dims: int, importer: FuncGraphImporter) -> Value:
    return gathered(importer, params, indices, axis_of(axis, rank(params)), batch_dims)


@rule("Gather", ignores="validate_indices")
def gather_rows(params: Value, indices: Value) -> Value:
    return ivy.take(params, indices, 0)


@rule("ResourceGather", ignores="validate_indices")
def gather_from_variable(
    resource: Traced, indices: Value, *, batch_dims: int, dtype: Any, importer: FuncGraphImporter
) -> Value:
    return gathered(importer, importer.state.read(resource.thing), indices, batch_dims, batch_dims)


def gathered(importer: FuncGraphImporter, params: Value, indices: Value, axis: int, batch_dims: int) -> Value:
    batch = batch_dims % (rank(indices) + 1) if batch_dims < 0 else batch_dims
    if batch == 0:
        return ivy.take(params, indices, axis)
    front = move_axis(params, axis, batch)
    found = ivy.index(front, [*batch_places(importer, indices, batch), indices], tuple(range(batch + 1)))
    for i in range(axis - batch):
        found = move_axis(found, rank(indices) + i, batch + i)
    return found


def batch_places(importer: FuncGraphImporter, indices: Value, batch: int) -> list[Value]:
    """For each batch axis the place along it, shaped to broadcast against `indices`."""
    return [counted(importer.dim(indices, i), dtype(indices), i, rank(indices)) for i in range(batch)]


@rule("GatherNd", ignores="bad_indices_policy")
def gather_nd(params: Value, indices: Value, *, importer: FuncGraphImporter) -> Value:
    return gathered_nd(importer, params, indices)


@rule("ResourceGatherNd")
def gather_nd_from_variable(resource: Traced, indices: Value, *, dtype: Any, importer: FuncGraphImporter) -> Value:
    return gathered_nd(importer, importer.state.read(resource.thing), indices)


def gathered_nd(importer: FuncGraphImporter, params: Value, indices: Value) -> Value:
    places = unstacked(importer, indices)
    if not places:
        return ivy.broadcast_to(params, (*importer.shape(indices)[:-1], *importer.shape(params)))
    return ivy.index(params, places, tuple(range(len(places))))


def unstacked(importer: FuncGraphImporter, indices: Value) -> list[Value]:
    """Return the columns of indices: one array for each axis that they count."""
    depth = importer.static(indices, -1, "how many axes an index counts")
    return [ivy.squeeze(slice_axis(indices, -1, i, i + 1), (rank(indices) - 1,)) for i in range(depth)]


@rule("Where")
def where(condition: Value) -> Value:
    return ivy.nonzero(to_bool(condition))


@rule("OneHot")
def one_hot(indices: Value, depth: Size, on_value: Value, off_value: Value, *, axis: int) -> Value:
    along = axis_of(axis, rank(indices) + 1)
    plain = number_of(on_value) in (1, True) and number_of(off_value) in (0, False)
    if plain and isinstance(depth, int) and along == rank(indices):
        return ivy.one_hot(indices, depth, dtype(on_value))
    places = counted(depth, dtype(indices), along, rank(indices) + 1)
    return ivy.where(ivy.equal(ivy.expand_dims(indices, (along,)), places), on_value, off_value)


# Scattering


@rule("ScatterNd", ignores="bad_indices_policy")
def scatter_nd(indices: Value, updates: Value, shape: Sizes, *, importer: FuncGraphImporter) -> Value:
    empty = filled(shape, False if dtype(updates) == i1 else 0, dtype(updates))
    return scattered(importer, empty, indices, updates, accumulate=True)


@rule("TensorScatterUpdate", ignores="bad_indices_policy")
def scatter_update(x: Value, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> Value:
    return scattered(importer, x, indices, updates, accumulate=False)


@rule("TensorScatterAdd", ignores="bad_indices_policy")
def scatter_add(x: Value, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> Value:
    return scattered(importer, x, indices, updates, accumulate=True)


@rule("TensorScatterSub", ignores="bad_indices_policy")
def scatter_subtract(x: Value, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> Value:
    return scattered(importer, x, indices, ivy.negative(updates), accumulate=True)


def scattered(importer: FuncGraphImporter, x: Value, indices: Value, updates: Value, accumulate: bool) -> Value:
    places = unstacked(importer, indices)
    return ivy.index_put(x, places, updates, tuple(range(len(places))), accumulate)


@rule("TensorScatterMax", ignores="bad_indices_policy")
def scatter_max(x: Value, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> Value:
    return scattered_with(importer, x, indices, updates, "max")


@rule("TensorScatterMin", ignores="bad_indices_policy")
def scatter_min(x: Value, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> Value:
    return scattered_with(importer, x, indices, updates, "min")


def scattered_with(importer: FuncGraphImporter, x: Value, indices: Value, updates: Value, mode: str) -> Value:
    """Return a scatter over the first axes, which `indices` count, as one over a single axis."""
    places = unstacked(importer, indices)
    depth, shape = len(places), importer.shape(x)
    flat, stride = to(0, i64), 1
    for place, size in reversed(list(zip(places, shape[:depth], strict=True))):
        flat = ivy.add(flat, ivy.multiply(to(place, i64), to(stride, i64)))
        stride = sizes.multiply(size, stride)
    rows = ivy.reshape(x, (stride, *shape[depth:]))
    values = ivy.reshape(updates, (-1, *shape[depth:]) if shape[depth:] else (-1,))
    found = ivy.scatter_along_axis(rows, over_rows(importer, ivy.reshape(flat, (-1,)), values), values, 0, mode)
    return ivy.reshape(found, shape)


def over_rows(importer: FuncGraphImporter, indices: Value, rows: Value) -> Value:
    """Return an index for each row as an index for each element."""
    if rank(rows) == 1:
        return indices
    shaped = ivy.expand_dims(indices, tuple(range(1, rank(rows))))
    return ivy.broadcast_to(shaped, importer.shape(rows))


# Sequences


@rule("ReverseSequence")
def reverse_sequence(x: Value, lengths: Value, *, seq_dim: int, batch_dim: int, importer: FuncGraphImporter) -> Value:
    """The first `lengths[b]` elements of each sequence in reverse order."""
    n = rank(x)
    places = counted(importer.dim(x, seq_dim), dtype(lengths), seq_dim, n)
    length = ivy.reshape(lengths, tuple(-1 if i == batch_dim else 1 for i in range(n)))
    turned = ivy.subtract(ivy.subtract(length, number(length, 1)), places)
    source = ivy.where(ivy.less(places, length), turned, ivy.add(places, ivy.multiply(length, number(length, 0))))
    return ivy.take_along_axis(x, ivy.broadcast_to(source, importer.shape(x)), seq_dim)


@rule("DynamicPartition")
def dynamic_partition(x: Value, partitions: Value, *, num_partitions: int, importer: FuncGraphImporter) -> list[Value]:
    """The rows of each partition in order."""
    flat = ivy.reshape(partitions, (-1,))
    shape = importer.shape(x)[rank(partitions) :]
    rows = ivy.reshape(x, (-1, *shape))
    return [
        ivy.take(rows, ivy.squeeze(ivy.nonzero(ivy.equal(flat, number(flat, i))), (1,)), 0)
        for i in range(num_partitions)
    ]


@rule("DynamicStitch", "ParallelDynamicStitch")
def dynamic_stitch(indices: list[Traced], data: Values, *, importer: FuncGraphImporter) -> Value:
    """Rows put where the indices say; the last of several stays."""
    known = [numbers for i in indices if (numbers := importer.known_numbers(i)) is not None]
    flat = ivy.concat([ivy.reshape(importer.value(i), (-1,)) for i in indices], 0)
    if len(known) == len(indices):
        count: Size = max((int(i.max()) + 1 for i in known if i.size), default=0)
    else:
        count = ivy.to_size(ivy.add(ivy.max(flat), number(flat, 1)))
    first = rank(importer.value(indices[0]))
    shape = importer.shape(data[0])[first:]
    rows = [ivy.reshape(x, (-1, *shape)) for x in data]
    empty = filled((count, *shape), 0, dtype(data[0]))
    return ivy.index_put(empty, [flat], ivy.concat(rows, 0), (0,))


@rule("UnravelIndex")
def unravel_index(indices: Value, dims: Sizes) -> Value:
    """Places in a flattened array as places along each of its axes."""
    rest = indices
    found: list[Value] = []
    for n in reversed(dims):
        size = to(n, dtype(indices))
        found.append(ivy.remainder(rest, size))
        rest = ivy.floor_divide(rest, size)
    return ivy.stack(found[::-1], 0)
