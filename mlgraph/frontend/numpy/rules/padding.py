"""`np.pad`."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh, is_traced
from mlgraph.frontend.numpy.normalize import ArrayLike, implements, normal_axis
from mlgraph.frontend.numpy.sizes import fix, is_dim, is_free, operands, simple
from mlgraph.frontend.numpy.tracer import emit
from mlgraph.frontend.numpy.wrapping import as_array, cast


@implements(np.pad)
def pad(array: ArrayLike, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    widths = _widths(pad_width, array.ndim)
    low, high = tuple(w[0] for w in widths), tuple(w[1] for w in widths)
    if any(is_free(n) is False and n < 0 for n in (*low, *high)):
        raise ValueError("index can't contain negative values")
    dims = tuple(simple(a + n + b) for a, n, b in zip(low, array.shape, high))
    if mode in ("constant", "empty"):
        return _padded(array, low, high, dims, kwargs.get("constant_values", 0))
    if any(map(is_free, (*low, *high))):
        return NotImplemented
    if mode == "edge":
        return fresh(emit(ivy.pad_edge, array.value, low, high), dims, array.dtype)
    if mode in ("reflect", "symmetric", "wrap") and kwargs.get("reflect_type", "even") == "even":
        return _continued(array, low, high, mode)
    return NotImplemented


def _widths(pad_width: Any, ndim: int) -> list[tuple[Any, Any]]:
    if isinstance(pad_width, dict):
        widths: list[tuple[Any, Any]] = [(0, 0)] * ndim
        for axis, width in cast(dict[Any, Any], pad_width).items():
            widths[normal_axis(axis, ndim)] = (width, width) if is_dim(width) else tuple(width)
        return widths
    if is_dim(pad_width):
        return [(simple(pad_width), simple(pad_width))] * ndim
    items = [tuple(w) if not is_dim(w) and np.ndim(w) != 0 else w for w in pad_width]
    if all(map(is_dim, items)):
        pair = (items[0], items[-1])
        return [(simple(pair[0]), simple(pair[1]))] * ndim
    pairs = [(simple(w[0]), simple(w[-1])) for w in items]
    return pairs * ndim if len(pairs) == 1 else pairs


def _padded(x: TracedArray, low: Any, high: Any, dims: Any, constants: Any) -> TracedArray:
    if not is_traced(constants) and np.ndim(constants) == 0:
        value = cast(as_array(constants), x.dtype)
        return fresh(emit(ivy.pad, x.value, operands(low), operands(high), value.value), dims, x.dtype)
    if type(constants) is TracedArray and not constants.ndim:
        return fresh(
            emit(ivy.pad, x.value, operands(low), operands(high), cast(constants, x.dtype).value), dims, x.dtype
        )
    values = np.broadcast_to(np.asarray(constants), (x.ndim, 2))
    for axis in range(x.ndim):
        for side in (0, 1):
            a = tuple(low[axis] if i == axis and not side else 0 for i in range(x.ndim))
            b = tuple(high[axis] if i == axis and side else 0 for i in range(x.ndim))
            x = _padded(x, a, b, tuple(simple(p + n + q) for p, n, q in zip(a, x.shape, b)), values[axis, side].item())
    return x


def _continued(x: TracedArray, low: Any, high: Any, mode: str) -> TracedArray:
    """Pad by repeating or mirroring the array, as often as needed."""
    for axis in range(x.ndim):
        if not low[axis] and not high[axis]:
            continue
        n = x.shape[axis]
        if mode == "reflect" and n > low[axis] and n > high[axis]:
            a = tuple(low[axis] if i == axis else 0 for i in range(x.ndim))
            b = tuple(high[axis] if i == axis else 0 for i in range(x.ndim))
            dims = (*x.shape[:axis], simple(n + low[axis] + high[axis]), *x.shape[axis + 1 :])
            x = fresh(emit(ivy.pad_reflect, x.value, a, b), dims, x.dtype)
        else:
            places: Any = np.pad(np.arange(fix(n)), (low[axis], high[axis]), mode=mode)
            x = np.take(x, places, axis=axis)
    return x
