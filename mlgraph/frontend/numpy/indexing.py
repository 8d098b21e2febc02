"""`x[key]` and `x[key] = value`: slices are views, arrays of indices gather and scatter, masks become `where`."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import concrete, fresh, is_traced, scalar, view
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.masks import mask_of, nonzero, selection, widened
from mlgraph.frontend.numpy.queries import is_concrete, is_non_negative, write_error
from mlgraph.frontend.numpy.size_examples import example_of, with_examples
from mlgraph.frontend.numpy.sizes import (
    Dim,
    Size,
    ceil_divide,
    examples,
    fix,
    is_dim,
    is_free,
    operands,
    simple,
)
from mlgraph.frontend.numpy.tables import hook
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.views import Sliced
from mlgraph.frontend.numpy.wrapping import (
    any_traced,
    as_array,
    broadcast_dims,
    broadcast_to,
    cast,
    unwrap_concrete,
    wrap_concrete,
)

TO_END = 2**63 - 1


@dataclass
class Key:
    """A parsed key."""

    basic: Sliced
    dims: tuple[Dim, ...]
    """The shape of the basic part."""
    arrays: dict[int, TracedArray] = field(default_factory=dict)
    """Index arrays by axis of the basic part."""
    scalar: bool = False
    """True if the basic part is a scalar of numpy's: an ellipsis gives an array in its place."""


@hook
def getitem(array: TracedArray, key: Any) -> Any:
    """Return `array[key]`."""
    if not any_traced((array, key)) and is_concrete(array):
        return concrete_part(array, unwrap_concrete(key))
    return with_examples(_part(array, key), operator.getitem, (array, key), {})


def _part(array: TracedArray, key: Any) -> Any:
    if (mask := mask_of(array, key)) is not None:
        return selection(array, mask)
    parsed = parse(array, items_of(key))
    if not parsed.arrays:
        part = view(array, parsed.basic, parsed.dims)
        part.value  # noqa: B018  so that the view is built at its own line
        return scalar(fresh(part.value, (), part.dtype)) if parsed.scalar else part
    source = basic_part(array, parsed)
    axes = tuple(sorted(parsed.arrays))
    indices = [normal_index(parsed.arrays[a], source.shape[a]) for a in axes]
    return gathered(source, indices, axes)


def concrete_part(array: TracedArray, key: Any) -> Any:
    """Return `array[key]` of a concrete array."""
    found = wrap_concrete(array._real[key])
    basic = all(
        k is None or k is Ellipsis or isinstance(k, slice | int) for k in (key if type(key) is tuple else (key,))
    )
    if type(found) is TracedArray and basic:
        found._origin = (array, key)
    return found


@hook
def setitem(array: TracedArray, key: Any, value: Any) -> None:
    """Assign `array[key] = value`."""
    if not any_traced((array, key, value)) and is_concrete(array):
        try:
            array._real[unwrap_concrete(key)] = unwrap_concrete(value)
        except ValueError as error:
            raise write_error(error, array) from None
        return
    value = _assigned(array, value)
    if (mask := mask_of(array, key)) is not None:
        write_masked(array, mask, value)
        return
    parsed = parse(array, items_of(key))
    if value._parent is array and value._step == parsed.basic:
        return  # x[key] += y has written already
    part = basic_part(array, parsed)
    if not parsed.arrays:
        part.write(broadcast_to(trimmed(cast(value, array.dtype), part.ndim), part.shape).value)
        return
    axes = tuple(sorted(parsed.arrays))
    indices = [normal_index(parsed.arrays[a], part.shape[a]) for a in axes]
    scatter(part, indices, axes, value)


def write_masked(array: TracedArray, mask: TracedArray, value: TracedArray) -> None:
    """Assign `array[mask] = value`; the graph raises where the mask selects another number of elements."""
    rest = array.shape[mask.ndim :]
    if not rest and value.ndim > 1:
        raise TypeError(
            "NumPy boolean array indexing assignment requires a 0 or 1-dimensional input,"
            f" input has {value.ndim} dimensions"
        )
    if value._selection is not None and value._selection[0].value is mask.value and value.ndim == len(rest) + 1:
        new = value._selection[1]
    elif value.ndim > len(rest) and not _is_one(value.shape[0]):
        scatter(array, nonzero(mask), tuple(range(mask.ndim)), value)
        return
    else:
        new = broadcast_to(trimmed(value, len(rest)), rest)
    array.write(as_array(np.where(widened(mask, array.ndim), cast(as_array(new), array.dtype), array)).value)


def _is_one(n: Dim) -> bool:
    return type(n) is int and n == 1


def _assigned(array: TracedArray, value: Any) -> TracedArray:
    if type(value) is complex and array.dtype.kind != "c":
        raise TypeError("a complex number cannot be written to an array of reals")
    return as_array(value)


def trimmed(value: TracedArray, ndim: int) -> TracedArray:
    """Return the value without the leading axes of size 1 that assignment drops."""
    extra = value.ndim - ndim
    return value.reshape(value.shape[extra:]) if extra > 0 and all(n == 1 for n in value.shape[:extra]) else value


def basic_part(array: TracedArray, key: Key) -> TracedArray:
    """Return the view that the slices of a key take."""
    basic = key.basic
    if basic.whole and not (basic.flip or basic.drop or basic.add):
        return array
    return view(array, basic, key.dims)


# Taking keys apart


def items_of(key: Any) -> list[Any]:
    """Return the items of a key; lists become arrays, masks become index arrays."""
    items: list[Any] = []
    for item in key if type(key) is tuple else (key,):
        if isinstance(item, list | tuple):
            item = as_array(item) if len(item) else concrete(np.zeros(0, np.int64))
        if isinstance(item, np.ndarray | np.generic) and type(item) is not TracedArray:
            item = as_array(item) if np.ndim(item) or item.dtype == bool else operator.index(item)
        if type(item) is TracedArray and is_concrete(item) and not item.ndim and item.dtype.kind in "iu":
            item = int(item)
        if type(item) is bool:
            item = as_array(item)
        items += indices_of_mask(item) if _is_mask(item) else [item]
    return items


def _is_mask(item: Any) -> bool:
    return type(item) is TracedArray and item.dtype == bool


def indices_of_mask(mask: TracedArray) -> list[TracedArray]:
    """Return the index arrays that select what a mask selects."""
    if not mask.ndim:
        raise unsupported("indexing with a single bool", fix="use np.where")
    if is_concrete(mask):
        return [concrete(indices) for indices in np.nonzero(mask._real)]
    return list(nonzero(mask))


def parse(array: TracedArray, items: list[Any]) -> Key:
    """Parse a key into basic indexing and index arrays."""
    has_ellipsis = any(item is Ellipsis for item in items)
    items = _spelled_out(items, array.ndim)
    advanced = any(type(item) is TracedArray for item in items)
    starts, stops, steps, flip, example = [], [], [], [], []
    drop: list[int] = []
    dims: list[Dim] = []
    add: list[int] = []
    arrays: dict[int, TracedArray] = {}
    axis = 0
    for item in items:
        if item is None:
            add.append(len(dims))
            dims.append(1)
            example.append(None)
            continue
        n = array.shape[axis]
        if is_dim(item) and advanced:
            item = as_array(_checked_index(item, n))
        if is_dim(item):
            start = _checked_index(item, n)
            cut = (start, start + 1, 1, False)
            drop.append(axis)
            example.append((examples((start,)) or (0,))[0])
        elif type(item) is TracedArray:
            arrays[len(dims)] = item
            cut = (0, n, 1, False)
            dims.append(n)
            example.append(slice(None))
        elif isinstance(item, slice):
            cut, size = sliced(item, n)
            dims.append(size)
            example.append(_example_slice(item))
        else:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays"
                " are valid indices"
            )
        starts.append(_from_end(cut[0], n))
        stops.append(TO_END if _is_zero(n - cut[1]) else _from_end(cut[1], n))
        steps.append(cut[2])
        if cut[3]:
            flip.append(axis)
        axis += 1
    starts, stops = list(map(simple, starts)), list(map(simple, stops))  # a later item may have fixed a size
    whole = all(type(s) is int and s == 0 for s in starts)
    whole = whole and all(type(s) is int and s == TO_END for s in stops) and all(s == 1 for s in steps)
    basic = Sliced(
        tuple(starts),
        tuple(stops),
        tuple(steps),
        tuple(flip),
        tuple(drop),
        tuple(add),
        whole,
        tuple(example),
    )
    return Key(basic, tuple(dims), arrays, not dims and not has_ellipsis)


def _spelled_out(items: list[Any], ndim: int) -> list[Any]:
    """Return the items with the ellipsis expanded."""
    used = sum(item is not None and item is not Ellipsis for item in items)
    if used > ndim:
        raise IndexError(f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed")
    rest: list[Any] = [slice(None)] * (ndim - used)
    places = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    at = places[0] if places else len(items)
    return [*items[:at], *rest, *items[at + 1 :]]


def _checked_index(index: Any, n: Dim) -> Dim:
    """Return an integer index counted from the front."""
    index = simple(index)
    if index < 0:
        index = index + n
    if index < 0 or index >= n:
        raise IndexError(f"index {index} is out of bounds for axis with size {n}")
    return index


def sliced(item: slice, n: Dim) -> tuple[tuple[Dim, Dim, int, bool], Dim]:
    """Return a slice of an axis of size n as start, stop, positive step and reversal, and the size of the result."""
    if any(map(_is_unknown, (item.start, item.stop, item.step))):
        raise unsupported(
            "a slice whose bounds are values of arrays",
            why="the size of the result would be known only when the graph runs",
            fix="use a mask, np.where(np.arange(n) < stop, x, 0), or pass the bound as a Python argument",
        )
    step = 1 if item.step is None else fix(_bound(item.step))
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step > 0:
        start = _clipped(item.start, n, 0)
        stop = _clipped(item.stop, n, n)
        if stop < start:
            return (0, 0, 1, False), 0
        return (start, stop, step, False), simple(ceil_divide(stop - start, step))
    start = _clipped(item.start, n, n - 1, last=1)
    stop = _clipped(item.stop, n, -1, last=1)
    if start <= stop:
        return (0, 0, 1, False), 0
    size = ceil_divide(start - stop, -step)
    return (start + step * (size - 1), start + 1, -step, True), simple(size)


def _is_unknown(bound: Any) -> bool:
    return type(bound) is TracedArray and is_traced(bound) and example_of(bound) is None


def _bound(bound: Any) -> Any:
    return bound if type(bound) is Size else operator.index(bound)


def _clipped(bound: Any, n: Dim, default: Dim, last: int = 0) -> Dim:
    """Return a bound counted from the front and held within the axis."""
    if bound is None:
        return default
    bound = simple(_bound(bound))
    if bound < 0:
        bound = bound + n
        return bound if bound >= 0 else -last
    return bound if bound <= n - last else n - last


def _from_end(place: Dim, n: Dim) -> Dim:
    """Return a free place at a constant distance before the end as a negative number, other places as they are."""
    rest = simple(n - place)
    return -rest if is_free(place) and type(rest) is int and rest > 0 else place


def _is_zero(n: Any) -> bool:
    return type(simple(n)) is int and simple(n) == 0


def _example_slice(item: slice) -> slice:
    return slice(
        *(
            None if p is None else (p.hint if type(p) is Size else operator.index(p))
            for p in (item.start, item.stop, item.step)
        )
    )


# Reading and writing at index arrays


def normal_index(index: TracedArray, n: Dim) -> TracedArray:
    """Return integer indices counted from the front, as int64."""
    if index.dtype.kind not in "iu":
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    if is_concrete(index):
        real = index._real.astype(np.int64)
        if real.size:
            _check_range(int(real.min()), int(real.max()), n)
        return concrete(real) if not (real < 0).any() else _wrapped(concrete(real), n)
    if is_non_negative(index):
        return cast(index, INT)
    return _wrapped(cast(index, INT), n)


def _check_range(low: int, high: int, n: Dim) -> None:
    if high >= n or low < -n:
        raise IndexError(f"index {high if high >= n else low} is out of bounds for axis with size {n}")


def _wrapped(index: TracedArray, n: Dim) -> TracedArray:
    if is_concrete(index) and not is_free(n):
        return concrete(np.where(index._real < 0, index._real + int(n), index._real))
    return np.where(index < 0, index + n, index)


def gathered(source: TracedArray, indices: Sequence[TracedArray], axes: tuple[int, ...]) -> TracedArray:
    """Return `source` at index arrays for some axes."""
    together = broadcast_dims(*[i.shape for i in indices])
    shape = source.shape
    dims = indexed_dims(shape, together, axes)
    values = [i.value for i in indices]
    if len(axes) == 1:
        found = emit(ivy.take, source.value, values[0], axes[0])
    else:
        found = emit(ivy.index, source.value, values, axes)
    result = fresh(found, dims, source.dtype)
    return scalar(result) if not dims else result


def indexed_dims(shape: Sequence[Dim], together: Sequence[Dim], axes: tuple[int, ...]) -> tuple[Dim, ...]:
    """Return the shape of `x[..., indices, ...]`: the indices' axes replace neighboring axes, or come first."""
    if axes != tuple(range(axes[0], axes[0] + len(axes))):
        return (*together, *(n for i, n in enumerate(shape) if i not in axes))
    return (*shape[: axes[0]], *together, *shape[axes[0] + len(axes) :])


def scatter(
    part: TracedArray,
    indices: Sequence[TracedArray],
    axes: tuple[int, ...],
    value: TracedArray,
    accumulate: bool = False,
) -> None:
    """Write `value` at index arrays for some axes; the last of several values for one place stays."""
    together = broadcast_dims(*[i.shape for i in indices])
    dims = indexed_dims(part.shape, together, axes)
    value = assignable(trimmed(cast(value, part.dtype), len(dims)), dims)
    if not accumulate and len(indices) == 1 and is_concrete(indices[0]) and indices[0].ndim == 1:
        indices, value = _last_of_each(indices[0], value, axes[0])
    row = emit(ivy.index_put, part.value, [i.value for i in indices], value.value, axes, accumulate)
    part.write(row)


def assignable(value: TracedArray, dims: tuple[Dim, ...]) -> TracedArray:
    """Return `value` broadcast to `dims`; where these depend on data, a mismatch raises when the graph runs."""
    if examples(dims) is None and value.ndim <= len(dims):
        return fresh(emit(ivy.broadcast_to, value.value, operands(dims)), dims, value.dtype)
    return broadcast_to(value, dims)


def _last_of_each(index: TracedArray, value: TracedArray, axis: int) -> tuple[list[TracedArray], TracedArray]:
    """Return concrete indices without repeats, and the last value for each."""
    places = index._real.tolist()
    last = sorted({place: i for i, place in enumerate(places)}.values())
    if len(last) == len(places):
        return [index], value
    return [concrete(index._real[last])], np.take(value, last, axis=axis)
