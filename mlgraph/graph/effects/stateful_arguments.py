"""The stateful objects of a graph: those given to `compile`, and index paths to those among the arguments."""

import inspect
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, cast

from mlgraph.errors import InputError
from mlgraph.frameworks.modules import is_module, submodules
from mlgraph.graph.effects.access_path import NamespaceView, is_container, is_object
from mlgraph.graph.trees import tuple_of


class StatefulObject:
    """A stateful object among the leaves of a call. All compare equal, since guards compare their content."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StatefulObject)

    def __repr__(self) -> str:
        return "an object" if self.value is None else f"an object of class {type(self.value).__name__}"

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class StatefulArguments:
    """The stateful objects of a graph: given ones, and index paths into its arguments."""

    objects: tuple[Any, ...] = ()
    positions: tuple[tuple[Any, ...], ...] = ()
    keywords: tuple[tuple[Any, ...], ...] = ()
    reached: tuple[tuple[str, Any], ...] = ()
    """Objects that the function writes to without being given them, with a Python expression for each."""

    @property
    def variables(self) -> frozenset[tuple[int, str]]:
        """The variables among the reached objects, as pairs of a namespace's id and a name."""
        views = [value for _, value in self.reached if isinstance(value, NamespaceView)]
        return frozenset((id(view.space), name) for view in views for name in view.names)

    @staticmethod
    def of(function: Any, objects: Any, positions: Any, keywords: Any) -> "StatefulArguments":
        """Return the stateful objects for the arguments of `compile`. Raise `InputError` for an invalid index path.

        The object of a method, and an object that is called, are stateful without being named.
        """
        for name, paths in (("arg_stateful_idxs", positions), ("kwarg_stateful_idxs", keywords)):
            for path in paths or ():
                if not isinstance(path, list | tuple) or not path:
                    raise InputError(f"{name} holds {path!r}", fix='give index paths, such as [[0]] or [[0, "cache"]]')
        given = tuple(part for one in objects or () for part in (one, *submodules(one)))
        return StatefulArguments(given, _paths(positions), _paths(keywords)).owned(function)

    def owned(self, function: Any) -> "StatefulArguments":
        """Return these with the object that `function` is, or is a method of."""
        own = [owner for owner in (function, getattr(function, "__self__", None)) if is_implicitly_stateful(owner)]
        return replace(self, objects=(*own, *self.objects))

    def mark(self, signature: inspect.Signature, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the values of the parameters with a `StatefulObject` around each stateful object."""
        marked = list(values)
        for index, *steps in self.positions:
            where, inner = _position(signature, index)
            marked[where] = _marked(marked[where], [*inner, *steps])
        for name, *steps in self.keywords:
            where, inner = _keyword(signature, name, marked)
            if where is not None:
                marked[where] = _marked(marked[where], [*inner, *steps])
        return tuple(marked)


def is_implicitly_stateful(value: Any) -> bool:
    """Return whether a value is stateful without being named: any mutable object except a module."""
    return is_object(value) and not is_module(value)


NO_STATE = StatefulArguments()


def _paths(paths: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(path) for path in paths or ())


def _position(signature: inspect.Signature, index: Any) -> tuple[int, list[Any]]:
    """Return the index of the parameter for the positional argument `index`, and the step inside `*args`, if any."""
    for i, p in enumerate(signature.parameters.values()):
        if p.kind is p.VAR_POSITIONAL:
            return i, [index - i]
        if i == index and p.kind is not p.KEYWORD_ONLY:
            return i, []
    raise InputError(f"there is no positional argument {index!r}", fix="count the arguments from 0")


def _keyword(signature: inspect.Signature, name: Any, values: Sequence[Any]) -> tuple[int | None, list[Any]]:
    """Return the index of the parameter for the keyword `name`, None if absent, and the step inside `**kwargs`."""
    names = list(signature.parameters)
    if name in names:
        return names.index(name), []
    for i, p in enumerate(signature.parameters.values()):
        if p.kind is p.VAR_KEYWORD:
            return (i, [name]) if name in values[i] else (None, [])
    raise InputError(f"there is no keyword argument {name!r}", fix=f"choose one of {', '.join(names)}")


def _marked(value: Any, steps: Sequence[Any]) -> Any:
    """Return `value` with a `StatefulObject` at the end of `steps`.

    An object on the way there is wrapped instead, since nothing else looks into it.
    """
    if isinstance(value, StatefulObject):
        return value
    if not is_container(value):
        raise InputError(f"a stateful index path leads to {type(value).__name__}", why="it has no attributes or items")
    if not steps or is_object(value):
        return StatefulObject(value)
    step, *rest = steps
    try:
        inner = _marked(value[step], rest)
    except (KeyError, IndexError, TypeError) as error:
        raise InputError(f"a stateful index path has {step!r}, which is not there in {type(value).__name__}") from error
    if isinstance(value, tuple):
        old = cast(tuple[Any, ...], value)
        return tuple_of(type(old), [inner if i == step else item for i, item in enumerate(old)])
    new = copy(value)
    new[step] = inner
    return new
