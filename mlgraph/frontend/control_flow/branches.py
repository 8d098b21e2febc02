"""`if` on values that are known only when the graph runs."""

import traceback
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from mlgraph.errors import DataDependentControlFlowError, MlgraphError
from mlgraph.frontend.control_flow.base import ControlFlow, LeafMismatch, active
from mlgraph.frontend.control_flow.state import Again, Snapshot, State, mismatch
from mlgraph.frontend.control_flow.variables import named
from mlgraph.frontend.locations import current_line, is_library


def if_stmt(
    test: Any,
    then: Callable[[], Any],
    otherwise: Callable[[], Any] | None,
    names: Sequence[str],
    scratch: Sequence[str],
) -> None:
    """Run the block that `test` chooses.

    `names` are the variables that the blocks assign and that are read after them, `scratch` those that are not.
    """
    flow = active()
    if flow is not None and flow.is_traced(test):
        functions = [then] if otherwise is None else [then, otherwise]
        TracedIf(flow, test, then, otherwise or _nothing, named(names, functions), functions, scratch).run()
    elif test:
        then()
    elif otherwise is not None:
        otherwise()


MAX_DEPTH = 50
"""The most `if` on values inside of one another; a function that calls itself until values say stop has no end."""
_depth: ContextVar[int] = ContextVar("depth", default=0)


def too_deep(where: str) -> DataDependentControlFlowError:
    """Return the error for a recursion that values end."""
    return DataDependentControlFlowError(
        f"{MAX_DEPTH} `if` on values are inside of one another",
        where=where,
        why="a function that calls itself until a value says stop calls itself without end while it is traced",
        fix="write the recursion as a loop",
    )


def _nothing() -> None:
    """Do nothing, as the `else` of an `if` without one."""


class TracedIf:
    """One `if` whose condition is traced."""

    def __init__(
        self,
        flow: ControlFlow,
        condition: Any,
        then: Callable[[], Any],
        otherwise: Callable[[], Any],
        variables: Sequence[Any],
        functions: Sequence[Any],
        scratch: Sequence[str] = (),
    ) -> None:
        """`functions` are those in whose closures the variables and objects are that the blocks may change."""
        self._flow, self._condition = flow, condition
        self._blocks = then, otherwise
        self._state = State(flow, variables, functions, scratch)
        self._found: list[Snapshot] = []
        self._raised: dict[int, Exception] = {}
        self._where = current_line()

    def run(self) -> None:
        """Trace both blocks, and let the variables hold the values of the one that the graph chooses."""
        depth = _depth.get()
        if depth == MAX_DEPTH:
            raise too_deep(self._where)
        token = _depth.set(depth + 1)
        try:
            self._trace()
        finally:
            _depth.reset(token)

    def _trace(self) -> None:
        while True:
            try:
                self._found, self._raised = [Snapshot(), Snapshot()], {}
                results = self._flow.if_(self._condition, lambda: self._leaves(0), lambda: self._leaves(1))
                self._finish(results)
                return
            except Again:
                continue
            except LeafMismatch as error:
                name = self._found[0].owner(error.index)
                raise mismatch(name, error.first, error.second, self._where) from error
            except Exception as error:
                if error not in self._raised.values():
                    raise
                self._state.restore()
                return self._check()

    def _check(self) -> None:
        """Let the graph raise what a block raises, and go on with the other block."""
        ((which, error),) = self._raised.items()
        holds = self._condition if which else self._flow.not_(self._condition)
        self._flow.check(holds, error.with_traceback(None))
        self._blocks[1 - which]()

    def _leaves(self, which: int) -> list[Any]:
        """Run one block, and return the leaves of the state after it."""
        state = self._state
        state.restore()
        try:
            self._blocks[which]()
        except Exception as error:
            if is_raised_by_user(error):
                self._raised = {which: error}
            raise
        if state.note_changes() and which:
            raise Again
        self._found[which] = state.take()
        if which:
            self._check_structures()
        return self._found[which].leaves

    def _check_structures(self) -> None:
        """Raise where the structures of both paths differ; `Again` if a variable without a value takes the other's."""
        first, second = self._found
        for i, (a, b) in enumerate(zip(first.structures, second.structures)):
            if a.fits(b):
                continue
            inner = [each.parts[1] if each.kind == "flagged" else each for each in (a, b)]
            blank = [i < len(self._state.variables) and self._is_blank(each, i) for each in (first, second)]
            if blank[0] != blank[1]:
                self._state.expected[i] = inner[blank[0]]
                raise Again
            if "unbound" in (a.kind, b.kind) and i not in self._state.flagged:
                self._state.flagged.add(i)
                raise Again
            raise mismatch(first.names[i], inner[0].text(), inner[1].text(), self._where)

    def _is_blank(self, snapshot: Snapshot, i: int) -> bool:
        """Return whether a variable has no value in a snapshot."""
        start = sum(each.count for each in snapshot.structures[:i])
        leaves = snapshot.leaves[start : start + snapshot.structures[i].count]
        if snapshot.structures[i].kind == "flagged":
            leaves = leaves[1:]
        return bool(leaves) and all(type(leaf).__name__ == "_NoValue" for leaf in leaves)

    def _finish(self, results: Sequence[Any]) -> None:
        first, second = self._found
        merged = [merge(self._flow, *each) for each in zip(first.leaves, second.leaves, results)]
        self._state.restore()
        self._state.put(first.structures, merged)


def merge(flow: ControlFlow, first: Any, second: Any, result: Any) -> Any:
    """Return a result; what both paths give alike stays as it is."""
    if flow.is_same(first, second):
        return first
    alike = type(first) is type(second) and type(first) in (bool, int, float, complex)
    if alike and repr(first) == repr(second):  # a traced number says that it is one, but not its type
        return first
    return result


def is_raised_by_user(error: Exception) -> bool:
    """Return whether a statement of the user's raised an error, rather than a library or mlgraph."""
    if isinstance(error, MlgraphError | RecursionError | MemoryError):
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and not is_library(frames[-1].f_code.co_filename)
