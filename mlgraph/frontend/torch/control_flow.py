"""Control flow on values for traces of torch: the regions are traced one after the other into one flat graph.

Markers show where regions begin and end (`markers.py`); the importer makes operations with regions of them. A write in
a region into a tensor from outside is undone at its end, and the new value is a result of the region, which is written
after it.
"""

import builtins
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import statically_known_true

from mlgraph.frontend.control_flow.base import NO_VALUE, ControlFlow, LeafMismatch
from mlgraph.frontend.torch import leaves, markers
from mlgraph.frontend.torch._private import SYMBOLIC, check, sym_ite, sym_max
from mlgraph.frontend.torch.importer import symbols_of
from mlgraph.frontend.torch.leaves import LeafType, as_leaf, as_tensor, describe, joined, truth
from mlgraph.frontend.torch.loop_state import LoopState
from mlgraph.frontend.torch.region_writes import Outside, RegionTrace, overwrite


class TorchControlFlow(ControlFlow):
    """The control flow of one trace by `torch.export`."""

    def is_traced(self, value: object) -> bool:
        return leaves.is_traced(value)

    def is_array(self, value: object) -> bool:
        return isinstance(value, Tensor | torch.SymInt | torch.SymFloat | torch.SymBool)

    def is_mutable(self, value: object) -> bool:
        return isinstance(value, Tensor)

    def is_same(self, first: object, second: object) -> bool:
        return first is second or leaves.is_same_number(first, second)

    def number(self, value: Any, kind: type) -> Any:
        if kind is bool:
            return truth(value).item()
        if isinstance(value, Tensor):
            if statically_known_true(value.numel() != 1):
                raise RuntimeError(f"a Tensor with {value.numel()} elements cannot be converted to Scalar")
            value = value.item()
        if isinstance(value, torch.SymBool):
            value = sym_ite(value, 1, 0)
        return SYMBOLIC.get(kind, kind)(value)

    def not_(self, value: Any) -> Any:
        return torch.logical_not(truth(value)).item()

    def length(self, array: Any) -> Any:
        if array.dim() == 0:
            raise TypeError("len() of a 0-d tensor")
        return array.shape[0]

    def check(self, condition: Any, error: Exception) -> None:
        kind = next(each for each in type(error).__mro__ if getattr(builtins, each.__name__, None) is each)
        markers.check(truth(condition), kind.__name__, str(error.args[0]) if error.args else "")

    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        predicate = truth(condition)
        markers.branch(predicate)
        a = Branch.trace(then)
        markers.otherwise()
        b = Branch.trace(otherwise)
        written = {**a.written, **b.written}
        try:
            types: list[Any] = [_joined(i, *pair) for i, pair in enumerate(zip(a.leaves, b.leaves, strict=True))]
        except LeafMismatch:
            markers.abandon()
            raise
        kept = [i for i, type in enumerate(types) if type is not None and a.leaves[i] is not b.leaves[i]]
        dtypes = [types[i].dtype for i in kept] + [one.tensor.dtype for one in written.values()]
        values = [[*(x.tensors[i] for i in kept), *x.values(written, y)] for x, y in ((a, b), (b, a))]
        results = markers.join(predicate, *values, dtypes)
        for one, result in zip(written.values(), results[len(kept) :], strict=True):
            overwrite(one.tensor, result)
        merged = list(a.leaves)
        for i, result in zip(kept, results):
            merged[i] = as_leaf(result, types[i])
        return merged

    def while_(
        self, condition: Callable[[list[Any]], Any], body: Callable[[list[Any]], list[Any]], initial: Sequence[Any]
    ) -> list[Any]:
        state = LoopState.of(initial)
        while True:
            trace, given, free = RegionTrace(), state.initial(), state.free_sizes()
            entered, results = markers.loop(given, free), list[Tensor]()
            trace.begin()
            with abandoned_on_error(trace):
                predicate = truth(condition(state.enter(entered)))
                again = markers.step(predicate, entered, free)
                following = body(state.enter(again))
                better = state.better(following, [entered, again], trace)
                if better is None:
                    results = markers.repeat(entered, state.tensors(following, again), free)
            if better is None:
                return state.leave(results)
            trace.undo()
            markers.abandon()
            state = better

    def scan(
        self, length: Any, body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]], initial: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        state, length = LoopState.of(initial), sym_max(length, 0)
        following: list[Any] = []
        elements: list[Tensor] = []
        results: list[Tensor] = []
        while not state.free:
            trace, given = RegionTrace(), state.initial()
            number, *entered = markers.scan(length, torch.scalar_tensor(0, dtype=torch.int64), given)
            trace.begin()
            with abandoned_on_error(trace):
                i = step_number(number, length)
                known = {*i.node.shape_env.var_to_range} - i.node.expr.free_symbols
                following, values = body(i, state.enter(entered))
                better = state.better(following, [entered], trace)
                elements = [_element(len(initial) + j, value, known) for j, value in enumerate(values)]
                if better is None:
                    results = markers.stack(length, entered, state.tensors(following, entered), elements)
            if better is None:
                return state.leave(results[: len(given)]), list(results[len(given) :])
            trace.undo()
            markers.abandon()
            state = better
        if elements:
            i, _ = min(state.free)
            raise LeafMismatch(i, describe(initial[i]), describe(following[i]))
        return self._counted(length, body, initial), []

    def _counted(self, length: Any, body: Callable[..., Any], initial: Sequence[Any]) -> list[Any]:
        """Return the carry after `length` steps that change its sizes."""

        def more(leaves: list[Any]) -> Any:
            return leaves[0] < length

        def step(leaves: list[Any]) -> list[Any]:
            return [leaves[0] + 1, *body(leaves[0], leaves[1:])[0]]

        return self.while_(more, step, [0, *initial])[1:]


def step_number(number: Tensor, length: Any) -> Any:
    """Return the number of a step as Python counts it, which torch is told to be below `length`."""
    i = number.item()
    check(i >= 0)
    check(i < length)
    return i


def _element(index: int, value: Any, known: Collection[Any]) -> Tensor:
    """Return what a step adds to a stack. Raise `LeafMismatch` where its sizes are not `known` before the loop."""
    if value is NO_VALUE:
        raise LeafMismatch(index, "no value", "a tensor")
    x = as_tensor(value)
    if any(not symbols_of(n) <= {*known} for n in x.shape):
        raise LeafMismatch(index, describe(x), "other sizes in each step")
    return x


@dataclass(frozen=True)
class Branch:
    """A branch that was traced; what it wrote outside is undone."""

    leaves: list[Any]
    tensors: list[Tensor | None]
    written: dict[int, Outside]
    before: dict[int, Tensor]
    """The values of the tensors that it writes into, before it."""
    after: dict[int, Tensor]
    """Their values after it."""

    @classmethod
    def trace(cls, function: Callable[[], list[Any]]) -> "Branch":
        trace = RegionTrace()
        with abandoned_on_error(trace):
            found = function()
            tensors = [None if leaf is NO_VALUE else as_tensor(leaf) for leaf in found]
            written = trace.written()
            after = {storage: markers.hold(one.tensor) for storage, one in written.items()}
        return cls(found, tensors, written, trace.undo(), after)

    def values(self, written: dict[int, Outside], other: "Branch") -> list[Tensor]:
        """Return the values after the branch of tensors that it or the other writes into."""
        return [self.after[s] if s in self.after else other.before[s] for s in written]


@contextmanager
def abandoned_on_error(trace: RegionTrace) -> Generator[None]:
    """Take the region that is traced inside out of the program where an exception leaves it."""
    try:
        yield
    except BaseException:
        trace.undo()
        markers.abandon()
        raise


def _joined(index: int, a: Any, b: Any) -> LeafType | None:
    try:
        return joined(LeafType.of(a), LeafType.of(b))
    except TypeError:
        raise LeafMismatch(index, describe(a), describe(b)) from None
