"""Compilation in place: a module whose forward becomes a graph, and a Python module whose functions do."""

import enum
import types
from collections.abc import Callable
from typing import Any, cast

from mlgraph.frameworks import of_module
from mlgraph.frameworks.modules import is_module

NOT_COMPILED: tuple[type, ...] = (enum.Enum, BaseException)
"""The base classes of classes whose methods are left as they are."""

_GRAPH = "_mlgraph_compiled"


def compile_module_object(module: Any, graph: Any) -> Any:
    """Make `graph` the forward of `module`, and return the module."""
    name = _forward_name(module)
    if name is None:
        cls: Any = cast(object, type(module))
        graph.original = types.MethodType(cls.__call__, module)
        members = {"__call__": _call_graph, "__module__": cls.__module__, "__doc__": cls.__doc__}
        object.__setattr__(module, "__class__", type(cls)(cls.__name__, (cls,), members))
        vars(module)[_GRAPH] = graph
    else:
        graph.original = getattr(module, name)
        held: dict[str, Any] = module.__dict__
        graph.replaced = held.get(name)
        held[name] = graph
    return module


def is_forward(graph: Any, module: Any) -> bool:
    """Return whether `graph` is the compiled forward of `module`."""
    held: dict[str, Any] = getattr(module, "__dict__", {})
    return is_module(module) and held.get(_forward_name(module) or "") is graph


def _forward_name(module: Any) -> str | None:
    """Return the name of the method that a module's `__call__` runs; None if `__call__` is the user's own."""
    framework = of_module(module)
    return None if framework is None else framework.forward(module)


def _call_graph(self: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(self, _GRAPH)(*args, **kwargs)


def restore(module: Any) -> Any:
    """Restore the original forward of a module that was compiled to its own framework, and return the module."""
    held: dict[str, Any] = getattr(module, "__dict__", {})
    if _GRAPH in held:
        del vars(module)[_GRAPH]
        object.__setattr__(module, "__class__", type(module).__mro__[1])
        return module
    name = _forward_name(module) or ""
    graph: Any = held.get(name)
    if hasattr(graph, "replaced"):
        del vars(module)[name]
        if graph.replaced is not None:
            vars(module)[name] = graph.replaced
    return module


def compile_module_type(module: types.ModuleType, compile_one: Callable[[Any], Any]) -> types.ModuleType:
    """Return a copy of a Python module whose public functions and methods are compiled lazily; the rest is shared."""
    copy = types.ModuleType(module.__name__, module.__doc__)
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        if own and isinstance(value, type):
            value = _compiled_class(value, compile_one)
        elif own and isinstance(value, types.FunctionType):
            value = compile_one(value)
        setattr(copy, name, value)
    return copy


def _compiled_class(cls: type, compile_one: Callable[[Any], Any]) -> type:
    """Return a subclass of `cls` with compiled methods, or `cls` itself if it has none, is an enum or an exception."""
    public = {n: v for n, v in vars(cls).items() if isinstance(v, types.FunctionType) and not n.startswith("_")}
    if not public or issubclass(cls, NOT_COMPILED):
        return cls
    methods = {name: compile_one(function) for name, function in public.items()}
    members: Any = {**methods, "__module__": cls.__module__, "__doc__": cls.__doc__}
    make: Any = cast(object, type(cls))
    return make(cls.__name__, (cls,), members)
