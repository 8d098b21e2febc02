"""Making arrays, and moving their elements without computing with them."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import tensorflow as tf

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import INTEGERS, DType, dtype_of, f64, i1, i32, i64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.size_sources import resolve_size
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Elements, Node, Traced, as_elements, vector
from mlgraph.frontend.tensorflow.operands import Array, Sizes
from mlgraph.frontend.tensorflow.rules.helpers import axis_of, broadcast, ceil_divide, counted, filled, to
from mlgraph.frontend.tensorflow.rules.registry import rule

# What changes nothing


@rule(
    *"Identity IdentityN PreventGradient Snapshot GuaranteeConst PlaceholderWithDefault".split(),
    *"EnsureShape CheckNumerics CheckNumericsV2 DeepCopy".split(),
    ignores="message shape T",
)
def unchanged(*tensors: Traced, node: Node) -> list[Traced]:
    return node.inputs


@rule("StopGradient")
def stop_gradient(x: Traced, *, importer: FuncGraphImporter) -> Traced | Value:
    return x if x.value is None else ivy.stop_gradient(importer.value(x))


# Constants and shapes


@rule("Const")
def const(*, value: Any, dtype: Any, node: Node) -> Traced:
    return constant(node, cast(Any, tf).make_ndarray(node.op.get_attr("value")))


def constant(node: Node, array: np.ndarray) -> Traced:
    return Traced(node.dtype if node.op.outputs[0].dtype != tf.string else None, elements=array)


@rule("Shape")
def shape(x: Traced, *, out_type: DType, importer: FuncGraphImporter) -> Elements:
    return shape_elements(importer, x)


def shape_elements(importer: FuncGraphImporter, x: Traced) -> Elements:
    if x.value is None and x.elements is not None:
        return vector(x.elements.shape)
    return vector(importer.shape(importer.value(x)))


@rule("ShapeN")
def shape_n(xs: list[Traced], *, out_type: DType, importer: FuncGraphImporter) -> list[Elements]:
    return [shape_elements(importer, x) for x in xs]


@rule("Size")
def size(x: Traced, *, out_type: DType, importer: FuncGraphImporter) -> Elements:
    return as_elements(product(tuple(shape_elements(importer, x))))


@rule("Rank")
def rank_(x: Traced, *, importer: FuncGraphImporter) -> Elements:
    return as_elements(len(shape_elements(importer, x)))


@rule("BroadcastArgs")
def broadcast_args(a: Sizes, b: Sizes) -> Elements:
    return vector(broadcast(a, b))


@rule("BroadcastGradientArgs")
def broadcast_gradient_args(a: Sizes, b: Sizes, *, node: Node) -> list[Elements]:
    """The axes over which the gradients of two broadcast operands are summed."""
    n = max(len(a), len(b))
    first, second = ((1,) * (n - len(s)) + s for s in (a, b))
    axes: tuple[list[int], list[int]] = ([], [])
    for i, (x, y) in enumerate(zip(first, second, strict=True)):
        if x is y or x == y:
            continue
        if not isinstance(x, int) and not isinstance(y, int):
            raise StaticSizeRequired("gradients of operands of different sizes", x, y)
        narrow = 0 if x == 1 else 1
        axes[narrow].append(i)
    return [vector(reduced) for reduced in axes]


@rule("Fill")
def fill(dims: Sizes, value: Value) -> Value:
    if (constant := number_of(value)) is not None:
        return ivy.full(dims, constant, dtype(value))
    return ivy.broadcast_to(value, dims)


@rule("ZerosLike")
def zeros_like(x: Value, *, importer: FuncGraphImporter) -> Value:
    return filled(importer.shape(x), False if dtype(x) == i1 else 0, dtype(x))


@rule("OnesLike")
def ones_like(x: Value, *, importer: FuncGraphImporter) -> Value:
    return filled(importer.shape(x), True if dtype(x) == i1 else 1, dtype(x))


@rule("Range")
def range_(start: Traced, limit: Traced, delta: Traced, *, node: Node, importer: FuncGraphImporter) -> Value:
    bounds: list[Any] = [importer.known_numbers(x) for x in (start, limit, delta)]
    step = bounds[-1]
    if all(x is not None for x in bounds):
        first, last, by = (float(x[()]) for x in bounds)
        return ivy.arange(first, last, by, node.dtype)
    if node.dtype in INTEGERS and step is not None:
        first, last, by = importer.sizes(start)[0], importer.sizes(limit)[0], int(step[()])
        span = sizes.subtract(last, first) if by > 0 else sizes.subtract(first, last)
        count = sizes.maximum(ceil_divide(span, abs(by)), 0)
        return stepped(counted(count, node.dtype), to(first, node.dtype), by)
    first, last, by = (to(importer.value(x), f64) for x in (start, limit, delta))
    count = ivy.to_size(ivy.cast(ivy.ceil(ivy.divide(ivy.subtract(last, first), by)), i64))
    steps = ivy.multiply(ivy.iota((sizes.maximum(count, 0),), node.dtype), importer.value(delta))
    return ivy.add(steps, importer.value(start))


def stepped(places: Value, start: Value, step: int) -> Value:
    """Return `start + step * places`."""
    found = places if step == 1 else ivy.multiply(places, number(places, step))
    return found if number_of(start) == 0 else ivy.add(found, start)


@rule("LinSpace")
def linspace(start: Value, stop: Value, num: Size) -> Value:
    """The last number is `stop` itself."""
    if num == 1:
        return ivy.reshape(start, (1,))
    last = sizes.subtract(num, 1)
    step = ivy.divide(ivy.subtract(stop, start), to(last, dtype(start)))
    places = counted(num, i64)
    found = ivy.add(start, ivy.multiply(step, ivy.cast(places, dtype(start))))
    return ivy.where(ivy.equal(places, to(last, i64)), stop, found)


@rule("MatrixBandPart")
def band_part(x: Value, num_lower: int, num_upper: int) -> Value:
    """A negative number keeps the whole triangle."""
    x = x if num_lower < 0 else ivy.triu(x, -num_lower)
    return x if num_upper < 0 else ivy.tril(x, num_upper)


# Shapes of arrays


@rule("Reshape")
def reshape(x: Value, shape: Sizes) -> Value:
    return ivy.reshape(x, shape)


@rule("Squeeze")
def squeeze(x: Value, *, squeeze_dims: Ints) -> Value:
    if not squeeze_dims and (free := [axis for axis, n in enumerate(shape_of(x)) if n < 0]):
        raise StaticSizeRequired("squeezing every axis of size 1", *(resolve_size(x, axis) for axis in free))
    axes = squeeze_dims or tuple(i for i, n in enumerate(shape_of(x)) if n == 1)
    return ivy.squeeze(x, tuple(axis_of(a, rank(x)) for a in axes)) if axes else x


@rule("ExpandDims")
def expand_dims(x: Value, axis: int) -> Value:
    return ivy.expand_dims(x, (axis_of(axis, rank(x) + 1),))


@rule("Transpose")
def transpose(x: Value, perm: Ints) -> Value:
    return ivy.permute_dims(x, perm)


@rule("ConjugateTranspose")
def conjugate_transpose(x: Value, perm: Ints) -> Value:
    return ivy.conj(ivy.permute_dims(x, perm))


@rule("BroadcastTo")
def broadcast_to(x: Value, shape: Sizes) -> Value:
    return ivy.broadcast_to(x, shape)


@rule("Tile")
def tile(x: Value, multiples: Sizes) -> Value:
    return ivy.tile(x, multiples)


@rule("ReverseV2")
def reverse(x: Value, axis: Ints) -> Value:
    return ivy.flip(x, tuple(axis_of(a, rank(x)) for a in axis)) if axis else x


@rule("Reverse")
def reverse_marked(x: Value, dims: Array) -> Value:
    axes = tuple(i for i, marked in enumerate(dims) if marked)
    return ivy.flip(x, axes) if axes else x


@rule("Roll")
def roll(x: Value, shift: Ints, axis: Ints) -> Value:
    return ivy.roll(x, shift, tuple(axis_of(a, rank(x)) for a in axis))


# Joining and parting


@rule("ConcatV2")
def concat(values: list[Traced], axis: int, *, node: Node, importer: FuncGraphImporter) -> Traced:
    xs = [importer.value(x) for x in values]
    found = Traced(node.dtype, ivy.concat(xs, axis_of(axis, rank(xs[0]))))
    if node.dtype in (i32, i64) and all(len(shape_of(x)) == 1 and shape_of(x)[0] in range(LONGEST) for x in xs):
        found.parts = tuple(item for x in values for item in importer.items(x))
    return found


LONGEST = 16
"""Vectors of integers up to so long may be shapes, and are followed element by element."""


@rule("Concat")
def concat_along(axis: int, values: Values) -> Value:
    return ivy.concat(values, axis_of(axis, rank(values[0])))


@rule("Pack")
def pack(values: list[Traced], *, axis: int, node: Node, importer: FuncGraphImporter) -> Traced:
    xs = [importer.value(x) for x in values]
    found = Traced(node.dtype, ivy.stack(xs, axis_of(axis, rank(xs[0]) + 1)))
    if node.dtype in (i32, i64) and rank(xs[0]) == 0 and len(xs) < LONGEST:
        found.parts = tuple(item for x in values for item in importer.items(x))
    return found


@rule("Unpack")
def unpack(x: Value, *, num: int, axis: int) -> list[Value]:
    along = axis_of(axis, rank(x))
    return [ivy.squeeze(slice_axis(x, along, i, i + 1), (along,)) for i in range(num)]


@rule("Split")
def split(axis: int, x: Value, *, num_split: int, importer: FuncGraphImporter) -> list[Value]:
    along = axis_of(axis, rank(x))
    each = sizes.floor_divide(importer.dim(x, along), num_split)
    return parts(x, along, [each] * num_split)


@rule("SplitV")
def split_parts(x: Value, size_splits: Sizes, axis: int, *, num_split: int, importer: FuncGraphImporter) -> list[Value]:
    along = axis_of(axis, rank(x))
    taken: Size = 0
    for n in size_splits:
        taken = sizes.add(taken, 0 if n == -1 else n)
    rest = sizes.subtract(importer.dim(x, along), taken) if -1 in size_splits else 0
    return parts(x, along, [rest if n == -1 else n for n in size_splits])


def parts(x: Value, axis: int, lengths: Sequence[Size]) -> list[Value]:
    """Neighboring slices of the given lengths."""
    found: list[Value] = []
    start: Size = 0
    for length in lengths:
        stop = sizes.add(start, length)
        found.append(slice_axis(x, axis, start, stop))
        start = stop
    return found


# Padding


@rule("Pad")
def pad(x: Value, paddings: Sizes) -> Value:
    return ivy.pad(x, paddings[::2], paddings[1::2], number(x, False if dtype(x) == i1 else 0))


@rule("PadV2")
def pad_with(x: Value, paddings: Sizes, value: Value) -> Value:
    return ivy.pad(x, paddings[::2], paddings[1::2], value)


@rule("MirrorPad")
def mirror_pad(x: Value, paddings: Ints, *, mode: str) -> Value:
    if mode == "REFLECT":
        return ivy.pad_reflect(x, paddings[::2], paddings[1::2])
    for axis, (low, high) in enumerate(zip(paddings[::2], paddings[1::2], strict=True)):
        pieces = [ivy.flip(slice_axis(x, axis, 0, low), (axis,))] if low else []
        pieces += [x]
        pieces += [ivy.flip(slice_axis(x, axis, -high), (axis,))] if high else []
        x = ivy.concat(pieces, axis) if len(pieces) > 1 else x
    return x


@rule("SpaceToBatchND")
def space_to_batch(x: Value, block_shape: Ints, paddings: Sizes, *, importer: FuncGraphImporter) -> Value:
    """Blocks of the spatial axes move into the batch axis."""
    n = len(block_shape)
    rest = rank(x) - 1 - n
    low = (0, *paddings[::2], *(0,) * rest)
    x = ivy.pad(x, low, (0, *paddings[1::2], *(0,) * rest), number(x, 0))
    batch, *spatial = importer.shape(x)[: n + 1]
    tail = importer.shape(x)[n + 1 :]
    split = [m for size, b in zip(spatial, block_shape, strict=True) for m in (sizes.floor_divide(size, b), b)]
    x = ivy.reshape(x, (batch, *split, *tail))
    axes = (*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n, 2), *range(2 * n + 1, 2 * n + 1 + rest))
    x = ivy.permute_dims(x, axes)
    return ivy.reshape(x, (sizes.multiply(batch, product(block_shape)), *split[::2], *tail))


@rule("BatchToSpaceND")
def batch_to_space(x: Value, block_shape: Ints, crops: Sizes, *, importer: FuncGraphImporter) -> Value:
    """The other way round: parts of the batch axis become blocks of the spatial axes."""
    n = len(block_shape)
    rest = rank(x) - 1 - n
    batch, *spatial = importer.shape(x)[: n + 1]
    tail = importer.shape(x)[n + 1 :]
    batch = sizes.floor_divide(batch, product(block_shape))
    x = ivy.reshape(x, (*block_shape, batch, *spatial, *tail))
    pairs = [axis for i in range(n) for axis in (n + 1 + i, i)]
    x = ivy.permute_dims(x, (n, *pairs, *range(2 * n + 1, 2 * n + 1 + rest)))
    full = tuple(sizes.multiply(size, b) for size, b in zip(spatial, block_shape, strict=True))
    x = ivy.reshape(x, (batch, *full, *tail))
    stops = tuple(sizes.subtract(size, high) for size, high in zip(full, crops[1::2], strict=True))
    ends = (TO_END,) * rest
    return ivy.slice(x, (0, *crops[::2], *(0,) * rest), (TO_END, *stops, *ends), (1,) * rank(x))


@rule("SpaceToDepth")
def space_to_depth(x: Value, *, block_size: int, data_format: str, importer: FuncGraphImporter) -> Value:
    n, h, w, c = images(importer, x, data_format)
    b = block_size
    split = (n, sizes.floor_divide(h, b), b, sizes.floor_divide(w, b), b, c)
    turned = ivy.permute_dims(ivy.reshape(last_channels(x, data_format), split), (0, 1, 3, 2, 4, 5))
    found = ivy.reshape(turned, (n, split[1], split[3], sizes.multiply(c, b * b)))
    return first_channels(found, data_format)


@rule("DepthToSpace")
def depth_to_space(x: Value, *, block_size: int, data_format: str, importer: FuncGraphImporter) -> Value:
    n, h, w, c = images(importer, x, data_format)
    b = block_size
    split = (n, h, w, b, b, sizes.floor_divide(c, b * b))
    turned = ivy.permute_dims(ivy.reshape(last_channels(x, data_format), split), (0, 1, 3, 2, 4, 5))
    found = ivy.reshape(turned, (n, sizes.multiply(h, b), sizes.multiply(w, b), split[-1]))
    return first_channels(found, data_format)


def images(importer: FuncGraphImporter, x: Value, data_format: str) -> Sizes:
    """Batch, height, width and channels."""
    if data_format not in ("NHWC", "NCHW"):
        raise Unsupported(f"with data_format={data_format!r}")
    shape = importer.shape(x)
    return shape if data_format == "NHWC" else (shape[0], *shape[2:], shape[1])


def last_channels(x: Value, data_format: str) -> Value:
    return x if data_format == "NHWC" else ivy.permute_dims(x, (0, 2, 3, 1))


def first_channels(x: Value, data_format: str) -> Value:
    return x if data_format == "NHWC" else ivy.permute_dims(x, (0, 3, 1, 2))


@rule("Bitcast")
def bitcast(x: Value, *, type: DType) -> Value:
    if dtype_of(type).itemsize != dtype_of(dtype(x)).itemsize:
        raise Unsupported("to a type of another width")
    return ivy.bitcast(x, type)
