"""Values that Python reads in an eager run of a function, for a trace of the same path.

A trace runs the lines of the eager run, and so reads the same arrays in the same order.
"""

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frontend.control_flow.paths import Decision
from mlgraph.frontend.locations import current_line, is_library

TRUTH, NUMBER, ELEMENTS = "the truth of an array", "the number in an array", "the elements of an array"
_CONVERTERS: dict[str, Callable[[Any], Any]] = {"__int__": int, "__float__": float, "__complex__": complex}

Read: TypeAlias = Callable[[Any, str], Any]
"""From an array and the name of a method to what the method returns."""


def as_read(name: str, number: Any) -> Any:
    """Return a number as the method of this name gives it."""
    return _CONVERTERS[name](number) if name in _CONVERTERS else number


class Unread(Exception):
    """Raised for an array that the framework itself is to answer for."""


class EagerReads:
    """The reads of an eager run, in order."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, Decision]] = []
        self._refused: DataDependentControlFlowError | None = None

    def note(self, what: str, *decisions: Decision) -> None:
        """Note that Python read `what`, once for each decision."""
        self._noted += [(what, decision) for decision in decisions]

    def decision(self, what: str, place: int) -> Decision:
        """Return what was read at a place; raise `DataDependentControlFlowError` if it was not `what`."""
        if place < len(self._noted) and self._noted[place][0] == what:
            return self._noted[place][1]
        self._refused = DataDependentControlFlowError(
            f"the Python code needs {what}, which it does not read when it is not traced",
            where=current_line(),
            why="the framework takes another way there while it is traced",
            fix="compute the value outside and pass it as a Python argument",
        )
        raise self._refused

    def check(self) -> None:
        """Raise the error that `decision` raised, for the user's code may have caught it."""
        if self._refused is not None:
            raise self._refused


@contextmanager
def methods_replaced(classes: Sequence[type], names: Sequence[str], read: Read) -> Generator[None, None, None]:
    """Let `read` answer where the user's code calls these methods in this thread; where it raises `Unread`, they do."""
    thread = threading.get_ident()

    def replaced(name: str, original: Any) -> Any:
        def method(self: Any, *args: Any) -> Any:
            users = threading.get_ident() == thread and not is_library(sys._getframe(1).f_code.co_filename)  # pyright: ignore[reportPrivateUsage]
            if users and not args:
                try:
                    return read(self, name)
                except Unread:
                    pass
            if original is None:
                raise TypeError(f"{type(self).__name__} has no {name} while it is traced")
            return original(self, *args)

        return method

    originals = [(cls, name, vars(cls).get(name)) for cls in classes for name in names]
    for cls, name, original in originals:
        setattr(cls, name, replaced(name, original))
    try:
        yield
    finally:
        for cls, name, original in originals:
            if original is None:
                delattr(cls, name)
            else:
                setattr(cls, name, original)
