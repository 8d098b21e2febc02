"""The tests of a captured path, compared in each call before anything is written."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frameworks import Framework
from mlgraph.frontend.control_flow.paths import Decision, PathTest, decision_of
from mlgraph.frontend.program import OutputKind, OutputSpec


class LeftPath(Exception):
    """A program is given up before it writes anything, for a call that its path is not known to be right for."""


class OtherPath(LeftPath):
    """A call takes another path than the program that ran for it: it was given up before it wrote anything."""

    def __init__(self, decisions: Sequence[Decision], test: PathTest) -> None:
        super().__init__(str(test))
        self.decisions = tuple(decisions)
        """The decisions of the call, up to the first that differs."""
        self.test = test
        """The test of the program that found another value."""


class RaisingPath(LeftPath):
    """The user's function raises an error on the path that a call takes."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
        """The error that the trace raised."""


@dataclass(frozen=True)
class Path:
    """One captured path through a function: what Python read of values, in order."""

    tests: tuple[PathTest, ...]
    raises: Exception | None = None
    """The error that the function raises at its end."""

    def __str__(self) -> str:
        lines = [str(test) for test in self.tests]
        if self.raises is not None:
            lines.append(f"raises {type(self.raises).__name__}: {self.raises}")
        return "\n".join(lines)


class PathTests:
    """The tests among the results of one program."""

    def __init__(self, framework: Framework, tests: Sequence[PathTest], outputs: Sequence[OutputSpec]) -> None:
        self.framework = framework
        places = [i for i, spec in enumerate(outputs) if spec.kind is OutputKind.TEST]
        self.tests = list(zip(tests, places, strict=True))

    def __bool__(self) -> bool:
        return bool(self.tests)

    def check(self, results: Sequence[Any], trusted: int) -> None:
        """Raise `OtherPath` at the first test that found another value.

        The first `trusted` ones hold: another program computed them for this call, and may have rounded otherwise.
        """
        for number, (test, i) in enumerate(self.tests[trusted:], trusted):
            found = self._read(results[i], test)
            if not test.holds(found):
                raise OtherPath([*(test.decision for test, _ in self.tests[:number]), found], test)

    def _read(self, value: Any, test: PathTest) -> Decision:
        if type(value) in (bool, int, float, complex):
            return value
        try:
            if type(test.decision) in (bool, int) and hasattr(value, "item"):
                return value.item()
            return decision_of(self.framework.as_numpy(value))
        except Exception as error:
            raise DataDependentControlFlowError(
                f"the graph must know whether {test}, and the array is traced by {self.framework.name}",
                why="the function takes other paths for other values",
                fix="call the graph outside of jit, vmap and their kin, or compile it with return_backend_compiled_fn",
            ) from error

    @contextmanager
    def restoring(self, streams: Iterable[Any]) -> Generator[None]:
        """Restore the state of random streams where the program is given up, or fails on a path that is not its own."""
        restore: list[Callable[[], None]] = [self.framework.stream_keeper(stream) for stream in streams]
        try:
            yield
        except Exception:
            for one in restore:
                one()
            raise
