"""The global modes of torch that the user's code reads during a trace, such as whether gradients are enabled."""

import contextlib
import functools
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

import torch

from mlgraph.frontend.torch.scopes import is_users, is_users_file

GRADIENTS = ("is_grad_enabled",)
MODES = (
    *("are_deterministic_algorithms_enabled", "is_deterministic_algorithms_warn_only_enabled"),
    *("get_deterministic_debug_mode", "get_default_dtype", "get_default_device", "get_float32_matmul_precision"),
    *("is_inference_mode_enabled", "is_anomaly_enabled", "is_autocast_enabled", "is_autocast_cache_enabled"),
    *("is_autocast_cpu_enabled", "get_autocast_dtype", "get_autocast_cpu_dtype", "get_autocast_gpu_dtype"),
    *("get_num_threads", "get_num_interop_threads"),
)
"""Functions of torch that tell of a mode which holds while it traces as well."""


class WithoutGradients(BaseException):
    """The user's code asks whether gradients are taken: they are not, unlike in this trace. No `except` catches it."""


class Modes:
    """Records what a trace asks of the modes. Unless it `is_true` it takes gradients where the caller takes none."""

    def __init__(self, is_true: bool) -> None:
        self.is_true = is_true
        self.asked: dict[tuple[str, str], Callable[[], Any]] = {}
        """The functions that read the modes that the user's code read, by their names and arguments."""

    def note(self, name: str, function: Callable[..., Any], *args: Any) -> None:
        """Note that the user's code reads a mode."""
        if name in GRADIENTS and not self.is_true:
            raise WithoutGradients
        read = functools.partial(function, *args)
        read.__doc__ = f"torch.{name}() gives another answer"
        self.asked[name, repr(args)] = read

    def note_gradients(self) -> None:
        """Note that the user's code reads a fact that depends on whether gradients are enabled."""
        self.note("is_grad_enabled", torch.is_grad_enabled)

    def note_default_dtype(self, given: Sequence[Any], result: Any) -> None:
        """Note where a function of torch gives floats without floats or a type to take theirs from.

        `given` are its arguments.
        """
        if _is_inexact(result) and not any(map(_is_inexact, given)):
            self.note("get_default_dtype", torch.get_default_dtype)


def _is_inexact(x: Any) -> bool:
    """Return whether `x` is a tensor of real or complex floats, or their type."""
    dtype = x.dtype if isinstance(x, torch.Tensor) else x
    return isinstance(dtype, torch.dtype) and (dtype.is_floating_point or dtype.is_complex)


@contextlib.contextmanager
def watching_modes(modes: Modes) -> Generator[None]:
    """Note what the user's code asks of the modes, be it by functions that its modules imported from torch."""
    functions = [function for name in (*GRADIENTS, *MODES) if (function := getattr(torch, name, None)) is not None]
    watched = {function: _watched(function, modes) for function in functions}
    places = [(names, key, names[key]) for names, key in _imported(frozenset(functions))]
    for names, key, function in places:
        names[key] = watched[function]
    try:
        yield
    finally:
        for names, key, function in places:
            names[key] = function


class Searched(NamedTuple):
    """An installed module that was searched: how many names it had, and which of these have the functions."""

    module: ReferenceType[ModuleType]
    length: int
    found: list[str]


_searched: dict[str, Searched] = {}
"""By names of modules, as it takes longer to look a module up by itself."""


def _imported(functions: frozenset[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where the user's modules and torch itself have such functions.

    An installed module is searched again where its names have become more or fewer, others each time.
    """
    for name, module in list(sys.modules.items()):
        known = _searched.get(name)
        if known is not None and known.module() is module and known.length == len(module.__dict__):
            found = known.found
        elif isinstance(module, ModuleType):  # pyright: ignore[reportUnnecessaryIsInstance]
            found = _search(name, module, functions)
        else:
            continue
        for key in found:
            if module.__dict__.get(key) in functions:
                yield module.__dict__, key


def _search(name: str, module: ModuleType, functions: frozenset[Any]) -> list[str]:
    """Return the names in a module that have such functions, and remember them if it is an installed one."""
    names = module.__dict__
    filename = getattr(module, "__file__", None) or ""
    users = is_users_file(filename, name) and bool(filename or name == "__main__")
    found = _names_of(functions, names) if users or name == "torch" else []
    if not users or "-packages" in filename:
        _searched[name] = Searched(ref(module), len(names), found)
    return found


def _names_of(functions: frozenset[Any], names: dict[str, Any]) -> list[str]:
    kinds = (FunctionType, BuiltinFunctionType)
    return [key for key, value in list(names.items()) if type(value) in kinds and value in functions]


def _watched(function: Any, modes: Modes) -> Callable[..., Any]:
    @functools.wraps(function)
    def asked(*args: Any) -> Any:
        if is_users(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            modes.note(function.__name__, function, *args)
        return function(*args)

    return asked
