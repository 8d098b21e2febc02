"""The user's modules, classes and functions, as opposed to those of libraries."""

import functools
import os
import sysconfig
from types import FunctionType, MethodType, ModuleType
from typing import Any, cast

from mlgraph.frontend.locations import is_library

_FOLDERS = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def is_users_module(module: ModuleType) -> bool:
    """Return whether a Python module is of a file of the user's, or was made as `types.ModuleType("config")`."""
    held = vars(module)
    if held.get("__file__") is None:
        return held.get("__spec__") is None
    return is_users_file(held["__file__"])


def own_attributes(value: Any) -> Any:
    """Return the attributes that an object holds in its dict, past the methods of its class."""
    return object.__getattribute__(value, "__dict__") if type(value).__dictoffset__ else {}


def defines(cls: type, name: str) -> bool:
    """Return whether a class or a base of it has a member, without running a descriptor of the user's."""
    return any(name in vars(base) for base in cls.__mro__)


def unwrapped(function: Any) -> Any:
    """Return the function or class whose code runs."""
    while isinstance(function, functools.partial | MethodType):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    owner: object = function
    return owner if isinstance(owner, FunctionType) else type(owner)


@functools.lru_cache(maxsize=4096)
def is_users_file(filename: str) -> bool:
    return bool(filename) and not is_library(filename) and not filename.startswith(_FOLDERS)


def functions_of_member(item: Any) -> list[Any]:
    """Return the functions that a member of a class may run."""
    match item:
        case property():
            return [item.fget, item.fset]
        case functools.cached_property():
            return [item.func]
        case staticmethod() | classmethod():
            return [cast(Any, item).__func__]
        case _:
            return [item, getattr(item, "__wrapped__", None)]
