"""The call of the emitted `main`: state, weights and random numbers go in, and its results become the user's."""

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xdsl.dialects.builtin import ComplexType, IndexType, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from mlgraph.dialects.dtypes import i1
from mlgraph.dialects.stateful import Slot, read_slots, written_slots
from mlgraph.errors import DataDependentControlFlowError, InputError, MlgraphError
from mlgraph.frameworks import get
from mlgraph.frameworks.arrays import converted, is_writable
from mlgraph.frontend.program import TRACED, Memory, OutputKind, Program
from mlgraph.graph import trees
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.effects import StateSpec
from mlgraph.graph.paths import LeftPath, PathTests, RaisingPath
from mlgraph.graph.writes import Writes
from mlgraph.targets import randomness

_one_draw = threading.Lock()
"""The lock by which no two threads draw from the same state of a stream."""


class Returned(NamedTuple):
    """A placeholder among the output leaves for a stateful object of the call."""

    root: int


@dataclass(frozen=True)
class OutputTree:
    """The structure of the function's result, and its leaves, with `TRACED` for values that `main` computes."""

    spec: Any
    leaves: Sequence[Any]

    def rebuild(self, found: Mapping[int, Any], roots: Sequence[Any] = ()) -> Any:
        """Return the user's result from the computed leaves, given by index."""
        return trees.unflatten(self.spec, [self._leaf(i, leaf, found, roots) for i, leaf in enumerate(self.leaves)])

    def _leaf(self, i: int, leaf: Any, found: Mapping[int, Any], roots: Sequence[Any]) -> Any:
        if leaf is TRACED:
            return found[i]
        return roots[leaf.root] if isinstance(leaf, Returned) else leaf


@dataclass
class Effects:
    """The reads and writes of a program in the stateful objects of a call."""

    state: StateSpec
    left: Sequence[Any]
    """The new values: a slot for each that the program computes, or the value itself."""

    def held(self, slots: Sequence[Slot], roots: Sequence[Any]) -> dict[Slot, Any]:
        """Return the current values of these slots, then of those that the program overwrites without reading."""
        paths = {path.slot(self.state.names): path for path in (*self.state.reads, *self.state.overwritten)}
        return {slot: self.state.find(paths[slot], roots) for slot in dict.fromkeys((*slots, *paths))}

    def arrays(self, slots: Sequence[Slot], roots: Sequence[Any]) -> list[Any]:
        """Return the current values of slots."""
        held = self.held(slots, roots)
        return [held[slot] for slot in slots]

    def write(self, roots: Sequence[Any], values: Mapping[Slot, Any]) -> None:
        """Set the new values of slots in the objects of a call, except those that `Writes` wrote in place."""
        for path in self.state.overwritten:
            if not is_writable(self.state.find(path, roots)):
                path.steps[-1].set(path.owner(roots), values[path.slot(self.state.names)])
        self.state.write(roots, [values[leaf] if isinstance(leaf, Slot) else leaf for leaf in self.left])


@dataclass
class GraphState:
    """The state of a graph between calls."""

    params: dict[str, Any] = field(default_factory=dict[str, Any])
    """The weights by their `state_dict()` name, arrays of the target."""
    versions: dict[str, tuple[int, int | None]] = field(default_factory=dict[str, tuple[int, "int | None"]])
    """The identity and version of the source arrays that weights were made from and that variables hold."""
    random: Any = None
    """The random stream; None for the target's global one."""
    given: Any = None
    """The random stream of a single call, given as `rng`."""
    _origins: dict[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
    """The source array that each weight was made from, with its properties at that time."""

    def is_origin(self, name: str, array: Any) -> bool:
        """Return whether a weight was made from this array, with the properties that the array has now."""
        return name in self._origins and all(a is b or a == b for a, b in zip(self._origins[name], _facts(array)))

    def take(self, weights: Mapping[str, Any], placed: Mapping[str, Any]) -> None:
        """Adopt new weights of the source framework; `placed` holds them as arrays of the target."""
        self.params.update(placed)
        self._origins.update((name, _facts(a)) for name, a in weights.items())


def _facts(array: Any) -> tuple[Any, ...]:
    """Return the identity, shape, element type and, in torch, the address of an array: `weight.data = x` changes it."""
    place = array.data_ptr() if str(getattr(array, "layout", None)) == "torch.strided" else None
    return id(array), array, array.shape, array.dtype, place


class Executable:
    """The compiled program of one specialization.

    `passed` lists the indices of the input arrays that `main` takes. The results of `main` are those of the program,
    then the new values of slots; `outputs` says where each goes.
    """

    def __init__(
        self,
        *,
        to: str,
        main: Callable[..., Any],
        function: FuncOp,
        program: Program,
        tree: OutputTree,
        passed: Sequence[int],
        wide: bool,
        effects: Effects | None = None,
        outside: Mapping[str, Any] | None = None,
        first_tests: "Callable[[int], Executable] | None" = None,
    ) -> None:
        """`first_tests` returns a program that computes so many of the tests, and nothing that only results need."""
        self.first_tests = first_tests
        self.framework = get(to)
        self.main = main
        self.program = program
        self.tree = tree
        self.passed = passed
        self.effects = effects
        self.reads = list(read_slots(function).values())
        objects = {spec.target: spec for spec in program.outputs if spec.kind is OutputKind.OBJECT}
        own = (spec for spec in program.outputs if spec.kind is not OutputKind.OBJECT)
        self.outputs = (*own, *(objects[slot] for slot in written_slots(function).values()))
        self.leading = leading(function, len(passed) + len(self.reads))
        self.draws = [name for name in self.leading if name != "params"]
        """The arguments of `main` that are random streams."""
        arguments = function.body.block.args[len(self.leading) :]
        self.names = {position: argument.name_hint or "" for position, argument in zip(passed, arguments)}
        self.tests = PathTests(self.framework, program.tests, self.outputs)
        self.writes = Writes(to, program, self.outputs, self.names, outside or {})
        types = function.function_type.outputs.data
        self.numbers = {i: _python_type(t) for i, t in enumerate(types) if not isinstance(t, TensorType)}
        if not self.framework.has_tensor_sizes:
            self.numbers.clear()
        self.scope = self.framework.wide_types if wide else contextlib.nullcontext

    def place(self, array: Any) -> Any:
        """Return `array` as an array of the target on the program's device; one of the target is returned as it is."""
        if self.framework.is_array(array):
            return array
        with self.scope():
            return self.framework.place(converted(array, self.framework), self.program.device)

    def fast_entry(self, state: GraphState) -> Callable[..., Any]:
        """Return the cheapest callable from arrays to the user's result: `main` itself if it returns that result."""
        special = (
            self.writes_state
            or self.program.raises
            or self.effects
            or self.numbers
            or self.draws
            or self.writes.returned
        )
        if special or self.scope is not contextlib.nullcontext:
            return functools.partial(self.run, state)
        called = functools.partial(self.main, state.params) if self.leading else self.main
        if self.tests:
            return self._tested(called)
        if self._returns_result():
            return called
        tree, leaves = self.tree, [spec.target for spec in self.outputs]
        if len(leaves) == 1:
            return lambda *arrays: tree.rebuild({leaves[0]: called(*arrays)})
        return lambda *arrays: tree.rebuild(dict(zip(leaves, called(*arrays))))

    def _tested(self, called: Callable[..., Any]) -> Callable[..., Any]:
        """Return the callable from arrays to the user's result, which raises `LeftPath` where a test may fail."""
        check, single = self.tests.check, len(self.outputs) == 1
        leaves = [(i, spec.target) for i, spec in enumerate(self.outputs) if spec.kind is OutputKind.USER_OUTPUT]
        only = leaves[0][0] if self.tree.spec.is_leaf() and leaves else None

        def run(*arrays: Any) -> Any:
            try:
                results = called(*arrays)
            except MlgraphError:
                raise
            except Exception as error:  # the tests tell whether it is an error of another path
                raise LeftPath from error
            if single:
                results = (results,)
            check(results, 0)
            return results[only] if only is not None else self.tree.rebuild({leaf: results[i] for i, leaf in leaves})

        return run

    def _returns_result(self) -> bool:
        """Return whether the results of `main` are the user's result: one array, or a tuple of arrays in order."""
        count = len(self.outputs)
        in_order = [spec.target for spec in self.outputs] == list(range(len(self.tree.leaves)))
        spec = self.tree.spec
        several = spec.type is tuple and all(child.is_leaf() for child in spec.children()) and count > 1
        return in_order and (several or (spec.is_leaf() and count == 1))

    def call(self, params: Any, rng: Any, arrays: Sequence[Any], trusted: int = 0) -> list[Any]:
        """Return the results of `main`, scalars as Python numbers.

        Raise `OtherPath` where a test after the first `trusted` ones fails, and leave random streams as they were then;
        raise `RaisingPath` where the user's function raises an error.
        """
        streams = randomness.streams(self.framework, rng, self.draws, self.program.streams)
        if not self.tests and self.program.raises is None:
            return self._results({"params": params, **streams}, arrays)
        try:
            with self.tests.restoring(streams.values()):
                results = self._results({"params": params, **streams}, arrays)
                self.tests.check(results, trusted)
                if self.program.raises is not None:
                    raise RaisingPath(self.program.raises)
        except (LeftPath, DataDependentControlFlowError):
            raise
        except Exception:  # as of a matrix that is singular, for which the function takes another path
            self._check_one_by_one(params, rng, arrays, trusted)
            raise
        return results

    def _check_one_by_one(self, params: Any, rng: Any, arrays: Sequence[Any], trusted: int) -> None:
        """Raise `OtherPath` at the first test that fails, before what is computed only where it holds."""
        if self.first_tests is None:
            return
        given, held = arrays[: len(self.passed)], dict(zip(self.reads, arrays[len(self.passed) :]))
        for count in range(trusted + 1, len(self.program.tests) + 1):
            part = self.first_tests(count)
            part.call(params, rng, [*given, *(held[slot] for slot in part.reads)], trusted)

    def _results(self, given: Mapping[str, Any], arrays: Sequence[Any]) -> list[Any]:
        with self.scope():
            found = self.main(*(given[name] for name in self.leading), *arrays)
        results = [found] if len(self.outputs) == 1 else list(found)
        if self.framework.has_variables and self.writes_state:
            results = list(map(self.framework.settled, results))
        for i, number in self.numbers.items():
            results[i] = number(results[i])
        return results

    def run(self, state: GraphState, *arrays: Any) -> Any:
        """Return the user's result for the arrays that `main` takes, all of them arrays of the target."""
        return self._run(state, arrays, dict(zip(self.passed, arrays)), ())

    def run_call(self, state: GraphState, call: BoundCall, trusted: int = 0) -> Any:
        """Return the user's result for any call that fits: convert its arrays, and read and write its objects.

        Raise `OtherPath` or `RaisingPath` as `call` does, and write nothing then.
        """
        own, roots = call.arrays, call.roots
        given = {i: own[i] for i in self.passed}
        held = [] if self.effects is None else self.effects.arrays(self.reads, roots)
        with self.scope():
            arrays = [converted(array, self.framework) for array in (*given.values(), *held)]
        return self._run(state, arrays, given, roots, trusted)

    def _run(
        self,
        state: GraphState,
        arrays: Sequence[Any],
        given: Mapping[int, Any],
        roots: Sequence[Any],
        trusted: int = 0,
    ) -> Any:
        """Return the user's result; `given` holds the caller's arrays by index, `arrays` the arguments of `main`."""
        callers = {Memory("input", i): array for i, array in given.items()}
        if self.effects is not None:
            callers |= {Memory("object", slot): array for slot, array in self.effects.held(self.reads, roots).items()}
        self.writes.check(state.params, callers)
        stream = state.random
        try:
            results = self.call(state.params, self.draw(state), arrays, trusted)
        except LeftPath:
            state.random = stream
            raise
        owners = self.writes.write(state.params, results, arrays, callers)
        finals = self.writes.shared(results, owners)
        if self.effects is not None:
            self.effects.write(roots, self.of_kind(OutputKind.OBJECT, finals))
        return self.tree.rebuild(self.of_kind(OutputKind.USER_OUTPUT, finals), roots)

    def of_kind(self, kind: OutputKind, results: Sequence[Any]) -> dict[Any, Any]:
        """Return the results of one kind, by target."""
        return {spec.target: result for spec, result in zip(self.outputs, results) if spec.kind is kind}

    def draw(self, state: GraphState) -> Any:
        """Return the random stream of this call, and advance the graph's stream."""
        if state.given is not None:
            return randomness.checked(self.framework, state.given)
        if not self.draws or (state.random is None and self.framework.has_random_state):
            return None
        with _one_draw:
            stream = self.framework.source(None) if state.random is None else state.random
            rng, state.random = self.framework.step(stream, self.program.device)
        return rng

    @property
    def writes_state(self) -> bool:
        """Return whether `pure` returns new values of state beside the result."""
        return any(spec.kind not in (OutputKind.USER_OUTPUT, OutputKind.TEST) for spec in self.outputs)

    def pure(self, params: Any, rng: Any, call: BoundCall, trusted: int = 0) -> Any:
        """Return the user's result as a pure function, paired with the new values of state if there are any."""
        if rng is None and not self.framework.draws_without_stream and randomness.needed(self.draws):
            raise InputError("this function draws random numbers", fix="pass rng to apply")
        own, roots = call.arrays, call.roots
        given = [own[i] for i in self.passed]
        if self.effects is not None:
            given += self.effects.arrays(self.reads, roots)
        with self.scope():
            arrays = [converted(array, self.framework) for array in given]
        rng = rng if rng is None else randomness.checked(self.framework, rng)
        results = self.call(params, rng, arrays, trusted)
        result = self.tree.rebuild(self.of_kind(OutputKind.USER_OUTPUT, results), roots)
        if not self.writes_state:
            return result
        written = self.of_kind(OutputKind.BUFFER, results)
        written |= {self.names[i]: value for i, value in self.of_kind(OutputKind.INPUT, results).items()}
        written |= {str(slot): value for slot, value in self.of_kind(OutputKind.OBJECT, results).items()}
        return result, written


def leading(function: FuncOp, rest: int) -> list[str]:
    """Return the names of the arguments of `main` before the last `rest`, such as `rng` and `params`."""
    arguments = function.body.block.args
    return [argument.name_hint or "" for argument in arguments[: len(arguments) - rest]]


def _python_type(type: Attribute) -> Callable[[Any], Any]:
    """Return the Python class of numbers of a scalar type."""
    if isinstance(type, IndexType):
        return int
    return bool if type == i1 else complex if isinstance(type, ComplexType) else float
