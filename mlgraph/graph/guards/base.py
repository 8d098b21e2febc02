"""What every guard is, and the generated tests that guards add to."""

# pyright: basic
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from mlgraph.frameworks import Framework


class GuardFailure(NamedTuple):
    """Why a call does not fit: how far the comparison went, and what it found, in words."""

    depth: int
    text: str


@dataclass
class NameTable:
    """The objects that generated code refers to, under names that no parameter has."""

    values: dict[str, Any]
    known: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, prefix: str, value: Any) -> str:
        """Return the name of `value`, which begins with `prefix`."""
        name = self.known.setdefault((prefix, id(value)), f"__{prefix}{len(self.values)}")
        self.values[name] = value
        return name


@dataclass
class Branch:
    """The tests of one specialization in the entry function, as Python over the parameters.

    `tests` are one condition; `reads` another, of Python values that may be gone. The lines of `unpack` then name
    sizes, which `size_tests` test.
    """

    framework: Framework
    """The framework of the arrays that take the fast path: the target."""
    names: NameTable
    leaves: Sequence[str] = ()
    """The Python that reaches each leaf of the arguments."""
    arrays: list[str] = field(default_factory=list)
    """The Python that reaches each array among them."""
    typed: set[int] = field(default_factory=set)
    """The numbers of arrays whose class is tested together with that of others."""
    tests: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    bound: dict[int, str] = field(default_factory=dict)
    """The variables that hold what a test of `reads` found, by the path's id."""
    unpack: list[str] = field(default_factory=list)
    size_tests: list[str] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)
    """The size symbols that are bound."""
    shapes: dict[tuple[int | str, ...], str] = field(default_factory=dict)
    """The variable that holds the first shape of each kind: another of the kind only has to equal it."""
    on_cpu: bool = False
    """Whether an array was tested for being on the CPU: torch itself refuses a mixture."""

    def array_classes(self) -> list[str]:
        """Return the names, in generated code, of the classes of ordinary arrays of the target."""
        return [self.names.add("array", cls) for cls in self.framework.array_types()]

    def lines(self, done: str) -> Iterator[str]:
        """Yield the statements that run `done` if every test holds."""
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
        yield f"{indent}{done}"


def any_of(tests: Sequence[str]) -> str:
    """Return the test that one of several tests holds."""
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


class Guard(ABC):
    """A condition under which a specialization is right for a call."""

    depth: ClassVar[int]
    """How much of a call fits when this guard is the first that fails; the nearest specialization has the highest."""

    @abstractmethod
    def emit(self, branch: Branch) -> None:
        """Add the test to the generated entry function."""

    @abstractmethod
    def failure(self, call: Any) -> str | None:
        """Return in words what of a `BoundCall` does not meet this guard, None if it does."""

    def to_json(self) -> dict[str, Any]:
        """Return the guard for a saved graph; raise `UnsupportedOpError` where it has no place in a file."""
        from mlgraph.errors import UnsupportedOpError

        raise UnsupportedOpError(f"{type(self).__name__} has no place in a file")
