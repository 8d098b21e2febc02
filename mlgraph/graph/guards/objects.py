"""The guard of the content of a call's stateful objects."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mlgraph.graph.guards.base import Branch, Guard


@dataclass(frozen=True)
class ObjectsGuard(Guard):
    """The objects of a call hold what the trace found in them. There is no generated test for such calls."""

    state: Any
    """The `StateSpec` of the captured program."""
    depth: ClassVar[int] = 2

    def emit(self, branch: Branch) -> None:
        raise TypeError("objects are tested by `failure` alone")

    def other_numbers(self, call: Any) -> frozenset[Any]:
        """Return the paths of the Python numbers that changed; none if anything else changed too."""
        return self.state.other_numbers(call.roots)

    def failure(self, call: Any) -> str | None:
        return self.state.difference(call.roots)
