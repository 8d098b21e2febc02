# pyright: basic
"""Small integer arrays whose elements are known during import: numbers and jax's symbolic sizes.

`x[2:]` of a symbolic size reads with computed starts. Following the numbers through the few primitives of index
arithmetic shows that the starts are known, and the read is a slice.
"""

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.errors import InconclusiveDimensionOperation
from xdsl.ir import SSAValue

from mlgraph.frontend.jax.dimensions import is_known

if TYPE_CHECKING:
    from mlgraph.frontend.jax.equation import Equation

LIMIT = 16
"""Larger arrays are not followed."""

Array = np.ndarray[Any, Any]


def known_results(e: "Equation", operands: Sequence[SSAValue]) -> Array | None:
    """Return the elements of the one result of an equation, None where they are not known."""
    function = FUNCTIONS.get(e.eqn.primitive.name)
    aval = e.eqn.outvars[0].aval
    if function is None or not is_small_integer(aval):
        return None
    arrays = [e.known(operand) for operand in operands]
    if any(array is None for array in arrays):
        return None
    try:
        found = np.asarray(function(*arrays, **e.eqn.params), dtype=object)
    except (InconclusiveDimensionOperation, ZeroDivisionError):
        return None
    return found if found.shape == aval.shape and fits(found, aval.dtype) else None


def is_small_integer(aval: Any) -> bool:
    """Return whether an abstract value is of few integers or bools."""
    integer = getattr(aval.dtype, "kind", "") in tuple("iub")
    return integer and all(map(is_known, aval.shape)) and aval.size <= LIMIT


def fits(array: Array, dtype: Any) -> bool:
    """Return whether no number is out of the range of its type."""
    if dtype.kind == "b":
        return True
    info = np.iinfo(dtype)
    return all(info.min <= n <= info.max for n in array.flat if isinstance(n, int))


def elementwise(function: Callable[..., Any]) -> Callable[..., Array]:
    """Return `function` on Python objects, over arrays."""

    def apply(*arrays: Array, **params: Any) -> Array:
        return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)

    return apply


def scalar(dim: Any) -> Array:
    """Return a size as a 0-d array."""
    array = np.empty((), object)
    array[()] = dim
    return array


def broadcast_in_dim(x: Array, shape: Any, broadcast_dimensions: Any, **_: Any) -> Array:
    sizes = [1] * len(shape)
    for axis, n in zip(broadcast_dimensions, x.shape, strict=True):
        sizes[axis] = n
    return np.broadcast_to(x.reshape(sizes), shape)


def select_n(which: Array, *cases: Array, **_: Any) -> Array:
    return elementwise(lambda i, *values: values[int(i)])(which, *cases)


def slice_(x: Array, start_indices: Any, limit_indices: Any, strides: Any, **_: Any) -> Array:
    steps = strides or (1,) * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, steps))]


def truncated(a: Any, b: Any) -> Any:
    """Return the quotient of sizes that are not negative."""
    if not (a >= 0 and b > 0):
        raise InconclusiveDimensionOperation("sign")
    return a // b


def same(x: Array, **_: Any) -> Array:
    return x


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "add": elementwise(operator.add),
    "and": elementwise(lambda a, b: a & b),
    "broadcast_in_dim": broadcast_in_dim,
    "clamp": elementwise(lambda low, x, high: min(max(x, low), high)),
    "concatenate": lambda *xs, dimension, **_: np.concatenate(xs, dimension),
    "convert_element_type": same,
    "copy": same,
    "dim_as_value": lambda dim, **_: scalar(dim),
    "div": elementwise(truncated),
    "eq": elementwise(operator.eq),
    "ge": elementwise(operator.ge),
    "gt": elementwise(operator.gt),
    "le": elementwise(operator.le),
    "lt": elementwise(operator.lt),
    "max": elementwise(max),
    "min": elementwise(min),
    "mul": elementwise(operator.mul),
    "ne": elementwise(operator.ne),
    "neg": elementwise(operator.neg),
    "or": elementwise(lambda a, b: a | b),
    "reshape": lambda x, new_sizes, **_: x.reshape(new_sizes),
    "select_n": select_n,
    "slice": slice_,
    "squeeze": lambda x, dimensions, **_: np.squeeze(x, dimensions),
    "stop_gradient": same,
    "sub": elementwise(operator.sub),
}
