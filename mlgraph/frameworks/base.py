"""The interface of a framework. Defaults are those of a library whose arrays cannot be written."""

import math
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from mlgraph.errors import InputError, UnknownTargetError
from mlgraph.frameworks.spelling import Spelling
from mlgraph.frameworks.traits import Traits

CPU = "cpu"
"""The device of programs that name no other."""


class Framework(Spelling, Traits, ABC):
    """One framework: its arrays, modules and random numbers, its traits, and how a program to it is spelled.

    A framework must say its `name`, its packages, how `modules`, `constant` and `stack` are spelled, and the abstract
    methods; all else has a default.
    """

    packages: ClassVar[tuple[str, ...]]
    """The packages whose functions and modules are those of this framework, its library first."""
    own_files: ClassVar[tuple[str, ...]]
    """The packages whose code is not the user's."""
    distributions: ClassVar[tuple[str, ...]]
    """The packages whose versions tell how it is installed."""
    other_names: ClassVar[tuple[str, ...]] = ()
    """Other names that users have for it, as `np`."""

    @property
    def frontend(self) -> str:
        """Return the module whose `capture` traces its functions, "" where there is none."""
        return f"mlgraph.frontend.{self.name}"

    # Arrays

    @abstractmethod
    def is_array(self, x: Any) -> bool:
        """Return whether `x` is one of its arrays; import nothing to find out."""

    def has_only_arrays(self, cls: type) -> bool:
        """Return whether all objects of a class of its packages are arrays, where one is."""
        return True

    @abstractmethod
    def as_numpy(self, x: Any) -> "np.ndarray[Any, Any]":
        """Return the values of an array for numpy, in the same memory where that can be.

        Raise `InputError` for an array that has no counterpart.
        """

    @abstractmethod
    def from_array(self, x: Any, owner: "Framework") -> Any:
        """Return an array of another framework, `owner`, as one of its own. Raise `InputError` where it cannot be."""

    def to_dlpack(self, x: Any) -> Any:
        """Return a DLPack capsule with a copy of an array, None if the framework has none to give."""
        return None

    @abstractmethod
    def array_types(self) -> tuple[type, ...]:
        """Return the concrete classes of ordinary arrays."""

    @abstractmethod
    def dtype(self, name: str) -> Any:
        """Return the element type that numpy calls `name`, as `array.dtype` gives it."""

    def dtype_test(self, text: str, dtype: str) -> str:
        """Return the Python that tests whether the array `text` has the element type that is called `dtype` there."""
        return f"{text}.dtype == {dtype}"

    def weak_type_test(self, text: str, weak: bool) -> str:
        """Return the Python that tests whether the type of the array `text` yields to others, as jax's may."""
        return str(not weak)

    def place(self, x: Any, device: str) -> Any:
        """Return one of its arrays on a device. Raise `InputError` where it cannot be told of devices."""
        if device != CPU:
            raise InputError(f"arrays of {self.name} cannot be put on {device}")
        return x

    def device_of(self, x: Any) -> str:
        """Return the device of an array as a target sees it: the CPU for most frameworks."""
        return CPU

    def device(self, name: str) -> Any:
        """Return the device that is called `name`, as `array.device` gives it. Raise `InputError` without devices."""
        raise InputError(f"{self.name} has no device {name!r}")

    def full_device(self, name: str) -> str:
        """Return the full name of a device. Raise `UnknownTargetError` where a program cannot compute there."""
        if name != CPU:
            what = f"a graph to {self.name} cannot be told to compute on {name!r}"
            raise UnknownTargetError(what, fix="leave out `device`")
        return CPU

    def thread_limit(self) -> int:
        """Return the address of a C function that returns the number of threads the user allows; 0 if there is none."""
        return 0

    def thread_team(self) -> int:
        """Return the address of `GOMP_parallel` of the OpenMP that this framework runs its loops by; 0 for none."""
        return 0

    def concrete(self, x: Any) -> Any:
        """Return `x`, or zeros of numpy for an array without values."""
        return x

    def copied(self, x: Any) -> Any:
        """Return a copy of an array, or the array itself if it cannot be written."""
        return x

    def has_unknown_sizes(self, x: Any) -> bool:
        """Return whether an array is traced with an unknown shape."""
        return False

    def is_complex(self, x: Any) -> bool:
        """Return whether the elements of an array are complex."""
        return x.dtype.kind == "c"

    # Memory

    def is_writable(self, x: Any) -> bool:
        """Return whether `overwrite` can write into an array."""
        return False

    def overwrite(self, x: Any, value: Any) -> None:
        """Write `value`, an array of the same framework, into an array that is writable."""
        raise InputError(f"arrays of {self.name} cannot be written")

    def overwrite_buffer(self, x: Any, value: Any) -> None:
        """Write `value`, an array of the same framework, into a buffer of a module."""
        self.overwrite(x, value)

    def settled(self, x: Any) -> Any:
        """Return the array that a variable holds now, any other array as it is."""
        return x

    def is_restorable(self, x: Any) -> bool:
        """Return whether a write of a trace into an array that is no input can be found by comparison and undone."""
        return False

    def may_share(self, x: Any, y: Any) -> bool:
        """Return whether two of its arrays may share memory, judged without looking at their elements."""
        return self.has_views

    def owns_same_memory(self, x: Any, y: Any) -> bool:
        """Return whether an array is a view of memory that another array of the same framework owns."""
        return x is y

    def strides(self, x: Any) -> tuple[int, ...]:
        """Return the strides of an array in elements; row-major by default."""
        return tuple(math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape)))

    def offset(self, x: Any) -> int:
        """Return the offset of an array in its storage, in elements; 0 if the framework has none."""
        return 0

    def distance(self, view: Any, array: Any) -> int | None:
        """Return the offset of `view` from `array` in elements; None if they share no memory."""
        raise TypeError(f"{self.name} has no views")

    def strided(self, x: Any, shape: tuple[int, ...], strides: Sequence[int], begin: int) -> Any:
        """Return a strided view of `x` that begins `begin` elements after its first."""
        raise TypeError(f"{self.name} has no views")

    def complex_dtype(self, dtype: Any) -> Any:
        """Return the complex type whose parts are of `dtype`."""
        return np.result_type(dtype, np.complex64)

    def turned(self, view: Any) -> str | None:
        """Return the method that applies a pending conjugation or negation of a view; None if none is pending."""
        return None

    def content(self, x: Any) -> bytes | None:
        """Return the elements of an array whose writes leave no trace; None if it is read-only or has a version."""
        return None

    def version(self, x: Any) -> int | None:
        """Return the version counter of an array, which each write increments; None if there is none."""
        return None

    def layout_tests(
        self, text: str, order: tuple[int, ...] | None, strides: tuple[int, ...] | None, begins: bool
    ) -> list[str]:
        """Return Python tests of the memory layout of the array `text`.

        `order` lists the axes by descending stride, None for row-major. `strides`, in elements, are tested instead if
        given, with the function `__strides` if need be. `begins` asks for an array at the start of its storage.
        """
        return [] if order is None else ["False"]

    # Numbers

    def number(self, value: Any) -> Any:
        """Return a Python number as an array of rank 0 for the frontend."""
        return np.asarray(value)

    def traced_number(self, x: Any) -> Any:
        """Return the value that the traced function receives for an array of rank 0 that stands for a Python number."""
        return x.item()

    def is_wide(self, told: bool | None) -> bool:
        """Return whether programs have 64-bit types; `told` is the user's choice, None if there is none."""
        return True

    def wide_types(self) -> AbstractContextManager[Any]:
        """Return a context in which 64-bit types are enabled, whatever the session's setting."""
        return nullcontext()

    # Random numbers

    def source(self, seed: int | None) -> Any:
        """Return a stream of random numbers from a seed; without a seed, the global state or one from fresh entropy."""
        raise InputError(f"{self.name} draws no random numbers")

    def is_source(self, rng: Any) -> bool:
        """Return whether programs can draw from `rng`, an argument of the caller."""
        return False

    def step(self, stream: Any, device: str) -> tuple[Any, Any]:
        """Return the stream that one call draws from, and the stream for the next call.

        Raise `InputError` where a trace would take the random numbers for constants.
        """
        return stream, stream

    def stream(self, rng: Any, is_legacy: bool) -> Any:
        """Return the stream for an argument of `main`: `rng` or the global one, of numpy's older API if `is_legacy`."""
        return rng

    def stream_keeper(self, stream: Any) -> Callable[[], None]:
        """Return a function that sets a stream of `main` back to the state that it has now."""
        return lambda: None

    def generator_types(self) -> tuple[type, ...]:
        """Return the classes of the generators that users make; import nothing."""
        return ()

    # Modules with weights

    def is_module(self, obj: Any) -> bool:
        """Return whether `obj` is a module with weights; import nothing to find out."""
        return False

    def submodules(self, module: Any) -> list[Any]:
        """Return the modules inside a module, at any depth, if `watches_modules`."""
        return []

    def weights(self, module: Any) -> Iterable[tuple[str, Any]]:
        """Yield the weights and buffers that a module itself holds, under their names there, if `watches_modules`.

        A name under which the module has none now stands with None.
        """
        return ()

    def forward(self, module: Any) -> str | None:
        """Return the name of the method that a module's `__call__` runs; None where `__call__` is the user's own."""
        return None

    def takes_flags_by_name(self, module: Any) -> bool:
        """Return whether a module takes all arguments but the first by name."""
        return False

    def is_internal(self, module: Any, name: str) -> bool:
        """Return whether this attribute of a module is internal to the framework."""
        return name.startswith("_") or name == "call"

    # The library itself

    def loaded(self) -> ModuleType | None:
        """Return the library if it is already imported, else None."""
        return sys.modules.get(self.packages[0])

    def compiled(self, main: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function compiled by the framework's own compiler; warn where it has none."""
        import warnings

        text = f"{self.name} has no compiler of its own: return_backend_compiled_fn does nothing"
        warnings.warn(text, stacklevel=2)
        return main

    def missing_value_error(self) -> type[Exception] | None:
        """Return the error that its tracer raises for the value of a traced array; None if it has no such error."""
        return None


def entropy() -> int:
    """Return a random seed."""
    return secrets.randbits(31)


def traced(compiler: str, kind: str) -> InputError:
    """Return the error for a graph whose random numbers another tracer would bake in as constants."""
    return InputError(
        f"a graph that draws random numbers is traced by {compiler}",
        why="the numbers of the trace would come again at each call",
        fix=f"take the {kind} as an argument: graph.apply(graph.params, x, rng={kind}), or graph(x, rng={kind})",
    )
