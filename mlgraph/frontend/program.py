"""What a frontend is given and what it gives back: the contract between `frontend/*` and the compiler.

A frontend is a module with one function

    def capture(request: Request) -> Program

It calls `request.function(*arrays)`, a function from arrays of its framework to a list of leaves, under the framework's
own tracer, and raises the trace into `@main` of an ivy module. Arguments of `@main` are the input arrays in order;
results are the output leaves that are arrays or sizes, then the new values of buffers and inputs that the function
writes; an `OutputSpec` says of each where it goes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

Size: TypeAlias = int | str
"""A dimension of an input: fixed by capture, or free under a symbol (`"s0"`) or an expression of one (`"2*s0 + 1"`)."""


Adapt: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""From the user's function to one of the same meaning that a frontend can trace."""


@dataclass(frozen=True)
class Request:
    """What to capture."""

    function: Callable[..., list[Any]]
    """From the arrays to the output leaves. Calls the user's function once; every other argument is already bound.

    Where it takes a keyword argument `adapt`, an `Adapt`, it calls `adapt(function)` in the function's place.
    """
    arrays: Sequence[Any]
    """Arrays of the source framework: examples of the inputs."""
    names: Sequence[str]
    """A readable name for each array, as `x` or `batch_input_ids`."""
    target: Any = None
    """The user's object itself, in which modules with weights may be found."""
    named: Sequence[tuple[str, Any]] = ()
    """Modules with weights and arrays that the function may reach without being given them, under readable names."""
    generators: Sequence[tuple[str, Any, Callable[[], Any]]] = ()
    """Random generators that the function may draw from: a name, the generator, and what reads it again."""
    dynamic: bool = True
    """Whether dimensions may stay free."""
    include_generators: bool = True


@dataclass(frozen=True)
class Input:
    """What a specialization demands of one input array."""

    dtype: str
    """numpy's name of the element type."""
    shape: tuple[Size, ...]
    used: bool = True
    """Whether the program reads the array, or the function its sizes or its type: only then must a call match them."""
    weak: bool | None = None
    """Whether jax took the type from a Python number and lets it give way to others; None where that is no matter."""
    device: str | None = None
    """torch's name of the device; None where that is no matter, as for a target that has one alone."""


class Memory(NamedTuple):
    """Memory that exists before a call (of an input or a parameter), or that an earlier output leaf holds."""

    kind: Literal["input", "parameter", "output"]
    key: int | str
    """The input's number, the parameter's name, or the number of the output leaf."""


class OutputKind(Enum):
    """Where a result of `@main` goes, as in the signature of an exported program of torch."""

    USER_OUTPUT = "user output"
    BUFFER = "buffer"
    INPUT = "input"
    OBJECT = "object"


@dataclass(frozen=True)
class OutputSpec:
    """Where one result of `@main` goes, and what memory the function's own result shares."""

    kind: OutputKind
    target: Any
    """The number of the output leaf, the parameter's name, the input's number, or the `Slot` of an object."""
    aliases: frozenset[Memory] = frozenset()
    """What the source framework's own result shares memory with: views of inputs, weights and earlier outputs."""
    same: Memory | None = None
    """The very array that the function returns, where it is one of these and not merely a view."""


class _Traced:
    """The class of `TRACED`."""

    def __repr__(self) -> str:
        return "TRACED"


TRACED: Final = _Traced()
"""Stands among the output leaves for an array or a size that a result of `@main` gives."""


def user_outputs(leaves: Sequence[Any]) -> tuple[OutputSpec, ...]:
    """Return a spec for each traced leaf in order."""
    return tuple(OutputSpec(OutputKind.USER_OUTPUT, i) for i, leaf in enumerate(leaves) if leaf is TRACED)


@dataclass
class Program:
    """A captured program at the ivy stage."""

    module: "ModuleOp"
    inputs: tuple[Input, ...]
    leaves: list[Any]
    """The output leaves of the traced call: `TRACED` where a result of `@main` gives one, other objects as they are."""
    outputs: tuple[OutputSpec, ...]
    """Where each result of `@main` goes."""
    bounds: Mapping[str, tuple[int, int | None]] = field(default_factory=dict[str, tuple[int, "int | None"]])
    """The least and greatest value of each symbol; the least is 0 where nothing is said."""
    size_guards: tuple[str, ...] = field(default=(), kw_only=True)
    """What must hold of the symbols beyond their bounds: conditions of Python, such as `"s0 % 2 == 0"`."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Weights by their `state_dict()` name, arrays of the source framework: the very objects, not copies."""
    guards: tuple[Callable[[], Any], ...] = ()
    """Functions of no arguments, whose values a call must find as capture did."""
    streams: Mapping[str, Callable[[], Any]] = field(default_factory=dict[str, Callable[[], Any]])
    """What reads the user's own generators, by the names that native draws of the module have for them."""
    device: str = "cpu"
    """Where torch, as the target, computes."""
    tracer_seconds: float = 0.0
    """The time that the framework's own tracer took."""

    def targets(self, kind: OutputKind) -> list[Any]:
        """Return the targets of the results of one kind."""
        return [spec.target for spec in self.outputs if spec.kind is kind]
