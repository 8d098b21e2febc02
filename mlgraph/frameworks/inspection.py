"""The user's Python functions: which a call may run, which variables they name, and whether they catch errors."""

import contextlib
import dis
import functools
import itertools
import types
from typing import Any, cast

from mlgraph.frameworks.registry import PACKAGES


def functions_of(obj: Any) -> list[types.FunctionType]:
    """Return the user's own functions that a call of `obj` may run, as far as their code names them."""
    found: dict[int, types.FunctionType] = {}
    stack = [obj]
    while stack and len(found) < 50:
        value = stack.pop()
        while isinstance(value, functools.partial | types.MethodType):
            value = value.func if isinstance(value, functools.partial) else value.__func__
        if not isinstance(value, types.FunctionType | type) and value is obj:
            value = vars(cast(type, type(value))).get("__call__")
        if not isinstance(value, types.FunctionType) or package_of(value) in PACKAGES or id(value) in found:
            continue
        found[id(value)] = value
        stack += [getattr(value, "__wrapped__", None), *variables(value).values()]
    return list(found.values())


def catches_errors(obj: Any) -> bool:
    """Return whether the user's code, as far as `obj` and its class name it, catches errors."""
    owner = getattr(obj, "__self__", obj)
    classes = () if isinstance(owner, types.FunctionType | type) else type(owner).__mro__
    methods = [m for cls in classes if package_of(cls) not in (*PACKAGES, "builtins") for m in vars(cls).values()]
    return any(_has_handler(function.__code__) for one in (obj, *methods) for function in functions_of(one))


def _has_handler(code: types.CodeType) -> bool:
    """Return whether code contains an `except` clause. `with` and `finally` do not count: the error propagates."""
    names = [instruction.opname for instruction in dis.get_instructions(code)]
    bare = ("PUSH_EXC_INFO", "POP_TOP") in itertools.pairwise(names)
    nested = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return bare or "CHECK_EXC_MATCH" in names or "suppress" in code.co_names or any(map(_has_handler, nested))


def variables(function: types.FunctionType) -> dict[str, Any]:
    """Return the globals and closure variables that a function names, by name."""
    found = {n: function.__globals__[n] for n in global_names(function.__code__) if n in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):  # a variable that is not set yet
            found[name] = cell.cell_contents
    return found


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> tuple[str, ...]:
    """Return the globals that code and its inner functions name, each once; `x.T` names no global `T`."""
    own = [i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    nested = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in global_names(c)]
    return tuple(dict.fromkeys([*own, *nested]))


def package_of(obj: Any) -> str:
    """Return the top-level package in which an object was defined."""
    return str(getattr(obj, "__module__", None)).partition(".")[0]
