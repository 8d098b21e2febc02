"""Readers of the operands of a rule, chosen by the annotations of its parameters; a value without one.

| annotation | the input as |
|---|---|
| `Value`, `Values` | its value in the IR; a list of them for an input that is a list |
| `Size`, `Sizes` | a size, or each element of a vector as a size: an int, or a value of type `index` |
| `int`, `Ints`, `Array` | numbers that must be known when the program is captured |
| `Traced`, `list[Traced]` | what is known of the tensor |

`node` and `importer` are the operation itself and the walk.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import Parameter, signature
from typing import Any, Protocol, TypeAlias, cast, get_type_hints

import numpy as np

from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.dialects.table import Op
from mlgraph.frontend.rules import Rule
from mlgraph.frontend.tensorflow.nodes import Node, Traced, as_elements

Sizes: TypeAlias = tuple[Size, ...]
Array: TypeAlias = np.ndarray[Any, Any]


class OperandSource(Protocol):
    """The importer, as a reader of operands uses it."""

    def value(self, traced: Traced) -> Value:
        """Return the value in the IR."""
        ...

    def numbers(self, traced: Traced) -> Array:
        """Return the elements, which must be known."""
        ...

    def sizes(self, traced: Traced) -> Sizes:
        """Return the elements as sizes."""
        ...

    def elements(self, traced: Traced) -> Any:
        """Return the elements as far as they are known."""
        ...


class ElementsOperand:
    """The annotation of an input that is read as an array of numbers and sizes."""


def _values(importer: OperandSource, several: Sequence[Traced]) -> Values:
    return tuple(map(importer.value, several))


def _int(importer: OperandSource, traced: Traced) -> int:
    return int(importer.numbers(traced).reshape(()))


def _ints(importer: OperandSource, traced: Traced) -> Ints:
    return tuple(int(n) for n in importer.numbers(traced).flat)


def _elements(importer: OperandSource, traced: Traced | list[Traced]) -> Any:
    if isinstance(traced, list):
        return [_elements(importer, item) for item in traced]
    return as_elements(importer.elements(traced))


Reader: TypeAlias = Callable[[Any, Any], Any]

READERS: Mapping[Any, Reader] = {
    Value: lambda importer, traced: importer.value(traced),
    Values: _values,
    Size: lambda importer, traced: importer.sizes(traced)[0],
    Sizes: lambda importer, traced: importer.sizes(traced),
    int: _int,
    Ints: _ints,
    Array: lambda importer, traced: importer.numbers(traced),
    Traced: lambda importer, traced: traced,
    list[Traced]: lambda importer, several: several,
    ElementsOperand: _elements,
}


def apply(rule: Rule, importer: OperandSource, node: Node, default: Any = Value) -> Any:
    """Return what a rule makes of an operation; inputs without annotation are read as `default`."""
    rule.check_claims(node.attributes, node.attribute)
    readers, rest = readers_of(rule.function, default)
    groups = node.groups()
    readers = readers + (rest,) * (len(groups) - len(readers)) if rest else readers
    inputs = [read(importer, group) for read, group in zip(readers, groups, strict=True)]
    special = {"node": node, "importer": importer}
    keywords = {name: special[name] if name in special else node.attribute(name) for name in rule.claims}
    return rule(*inputs, **keywords)


@cache
def readers_of(function: Callable[..., Any], default: Any = Value) -> tuple[tuple[Reader, ...], Reader | None]:
    """Return how a rule reads its inputs, and how those after them where it takes any number."""
    hints = {} if isinstance(function, Op) or default is ElementsOperand else get_type_hints(function)
    readers: list[Reader] = []
    rest = None
    for name, parameter in signature(cast(Any, function)).parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            rest = READERS[hints.get(name, default)]
        elif parameter.kind not in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD):
            readers.append(READERS[hints.get(name, default)])
    return tuple(readers), rest
