"""The array that stands in for numpy's during capture.

Not a subclass of `np.ndarray`: C code would read a subclass's buffer, and its sizes, without asking. It says that its
class is `np.ndarray` (or the numpy scalar, or the Python number that numpy would give), so `isinstance` answers as in
numpy, and every door that C code has to the data, `__array__` first of all, is closed.
"""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.from_sizes import Example, attach, example_of, look
from mlgraph.frontend.numpy.looking import is_known, number, owner_of, refined, root_of, twin_of
from mlgraph.frontend.numpy.operators import Operators
from mlgraph.frontend.numpy.sizes import (
    Dim,
    counted,
    examples,
    is_free,
    operand,
    product,
    simple,
    static,
)
from mlgraph.frontend.numpy.tables import METHODS
from mlgraph.frontend.numpy.trace import constant, current, element_type, emit, outside_write, unsupported

INT = np.dtype(np.int64)


class Storage:
    """The value that an array shares with its views."""

    def __init__(self, value: SSAValue | None, build: Callable[[], SSAValue] | None = None) -> None:
        self._value, self._build = value, build
        self.version = 0
        self.outside: np.ndarray[Any, Any] | None = None
        """The array of the user's that it is, which no call of the graph could write to."""

    @property
    def value(self) -> SSAValue:
        if self._value is None:
            assert self._build is not None
            self._value = self._build()
        return self._value

    def write(self, value: SSAValue) -> None:
        if self.outside is not None:
            raise outside_write(self.outside)
        self._value = value
        self.version += 1
        current().writes = True


class TracedArray(Operators):
    """An array of the capture: its sizes and element type are known, its elements are a value of the graph."""

    def __init__(self, dims: Sequence[Dim], dtype: np.dtype, kind: type = np.ndarray) -> None:
        self._dims = tuple(dims)
        self._dtype = dtype
        self._kind = kind
        self._storage: Any = None
        self._parent: Any = None
        self._step: Any = None
        self._cache: tuple[int, SSAValue] | None = None
        self._twin: np.ndarray | None = None
        self._real: Any = None
        self._origin: tuple[TracedArray, Any] | None = None
        """The known array and the key that a known view was taken by."""
        self._selection: Any = None
        self._example: Example | None = None
        """Its elements for the example inputs, where they follow from sizes alone."""
        self._read_only = False
        self._looked = False
        """Whether anybody asked for its shape or type: a trace need not show that."""
        self._natural = False
        """Whether the elements are known not to be negative, for use as indices."""

    # What the array is

    @property
    def __class__(self) -> type:
        if self._kind is np.generic:
            return self._dtype.type
        return self._kind

    @property
    def shape(self) -> tuple[Dim, ...]:
        self._looked = True
        return tuple(map(simple, self._dims))

    @shape.setter
    def shape(self, shape: Any) -> None:
        found = METHODS["reshape"](self, shape, copy=False)
        before = copy.copy(self.__dict__)
        self.__dict__.update(found.__dict__)
        if found._parent is self:
            self._parent = TracedArray((), self._dtype)
            self._parent.__dict__.update(before)

    @property
    def dtype(self) -> np.dtype:
        self._looked = True
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Dim:
        return product(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> Dim:
        return self.size * self._dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        static(self.shape)
        current().layout_asked = True
        return twin_of(self).strides

    @property
    def flags(self) -> Flags:
        current().layout_asked = True
        return Flags(self)

    @property
    def base(self) -> TracedArray | None:
        return root_of(self) if self._parent is not None else None

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def flat(self) -> Any:
        from mlgraph.frontend.numpy.methods import Flat

        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        self.flat[:] = value

    @property
    def T(self) -> Any:
        return METHODS["transpose"](self)

    @property
    def mT(self) -> Any:
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return METHODS["swapaxes"](self, -1, -2)

    @property
    def real(self) -> Any:
        return METHODS["real"](self)

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        return METHODS["imag"](self)

    @imag.setter
    def imag(self, value: Any) -> None:
        if self._dtype.kind != "c":
            raise TypeError("array does not have imaginary part to set")
        self.imag[...] = value

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return bound_method(self, name)
        if name in _DATA and is_known(self):
            return getattr(self._real, name)
        if name in _DATA:
            raise unsupported(f"ndarray.{name}", why="it gives the data itself, which a capture does not have")
        if name.startswith("__") or self._kind is np.ndarray or not hasattr(self.__class__, name):
            raise AttributeError(f"'{self.__class__.__name__}' object has no attribute '{name}'")
        raise unsupported(f"{self.__class__.__name__}.{name}")

    # Its value

    @property
    def value(self) -> SSAValue:
        """The elements as they are now."""
        resolve(self)
        if self._real is not None:
            return constant(self._real)
        stale: list[TracedArray] = []
        array = self
        while array._parent is not None:
            version = root_of(array)._storage.version
            if array._cache is not None and array._cache[0] == version:
                break
            stale.append(array)
            array = array._parent
        cache: Any = array._cache
        value = cache[1] if array._parent is not None else array._storage.value
        for array in reversed(stale):
            value = refined(array._step.get(value), array.shape)
            array._cache = (root_of(array)._storage.version, value)
        return value

    def write(self, value: SSAValue) -> None:
        """Give the array, and whatever shares memory with it, other elements."""
        if self._read_only or self._kind is not np.ndarray:
            raise ValueError("assignment destination is read-only")
        resolve(self, promote=True)
        array = self
        while array._parent is not None:
            value = array._step.put(array._parent.value, value)
            array = array._parent
        array._storage.write(value)
        array._selection = None

    # numpy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from mlgraph.frontend.numpy.dispatch import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from mlgraph.frontend.numpy.dispatch import call_function

        return call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if is_known(self):
            return np.array(self._real, dtype=dtype, copy=copy)
        if (found := look(self)) is not None:
            return np.array(found, dtype=dtype)
        raise unsupported(
            "reading the elements of an array",
            why="compiled code (np.array, np.asarray, a C extension) asked for the data of a traced array",
            fix="call numpy functions that take the array itself, as np.stack for np.array and x for np.asarray(x)",
        )

    # The elements as Python numbers

    def __bool__(self) -> bool:
        return bool(
            number(self, "its truth", "use np.where, np.any or np.all, or decide outside of the compiled function")
        )

    def __int__(self) -> int:
        return int(number(self, "int(x)", "use x.astype(np.int64)"))

    def __float__(self) -> float:
        return float(
            number(self, "float(x)", "use x itself, or x.astype(np.float64); write to arrays of np.zeros_like(x)")
        )

    def __complex__(self) -> complex:
        return complex(number(self, "complex(x)", "use x.astype(np.complex128)"))

    def __index__(self) -> int:
        value = number(
            self, "it as an index or a size", "index with x[i] of an array, or pass the number as an argument"
        )
        return value.__index__()

    def __len__(self) -> int:
        if not self._dims:
            raise TypeError("len() of unsized object")
        return static(self.shape[:1])[0]

    def __iter__(self) -> Iterator[Any]:
        if not self._dims:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __repr__(self) -> str:
        dims = ", ".join("?" if is_free(n) else str(n) for n in self.shape)
        return f"<traced {self._dtype.name}[{dims}]>" if not is_known(self) else repr(self._real)

    def __str__(self) -> str:
        return repr(self) if example_of(self) is None else str(self._number("its text"))

    def __format__(self, specification: str) -> str:
        return repr(self) if example_of(self) is None else format(self._number("its text"), specification)

    def _number(self, what: str) -> Any:
        return number(self, what, "pass the number as an argument")

    def __reduce__(self) -> Any:
        raise unsupported("pickling an array", why="the array is being traced and holds no data")

    def __copy__(self) -> Any:
        return METHODS["copy"](self)

    def __deepcopy__(self, memo: Any) -> Any:
        return METHODS["copy"](self)

    # Elements

    def __getitem__(self, key: Any) -> Any:
        from mlgraph.frontend.numpy.indexing import getitem

        return getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        from mlgraph.frontend.numpy.indexing import setitem

        setitem(self, key, value)

    def __hash__(self) -> int:
        if self._kind is np.ndarray:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        return hash(self._number("its hash"))


_DATA = frozenset("ctypes data tobytes tofile dump dumps getfield setfield byteswap".split())


class Flags:
    """The `flags` of a traced array."""

    def __init__(self, array: TracedArray) -> None:
        self._array = array

    def __getattr__(self, name: str) -> Any:
        if name == "writeable":
            return not self._array._read_only
        if name == "owndata":
            return self._array._parent is None
        return getattr(twin_of(self._array).flags, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name.lower())


# Making arrays


def fresh(value: SSAValue, dims: Sequence[Dim], dtype: np.dtype, kind: type = np.ndarray) -> TracedArray:
    """A new array that shares memory with no other."""
    array = TracedArray(dims, dtype, kind)
    array._storage = Storage(refined(value, array.shape))
    return array


def deferred(build: Callable[[], SSAValue], dims: Sequence[Dim], dtype: np.dtype) -> TracedArray:
    """A new array whose value is built when it is first read."""
    array = TracedArray(dims, dtype)
    array._storage = Storage(None, build)
    return array


def view(parent: TracedArray, step: views.Step, dims: Sequence[Dim], dtype: np.dtype | None = None) -> TracedArray:
    """A view of `parent`."""
    resolve(parent, promote=True)
    array = TracedArray(dims, parent.dtype if dtype is None else dtype)
    array._parent, array._step = parent, step
    array._read_only = parent._read_only
    array._natural = parent._natural
    return array


def known(real: np.ndarray) -> TracedArray:
    """A real array whose elements Python code may look at, until a traced value is written to it."""
    array = TracedArray(real.shape, real.dtype)
    array._real = real
    return array


def natural(array: TracedArray) -> TracedArray:
    """A new array of integers that are never negative."""
    array._natural = True
    return array


def scalar(array: TracedArray) -> TracedArray:
    """A 0-d array as the numpy scalar that numpy gives in its place."""
    array._kind = np.generic
    return array


def as_returned(array: TracedArray) -> TracedArray:
    """An array as functions of numpy return it: a scalar where it has no axes."""
    if array._dims:
        return array
    found = scalar(fresh(array.value, (), array._dtype))
    return natural(found) if array._natural else found


def from_size(size: Dim, dtype: np.dtype = INT, kind: type = int) -> TracedArray:
    """A size as a 0-d array, by default one that counts as a Python int."""
    count = counted(size)
    if count is not None:
        array = count if count.dtype == dtype else fresh(emit(ivy.cast, count.value, element_type(dtype)), (), dtype)
        return fresh(array.value, (), dtype, kind)
    n = operand(size)
    value = constant(np.asarray(n, dtype)) if isinstance(n, int) else emit(ivy.from_size, (n,), element_type(dtype))
    found, example = fresh(value, (), dtype, kind), examples((size,))
    return found if example is None else attach(found, example[0], (size,))


# Looking at arrays


def is_traced(value: Any) -> bool:
    """Whether `value` stands for something that is known only when the graph runs."""
    return (type(value) is TracedArray and not is_known(value)) or is_free(value)


def bound_method(array: TracedArray, name: str) -> Callable[..., Any]:
    """A method of an array."""
    from mlgraph.frontend.numpy.dispatch import call_method

    return lambda *args, **kwargs: call_method(name, array, args, kwargs)


# Real arrays that traced values are written to


def resolve(array: TracedArray, promote: bool = False) -> None:
    """Turn a real array that has become traced, or is to, into a view of its storage."""
    if array._real is None:
        return
    owner = owner_of(array._real)
    trace = current()
    if id(owner) not in trace.storages:
        if not promote:
            return
        whole = TracedArray(owner.shape, owner.dtype)
        whole._storage = Storage(constant(owner))
        whole._storage.outside = trace.captured.get(id(owner))
        whole._twin = owner
        trace.storages[id(owner)] = whole
    _attach(array, owner, trace.storages[id(owner)])


def _attach(array: TracedArray, owner: np.ndarray, whole: TracedArray) -> None:
    real = array._real
    array._real = None
    array._read_only = is_made_read_only(real)
    if array._origin is not None:
        from mlgraph.frontend.numpy.indexing import items_of, parse

        parent, key = array._origin
        resolve(parent)
        array._parent, array._step = parent, parse(parent, items_of(key)).basic
        return
    same = real.shape == owner.shape and real.strides == owner.strides and _address(real) == _address(owner)
    if same and real.dtype == owner.dtype:
        array._parent, array._step = whole, views.Whole()
        return
    if real.dtype != owner.dtype:
        raise unsupported("writing to an array that is also viewed as another type", fix="use astype instead of view")
    flat = view(whole, views.Reshaped(owner.shape, (owner.size,), owner), (owner.size,))
    array._parent, array._step = flat, _by_strides(real, owner)


def is_made_read_only(real: np.ndarray) -> bool:
    """Whether a real array is a view that numpy made read-only, of an array that the function made."""
    owner = owner_of(real)
    return not real.flags.writeable and owner.flags.writeable and id(owner) not in current().captured


def _by_strides(real: np.ndarray, owner: np.ndarray) -> views.Step:
    """The step from the flat owner to a view of it."""
    places, strides = _places(real, owner), [s // owner.itemsize for s in real.strides]
    if not owner.flags.c_contiguous or not real.size or min(strides, default=0) < 0:
        return views.Gathered(places, real)
    return views.Strided(places, real, tuple(strides), int(places.min()))


def _places(real: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The row-major place in `owner` of each element of a view of it."""
    places = np.empty_like(owner, dtype=np.int64)
    places[...] = np.arange(owner.size).reshape(owner.shape)
    memory = np.lib.stride_tricks.as_strided(places, (places.size,), (8,)) if owner.size else places
    start = (_address(real) - _address(owner)) // owner.itemsize
    strides = [s // owner.itemsize * 8 for s in real.strides]
    return np.lib.stride_tricks.as_strided(memory[start:], real.shape, strides).copy()


def _address(real: np.ndarray) -> int:
    return real.__array_interface__["data"][0]
