"""Elementwise functions that are not ufuncs."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import as_returned, fresh
from mlgraph.frontend.numpy.dispatch import result_of
from mlgraph.frontend.numpy.normalize import ArrayLike, FlatAxis, OutArray, UfuncOut, implements
from mlgraph.frontend.numpy.outputs import store
from mlgraph.frontend.numpy.queries import root_of
from mlgraph.frontend.numpy.sizes import Size
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.ufuncs import truth
from mlgraph.frontend.numpy.wrapping import (
    as_array,
    broadcast_dims,
    cast,
    common_type,
    iota,
    kind_of,
    value_of,
    wrap,
)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    test, first, second = as_array(condition), wrap(x), wrap(y)
    dtype = common_type(first, second)
    arrays = [a for a in (test, first, second) if type(a) is TracedArray]
    dims = broadcast_dims(*[a.shape for a in arrays])
    value = emit(ivy.where, truth(test.value), value_of(first, dtype), value_of(second, dtype))
    found = result_of(value, dims, dtype, arrays)
    found._kind = np.ndarray
    return found


@implements(np.clip)
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: UfuncOut = None,
    *,
    min: Any = None,
    max: Any = None,
    where: Any = True,
    casting: str = "same_kind",
    dtype: Any = None,
    order: Any = None,
    subok: bool = True,
    signature: Any = None,
) -> Any:
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    if low is None and high is None:
        result = np.positive(a)
    elif low is None or high is None:
        result = np.minimum(a, high, dtype=dtype) if low is None else np.maximum(a, low, dtype=dtype)
    else:
        result = _clipped(wrap(a), wrap(low), wrap(high), dtype)
    if where is True:
        return result
    return np.where(where, result, np.zeros((), result.dtype) if out is None else out)


def _clipped(a: Any, low: Any, high: Any, dtype: Any) -> Any:
    dtype = common_type(a, low, high) if dtype is None else np.dtype(dtype)
    if dtype.kind in "bc":
        return np.minimum(np.maximum(a, low), high)
    arrays = [x for x in (a, low, high) if type(x) is TracedArray]
    value = emit(ivy.clip, *[value_of(x, dtype) for x in (a, low, high)])
    return result_of(value, broadcast_dims(*[x.shape for x in arrays]), dtype, arrays)


@implements(np.round)
def round(a: ArrayLike, decimals: int = 0, out: OutArray = None) -> Any:
    if a.dtype == bool and decimals:
        raise TypeError("bools cannot be rounded to decimals")
    if a.dtype.kind in "iu" and decimals >= 0:
        return a.copy()
    if decimals == 0:
        return np.rint(a)
    if a.dtype.kind in "iu":
        return np.rint(a / 10.0**-decimals).astype(a.dtype) * a.dtype.type(10**-decimals)
    factor = a.dtype.type(10.0 ** abs(decimals))
    return np.rint(a * factor) / factor if decimals > 0 else np.rint(a / factor) * factor


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    array = as_array(x)
    result = array.copy()
    if array.dtype.kind == "c":
        parts = [nan_to_num(part, True, nan, posinf, neginf) for part in (array.real, array.imag)]
        result = fresh(emit(ivy.complex, *[as_array(p).value for p in parts]), array.shape, array.dtype)
    elif array.dtype.kind == "f":
        limits = np.finfo(array.dtype)
        result = np.where(np.isnan(array), cast(as_array(nan), array.dtype), array)
        result = np.where(
            np.isposinf(result), cast(as_array(limits.max if posinf is None else posinf), array.dtype), result
        )
        result = np.where(
            np.isneginf(result), cast(as_array(limits.min if neginf is None else neginf), array.dtype), result
        )
    if not copy and type(x) is TracedArray:
        return store(x, as_array(result))
    return as_returned(as_array(result))


@implements(np.isposinf)
def isposinf(x: ArrayLike, out: UfuncOut = None) -> Any:
    return np.equal(x, np.inf)


@implements(np.isneginf)
def isneginf(x: ArrayLike, out: UfuncOut = None) -> Any:
    return np.equal(x, -np.inf)


@implements(np.i0)
def i0(x: ArrayLike) -> Any:
    size = as_array(np.abs(x if x.dtype.kind == "f" else x.astype(float)))
    return as_array(np.exp(size) * fresh(emit(ivy.i0e, size.value), size.shape, size.dtype))


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    return np.all(np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


@implements(np.array_equal)
def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> Any:
    if a1.ndim != a2.ndim or any(m != n for m, n in zip(a1.shape, a2.shape)):
        return False
    same = a1 == a2
    return np.all(same | (np.isnan(a1) & np.isnan(a2)) if equal_nan else same)


@implements(np.array_equiv)
def array_equiv(a1: ArrayLike, a2: ArrayLike) -> Any:
    try:
        broadcast_dims(a1.shape, a2.shape)
    except ValueError:
        return False
    return np.all(a1 == a2)


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    return np.result_type(*[_typical(x) for x in arrays_and_dtypes])


def _typical(x: Any) -> Any:
    if type(x) is Size:
        return 0
    if type(x) is not TracedArray:
        return x
    kind = kind_of(x)
    return kind if isinstance(kind, np.dtype) else kind(0)


@implements(np.can_cast)
def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    return np.can_cast(from_.dtype if type(from_) is TracedArray else from_, to, casting)


@implements(np.min_scalar_type)
def min_scalar_type(a: Any, /) -> np.dtype:
    if type(a) is TracedArray and a.ndim:
        return a.dtype
    raise unsupported("np.min_scalar_type of a value of the graph")


@implements(np.shares_memory, np.may_share_memory)
def shares_memory(a: Any, b: Any, /, max_work: Any = None) -> bool:
    return type(a) is TracedArray and type(b) is TracedArray and root_of(a) is root_of(b)


@implements(np.packbits)
def packbits(a: ArrayLike, /, axis: FlatAxis = None, bitorder: str = "big") -> Any:
    bits = np.moveaxis(a.astype(bool), axis, -1)
    size = bits.shape[-1]
    groups = (size + 7) // 8
    padded = np.pad(bits, [(0, 0)] * (bits.ndim - 1) + [(0, groups * 8 - size)])
    weights = 1 << np.arange(8, dtype=np.uint8)
    weights = weights[::-1] if bitorder == "big" else weights
    packed = np.sum(padded.reshape((*bits.shape[:-1], groups, 8)) * weights, axis=-1, dtype=np.uint8)
    return np.moveaxis(packed, -1, axis)


@implements(np.unpackbits)
def unpackbits(a: ArrayLike, /, axis: FlatAxis = None, count: Any = None, bitorder: str = "big") -> Any:
    if a.dtype != np.uint8:
        raise TypeError("Expected an input array of unsigned byte data type")
    a = np.moveaxis(a, axis, -1)
    shifts = np.arange(8, dtype=np.uint8)
    shifts = shifts[::-1] if bitorder == "big" else shifts
    bits = (a[..., None] >> shifts) & np.uint8(1)
    bits = bits.reshape((*a.shape[:-1], a.shape[-1] * 8))
    bits = (
        bits
        if count is None
        else bits[..., :count]
        if count < 0 or count <= bits.shape[-1]
        else np.pad(bits, [(0, 0)] * (a.ndim - 1) + [(0, count - bits.shape[-1])])
    )
    return np.moveaxis(bits, -1, axis)


@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    first, last = wrap(start), wrap(stop)
    inside = np.result_type(common_type(first, last), 1.0)
    outside = inside if dtype is None else np.dtype(dtype)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    parts = num - 1 if endpoint else num
    low, high = cast(as_array(first), inside), cast(as_array(last), inside)
    delta = np.subtract(high, low)
    places = iota(num).reshape((-1, *(1,) * as_array(delta).ndim)).astype(inside)
    if parts > 0:
        step = as_array(delta / parts)
        found = np.where(step == 0, places / parts * delta, places * step) + low
    else:
        step, found = as_array(inside.type(np.nan)), places * delta + low
    found = as_array(found)
    if endpoint and num > 1:
        found[-1] = high
    if np.issubdtype(outside, np.integer):
        found = np.floor(found)
    found = np.moveaxis(found, 0, axis).astype(outside)
    return (found, step) if retstep else found
