"""Rebinding of globals, so that Python code that calls numpy, the user's and numpy's own, runs on traced arrays.

Most numpy functions dispatch to traced arrays, creation functions (`np.zeros`, `np.array`, `np.asarray`) do not. A
rebound function is a copy of a Python function whose globals are looked up here: it sees the overrides of
`creation_overrides` for such functions, and functions that it calls are rebound in turn. The function itself, its
module and numpy stay as they are. A function that assigns to globals keeps its own.
"""

import builtins
import dis
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.errors import MlgraphError
from mlgraph.frontend.numpy import scipy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.dispatch import call_function, call_ufunc, real_call
from mlgraph.frontend.numpy.object_proxy import ObjectProxy
from mlgraph.frontend.numpy.tables import hook
from mlgraph.frontend.numpy.tracer import active, current, unsupported
from mlgraph.frontend.numpy.wrapping import any_traced, as_array, is_wrapped, leaves, wrap_concrete

OVERRIDES: dict[int, tuple[Any, Any]] = {}
"""Functions that do not dispatch to traced arrays and their overrides, by identity; filled by `creation_overrides`."""

SUBSTITUTES: dict[type, Callable[[Any], Any]] = {}
"""Functions that return the substitute of an object from outside, as a random generator, by its class."""

_STANDARD = frozenset(sys.stdlib_module_names) - {"__main__"}
_OTHERS = frozenset("mlgraph torch jax jaxlib tensorflow keras xdsl pytest _pytest optree".split())
_overlays: dict[int, "Globals"] = {}
_modules: dict[str, "Module"] = {}


class Globals(dict[str, Any]):
    """The globals of a rebound function: those of the original, substituted at each access."""

    def __init__(self, original: dict[str, Any]) -> None:
        own = {name: original[name] for name in _EAGER if name in original}
        super().__init__(own, __builtins__=_BUILTINS)
        self.original = original

    def __missing__(self, name: str) -> Any:
        return substitute(self.original[name])


_EAGER = ("__name__", "__package__", "__spec__", "__file__", "__loader__", "__path__")


class Module(types.ModuleType):
    """A module whose attributes are substituted."""

    def __init__(self, module: types.ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        return substitute(getattr(self._module, name))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)

    def __dir__(self) -> list[str]:
        return dir(self._module)


@hook
def rebound(function: types.FunctionType) -> types.FunctionType:
    """Return a copy of a function with rebound globals, one for each capture."""
    if isinstance(function.__globals__, Globals):
        return function
    copies = current().shared
    key = ("copy", function)
    if key not in copies:
        closure = function.__closure__ or ()
        stored = _stored_cells(function.__code__)
        named = zip(function.__code__.co_freevars, closure)
        cells = tuple(cell if name in stored or not _is_substituted(cell) else types.CellType() for name, cell in named)
        defaults = None if function.__defaults__ is None else tuple(map(_argument, function.__defaults__))
        copy = types.FunctionType(function.__code__, _globals_of(function), function.__name__, defaults, cells or None)
        copy.__kwdefaults__ = {
            name: _argument(value) for name, value in (function.__kwdefaults__ or {}).items()
        } or None
        copies[key] = functools.update_wrapper(copy, function)
        delattr(copy, "__wrapped__")
        if not hasattr(function, "__wrapped__"):
            copy.__dict__ = function.__dict__  # what the code writes to attributes of the function itself
        for cell, old in zip(cells, closure):
            if cell is not old:
                cell.cell_contents = substitute(old.cell_contents)
    return copies[key]


def _globals_of(function: types.FunctionType) -> dict[str, Any]:
    original = function.__globals__
    if _is_left_alone(function) or _writes_globals(function.__code__):
        return original
    if id(original) not in _overlays:
        _overlays[id(original)] = Globals(original)
    return _overlays[id(original)]


@functools.lru_cache(maxsize=4096)
def _writes_globals(code: types.CodeType) -> bool:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    assigns = any(i.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") for i in dis.get_instructions(code))
    return assigns or any(map(_writes_globals, inner))


@functools.lru_cache(maxsize=4096)
def _stored_cells(code: types.CodeType) -> frozenset[str]:
    """Return the closure variables that the code assigns to by `nonlocal`; their cells stay shared."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("STORE_DEREF", "DELETE_DEREF")}
    return frozenset(own).union(*map(_stored_cells, inner))


def _is_substituted(cell: types.CellType) -> bool:
    """Return whether the content of a closure's cell is substituted in rebound functions."""
    try:
        content = cell.cell_contents
    except ValueError:
        return False
    kinds: tuple[type, ...] = (types.FunctionType, types.MethodType, types.ModuleType, functools.partial, np.ndarray)
    classes: tuple[type, ...] = (*SUBSTITUTES, *_DISPATCHING)
    return (
        isinstance(content, kinds) or type(content) in classes or id(content) in OVERRIDES or _is_users_object(content)
    )


def substitute(value: Any) -> Any:
    """Return the substitute of `value` in rebound functions; outside of captures, `value` itself."""
    if not active():
        return value
    if type(value) is np.ndarray:
        return as_array(value) if value.dtype.kind in "biufc" else value
    if type(value) in SUBSTITUTES:
        return SUBSTITUTES[type(value)](value)
    found = OVERRIDES.get(id(value))
    if found is not None:
        return found[1]
    if isinstance(value, types.ModuleType):
        return _module(value)
    if isinstance(value, types.FunctionType):
        return _function(value)
    return _object(value)


def _function(value: types.FunctionType) -> Any:
    if value.__module__ == "scipy.special._logsumexp" and value.__name__ in scipy.FUNCTIONS:
        return scipy.FUNCTIONS[value.__name__]
    if _is_left_alone(value):
        return value
    return _library(value) if _is_library(value.__module__ or "") else rebound(value)


@functools.cache
def _library(function: types.FunctionType) -> Callable[..., Any]:
    """Return a function of numpy or scipy that runs its rebound copy where an argument is traced."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not active():
            return function(*args, **kwargs)
        given = (*args, *kwargs.values())
        if any_traced(given) or any(map(_is_callback, given)):
            return _over_traced(function, args, kwargs)
        return real_call(function, args, kwargs)

    return call


def _over_traced(function: types.FunctionType, args: Any, kwargs: Any) -> Any:
    """Run the rebound copy of a library's function; an error of compiled code becomes `UnsupportedOpError`."""
    try:
        return rebound(function)(*args, **kwargs)
    except (TypeError, AttributeError) as error:
        if isinstance(error, MlgraphError) or not function.__module__.startswith("scipy"):
            raise
        name = f"{function.__module__}.{function.__name__}"
        raise unsupported(name, why=str(error), fix="write it with functions of numpy") from error


def _is_callback(value: Any) -> bool:
    return callable(value) and not isinstance(value, type | np.ndarray)


def _is_library(module: str) -> bool:
    return module.partition(".")[0] in ("numpy", "scipy")


def _object(value: Any) -> Any:
    if isinstance(value, types.MethodType) and isinstance(value.__func__, types.FunctionType):
        function = value.__func__ if _is_left_alone(value.__func__) else rebound(value.__func__)
        return types.MethodType(function, substitute(value.__self__))
    if isinstance(value, functools.partial):
        return functools.partial(substitute(value.func), *value.args, **value.keywords)
    if type(value) in _DISPATCHING:
        return _dispatcher(value)
    return _proxy(value) if _is_users_object(value) else value


def _is_users_object(value: object) -> bool:
    """Return whether a value is an object with attributes, whose class is neither numpy's nor a container."""
    kind = type(value)
    if (
        type(kind) is not type
        or _is_foreign(kind.__module__ or "")
        or (kind.__module__ or "").startswith(("numpy", "scipy"))
    ):
        return False
    return bool(getattr(value, "__dict__", None)) and not issubclass(kind, _NOT_WRAPPED)


_NOT_WRAPPED = (dict, list, tuple, set, frozenset, str, bytes, int, float, complex, np.ndarray, type, BaseException)


def _proxy(value: Any) -> Any:
    """Return the proxy of a user's object, one for each capture."""
    instances = current().shared
    key = ("instance", id(value))
    if key not in instances:
        instances[key] = ObjectProxy(value, substitute)
    return instances[key]


def _class_of(value: object) -> type:
    return type(value)


_DISPATCHING = (_class_of(np.sum), np.ufunc)


def override(function: Any, substitute: Any) -> None:
    """Substitute another function for `function` in rebound functions."""
    OVERRIDES[id(function)] = (function, substitute)


def _is_left_alone(function: types.FunctionType) -> bool:
    return _is_foreign(function.__module__ or "")


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top in _STANDARD or top in _OTHERS


def _module(module: types.ModuleType) -> Any:
    name = module.__name__
    if name != "math" and (_is_foreign(name) or not hasattr(module, "__file__")):
        return module
    if name not in _modules or _modules[name]._module is not module:
        _modules[name] = Module(module)
    return _modules[name]


class Dispatcher:
    """A numpy function that also finds traced arrays in lists, and returns concrete arrays."""

    def __init__(self, function: Any) -> None:
        self.function = function
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not active():
            return self.function(*args, **kwargs)
        if any(map(_holds_wrapped, (*args, *kwargs.values()))):
            if isinstance(self.function, np.ufunc):
                return call_ufunc(self.function, "__call__", args, kwargs)
            return call_function(self.function, args, kwargs)
        return wrap_concrete(self.function(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.function, name)
        if name in ("reduce", "accumulate", "outer", "at", "reduceat"):
            return functools.partial(_ufunc_method, self.function, name)
        return found

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _class_of(self.function)

    def __eq__(self, other: object) -> bool:
        return other is self.function or (isinstance(other, Dispatcher) and other.function is self.function)

    def __hash__(self) -> int:
        return hash(self.function)


def _ufunc_method(ufunc: np.ufunc, name: str, *args: Any, **kwargs: Any) -> Any:
    if active() and any(map(_holds_wrapped, (*args, *kwargs.values()))):
        return call_ufunc(ufunc, name, args, kwargs)
    return wrap_concrete(getattr(ufunc, name)(*args, **kwargs)) if active() else getattr(ufunc, name)(*args, **kwargs)


def _holds_wrapped(value: Any) -> bool:
    return any(map(is_wrapped, leaves(value))) if isinstance(value, list | tuple) else is_wrapped(value)


@functools.cache
def _dispatcher(function: Any) -> Dispatcher:
    return Dispatcher(function)


# Builtins


def length(value: Any) -> Any:
    """Return the size of the first axis of a traced array; otherwise call `len`."""
    if type(value) is TracedArray and value.shape:
        return value.shape[0]
    return builtins.len(value)


def import_module(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    """Import a module, and return its substitute."""
    found = builtins.__import__(name, globals, locals, fromlist, level)
    return substitute(found)


_BUILTINS = {**vars(builtins), "len": length, "__import__": import_module}


def with_traced_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable of the user's, or a plain function with one in its closure, with rebound globals."""
    rebound = _with_traced_numpy(function)

    def call(*args: Any, **kwargs: Any) -> Any:
        return rebound(*map(_argument, args), **{name: _argument(value) for name, value in kwargs.items()})

    return call


def _argument(value: Any) -> Any:
    return SUBSTITUTES[type(value)](value) if type(value) in SUBSTITUTES else value


def _with_traced_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, types.FunctionType):
        return rebound(function)
    found = substitute(function)
    return _proxy(function) if found is function and not isinstance(function, type) else found
