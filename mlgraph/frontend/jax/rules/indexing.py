"""`gather`, `scatter` and the dynamic slices.

lax describes both by windows: an array of starts, a row of starts for each window, and for each axis of the operand
how large the window is there. Windows of one element along an axis become an index; larger ones become an index plus
0, 1, ...; windows of the whole axis need none.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, UNSIGNED, dtype_of, i1, i8, i16, i32, i64, ui8, ui16, ui64
from mlgraph.dialects.ivy.prelude import number, permuted
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.rules.manipulation import sliced
from mlgraph.frontend.jax.rules.registry import rule
from mlgraph.frontend.rules import Unsupported

CLAMPED = (GatherScatterMode.CLIP, GatherScatterMode.PROMISE_IN_BOUNDS)
"""A gather that promises to be in bounds is clamped, a scatter is dropped, as XLA has it."""


@dataclass
class Starts:
    """The starts of windows along one axis."""

    axis: int
    value: SSAValue
    """Within bounds, of the shape of the batch."""
    inside: SSAValue | None
    """The mask of places where the window was in bounds; None if it was everywhere."""


@dataclass
class Windows:
    """The windows of a gather or a scatter."""

    e: Equation
    shape: tuple[Any, ...]
    """Of the operand, in jax's sizes."""
    sizes: tuple[Any, ...]
    """Of a window along each axis of the operand."""
    dropped: tuple[int, ...]
    """The axes of the operand that the windows do not keep: their size is one."""
    batching: dict[int, int]
    """For an axis of the operand that is also an axis of the batch, that axis."""
    batch: tuple[Any, ...]
    """The shape of the batch of windows."""
    starts: list[Starts]

    @property
    def inside(self) -> SSAValue | None:
        """Return which windows are in bounds; None for all."""
        found: SSAValue | None = None
        for start in self.starts:
            if start.inside is not None:
                found = start.inside if found is None else ivy.logical_and(found, start.inside)
        return found

    @property
    def kept(self) -> list[int]:
        """The axes of the operand that the windows keep."""
        return [i for i in range(len(self.shape)) if i not in self.dropped and i not in self.batching]

    def start_of(self, axis: int) -> SSAValue | None:
        return next((s.value for s in self.starts if s.axis == axis), None)

    def is_whole(self, axis: int) -> bool:
        """Return whether windows hold all of an axis."""
        return axis not in self.batching and self.sizes[axis] == self.shape[axis] and self.sizes[axis] != 1

    def axes(self) -> list[int]:
        """Return the axes of the operand that need an index."""
        return [
            axis
            for axis in range(len(self.shape))
            if axis in self.batching or not (self.is_whole(axis) or self.is_alone(axis))
        ]

    def is_alone(self, axis: int) -> bool:
        """Return whether an axis has one element and no start of its own."""
        return self.shape[axis] == 1 and self.start_of(axis) is None and axis not in self.batching and axis in self.kept

    def indices(self, axes: Sequence[int]) -> list[SSAValue]:
        """For each of `axes` an index that broadcasts to the batch followed by those of `axes` that are kept."""
        wide = [axis for axis in axes if axis in self.kept]
        rank = len(self.batch) + len(wide)
        found: list[SSAValue] = []
        for axis in axes:
            if axis in self.batching:
                found.append(self.along(self.batch[self.batching[axis]], self.batching[axis], rank))
                continue
            start = self.start_of(axis)
            inner = tuple(range(len(self.batch), rank))
            parts = [] if start is None else [ivy.expand_dims(start, inner) if inner else start]
            if axis in wide and (self.sizes[axis] != 1 or not parts):
                parts.append(self.along(self.sizes[axis], len(self.batch) + wide.index(axis), rank))
            parts = parts or [literal(0, i32)]
            if len(parts) == 2:
                parts = [ivy.add(parts[0], ivy.cast(parts[1], dtype(parts[0])))]
            found.append(parts[0])
        kind = i64 if any(dtype(i) == i64 for i in found) else i32
        return [i if dtype(i) == kind else ivy.cast(i, kind) for i in found]

    def along(self, size: Any, axis: int, rank: int) -> SSAValue:
        """0, 1, ... along one of `rank` axes."""
        line = ivy.iota((self.e.size(size),), i32)
        rest = tuple(i for i in range(rank) if i != axis)
        return ivy.expand_dims(line, rest) if rest else line

    def layout(self, axes: Sequence[int]) -> list[tuple[str, int]]:
        """Return what each axis of `ivy.index` over `axes` is: ("batch", i), or ("window", axis of the operand)."""
        together = [("batch", i) for i in range(len(self.batch))]
        together += [("window", axis) for axis in axes if axis in self.kept]
        before = [("window", axis) for axis in range(axes[0])]
        rest = [("window", axis) for axis in range(len(self.shape)) if axis not in axes]
        if list(axes) == list(range(axes[0], axes[0] + len(axes))):
            return before + together + rest[len(before) :]
        return together + rest

    def arranged(self, window_dims: Sequence[int]) -> list[tuple[str, int]]:
        """Return what each axis of a result (or of updates) is; `window_dims` are the windows'."""
        windows = iter([("window", axis) for axis in self.kept])
        batch = iter([("batch", i) for i in range(len(self.batch))])
        total = len(self.batch) + len(self.kept)
        return [next(windows) if i in window_dims else next(batch) for i in range(total)]


def windows_of(
    e: Equation,
    indices: SSAValue,
    shape: Sequence[Any],
    sizes: Sequence[Any],
    dropped: Sequence[int],
    index_map: Sequence[int],
    batching: dict[int, int],
    clamp: bool,
) -> Windows:
    """Read a description of lax; where the starts are not clamped, `inside` says which windows are in bounds."""
    starts: list[Starts] = []
    numbers = e.known(indices)
    for k, axis in enumerate(index_map):
        known = None if numbers is None else numbers[..., k]
        starts.append(bounded(e, axis, component(indices, k), known, shape[axis] - sizes[axis], clamp))
    batch = e.shape_of(1)[:-1]
    return Windows(e, tuple(shape), tuple(sizes), tuple(dropped), batching, tuple(batch), starts)


def component(indices: SSAValue, k: int) -> SSAValue:
    """Return the k-th of the last axis of `indices`; where that axis was just made, what it was made of."""
    owner = indices.owner
    if isinstance(owner, ivy.concat.definition) and owner.arguments()["axis"] == rank(indices) - 1:
        parts = owner.arguments()["xs"]
        if all(shape_of(part)[-1] == 1 for part in parts):
            return component(parts[k], 0)
    if isinstance(owner, ivy.expand_dims.definition):
        last = rank(indices) - 1
        axes = owner.arguments()["axis"]
        if last in axes:
            rest = tuple(a for a in axes if a != last)
            x = owner.arguments()["x"]
            return ivy.expand_dims(x, rest) if rest else x
    if shape_of(indices)[-1] == 1:
        return ivy.squeeze(indices, (-1,))
    return ivy.take(indices, literal(k, i32), -1)


def wide_index(x: SSAValue) -> SSAValue:
    """Indices in a type that holds every size."""
    return ivy.cast(x, i32) if dtype(x) in (i8, i16, ui8, ui16) else x


def signed_index(x: SSAValue) -> SSAValue:
    """Indices that are no larger than a size, in a type with a sign."""
    return x if dtype(x) in (i32, i64) else ivy.cast(x, i64 if dtype(x) == ui64 else i32)


def in_bounds(known: "np.ndarray[Any, Any] | None", last: Any) -> bool:
    """Return whether known starts are between 0 and `last`."""
    try:
        return known is not None and all(n >= 0 and n <= last for n in known.flat)
    except Exception:
        return False


def bounded(e: Equation, axis: int, value: SSAValue, known: Any, last: Any, clamp: bool) -> Starts:
    """Starts held between 0 and `last`."""
    value = wide_index(value)
    if in_bounds(known, last):
        return Starts(axis, signed_index(value), None)
    zero = number(value, 0)
    top = number(value, int(last)) if is_known(last) else ivy.from_size((e.size(last),), dtype(value))
    held = ivy.clip(value, zero, top)
    return Starts(axis, signed_index(held), None if clamp else ivy.equal(value, held))


# Gather


@rule("gather")
def gather(
    e: Equation, x: SSAValue, indices: SSAValue, *, dimension_numbers: Any, slice_sizes: Any, mode: Any, fill_value: Any
) -> SSAValue:
    d = dimension_numbers
    mode = GatherScatterMode.from_any(mode)
    if mode not in (*CLAMPED, GatherScatterMode.FILL_OR_DROP):
        raise Unsupported(f"in mode {mode}")
    if not d.start_index_map and not d.operand_batching_dims:
        raise Unsupported("without indices")
    batching = dict(zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True))
    shape = e.shape_of(0)
    clamp = mode in CLAMPED
    windows = windows_of(e, indices, shape, slice_sizes, d.collapsed_slice_dims, d.start_index_map, batching, clamp)
    result = gathered(windows, x, indices, d.offset_dims)
    if (inside := windows.inside) is None:
        return result
    if d.offset_dims and rank(inside):
        inside = ivy.expand_dims(inside, tuple(d.offset_dims))
    return ivy.where(inside, result, number(result, fill_of(result, fill_value)))


def fill_of(x: SSAValue, fill_value: Any) -> Any:
    """Return what stands for elements out of bounds."""
    d = dtype(x)
    if fill_value is not None:
        return fill_value
    if d in FLOATS or d in COMPLEX:
        return np.nan
    if d == i1:
        return True
    info = np.iinfo(dtype_of(d))
    return info.max if d in UNSIGNED else info.min


def gathered(w: Windows, x: SSAValue, indices: SSAValue, offset_dims: Sequence[int]) -> SSAValue:
    """Return the windows, all in bounds."""
    if not w.batch and not w.batching:
        return one_window(w, x, w.e.known(indices))
    along = axis_along(w)
    if along is not None:
        return ivy.take_along_axis(permuted(x, along[0]), w.starts[0].value, along[1])
    axes = w.axes()
    if len(axes) == 1 and not w.batching and axes[0] in w.dropped:
        layout = w.layout(axes)
        result = ivy.take(x, w.indices(axes)[0], axes[0])
    else:
        layout = w.layout(axes)
        result = ivy.index(x, w.indices(axes), tuple(axes))
    target = w.arranged(offset_dims)
    return permuted(result, [layout.index(axis) for axis in target])


def one_window(w: Windows, x: SSAValue, numbers: Any) -> SSAValue:
    """Return a single window: a slice."""
    starts: list[Any] = [0] * len(w.shape)
    if numbers is not None and all(s.inside is None and in_bounds_of(w, s, numbers[k]) for k, s in enumerate(w.starts)):
        for k, start in enumerate(w.starts):
            starts[start.axis] = numbers[k]
        stops = [a + n for a, n in zip(starts, w.sizes, strict=True)]
        result = sliced(w.e, x, w.shape, starts, stops)
    else:
        result = ivy.dynamic_slice(x, dynamic_starts(w), w.e.sizes(w.sizes))
    return ivy.squeeze(result, w.dropped) if w.dropped else result


def in_bounds_of(w: Windows, start: Starts, known: Any) -> bool:
    return in_bounds(np.asarray(known, dtype=object), w.shape[start.axis] - w.sizes[start.axis])


def dynamic_starts(w: Windows) -> list[SSAValue]:
    """Return the start of a single window along every axis."""
    kind = i64 if any(dtype(s.value) == i64 for s in w.starts) else i32
    found: list[SSAValue] = []
    for axis in range(len(w.shape)):
        start = w.start_of(axis)
        found.append(literal(0, kind) if start is None else ivy.cast(start, kind) if dtype(start) != kind else start)
    return found


def axis_along(w: Windows) -> tuple[list[int], int] | None:
    """Return the order of the operand's axes and the axis for `take_along_axis`; None where that cannot say it.

    It is one where every axis of the operand but one is also an axis of the batch, and the batch has one more.
    """
    if len(w.starts) != 1 or w.kept or len(w.batch) != len(w.shape) or len(w.batching) != len(w.shape) - 1:
        return None
    axis = w.starts[0].axis
    free = next(i for i in range(len(w.batch)) if i not in w.batching.values())
    places = {**w.batching, axis: free}
    return sorted(range(len(w.shape)), key=places.__getitem__), free


# Scatter

MODES: dict[str, str] = {"scatter-mul": "multiply", "scatter-min": "min", "scatter-max": "max"}


@rule("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def scatter(
    e: Equation,
    x: SSAValue,
    indices: SSAValue,
    updates: SSAValue,
    *,
    dimension_numbers: Any,
    mode: Any,
    update_jaxpr: Any,
    update_consts: Any,
) -> SSAValue:
    d = dimension_numbers
    name = e.eqn.primitive.name
    if name == "scatter" and update_jaxpr is not None:
        raise Unsupported("with a function")
    mode = GatherScatterMode.from_any(mode)
    if mode == GatherScatterMode.ONE_HOT:
        raise Unsupported(f"in mode {mode}")
    batching = dict(zip(d.operand_batching_dims, d.scatter_indices_batching_dims, strict=True))
    shape = e.shape_of(0)
    gone = (*d.inserted_window_dims, *batching)
    window = iter([e.shape_of(2)[i] for i in d.update_window_dims])
    sizes = [1 if axis in gone else next(window) for axis in range(len(shape))]
    clamp = mode == GatherScatterMode.CLIP
    dropped, index_map = d.inserted_window_dims, d.scatter_dims_to_operand_dims
    windows = windows_of(e, indices, shape, sizes, dropped, index_map, batching, clamp)
    if name == "scatter-sub":
        updates = ivy.negative(updates)
    if not windows.batch and not batching:
        return scatter_one(windows, name, x, updates, e.known(indices))
    return scattered(windows, name, x, updates, d.update_window_dims)


COMBINE: dict[str, Callable[[SSAValue, SSAValue], SSAValue]] = {
    "scatter": lambda old, new: new,
    "scatter-add": ivy.add,
    "scatter-sub": ivy.add,
    "scatter-mul": ivy.multiply,
    "scatter-min": ivy.minimum,
    "scatter-max": ivy.maximum,
}


def scatter_one(w: Windows, name: str, x: SSAValue, updates: SSAValue, numbers: Any) -> SSAValue:
    """Write a single window."""
    if w.dropped:
        updates = ivy.expand_dims(updates, w.dropped)
    known = numbers is not None and all(in_bounds_of(w, s, numbers[k]) for k, s in enumerate(w.starts))
    if known:
        starts: list[Any] = [0] * len(w.shape)
        for k, start in enumerate(w.starts):
            starts[start.axis] = numbers[k]  # pyright: ignore[reportOptionalSubscript]
        stops = [a + n for a, n in zip(starts, w.sizes, strict=True)]
        old = x if name == "scatter" else sliced(w.e, x, w.shape, starts, stops)
        new = COMBINE[name](old, updates)
        return ivy.slice_update(x, new, w.e.sizes(starts), w.e.sizes(stops), (1,) * len(starts))
    begin = dynamic_starts(w)
    old = x if name == "scatter" else ivy.dynamic_slice(x, begin, w.e.sizes(w.sizes))
    result = ivy.dynamic_update_slice(x, COMBINE[name](old, updates), begin)
    inside = w.inside
    return result if inside is None else ivy.where(inside, result, x)


def scattered(w: Windows, name: str, x: SSAValue, updates: SSAValue, window_dims: Sequence[int]) -> SSAValue:
    """Write windows, those out of bounds nowhere."""
    axes = w.axes()
    arranged = w.arranged(window_dims)
    if name in MODES:
        return scatter_flat(w, MODES[name], x, updates, arranged)
    values = permuted(updates, [arranged.index(axis) for axis in w.layout(axes)])
    accumulate = name != "scatter"
    found = w.indices(axes)
    inside = w.inside
    if inside is None:
        return ivy.index_put(x, found, values, tuple(axes), accumulate)
    first = axes[0]
    place = w.e.size(w.shape[first])
    nowhere = ivy.from_size((place,), dtype(found[0]))
    inner = tuple(range(len(w.batch), len(w.batch) + sum(axis in w.kept for axis in axes)))
    found[0] = ivy.where(ivy.expand_dims(inside, inner) if inner else inside, found[0], nowhere)
    wider = ivy.pad(x, (0,) * rank(x), tuple(int(i == first) for i in range(rank(x))), number(x, 0))
    result = ivy.index_put(wider, found, values, tuple(axes), accumulate)
    return sliced(w.e, result, grown(w.shape, first), [0] * rank(x), w.shape)


def grown(shape: Sequence[Any], axis: int) -> list[Any]:
    return [n + 1 if i == axis else n for i, n in enumerate(shape)]


def scatter_flat(w: Windows, mode: str, x: SSAValue, updates: SSAValue, arranged: list[tuple[str, int]]) -> SSAValue:
    """Write windows into the operand as a vector, with one more place at the end for those out of bounds."""
    axes = list(range(len(w.shape)))
    order = [("batch", i) for i in range(len(w.batch))] + [("window", axis) for axis in w.kept]
    values = permuted(updates, [arranged.index(axis) for axis in order])
    total: Any = functools.reduce(operator.mul, w.shape, 1)
    kind = i64 if is_known(total) and int(total) >= 2**31 else i32
    place: SSAValue | None = None
    for axis, index in zip(axes, w.indices(axes), strict=True):
        index = index if dtype(index) == kind else ivy.cast(index, kind)
        size = ivy.from_size((w.e.size(w.shape[axis]),), kind)
        place = index if place is None else ivy.add(ivy.multiply(place, size), index)
    assert place is not None
    if (inside := w.inside) is not None:
        inner = tuple(range(len(w.batch), len(order)))
        nowhere = ivy.from_size((w.e.size(total),), dtype(place))
        place = ivy.where(ivy.expand_dims(inside, inner) if inner else inside, place, nowhere)
    place = ivy.broadcast_to(place, w.e.sizes([*w.batch, *[w.sizes[axis] for axis in w.kept]]))
    flat = ivy.pad(ivy.reshape(x, (-1,)), (0,), (1,), number(x, 0))
    written = ivy.scatter_along_axis(flat, ivy.reshape(place, (-1,)), ivy.reshape(values, (-1,)), 0, mode)
    return ivy.reshape(ivy.slice(written, (0,), (-1,), (1,)), w.e.sizes(w.shape))


# Dynamic slices


@rule("dynamic_slice")
def dynamic_slice(e: Equation, x: SSAValue, *starts: SSAValue, slice_sizes: Any) -> SSAValue:
    shape = e.shape_of(0)
    if (numbers := known_starts(e, starts, shape, slice_sizes)) is not None:
        return sliced(e, x, shape, numbers, [a + n for a, n in zip(numbers, slice_sizes, strict=True)])
    return ivy.dynamic_slice(x, one_type(starts), e.sizes(slice_sizes))


@rule("dynamic_update_slice")
def dynamic_update_slice(e: Equation, x: SSAValue, update: SSAValue, *starts: SSAValue) -> SSAValue:
    shape, window = e.shape_of(0), e.shape_of(1)
    if (numbers := known_starts(e, starts, shape, window)) is not None:
        stops = [a + n for a, n in zip(numbers, window, strict=True)]
        return ivy.slice_update(x, update, e.sizes(numbers), e.sizes(stops), (1,) * len(numbers))
    return ivy.dynamic_update_slice(x, update, one_type(starts))


def known_starts(e: Equation, starts: Sequence[SSAValue], shape: Any, window: Any) -> list[Any] | None:
    """Return the starts of a window as sizes, if they are known and in bounds."""
    arrays = [e.known(start) for start in starts]
    if all(in_bounds(a, n - k) for a, n, k in zip(arrays, shape, window, strict=True)):
        return [array.item() for array in arrays if array is not None]
    return None


def one_type(starts: Sequence[SSAValue]) -> list[SSAValue]:
    """Starts of one element type."""
    starts = [signed_index(start) for start in starts]
    kind = i64 if any(dtype(start) == i64 for start in starts) else i32
    return [start if dtype(start) == kind else ivy.cast(start, kind) for start in starts]
