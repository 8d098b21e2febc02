"""One compiled version of a function, and the calls that it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgraph.frameworks import get
from mlgraph.frontend.control_flow.paths import Decision, PathTest
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.effects.access_path import AccessPath
from mlgraph.graph.guards.arguments import StaticGuard
from mlgraph.graph.guards.base import Guard, GuardFailure
from mlgraph.graph.guards.codegen import Entry
from mlgraph.graph.guards.objects import ObjectsGuard
from mlgraph.graph.guards.python import ArrayGuard
from mlgraph.graph.guards.torch_modules import ModulesGuard

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from mlgraph.graph.executable import Executable, GraphState
    from mlgraph.targets.callable import Source
    from mlgraph.targets.kernels import Kernel


@dataclass(frozen=True, kw_only=True)
class Specialization:
    """A compiled version of a function: its guards, its executable, and its IR after each stage."""

    call: BoundCall
    """The captured call, without its arrays."""
    guards: Sequence[Guard]
    """The conditions under which it is right, in the order in which they are tested."""
    parameters: Mapping[str, Any]
    """Weights by their `state_dict()` name, arrays of the source framework."""
    executable: "Executable"
    modules: ModulesGuard | None = None
    """The guard of the torch modules that the weights belong to."""
    source: "Source"
    stages: "Mapping[str, ModuleOp]"
    seconds: dict[str, float]
    kernels: "Sequence[Kernel]" = ()
    """The kernels that run chains of elementwise operations."""
    source_framework: str
    """The framework for which the function is written."""
    lifted: tuple[int, ...] = ()
    """The indices of leaves of a call that are floats and are passed as arrays."""
    numbers: frozenset[AccessPath] = frozenset()
    """The access paths of such numbers in stateful objects."""
    reached: tuple[tuple[str, Any], ...] = ()
    """The objects that the function writes to without being given them, with a Python expression for each."""

    def failure(self, call: BoundCall) -> GuardFailure | None:
        """Return the failure of the first guard that `call` does not meet; None if the call fits."""
        call = self.completed(call)
        if call.lifted != self.lifted:
            return GuardFailure(StaticGuard.depth, "an argument is no float any more")
        for guard in self.guards:
            if (text := guard.failure(call)) is not None:
                return GuardFailure(guard.depth, text)
        return None

    def completed(self, call: BoundCall) -> BoundCall:
        """Return a call with the objects that the program reaches, and with lifted numbers as arrays."""
        return call.reaching(self.reached).lifting(self.lifted, self.numbers, self.source_framework)

    def lifting(self, call: BoundCall) -> BoundCall | None:
        """Return the call with Python numbers lifted to arrays if only they keep it from fitting, else None."""
        mine = self.completed(call)
        if len(mine.leaves) != len(self.call.leaves) or not get(self.source_framework).has_weak_numbers:
            return None
        leaves, places = list(self.lifted), set(self.numbers)
        for guard in self.guards:
            if guard.failure(mine) is None:
                continue
            if isinstance(guard, StaticGuard) and guard.is_other_float(mine):
                leaves.append(guard.leaf)
            elif isinstance(guard, ObjectsGuard) and (found := guard.other_numbers(mine)):
                places |= found
            else:
                return None
        if len(leaves) == len(self.lifted) and len(places) == len(self.numbers):
            return None
        return call.reaching(self.reached).lifting(leaves, frozenset(places), self.source_framework)

    @property
    def tests(self) -> Sequence[PathTest]:
        """Return what the program finds in values on the one path that it is for; empty if there is no other."""
        return self.executable.program.tests

    def agrees(self, decisions: Sequence[Decision]) -> bool:
        """Return whether a call of these decisions, the first ones of its path, may take the path of this program."""
        return all(test.holds(found) for test, found in zip(self.tests, decisions))

    def run(self, state: "GraphState", call: BoundCall, trusted: int = 0) -> Any:
        """Return the user's result for a call that fits; raise `OtherPath` as `Executable.run_call` does."""
        return self.executable.run_call(state, self.completed(call), trusted)

    def pure(self, params: Any, rng: Any, call: BoundCall, trusted: int = 0) -> Any:
        """Return the result of `Executable.pure` for a call that fits; raise `OtherPath` as it does."""
        return self.executable.pure(params, rng, self.completed(call), trusted)

    def weights(self) -> dict[str, Any]:
        """Return the current weights of the function by `state_dict()` name, as arrays of the source framework."""
        modules = self.modules
        return {n: a if modules is None else modules.weight(n, a) for n, a in self.parameters.items()}

    def new_weights(self, state: "GraphState") -> dict[str, Any]:
        """Return the weights that `state` lacks or has from another array, as arrays of the source framework."""
        found = self.weights()
        if self.modules is None:
            return {name: array for name, array in found.items() if name not in state.params}
        return {n: a for n, a in found.items() if n not in state.params or not state.is_origin(n, a)}

    def placed(self, weights: Mapping[str, Any]) -> dict[str, Any]:
        """Return weights as arrays of the target; arrays of the target are returned as they are."""
        return {name: self.executable.place(array) for name, array in weights.items()}

    def versions(self) -> dict[str, tuple[int, int | None]]:
        """Return the id and the version of each weight that an `ArrayGuard` watches."""
        watched = {id(guard.array): guard.version for guard in self.guards if isinstance(guard, ArrayGuard)}
        return {name: (id(a), watched[id(a)]) for name, a in self.parameters.items() if id(a) in watched}

    @property
    def is_quick(self) -> bool:
        """Return whether the generated entry function may run this directly; calls with objects are flattened first."""
        return self.executable.effects is None and not self.lifted

    def entry(self, state: "GraphState") -> Entry:
        """Return the guards and the callable for the generated entry function."""
        return Entry(self.guards, self.executable.fast_entry(state), self.executable.passed, bool(self.tests))
