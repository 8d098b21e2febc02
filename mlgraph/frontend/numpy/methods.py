"""The methods of `np.ndarray` on traced arrays."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import concrete, fresh, scalar, view
from mlgraph.frontend.numpy.dtypes import real_type
from mlgraph.frontend.numpy.masks import mask_of
from mlgraph.frontend.numpy.normalize import listed_axes, normal_axes, normal_axis
from mlgraph.frontend.numpy.queries import is_concrete, is_contiguous, layout_proxy_of
from mlgraph.frontend.numpy.sizes import Dim, examples, fix, is_dim, product, simple, smaller
from mlgraph.frontend.numpy.tables import METHODS, hook, method
from mlgraph.frontend.numpy.tracer import current, element_type, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, cast, same

# Shape


def shape_from(args: Sequence[Any]) -> tuple[Dim, ...]:
    """Return the shape that `x.reshape(...)` and the like were given."""
    given = args[0] if len(args) == 1 and not is_dim(args[0]) else args
    if type(given) is TracedArray:
        given = given.tolist() if given.ndim else (given,)
    return tuple(simple(n) if is_dim(n) else fix(n.__index__()) for n in given)


@method("reshape")
def reshape(x: TracedArray, *shape: Any, order: str = "C", copy: bool | None = None) -> TracedArray:
    if order not in ("C", "F", "A"):
        raise unsupported(f"reshape with order={order!r}")
    dims = _inferred(shape_from(shape), x.shape)
    current().layout_asked |= order == "A"
    if order == "F" or (order == "A" and x.ndim > 1 and not is_contiguous(x) and layout_proxy_of(x).flags.f_contiguous):
        return reshape(x.transpose(), *dims[::-1], copy=copy).transpose()
    if not copy and len(dims) == x.ndim and all(same(m, n) for m, n in zip(dims, x.shape)):
        return view(x, views.Whole(), x.shape)
    layout_proxy = None if copy else _reshaped_proxy(x, dims)
    if layout_proxy is not None:
        found = view(x, views.Reshaped(x.shape, dims, layout_proxy), dims)
        found.value  # noqa: B018  so that it is built at its own line
    elif copy is False:
        raise ValueError("Unable to avoid creating a copy while reshaping.")
    else:
        found = fresh(views.Reshaped(x.shape, dims, _nothing).get(x.value), dims, x.dtype)
    if not copy:
        current().view_or_copy += [x, found]
    return found


_nothing = np.empty(0)


def _inferred(shape: tuple[Dim, ...], old: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Return the shape with its -1 inferred."""
    places = [i for i, n in enumerate(shape) if type(n) is int and n == -1]
    total = product(old)
    if len(places) > 1:
        raise ValueError("can only specify one unknown dimension")
    rest = product([n for i, n in enumerate(shape) if i not in places])
    if places:
        if rest == 0 or total % rest != 0:
            raise ValueError(f"cannot reshape array of size {total} into shape {shape}")
        return tuple(simple(total // rest) if i in places else n for i, n in enumerate(shape))
    if total != rest:
        raise ValueError(f"cannot reshape array of size {total} into shape {shape}")
    return shape


def _reshaped_proxy(x: TracedArray, dims: tuple[Dim, ...]) -> np.ndarray | None:
    """Return the layout proxy of the reshaped view, None where numpy copies."""
    found = examples(dims)
    if found is None or examples(x.shape) is None:
        return _nothing if is_contiguous(x) else None
    try:
        return layout_proxy_of(x).reshape(found, copy=False)
    except ValueError:
        return None


@method("ravel")
def ravel(x: TracedArray, order: str = "C") -> TracedArray:
    current().layout_asked |= order in ("A", "K")
    found = _raveled(x, order)
    current().view_or_copy += [x, found]
    return found


def _raveled(x: TracedArray, order: str) -> TracedArray:
    if order == "A":
        order = "F" if x.ndim > 1 and not is_contiguous(x) and layout_proxy_of(x).flags.f_contiguous else "C"
    if order == "K":
        if not is_contiguous(x) and not layout_proxy_of(x).flags.f_contiguous:
            raise unsupported("ravel with order='K' of an array that is not contiguous", fix="use order='C'")
        order = "C" if is_contiguous(x) else "F"
    if order == "C" and is_contiguous(x):
        return reshape(x, -1)
    if order == "F" and x.ndim > 1 and layout_proxy_of(x).flags.f_contiguous:
        return reshape(x.transpose(), -1)
    return reshape(x, -1, order=order, copy=True) if order != "F" else reshape(x.transpose(), -1, copy=True)


@method("flatten")
def flatten(x: TracedArray, order: str = "C") -> TracedArray:
    found = ravel(x, order)
    return fresh(found.value, found.shape, x.dtype)


@method("transpose")
def transpose(x: TracedArray, *axes: Any) -> TracedArray:
    given = axes[0] if len(axes) == 1 and not is_dim(axes[0]) else axes
    every = given is None or (isinstance(given, tuple) and not given)
    order = tuple(range(x.ndim))[::-1] if every else listed_axes(given, x.ndim)
    if len(order) != x.ndim:
        raise ValueError("axes don't match array")
    if order == tuple(range(x.ndim)):
        return view(x, views.Whole(), x.shape)
    found = view(x, views.Permuted(order), [x.shape[a] for a in order])
    found.value  # noqa: B018
    return found


@method("swapaxes")
def swapaxes(x: TracedArray, axis1: int, axis2: int) -> TracedArray:
    order = list(range(x.ndim))
    a, b = normal_axis(axis1, x.ndim), normal_axis(axis2, x.ndim)
    order[a], order[b] = order[b], order[a]
    return transpose(x, *order) if order else transpose(x)


@method("squeeze")
def squeeze(x: TracedArray, axis: Any = None) -> TracedArray:
    axes = [i for i, n in enumerate(x.shape) if n == 1] if axis is None else normal_axes(axis, x.ndim)
    if any(x.shape[a] != 1 for a in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return x[(*(0 if i in axes else slice(None) for i in range(x.ndim)), ...)]


@method("diagonal")
def diagonal(x: TracedArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TracedArray:
    a, b = normal_axis(axis1, x.ndim), normal_axis(axis2, x.ndim)
    if a == b:
        raise ValueError("axis1 and axis2 cannot be the same")
    rest = [i for i in range(x.ndim) if i not in (a, b)]
    matrices = transpose(x, *rest, a, b)
    found = diagonals(matrices, offset)
    found._read_only = True
    return found


def diagonals(x: TracedArray, offset: int) -> TracedArray:
    """Return the diagonals of matrices along the last two axes."""
    x = x[..., max(-offset, 0) :, max(offset, 0) :]
    rows, columns = x.shape[-2:]
    size = smaller(rows, columns)
    found = view(x[..., :size, :size], views.Diagonal(size), (*x.shape[:-2], size))
    found.value  # noqa: B018
    return found


# Copies and types


def in_order(x: TracedArray, order: Any) -> TracedArray:
    """Return a new array, laid out as the `order` argument of numpy's functions says."""
    if order not in (None, "C", "F", "A", "K"):
        raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
    keeps = order in ("A", "K") and x.ndim > 1 and not is_contiguous(x) and bool(layout_proxy_of(x).flags.f_contiguous)
    if x.ndim > 1 and (order == "F" or keeps):
        return transpose(fresh(transpose(x).value, x.shape[::-1], x.dtype))
    return fresh(x.value, x.shape, x.dtype)


def laid_out(x: TracedArray, order: Any) -> TracedArray:
    """Return `x` itself where it lies in memory as `order` asks, else a copy that does."""
    if order not in ("C", "F"):
        return x
    fits = is_contiguous(x) if order == "C" or x.ndim < 2 else bool(layout_proxy_of(x).flags.f_contiguous)
    found = x if fits else in_order(x, order)
    current().view_or_copy += [x, found]
    return found


@method("copy")
def copy(x: TracedArray, order: str = "C") -> TracedArray:
    return concrete(x._real.copy(order)) if is_concrete(x) else in_order(x, order)


@method("astype")
def astype(
    x: TracedArray, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> TracedArray:
    new = np.dtype(dtype)
    if not np.can_cast(x.dtype, new, casting):
        raise TypeError(f"Cannot cast array data from {x.dtype!r} to {new!r} according to the rule '{casting}'")
    found = cast(x, new)
    if x._kind is not np.ndarray:
        return scalar(fresh(found.value, (), new))
    return in_order(found, order) if copy and found is x else laid_out(found, order)


@method("view")
def view_(x: TracedArray, dtype: Any = None, type: Any = None) -> TracedArray:
    if type is not None or (isinstance(dtype, np.ndarray.__class__) and issubclass(dtype, np.ndarray)):
        if dtype in (None, np.ndarray) and type in (None, np.ndarray):
            dtype = None
        else:
            raise unsupported(
                "an array of another class, as np.ma and np.matrix make",
                fix="use plain arrays: np.where with a mask, or arrays of two axes",
            )
    if dtype is None or np.dtype(dtype) == x.dtype:
        return view(x, views.Whole(), x.shape)
    new = np.dtype(dtype)
    element_type(new)
    if new.itemsize != x.dtype.itemsize or "c" in (new.kind, x.dtype.kind):
        raise unsupported(f"x.view of {x.dtype} as {new}", fix="view types of one width, or use astype")
    return view(x, views.Bits(new), x.shape, new)


@method("conj", "conjugate")
def conj(x: TracedArray, *out: Any, **kwargs: Any) -> Any:
    """Return the conjugate; a real array itself, not a copy."""
    return np.conjugate(x, *out, **kwargs) if x.dtype.kind == "c" or out or kwargs else x


@method("real")
def real(x: TracedArray) -> TracedArray:
    if x.dtype.kind != "c":
        return x if x._kind is not np.ndarray else view(x, views.Whole(), x.shape)
    return _part(x, imaginary=False)


@method("imag")
def imag(x: TracedArray) -> TracedArray:
    if x.dtype.kind != "c":
        found: Any = np.zeros_like(x)
        found._read_only = True
        return found
    return _part(x, imaginary=True)


def _part(x: TracedArray, imaginary: bool) -> TracedArray:
    dtype = real_type(x.dtype)
    found = view(x, views.Part(imaginary), x.shape, dtype)
    return scalar(fresh(found.value, (), dtype)) if x._kind is not np.ndarray else found


@method("item")
def item(x: TracedArray, *place: Any) -> TracedArray:
    """Return the element as a Python number that is known only when the graph runs."""
    found = x.ravel()[place[0]] if len(place) == 1 and is_dim(place[0]) else x[place] if place else x
    if product(found.shape) != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    wide = {"i": np.int64, "u": np.int64, "f": np.float64, "c": np.complex128, "b": np.bool_}[x.dtype.kind]
    kind = {"i": int, "u": int, "f": float, "c": complex, "b": bool}[x.dtype.kind]
    return fresh(cast(found.reshape(()), np.dtype(wide)).value, (), np.dtype(wide), kind)


@method("tolist")
def tolist(x: TracedArray) -> Any:
    return [tolist(part) for part in x] if x.ndim else item(x)


# Writing


@method("fill")
def fill(x: TracedArray, value: Any) -> None:
    x[...] = as_array(value).reshape(())


@method("put")
def put(x: TracedArray, indices: Any, values: Any, mode: str = "raise") -> None:
    indices = as_array(indices).ravel()
    if mode == "wrap":
        indices = indices % x.size
    elif mode == "clip":
        indices = np.clip(indices, 0, x.size - 1)
    values = as_array(values).astype(x.dtype)
    if values.size == 0:
        return
    flat = x.flatten()
    flat[indices] = repeated(values, indices.shape)
    x[...] = flat.reshape(x.shape)


def repeated(values: TracedArray, dims: Sequence[Dim]) -> TracedArray:
    """Return `values` repeated in order to fill a shape."""
    if values.size == 1:
        return values.reshape(())
    fits = values.ndim == len(dims) and all(same(m, n) for m, n in zip(values.shape, dims))
    return values if fits else np.resize(values, dims)


@method("sort")
def sort(x: TracedArray, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
    x[...] = np.sort(x, axis, kind, order, stable=stable)


@method("partition")
def partition(x: TracedArray, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
    x[...] = np.partition(x, kth, axis, kind, order)


@method("setflags")
def setflags(x: TracedArray, write: bool | None = None, align: Any = None, uic: Any = None) -> None:
    if write is not None:
        x._read_only = not write


@method("resize")
def resize(x: TracedArray, *shape: Any, refcheck: bool = True) -> None:
    raise unsupported("x.resize in place", fix="use x = np.resize(x, shape)")


@method("__array_wrap__")
def array_wrap(x: TracedArray, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
    return scalar(array) if return_scalar and type(array) is TracedArray and not array.ndim else array


@method("to_device")
def to_device(x: TracedArray, device: str, stream: Any = None) -> TracedArray:
    if device != "cpu":
        raise ValueError(f"Unsupported device: {device!r}")
    return x


METHODS.update(
    all=np.all,
    any=np.any,
    argmax=np.argmax,
    argmin=np.argmin,
    argpartition=np.argpartition,
    argsort=np.argsort,
    clip=np.clip,
    cumprod=np.cumprod,
    cumsum=np.cumsum,
    dot=np.dot,
    max=np.max,
    mean=np.mean,
    min=np.min,
    nonzero=np.nonzero,
    prod=np.prod,
    repeat=np.repeat,
    round=np.round,
    searchsorted=np.searchsorted,
    std=np.std,
    sum=np.sum,
    take=np.take,
    trace=np.trace,
    var=np.var,
)


@method("compress")
def compress(x: TracedArray, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return np.compress(condition, x, axis, out)


@method("choose")
def choose(x: TracedArray, *choices: Any, out: Any = None, mode: str = "raise") -> Any:
    return np.choose(x, choices[0] if len(choices) == 1 else choices, out, mode)


@hook
class Flat:
    """`x.flat`: the elements in row-major order."""

    def __init__(self, array: TracedArray) -> None:
        self.base = array

    def __getitem__(self, key: Any) -> Any:
        return self.base.flatten()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Assign values, which repeat."""
        flat, value = self.base.flatten(), as_array(value)
        if mask_of(flat, key) is not None:
            np.place(flat, key, value)
        else:
            flat[key] = repeated(value, flat[key].shape)
        self.base[...] = flat.reshape(self.base.shape)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.base.flatten())

    def __len__(self) -> int:
        return fix(self.base.size)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.base.__array__(dtype, copy)

    def copy(self) -> TracedArray:
        return self.base.flatten()
