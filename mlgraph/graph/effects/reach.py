"""What a function reaches without being given it: the variables that its code names, and what those lead to.

    SETTINGS = {"scale": 2.0}

    def scaled(x):
        return helper(x) * SETTINGS["scale"] * options.factor

From `scaled` lead paths to `helper`, to all that its code names in turn, to the items of `SETTINGS`, and to those
attributes of `options` that some of this code names. The code of libraries is not followed.
"""

# pyright: basic
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from mlgraph.graph.effects.code_names import names_in
from mlgraph.graph.guards.paths import Path


class ReachedValue(NamedTuple):
    """A value that was reached, and the path to it."""

    path: Path
    value: Any


class MissingNames(NamedTuple):
    """Names that the code may ask an object for, which it does not hold itself."""

    path: Path
    names: frozenset[str]


@dataclass
class Reach:
    """Everything that a function reaches, as it is when this is made."""

    leaves: list[ReachedValue] = field(default_factory=list)
    """Values that are compared as they are."""
    arrays: list[ReachedValue] = field(default_factory=list)
    containers: list[ReachedValue] = field(default_factory=list)
    """Dicts, sequences, sets and objects, those that hold others before what they hold."""
    missing: list[MissingNames] = field(default_factory=list)
    memos: list[Any] = field(default_factory=list)
    """Functions that keep what they returned, as `functools.lru_cache` makes them."""
    functions: dict[int, FunctionType] = field(default_factory=dict)
    classes: dict[int, type] = field(default_factory=dict)
    """The classes of the user's whose objects or members are reached."""
    spaces: dict[int, ModuleType] = field(default_factory=dict)
    """The Python modules of the user's that are reached by name."""
    environ: dict[str, str | None] = field(default_factory=dict)
    """The environment variables that the code may ask for."""
    iterators: list[ReachedValue] = field(default_factory=list)
    contexts: list[tuple[str, Any, Any]] = field(default_factory=list)
    """Context variables, how they are reached, and what they hold."""
    stored: set[str] = field(default_factory=set)
    """The names of the attributes that code assigns to."""

    def namespaces(self) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
        """Yield the globals that the functions assign to, by namespace, and their names."""
        for function in self.functions.values():
            if names := names_in(function.__code__).written_globals:
                yield function.__globals__, names

    def cells(self) -> Iterator[tuple[str, Any]]:
        """Yield the variables of enclosing functions that the functions assign to."""
        for function in self.functions.values():
            names = names_in(function.__code__).written_cells
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
                if name in names:
                    yield name, cell
