"""The expected content of the stateful objects of a call: that which the trace found."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mlgraph.frameworks import framework_of
from mlgraph.graph.effects.access_path import AccessPath, AttributeStep, ItemStep, Step, content
from mlgraph.graph.numbers import is_number
from mlgraph.graph.trees import same_static


class ExpectedArray(NamedTuple):
    """An array; guards test its type and sizes as those of an argument."""


class ExpectedNumber(NamedTuple):
    """A Python number that the program takes as an array."""

    cls: type


class ExpectedAlias(NamedTuple):
    """A container that another access path leads to as well."""

    path: AccessPath


@dataclass
class ExpectedContainer:
    """A container: its class, all of its items, and the attributes that the trace read."""

    cls: type
    keys: tuple[Any, ...]
    children: Mapping[Step, Any]
    """An `ExpectedContainer`, `ExpectedAlias`, `ExpectedArray` or `ExpectedNumber`, or the Python value itself."""
    absent: tuple[str, ...] | None
    """The attributes that the trace looked for and did not find; None if any other attribute may be one."""

    def difference(self, value: Any, path: str, roots: Sequence[Any]) -> str | None:
        if type(value) is not self.cls:
            return f"{path} changed from {self.cls.__name__} to {type(value).__name__}"
        held = content(value)
        keys = keys_of(held)
        if keys != self.keys:
            return f"the items of {path} changed from {self.keys} to {keys}"
        for step in held:
            if isinstance(step, AttributeStep) and step not in self.children and self.looked_for(step.name):
                return f"{path}{step} is set now"
        for step, old in self.children.items():
            if step not in held:
                return f"{path}{step} is not set any more"
            if (found := difference(old, held[step], f"{path}{step}", roots)) is not None:
                return found
        return None

    def looked_for(self, name: str) -> bool:
        """Return whether the trace may have looked for this missing attribute."""
        return self.absent is None or name in self.absent


def keys_of(held: Mapping[Step, Any]) -> tuple[Any, ...]:
    """Return the keys of the items in the content of a container."""
    return tuple(step.key for step in held if isinstance(step, ItemStep))


def changed_numbers(old: Any, new: Any, path: AccessPath) -> Iterator[AccessPath]:
    """Yield the paths at and below `path` where a Python number became another one of its type."""
    if isinstance(old, ExpectedContainer) and type(new) is old.cls:
        held = content(new)
        for step, child in old.children.items():
            if step in held:
                yield from changed_numbers(child, held[step], path.then(step))
    elif type(old) in (int, float) and type(new) is type(old) and not same_static(old, new):
        if is_number(old) and is_number(new):
            yield path


def with_numbers(old: Any, path: AccessPath, numbers: Collection[AccessPath]) -> Any:
    """Return the expectation at `path`, with any number allowed at the paths `numbers`."""
    if path in numbers:
        return old if isinstance(old, ExpectedNumber) else ExpectedNumber(type(old))
    if not isinstance(old, ExpectedContainer):
        return old
    children = {step: with_numbers(child, path.then(step), numbers) for step, child in old.children.items()}
    return replace(old, children=children)


def difference(old: Any, new: Any, path: str, roots: Sequence[Any]) -> str | None:
    """Return a description of how `new` at `path` differs from what was expected; None if it fits."""
    match old:
        case ExpectedContainer():
            return old.difference(new, path, roots)
        case ExpectedAlias(first):
            return None if first.find(roots) is new else f"{path} is another object now"
        case ExpectedArray():
            return None if framework_of(new) is not None else f"{path} is no array any more"
        case ExpectedNumber(cls):
            return None if type(new) is cls and is_number(new) else f"{path} changed to {new!r}"
        case _:
            return None if same_static(old, new) else f"{path} changed from {old!r} to {new!r}"
