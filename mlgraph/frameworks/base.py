"""What mlgraph asks of a framework; the defaults are those of one whose arrays cannot be written."""

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

CPU = "cpu"
"""Where programs compute unless they are told otherwise."""


class Framework(Spelling, ABC):
    """One framework: its arrays, modules and random numbers, and how a program to it is spelled."""

    packages: ClassVar[tuple[str, ...]]
    """The packages whose functions and modules are those of this framework, its library first."""
    own_files: ClassVar[tuple[str, ...]]
    """The packages whose code is none of the user's."""
    other_names: ClassVar[tuple[str, ...]] = ()
    """What else users call it."""
    distributions: ClassVar[tuple[str, ...]]
    """The packages whose versions tell how it is installed."""

    is_neutral: ClassVar[bool] = False
    """Whether its arrays go with functions of any framework."""
    sorts_keys: ClassVar[bool] = False
    """Whether it takes the dicts of a call apart in the order of their keys."""
    has_weak_numbers: ClassVar[bool] = True
    """Whether Python's numbers give way to the types of its arrays; otherwise each is an array of its own type."""
    has_weak_types: ClassVar[bool] = False
    """Whether arrays tell by `weak_type` that they give way to the types of others."""
    has_views: ClassVar[bool] = False
    """Whether arrays can be written and share memory: then it matters which results do."""
    has_buffers: ClassVar[bool] = False
    """Whether the buffers of its modules are overwritten in place."""
    watches_modules: ClassVar[bool] = False
    """Whether mlgraph watches attributes and hooks of its modules; others track what matters themselves."""
    has_immutable_weights: ClassVar[bool] = False
    """Whether a module is given new arrays in the place of weights that are written."""
    has_scalars: ClassVar[bool] = False
    """Whether calls give scalars in the place of arrays without axes."""
    has_gradients: ClassVar[bool] = False
    """Whether an array says by `requires_grad` that gradients are taken for it."""
    has_devices: ClassVar[bool] = False
    """Whether a program may be told where to compute."""
    has_late_conjugates: ClassVar[bool] = False
    """Whether an array may be a view of conjugates that are yet to be computed."""
    has_random_state: ClassVar[bool] = False
    """Whether draws move a stream on, of which there is a global one; otherwise keys are split."""
    draws_without_stream: ClassVar[bool] = False
    """Whether a draw that is given None as its stream takes the global one."""
    has_variables: ClassVar[bool] = False
    """Whether results of a program may be variables, which change when they are written later."""
    is_narrow: ClassVar[bool] = False
    """Whether it has 64-bit types only where it is told so."""
    traces_errors: ClassVar[bool] = True
    """Whether a function that catches errors can be traced with sizes that are unknown."""
    has_tensor_sizes: ClassVar[bool] = False
    """Whether sizes may be tensors, or not known, where others have Python's numbers."""
    prefers_masks_by_where: ClassVar[bool] = False
    """Whether selections by a mask are better written with `where`."""
    prefers_channels_last: ClassVar[bool] = False
    """Whether convolutions want their channels along the last axis."""
    dtypes_are_single: ClassVar[bool] = False
    """Whether there is one object for each element type, so that `is` compares them."""
    boxes_kernels: ClassVar[bool] = False
    """Whether kernels take arrays apart themselves, as Python objects."""
    kernels: ClassVar[str | None] = None
    """The module whose `make_launcher` runs kernels on its arrays, None where it has kernels of its own."""

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
        """Return a copy of an array for another framework to take over, None where there is no way to hand one over."""
        return None

    @abstractmethod
    def array_types(self) -> tuple[type, ...]:
        """Return the concrete classes of ordinary arrays."""

    @abstractmethod
    def dtype(self, name: str) -> Any:
        """Return the element type that numpy calls `name`, as `array.dtype` gives it."""

    def place(self, x: Any, device: str) -> Any:
        """Return one of its arrays on a device. Raise `InputError` where it cannot be told of devices."""
        if device != CPU:
            raise InputError(f"arrays of {self.name} cannot be put on {device}")
        return x

    def device_of(self, x: Any) -> str:
        """Return where an array is, as far as targets are concerned: those of most frameworks come to the CPU."""
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
        """Return the address of a C function that tells how many threads its user allows; 0 where there is none."""
        return 0

    def concrete(self, x: Any) -> Any:
        """Return `x`, or zeros of numpy in the place of an array without values."""
        return x

    def copied(self, x: Any) -> Any:
        """Return an array of the same values that shares no memory; one that cannot be written as it is."""
        return x

    def has_unknown_sizes(self, x: Any) -> bool:
        """Return whether an array is traced without knowing its shape."""
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
        """Return whether what a trace writes into an array outside is found by comparison, and undone."""
        return False

    def may_share(self, x: Any, y: Any) -> bool:
        """Return whether two of its arrays may lie in the same memory, as far as is told without their elements."""
        return self.has_views

    def owns_same_memory(self, x: Any, y: Any) -> bool:
        """Return whether an array is a view of what another one of the same framework owns."""
        return x is y

    def strides(self, x: Any) -> tuple[int, ...]:
        """Return the strides of an array in elements: row-major unless it tells others."""
        return tuple(math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape)))

    def offset(self, x: Any) -> int:
        """Return how many elements of its memory lie before an array, where it tells."""
        return 0

    def distance(self, view: Any, array: Any) -> int | None:
        """Return how many elements after the first of `array` that of `view` lies; None if they share no memory."""
        raise TypeError(f"{self.name} has no views")

    def strided(self, x: Any, shape: tuple[int, ...], strides: Sequence[int], begin: int) -> Any:
        """Return a view that begins `begin` elements after the first of `x`."""
        raise TypeError(f"{self.name} has no views")

    def complex_dtype(self, dtype: Any) -> Any:
        """Return the complex type whose parts are of `dtype`."""
        return np.result_type(dtype, np.complex64)

    def turned(self, view: Any) -> str | None:
        """Return the method that undoes what a view has yet to compute, None where there is nothing."""
        return None

    def content(self, x: Any) -> bytes | None:
        """Return the elements of an array that tells of no write, None where nobody can write, or a version tells."""
        return None

    def version(self, x: Any) -> int | None:
        """Return the number that each write to an array moves on, None where there is none."""
        return None

    def layout_tests(
        self, text: str, order: tuple[int, ...] | None, strides: tuple[int, ...] | None, begins: bool
    ) -> list[str]:
        """Return the Python that tests how the array `text` lies in memory.

        `order` are its axes, the widest first, None where they are in order. `strides` are tested instead where they
        are known, by the function `__strides` if need be; `begins` asks for an array at the start of its memory.
        """
        return [] if order is None else ["False"]

    # Numbers

    def number(self, value: Any) -> Any:
        """Return a Python number as an array without axes, which the frontend takes."""
        return np.asarray(value)

    def traced_number(self, x: Any) -> Any:
        """Return the number that a function is given where its frontend takes such an array."""
        return x.item()

    def is_wide(self, told: bool | None) -> bool:
        """Return whether programs have 64-bit types, which the user allows or not, or does not say."""
        return True

    def wide_types(self) -> AbstractContextManager[Any]:
        """Return a scope in which there are 64-bit types, whatever the session says."""
        return nullcontext()

    # Random numbers

    def source(self, seed: int | None) -> Any:
        """Return a stream of random numbers from a seed; without one of the global state, or of fresh entropy."""
        raise InputError(f"{self.name} draws no random numbers")

    def is_source(self, rng: Any) -> bool:
        """Return whether programs draw from what a caller gives as `rng`."""
        return False

    def step(self, stream: Any, device: str) -> tuple[Any, Any]:
        """Return what one call draws from, and the stream for the next call.

        Raise `InputError` where a trace would take the random numbers for constants.
        """
        return stream, stream

    def stream(self, rng: Any, is_legacy: bool) -> Any:
        """Return what an argument of `main` draws from: `rng`, or the global stream. Some have one for older code."""
        return rng

    def generator_types(self) -> tuple[type, ...]:
        """Return the classes of the generators that users make; import nothing."""
        return ()

    # Modules with weights

    def is_module(self, obj: Any) -> bool:
        """Return whether `obj` is a module with weights; import nothing to find out."""
        return False

    def submodules(self, module: Any) -> list[Any]:
        """Return the modules inside a module, however deep, where `watches_modules`."""
        return []

    def weights(self, module: Any) -> Iterable[Any]:
        """Return the weights and buffers of a module, where `watches_modules`."""
        return ()

    def forward(self, module: Any) -> str | None:
        """Return the name of the method that a module's `__call__` runs; None where `__call__` is the user's own."""
        return None

    def takes_flags_by_name(self, module: Any) -> bool:
        """Return whether a module takes all arguments but the first by name."""
        return False

    def is_internal(self, module: Any, name: str) -> bool:
        """Return whether the framework keeps this attribute of a module for itself."""
        return name.startswith("_") or name == "call"

    # The library itself

    def loaded(self) -> ModuleType | None:
        """Return the library where it is imported already."""
        return sys.modules.get(self.packages[0])

    def compiled(self, main: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function compiled by the framework's own compiler; warn where it has none."""
        import warnings

        text = f"{self.name} has no compiler of its own: return_backend_compiled_fn does nothing"
        warnings.warn(text, stacklevel=2)
        return main

    def missing_value_error(self) -> type[Exception] | None:
        """Return the class of errors that values of arrays are not there in a trace of its own, None if it has none."""
        return None


def entropy() -> int:
    """Return a seed that nobody chose."""
    return secrets.randbits(31)


def traced(compiler: str, kind: str) -> InputError:
    """Return the error for a graph whose random numbers another trace would take for constants."""
    return InputError(
        f"a graph that draws random numbers is traced by {compiler}",
        why="the numbers of the trace would come again at each call",
        fix=f"take the {kind} as an argument: graph.apply(graph.params, x, rng={kind}), or graph(x, rng={kind})",
    )
