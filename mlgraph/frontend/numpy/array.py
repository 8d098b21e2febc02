"""The array class of a capture, which behaves as `np.ndarray`.

Not a subclass of `np.ndarray`: C code would read a subclass's buffer, and its sizes, without asking. It says that its
class is `np.ndarray` (or the numpy scalar, or the Python number that numpy would give), so `isinstance` answers as in
numpy, and every door that C code has to the data, `__array__` first of all, is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.frontend.numpy.array_data import ArrayData
from mlgraph.frontend.numpy.operators import Operators
from mlgraph.frontend.numpy.queries import is_concrete, layout_proxy_of, number, refined, root_of
from mlgraph.frontend.numpy.size_examples import example_of, look
from mlgraph.frontend.numpy.sizes import (
    Dim,
    is_free,
    product,
    static,
)
from mlgraph.frontend.numpy.tables import HOOKS, METHODS
from mlgraph.frontend.numpy.tracer import active, constant, current, elements_read, unsupported


class TracedArray(ArrayData, Operators):
    """An array of the capture: its sizes and element type are concrete, its elements are a value of the graph."""

    # What the array is

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self._kind is np.generic:
            return self._dtype.type
        return self._kind

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
        return layout_proxy_of(self).strides

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
        return HOOKS["Flat"](self)

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
            return self._method(name)
        if name in _DATA and is_concrete(self):
            return getattr(self._real, name)
        if name in _DATA:
            raise unsupported(f"ndarray.{name}", why="it gives the data itself, which a capture does not have")
        if name.startswith("__") or self._kind is np.ndarray or not hasattr(self.__class__, name):
            raise AttributeError(f"'{self.__class__.__name__}' object has no attribute '{name}'")
        raise unsupported(f"{self.__class__.__name__}.{name}")

    def _method(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return HOOKS["call_method"](name, self, args, kwargs)

        return call

    # Its value

    @property
    def value(self) -> SSAValue:
        """Return the elements as they are now."""
        if self._real is not None:
            HOOKS["promote"](self)
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
            for region in current().regions[-1:]:
                region.cached.append(array)
        return value

    def write(self, value: SSAValue) -> None:
        """Write other elements to the array, and to all that share memory with it."""
        if self._read_only or self._kind is not np.ndarray:
            raise ValueError("assignment destination is read-only")
        HOOKS["promote"](self, force=True)
        array = self
        while array._parent is not None:
            value = array._step.put(array._parent.value, value)
            array = array._parent
        array._storage.write(value)
        array._selection = None

    # numpy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return HOOKS["call_ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return HOOKS["call_function"](function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if is_concrete(self):
            return np.array(self._real, dtype=dtype, copy=copy)
        if (found := look(self)) is not None:
            return np.array(found, dtype=dtype)
        if active() and current().paths is not None:
            return HOOKS["read_elements"](self).astype(dtype or self._dtype)
        raise elements_read()

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
        return f"<traced {self._dtype.name}[{dims}]>" if not is_concrete(self) else repr(self._real)

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
        return HOOKS["getitem"](self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        HOOKS["setitem"](self, key, value)

    def __hash__(self) -> int:
        if self._kind is np.ndarray:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        return hash(self._number("its hash"))


_DATA = frozenset("ctypes data tobytes tofile dump dumps getfield setfield byteswap".split())


class Flags:
    """The `flags` of a traced array."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __getattr__(self, name: str) -> Any:
        if name == "writeable":
            return not self._array._read_only
        if name == "owndata":
            return self._array._parent is None
        return getattr(layout_proxy_of(self._array).flags, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name.lower())
