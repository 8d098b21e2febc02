"""Ways to make traced arrays: of a value of the graph, as a view of another, of a real array, of a size."""

# pyright: reportPrivateUsage=false
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.array_data import Storage
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.queries import is_concrete, owner_of, refined
from mlgraph.frontend.numpy.size_examples import attach
from mlgraph.frontend.numpy.sizes import Dim, data_dependent_count, examples, is_free, operand
from mlgraph.frontend.numpy.tables import HOOKS, hook
from mlgraph.frontend.numpy.tracer import active, constant, current, element_type, emit


def fresh(value: SSAValue, dims: Sequence[Dim], dtype: np.dtype, kind: type = np.ndarray) -> TracedArray:
    """Return a new array that shares memory with no other."""
    array = TracedArray(dims, dtype, kind)
    array._storage = Storage(refined(value, array.shape))
    return array


def deferred(build: Callable[[], SSAValue], dims: Sequence[Dim], dtype: np.dtype) -> TracedArray:
    """Return a new array whose value is built when it is first read."""
    array = TracedArray(dims, dtype)
    array._storage = Storage(None, build)
    return array


def view(parent: TracedArray, step: views.Step, dims: Sequence[Dim], dtype: np.dtype | None = None) -> TracedArray:
    """Return a view of `parent`."""
    if parent._real is not None:
        HOOKS["promote"](parent, force=True)
    array = TracedArray(dims, parent.dtype if dtype is None else dtype)
    array._parent, array._step = parent, step
    array._read_only = parent._read_only
    array._non_negative = parent._non_negative
    return array


def concrete(real: np.ndarray) -> TracedArray:
    """Return a real array as a traced one with elements that Python may read until a traced value is written to it."""
    array = TracedArray(real.shape, real.dtype)
    array._real = real
    if active() and (trace := current()).regions:
        owner = owner_of(real)
        trace.made.setdefault(id(owner), (owner, len(trace.regions)))
    return array


def non_negative(array: TracedArray) -> TracedArray:
    """Mark an array of integers as never negative, and return it."""
    array._non_negative = True
    return array


def scalar(array: TracedArray) -> TracedArray:
    """Turn a new 0-d array into a numpy scalar, and return it."""
    array._kind = np.generic
    return array


def as_returned(array: TracedArray) -> TracedArray:
    """Return an array as numpy's functions do: as a scalar where it has no axes."""
    if array._dims:
        return array
    found = scalar(fresh(array.value, (), array._dtype))
    return non_negative(found) if array._non_negative else found


@hook
def from_size(size: Dim, dtype: np.dtype = INT, kind: type = int) -> TracedArray:
    """Return a size as a 0-d array, by default one that promotes as a Python int."""
    count = data_dependent_count(size)
    if count is not None:
        array = count if count.dtype == dtype else fresh(emit(ivy.cast, count.value, element_type(dtype)), (), dtype)
        return fresh(array.value, (), dtype, kind)
    n = operand(size)
    value = constant(np.asarray(n, dtype)) if isinstance(n, int) else emit(ivy.from_size, (n,), element_type(dtype))
    found, example = fresh(value, (), dtype, kind), examples((size,))
    return found if example is None else attach(found, example[0], (size,))


def is_traced(value: Any) -> bool:
    """Return whether `value` is a value or a size of the graph, which a capture cannot read."""
    return (type(value) is TracedArray and not is_concrete(value)) or is_free(value)
