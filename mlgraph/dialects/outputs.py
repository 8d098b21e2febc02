"""The destinations of the results of `@main`, and the memory that the function's own results share."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple


class Memory(NamedTuple):
    """Memory that exists before a call, or that an output holds."""

    kind: Literal["input", "parameter", "outside", "object", "output", "new", "test"]
    key: Any
    """The input's number, the parameter's name, the `Slot` of an object, or the number of the output leaf.

    `outside` is an array that the function reaches by a variable, under the Python that reaches it; `object` is what
    the slot holds before the call, `new` another array that the call puts there.
    """


class OutputKind(Enum):
    """The destination of a result of `@main`, as in the signature of an exported program of torch."""

    USER_OUTPUT = "user output"
    BUFFER = "buffer"
    INPUT = "input"
    OBJECT = "object"
    TEST = "test"
    """A value that Python read while the function was traced: a call must find it again, or it takes another path."""


@dataclass(frozen=True)
class OutputSpec:
    """The destination of one result of `@main`, and the memory that the function's own result shares."""

    kind: OutputKind
    target: Any
    """The number of the output leaf, the parameter's name, the input's number, the `Slot` of an object, or the number
    of the test."""
    aliases: frozenset[Memory] = frozenset()
    """The memory that the source framework's own result is a view of: of inputs, weights and other outputs."""
    same: Memory | None = None
    """The very array that the function returns, where it is one of these and not merely a view."""
    scalar: bool | None = None
    """True if a result without axes is a scalar of numpy's instead of an array; None from other frameworks."""
    read_only: bool = False
    """True if numpy refuses writes into the function's own result, as into a diagonal."""

    @property
    def is_written_in_place(self) -> bool:
        """Return whether the new value is copied into the array that an object holds."""
        return self.kind is OutputKind.OBJECT and self.same == Memory("object", self.target)

    @property
    def memory(self) -> Memory:
        """Return the memory that this result is, or is written to."""
        kinds: dict[OutputKind, Any] = {
            OutputKind.USER_OUTPUT: "output",
            OutputKind.BUFFER: "parameter",
            OutputKind.INPUT: "input",
            OutputKind.OBJECT: "object" if self.is_written_in_place else "new",
            OutputKind.TEST: "test",
        }
        return Memory(kinds[self.kind], self.target)
