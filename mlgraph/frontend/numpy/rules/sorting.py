"""Sorting, searching and counting."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import builtins
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import as_returned, fresh, is_traced, non_negative, scalar
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.normalize import ArrayLike, FlatAxis, implements
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.sizes import Dim, fix, is_dim
from mlgraph.frontend.numpy.tracer import element_type, emit, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, cast, common_type, value_of, wrap


def _checked(order: Any) -> None:
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")


@implements(np.sort)
def sort(a: ArrayLike, axis: FlatAxis = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> TracedArray:
    _checked(order)
    if a.dtype.kind == "c":
        return np.take_along_axis(a, np.argsort(a, axis), axis)
    inside = np.dtype(np.uint8) if a.dtype == bool else a.dtype
    return cast(fresh(emit(ivy.sort, value_of(a, inside), axis), a.shape, inside), a.dtype)


@implements(np.argsort)
def argsort(
    a: ArrayLike, axis: FlatAxis = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> TracedArray:
    _checked(order)
    if a.dtype.kind == "c":
        return np.lexsort((a.imag, a.real), axis=axis)
    inside = value_of(a, np.dtype(np.uint8) if a.dtype == bool else a.dtype)
    return non_negative(fresh(emit(ivy.argsort, inside, axis, element_type(INT)), a.shape, INT))


@implements(np.partition)
def partition(a: ArrayLike, kth: Any, axis: FlatAxis = -1, kind: str = "introselect", order: Any = None) -> TracedArray:
    """Sort altogether, which is one of the orders that numpy allows."""
    _check_kth(kth, a.shape[axis])
    return sort(a, axis, order=order)


@implements(np.argpartition)
def argpartition(
    a: ArrayLike, kth: Any, axis: FlatAxis = -1, kind: str = "introselect", order: Any = None
) -> TracedArray:
    """Sort altogether, which is one of the orders that numpy allows."""
    _check_kth(kth, a.shape[axis])
    return argsort(a, axis, order=order)


def _check_kth(kth: Any, n: Dim) -> None:
    for k in [kth] if is_dim(kth) else np.asarray(kth).ravel().tolist():
        if not -n <= k < n:
            raise ValueError(f"kth(={k}) out of bounds ({n})")


@implements(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    columns = [as_array(k) for k in keys]
    order: Any = None
    for key in columns:
        if order is None:
            order = np.argsort(key, axis=axis)
        else:
            again = np.argsort(np.take_along_axis(key, order, axis=axis), axis=axis)
            order = np.take_along_axis(order, again, axis=axis)
    return order


@implements(np.searchsorted)
def searchsorted(a: ArrayLike, v: ArrayLike, side: str = "left", sorter: Any = None) -> Any:
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got '{side}')")
    if a.ndim != 1:
        raise ValueError("object too deep for desired array")
    if sorter is not None:
        a = np.take(a, sorter)
    dtype = np.result_type(a.dtype, v.dtype)
    if dtype.kind not in "biuf":
        raise unsupported("np.searchsorted of complex numbers")
    dtype = np.dtype(np.uint8) if dtype.kind == "b" else dtype
    flat = v.reshape(-1)
    found = emit(ivy.searchsorted, value_of(a, dtype), value_of(flat, dtype), element_type(INT), side)
    result = non_negative(fresh(found, flat.shape, INT)).reshape(v.shape)
    return result if v.shape else non_negative(scalar(fresh(result.value, (), INT)))


@implements(np.digitize)
def digitize(x: ArrayLike, bins: ArrayLike, right: bool = False) -> Any:
    side = "left" if right else "right"
    if is_concrete(bins):
        steps = np.diff(bins._real)
        if (steps >= 0).all():
            return np.searchsorted(bins, x, side=side)
        if not (steps <= 0).all():
            raise ValueError("bins must be monotonically increasing or decreasing")
        return len(bins._real) - np.searchsorted(bins[::-1], x, side="right" if right else "left")
    size = bins.shape[0]
    rising = np.searchsorted(bins, x, side=side)
    falling = size - np.searchsorted(bins[::-1], x, side="right" if right else "left")
    return as_returned(np.where(bins[-1] >= bins[0], rising, falling))


@implements(np.bincount)
def bincount(x: ArrayLike, /, weights: Any = None, minlength: int = 0) -> Any:
    """Count in `minlength` bins: how many more the values need depends on data."""
    if is_traced(x) and not minlength:
        raise unsupported(
            "np.bincount without minlength",
            why="the number of bins would be known only when the graph runs",
            fix="give minlength, the number of bins",
        )
    size = int(x._real.max()) + 1 if is_concrete(x) and x._real.size else 0
    size = max(size, fix(minlength))
    values = np.ones_like(x, dtype=INT) if weights is None else as_array(weights).astype(np.float64)
    result = as_array(np.zeros(size, INT if weights is None else np.float64))
    found = emit(ivy.index_put, result.value, [value_of(x, INT)], as_array(values).value, (0,), True)
    return fresh(found, (size,), result.dtype)


def _edges(a: TracedArray, bins: Any, range: Any) -> TracedArray:
    """Return the edges of a histogram's bins."""
    if isinstance(bins, str):
        raise unsupported(f"a histogram with bins={bins!r}", fix="give a number of bins, or their edges")
    if np.ndim(bins) == 1:
        return as_array(bins)
    count = fix(bins)
    if range is None:
        low, high = np.min(a), np.max(a)
        same = np.equal(low, high)
        low, high = np.where(same, low - 0.5, low), np.where(same, high + 0.5, high)
    else:
        low, high = range
        if not is_traced(low) and low == high:
            low, high = low - 0.5, high + 0.5
    dtype = common_type(a, wrap(low), wrap(high))
    return as_array(np.linspace(low, high, count + 1, dtype=dtype if dtype.kind == "f" else np.float64))


@implements(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return _edges(as_array(a).reshape(-1), bins, range)


@implements(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    x = as_array(a).reshape(-1)
    edges = _edges(x, bins, range)
    count = fix(edges.shape[0]) - 1
    counts = _counted(x, edges, count, None if weights is None else as_array(weights).reshape(-1))
    if density:
        return counts / np.diff(edges) / np.sum(counts), edges
    return counts, edges


def _counted(x: TracedArray, edges: TracedArray, count: int, weights: Any) -> Any:
    """Return how many elements lie in each bin; the last includes its upper edge."""
    place = _bin(x, edges)
    kept = (x >= edges[0]) & (x <= edges[-1])
    unit = np.ones_like(x, dtype=INT) if weights is None else weights
    values = np.where(kept, unit, as_array(unit).dtype.type(0))
    total = as_array(np.zeros(count, as_array(values).dtype))
    found = emit(ivy.index_put, total.value, [as_array(place).value], as_array(values).value, (0,), True)
    return fresh(found, (count,), total.dtype)


def _bin(x: TracedArray, edges: TracedArray) -> Any:
    last = fix(edges.shape[0]) - 2
    place = np.searchsorted(edges, x, side="right") - 1
    return np.clip(place, 0, last)


@implements(np.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if isinstance(sample, tuple | list):
        sample = np.stack([as_array(s) for s in sample], axis=-1)
    x = as_array(sample)
    axes = fix(x.shape[1])
    bins = [bins] * axes if np.ndim(bins) == 0 else bins
    ranges = [None] * axes if range is None else range
    edges = [_edges(x[:, i], bins[i], ranges[i]) for i in builtins.range(axes)]
    sizes = [fix(e.shape[0]) - 1 for e in edges]
    kept = np.all(np.stack([(x[:, i] >= e[0]) & (x[:, i] <= e[-1]) for i, e in enumerate(edges)]), axis=0)
    place: Any = 0
    for i, e in enumerate(edges):
        place = place * sizes[i] + _bin(x[:, i], e)
    unit = np.ones_like(x[:, 0], dtype=np.float64) if weights is None else as_array(weights).astype(np.float64)
    total = as_array(np.zeros(int(np.prod(sizes))))
    values = as_array(np.where(kept, unit, 0.0)).astype(np.float64)
    found = emit(ivy.index_put, total.value, [as_array(place).value], values.value, (0,), True)
    hist = fresh(found, total.shape, total.dtype).reshape(sizes)
    if density:
        volume: Any = 1.0
        for i, e in enumerate(edges):
            volume = volume * np.diff(e).reshape([-1 if i == j else 1 for j in builtins.range(axes)])
        hist = hist / volume / np.sum(hist)
    return hist, tuple(edges)
