"""One captured and compiled version of a function, and the calls that it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgraph.frameworks import get
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
    """A compiled version: what it demands of a call, how to run one, and what each stage made of it."""

    call: BoundCall
    """The call that was captured, without its arrays."""
    guards: Sequence[Guard]
    """The conditions under which it is right, those that decide first at the front."""
    parameters: Mapping[str, Any]
    """Weights by their `state_dict()` name, arrays of the source framework."""
    executable: "Executable"
    modules: ModulesGuard | None = None
    """The guard of the torch modules that the weights belong to."""
    source: "Source"
    stages: "Mapping[str, ModuleOp]"
    seconds: dict[str, float]
    kernels: "Sequence[Kernel]" = ()
    """What runs chains of elementwise operations."""
    source_framework: str
    """The framework that the function is written for."""
    lifted: tuple[int, ...] = ()
    """The leaves of a call that are floats and are passed as arrays."""
    numbers: frozenset[AccessPath] = frozenset()
    """The places in stateful objects that hold such numbers."""
    reached: tuple[tuple[str, Any], ...] = ()
    """The objects that it writes to without being given them, under the Python that reaches them."""

    def failure(self, call: BoundCall) -> GuardFailure | None:
        """Return the first guard's failure that `call` does not meet; None when it fits."""
        call = self.completed(call)
        if call.lifted != self.lifted:
            return GuardFailure(StaticGuard.depth, "an argument is no float any more")
        for guard in self.guards:
            if (text := guard.failure(call)) is not None:
                return GuardFailure(guard.depth, text)
        return None

    def completed(self, call: BoundCall) -> BoundCall:
        """Return a call with what the program takes beside its arguments, and numbers as arrays."""
        return call.reaching(self.reached).lifting(self.lifted, self.numbers, self.source_framework)

    def lifting(self, call: BoundCall) -> BoundCall | None:
        """Return a call that misses by nothing but Python numbers with these as arrays; None for any other."""
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

    def run(self, state: "GraphState", call: BoundCall) -> Any:
        """Return the user's result of a call that fits."""
        return self.executable.run_call(state, self.completed(call))

    def pure(self, params: Any, rng: Any, call: BoundCall) -> Any:
        """Return the result of `Executable.pure` for a call that fits."""
        return self.executable.pure(params, rng, self.completed(call))

    def weights(self) -> dict[str, Any]:
        """Return the weights that the function has now by their `state_dict()` name, arrays of the source framework."""
        modules = self.modules
        return {n: a if modules is None else modules.weight(n, a) for n, a in self.parameters.items()}

    def new_weights(self, state: "GraphState") -> dict[str, Any]:
        """Return the weights that `state` has not yet, or has another one of, as arrays of the source framework."""
        found = self.weights()
        if self.modules is None:
            return {name: array for name, array in found.items() if name not in state.params}
        return {n: a for n, a in found.items() if n not in state.params or not state.is_origin(n, a)}

    def placed(self, weights: Mapping[str, Any]) -> dict[str, Any]:
        """Return weights as arrays of the target; those of the target as they are."""
        return {name: self.executable.place(array) for name, array in weights.items()}

    def versions(self) -> dict[str, tuple[int, int | None]]:
        """Return the identity and the version of each weight that a guard watches as an array."""
        watched = {id(guard.array): guard.version for guard in self.guards if isinstance(guard, ArrayGuard)}
        return {name: (id(a), watched[id(a)]) for name, a in self.parameters.items() if id(a) in watched}

    @property
    def is_quick(self) -> bool:
        """Return whether the generated entry function may run this: calls with objects are taken apart first."""
        return self.executable.effects is None and not self.lifted

    def entry(self, state: "GraphState") -> Entry:
        """Return what the generated entry function needs."""
        return Entry(self.guards, self.executable.fast_entry(state), self.executable.passed)
