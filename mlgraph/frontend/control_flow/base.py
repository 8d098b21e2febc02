"""`ControlFlow` builds control flow on traced values; each frontend implements it for its tracer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_active: ContextVar["ControlFlow | None"] = ContextVar("control_flow", default=None)


class ControlFlow(ABC):
    """The control flow of one capture.

    Leaves are traced arrays and traced numbers of the frontend. The functions of a branch or step are called once, while
    their region is traced; what they write to arrays, state and random generators from outside is written by the region.
    """

    @abstractmethod
    def is_traced(self, value: object) -> bool:
        """Return whether `value` is an array or a number that is known only when the graph runs."""

    @abstractmethod
    def as_leaf(self, value: Any) -> Any:
        """Return a Python number as a traced number that promotes as Python's do, and an array as it is."""

    @abstractmethod
    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        """Return the leaves of the branch that `condition`, one element, chooses when the graph runs.

        Both branches give leaves of the same number, types and ranks.
        """

    @abstractmethod
    def while_(
        self,
        condition: Callable[[list[Any]], Any],
        body: Callable[[list[Any]], list[Any]],
        initial: Sequence[Any],
    ) -> list[Any]:
        """Return the state after `body` was applied to `initial` again and again while `condition` of it holds."""

    @abstractmethod
    def scan(
        self, length: Any, body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]], initial: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Return the carry after `length` steps, and the values of the steps, stacked along a new first axis.

        `body(i, carry)` returns the next carry and the values of step `i`, a traced integer.
        """

    @abstractmethod
    def check(self, condition: Any, error: Exception) -> None:
        """Raise `error` when the graph runs and `condition` does not hold, before anything is written."""


@contextmanager
def control_flow(builder: ControlFlow) -> Generator[None, None, None]:
    """Trace control flow on values with `builder` in the body of the `with` statement."""
    token = _active.set(builder)
    try:
        yield
    finally:
        _active.reset(token)


def active() -> ControlFlow | None:
    """Return the control flow of the capture in progress in this thread, None outside of captures."""
    return _active.get()
