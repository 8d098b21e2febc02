"""Writing the results of numpy functions to an `out` argument."""

# pyright: reportPrivateUsage=false
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import as_returned, fresh
from mlgraph.frontend.numpy.queries import is_array, owner_of
from mlgraph.frontend.numpy.tables import FUNCTIONS
from mlgraph.frontend.numpy.tracer import outside_write
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_dims, broadcast_to, cast_value, same_shape

Casting: TypeAlias = Literal["no", "equiv", "safe", "same_kind", "unsafe"]


@dataclass(frozen=True)
class Output:
    """The rules of a numpy function for its `out` argument."""

    casting: Casting = "same_kind"
    broadcasts: bool = False
    """True if the result is broadcast to the shape of `out`, which it must have otherwise."""
    unpacks: bool = False
    """True if `out` may be a tuple of one array."""
    reads: bool = False
    """True if numpy first reads `out` in the type of the result, which must be safe."""

    def argument(self, out: Any) -> Any:
        """Return the array that a call gives as `out`, None without one."""
        if self.unpacks and type(out) is tuple:
            (out,) = cast("tuple[Any]", out)
        if out is not None and not is_array(out):
            raise TypeError("return arrays must be of ArrayType")
        return out

    def finish(self, out: Any, result: Any, casting: Casting | None = None) -> Any:
        """Return what a function returns: `out` with the result, or a numpy scalar for a result without axes.

        `casting` is the argument of a function that has one.
        """
        if result is out or result is NotImplemented:
            return result
        if out is None:
            is_array = type(result) is TracedArray and result._kind is np.ndarray
            return as_returned(result) if is_array else result
        result = as_array(result)
        if not self.broadcasts and not same_shape(out.shape, result.shape):
            raise ValueError(f"output array of shape {out.shape} does not match the result's shape {result.shape}")
        if self.casting == "no" and out.dtype != result.dtype:
            raise ValueError("output array is not acceptable (must have the right datatype)")
        if self.reads and not np.can_cast(out.dtype, result.dtype, "safe"):
            raise TypeError(
                f"Cannot cast array data from {out.dtype!r} to {result.dtype!r} according to the rule 'safe'"
            )
        return store(out, result, casting=casting or self.casting)


def store(out: Any, result: TracedArray, where: Any = True, casting: Casting = "same_kind") -> Any:
    """Write a result to an array, broadcast to its shape, where `where` is true; return the array."""
    if not is_array(out):
        raise TypeError("return arrays must be of ArrayType")
    if type(out) is not TracedArray:
        raise outside_write(owner_of(out))
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(f"Cannot cast output from {result.dtype!r} to {out.dtype!r} with casting rule '{casting}'")
    shapes = (result.shape,) if where is True else (result.shape, as_array(where).shape)
    if not same_shape(broadcast_dims(*shapes, out.shape), out.shape):
        raise ValueError(
            f"non-broadcastable output operand with shape {out.shape} for the result of shape {result.shape}"
        )
    value = fresh(cast_value(result.value, result.dtype, out.dtype), result.shape, out.dtype)
    if where is not True:
        value = FUNCTIONS[np.where](where, value, out)
    out.write(broadcast_to(value, out.shape).value)
    return out
