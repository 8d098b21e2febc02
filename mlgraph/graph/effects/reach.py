"""The values that a function reaches without being given them: its variables, and what those lead to.

    SETTINGS = {"scale": 2.0}

    def scaled(x):
        return helper(x) * SETTINGS["scale"] * options.factor

Paths lead from `scaled` to `helper` and all that its code names in turn, to the items of `SETTINGS`, and to those
attributes of `options` that any of this code names. Code of libraries is not followed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from mlgraph.graph.effects.code_names import names_in
from mlgraph.graph.guards.paths import Path


class ReachedValue(NamedTuple):
    """A value and the path that reaches it."""

    path: Path
    value: Any


class MissingNames(NamedTuple):
    """Names that code may look up on an object and that the object does not define."""

    path: Path
    names: frozenset[str]


@dataclass
class Reach:
    """Everything that a function reaches, at the time of the walk."""

    leaves: list[ReachedValue] = field(default_factory=list[ReachedValue])
    """Values that are compared directly."""
    arrays: list[ReachedValue] = field(default_factory=list[ReachedValue])
    containers: list[ReachedValue] = field(default_factory=list[ReachedValue])
    """Dicts, sequences, sets and objects, each before the containers that it holds."""
    missing: list[MissingNames] = field(default_factory=list[MissingNames])
    memos: list[Any] = field(default_factory=list[Any])
    """Functions that cache their results, such as those of `functools.lru_cache`."""
    functions: dict[int, FunctionType] = field(default_factory=dict[int, FunctionType])
    classes: dict[int, type] = field(default_factory=dict[int, type])
    """The user's classes whose objects or members are reached."""
    spaces: dict[int, ModuleType] = field(default_factory=dict[int, ModuleType])
    """The user's Python modules that are reached by name."""
    environ: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    """The environment variables that the code may read."""
    iterators: list[ReachedValue] = field(default_factory=list[ReachedValue])
    contexts: list[tuple[str, Any, Any]] = field(default_factory=list[tuple[str, Any, Any]])
    """Context variables: the Python that reaches each, the variable and its value."""
    stored: set[str] = field(default_factory=set[str])
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
