"""`while` and `for` whose end is known only when the graph runs."""

from collections.abc import Callable, Sequence
from typing import Any

from mlgraph.frontend.control_flow.base import ControlFlow, LeafMismatch, active
from mlgraph.frontend.control_flow.branches import TracedIf, merge
from mlgraph.frontend.control_flow.iteration import Iterated, iterated
from mlgraph.frontend.control_flow.state import Again, MismatchError, Snapshot, State, mismatch
from mlgraph.frontend.control_flow.truth import and_, is_traced, not_
from mlgraph.frontend.control_flow.variables import Variable, named, variables_of
from mlgraph.frontend.locations import current_line


def while_stmt(
    test: Callable[[], Any], step: Callable[[], Any], names: Sequence[str], scratch: Sequence[str], flag: str | None
) -> None:
    """Run `step` while `test` holds, until the variable `flag` is true.

    `names` are the variables that a step assigns and that are read after it, `scratch` those that are not.
    """
    stop = _flag(flag, step)

    def condition() -> Any:
        return and_(not_(stop.get()), lambda: test()) if stop else test()

    while True:
        holds = condition()
        if is_traced(holds):
            variables = named(names, [step, test])
            _TracedLoop(active(), variables, [step, test], scratch).while_(holds, lambda: step(), condition)
            return
        if not holds:
            return
        step()


def for_stmt(
    values: Any, step: Callable[[Any], Any], names: Sequence[str], scratch: Sequence[str], flag: str | None
) -> None:
    """Run `step` on each of `values`, until the variable `flag` is true."""
    stop = _flag(flag, step)
    traced = iterated(values)
    if traced is not None and (stop is None or stop.get() is False):
        if _for_traced(traced, 0, step, names, scratch, stop, may_unroll=type(values) is not Iterated):
            return
    iterator, count = iter(values), 0
    for value in iterator:
        step(value)
        count += 1
        if stop is not None and is_traced(stop.get()):
            if type(values) is range:
                rest = Iterated.of_range(values)
                if _for_traced(rest, count, step, names, scratch, stop, may_unroll=True):
                    return
            for value in iterator:
                _unless(stop, step, value, names, scratch)
            return
        if stop is not None and stop.get():
            return


def _flag(name: str | None, step: Any) -> Variable | None:
    return None if name is None else variables_of([step])[name]


def _unless(stop: Variable, step: Any, value: Any, names: Sequence[str], scratch: Sequence[str]) -> None:
    """Run a step unless the loop has ended before."""
    holds = stop.get()
    if is_traced(holds):
        flow: Any = active()
        TracedIf(flow, holds, lambda: None, lambda: step(value), named(names, [step]), [step], scratch).run()
    elif not holds:
        step(value)


def _for_traced(
    values: Iterated,
    start: int,
    step: Any,
    names: Sequence[str],
    scratch: Sequence[str],
    stop: Variable | None,
    may_unroll: bool = False,
) -> bool:
    """Run a loop of the graph; return False if its state has no one type and the loop may be unrolled instead."""
    counter = _Counter(start)
    variables = named(names, [step])
    loop = _TracedLoop(active(), variables if stop is None else [counter, *variables], [step], scratch)
    try:
        if stop is None:
            loop.scan(values.length(), lambda i: step(values.item(i)))
        else:
            _until(loop, values, counter, step, stop)
    except MismatchError:
        if not may_unroll:
            raise
        loop.restore()
        return False
    return True


def _until(loop: "_TracedLoop", values: Iterated, counter: "_Counter", step: Any, stop: Variable) -> None:
    """Run the steps of a loop until the variable `stop` is true."""
    length = values.length()

    def one() -> None:
        step(values.item(counter.value))
        counter.value = counter.value + 1

    def more() -> Any:
        return and_(not_(stop.get()), lambda: counter.value < length)

    first = more()
    if is_traced(first) or first:
        loop.while_(first, one, more)


class _Counter:
    """The number of steps, which takes the part of a variable."""

    name, is_internal = "the counter", True

    def __init__(self, value: Any) -> None:
        self.value = value

    def get(self) -> Any:
        return self.value

    def set(self, value: Any) -> None:
        self.value = value


class _TracedLoop:
    """One loop that the graph runs."""

    def __init__(self, flow: Any, variables: Sequence[Any], functions: Sequence[Any], scratch: Sequence[str]) -> None:
        self._flow: ControlFlow = flow
        self._state = State(flow, variables, functions, scratch)
        self._state.fixed = {i for i, value in enumerate(self._state.before) if flow.is_mutable(value)}
        self._first = self._last = Snapshot()
        self._where = current_line()

    def restore(self) -> None:
        """Return to the values before the loop."""
        self._state.restore()

    def while_(self, holds: Any, step: Callable[[], Any], condition: Callable[[], Any]) -> None:
        """Run `step` while `holds`, which each step computes again by `condition`."""

        def body(leaves: list[Any]) -> list[Any]:
            self._put(leaves[1:])
            step()
            more = condition()
            return [more, *self._leaves()]

        def build(initial: list[Any]) -> list[Any]:
            found = self._flow.while_(lambda leaves: leaves[0], body, [holds, *initial])
            return found[1:]

        self._run(build, 1)

    def scan(self, length: Any, step: Callable[[Any], Any]) -> None:
        """Run `step` for each number below `length`."""

        def body(i: Any, leaves: list[Any]) -> tuple[list[Any], list[Any]]:
            self._put(leaves)
            step(i)
            return self._leaves(), []

        self._run(lambda initial: self._flow.scan(length, body, initial)[0], 0)

    def _run(self, build: Callable[[list[Any]], list[Any]], offset: int) -> None:
        while True:
            try:
                self._state.restore()
                self._first = self._state.take()
                results = build(self._first.leaves)
                break
            except Again:
                continue
            except LeafMismatch as error:
                name = self._first.owner(error.index - offset)
                raise mismatch(name, error.first, error.second, self._where, loop=True) from error
        self._state.restore()
        merged = [merge(self._flow, *each) for each in zip(self._first.leaves, self._last.leaves, results)]
        self._state.put(self._first.structures, merged)

    def _put(self, leaves: Sequence[Any]) -> None:
        self._state.restore()
        self._state.put(self._first.structures, leaves)

    def _leaves(self) -> list[Any]:
        """Return the state after a step, whose structure is that before it."""
        state = self._state
        moved = {i for i in state.fixed if state.variables[i].get() is not state.before[i]}
        state.fixed -= moved
        if state.note_changes() or moved:
            raise Again
        self._last = state.take()
        for i, (a, b) in enumerate(zip(self._first.structures, self._last.structures)):
            inner = [each.parts[1] if each.kind == "flagged" else each for each in (a, b)]
            if a.fits(b):
                continue
            if i < len(state.variables) and i not in state.expected and _was_unbound(state, i):
                state.expected[i] = inner[1]
                raise Again
            raise mismatch(self._first.names[i], inner[0].text(), inner[1].text(), self._where, loop=True)
        return self._last.leaves


def _was_unbound(state: State, i: int) -> bool:
    return repr(state.before[i]) == "undefined"
