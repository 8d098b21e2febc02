"""Runs `main`: gives it what it needs beside the inputs, and makes the user's result of what it returns."""

# pyright: basic
import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import ComplexType, IndexType, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from mlgraph.call import Call
from mlgraph.dialects.dtypes import i1
from mlgraph.dialects.stateful import Slot, read_slots, written_slots
from mlgraph.errors import InputError
from mlgraph.frontend.program import Program, Result
from mlgraph.specialisation import Outputs
from mlgraph.state import State
from mlgraph.targets import randomness
from mlgraph.targets.arrays import convert, overwrite, share_memory, wide_types


@dataclass
class Effects:
    """What a program does with the stateful objects of a call."""

    state: State
    left: Sequence[Any]
    """The values that it leaves behind: the slot where the program computes it, or the value itself."""

    def arrays(self, slots: Sequence[Slot], roots: Sequence[Any]) -> list[Any]:
        """What slots hold now."""
        places = {place.slot(self.state.names): place for place in self.state.reads}
        return [places[slot].find(roots) for slot in slots]

    def write(self, roots: Sequence[Any], values: Mapping[Slot, Any]) -> None:
        """Leave the new values of slots in the objects of a call."""
        for place in self.state.overwritten:
            overwrite(place.find(roots), values[place.slot(self.state.names)])
        self.state.write(roots, [values[leaf] if isinstance(leaf, Slot) else leaf for leaf in self.left])


class Runner:
    """Calls `main` as the program of one specialisation demands.

    `passed` are the numbers of the input arrays that `main` takes. Results of `main` are the program's own, then the
    new values of slots.
    """

    def __init__(
        self,
        graph: Any,
        main: Callable[..., Any],
        function: FuncOp,
        program: Program,
        outputs: Outputs,
        passed: Sequence[int],
        wide: bool,
        effects: Effects | None = None,
    ) -> None:
        self.graph = graph
        self.main = main
        self.program = program
        self.outputs = outputs
        self.passed = passed
        self.to = graph.to
        self.effects = effects
        self.reads = list(read_slots(function).values())
        self.written = {slot: i for i, slot in written_slots(function).items()}
        self.leading = leading(function, len(passed) + len(self.reads))
        arguments = function.body.block.args[len(self.leading) :]
        self.names = {position: argument.name_hint or "" for position, argument in zip(passed, arguments)}
        types = function.function_type.outputs.data
        self.results = len(types)
        self.numbers = {i: _python_type(t) for i, t in enumerate(types) if not isinstance(t, TensorType)}
        if self.to != "tensorflow":
            self.numbers.clear()
        self.scope = wide_types if wide else contextlib.nullcontext

    def choose(self) -> Callable[..., Any]:
        """The shortest way from arrays to the user's result: `main` itself where its results are the user's."""
        writes = self.program.writes or self.program.input_writes or self.effects
        if writes or self.numbers or "rng" in self.leading or self.scope is not contextlib.nullcontext:
            return self.run
        called = functools.partial(self.main, self.graph.params) if self.leading else self.main
        if self._returns_result():
            return called
        rebuild = self.outputs.rebuild
        if self.results == 1:
            return lambda *arrays: rebuild((called(*arrays),))
        return lambda *arrays: rebuild(called(*arrays))

    def _returns_result(self) -> bool:
        """Whether `main` returns just what the user's function did: one array, or a tuple of arrays in order."""
        if self.outputs.leaves != [Result(i) for i in range(self.results)]:
            return False
        spec = self.outputs.spec
        several = spec.type is tuple and all(child.is_leaf() for child in spec.children()) and self.results > 1
        return several or (spec.is_leaf() and self.results == 1)

    def call(self, params: Any, rng: Any, arrays: Sequence[Any]) -> list[Any]:
        """The results of `main`, numbers as Python has them."""
        given = {"params": params, "rng": rng}
        with self.scope():
            found = self.main(*(given[name] for name in self.leading), *arrays)
        results = [found] if self.results == 1 else list(found)
        for i, number in self.numbers.items():
            results[i] = number(results[i])
        return results

    def run(self, *arrays: Any) -> Any:
        """The user's result from the arrays that `main` takes, all of the target."""
        return self._run(arrays, dict(zip(self.passed, arrays)), ())

    def run_call(self, call: Call) -> Any:
        """The user's result of any call that fits: its arrays are converted, its objects read and written."""
        own, roots = call.arrays, call.roots
        given = {i: own[i] for i in self.passed}
        held = [] if self.effects is None else self.effects.arrays(self.reads, roots)
        with self.scope():
            arrays = [convert(array, self.to) for array in (*given.values(), *held)]
        return self._run(arrays, given, roots)

    def _run(self, arrays: Sequence[Any], given: Mapping[int, Any], roots: Sequence[Any]) -> Any:
        """`given` are the caller's own arrays by their number, `arrays` what `main` takes."""
        check_separate(given, [i for i, _ in self.program.input_writes])
        results = self.call(self.graph.params, self.draw(), arrays)
        self.keep(results)
        for position, index in self.program.input_writes:
            overwrite(given[position], results[index])
        if self.effects is not None:
            self.effects.write(roots, {slot: results[i] for slot, i in self.written.items()})
        return self.outputs.rebuild(results, roots)

    def draw(self) -> Any:
        """What this call draws random numbers from."""
        if "rng" not in self.leading:
            return None
        graph = self.graph
        stream = randomness.source(self.to, None) if graph.random is None else graph.random
        rng, graph.random = randomness.step(self.to, stream, self.program.device)
        return rng

    def keep(self, results: Sequence[Any]) -> None:
        """Write the new values of buffers, in place where the framework can, so that the module sees them."""
        params = self.graph.params
        for name, index in self.program.writes:
            if self.to == "torch":
                import torch

                with torch.no_grad():
                    params[name].copy_(results[index])
            else:
                params[name] = results[index]

    @property
    def writes_state(self) -> bool:
        """Whether `pure` gives new values of state beside the result."""
        return bool(self.program.writes or self.program.input_writes or self.written)

    def pure(self, params: Any, rng: Any, call: Call) -> Any:
        """The user's result from all that it depends on; the new values of state with it, where there are such."""
        if rng is None and "rng" in self.leading and self.to != "torch":
            raise InputError("this function draws random numbers", fix="pass rng to apply")
        own, roots = call.arrays, call.roots
        given = [own[i] for i in self.passed]
        if self.effects is not None:
            given += self.effects.arrays(self.reads, roots)
        with self.scope():
            arrays = [convert(array, self.to) for array in given]
        results = self.call(params, rng, arrays)
        result = self.outputs.rebuild(results, roots)
        written = {name: results[index] for name, index in self.program.writes}
        written |= {self.names[position]: results[index] for position, index in self.program.input_writes}
        written |= {str(slot): results[index] for slot, index in self.written.items()}
        return (result, written) if written else result


def leading(function: FuncOp, rest: int) -> list[str]:
    """The names of the arguments of `main` before the last `rest`: `rng`, `params`."""
    arguments = function.body.block.args
    return [argument.name_hint or "" for argument in arguments[: len(arguments) - rest]]


def _python_type(type: Attribute) -> Callable[[Any], Any]:
    """Python's number of a scalar type."""
    if isinstance(type, IndexType):
        return int
    return bool if type == i1 else complex if isinstance(type, ComplexType) else float


def check_separate(arrays: Mapping[int, Any], written: Sequence[int]) -> None:
    """Refuse a call that writes into an array which another argument shares: `main` would not see the write there."""
    for i in written:
        for j, other in arrays.items():
            if j != i and share_memory(arrays[i], other):
                raise InputError(
                    "two arguments share memory, and the function writes into one of them",
                    fix="pass a copy of one of them",
                )
