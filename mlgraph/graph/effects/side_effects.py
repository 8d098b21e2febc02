"""The side effects of a call: the changes that it makes in its stateful objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from mlgraph.graph.effects.access_path import AccessPath, Step, filled, refill


class LeafTemplate(NamedTuple):
    """The i-th of the new values."""

    number: int


class ExistingTemplate(NamedTuple):
    """A container or array that existed before the call."""

    path: AccessPath


class NewTemplate(NamedTuple):
    """A container that the function made."""

    cls: type
    children: "Mapping[Step, ValueTemplate]"


ValueTemplate: TypeAlias = LeafTemplate | ExistingTemplate | NewTemplate


def make(template: ValueTemplate, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
    """Return the value that a template stands for."""
    match template:
        case LeafTemplate(number):
            return leaves[number]
        case ExistingTemplate(path):
            return path.find(roots)
        case NewTemplate(cls, children):
            return filled(cls, {step: make(child, roots, leaves) for step, child in children.items()})


@dataclass
class SetValue:
    """A path has a new value."""

    path: AccessPath
    value: ValueTemplate

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return make(self.value, roots, leaves)

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.path.owner(roots)

    def apply(self, owner: Any, value: Any) -> None:
        self.path.steps[-1].set(owner, value)


@dataclass
class DeleteValue:
    """A path has no value any more."""

    path: AccessPath

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return None

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.path.owner(roots)

    def apply(self, owner: Any, value: Any) -> None:
        self.path.steps[-1].delete(owner)


@dataclass
class ReplaceItems:
    """A list has other items, of another number."""

    path: AccessPath
    items: Sequence[ValueTemplate]

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return [make(item, roots, leaves) for item in self.items]

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.path.find(roots)

    def apply(self, owner: Any, value: Any) -> None:
        refill(owner, value)


SideEffect: TypeAlias = SetValue | DeleteValue | ReplaceItems


def apply_side_effects(changes: Sequence[SideEffect], roots: Sequence[Any], leaves: Sequence[Any]) -> None:
    """Compute all owners and new values from the old state first, then write them."""
    found = [(change, change.owner(roots), change.make(roots, leaves)) for change in changes]
    for change, owner, value in found:
        change.apply(owner, value)
