"""Reading and writing elements at computed places."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import as_returned, fresh, is_traced
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.indexing import gathered, normal_index
from mlgraph.frontend.numpy.masks import nonzero, selection
from mlgraph.frontend.numpy.methods import repeated
from mlgraph.frontend.numpy.normalize import ArrayLike, FlatAxis, ReadOut, UnsafeOut, implements, normal_axis
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.sizes import fix, is_free
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_dims, broadcast_to, cast


def placed(indices: TracedArray, n: Any, mode: str) -> TracedArray:
    """Return indices normalized as `mode` says: "raise", "wrap" or "clip"."""
    if mode == "wrap":
        return np.remainder(cast(indices, INT), n)
    if mode == "clip":
        return np.clip(cast(indices, INT), 0, n - 1)
    if mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got '{mode}')")
    return normal_index(indices, n)


@implements(np.take)
def take(
    a: ArrayLike, indices: ArrayLike, axis: FlatAxis = None, out: ReadOut = None, mode: str = "raise"
) -> TracedArray:
    if indices.dtype == bool:
        indices = cast(indices, INT)
    return gathered(a, [as_array(placed(indices, a.shape[axis], mode))], (axis,))


@implements(np.take_along_axis)
def take_along_axis(arr: ArrayLike, indices: ArrayLike, axis: FlatAxis = -1) -> TracedArray:
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    indices = normal_index(indices, arr.shape[axis])
    one = lambda shape: (*shape[:axis], 1, *shape[axis + 1 :])  # noqa: E731
    rest = broadcast_dims(one(arr.shape), one(indices.shape))
    arr = broadcast_to(arr, (*rest[:axis], arr.shape[axis], *rest[axis + 1 :]))
    indices = broadcast_to(indices, (*rest[:axis], indices.shape[axis], *rest[axis + 1 :]))
    return fresh(emit(ivy.take_along_axis, arr.value, indices.value, axis), indices.shape, arr.dtype)


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    if axis is None:
        arr.reshape(-1)[as_array(indices).reshape(-1)] = values
        return
    along = normal_axis(axis, arr.ndim)
    places = normal_index(as_array(indices), arr.shape[along])
    dims = (*arr.shape[:along], places.shape[along], *arr.shape[along + 1 :])
    places = broadcast_to(places, dims)
    new = broadcast_to(cast(as_array(values), arr.dtype), dims)
    arr.write(emit(ivy.scatter_along_axis, arr.value, places.value, new.value, along))


@implements(np.putmask)
def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """Write the i-th value at the i-th place where the mask is true; values repeat."""
    values, test = as_array(values).astype(a.dtype), _mask_for(a, mask)
    if values.size != 0:
        a[...] = np.where(test, repeated(values, a.shape), a)


def _mask_for(array: Any, mask: Any) -> TracedArray:
    """Return a mask of as many elements as the array, in its shape."""
    test = as_array(mask).astype(bool)
    if test.ndim == array.ndim and test.shape == array.shape:
        return test
    if test.size != array.size:
        raise ValueError("mask and data must be the same size")
    return test.reshape(array.shape)


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write the i-th value at the i-th true place; values repeat."""
    values, test = as_array(vals).ravel(), _mask_for(arr, mask)
    if values.size == 0:
        raise ValueError("Cannot insert from an empty array!")
    if values.size == 1:
        new = values.reshape(())
    else:
        order = np.cumsum(test.reshape(-1), dtype=np.int64) - 1
        new = np.take(values, np.remainder(order, values.size)).reshape(arr.shape)
    arr[...] = np.where(test, cast(as_array(new), arr.dtype), arr)


@implements(np.nonzero)
def nonzero_(a: ArrayLike) -> tuple[Any, ...]:
    if not a.ndim:
        raise ValueError("Calling nonzero on 0d arrays is not allowed.")
    return nonzero(_mask(a))


def _mask(x: TracedArray) -> TracedArray:
    mask = cast(x, np.dtype(bool))
    return mask if mask._parent is None else fresh(mask.value, mask.shape, mask.dtype)


@implements(np.argwhere)
def argwhere(a: Any) -> Any:
    return np.stack(nonzero(_mask(as_array(a))), axis=-1)


@implements(np.compress)
def compress(condition: Any, a: ArrayLike, axis: FlatAxis = None, out: ReadOut = None) -> Any:
    test = as_array(condition).astype(bool)
    if is_concrete(test):
        return np.take(a, np.flatnonzero(test._real), axis=axis)
    moved = np.moveaxis(a, axis, 0)
    if not axis:
        return selection(moved, _mask(test))
    return np.moveaxis(selection(moved[: test.shape[0]], _mask(test)), 0, axis)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    test, x = as_array(condition).astype(bool).reshape(-1), as_array(arr).reshape(-1)
    return x[np.flatnonzero(test._real)] if is_concrete(test) else selection(x, _mask(test))


@implements(np.choose)
def choose(a: Any, choices: Any, out: UnsafeOut = None, mode: str = "raise") -> Any:
    options = [as_array(c) for c in (choices if isinstance(choices, tuple | list) else list(choices))]
    index = cast(as_array(a), INT)
    dtype = np.result_type(*[o.dtype for o in options])
    dims = broadcast_dims(index.shape, *[o.shape for o in options])
    index = broadcast_to(as_array(placed(index, len(options), mode)), dims)
    result = broadcast_to(cast(options[-1], dtype), dims)
    for i in range(len(options) - 2, -1, -1):
        result = np.where(index == i, cast(options[i], dtype), result)
    return result


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    kinds = [c if type(c) in (int, float, complex) else as_array(c).dtype for c in (*choicelist, default)]
    dtype = np.result_type(*kinds)
    result: Any = cast(as_array(default), dtype)
    dims = broadcast_dims(*[as_array(c).shape for c in (*condlist, *choicelist, default)])
    for condition, choice in zip(condlist[::-1], choicelist[::-1]):
        result = np.where(as_array(condition), cast(as_array(choice), dtype), result)
    return broadcast_to(as_array(result), dims)


@implements(np.piecewise)
def piecewise(x: ArrayLike, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Compute every function for every element, and choose by the conditions."""
    tests = [as_array(c).astype(bool) for c in condlist] if isinstance(condlist, tuple | list) else [as_array(condlist)]
    if len(funclist) == len(tests) + 1:
        rest = tests[0]
        for t in tests[1:]:
            rest = rest | t
        tests.append(~rest)
    if len(funclist) != len(tests):
        raise ValueError(
            f"with {len(tests)} condition(s), either {len(tests)} or {len(tests) + 1} functions are expected"
        )
    result = np.zeros_like(x)
    for test, function in zip(tests, funclist):
        value = function(x, *args, **kw) if callable(function) else function
        result = np.where(test, cast(as_array(value), x.dtype), result)
    return result


@implements(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    modes = (mode,) * len(dims) if isinstance(mode, str) else mode
    items = list(zip(multi_index, dims, modes))
    flat: Any = 0
    for index, n, one in items if order == "C" else items[::-1]:
        index = as_array(index)
        flat = flat * n + (cast(index, INT) if one == "raise" else placed(index, n, one))
    return flat


@implements(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    flat = cast(as_array(indices), INT)
    shape = shape if isinstance(shape, tuple | list) else (shape,)
    found: list[Any] = []
    for n in reversed(shape) if order == "C" else shape:
        found.append(flat % n)
        flat = flat // n
    return tuple(found[::-1] if order == "C" else found)


@implements(np.delete)
def delete(arr: ArrayLike, obj: Any, axis: FlatAxis = None) -> Any:
    if is_traced(obj):
        raise unsupported("np.delete at places that are values of the graph", fix="use np.where or a mask")
    obj = obj._real if type(obj) is TracedArray else obj
    if is_free(arr.shape[axis]) and isinstance(obj, int) and obj >= 0:
        front = (slice(None),) * axis
        if obj >= arr.shape[axis]:
            raise IndexError(f"index {obj} is out of bounds for axis {axis}")
        return np.concatenate([arr[(*front, slice(None, obj))], arr[(*front, slice(obj + 1, None))]], axis=axis)
    kept = np.delete(np.arange(fix(arr.shape[axis])), obj)
    return np.take(arr, kept, axis=axis)


@implements(np.insert)
def insert(arr: ArrayLike, obj: Any, values: Any, axis: FlatAxis = None) -> Any:
    if is_traced(obj):
        raise unsupported("np.insert at places that are values of the graph", fix="pass the places as Python numbers")
    obj = obj._real if type(obj) is TracedArray else obj
    new = cast(as_array(values), arr.dtype)
    n = arr.shape[axis]
    front = (slice(None),) * axis
    if isinstance(obj, int | np.integer) or (np.ndim(obj) == 0 and not isinstance(obj, slice)):
        index = int(obj) + n if int(obj) < 0 else int(obj)
        if index > n or index < 0:
            raise IndexError(f"index {obj} is out of bounds for axis {axis} with size {n}")
        new = new.reshape((1,) * (arr.ndim - new.ndim) + new.shape)
        new = np.moveaxis(new, 0, axis)
        dims = (*arr.shape[:axis], new.shape[axis], *arr.shape[axis + 1 :])
        parts = [arr[(*front, slice(None, index))], broadcast_to(new, dims), arr[(*front, slice(index, None))]]
        return np.concatenate(parts, axis=axis)
    size = fix(n)
    marks = np.insert(np.arange(size), obj, -1)
    count = int((marks < 0).sum())
    dims = (*arr.shape[:axis], count, *arr.shape[axis + 1 :])
    both = np.concatenate([arr, broadcast_to(new, dims)], axis=axis)
    order = np.asarray(obj).ravel() if not isinstance(obj, slice) else np.arange(size)[obj]
    ranks = np.argsort(np.where(order < 0, order + size, order), kind="stable")
    places = np.array(marks)
    places[marks < 0] = size + ranks[:count]
    return np.take(both, places, axis=axis)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    points, xs, ys = (as_array(v) for v in (x, xp, fp))
    points, xs = points.astype(np.float64), xs.astype(np.float64)
    ys = ys.astype(np.complex128 if ys.dtype.kind == "c" else np.float64)
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        period, left, right = abs(period), None, None
        points, xs = points % period, xs % period
        order = np.argsort(xs)
        xs, ys = xs[order], ys[order]
        xs = np.concatenate([xs[-1:] - period, xs, xs[:1] + period])
        ys = np.concatenate([ys[-1:], ys, ys[:1]])
    n = xs.shape[0]
    if n == 1:
        inside = np.broadcast_to(ys[0], points.shape)
    else:
        place = np.clip(np.searchsorted(xs, points, side="right") - 1, 0, n - 2)
        low, high = np.take(xs, place), np.take(xs, place + 1)
        first, second = np.take(ys, place), np.take(ys, place + 1)
        width = high - low
        slope = (second - first) / np.where(width == 0, 1.0, width)
        inside = np.where(points == high, second, slope * (points - low) + first)
    inside = np.where(points < xs[0], ys[0] if left is None else left, inside)
    inside = np.where(points > xs[-1], ys[-1] if right is None else right, inside)
    found = as_array(np.where(np.isnan(points), np.nan, inside))
    return as_returned(found)
