"""Overrides of numpy functions that do not dispatch to traced arrays: above all, creation functions."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import concrete, fresh, is_traced
from mlgraph.frontend.numpy.methods import in_order, laid_out
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.rebinding import override
from mlgraph.frontend.numpy.size_examples import look, with_examples
from mlgraph.frontend.numpy.sizes import Dim, Size, fix, is_dim, is_free, operand, operands, simple
from mlgraph.frontend.numpy.tracer import active, element_type, emit, unsupported
from mlgraph.frontend.numpy.wrapping import (
    any_traced,
    as_array,
    broadcast_dims,
    cast,
    iota,
    is_wrapped,
    leaves,
    unwrap_concrete,
    wrap_concrete,
)


def overrides(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that makes a function override these; the real one runs where no array is traced."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for real in functions:
            override(real, _or_real(real, function))
        return function

    return register


def _or_real(real: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not active():
            return real(*args, **kwargs)
        if any(map(_holds_traced, (*args, *kwargs.values()))):
            return with_examples(function(*args, **kwargs), real, args, kwargs)
        return wrap_concrete(real(*map(unwrap_concrete, args), **{k: unwrap_concrete(v) for k, v in kwargs.items()}))

    call.__name__ = getattr(real, "__name__", type(real).__name__)
    call.__doc__ = getattr(real, "__doc__", None)
    return call


def _holds_traced(value: Any) -> bool:
    return any(map(is_traced, leaves(value))) if isinstance(value, list | tuple) else is_traced(value)


# Arrays from arrays


@overrides(np.array)
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
    like: Any = None,
) -> TracedArray:
    found = asarray(object, dtype, order, copy=copy)
    if found.ndim < ndmin:
        found = found.reshape((1,) * (ndmin - found.ndim) + found.shape)
    return found


@overrides(np.asarray, np.asanyarray, np.asarray_chkfinite)
def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None
) -> TracedArray:
    found = as_array(a, dtype)
    if is_wanted(copy) and found is a:
        return in_order(found, order)
    found = laid_out(found, order)
    if copy in (False, np._CopyMode.NEVER) and type(a) is TracedArray and found is not a:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return found


def is_wanted(copy: Any) -> bool:
    """Return whether a `copy` argument asks for a copy."""
    return copy is True or copy is np._CopyMode.ALWAYS


@overrides(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> TracedArray:
    return array(a, dtype, copy=None, order="C", ndmin=1)


@overrides(np.asfortranarray)
def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> TracedArray:
    return array(a, dtype, copy=None, order="F", ndmin=1)


@overrides(np.require)
def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> TracedArray:
    wanted = {str(r).upper() for r in requirements or ()}
    fortran, rows = wanted & {"F", "F_CONTIGUOUS", "FORTRAN"}, wanted & {"C", "C_CONTIGUOUS", "CONTIGUOUS"}
    return asarray(
        a, dtype, order="F" if fortran else "C" if rows else None, copy=True if wanted & {"O", "OWNDATA"} else None
    )


# Arrays from sizes


def dims_of(shape: Any) -> tuple[Dim, ...]:
    """Return the shape that a creation function was given."""
    if is_dim(shape) or getattr(shape, "shape", None) == ():
        return (simple(shape),)
    return tuple(simple(n) if is_dim(n) else n.__index__() for n in shape)


def filled(shape: Any, value: Any, dtype: Any, order: Any = "C") -> TracedArray:
    """Return an array that holds one number."""
    dims, dtype = dims_of(shape), np.dtype(dtype)
    if order == "F" and len(dims) > 1:
        return filled(dims[::-1], value, dtype).transpose()
    if is_wrapped(value) or np.ndim(value):
        return np.broadcast_to(cast(as_array(value), dtype), dims).copy()
    number = dtype.type(value).item()
    if not any(map(is_free, dims)):
        return concrete(np.full(dims, number, dtype))
    return fresh(emit(ivy.full, operands(dims), number, element_type(dtype)), dims, dtype)


@overrides(np.zeros)
def zeros(shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None) -> TracedArray:
    return filled(shape, 0, dtype, order)


@overrides(np.empty)
def empty(shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None) -> TracedArray:
    return filled(shape, 0, dtype, order)


@overrides(np.ones)
def ones(shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None) -> TracedArray:
    return filled(shape, 1, float if dtype is None else dtype, order)


@overrides(np.full)
def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None
) -> TracedArray:
    return filled(shape, fill_value, as_array(fill_value).dtype if dtype is None else dtype, order)


@overrides(np.arange)
def arange(
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    like: Any = None,
    start: Any = None,
    stop: Any = None,
    step: Any = None,
) -> TracedArray:
    given = list(args[:3])
    if len(args) == 4:
        dtype = args[3]
    if len(given) == 1 and stop is None:
        start, stop, step = 0 if start is None else start, given[0], step
    else:
        start, stop, step = [*given, *[start, stop, step][len(given) :]]
    start, step = 0 if start is None else start, 1 if step is None else step
    if not all(map(is_dim, (start, stop, step))):
        return _arange_of_values(start, stop, step, dtype)
    length = _ceil(stop - start, step)
    length = length if length > 0 else 0
    found = iota(length, np.dtype(np.int64 if dtype is None else dtype))
    dtype = found.dtype
    if not (type(step) is int and step == 1):
        found = cast(as_array(found * step), dtype)
    return found if type(start) is int and start == 0 else cast(as_array(found + start), dtype)


def _ceil(a: Any, b: Any) -> Any:
    return -(-a // b)


def resolved(x: Any) -> Any:
    """Return a number that follows from sizes as a Python number, which fixes them; return anything else as it is."""
    if type(x) is TracedArray and not x.ndim and (found := look(x)) is not None:
        return found.item()
    return x


def _arange_of_values(start: Any, stop: Any, step: Any, dtype: Any) -> TracedArray:
    start, stop, step = (resolved(x) for x in (start, stop, step))
    if any(type(x) is TracedArray and not is_concrete(x) for x in (start, stop, step)):
        raise unsupported(
            "np.arange over values of the graph",
            why="the number of elements would be known only when the graph runs",
            fix="pass the bounds as Python arguments",
        )
    return concrete(
        np.arange(*(x if not is_dim(x) else int(x) for x in unwrap_concrete((start, stop, step))), dtype=dtype)
    )


@overrides(np.eye)
def eye(
    N: Any, M: Any = None, k: int = 0, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None
) -> TracedArray:
    rows, columns, dtype = simple(N), simple(N if M is None else M), np.dtype(dtype)
    if k == 0 and (is_free(rows) or is_free(columns)):
        found = emit(ivy.eye, (operand(rows),), (operand(columns),), element_type(dtype))
        return fresh(found, (rows, columns), dtype)
    return cast(as_array(np.equal.outer(iota(rows, np.dtype(int)), iota(columns, np.dtype(int)) - k)), dtype)


@overrides(np.tri)
def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = float, *, like: Any = None) -> TracedArray:
    rows, columns = iota(simple(N), np.dtype(int)), iota(simple(N if M is None else M), np.dtype(int))
    return cast(as_array(np.greater_equal.outer(rows, columns - k)), np.dtype(dtype))


def window(real: Callable[..., Any]) -> Callable[[Callable[..., Any]], None]:
    """Return a decorator that makes a function this window of numpy, for sizes of at least 2."""

    def register(function: Callable[..., Any]) -> None:
        def call(M: Any, *rest: Any) -> Any:
            if type(M) is not Size or M < 2:
                return concrete(real(resolved(M) if type(M) is not Size else fix(M), *rest))
            return function(M, *rest)

        overrides(real)(call)

    return register


def _places(size: Dim) -> TracedArray:
    """Return numbers from -1 to 1."""
    return (2 * arange(size) + (1 - size)) / (size - 1)


window(np.hanning)(lambda M: 0.5 + 0.5 * np.cos(np.pi * _places(M)))
window(np.hamming)(lambda M: 0.54 + 0.46 * np.cos(np.pi * _places(M)))
window(np.bartlett)(lambda M: 1 - np.abs(_places(M)))
window(np.blackman)(lambda M: 0.42 + 0.5 * np.cos(np.pi * _places(M)) + 0.08 * np.cos(2.0 * np.pi * _places(M)))
window(np.kaiser)(lambda M, beta: np.i0(beta * np.sqrt(1 - np.square(_places(M)))) / np.i0(float(beta)))


@overrides(np.broadcast_shapes)
def broadcast_shapes(*shapes: Any) -> tuple[Dim, ...]:
    return broadcast_dims(*map(dims_of, shapes))


# Classes and objects that read arrays


class Broadcast:
    """`np.broadcast`, for its shape."""

    def __init__(self, *arrays: Any) -> None:
        self.shape = broadcast_dims(*[as_array(a).shape for a in arrays])
        self.ndim = self.nd = len(self.shape)
        self.size = math.prod(self.shape)


@overrides(np.broadcast)
def broadcast(*arrays: Any) -> Broadcast:
    return Broadcast(*arrays)


class ArrayConverter:
    """`_array_converter`, through which numpy's Python code takes its arguments."""

    def __init__(self, *arrays: Any) -> None:
        self.given = arrays
        self.arrays = tuple(as_array(a) for a in arrays)
        self.scalar_input = tuple(
            not is_wrapped(a) and not isinstance(a, np.ndarray) and np.ndim(a) == 0 for a in arrays
        )

    def __getitem__(self, i: int) -> Any:
        return self.arrays[i]

    def __len__(self) -> int:
        return len(self.arrays)

    def as_arrays(self, subok: bool = True, pyscalars: str = "convert_if_no_array") -> tuple[TracedArray, ...]:
        return self.arrays

    def result_type(self, extra_dtype: Any = None, ensure_inexact: bool = False) -> np.dtype:
        extra = [] if extra_dtype is None else [extra_dtype]
        extra += [1.0] if ensure_inexact else []
        return np.result_type(
            *[a if type(a) in (int, float, complex) else b.dtype for a, b in zip(self.given, self.arrays)], *extra
        )

    def wrap(self, array: Any, to_scalar: Any = None) -> Any:
        return array


_real_converter = import_module("numpy._core._multiarray_umath")._array_converter
override(_real_converter, lambda *arrays: ArrayConverter(*arrays) if active() else _real_converter(*arrays))


class Vectorized:
    """`np.vectorize`: the function runs for each element. The sizes are fixed."""

    def __init__(
        self,
        pyfunc: Any = None,
        otypes: Any = None,
        doc: Any = None,
        excluded: Any = None,
        cache: bool = False,
        signature: Any = None,
    ):
        self.pyfunc, self.otypes, self.excluded, self.signature = pyfunc, otypes, excluded, signature
        self.real: Any = np.vectorize(pyfunc, otypes, doc, excluded, cache, signature) if pyfunc is not None else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(map(_holds_traced, (*args, *kwargs.values()))):
            return wrap_concrete(self.real(*map(unwrap_concrete, args), **kwargs))
        if self.signature is not None or kwargs or self.excluded:
            raise unsupported(
                "np.vectorize with signature, excluded or keyword arguments", fix="call the function on whole arrays"
            )
        arrays = np.broadcast_arrays(*map(as_array, args))
        places = list(itertools.product(*map(range, arrays[0].shape)))
        results = [self.pyfunc(*(a[place] for a in arrays)) for place in places]
        if results and isinstance(results[0], tuple):
            return tuple(self._stacked(column, arrays[0].shape) for column in zip(*results))
        return self._stacked(results, arrays[0].shape)

    def _stacked(self, results: Sequence[Any], shape: Any) -> Any:
        found = as_array(list(results)).reshape(shape)
        return found if self.otypes is None else found.astype(np.dtype(self.otypes[0]))


override(np.vectorize, Vectorized)


def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """Return an array of the items of an iterable."""
    items = list(iter if count < 0 else itertools.islice(iter, count))
    if not any(map(is_traced, items)):
        return wrap_concrete(np.fromiter(unwrap_concrete(items), dtype))
    return as_array(items, dtype)


override(np.fromiter, lambda *args, **named: fromiter(*args, **named) if active() else np.fromiter(*args, **named))


@overrides(np.ndenumerate)
def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    array = as_array(arr)
    return ((place, array[place]) for place in itertools.product(*map(range, array.shape)))


class Joiner:
    """`np.r_` and `np.c_` of arrays and slices of numbers."""

    def __init__(self, real: Any, columns: bool) -> None:
        self.real, self.columns = real, columns

    def __getitem__(self, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        if not active() or not any_traced(items):
            return wrap_concrete(self.real[unwrap_concrete(key)]) if active() else self.real[key]
        if any(isinstance(item, str) for item in items):
            raise unsupported("np.r_ with a string", fix="use np.concatenate or np.stack")
        arrays = [self._array(item) for item in items]
        if self.columns:
            return np.concatenate([a[:, None] if a.ndim == 1 else a for a in map(np.atleast_1d, arrays)], axis=-1)
        return np.concatenate([np.atleast_1d(a) for a in arrays])

    def _array(self, item: Any) -> Any:
        return _range_of(item) if isinstance(item, slice) else as_array(item)


def _range_of(item: slice) -> Any:
    """Return the numbers that a slice names in the key of `np.r_` and its like."""
    start, step = 0 if item.start is None else item.start, 1 if item.step is None else item.step
    if isinstance(step, complex):
        return np.linspace(start, item.stop, int(abs(step)))
    return arange(start, item.stop, step)


class Grid:
    """`np.mgrid` and `np.ogrid` of slices between sizes."""

    def __init__(self, real: Any, is_open: bool) -> None:
        self.real, self.is_open = real, is_open

    def __getitem__(self, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        if not active() or not any_traced(items):
            return wrap_concrete(self.real[unwrap_concrete(key)]) if active() else self.real[key]
        axes = list(map(_range_of, items))
        if not isinstance(key, tuple):
            return axes[0]
        axes = [axis.astype(np.result_type(*(a.dtype for a in axes))) for axis in axes]
        grids = np.meshgrid(*axes, indexing="ij", sparse=self.is_open)
        return tuple(grids) if self.is_open else np.stack(grids)


override(np.mgrid, Grid(np.mgrid, is_open=False))
override(np.ogrid, Grid(np.ogrid, is_open=True))
override(np.r_, Joiner(np.r_, columns=False))
override(np.c_, Joiner(np.c_, columns=True))


def _mathematical(ufunc: np.ufunc) -> Callable[..., Any]:
    """Return a function of `math` for traced numbers, which gives the ufunc's result as a Python number."""

    def call(*args: Any) -> Any:
        found = ufunc(*(x.astype(np.float64) if type(x) is TracedArray else x for x in args))
        if type(found) is not TracedArray:
            return found.item()
        found._kind = {"f": float, "b": bool, "i": int}[found.dtype.kind]
        return found

    return call


_MATH = (
    "acos acosh asin asinh atan atan2 atanh cbrt copysign cos cosh degrees exp exp2 expm1 fabs fmod hypot isfinite"
    " isinf isnan log1p log10 log2 nextafter radians sin sinh sqrt tan tanh"
)

for _name in _MATH.split():
    if hasattr(math, _name):
        overrides(getattr(math, _name))(_mathematical(getattr(np, _name)))


@overrides(math.log)
def log(x: Any, base: Any = None) -> Any:
    natural = _mathematical(np.log)
    return natural(x) if base is None else natural(x) / natural(base)


def _whole(ufunc: np.ufunc) -> Callable[[Any], Any]:
    """Return a function of `math` for traced numbers that gives an int."""

    def call(x: Any) -> Any:
        if type(x) is Size:
            return x
        found = ufunc(x).astype(np.int64)
        found._kind = int
        return found

    return call


for _name in ("floor", "ceil", "trunc"):
    overrides(getattr(math, _name))(_whole(getattr(np, _name)))


@overrides(math.prod)
def prod(iterable: Any, *, start: Any = 1) -> Any:
    for x in iterable:
        start = start * x
    return start
