# pyright: basic
"""Arithmetic on shapes: what operations do to arrays of numbers and sizes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlgraph.dialects import sizes
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.nodes import Elements, as_elements, vector
from mlgraph.frontend.tensorflow.rules.helpers import broadcast
from mlgraph.frontend.tensorflow.rules.indices import index_of
from mlgraph.frontend.tensorflow.rules.registry import on_elements


def elementwise(function: Any) -> Any:
    """Return `function` of elements, applied to arrays under broadcasting."""

    def apply(*arrays: Elements) -> Elements:
        return as_elements(np.frompyfunc(function, len(arrays), 1)(*arrays))

    return apply


def reduced(function: Any, start: Any = None) -> Any:
    """Return the reduction of an array of sizes with a function of two."""

    def reduce(x: Elements, axis: Elements, *, keep_dims: bool) -> Elements:
        axes = tuple(int(a) for a in axis.flat)
        if len(axes) > 1:
            raise Unsupported("over several axes")
        if not axes:
            return x
        begin = {} if start is None else {"initial": start}
        return as_elements(np.frompyfunc(function, 2, 1).reduce(x, axis=axes[0], keepdims=keep_dims, **begin))

    return reduce


def scanned(function: Any, start: int) -> Any:
    """Return the running reduction of a vector of sizes."""

    def scan(x: Elements, axis: Elements, *, exclusive: bool, reverse: bool) -> Elements:
        if x.ndim != 1:
            raise Unsupported("of a matrix of sizes")
        items: list[Any] = []
        total: Any = start
        for item in x[::-1] if reverse else x:
            items.append(total)
            total = function(total, item)
        items.append(total)
        kept = items[:-1] if exclusive else items[1:]
        return vector(kept[::-1] if reverse else kept)

    return scan


def concat(values: Sequence[Elements], axis: Elements) -> Elements:
    return np.concatenate(values, int(axis[()]))


def concat_offset(axis: Elements, shapes: Sequence[Elements]) -> list[Elements]:
    along = int(axis[()])
    found: list[Elements] = []
    start: Size = 0
    for shape in shapes:
        found.append(vector([start if i == along else 0 for i in range(len(shape))]))
        start = sizes.add(start, shape[along])
    return found


def stitched(indices: Sequence[Elements], data: Sequence[Elements]) -> Elements:
    places = np.concatenate([i.ravel() for i in indices]).astype(int)
    items = np.concatenate([d.reshape(i.size, *d.shape[i.ndim :]) for i, d in zip(indices, data, strict=True)])
    found = np.zeros((max(places, default=-1) + 1, *items.shape[1:]), dtype=object)
    for place, item in zip(places, items, strict=True):
        found[place] = item
    return found


def split(axis: Elements, x: Elements, *, num_split: int) -> list[Elements]:
    return np.split(x, num_split, int(axis[()]))


def split_parts(x: Elements, parts: Elements, axis: Elements, *, num_split: int) -> list[Elements]:
    return np.split(x, np.cumsum(parts.astype(int))[:-1], int(axis[()]))


def gathered(x: Elements, indices: Elements, axis: Elements, *, batch_dims: int) -> Elements:
    if batch_dims:
        raise Unsupported("with batch_dims")
    return as_elements(np.take(x, indices.astype(int), int(axis[()])))


def scattered(x: Elements, indices: Elements, updates: Elements, *, bad_indices_policy: str = "") -> Elements:
    found = x.copy()
    for place, update in zip(indices.reshape(-1, indices.shape[-1]).astype(int), updates.reshape(-1), strict=True):
        found[tuple(place)] = update
    return found


def strided(
    x: Elements, begin: Elements, end: Elements, strides: Elements, *,
    begin_mask: int, end_mask: int, ellipsis_mask: int, new_axis_mask: int, shrink_axis_mask: int,
) -> Elements:  # fmt: skip
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return as_elements(x[index_of(tuple(begin), tuple(end), tuple(strides), *masks)])


def sliced(x: Elements, begin: Elements, size: Elements) -> Elements:
    ends = [None if n == -1 else b + n for b, n in zip(begin, size, strict=True)]
    return x[tuple(slice(b, e) for b, e in zip(begin, ends, strict=True))]


def squeezed(x: Elements, *, squeeze_dims: tuple[int, ...]) -> Elements:
    return np.squeeze(x, squeeze_dims or None)


on_elements(
    {
        "Cast": lambda x, *, DstT, Truncate: x,
        "Add": elementwise(sizes.add),
        "AddV2": elementwise(sizes.add),
        "Sub": elementwise(sizes.subtract),
        "Mul": elementwise(sizes.multiply),
        "Neg": elementwise(sizes.negative),
        "FloorDiv": elementwise(sizes.floor_divide),
        "FloorMod": elementwise(sizes.remainder),
        "Maximum": elementwise(sizes.maximum),
        "Minimum": elementwise(sizes.minimum),
        "Square": lambda x: elementwise(sizes.multiply)(x, x),
        "Sum": reduced(sizes.add, 0),
        "Prod": reduced(sizes.multiply, 1),
        "Max": reduced(sizes.maximum),
        "Min": reduced(sizes.minimum),
        "Cumsum": scanned(sizes.add, 0),
        "Cumprod": scanned(sizes.multiply, 1),
        "Pack": lambda values, *, axis: np.stack(values, axis),
        "Unpack": lambda x, *, num, axis: [as_elements(item) for item in np.moveaxis(x, axis, 0)],
        "ConcatV2": concat,
        "Concat": lambda axis, values: concat(values, axis),
        "ConcatOffset": concat_offset,
        "DynamicStitch": stitched,
        "ParallelDynamicStitch": stitched,
        "Split": split,
        "SplitV": split_parts,
        "Slice": sliced,
        "StridedSlice": strided,
        "GatherV2": gathered,
        "Gather": lambda x, indices, *, validate_indices: gathered(x, indices, as_elements(0), batch_dims=0),
        "TensorScatterUpdate": scattered,
        "Reshape": lambda x, shape: x.reshape(shape.astype(int)),
        "ExpandDims": lambda x, axis: np.expand_dims(x, int(axis.reshape(()))),
        "Squeeze": squeezed,
        "Transpose": lambda x, perm: np.transpose(x, perm.astype(int)),
        "ReverseV2": lambda x, axis: np.flip(x, tuple(axis.astype(int))),
        "Roll": lambda x, shift, axis: np.roll(x, tuple(shift.flat), tuple(axis.flat)),
        "Fill": lambda dims, value: np.broadcast_to(value, dims.astype(int)),
        "Tile": lambda x, multiples: np.tile(x, multiples.astype(int)),
        "BroadcastTo": lambda x, shape: np.broadcast_to(x, shape.astype(int)),
        "BroadcastArgs": lambda a, b: vector(broadcast(tuple(a), tuple(b))),
        "ZerosLike": lambda x: np.zeros_like(x),
        "OnesLike": lambda x: np.ones_like(x),
    }
)
