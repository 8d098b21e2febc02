"""The random generators that a function reaches: `torch.Generator`, `numpy.random.Generator` and `RandomState`.

A graph to their own framework draws from them as the function does, and reads each again at every call.
"""

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from mlgraph.frameworks import every, names
from mlgraph.frameworks.inspection import functions_of
from mlgraph.frameworks.modules import is_module
from mlgraph.graph.bound_call import identifiers

DEPTH = 5
"""The most steps from the function to a generator."""

Readable = tuple[str, Any, Callable[[], Any]]
"""A name, its value, and a function that reads the value again."""


def generators_of(function: Any, arguments: Iterable[tuple[str, Any]]) -> list[Readable]:
    """Return each generator that a call of `function` may draw from, once, under a unique name."""
    roots = (*arguments, ("", function))
    stack: list[tuple[Readable, int]] = [((name, value, _constant(value)), 0) for name, value in roots]
    seen: set[int] = set()
    found: list[Readable] = []
    while stack:
        (name, value, read), depth = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if is_generator(value):
            found.append((name, value, read))
        elif depth < DEPTH:
            stack += [(inner, depth + 1) for inner in _inside(name, value)]
    names = identifiers(name or "own" for name, _, _ in found)
    return [(name, value, read) for name, (_, value, read) in zip(names, found)]


def is_generator(value: Any) -> bool:
    """Return whether `value` is a random generator of torch or numpy."""
    return any(isinstance(value, framework.generator_types()) for framework in every())


def _inside(name: str, value: Any) -> list[Readable]:
    """Return what a function, a container or an object refers to, except what libraries define."""
    if isinstance(value, types.FunctionType):
        return list(_of_function(value))
    if isinstance(value, types.MethodType):
        return [("", v, _constant(v)) for v in (value.__self__, value.__func__)]
    if isinstance(value, functools.partial):
        return [("", v, _constant(v)) for v in (value.func, *value.args, *value.keywords.values())]
    if isinstance(value, dict):
        return [_item(value, key, f"{name}_{key}") for key in cast(dict[Any, Any], value)]
    if isinstance(value, list | tuple):
        return [_item(value, i, f"{name}_{i}") for i in range(len(cast(list[Any], value)))]
    return list(_of_object(name, value))


def _of_function(function: types.FunctionType) -> Iterator[Readable]:
    for inner in functions_of(function):
        for name in inner.__code__.co_names:
            if name in inner.__globals__:
                yield _item(inner.__globals__, name, name)
        for name, cell in zip(inner.__code__.co_freevars, inner.__closure__ or ()):
            try:
                yield name, cell.cell_contents, lambda cell=cell: cell.cell_contents
            except ValueError:  # a variable that is not set yet
                continue
        yield from (("", v, _constant(v)) for v in inner.__defaults__ or ())
        yield from _inside("", inner.__kwdefaults__ or {})


def _of_object(name: str, value: Any) -> Iterator[Readable]:
    root = str(type(value).__module__).partition(".")[0]
    if isinstance(value, type | types.ModuleType) or (root in (*_OTHERS, *names()) and not is_module(value)):
        return
    owner: object = value
    if (call := vars(type(owner)).get("__call__")) is not None:
        yield "", call, _constant(call)
    for key, inner in list(getattr(value, "__dict__", {}).items()):
        yield f"{name}_{key}" if name else key, inner, _attribute(value, key)


_OTHERS = ("builtins", "jaxlib", "mlgraph")
"""The packages that are not searched, besides those of frameworks."""


def _item(container: Any, key: Any, name: str) -> Readable:
    return name, container[key], lambda: container[key]


def _attribute(owner: Any, name: str) -> Callable[[], Any]:
    return lambda: owner.__dict__.get(name)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
