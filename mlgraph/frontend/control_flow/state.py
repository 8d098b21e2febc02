"""The state of a block: what it gives to the code after it, as leaves of the graph."""

from collections.abc import Iterator, Sequence
from typing import Any

from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frontend.control_flow.base import NO_VALUE, ControlFlow
from mlgraph.frontend.control_flow.variables import (
    LEAF,
    UNBOUND,
    Journal,
    MaybeUndefined,
    Structure,
    join,
    split,
    variables_of,
)
from mlgraph.frontend.locations import current_line


class Again(BaseException):
    """More belongs to the state than was known: the block has to be traced again."""


class State:
    """The variables and objects that a block may change, before it and after."""

    def __init__(
        self, flow: ControlFlow, variables: Sequence[Any], functions: Sequence[Any], scratch: Sequence[str] = ()
    ) -> None:
        """`scratch` are the variables in the closures of `functions` that nobody reads after the block."""
        self.flow, self.variables = flow, list(variables)
        known = variables_of(functions)
        self._scratch = {_key(known[name]) for name in scratch if name in known}
        self.journal = Journal.of(functions, flow)
        self.before = [each.get() for each in self.variables]
        self.written: dict[int, Any] = {}
        """The objects that the block is known to change, by identity."""
        self.flagged = {
            i
            for i, value in enumerate(self.before)
            if (value is UNBOUND or type(value) is MaybeUndefined) and not self.variables[i].is_internal
        }
        """The variables that may have no value after the block."""
        self.fixed: set[int] = set()
        """The variables that hold an array which the block may write to, but no other array after it."""
        self.expected: dict[int, Structure] = {}
        """The structures of variables without a value, by position."""

    def restore(self) -> None:
        """Return to the values before the block."""
        self.journal.restore()
        for variable, value in zip(self.variables, self.before):
            variable.set(value)

    def note_changes(self) -> bool:
        """Add what else the block has changed to the state, by calls of functions; return whether anything is new."""
        new = [each for each in self.journal.changed() if id(each.value) not in self.written]
        self.written |= {id(each.value): each for each in new}
        known = {_key(each) for each in self.variables} | self._scratch
        assigned = [(each, value) for each, value in self.journal.assigned() if _key(each) not in known]
        for variable, value in assigned:
            if (value is UNBOUND or type(value) is MaybeUndefined) and not variable.is_internal:
                self.flagged.add(len(self.variables))
            self.variables.append(variable)
            self.before.append(value)
        return bool(new or assigned)

    def take(self) -> "Snapshot":
        """Return the values as they are now."""
        found = Snapshot()
        for i, variable in enumerate(self.variables):
            found.add(variable.name, *self._parts(i, variable.get()))
        for held in self.written.values():
            leaves: list[Any] = []
            content: Any = held.now()
            found.add(held.text, split(content, self.flow, leaves, self.journal.knows), leaves)
        return found

    def _parts(self, i: int, value: Any) -> tuple[Structure, list[Any]]:
        """Return the structure and the leaves of a variable, the first of which tells whether it has a value."""
        leaves: list[Any] = []
        if i in self.fixed:
            return Structure("static", self.before[i]), leaves
        defined: Any = value is not UNBOUND
        if type(value) is MaybeUndefined:
            value, defined = value.value, value.defined
        if value is UNBOUND and (i in self.expected or i in self.flagged or self.variables[i].is_internal):
            structure = self.expected.get(i, LEAF)
            leaves = [NO_VALUE] * structure.count
        else:
            structure = split(value, self.flow, leaves, self.journal.knows)
        if i in self.flagged:
            return Structure("flagged", None, (LEAF, structure)), [defined, *leaves]
        return structure, leaves

    def put(self, structures: Sequence[Structure], leaves: Sequence[Any]) -> None:
        """Let variables and objects hold the values of structures with leaves."""
        values: Iterator[Any] = iter(leaves)
        for variable, structure in zip(self.variables, structures):
            variable.set(self._whole(variable.name, structure, values))
        for held, structure in zip(self.written.values(), structures[len(self.variables) :]):
            held.fill(join(structure, values))

    def _whole(self, name: str, structure: Structure, values: Iterator[Any]) -> Any:
        if structure.kind != "flagged":
            found = join(structure, values)
            return UNBOUND if found is NO_VALUE else found
        defined = next(values)
        found = join(structure.parts[1], values)
        if defined is True:
            return found
        return UNBOUND if defined is False or found is NO_VALUE else MaybeUndefined(name, found, defined)


def _key(variable: Any) -> tuple[int, str]:
    """Return what identifies a variable: two functions may hold the cell of one."""
    place = getattr(variable, "place", variable)
    return id(place), variable.name if isinstance(place, dict) else ""


class Snapshot:
    """The structures and leaves of a state at one time."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.structures: list[Structure] = []
        self.leaves: list[Any] = []
        self._owners: list[str] = []

    def add(self, name: str, structure: Structure, leaves: Sequence[Any]) -> None:
        self.names.append(name)
        self.structures.append(structure)
        self.leaves += leaves
        self._owners += [name] * len(leaves)

    def owner(self, leaf: int) -> str:
        """Return the name of the variable that a leaf belongs to."""
        return self._owners[leaf] if leaf < len(self._owners) else "the state"


class MismatchError(DataDependentControlFlowError):
    """A variable has values of different types on two paths."""

    id = DataDependentControlFlowError.id


def mismatch(name: str, first: str, second: str, where: str, loop: bool = False) -> MismatchError:
    """Return the error for a variable whose values on two paths have no common type."""
    when = ("before a step", "after it") if loop else ("where the condition holds", "where it does not")
    return MismatchError(
        f"{name} is {first} {when[0]}, but {second} {when[1]}",
        where=where or current_line(),
        why="which of them it is depends on values, and an array of the graph has one type",
        fix=f"give {name} arrays of one type on both paths, or a variable of its own on each",
    )
