"""The base of the importers of torch, jax and tensorflow: each walks a captured trace and writes ivy operations.

An operation without a rule is counted with the user's line, and placeholders stand for its results, so that one error
names all that is missing.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, OpResult, SSAValue

from mlgraph.dialects.dtypes import compatible, tensor
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.rules import Rules


class Importer:
    """Imports the operations of one capture in order."""

    framework: ClassVar[str]

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.missing: Counter[tuple[str, str]] = Counter()
        """The operations that no rule covers, each with the user's line that it comes from."""

    def note_missing(self, what: str, line: str) -> None:
        """Note an operation that no rule covers."""
        self.missing[what, line] += 1

    def check_missing(self) -> None:
        """Raise one `UnsupportedOpError` for all operations that no rule covers."""
        if self.missing:
            raise UnsupportedOpError.of_source(self.framework, self.missing)

    def check_and_refine_type(self, value: SSAValue, expected: Attribute, name: str, hint: str = "") -> None:
        """Check that a rule gave the type that the tracer gives, and keep the sizes that only the tracer knows.

        `name` is the operation's, for the error; a result without a name is called `hint`.
        """
        if not compatible(value.type, expected):
            raise TypeError(f"{name} is imported as {value.type}, but {self.framework} gives {expected}")
        if not isinstance(value, OpResult):
            return
        if value.type != expected and isinstance(value.type, TensorType):
            value._type = refined(value, expected)  # pyright: ignore[reportPrivateUsage]
        if hint and value.name_hint is None:
            value.name_hint = hint


def refined(value: SSAValue, expected: Attribute) -> "TensorType[Any]":
    """Return the type of `value` with the sizes that `expected` knows in addition."""
    pairs = zip(shape_of(value), shape_of(expected), strict=True)
    return tensor(tuple(b if a == UNKNOWN else a for a, b in pairs), dtype(value))


def placeholder_results(types: Sequence[Attribute]) -> list[SSAValue]:
    """Return values of these types for the results of an operation that is not imported: the walk can go on."""
    return list(Block(arg_types=types).args)
