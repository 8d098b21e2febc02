"""Reductions and scans."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh, from_size, non_negative
from mlgraph.frontend.numpy.dtypes import FLOAT, INT, real_type
from mlgraph.frontend.numpy.normalize import (
    ArrayLike,
    Axes,
    DTypeLike,
    FlatAxis,
    KeepDims,
    ReadOut,
    UnsafeOut,
    implements,
    normal_axis,
)
from mlgraph.frontend.numpy.sizes import is_dim, is_free, larger, product, smaller
from mlgraph.frontend.numpy.tracer import element_type, emit, unsupported
from mlgraph.frontend.numpy.ufunc_methods import reduce, reduced_dims, reshaped, unselected
from mlgraph.frontend.numpy.wrapping import as_array, cast, value_of


def as_sizes(x: Any) -> tuple[Any, ...] | None:
    """Return the sizes of a shape that is reduced, as `np.prod(x.shape)`; None for anything else."""
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
    """Register functions that are `ufunc.reduce`, by default over every axis."""

    def call(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: UnsafeOut = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        if sizes is not None and axis is None and (found := as_sizes(a)) is not None:
            return sizes(found)
        return reduce(ufunc, a, axis, dtype, out, keepdims, initial, where)

    def without_dtype(
        a: Any, axis: Any = None, out: UnsafeOut = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Any:
        return call(a, axis, None, out, keepdims, initial, where)

    implements(*functions)(call if ufunc in (np.add, np.multiply) else without_dtype)


reduction(np.add, np.sum, sizes=_sizes_to(lambda a, b: a + b))
reduction(np.multiply, np.prod, sizes=product)
reduction(np.maximum, np.max, np.amax, sizes=_sizes_to(larger))
reduction(np.minimum, np.min, np.amin, sizes=_sizes_to(smaller))


@implements(np.any)
def any_(a: Any, axis: Any = None, out: UnsafeOut = None, keepdims: Any = False, *, where: Any = True) -> Any:
    return reduce(np.logical_or, a, axis, None, out, keepdims, where=where)


@implements(np.all)
def all_(a: Any, axis: Any = None, out: UnsafeOut = None, keepdims: Any = False, *, where: Any = True) -> Any:
    return reduce(np.logical_and, a, axis, None, out, keepdims, where=where)


@implements(np.count_nonzero)
def count_nonzero(a: ArrayLike, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(a.astype(bool), axis=axis, dtype=np.intp, keepdims=keepdims)


def count(x: TracedArray, axes: tuple[int, ...], where: Any, dtype: np.dtype) -> Any:
    """Return the number of elements that a reduction sees."""
    if where is not True:
        return np.sum(np.broadcast_to(where, x.shape), axis=axes, keepdims=True, dtype=np.intp).astype(dtype)
    return from_size(product([x.shape[a] for a in axes]), dtype, np.generic)


def working_type(x: TracedArray, dtype: np.dtype | None) -> np.dtype:
    """Return the type in which means are computed: float64 for integers, float32 for float16."""
    if dtype is not None:
        return dtype
    return np.dtype(np.float32) if x.dtype == np.float16 else result_type(x, None)


def result_type(x: TracedArray, dtype: np.dtype | None) -> np.dtype:
    """Return the type of a mean."""
    if dtype is not None:
        return dtype
    return FLOAT if x.dtype.kind in "biu" else x.dtype


@implements(np.mean)
def mean(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: UnsafeOut = None,
    keepdims: KeepDims = False,
    *,
    where: Any = True,
) -> Any:
    inside, outside = working_type(a, dtype), result_type(a, dtype)
    if out is not None:
        loop = None if dtype is None and inside == a.dtype else inside
        np.add.reduce(a, axis, loop, out, keepdims, where=where)
        return divided(out, count(a, axis, where, np.dtype(np.intp)), axis, keepdims)
    dims = reduced_dims(a.shape, axis, keepdims)
    if a._selection is None and where is True and axis and inside.kind == "f":
        return cast(fresh(emit(ivy.mean, value_of(a, inside), axis, keepdims), dims, inside), outside)
    if a._selection is not None and 0 in axis:
        a, axis, where = unselected(a, axis, where)
    total = reduce(np.add, a, axis, inside, keepdims=True, where=where)
    number = count(a, axis, where, inside if inside.kind == "f" else FLOAT)
    return reshaped(cast(as_array(np.divide(total, number)), outside), dims)


def divided(out: Any, number: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Divide the sums in `out` by the number of elements, in place and so in the type of `out`, as numpy does."""
    number = as_array(number)
    number = number.reshape(reduced_dims(number.shape, axes, keepdims)) if number.ndim else number
    return np.divide(out, number, out=out, casting="unsafe")


def freedom(ddof: Any, correction: Any) -> Any:
    """Return the degrees of freedom that a variance loses, of the two arguments of numpy for it."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


@implements(np.var)
def var(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: UnsafeOut = None,
    ddof: Any = 0,
    keepdims: KeepDims = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    ddof = freedom(ddof, correction)
    inside, outside = working_type(a, dtype), result_type(a, dtype)
    real = real_type(outside) if dtype is None else dtype
    dims = reduced_dims(a.shape, axis, keepdims)
    plain = a._selection is None and where is True and mean is None and out is None
    if plain and axis and inside.kind == "f" and isinstance(ddof, int | float) and not is_free(ddof):
        return cast(fresh(emit(ivy.var, value_of(a, inside), axis, float(ddof), keepdims), dims, inside), real)
    if a._selection is not None and 0 in axis:
        a, axis, where = unselected(a, axis, where)
    middle = np.mean(a, axis, dtype=inside, keepdims=True, where=where) if mean is None else as_array(mean)
    distance = np.abs((cast(a, inside) if inside.kind == "f" else a) - middle)
    if out is not None:
        reduce(np.add, np.square(distance), axis, None, out, keepdims, where=where)
        left = count(a, axis, where, np.dtype(np.intp)) - ddof
        return divided(out, np.maximum(left, 0), axis, keepdims)
    loop = inside if inside.kind in "biu" else None
    total = as_array(reduce(np.add, np.square(distance), axis, loop, keepdims=True, where=where))
    wide = FLOAT if loop is not None else total.dtype
    number = count(a, axis, where, wide) - ddof
    return reshaped(cast(as_array(np.divide(total, np.maximum(number, wide.type(0)))), real), dims)


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    found = var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    if out is None and found.dtype.kind in "biu":  # the root is written to the variance, which numpy refuses for arrays
        return np.sqrt(found, out=found) if found.ndim else cast(as_array(np.sqrt(found)), found.dtype)
    return np.sqrt(found, out=out)


def extreme_place(row: Any) -> Any:
    """Return the place of a maximum or minimum."""

    def call(a: ArrayLike, axis: Any = None, out: ReadOut = None, *, keepdims: KeepDims = False) -> Any:
        x, along = (a.reshape(-1), 0) if axis is None else (a, normal_axis(axis, a.ndim))
        if type(x.shape[along]) is int and x.shape[along] == 0:
            raise ValueError("attempt to get argmax of an empty sequence")
        if x.dtype.kind == "c":
            raise unsupported("argmax of complex numbers")
        inside = value_of(x, np.dtype(np.uint8) if x.dtype == bool else x.dtype)
        keep = keepdims and axis is not None
        dims = reduced_dims(x.shape, (along,), keep)
        found = non_negative(fresh(emit(row, inside, along, element_type(INT), keep), dims, INT))
        return non_negative(reshaped(found, (1,) * a.ndim)) if keepdims and axis is None else found

    return call


implements(np.argmax)(extreme_place(ivy.argmax))
implements(np.argmin)(extreme_place(ivy.argmin))


def scan(ufunc: np.ufunc, function: Any) -> None:
    """Register a function that is `ufunc.accumulate`, by default over the flat array."""

    @implements(function)
    def call(a: ArrayLike, axis: FlatAxis = None, dtype: Any = None, out: UnsafeOut = None) -> Any:
        return ufunc.accumulate(a, axis=axis, dtype=dtype, out=out)


scan(np.add, np.cumsum)
scan(np.multiply, np.cumprod)
