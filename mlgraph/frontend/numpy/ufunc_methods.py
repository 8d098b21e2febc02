"""`reduce`, `accumulate`, `outer` and `reduceat` of ufuncs; `at` is in `ufunc_at`."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh
from mlgraph.frontend.numpy.masks import widened
from mlgraph.frontend.numpy.normalize import (
    ArrayLike,
    DTypeLike,
    KeepDims,
    ReducedOut,
    ScannedOut,
    normal_axes,
    normal_axis,
    normalized,
)
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.sizes import Dim, static
from mlgraph.frontend.numpy.tables import UFUNC_METHODS
from mlgraph.frontend.numpy.tracer import element_type, emit, unsupported
from mlgraph.frontend.numpy.ufuncs import truth
from mlgraph.frontend.numpy.wrapping import as_array, cast, same_shape, value_of

REDUCTIONS: dict[np.ufunc, Any] = {
    np.add: ivy.sum,
    np.multiply: ivy.prod,
    np.maximum: ivy.max,
    np.minimum: ivy.min,
    np.logical_and: ivy.all,
    np.logical_or: ivy.any,
    np.logaddexp: ivy.logsumexp,
}
"""The operation that reduces with a ufunc."""

BOOLS: dict[np.ufunc, Any] = {
    np.maximum: ivy.any,
    np.minimum: ivy.all,
    np.bitwise_or: ivy.any,
    np.bitwise_and: ivy.all,
}
"""The operation that reduces bools with a ufunc."""

SCANS: dict[np.ufunc, Any] = {
    np.add: ivy.cumulative_sum,
    np.multiply: ivy.cumulative_prod,
    np.maximum: ivy.cumulative_max,
    np.minimum: ivy.cumulative_min,
    np.logaddexp: ivy.cumulative_logsumexp,
}
"""The operation that accumulates with a ufunc."""


def reduction_types(ufunc: np.ufunc, dtype: np.dtype, wanted: Any, out: Any) -> tuple[np.dtype, np.dtype]:
    """Return the element type that a reduction works in, and that of its result."""
    loop = {} if wanted is None else {"signature": (np.dtype(wanted), None, None)}
    made = None if out is None else out.dtype
    types = ufunc.resolve_dtypes((made, dtype, None), reduction=True, casting="unsafe", **loop)
    return types[1], types[2]


@normalized
def reduce(
    ufunc: np.ufunc,
    array: ArrayLike,
    axis: Any = 0,
    dtype: DTypeLike = None,
    out: ReducedOut = None,
    keepdims: KeepDims = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Apply `ufunc.reduce`."""
    axes = normal_axes(axis, array.ndim) if array.ndim or axis not in (0, -1) else ()
    inside, outside = reduction_types(ufunc, array.dtype, dtype, out)
    dims = reduced_dims(array.shape, axes, keepdims)
    if where is not True and initial is None and ufunc.identity is None:
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' does not have an identity,"
            " so to use a where mask one has to specify 'initial'"
        )
    if array._selection is not None and 0 in axes:
        array, axes, where = unselected(array, axes, where)
        keepdims = False
    _check_steps(ufunc, outside, out)
    if initial is not None and any(type(n) is int and n == 0 for i, n in enumerate(array.shape) if i in axes):
        return as_array(np.full(dims, initial, outside))
    array = kept(ufunc, array, where, initial, inside)
    result = cast(reduced(ufunc, array, axes, keepdims, inside), outside)
    if initial is not None:
        result = cast(as_array(ufunc(result, outside.type(initial))), outside)
    return reshaped(result, dims)


def _check_steps(ufunc: np.ufunc, result: np.dtype, out: Any) -> None:
    if out is not None and ufunc not in REDUCTIONS and not np.can_cast(result, out.dtype, "same_kind"):
        raise unsupported(
            f"np.{ufunc.__name__}.reduce of {result} to an array of {out.dtype}",
            why="numpy rounds to the type of `out` at steps that depend on its buffers",
            fix="reduce without `out`, and cast the result",
        )


def reshaped(result: TracedArray, dims: Sequence[Dim]) -> TracedArray:
    """Return a new array with the elements of `result`, whose shape differs by axes of size 1 at most."""
    found = result if len(result._dims) == len(dims) else result.reshape(dims)
    return fresh(found.value, dims, result._dtype)


def kept(ufunc: np.ufunc, x: TracedArray, where: Any, initial: Any, dtype: np.dtype) -> TracedArray:
    """Return `x` in the type of the reduction, with the neutral element where `where` is false."""
    if where is True:
        return cast(x, dtype)
    return cast(np.where(as_array(where), cast(x, dtype), neutral(ufunc, dtype, initial)), dtype)


def unselected(
    x: TracedArray, axes: tuple[int, ...], where: Any = True
) -> tuple[TracedArray, tuple[int, ...], TracedArray]:
    """Return x, its axes and a `where` mask, such that reducing them reduces `x[mask]`."""
    if where is not True:
        raise unsupported("a reduction of x[mask] with where=", fix="combine the masks")
    mask, whole = x._selection
    inner = tuple(a - 1 + mask.ndim for a in axes if a)
    return whole, (*range(mask.ndim), *inner), np.broadcast_to(widened(mask, whole.ndim), whole.shape)


def neutral(ufunc: np.ufunc, dtype: np.dtype, initial: Any) -> Any:
    """Return the neutral element of `ufunc`."""
    if ufunc in (np.maximum, np.fmax, np.minimum, np.fmin):
        low = ufunc in (np.maximum, np.fmax)
        if dtype.kind in "fc":
            least = -np.inf if low else np.inf
            return dtype.type(least if dtype.kind == "f" else complex(least, least))
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            return dtype.type(info.min if low else info.max)
        return dtype.type(not low)
    if ufunc.identity is None:
        if initial is not None:
            return dtype.type(initial)
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' does not have an identity,"
            " so to use a where mask one has to specify 'initial'"
        )
    return dtype.type(ufunc.identity)


def reduced(ufunc: np.ufunc, x: TracedArray, axes: tuple[int, ...], keepdims: bool, dtype: np.dtype) -> TracedArray:
    """Reduce an array that has the element type of the loop."""
    dims = reduced_dims(x.shape, axes, keepdims)
    if not axes:
        return x
    if dtype.kind == "b" and ufunc in BOOLS:
        return fresh(emit(BOOLS[ufunc], x.value, axes, keepdims), dims, dtype)
    op = REDUCTIONS.get(ufunc)
    if (
        op is None
        or (dtype.kind == "b" and op not in (ivy.all, ivy.any))
        or (dtype.kind == "c" and op in (ivy.max, ivy.min))
    ):
        return folded(ufunc, x, axes, keepdims)
    if op in (ivy.all, ivy.any):
        return fresh(emit(op, truth(x.value), axes, keepdims), dims, np.dtype(bool))
    if op in (ivy.max, ivy.min) and any(type(n) is int and n == 0 for i, n in enumerate(x.shape) if i in axes):
        raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
    wide = (
        value_of(x, np.dtype(np.float32))
        if dtype == np.float16 and op in (ivy.sum, ivy.prod, ivy.logsumexp)
        else x.value
    )
    result = emit(op, wide, axes, keepdims)
    return fresh(result if wide is x.value else emit(ivy.cast, result, element_type(dtype)), dims, dtype)


def reduced_dims(dims: tuple[Dim, ...], axes: tuple[int, ...], keepdims: bool) -> tuple[Dim, ...]:
    """Return a shape without the reduced axes."""
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(dims))
    return tuple(n for i, n in enumerate(dims) if i not in axes)


def folded(ufunc: np.ufunc, x: TracedArray, axes: tuple[int, ...], keepdims: bool) -> TracedArray:
    """Reduce by any ufunc, one element after the other; the size of the axes is fixed."""
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    (size,) = static([int(np.prod(static([x.shape[a] for a in axes])))])
    dims = tuple(x.shape[i] for i in rest)
    moved = x.transpose(*axes, *rest).reshape((size, *dims))
    result = _fold(ufunc, [moved[i] for i in range(size)])
    return as_array(result).reshape(reduced_dims(x.shape, axes, keepdims))


def _fold(ufunc: np.ufunc, parts: list[Any]) -> Any:
    if not parts:
        raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
    result = parts[0]
    for part in parts[1:]:
        result = ufunc(result, part)
    return result


@normalized
def accumulate(
    ufunc: np.ufunc, array: ArrayLike, axis: int = 0, dtype: DTypeLike = None, out: ScannedOut = None
) -> TracedArray:
    """Apply `ufunc.accumulate`. A result with axes of size 1 is repeated along those of a larger `out`."""
    along = normal_axis(axis, array.ndim)
    if out is not None and (out.ndim != array.ndim or not same_shape(out.shape[along:][:1], array.shape[along:][:1])):
        raise ValueError("provided out is the wrong size for the accumulation.")
    inside, outside = reduction_types(ufunc, array.dtype, dtype, out)
    x = cast(array, inside)
    op = SCANS.get(ufunc)
    if op is None or inside.kind == "b" or (inside.kind == "c" and ufunc in (np.maximum, np.minimum)):
        result = _accumulated(ufunc, x, along)
    else:
        result = fresh(emit(op, x.value, along), x.shape, inside)
    return cast(result, outside)


def _accumulated(ufunc: np.ufunc, x: TracedArray, axis: int) -> TracedArray:
    """Accumulate by any ufunc, one step after the other; the size of the axis is fixed."""
    if ufunc in (np.logical_or, np.logical_and, np.maximum, np.minimum) and x.dtype.kind == "b":
        whole = np.maximum if ufunc in (np.logical_or, np.maximum) else np.minimum
        return as_array(whole.accumulate(x.astype(np.int8), axis=axis)).astype(bool)
    (size,) = static([x.shape[axis]])
    parts = [x[(slice(None),) * axis + (i,)] for i in range(size)]
    for i in range(1, size):
        parts[i] = ufunc(parts[i - 1], parts[i])
    return np.stack(parts, axis)


def outer(ufunc: np.ufunc, a: Any, b: Any, /, **kwargs: Any) -> Any:
    """Apply `ufunc.outer`."""
    a, b = as_array(a), as_array(b)
    return ufunc(a.reshape((*a.shape, *(1,) * b.ndim)), b, **kwargs)


@normalized
def reduceat(
    ufunc: np.ufunc,
    array: ArrayLike,
    indices: ArrayLike,
    axis: int = 0,
    dtype: DTypeLike = None,
    out: ReducedOut = None,
) -> TracedArray:
    """Apply `ufunc.reduceat` at indices that are no values of the graph."""
    if not is_concrete(indices):
        raise unsupported(f"np.{ufunc.__name__}.reduceat with indices that are values of the graph")
    along = normal_axis(axis, array.ndim)
    starts = indices._real.tolist()
    front = (slice(None),) * along
    parts = []
    for i, start in enumerate(starts):
        stop = starts[i + 1] if i + 1 < len(starts) else None
        if stop is not None and stop <= start:
            stop = start + 1
        parts.append(ufunc.reduce(array[(*front, slice(start, stop))], axis=along, dtype=dtype, keepdims=True))
    return np.concatenate(parts, axis=along)


UFUNC_METHODS.update(reduce=reduce, accumulate=accumulate, outer=outer, reduceat=reduceat)
