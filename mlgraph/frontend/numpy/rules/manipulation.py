"""Making arrays like others, joining them, and moving their elements."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import itertools
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh, is_traced, non_negative, view
from mlgraph.frontend.numpy.creation_overrides import eye, filled
from mlgraph.frontend.numpy.methods import repeated, shape_from
from mlgraph.frontend.numpy.normalize import ArrayLike, FlatAxis, OutArray, implements, normal_axis
from mlgraph.frontend.numpy.queries import is_concrete, is_contiguous, layout_proxy_of, owner_of
from mlgraph.frontend.numpy.sizes import examples, fix, is_dim, is_free, operands, product, simple
from mlgraph.frontend.numpy.tracer import emit, outside_write, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_dims, broadcast_to, cast, iota, stack, value_of

# Like others


def like(value: Any) -> Any:
    """Return a function that fills an array like another with a number."""

    def call(
        a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
    ) -> TracedArray:
        x = as_array(a)
        dims = x.shape if shape is None else shape_from([shape])
        crooked = order in ("K", "A") and x.ndim > 1 and len(dims) == x.ndim and not is_contiguous(x)
        order = "F" if crooked and layout_proxy_of(x).flags.f_contiguous else order
        return filled(dims, value, x.dtype if dtype is None else dtype, order)

    return call


implements(np.zeros_like, np.empty_like)(like(0))
implements(np.ones_like)(like(1))


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> TracedArray:
    return like(fill_value)(a, dtype, order, subok, shape)


# Joining


@implements(np.concatenate, np.concat)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: OutArray = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    parts = [as_array(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        parts, axis = [p.reshape(-1) for p in parts], 0
    if not parts[0].ndim:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    along = normal_axis(axis, parts[0].ndim)
    for p in parts[1:]:
        _check_joinable(parts[0], p, along)
    new = joined_type(parts, dtype, casting)
    size: Any = 0
    for p in parts:
        size = size + p.shape[along]
    dims = (*parts[0].shape[:along], simple(size), *parts[0].shape[along + 1 :])
    values = [value_of(p, new) for p in parts]
    return fresh(emit(ivy.concat, values, along) if len(values) > 1 else values[0], dims, new)


def joined_type(parts: list[TracedArray], dtype: Any, casting: str) -> np.dtype:
    """Return the element type of arrays that are joined."""
    new = np.result_type(*[p.dtype for p in parts]) if dtype is None else np.dtype(dtype)
    for p in parts:
        if not np.can_cast(p.dtype, new, casting):
            raise TypeError(f"Cannot cast array data from {p.dtype!r} to {new!r} according to the rule '{casting}'")
    return new


def _check_joinable(a: TracedArray, b: TracedArray, axis: int) -> None:
    if a.ndim != b.ndim:
        raise ValueError(
            f"all the input array dimensions must match, but the arrays have {a.ndim} and {b.ndim} dimension(s)"
        )
    rest = [(m, n) for i, (m, n) in enumerate(zip(a.shape, b.shape)) if i != axis]
    if any(m != n for m, n in rest):
        raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")


@implements(np.stack)
def stack_(arrays: Any, axis: int = 0, out: OutArray = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    parts = [as_array(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to stack")
    new = joined_type(parts, dtype, casting)
    return stack(parts, normal_axis(axis, parts[0].ndim + 1), new)


@implements(np.block)
def block(arrays: Any) -> Any:
    depth = _depth(arrays)
    ndim = max(depth, max(as_array(a).ndim for a in _blocks(arrays)))

    def join(item: Any, level: int) -> Any:
        if not isinstance(item, list):
            x = as_array(item)
            return x.reshape((1,) * (ndim - x.ndim) + x.shape)
        return np.concatenate([join(child, level + 1) for child in item], axis=level - depth)

    return join(arrays, 0)


def _depth(item: Any) -> int:
    return 1 + max(map(_depth, item)) if isinstance(item, list) else 0


def _blocks(item: Any) -> Any:
    return itertools.chain.from_iterable(map(_blocks, item)) if isinstance(item, list) else [item]


# Repeating and broadcasting


@implements(np.broadcast_to)
def broadcast_to_(array: ArrayLike, shape: Any, subok: bool = False) -> TracedArray:
    dims = shape_from([shape]) if not is_dim(shape) else (simple(shape),)
    found = _broadcast_view(array, dims)
    if found is array:
        found = array[...]
    found._read_only = True
    return found


def _broadcast_view(x: TracedArray, dims: tuple[Any, ...]) -> TracedArray:
    """Return a view of `x` in a larger shape, `x` itself if it has that; where the shape depends on data, a copy."""
    found, sizes = broadcast_to(x, dims), examples(dims)
    if found is x or is_concrete(found) or sizes is None:
        return found
    found = view(x, views.Broadcast(dims, sizes), dims)
    found.value  # noqa: B018  so that it is built at its own line
    return found


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[TracedArray, ...]:
    arrays = [as_array(a) for a in args]
    dims = broadcast_dims(*[a.shape for a in arrays])
    return tuple(_broadcast_view(a, dims) for a in arrays)


@implements(np.tile)
def tile(A: ArrayLike, reps: Any) -> TracedArray:
    times = [simple(n) for n in (reps if isinstance(reps, tuple | list) or np.ndim(reps) else (reps,))]
    times = [1] * (A.ndim - len(times)) + times
    A = A.reshape((1,) * (len(times) - A.ndim) + A.shape)
    dims = tuple(simple(n * k) for n, k in zip(A.shape, times))
    return fresh(emit(ivy.tile, A.value, operands(times)), dims, A.dtype)


@implements(np.repeat)
def repeat(a: ArrayLike, repeats: Any, axis: FlatAxis = None) -> TracedArray:
    if is_traced(repeats) and type(repeats) is TracedArray:
        raise unsupported(
            "np.repeat with repeats that are values of the graph",
            why="the size of the result would be known only when the graph runs",
            fix="pass repeats as a Python argument",
        )
    times = [fix(n) for n in np.atleast_1d(np.asarray(repeats) if type(repeats) is not TracedArray else repeats._real)]
    if len(times) == 1:
        dims = (*a.shape[:axis], simple(a.shape[axis] * times[0]), *a.shape[axis + 1 :])
        return fresh(emit(ivy.repeat, a.value, times[0], axis), dims, a.dtype)
    if a.shape[axis] != len(times):
        raise ValueError("operands could not be broadcast together")
    return np.take(a, np.repeat(np.arange(len(times)), times), axis=axis)


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> TracedArray:
    x = as_array(a).reshape(-1)
    dims = (simple(new_shape),) if is_dim(new_shape) else shape_from([new_shape])
    if x.size == 0:
        return as_array(np.zeros_like(x, shape=dims))
    places = non_negative(as_array(np.remainder(iota(product(dims)), x.size)))
    return np.take(x, places).reshape(dims)


# Moving


@implements(np.roll)
def roll(a: ArrayLike, shift: Any, axis: Any = None) -> TracedArray:
    if axis is None:
        return roll(a.reshape(-1), shift, 0).reshape(a.shape)
    if is_dim(axis) and is_free(shift):
        return _rolled_by_size(a, shift, normal_axis(axis, a.ndim))
    if isinstance(shift, tuple | list) and any(map(is_free, shift)):
        for one, along in zip(shift, axis):
            a = roll(a, one, along)
        return a
    if is_traced(shift):
        return _rolled(a, as_array(shift), axis)
    shifts, axes = np.broadcast_arrays(np.asarray(shift), np.asarray(axis))
    pairs = {}
    for s, ax in zip(shifts.ravel().tolist(), axes.ravel().tolist()):
        along = normal_axis(ax, a.ndim)
        pairs[along] = pairs.get(along, 0) + s
    value = emit(ivy.roll, a.value, tuple(pairs.values()), tuple(pairs))
    return fresh(value, a.shape, a.dtype)


def _rolled_by_size(x: TracedArray, shift: Any, axis: int) -> TracedArray:
    """Return a roll by a free size that is known to lie within the axis, or by its negative."""
    n = x.shape[axis]
    cut = n - shift if shift >= 0 else -shift
    front = (slice(None),) * axis
    return np.concatenate([x[(*front, slice(cut, None))], x[(*front, slice(None, cut))]], axis=axis)


def _rolled(x: TracedArray, shift: TracedArray, axis: Any) -> TracedArray:
    """Return a roll by a value of the graph."""
    along = normal_axis(axis, x.ndim)
    if shift.ndim:
        raise unsupported("np.roll by several values of the graph")
    n = x.shape[along]
    return np.take(x, (iota(n) - shift) % n, axis=along)


@implements(np.tril)
def tril(m: Any, k: int = 0) -> TracedArray:
    return _triangle(ivy.tril, as_array(m), k)


@implements(np.triu)
def triu(m: Any, k: int = 0) -> TracedArray:
    return _triangle(ivy.triu, as_array(m), k)


def _triangle(row: Any, x: TracedArray, k: Any) -> TracedArray:
    if x.ndim == 1:
        n = x.shape[0]
        x = broadcast_to(x, (n, n))
    return fresh(emit(row, x.value, fix(k)), x.shape, x.dtype)


@implements(np.diag)
def diag(v: ArrayLike, k: int = 0) -> TracedArray:
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    k, n = fix(k), v.shape[0]
    square = np.where(eye(n, dtype=bool), v, v.dtype.type(0))
    if not k:
        return square
    return np.pad(square, ((0, k), (k, 0)) if k > 0 else ((-k, 0), (0, -k)))  # rows before the last, columns after


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> TracedArray:
    return diag(as_array(v).ravel(), k)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


@implements(np.diag_indices_from)
def diag_indices_from(arr: ArrayLike) -> tuple[Any, ...]:
    if arr.ndim < 2:
        raise ValueError("input array must be at least 2-d")
    if any(n != arr.shape[0] for n in arr.shape):
        raise ValueError("All dimensions of input must be of equal length")
    return (iota(arr.shape[0]),) * arr.ndim


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Any:
    if a.ndim != 2 or wrap:
        return NotImplemented
    rows, columns = a.shape
    mask = np.equal.outer(iota(rows), iota(columns))
    values = as_array(val).astype(a.dtype)
    if values.ndim:
        values = repeated(values.ravel(), (rows,)).reshape(-1, 1)
    a[...] = np.where(mask, values, a)
    return None


@implements(np.copyto)
def copyto(dst: Any, src: ArrayLike, casting: str = "same_kind", where: Any = True) -> None:
    if type(dst) is not TracedArray:
        raise outside_write(owner_of(dst))
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise TypeError(f"Cannot cast array data from {src.dtype!r} to {dst.dtype!r} according to the rule '{casting}'")
    dst[...] = src if where is True else np.where(where, cast(src, dst.dtype), dst)
