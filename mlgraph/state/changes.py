"""What a call leaves behind in its objects."""

# pyright: basic
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from mlgraph.state.places import Place, Step, filled, refill


class Leaf(NamedTuple):
    """The i-th of the values that the trace left behind."""

    index: int


class Known(NamedTuple):
    """A container that was there before."""

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

    def apply(self, roots: Sequence[Any], value: Any) -> None:
        self.place.steps[-1].set(self.place.owner(roots), value)


@dataclass
class Delete:
    """A place has no value any more."""

    place: Place

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return None

    def apply(self, roots: Sequence[Any], value: Any) -> None:
        self.place.steps[-1].delete(self.place.owner(roots))


@dataclass
class Refill:
    """A list has other items, more or fewer than before."""

    place: Place
    items: Sequence[Template]

    def make(self, roots: Sequence[Any], leaves: Sequence[Any]) -> Any:
        return [make(item, roots, leaves) for item in self.items]

    def apply(self, roots: Sequence[Any], value: Any) -> None:
        refill(self.place.find(roots), value)


Change: TypeAlias = Set | Delete | Refill


def apply_changes(changes: Sequence[Change], roots: Sequence[Any], leaves: Sequence[Any]) -> None:
    """Write what a call left behind: first every value is found, where it was before, then each is written."""
    owners = [change.make(roots, leaves) for change in changes]
    for change, value in zip(changes, owners):
        change.apply(roots, value)
