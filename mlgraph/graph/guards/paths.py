"""Paths to Python values that a function reaches without being given them, as `options.model["width"]`.

A path starts at a variable or at a fixed object and goes on by attributes and items. It finds its value, names it as
the user writes it, and gives an expression for it in the generated entry function.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any

from mlgraph.graph.effects.access_path import DICTS, get_item
from mlgraph.graph.guards.base import Branch


@dataclass(frozen=True, eq=False)
class Path(ABC):
    """A path to a value."""

    @abstractmethod
    def find(self) -> Any:
        """Return the current value. Raise `LookupError`, `AttributeError` or `ValueError` if there is none."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The expression of the value as the user writes it."""

    @abstractmethod
    def expression(self, branch: Branch) -> str:
        """Return an expression of the value in terms of the variables of generated code."""

    def code(self, branch: Branch) -> str:
        """Return the variable that holds the value, or an expression of it."""
        return branch.bound.get(id(self)) or self.expression(branch)

    def bind(self, branch: Branch) -> str:
        """Return an expression of the value that also binds a variable for the tests that follow."""
        name = f"__o{len(branch.bound)}"
        text = f"({name} := {self.code(branch)})"
        branch.bound[id(self)] = name
        return text


@dataclass(frozen=True, eq=False)
class GlobalPath(Path):
    """A global variable."""

    space: dict[str, Any]
    name: str

    def find(self) -> Any:
        return self.space[self.name]

    @property
    def text(self) -> str:
        return self.name

    def expression(self, branch: Branch) -> str:
        return f"{branch.names.add('space', self.space)}[{self.name!r}]"


@dataclass(frozen=True, eq=False)
class CellPath(Path):
    """A variable of an enclosing function."""

    cell: CellType
    name: str

    def find(self) -> Any:
        return self.cell.cell_contents

    @property
    def text(self) -> str:
        return self.name

    def expression(self, branch: Branch) -> str:
        return f"{branch.names.add('cell', self.cell)}.cell_contents"


@dataclass(frozen=True, eq=False)
class ObjectPath(Path):
    """A fixed object: a module, a class or the object of a method."""

    value: Any
    name: str

    def find(self) -> Any:
        return self.value

    @property
    def text(self) -> str:
        return self.name

    def expression(self, branch: Branch) -> str:
        return branch.names.add("object", self.value)


@dataclass(frozen=True, eq=False)
class DefaultPath(Path):
    """The default of a parameter of a helper function."""

    function: FunctionType
    number: int

    def find(self) -> Any:
        return (self.function.__defaults__ or ())[self.number]

    @property
    def text(self) -> str:
        code = self.function.__code__
        first = code.co_argcount - len(self.function.__defaults__ or ())
        return f"the default of {code.co_varnames[first + self.number]} in {self.function.__name__}"

    def expression(self, branch: Branch) -> str:
        return f"{branch.names.add('function', self.function)}.__defaults__[{self.number}]"


@dataclass(frozen=True, eq=False)
class AttributePath(Path):
    """An attribute of an object or a class. If `stored`, it is read from `__dict__`, past descriptors and methods."""

    owner: Path
    name: str
    stored: bool = False

    def find(self) -> Any:
        owner = self.owner.find()
        return object.__getattribute__(owner, "__dict__")[self.name] if self.stored else getattr(owner, self.name)

    @property
    def text(self) -> str:
        return f"{self.owner.text}.{self.name}"

    def expression(self, branch: Branch) -> str:
        owner = self.owner.code(branch)
        return f"{owner}.__dict__[{self.name!r}]" if self.stored else f"{owner}.{self.name}"


@dataclass(frozen=True, eq=False)
class ItemPath(Path):
    """An item of a dict or a sequence."""

    owner: Path
    key: Any

    def find(self) -> Any:
        owner = self.owner.find()
        return get_item(owner, self.key) if isinstance(owner, DICTS) else owner[self.key]

    @property
    def text(self) -> str:
        return f"{self.owner.text}[{self.key!r}]"

    def expression(self, branch: Branch) -> str:
        key = repr(self.key) if type(self.key) in (str, int, bool) else branch.names.add("key", self.key)
        return f"{self.owner.code(branch)}[{key}]"


@dataclass(frozen=True, eq=False)
class CallPath(Path):
    """The target of a weak reference or a context variable."""

    owner: Path
    method: str
    """The method that returns it, such as `.get`; "" for a call of the owner itself."""

    def find(self) -> Any:
        owner = self.owner.find()
        return owner.get() if self.method else owner()

    @property
    def text(self) -> str:
        return f"{self.owner.text}{self.method}()"

    def expression(self, branch: Branch) -> str:
        return f"{self.owner.code(branch)}{self.method}()"
