"""The arrays that a program takes: arguments, and arrays in stateful objects."""

from dataclasses import dataclass
from typing import Any

from mlgraph.graph.guards.base import Branch


@dataclass(frozen=True)
class ArgumentArray:
    """An array among the arguments, by index."""

    number: int
    name: str
    """A Python expression for it, for messages."""

    def find(self, call: Any) -> Any:
        return call.arrays[self.number]

    def text(self, branch: Branch) -> str:
        return branch.arrays[self.number]

    def bind(self, branch: Branch) -> str:
        """Return an expression of the array that also binds a name for the tests that follow."""
        text = branch.arrays[self.number]
        if text.isidentifier():
            return text
        branch.arrays[self.number] = name = f"__a{self.number}"
        return f"({name} := {text})"


@dataclass(frozen=True)
class HeldArray:
    """An array that a stateful object holds. Calls with such objects have no generated tests."""

    state: Any
    place: Any
    name: str

    def find(self, call: Any) -> Any:
        return self.state.find(self.place, call.roots)

    def text(self, branch: Branch) -> str:
        raise TypeError("arrays of objects are tested by `failure` alone")

    bind = text


ArraySource = ArgumentArray | HeldArray
