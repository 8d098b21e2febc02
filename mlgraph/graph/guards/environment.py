"""Guards of values that a function reads without being given them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from mlgraph.graph.guards.base import Branch, Guard


@dataclass(frozen=True)
class ValueGuard(Guard):
    """A function without arguments returns what it returned at capture, for example whether gradients are enabled."""

    read: Callable[[], Any]
    expected: Any
    words: str = ""
    """The description of a failure; the result of `read` itself if that is text."""
    depth: ClassVar[int] = 0

    @classmethod
    def of(cls, read: Callable[[], Any]) -> "ValueGuard":
        """Return a guard that expects what `read` returns now."""
        return cls(read, read(), read.__doc__ or "")

    def emit(self, branch: Branch) -> None:
        read, expected = branch.names.add("guard", self.read), branch.names.add("expected", self.expected)
        branch.tests.append(f"{read}() == {expected}")

    def failure(self, call: Any) -> str | None:
        found = self.read()
        if found == self.expected:
            return None
        return found if isinstance(found, str) else self.words or f"{self.expected} became {found}"
