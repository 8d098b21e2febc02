"""What a call leaves behind in its objects."""

# pyright: basic
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from mlgraph.graph.effects.access_path import Place, Step, filled, refill


class Leaf(NamedTuple):
    """The i-th of the values that the trace left behind."""

    index: int


class Known(NamedTuple):
    """A container or array that was there before."""

    place: Place


class New(NamedTuple):
    """A container that the function made."""

    cls: type
    children: "Mapping[Step, Template]"


Template: TypeAlias = Leaf | Known | New


def make(template: Template, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
    """The value that a template stands for."""
    match template:
        case Leaf(index):
            return leaves[index]
        case Known(place):
            return place.find(roots)
        case New(cls, children):
            return filled(cls, {step: make(child, roots, leaves) for step, child in children.items()})


@dataclass
class Set:
    """A place has a new value."""

    place: Place
    value: Template

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return make(self.value, roots, leaves)

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.place.owner(roots)

    def apply(self, owner: Any, value: Any) -> None:
        self.place.steps[-1].set(owner, value)


@dataclass
class Delete:
    """A place has no value any more."""

    place: Place

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return None

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.place.owner(roots)

    def apply(self, owner: Any, value: Any) -> None:
        self.place.steps[-1].delete(owner)


@dataclass
class Refill:
    """A list has other items, more or fewer than before."""

    place: Place
    items: Sequence[Template]

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return [make(item, roots, leaves) for item in self.items]

    def owner(self, roots: Sequence[Any]) -> Any:
        return self.place.find(roots)

    def apply(self, owner: Any, value: Any) -> None:
        refill(owner, value)


Change: TypeAlias = Set | Delete | Refill


def apply_changes(changes: Sequence[Change], roots: Sequence[Any], leaves: Sequence[Any]) -> None:
    """Write what a call left behind: first all is found where it was before, then each value is written."""
    found = [(change, change.owner(roots), change.make(roots, leaves)) for change in changes]
    for change, owner, value in found:
        change.apply(owner, value)
