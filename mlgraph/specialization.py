"""One captured and compiled version of a function, and the calls that it fits."""

# pyright: basic
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgraph.bound_call import BoundCall
from mlgraph.guards.base import Failure, Guard
from mlgraph.guards.codegen import Entry

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from mlgraph.executable import Executable, GraphState
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
    source: "Source"
    stages: "Mapping[str, ModuleOp]"
    seconds: dict[str, float]
    kernels: "Sequence[Kernel]" = ()
    """What runs chains of elementwise operations."""

    def failure(self, call: BoundCall) -> Failure | None:
        """Return the first guard's failure that `call` does not meet; None when it fits."""
        for guard in self.guards:
            if (text := guard.failure(call)) is not None:
                return Failure(guard.depth, text)
        return None

    def placed_parameters(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return the weights that are not `known` as arrays of the target; those of the target as they are."""
        return {name: self.executable.place(a) for name, a in self.parameters.items() if name not in known}

    @property
    def is_quick(self) -> bool:
        """Return whether the generated entry function may run this: calls with objects are taken apart first."""
        return self.executable.effects is None

    def entry(self, state: "GraphState") -> Entry:
        """Return what the generated entry function needs."""
        return Entry(self.guards, self.executable.entry(state), self.executable.passed)
