# pyright: basic
"""How rules are declared: the signature of a rule says what it takes of the operation.

Positional parameters are the inputs in order, each as its annotation says (a value without one); parameters after `*`
are attributes. An attribute that no parameter claims is an error, unless the rule ignores it by name.

    @rule("Cumsum")
    def cumsum(x: Value, axis: int, *, exclusive: bool, reverse: bool) -> Value: ...

| annotation | the input as |
|---|---|
| `Value`, `Values` | its value in the IR; a list of them for an input that is a list |
| `Size`, `Sizes` | a size, or each element of a vector as a size: an int, or a value of type `index` |
| `int`, `Ints`, `Array` | numbers that must be known when the program is captured |
| `Traced`, `list[Traced]` | what is known of the tensor |

`node` and `importer` are the operation itself and the walk.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_type_hints

import numpy as np

from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.dialects.table import Op
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Node, Traced, Unsupported, as_elements

Sizes: TypeAlias = tuple[Size, ...]
Array: TypeAlias = np.ndarray


class Elements:
    """The annotation of an input that is read as an array of numbers and sizes."""


def _int(importer: FuncGraphImporter, traced: Traced) -> int:
    return int(importer.numbers(traced).reshape(()))


def _ints(importer: FuncGraphImporter, traced: Traced) -> Ints:
    return tuple(int(n) for n in importer.numbers(traced).flat)


def _elements(importer: FuncGraphImporter, traced: Traced | list[Traced]) -> Any:
    if isinstance(traced, list):
        return [_elements(importer, item) for item in traced]
    return as_elements(importer.elements(traced))


READERS: Mapping[Any, Callable[[FuncGraphImporter, Any], Any]] = {
    Value: lambda importer, traced: importer.value(traced),
    Values: lambda importer, several: tuple(map(importer.value, several)),
    Size: lambda importer, traced: importer.sizes(traced)[0],
    Sizes: lambda importer, traced: importer.sizes(traced),
    int: _int,
    Ints: _ints,
    Array: lambda importer, traced: importer.numbers(traced),
    Traced: lambda importer, traced: traced,
    list[Traced]: lambda importer, several: several,
    Elements: _elements,
}


@dataclass(frozen=True)
class Rule:
    """A rule, and how it reads an operation."""

    function: Callable[..., Any]
    readers: tuple[Callable[[FuncGraphImporter, Any], Any], ...]
    rest: Callable[[FuncGraphImporter, Any], Any] | None
    claimed: tuple[str, ...]
    ignored: frozenset[str]

    def apply(self, importer: FuncGraphImporter, node: Node) -> Any:
        """What the rule makes of an operation."""
        attributes = node.attributes
        if unclaimed := attributes - self.ignored - {*self.claimed}:
            said = ", ".join(f"{name}={node.attribute(name)!r}" for name in sorted(unclaimed))
            raise Unsupported(f"with {said}")
        groups = node.groups()
        readers = self.readers + (self.rest,) * (len(groups) - len(self.readers)) if self.rest else self.readers
        inputs = [read(importer, group) for read, group in zip(readers, groups, strict=True)]
        special = {"node": node, "importer": importer}
        keywords = {name: special[name] if name in special else node.attribute(name) for name in self.claimed}
        return self.function(*inputs, **keywords)


def read_rule(function: Callable[..., Any], default: Any, ignores: str = "") -> Rule:
    """The rule that a function's signature declares; inputs without annotation are read as `default`."""
    hints = {} if isinstance(function, Op) or default is Elements else get_type_hints(function)
    readers: list[Callable[[FuncGraphImporter, Any], Any]] = []
    rest, claimed = None, []
    for name, parameter in inspect.signature(function).parameters.items():
        match parameter.kind:
            case inspect.Parameter.KEYWORD_ONLY:
                claimed.append(name)
            case inspect.Parameter.VAR_POSITIONAL:
                rest = READERS[hints.get(name, default)]
            case inspect.Parameter.VAR_KEYWORD:
                pass
            case _:
                readers.append(READERS[hints.get(name, default)])
    return Rule(function, tuple(readers), rest, tuple(claimed), frozenset(ignores.split()))


RULES: dict[str, Rule] = {}
"""The rule of each operation of tensorflow."""
ELEMENTS: dict[str, Rule] = {}
"""Operations on sizes: numpy functions of arrays of objects."""


def rule(*names: str, ignores: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the rule of operations; `ignores` names attributes that say nothing about the result."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        renamed({name: function for name in names}, ignores)
        return function

    return register


def renamed(table: Mapping[str, Callable[..., Any]], ignores: str = "") -> None:
    """Declare rules that take the inputs' values, and no attributes."""
    for name, function in table.items():
        if name in RULES:
            raise TypeError(f"{name} has two rules")
        RULES[name] = read_rule(function, Value, ignores)


def on_elements(table: Mapping[str, Callable[..., Any]]) -> None:
    """Declare what operations do to arrays of numbers and sizes."""
    for name, function in table.items():
        ELEMENTS[name] = read_rule(function, Elements)
