"""The contract between `frontend/*` and the compiler: a frontend is given a `Request` and returns a `Program`.

A frontend is a module with one function

    def capture(request: Request) -> Program

It calls `request.function(*arrays)`, a function from arrays of its framework to a list of leaves, under the framework's
own tracer, and imports the trace into `@main` of an ivy module. Arguments of `@main` are the input arrays in order;
results are the output leaves that are arrays or sizes, then the new values of buffers and inputs that the function
writes; an `OutputSpec` says of each where it goes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mlgraph.dialects.outputs import Memory, OutputKind, OutputSpec
from mlgraph.frontend.control_flow.paths import PathRecorder, PathTest

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

Size: TypeAlias = int | str
"""A dimension of an input: fixed by capture, or free under a symbol (`"s0"`) or an expression of one (`"2*s0 + 1"`)."""


Adapt: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""From the user's function to one of the same meaning that a frontend can trace."""


@dataclass(frozen=True)
class Request:
    """A function to capture, and examples of its inputs."""

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
    """True if dimensions may stay free."""
    include_generators: bool = True
    outside: Sequence[tuple[str, Any]] = ()
    """Arrays that the function reaches by variables, and may return as they are, under the Python that reaches them."""
    paths: PathRecorder | None = None
    """Records what Python reads of traced values, which are results of the program then; None if that is an error."""


@dataclass(frozen=True)
class Layout:
    """The layout of an array in memory."""

    order: tuple[int, ...]
    """The axes from the longest stride to the shortest: (0, 1) for a row-major matrix, (1, 0) for its transpose."""
    strides: tuple[int, ...] | None = None
    """The strides in elements of an array with gaps, repeated or reversed elements; None where `order` says all."""
    begins: bool = False
    """True if it must begin where its storage does."""

    @classmethod
    def of(cls, shape: Sequence[int], strides: Sequence[int]) -> "Layout":
        """Return the layout of an array with these sizes and strides in elements."""
        axes = tuple(range(len(shape)))
        long = sorted((axis for axis in axes if shape[axis] != 1), key=lambda axis: -strides[axis])
        if 0 in shape or (long == sorted(long) and _is_dense(long, shape, strides)):
            return cls(axes)
        if _is_dense(long, shape, strides):
            return cls((*(axis for axis in axes if shape[axis] == 1), *long))
        return cls(axes, tuple(strides))

    @staticmethod
    def row_major(shape: Sequence[int]) -> tuple[int, ...]:
        """Return the strides in elements of a row-major array, those of empty ones as if they had elements."""
        return tuple(math.prod(max(size, 1) for size in shape[axis + 1 :]) for axis in range(len(shape)))

    @property
    def is_row_major(self) -> bool:
        return self.strides is None and self.order == tuple(range(len(self.order)))


def _is_dense(axes: Sequence[int], shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Return whether the elements follow one another without gaps, the last of `axes` fastest."""
    step = 1
    for axis in reversed(axes):
        if strides[axis] != step:
            return False
        step *= shape[axis]
    return True


@dataclass(frozen=True)
class Input:
    """The demands of a specialization on one input array."""

    dtype: str
    """numpy's name of the element type."""
    shape: tuple[Size, ...]
    used: bool = True
    """True if the program reads the array, or the function its sizes or type; only then must a call match them."""
    weak: bool | None = None
    """True if jax took the type from a Python number, so that it gives way to others; None if that does not matter."""
    device: str | None = None
    """torch's name of the device; None where that is no matter, as for a target that has one alone."""
    layout: "Layout | None" = None
    """The layout of the array in memory; None if neither values nor the memory that results share depend on it."""
    requires_grad: bool | None = None
    """True if torch takes gradients for the array; None if the function does not ask."""


class _Traced:
    """The class of `TRACED`."""

    def __repr__(self) -> str:
        return "TRACED"


TRACED: Final = _Traced()
"""Stands among the output leaves for an array or a size that a result of `@main` gives."""


def user_outputs(leaves: Sequence[Any], same: Mapping[int, Memory] | None = None) -> tuple[OutputSpec, ...]:
    """Return a spec for each traced leaf in order, for a framework whose arrays never change.

    There it cannot be told whether two arrays share memory, so results share none; `same` are the leaves, by
    number, that are an input or another leaf itself.
    """
    known = same or {}
    return tuple(
        OutputSpec(OutputKind.USER_OUTPUT, i, same=known.get(i)) for i, leaf in enumerate(leaves) if leaf is TRACED
    )


def identities(
    leaves: Sequence[Any], inputs: Sequence[Any], outside: Sequence[tuple[str, Any]] = ()
) -> dict[int, Memory]:
    """Return which leaves, by number, are an input, an array from outside or an earlier leaf: the very array."""
    known = {id(array): Memory("outside", name) for name, array in outside}
    known |= {id(x): Memory("input", i) for i, x in enumerate(inputs)}
    found: dict[int, Memory] = {}
    for i, leaf in enumerate(leaves):
        first = known.setdefault(id(leaf), Memory("output", i))
        if first != Memory("output", i):
            found[i] = first
    return found


@dataclass
class Program:
    """A captured program at the ivy stage."""

    module: "ModuleOp"
    inputs: tuple[Input, ...]
    leaves: list[Any]
    """The output leaves of the traced call: `TRACED` where a result of `@main` gives one, other objects as they are."""
    outputs: tuple[OutputSpec, ...]
    """The destination of each result of `@main`."""
    bounds: Mapping[str, tuple[int, int | None]] = field(default_factory=dict[str, tuple[int, "int | None"]])
    """The least and greatest value of each symbol; the least is 0 where nothing is said."""
    size_guards: tuple[str, ...] = field(default=(), kw_only=True)
    """The conditions on symbols beyond their bounds, as Python expressions such as `"s0 % 2 == 0"`."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Weights by their `state_dict()` name, arrays of the source framework: the very objects, not copies."""
    guards: tuple[Callable[[], Any], ...] = ()
    """Functions of no arguments, whose values a call must find as capture did."""
    streams: Mapping[str, Callable[[], Any]] = field(default_factory=dict[str, Callable[[], Any]])
    """The functions that read the user's own generators, by the names that native draws have for them."""
    device: str = "cpu"
    """The device on which torch computes, if it is the target."""
    tracer_seconds: float = 0.0
    """The time that the framework's own tracer took."""
    setters: Mapping[str, Callable[[Any], None]] = field(default_factory=dict[str, Callable[[Any], None]])
    """The functions that set parameters of the user's module, if the arrays themselves cannot be written."""
    tests: tuple[PathTest, ...] = ()
    """The values that Python read, results of kind `TEST`, in order. Empty if the program is right for all values."""
    raises: Exception | None = None
    """The error that the user's function raises on this path."""

    def targets(self, kind: OutputKind) -> list[Any]:
        """Return the targets of the results of one kind."""
        return [spec.target for spec in self.outputs if spec.kind is kind]
