"""Reductions and scans."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray, fresh, from_size, natural
from mlgraph.frontend.numpy.dispatch import implements, store, store_both_ways
from mlgraph.frontend.numpy.lifting import as_array, cast, value_of
from mlgraph.frontend.numpy.methods import normal_axes, normal_axis
from mlgraph.frontend.numpy.sizes import is_dim, is_free, larger, product, smaller
from mlgraph.frontend.numpy.trace import element_type, emit, unsupported
from mlgraph.frontend.numpy.ufunc_methods import finished, reduce, reduced_dims, unselected

NOTHING = np._NoValue


def as_sizes(x: Any) -> tuple[Any, ...] | None:
    """The sizes of a shape that is reduced, as `np.prod(x.shape)`; None for anything else."""
    if isinstance(x, tuple | list) and x and all(map(is_dim, x)):
        return tuple(x)
    return None


def _sizes_to(fold: Any) -> Any:
    def build(sizes: tuple[Any, ...]) -> Any:
        result = sizes[0]
        for n in sizes[1:]:
            result = fold(result, n)
        return result

    return build


def reduction(ufunc: np.ufunc, *functions: Any, sizes: Any = None) -> None:
    """A function that is `ufunc.reduce` over every axis by default."""

    def call(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = NOTHING,
        initial: Any = NOTHING,
        where: Any = NOTHING,
    ) -> Any:
        if sizes is not None and axis is None and (found := as_sizes(a)) is not None:
            return sizes(found)
        return reduce(ufunc, a, axis, dtype, out, keepdims, initial, True if where is NOTHING else where)

    def without_dtype(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOTHING, initial: Any = NOTHING, where: Any = NOTHING
    ) -> Any:
        return call(a, axis, None, out, keepdims, initial, where)

    implements(*functions)(call if ufunc in (np.add, np.multiply) else without_dtype)


reduction(np.add, np.sum, sizes=_sizes_to(lambda a, b: a + b))
reduction(np.multiply, np.prod, sizes=product)
reduction(np.maximum, np.max, np.amax, sizes=_sizes_to(larger))
reduction(np.minimum, np.min, np.amin, sizes=_sizes_to(smaller))


@implements(np.any)
def any_(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOTHING, *, where: Any = NOTHING) -> Any:
    return reduce(np.logical_or, a, axis, None, out, keepdims, where=True if where is NOTHING else where)


@implements(np.all)
def all_(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOTHING, *, where: Any = NOTHING) -> Any:
    return reduce(np.logical_and, a, axis, None, out, keepdims, where=True if where is NOTHING else where)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(as_array(a).astype(bool), axis=axis, dtype=np.intp, keepdims=keepdims)


def count(x: TracedArray, axes: tuple[int, ...], where: Any, dtype: np.dtype) -> Any:
    """The number of elements that a reduction sees."""
    if not everywhere(where):
        return np.sum(np.broadcast_to(where, x.shape), axis=axes, keepdims=True, dtype=np.intp).astype(dtype)
    return from_size(product([x.shape[a] for a in axes]), dtype, np.generic)


def working_type(x: TracedArray, dtype: Any) -> np.dtype:
    """The type in which means are worked out: float64 for integers, float32 for float16."""
    if dtype is not None:
        return np.dtype(dtype)
    if x.dtype.kind in "biu":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if x.dtype == np.float16 else x.dtype


def result_type(x: TracedArray, dtype: Any, out: Any) -> np.dtype:
    """The type of a mean."""
    if dtype is not None:
        return np.dtype(dtype)
    return np.dtype(np.float64) if x.dtype.kind in "biu" else x.dtype


def everywhere(where: Any) -> bool:
    """Whether a `where` argument leaves nothing out."""
    return where is True or where is NOTHING


@implements(np.mean)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOTHING, *, where: Any = NOTHING
) -> Any:
    x = as_array(a)
    axes = normal_axes(axis, x.ndim)
    inside, outside = working_type(x, dtype), result_type(x, dtype, out)
    keep = keepdims is not NOTHING and bool(keepdims)
    if out is not None:
        loop = None if dtype is None and inside == x.dtype else inside
        np.add.reduce(x, axes, loop, out, keep, where=True if where is NOTHING else where)
        return divided(out, count(x, axes, where, np.dtype(np.intp)), axes, keep)
    if x._selection is None and everywhere(where) and axes and inside.kind == "f":
        dims = reduced_dims(x.shape, axes, keep)
        value = emit(ivy.mean, value_of(x, inside), axes, keep)
        return finished(cast(fresh(value, dims, inside), outside), None)
    dims = reduced_dims(x.shape, axes, keep)
    if x._selection is not None and 0 in axes:
        x, axes, where = unselected(x, axes, where)
    total = reduce(np.add, x, axes, inside, keepdims=True, where=True if where is NOTHING else where)
    result = as_array(np.divide(total, count(x, axes, where, inside if inside.kind == "f" else np.dtype(np.float64))))
    return finished(cast(result, outside).reshape(dims), None)


def divided(out: Any, number: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Divide the sums in `out` by the number of elements, in place and so in the type of `out`, as numpy does."""
    number = as_array(number)
    number = number.reshape(reduced_dims(number.shape, axes, keepdims)) if number.ndim else number
    return np.divide(out, number, out=out, casting="unsafe")


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NOTHING,
    *,
    where: Any = NOTHING,
    mean: Any = NOTHING,
    correction: Any = NOTHING,
) -> Any:
    x = as_array(a)
    axes = normal_axes(axis, x.ndim)
    ddof = ddof if correction is NOTHING else correction
    inside, outside = working_type(x, dtype), result_type(x, dtype, out)
    keep = keepdims is not NOTHING and bool(keepdims)
    real = np.dtype(f"f{outside.itemsize // 2}") if outside.kind == "c" else outside
    plain = x._selection is None and everywhere(where) and mean is NOTHING and out is None
    if plain and axes and inside.kind == "f" and isinstance(ddof, int | float) and not is_free(ddof):
        value = emit(ivy.var, value_of(x, inside), axes, float(ddof), keep)
        return finished(cast(fresh(value, reduced_dims(x.shape, axes, keep), inside), real), None)
    dims = reduced_dims(x.shape, axes, keep)
    if x._selection is not None and 0 in axes:
        x, axes, where = unselected(x, axes, where)
    middle = np.mean(x, axes, dtype=inside, keepdims=True, where=where) if mean is NOTHING else as_array(mean)
    distance = np.abs(cast(x, inside) - middle)
    included = True if where is NOTHING else where
    if out is not None:
        reduce(np.add, np.square(distance), axes, None, out, keep, where=included)
        left = count(x, axes, where, np.dtype(np.intp)) - ddof
        return divided(out, np.maximum(left, 0), axes, keep)
    total = reduce(np.add, np.square(distance), axes, keepdims=True, where=included)
    number = count(x, axes, where, as_array(total).dtype) - ddof
    result = as_array(np.divide(total, np.maximum(number, as_array(total).dtype.type(0))))
    return finished(cast(result, real).reshape(dims), None)


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NOTHING,
    *,
    where: Any = NOTHING,
    mean: Any = NOTHING,
    correction: Any = NOTHING,
) -> Any:
    found = var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    return np.sqrt(found, out=out)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOTHING) -> Any:
    found = np.subtract(np.max(a, axis, keepdims=keepdims), np.min(a, axis, keepdims=keepdims))
    return found if out is None else store(out, as_array(found))


def extreme_place(row: Any) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOTHING) -> Any:
        x = as_array(a)
        keep = keepdims is not NOTHING and bool(keepdims)
        ndim = x.ndim
        if axis is None:
            x, along = x.reshape(-1), 0
        else:
            along = normal_axis(axis, ndim)
        if type(x.shape[along]) is int and x.shape[along] == 0:
            raise ValueError("attempt to get argmax of an empty sequence")
        if x.dtype.kind == "c":
            raise unsupported("argmax of complex numbers")
        inside = value_of(x, np.dtype(np.uint8) if x.dtype == bool else x.dtype)
        wide = np.dtype(np.int64)
        dims = reduced_dims(x.shape, (along,), keep and axis is not None)
        found = natural(fresh(emit(row, inside, along, element_type(wide), keep and axis is not None), dims, wide))
        if keep and axis is None:
            found = found.reshape((1,) * ndim)
        return finished(found, None) if out is None else store_both_ways(out, found)

    return call


implements(np.argmax)(extreme_place(ivy.argmax))
implements(np.argmin)(extreme_place(ivy.argmin))


def scan(ufunc: np.ufunc, function: Any) -> None:
    """A function that is `ufunc.accumulate` over the flat array by default."""

    @implements(function)
    def call(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        x = as_array(a)
        if axis is None:
            x, axis = x.reshape(-1), 0
        return ufunc.accumulate(x, axis=axis, dtype=dtype, out=out)


scan(np.add, np.cumsum)
scan(np.multiply, np.cumprod)
