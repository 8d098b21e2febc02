"""The modules with weights, and the arrays, that a function may use beside its inputs."""

import functools
import types
from collections.abc import Iterable
from typing import Any, cast

from mlgraph.frameworks import PACKAGES, framework_of
from mlgraph.frameworks.inspection import package_of, variables
from mlgraph.frameworks.modules import is_module


def weights_of(obj: Any, arguments: Iterable[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the modules with weights and the arrays that a call of `obj` may use, each once, with its name.

    `arguments` are the Python values of the call. A module that is itself called has the name "".
    """
    found: dict[int, tuple[str, Any]] = {}
    seen: set[int] = set()
    stack = [(name, value, 0) for name, value in (*arguments, ("", obj))]
    while stack:
        name, value, depth = stack.pop()
        if id(value) in seen or depth > 3:
            continue
        seen.add(id(value))
        if is_module(value) or framework_of(value) is not None:
            found[id(value)] = (name, value)
        else:
            stack += [(key if not name or depth == 0 else f"{name}.{key}", v, depth + 1) for key, v in _inside(value)]
    return list(found.values())


def _inside(value: Any) -> list[tuple[str, Any]]:
    """Return what a function, a container or an object refers to, by name."""
    if isinstance(value, types.FunctionType):
        return [] if package_of(value) in PACKAGES else list(variables(value).items())
    if isinstance(value, types.MethodType):
        return [("", value.__self__), ("", value.__func__)]
    if isinstance(value, functools.partial):
        return [("", value.func), *(("", arg) for arg in value.args)]
    if isinstance(value, dict):
        return [(str(key), item) for key, item in cast(dict[Any, Any], value).items()]
    if isinstance(value, list | tuple):
        return [(str(i), item) for i, item in enumerate(cast(list[Any], value))]
    if isinstance(value, type | types.ModuleType) or package_of(type(value)) in (*PACKAGES, "builtins", "mlgraph"):
        return []
    owner: object = value
    return [("", vars(type(owner)).get("__call__")), *getattr(value, "__dict__", {}).items()]
