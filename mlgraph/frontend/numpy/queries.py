"""Queries of traced arrays: which elements are concrete, and how they lie in memory."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.ivy.types import UNKNOWN, shape_of
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array_data import ArrayData
from mlgraph.frontend.numpy.size_examples import look
from mlgraph.frontend.numpy.sizes import Dim, examples, is_free
from mlgraph.frontend.numpy.tables import HOOKS
from mlgraph.frontend.numpy.tracer import active, current, outside_write, refused, unsupported, user_line


def is_array(value: object) -> bool:
    """Return whether a value is an array, real or traced."""
    return isinstance(value, np.ndarray)


def is_concrete(array: ArrayData) -> bool:
    """Return whether the elements can be read."""
    if array._real is None:
        return False
    return not active() or id(owner_of(array._real)) not in current().storages


def number(array: ArrayData, what: str, fix: str) -> Any:
    """Return the one element of a concrete array; raise `DataDependentControlFlowError` for other arrays."""
    if is_concrete(array):
        return array._real.item() if array._real.size == 1 else array._real.__bool__()
    if (found := look(array)) is not None:
        return found.item() if found.size == 1 else found.__bool__()
    if active() and current().paths is not None:
        return HOOKS["read_number"](array, what)
    raise refused(
        DataDependentControlFlowError(
            f"the Python code needs {what}, but the array is known only when the graph runs",
            where=user_line(),
            why="a branch, loop or index that looks at values would be fixed to the traced one",
            fix=fix,
        )
    )


def write_error(error: ValueError, *values: Any) -> Exception:
    """Return `outside_write` where numpy found one of `values` read-only that is the user's; else numpy's own error."""
    found = [owner for value in values for owner in outside_owners(value)]
    return outside_write(*found) if found and str(error).endswith("read-only") else error


def outside_owners(value: Any) -> list[np.ndarray]:
    """Return the arrays from outside of the function that own the memory of a value, or of the items of a list."""
    if isinstance(value, list | tuple):
        return [owner for item in cast("list[Any]", value) for owner in outside_owners(item)]
    real = value if type(value) is np.ndarray else getattr(value, "_real", None)
    owner = None if real is None else owner_of(real)
    return [] if owner is None or id(owner) not in current().captured else [owner]


def owner_of(real: np.ndarray) -> np.ndarray:
    """Return the array that owns the memory of a real array."""
    while type(real.base) is np.ndarray:
        real = real.base
    return real


def root_of(array: ArrayData) -> Any:
    """Return the array that a view is taken of, through other views."""
    while array._parent is not None:
        array = array._parent
    return array


def layout_proxy_of(array: ArrayData) -> np.ndarray:
    """Return a real array of the example's shape and strides, never to be read."""
    if array._real is not None:
        return array._real
    if array._layout_proxy is None:
        if array._parent is not None:
            array._layout_proxy = array._step.layout_proxy(layout_proxy_of(array._parent))
        else:
            shape = examples(array.shape)
            if shape is None:
                raise unsupported("the memory layout of an array whose size depends on data")
            array._layout_proxy = views.contiguous(shape, array.dtype)
    return array._layout_proxy


def is_contiguous(array: ArrayData) -> bool:
    """Return whether the elements lie in row-major order."""
    if (array._layout_proxy is None and array._real is None) and (
        array._parent is None or examples(array.shape) is None
    ):
        return array._parent is None
    return bool(layout_proxy_of(array).flags.c_contiguous)


def is_non_negative(array: ArrayData) -> bool:
    """Return whether the elements are known not to be negative."""
    root = root_of(array)
    return array.dtype.kind == "u" or (array._non_negative and root._storage is not None and not root._storage.version)


def refined(value: SSAValue, dims: Sequence[Dim]) -> SSAValue:
    """Refine the type of `value` by the sizes of the capture, and return it."""
    shape = shape_of(value)
    if len(shape) != len(dims):
        raise AssertionError(f"a value of shape {shape} for sizes {dims}")
    if UNKNOWN in shape:
        sizes = tuple(old if old >= 0 or is_free(n) else int(n) for old, n in zip(shape, dims))
        if sizes != shape:
            value._type = tensor(sizes, dtype_of(value))  # pyright: ignore[reportPrivateUsage]
    return value
