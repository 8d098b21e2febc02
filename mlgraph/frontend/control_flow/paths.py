"""Paths: what Python reads of traced values, where control flow cannot be traced, becomes tests that a graph computes.

A trace with a `PathRecorder` follows one path. Each value that Python reads is a test: Python goes on with what the
value is for the example inputs, and the value itself is a result of the program. A call whose tests give the same takes
the same path; a call of which one differs takes another, which is captured with the decisions that led there.
"""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Decision: TypeAlias = Any
"""A value that Python read: a bool, an integer, a float, a complex number, or nested tuples of these for an array."""

Evaluate: TypeAlias = Callable[[Any], Any]
"""From a value of the IR to an array of numpy, its elements for the example inputs."""

LARGEST_READ = 64
"""The size of the largest array that Python may read as a whole."""


@dataclass(frozen=True)
class PathTest:
    """A value of the graph that Python read."""

    decision: Decision
    what: str
    """The noun for the value, as "the truth of an array"."""
    line: str
    """The user's line, as `file:line`; "" where it is not known."""

    def holds(self, found: Decision) -> bool:
        """Return whether another call that reads `found` here goes on as this path does."""
        return same(self.decision, found)

    def __str__(self) -> str:
        return f"{self.what} is {self.decision!r}" + (f" at {self.line}" if self.line else "")


def same(a: Decision, b: Decision) -> bool:
    """Return whether Python can't tell two decisions apart: zeros differ by sign, and NaN is like NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        items = cast(tuple[Any, ...], a)
        return len(items) == len(b) and all(map(same, items, b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    return a == b


def decision_of(array: Any) -> Decision:
    """Return the elements of an array of numpy as Python reads them."""
    return _frozen(array.tolist() if array.dtype.kind in "biufc" else array.astype("float64").tolist())


def thawed(decision: Decision) -> Any:
    """Return a decision with lists in the place of tuples, as `tolist` gives them."""
    return [thawed(item) for item in cast(tuple[Any, ...], decision)] if isinstance(decision, tuple) else decision


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


class PathRecorder:
    """The tests of one path: the first decisions are given, the others are those of the example inputs."""

    def __init__(
        self,
        decisions: Sequence[Decision] = (),
        evaluator: Callable[[Mapping[Any, Any]], Evaluate] | None = None,
    ) -> None:
        """`evaluator` takes arrays of numpy for some values of the IR, and returns what evaluates others."""
        self.decisions = tuple(decisions)
        self.evaluator = evaluator
        self.tests: list[PathTest] = []
        self.values: list[Any] = []
        """For each test, the value of the frontend's tracer that was read."""
        self.eager_error: Exception | None = None
        """The error that the function raises for the example inputs without a trace."""
        self.raises: Exception | None = None
        """The error that the user's function is known to raise on this path."""

    def begin(self) -> None:
        """Forget an earlier trace: a frontend may trace a function several times."""
        self.tests.clear()
        self.values.clear()

    @contextmanager
    def eagerly(self) -> Generator[None, None, None]:
        """Note the error that a run of the function without a trace raises, and go on."""
        try:
            yield
        except Exception as error:
            self.eager_error = error

    def read(self, value: Any, what: str, line: str, example: Callable[[], Decision]) -> Decision:
        """Return what Python reads of `value`, now a test; `example` gives it for the example inputs."""
        i = len(self.tests)
        found = self.decisions[i] if i < len(self.decisions) else example()
        self.tests.append(PathTest(found, what, line))
        self.values.append(value)
        return found
