"""Traced masks: selections whose size depends on data, and reads and writes that need no such size."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

from xdsl.ir import SSAValue
from xdsl.traits import is_side_effect_free as is_pure

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.table import TableOp
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import deferred, fresh, non_negative
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.polynomials import DataDependentSize
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.sizes import Size
from mlgraph.frontend.numpy.tracer import current, emit
from mlgraph.frontend.numpy.wrapping import as_array, leaves


def mask_of(array: TracedArray, key: Any) -> TracedArray | None:
    """Return the traced mask over the leading axes that a key is, None for other keys."""
    if type(key) is tuple and len(key) == 1:
        (key,) = key
    if isinstance(key, list) and any(type(x) is TracedArray for x in leaves(key)):
        key = as_array(key)
    if type(key) is not TracedArray or key.dtype != bool or is_concrete(key) or not key.ndim:
        return None
    if key.ndim > array.ndim:
        raise IndexError(f"too many indices for array: array is {array.ndim}-dimensional, but {key.ndim} were indexed")
    for n, m in zip(array.shape, key.shape):
        if n != m:
            raise IndexError(f"boolean index did not match indexed array: the sizes are {n} and {m}")
    return fresh(first_like(key.value), key.shape, key.dtype)


def first_like(value: SSAValue) -> SSAValue:
    """Return the first mask of the capture with the structure of `value`, so that equal masks give one selection."""
    seen: list[SSAValue] = current().shared.setdefault("masks", [])
    for other in seen:
        if is_same(value, other):
            return other
    seen.append(value)
    return value


def is_same(a: SSAValue, b: SSAValue, depth: int = 8) -> bool:
    """Return whether two values are the same function of the same values."""
    if a is b:
        return True
    first, second = a.owner, b.owner
    if not depth or not isinstance(first, TableOp) or type(first) is not type(second) or a.index != b.index:  # pyright: ignore[reportAttributeAccessIssue]
        return False
    if len(first.operands) != len(second.operands) or first.properties != second.properties or not is_pure(first):  # pyright: ignore[reportAttributeAccessIssue]
        return False
    return all(is_same(x, y, depth - 1) for x, y in zip(first.operands, second.operands))  # pyright: ignore[reportAttributeAccessIssue]


def nonzero(mask: TracedArray) -> tuple[TracedArray, ...]:
    """Return the indices of the true elements, an array for each axis."""
    shared = current().shared
    key = ("nonzero", mask.value)
    if key not in shared:
        rows = emit(ivy.nonzero, mask.value)
        size = selected_size(mask)
        places = non_negative(fresh(rows, (size, mask.ndim), INT))
        shared[key] = tuple(places[:, i] for i in range(mask.ndim))
    return shared[key]


def selected_size(mask: TracedArray) -> Size:
    """Return the number of true elements as a size."""
    shared = current().shared
    key = ("count", mask.value)
    value = mask.value
    if key not in shared:

        def measure() -> SSAValue:
            return emit(ivy.dim, emit(ivy.nonzero, value), 0)

        def count() -> TracedArray:
            return fresh(emit(ivy.sum, emit(ivy.cast, value, i64)), (), INT)

        shared[key] = Size({(DataDependentSize(measure, count),): 1})
    return shared[key]


def selection(array: TracedArray, mask: TracedArray) -> TracedArray:
    """Return `array[mask]`, built only if its elements are needed as an array of their own."""
    whole = fresh(array.value, array.shape, array.dtype)

    def build() -> SSAValue:
        indices = [i.value for i in nonzero(mask)]
        if len(indices) == 1:
            return emit(ivy.take, whole.value, indices[0], 0)
        return emit(ivy.index, whole.value, indices, tuple(range(len(indices))))

    found = deferred(build, (selected_size(mask), *array.shape[mask.ndim :]), array.dtype)
    found._selection = (mask, whole)
    return found


def widened(mask: TracedArray, ndim: int) -> TracedArray:
    """Return a mask over leading axes with trailing axes of size 1, so that it has `ndim` axes."""
    return mask if mask.ndim == ndim else mask.reshape((*mask.shape, *(1,) * (ndim - mask.ndim)))
