"""Conversions of whatever numpy takes for an array to a traced array, and between element types and shapes."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import concrete, fresh, from_size, is_traced, non_negative
from mlgraph.frontend.numpy.dtypes import INT, real_type
from mlgraph.frontend.numpy.operators import NUMBERS
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.size_examples import attach, example_of, with_examples
from mlgraph.frontend.numpy.sizes import Dim, Size, is_free, operand, operands, simple
from mlgraph.frontend.numpy.tracer import constant, current, element_type, emit, unsupported


def wrap(x: Any) -> Any:
    """Return `x` as a traced array, or as it is if it is a Python number or a size."""
    if type(x) is TracedArray or type(x) is Size or type(x) in NUMBERS:
        return x
    return as_array(x)


def as_array(x: Any, dtype: Any = None) -> TracedArray:
    """Return `np.asarray(x, dtype)` as a traced array."""
    array = _as_array(x)
    if dtype is not None:
        array = cast(array, np.dtype(dtype))
    if array._kind is not np.ndarray:
        found = fresh(array.value, (), array.dtype)
        return found if (example := example_of(array)) is None else attach(found, example.value, example.sizes)
    return array


def _as_array(x: Any) -> TracedArray:
    if type(x) is TracedArray:
        return x
    if type(x) is Size:
        return from_size(x)
    if isinstance(x, np.ndarray):
        return _captured(x)
    if isinstance(x, list | tuple) and any(map(is_wrapped, leaves(x))):
        return _stacked(x)
    return _made(np.asarray(x))


def _captured(real: np.ndarray) -> TracedArray:
    """Return an array from outside of the function."""
    if type(real) is not np.ndarray:
        raise unsupported(f"an array of class {type(real).__name__}", fix="use a plain array, np.asarray(x)")
    owner = real
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    current().captured.setdefault(id(owner), owner)
    view = real.view()
    view.flags.writeable = False
    return _made(view)


def _made(real: np.ndarray) -> TracedArray:
    if real.dtype.kind not in "biufcV" or (real.dtype.kind == "V" and real.dtype.name != "bfloat16"):
        raise unsupported(f"an array of dtype {real.dtype}", fix="use numbers or bools")
    return concrete(real)


def is_wrapped(x: Any) -> bool:
    """Return whether `x` is a traced array, concrete or not, or a size."""
    return type(x) is TracedArray or type(x) is Size


def leaves(x: Any) -> Iterator[Any]:
    """Return the elements of nested lists and tuples."""
    if isinstance(x, list | tuple):
        for item in x:
            yield from leaves(item)
    else:
        yield x


def _stacked(items: Sequence[Any]) -> TracedArray:
    """Return `np.array` of nested sequences."""
    if not any(is_traced(x) for x in leaves(items)):
        return _made(np.array(unwrap_concrete(items)))
    arrays = [_as_array(item) for item in items]
    dtype = np.result_type(*[_found_dtype(array) for array in arrays])
    return with_examples(stack(arrays, 0, dtype), np.array, (items,), {"dtype": dtype})


def _found_dtype(array: TracedArray) -> np.dtype:
    """Return the element type that np.array finds for an item."""
    return array.dtype


def unwrap_concrete(x: Any) -> Any:
    """Return `x` with real arrays for concrete ones, also in containers."""
    if type(x) is TracedArray:
        return x._real if is_concrete(x) else x
    if type(x) is Size:
        return simple(x)
    if type(x) is tuple or type(x) is list:
        return type(x)(unwrap_concrete(item) for item in x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(unwrap_concrete(item) for item in x))
    if type(x) is dict:
        return {key: unwrap_concrete(item) for key, item in x.items()}
    if type(x) is slice:
        return slice(unwrap_concrete(x.start), unwrap_concrete(x.stop), unwrap_concrete(x.step))
    return x


def wrap_concrete(x: Any) -> Any:
    """Return `x` with concrete arrays for real ones, also in containers."""
    if type(x) is np.ndarray and x.dtype.kind in "biufc":
        return concrete(x)
    if type(x) is tuple or type(x) is list:
        return type(x)(wrap_concrete(item) for item in x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(wrap_concrete(item) for item in x))
    return x


def any_traced(values: Iterable[Any]) -> bool:
    """Return whether a traced value is among `values`, or in lists, tuples, dicts and slices among them."""
    for x in values:
        if is_traced(x):
            return True
        if isinstance(x, list | tuple | dict) and any_traced(x.values() if isinstance(x, dict) else x):
            return True
        if type(x) is slice and any_traced((x.start, x.stop, x.step)):
            return True
    return False


def cast(array: TracedArray, dtype: np.dtype, copy: bool = False) -> TracedArray:
    """Return the elements in another type; the array itself where that is its type, unless `copy` is true."""
    if array.dtype == dtype:
        return fresh(array.value, array.shape, dtype) if copy else array
    if is_concrete(array):
        return concrete(array._real.astype(dtype))
    return fresh(cast_value(array.value, array.dtype, dtype), array.shape, dtype)


def cast_value(value: SSAValue, old: np.dtype, new: np.dtype) -> SSAValue:
    """Return a value in another element type."""
    if old == new:
        return value
    if old.kind == "c" and new.kind not in "cb":
        value = emit(ivy.real, value)
        return cast_value(value, real_type(old), new)
    return emit(ivy.cast, value, element_type(new))


def value_of(x: Any, dtype: np.dtype) -> SSAValue:
    """Return a wrapped operand as a value of element type `dtype`."""
    if type(x) is TracedArray:
        return constant(x._real.astype(dtype)) if is_concrete(x) else cast_value(x.value, x.dtype, dtype)
    if type(x) is Size:
        return from_size(x, dtype).value
    return constant(np.array(x, dtype))


def stack(arrays: Sequence[TracedArray], axis: int, dtype: np.dtype) -> TracedArray:
    """Return arrays of one shape along a new axis."""
    shape = arrays[0].shape
    for other in arrays[1:]:
        if not same_shape(shape, other.shape):
            raise ValueError(f"all input arrays must have the same shape, got {shape} and {other.shape}")
    values = [value_of(array, dtype) for array in arrays]
    along = axis % (len(shape) + 1)
    dims = (*shape[:along], len(arrays), *shape[along:])
    return fresh(emit(ivy.stack, values, along), dims, dtype)


def same(a: Dim, b: Dim) -> bool:
    """Return whether two sizes are equal for all inputs."""
    difference = simple(a - b)
    return type(difference) is int and difference == 0


def same_shape(a: Sequence[Dim], b: Sequence[Dim]) -> bool:
    """Return whether two shapes are equal; free sizes become equal where they are for the example."""
    return len(a) == len(b) and all(same(m, n) or m == n for m, n in zip(a, b))


def broadcast_dims(*shapes: Sequence[Dim]) -> tuple[Dim, ...]:
    """Return the broadcast of shapes."""
    length = max((len(s) for s in shapes), default=0)
    return tuple(_broadcast_dim([s[i] for s in shapes if len(s) >= -i], shapes) for i in range(-length, 0))


def _broadcast_dim(sizes: Sequence[Dim], shapes: Any) -> Dim:
    result: Dim = 1
    for n in sizes:
        if type(n) is int and n == 1:
            continue
        if type(result) is int and result == 1:
            result = n
        elif not same(result, n) and not (n == 1):
            if result == 1:
                result = n
            elif result != n:
                raise ValueError(
                    "operands could not be broadcast together with shapes "
                    + " ".join(str(tuple(map(int, s))) for s in shapes)
                )
    return result


def broadcast_to(array: TracedArray, dims: Sequence[Dim]) -> TracedArray:
    """Return `array` repeated along new leading axes and axes of size 1."""
    dims = tuple(dims)
    if len(array.shape) == len(dims) and all(same(m, n) or m == n for m, n in zip(array.shape, dims)):
        return array
    if not same_shape(broadcast_dims(array.shape, dims), dims):
        raise ValueError(f"could not broadcast input array from shape {array.shape} into shape {dims}")
    if is_concrete(array) and all(type(n) is int for n in dims):
        return concrete(np.broadcast_to(array._real, dims))
    return fresh(emit(ivy.broadcast_to, array.value, operands(dims)), dims, array.dtype)


def iota(size: Dim, dtype: np.dtype = INT) -> TracedArray:
    """Return the numbers from 0 to `size - 1`."""
    if not is_free(size):
        return concrete(np.arange(int(size), dtype=dtype))
    return non_negative(fresh(emit(ivy.iota, (operand(size),), element_type(dtype)), (size,), dtype))


def kind_of(x: Any) -> Any:
    """Return an operand as `ufunc.resolve_dtypes` takes it: Python numbers are weak."""
    if type(x) is Size:
        return int
    if type(x) is TracedArray:
        weak = x._kind in NUMBERS and x._kind is not bool
        return x._kind if weak else x.dtype
    return np.dtype(bool) if type(x) is bool else type(x)


def common_type(*operands: Any) -> np.dtype:
    """Return the element type that numpy promotes wrapped operands to."""
    kinds = [kind_of(x) for x in operands]
    return np.result_type(*[k if isinstance(k, np.dtype) else k(0) for k in kinds])
