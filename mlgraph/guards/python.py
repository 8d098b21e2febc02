"""Python values that a function reads without being given them: a call must find them as capture did.

    SCALE = 2.0

    def scaled(x):
        return x * SCALE * options.factor      # SCALE is a value, `options` an object that is named in `stateful`

These are global and closure variables, and attributes of modules, that hold plain values and that the code names.
"""

# pyright: basic
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mlgraph.objects import all_names, functions_of, module_framework, submodules, variables
from mlgraph.state.places import attributes
from mlgraph.trees import same_static

PLAIN = (bool, int, float, complex, str, bytes, type(None))
UNSET = object()
OTHER_METHODS = ("__init__", "__setstate__", "__repr__", "extra_repr", "reset_parameters")
"""Methods that a forward does not run."""


class Variable(NamedTuple):
    """A name in a namespace, and the value that it had."""

    space: dict[str, Any]
    name: str
    value: Any
    text: str


def guard_of(function: Any, modules: Iterable[Any]) -> Callable[[], str | None] | None:
    """What tells which value changed since now, None while none has; None itself where there is nothing to watch."""
    found = [*_globals(function), *(v for m in modules for part in (m, *submodules(m)) for v in _of_module(part))]
    cells = [(cell, cell.cell_contents, name) for name, cell in _cells(function)]
    if not found and not cells:
        return None

    def changed() -> str | None:
        for space, name, old, text in found:
            new = space.get(name, UNSET)
            if new is not old and not same_static(new, old):
                return f"{text} changed from {old!r} to {'nothing' if new is UNSET else repr(new)}"
        for cell, old, name in cells:
            new = cell.cell_contents
            if new is not old and not same_static(new, old):
                return f"{name} changed from {old!r} to {new!r}"
        return None

    return changed


def _globals(function: Any) -> Iterator[Variable]:
    for inner in functions_of(function):
        for name in dict.fromkeys(all_names(inner.__code__)):
            value = inner.__globals__.get(name, UNSET)
            if isinstance(value, PLAIN):
                yield Variable(inner.__globals__, name, value, name)


def _cells(function: Any) -> Iterator[tuple[str, types.CellType]]:
    for inner in functions_of(function):
        known = variables(inner)
        for name, cell in zip(inner.__code__.co_freevars, inner.__closure__ or ()):
            if isinstance(known.get(name, UNSET), PLAIN):
                yield name, cell


def _of_module(module: Any) -> Iterator[Variable]:
    """The plain attributes of a torch module that its methods name."""
    if module_framework(module) != "torch":
        return
    methods = [m for cls in type(module).__mro__[:-2] for m in vars(cls).values() if isinstance(m, types.FunctionType)]
    named = {name for m in methods if m.__name__ not in OTHER_METHODS for name in all_names(m.__code__)}
    for name, value in attributes(module).items():
        if name in named and isinstance(value, PLAIN):
            yield Variable(vars(module), name, value, f"{type(module).__name__}.{name}")
