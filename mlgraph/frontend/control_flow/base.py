"""`ControlFlow` builds control flow on traced values; each frontend implements it for its tracer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

AMBIGUOUS = "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
"""numpy's text of the error for a condition of several elements."""

_active: ContextVar["ControlFlow | None"] = ContextVar("control_flow", default=None)


class LeafMismatch(Exception):
    """A leaf of two branches, or of the state of a loop, has types that no value of the graph can have both."""

    def __init__(self, index: int, first: str, second: str) -> None:
        """`index` is the position of the leaf; `first` and `second` describe its types, as `float32[3]`."""
        super().__init__(f"leaf {index}: {first} against {second}")
        self.index, self.first, self.second = index, first, second


class _NoValue:
    """The class of `NO_VALUE`."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = _NoValue()
"""A leaf without a value, for a variable that is not assigned yet: it takes the type that the leaf has on the other
path, or after a step, and any value, as nobody reads it."""


class ControlFlow(ABC):
    """The control flow of one capture.

    Leaves are arrays and numbers: traced ones, real arrays, Python's own int, float, bool and complex, and `NO_VALUE`
    (in `initial` and in what branches return; a body is given a value of its type, or `NO_VALUE` where that is not
    known yet, and results that have no value on either path stay `NO_VALUE`). A frontend
    promotes leaves that differ as Python numbers promote (a number takes the type of an array), frees the sizes that
    differ where its sizes can be free, and raises `LeafMismatch` for all others.

    The functions of branches and steps are called while their region is traced, several times if types have to be found
    first; the last call counts. What they write to arrays, state and random generators from outside is written by the
    region. An exception that they raise passes through, and leaves nothing of the region in the trace.
    """

    @abstractmethod
    def is_traced(self, value: object) -> bool:
        """Return whether `value` is an array or a number that is known only when the graph runs."""

    @abstractmethod
    def is_array(self, value: object) -> bool:
        """Return whether `value` is an array of the framework, traced or real, or a number that it traces."""

    def unwrapped(self, value: Any) -> Any:
        """Return the user's object behind one that the frontend put in its place."""
        return value

    def is_mutable(self, value: object) -> bool:
        """Return whether `value` is an array that may be written to in place."""
        return self.is_array(value)

    def is_same(self, first: object, second: object) -> bool:
        """Return whether two leaves are known to be equal, and may both be the first."""
        return first is second

    @abstractmethod
    def number(self, value: Any, kind: type) -> Any:
        """Return `kind(value)`, where `kind` is bool, int, float or complex, as a traced Python number.

        Raise what the framework raises for an array of more than one element.
        """

    @abstractmethod
    def not_(self, value: Any) -> Any:
        """Return `not value`, a traced bool."""

    @abstractmethod
    def length(self, array: Any) -> Any:
        """Return the size of the first axis, an int or a traced one; raise `TypeError` if there is no axis."""

    def item(self, array: Any, i: Any) -> Any:
        """Return the element of an array at a place of the first axis, an int or a traced one."""
        return array[i]

    @abstractmethod
    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        """Return the leaves of the branch that the truth of `condition` chooses when the graph runs."""

    @abstractmethod
    def while_(
        self,
        condition: Callable[[list[Any]], Any],
        body: Callable[[list[Any]], list[Any]],
        initial: Sequence[Any],
    ) -> list[Any]:
        """Return the state after `body` was applied to `initial` again and again while `condition` of it is true."""

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


def counting(
    body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]],
) -> Callable[[list[Any]], list[Any]]:
    """Return the step of a loop whose state begins with its number, from that of a scan that stacks nothing."""

    def step(state: list[Any]) -> list[Any]:
        following, values = body(state[0], state[1:])
        assert not values
        return [state[0] + 1, *following]

    return step


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
