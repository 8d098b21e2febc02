"""What a frontend is given and what it gives back: the contract between `frontend/*` and the compiler.

A frontend is a module with one function

    def capture(request: Request) -> Program

It calls `request.function(*arrays)`, a function from arrays of its framework to a list of leaves, under the framework's
own tracer, and raises the trace into `@main` of an ivy module. Arguments of `@main` are the input arrays in order;
results are the outputs whose leaf is an array or a size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

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
    dynamic: bool = True
    """Whether dimensions may stay free."""
    include_generators: bool = True


@dataclass(frozen=True)
class Input:
    """What a specialisation demands of one input array."""

    dtype: str
    """numpy's name of the element type."""
    shape: tuple[Size, ...]
    used: bool = True
    """Whether the program reads the array, or the function its sizes or its type: only then must a call match them."""
    weak: bool | None = None
    """Whether jax took the type from a Python number and lets it give way to others; None where that is no matter."""
    device: str | None = None
    """torch's name of the device; None where that is no matter, as for a target that has one alone."""


@dataclass
class Program:
    """A captured program at the ivy stage."""

    module: "ModuleOp"
    inputs: tuple[Input, ...]
    outputs: list[Any]
    """The output leaves of the traced call: `Result(i)` for the i-th result of `@main`, any other object as it was."""
    bounds: Mapping[str, tuple[int, int | None]] = field(default_factory=dict[str, tuple[int, "int | None"]])
    """The least and greatest value of each symbol; the least is 0 where nothing is said."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Weights by their `state_dict()` name, arrays of the source framework: the very objects, not copies."""
    writes: tuple[tuple[str, int], ...] = ()
    """State that a call writes: the parameter's name and the index of the result of `@main` that is its new value."""
    input_writes: tuple[tuple[int, int], ...] = ()
    """Inputs that a call writes in place: the input's index and the index of the result that is its new value."""
    guards: tuple[Callable[[], Any], ...] = ()
    """Functions of no arguments, as the training modes of modules, whose values a call must find as capture did."""
    device: str = "cpu"
    """Where torch, as the target, computes."""
    tracer_seconds: float = 0.0
    """The time that the framework's own tracer took."""


@dataclass(frozen=True)
class Result:
    """Stands for the i-th result of `@main` among the output leaves."""

    index: int
