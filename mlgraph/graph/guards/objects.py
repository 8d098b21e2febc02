"""The guard of what a call must find in its stateful objects."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mlgraph.graph.guards.base import Branch, Guard


@dataclass(frozen=True)
class ObjectsGuard(Guard):
    """The objects of a call hold what the trace found in them. Calls with such objects have no generated tests."""

    state: Any
    """The `StateSpec` of the captured program."""
    depth: ClassVar[int] = 2

    def emit(self, branch: Branch) -> None:
        raise TypeError("objects are tested by `failure` alone")

    def other_numbers(self, call: Any) -> frozenset[Any]:
        """Return the places of the Python numbers that changed, where nothing else did."""
        return self.state.other_numbers(call.roots)

    def failure(self, call: Any) -> str | None:
        return self.state.difference(call.roots)
