"""The base class of guards, and the generated tests to which each guard adds."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from mlgraph.frameworks import Framework


class GuardFailure(NamedTuple):
    """The reason why a call does not fit: the depth of the comparison, and a description."""

    depth: int
    text: str


@dataclass
class NameTable:
    """The objects that generated code refers to, under names that are no parameter's."""

    values: dict[str, Any]
    known: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])

    def add(self, prefix: str, value: Any) -> str:
        """Return a name for `value`, which begins with `prefix`."""
        name = self.known.setdefault((prefix, id(value)), f"__{prefix}{len(self.values)}")
        self.values[name] = value
        return name


@dataclass
class Branch:
    """The tests of one specialization in the entry function, as Python over the parameters.

    `tests` form one condition; `reads` form another, on Python values that may not exist any more. The lines of
    `unpack` then bind sizes to names, which `size_tests` compare.
    """

    framework: Framework
    """The framework of the arrays that take the fast path, which is the target."""
    names: NameTable
    leaves: Sequence[str] = ()
    """A Python expression for each leaf of the arguments."""
    arrays: list[str] = field(default_factory=list[str])
    """A Python expression for each array among them."""
    typed: set[int] = field(default_factory=set[int])
    """The indices of arrays whose class is tested together with that of others."""
    tests: list[str] = field(default_factory=list[str])
    reads: list[str] = field(default_factory=list[str])
    bound: dict[int, str] = field(default_factory=dict[int, str])
    """The variables that hold the values found by tests in `reads`, by the path's id."""
    unpack: list[str] = field(default_factory=list[str])
    size_tests: list[str] = field(default_factory=list[str])
    symbols: set[str] = field(default_factory=set[str])
    """The size symbols that are bound."""
    shapes: dict[tuple[int | str, ...], str] = field(default_factory=dict[tuple["int | str", ...], str])
    """The variable that holds the first shape of each kind; further shapes of the kind are compared with it."""
    on_cpu: bool = False
    """True once an array is tested to be on the CPU; torch itself refuses mixed devices."""

    def array_classes(self) -> list[str]:
        """Return the names, in generated code, of the classes of ordinary arrays of the target."""
        return [self.names.add("array", cls) for cls in self.framework.array_types()]

    def lines(self, *done: str) -> Iterator[str]:
        """Yield the statements that run the lines `done` if every test holds."""
        yield f"    if {' and '.join(self.tests) or 'True'}:"
        indent = " " * 8
        if self.reads:
            yield f"{indent}try: __same = {' and '.join(self.reads)}"
            yield f"{indent}except __Exception: __same = False"
            yield f"{indent}if __same:"
            indent += "    "
        for line in self.unpack:
            yield f"{indent}{line}"
        if self.size_tests:
            yield f"{indent}if {' and '.join(self.size_tests)}:"
            indent += "    "
        for line in done:
            yield f"{indent}{line}"


def any_of(tests: Sequence[str]) -> str:
    """Return the test that one of several tests holds."""
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


class Guard(ABC):
    """A condition under which a specialization is right for a call."""

    depth: ClassVar[int]
    """A measure of how far a call fits if this guard fails first; the nearest specialization has the greatest."""

    @abstractmethod
    def emit(self, branch: Branch) -> None:
        """Add the test to the generated entry function."""

    @abstractmethod
    def failure(self, call: Any) -> str | None:
        """Return a description of how a `BoundCall` fails this guard, None if it meets it."""

    def to_json(self) -> dict[str, Any]:
        """Return the guard for a saved graph. Raise `UnsupportedOpError` if a file cannot hold it."""
        from mlgraph.errors import UnsupportedOpError

        raise UnsupportedOpError(f"{type(self).__name__} has no place in a file")
