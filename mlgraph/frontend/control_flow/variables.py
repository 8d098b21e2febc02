"""The variables and objects that a block of converted code may change, and their values as leaves of the graph."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

import dis
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from mlgraph.frontend.control_flow.base import ControlFlow
from mlgraph.frontend.locations import is_library

_OURS = os.path.dirname(__file__)


class _Unbound:
    """The class of `UNBOUND`."""

    def __repr__(self) -> str:
        return "undefined"


UNBOUND: Final = _Unbound()
"""The value of a variable that has none."""


class MaybeUndefined:
    """The value of a variable that is assigned on some paths alone."""

    def __init__(self, name: str, value: Any, defined: Any) -> None:
        """`defined` is a traced bool."""
        self.name, self.value, self.defined = name, value, defined


class Variable:
    """A variable of a function, by the cell or the namespace that holds it."""

    def __init__(self, name: str, place: "CellType | dict[str, Any]") -> None:
        self.name, self.place = name, place

    @property
    def is_internal(self) -> bool:
        """True for a variable that the conversion made, which is never read before it is assigned."""
        return self.name.startswith("__") and self.name.endswith("__")

    def get(self) -> Any:
        if isinstance(self.place, dict):
            return self.place.get(self.name, UNBOUND)
        try:
            return self.place.cell_contents
        except ValueError:
            return UNBOUND

    def set(self, value: Any) -> None:
        if isinstance(self.place, dict):
            if value is UNBOUND:
                self.place.pop(self.name, None)
            else:
                self.place[self.name] = value
        elif value is not UNBOUND:
            self.place.cell_contents = value
        elif self.get() is not UNBOUND:
            del self.place.cell_contents


class Result:
    """The value of an expression, which takes the part of a variable."""

    name = "the expression"
    is_internal = True

    def __init__(self) -> None:
        self.value: Any = UNBOUND

    def get(self) -> Any:
        return self.value

    def set(self, value: Any) -> None:
        self.value = value


def variables_of(functions: Iterable[Any]) -> dict[str, Variable]:
    """Return the variables in the closures of functions."""
    found: dict[str, Variable] = {}
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            found.setdefault(name, Variable(name, cell))
    return found


def named(names: Sequence[str], functions: Sequence[Any]) -> list[Any]:
    """Return the variables that blocks assign, from their closures or globals."""
    known = variables_of(functions)
    return [known.get(name) or Variable(name, functions[0].__globals__) for name in names]


# Values as leaves


@dataclass(frozen=True)
class Structure:
    """A value without its leaves."""

    kind: str
    """"leaf", "static", "unbound", or a class of containers."""
    what: Any = None
    """The static value itself, or the keys of a container with its class."""
    parts: tuple["Structure", ...] = ()

    @property
    def count(self) -> int:
        """The number of leaves."""
        return 1 if self.kind == "leaf" else sum(part.count for part in self.parts)

    def fits(self, other: "Structure") -> bool:
        """Return whether two values differ in leaves alone."""
        if self.kind != other.kind or len(self.parts) != len(other.parts):
            return False
        if self.kind == "static":
            return same_static(self.what, other.what)
        return self.what == other.what and all(a.fits(b) for a, b in zip(self.parts, other.parts))

    def text(self) -> str:
        """Return a readable description."""
        if self.kind == "leaf":
            return "an array or number"
        if self.kind == "static":
            return "None" if self.what is None else f"{self.what!r}, a {type(self.what).__name__}"
        if self.kind == "unbound":
            return "undefined"
        return f"{self.what[0].__name__} of {len(self.parts)}"


LEAF = Structure("leaf")


def same_static(a: Any, b: Any) -> bool:
    """Return whether two values that are no leaves are the same for Python."""
    if a is b:
        return True
    try:
        return type(a) is type(b) and bool(a == b)
    except Exception:
        return False


def split(value: Any, flow: ControlFlow, leaves: list[Any], known: Callable[[object], bool]) -> Structure:
    """Append the leaves of a value to `leaves`, and return its structure.

    Objects that are `known` exist outside of the block; their content is told by the journal.
    """
    if value is UNBOUND:
        return Structure("unbound")
    if type(value) in (bool, int, float, complex) or flow.is_array(value):
        leaves.append(value)
        return LEAF
    if known(value):
        return Structure("static", value)
    cls: Any = type(value)
    content: Any = vars(value) if _has_attributes(value) else value
    if isinstance(content, tuple | list):
        keys: tuple[Any, ...] = tuple(range(len(content)))
    elif isinstance(content, dict):
        keys = tuple(content)
    else:
        return Structure("static", value)
    kind = "object" if content is not value else "dict" if isinstance(content, dict) else "sequence"
    return Structure(kind, (cls, keys), tuple(split(content[key], flow, leaves, known) for key in keys))


def join(structure: Structure, leaves: Iterator[Any]) -> Any:
    """Return the value of a structure with leaves."""
    if structure.kind == "leaf":
        return next(leaves)
    if structure.kind == "unbound":
        return UNBOUND
    if structure.kind == "static":
        return structure.what
    cls, keys = structure.what
    parts = [join(part, leaves) for part in structure.parts]
    if structure.kind == "sequence":
        return cls(*parts) if hasattr(cls, "_fields") else cls(parts)
    if structure.kind == "dict":
        return cls(zip(keys, parts))
    value: Any = cls.__new__(cls)
    vars(value).update(zip(keys, parts))
    return value


def _has_attributes(value: Any) -> bool:
    """Return whether a value is an object of a user's class with plain attributes."""
    cls: Any = type(value)
    if isinstance(value, type | ModuleType | FunctionType | MethodType | BaseException) or not hasattr(
        value, "__dict__"
    ):
        return False
    module = sys.modules.get(cls.__module__)
    return not is_library(getattr(module, "__file__", None) or "")


# Objects


@dataclass
class Held:
    """A mutable object, and what it held when the block began."""

    text: str
    value: Any
    content: Any

    def now(self) -> Any:
        return _content(self.value)

    @property
    def is_changed(self) -> bool:
        return not _same_content(self.content, self.now())

    def fill(self, content: Any) -> None:
        """Let the object hold `content`."""
        value: Any = self.value
        if isinstance(value, list):
            value[:] = content
        elif isinstance(value, deque):
            value.clear()
            value.extend(content)
        else:
            target = value if isinstance(value, dict | set) else vars(value)
            target.clear()
            target.update(content)


@dataclass
class Journal:
    """The mutable objects that blocks reach, with their content before the block."""

    held: dict[int, Held] = field(default_factory=dict[int, Held])
    cells: list[tuple[Variable, Any]] = field(default_factory=list[tuple[Variable, Any]])

    @classmethod
    def of(cls, functions: Sequence[Any], flow: ControlFlow) -> "Journal":
        """Return the journal of the objects that functions reach by their closures and globals."""
        journal = cls()
        seen: set[int] = set()
        for function in functions:
            journal._function(function, flow, seen)
        return journal

    def _function(self, function: Any, flow: ControlFlow, seen: set[int]) -> None:
        if id(function) in seen:
            return
        seen.add(id(function))
        for name, variable in variables_of([function]).items():
            if id(variable.place) not in seen:
                seen.add(id(variable.place))
                self.cells.append((variable, variable.get()))
                self._walk(variable.get(), name, flow, seen)
        for name in _globals_written(function.__code__):
            variable = Variable(name, function.__globals__)
            self.cells.append((variable, variable.get()))
        for name in _globals_read(function.__code__):
            self._walk(function.__globals__.get(name), name, flow, seen)

    def _walk(self, value: Any, text: str, flow: ControlFlow, seen: set[int]) -> None:
        value = flow.unwrapped(value)
        if id(value) in seen or _is_atom(value) or flow.is_array(value):
            return
        if isinstance(value, MethodType):
            self._walk(value.__self__, text, flow, seen)
            value = value.__func__
        if isinstance(value, FunctionType):
            if not is_library(value.__code__.co_filename) or value.__code__.co_filename.startswith(_OURS):
                self._function(value, flow, seen)
            return
        seen.add(id(value))
        if isinstance(value, tuple | frozenset):
            for each in value:
                self._walk(each, text, flow, seen)
        elif (content := _content(value)) is not None:
            self.held[id(value)] = Held(text, value, content)
            items = content.items() if isinstance(content, dict) else enumerate(content)
            for key, each in items:
                self._walk(each, f"{text}.{key}" if _is_object(value) else f"{text}[{key!r}]", flow, seen)

    def restore(self) -> None:
        """Let every variable and object hold what it held when the block began."""
        for variable, value in self.cells:
            variable.set(value)
        for each in self.held.values():
            if each.is_changed:
                each.fill(each.content)

    def knows(self, value: object) -> bool:
        """Return whether an object exists outside of the block."""
        return id(value) in self.held

    def assigned(self) -> list[tuple[Variable, Any]]:
        """Return the variables that the block has assigned, with their values before it."""
        return [(variable, value) for variable, value in self.cells if variable.get() is not value]

    def changed(self) -> list[Held]:
        """Return the objects that the block has changed."""
        return [each for each in self.held.values() if each.is_changed]


def _globals_read(code: Any) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, type(code)):
            yield from _globals_read(each)


@lru_cache(maxsize=4096)
def _globals_written(code: CodeType) -> frozenset[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")}
    return frozenset(own).union(*map(_globals_written, inner))


def _is_atom(value: object) -> bool:
    return value is None or isinstance(value, str | bytes | int | float | complex | type | ModuleType)


def _is_object(value: object) -> bool:
    return not isinstance(value, list | dict | set | deque)


def _content(value: Any) -> Any:
    """Return what a mutable object holds; None for objects of other kinds."""
    if isinstance(value, list | deque):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, set):
        return frozenset(value)
    return dict(vars(value)) if _has_attributes(value) else None


def _same_content(a: Any, b: Any) -> bool:
    if len(a) != len(b):
        return False
    if isinstance(a, dict):
        return all(x is y for x, y in zip(a, b)) and all(x is y for x, y in zip(a.values(), b.values()))
    if isinstance(a, frozenset):
        return a == b
    return all(x is y for x, y in zip(a, b))
