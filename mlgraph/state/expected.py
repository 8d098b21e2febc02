"""What a call must find in its objects to run what was traced."""

# pyright: basic
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlgraph.state.places import Attribute, Item, Place, Step, content
from mlgraph.targets.arrays import framework_of
from mlgraph.trees import same_static


class Array(NamedTuple):
    """An array, whose type and sizes are tested as an argument's are."""


class Same(NamedTuple):
    """The container that another place holds too."""

    place: Place


@dataclass
class Expected:
    """A container: its class, all of its items, and the attributes that the trace looked at."""

    cls: type
    keys: tuple[Any, ...]
    children: Mapping[Step, Any]
    """An `Expected`, a `Same`, an `Array`, or the Python value itself."""
    absent: tuple[str, ...] | None
    """Attributes that the trace looked for and did not find; None where every other attribute counts as such."""

    def difference(self, value: Any, place: str, roots: Sequence[Any]) -> str | None:
        if type(value) is not self.cls:
            return f"{place} changed from {self.cls.__name__} to {type(value).__name__}"
        held = content(value)
        keys = keys_of(held)
        if keys != self.keys:
            return f"the items of {place} changed from {self.keys} to {keys}"
        for step in held:
            if isinstance(step, Attribute) and step not in self.children and self.looked_for(step.name):
                return f"{place}{step} is set now"
        for step, old in self.children.items():
            if step not in held:
                return f"{place}{step} is not set any more"
            if (found := difference(old, held[step], f"{place}{step}", roots)) is not None:
                return found
        return None

    def looked_for(self, name: str) -> bool:
        """Whether the trace may have looked for an attribute that was not there."""
        return self.absent is None or name in self.absent


def keys_of(held: Mapping[Step, Any]) -> tuple[Any, ...]:
    """The keys of the items among what a container holds."""
    return tuple(step.key for step in held if isinstance(step, Item))


def difference(old: Any, new: Any, place: str, roots: Sequence[Any]) -> str | None:
    """What of `new`, found at `place`, does not fit what was expected there, in words; None when it fits."""
    match old:
        case Expected():
            return old.difference(new, place, roots)
        case Same(first):
            return None if first.find(roots) is new else f"{place} is another object now"
        case Array():
            return None if framework_of(new) is not None else f"{place} is no array any more"
        case _:
            return None if same_static(old, new) else f"{place} changed from {old!r} to {new!r}"
