"""The decorator that declares tensorflow's rules.

    @rule("Cumsum")
    def cumsum(x: Value, axis: int, *, exclusive: bool, reverse: bool) -> Value: ...

Positional parameters are the inputs in order, each as its annotation says (see `operands.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from mlgraph.frontend.rules import Rules

RULES = Rules()
"""The rule of each operation of tensorflow."""
ELEMENTS = Rules()
"""Operations on sizes: numpy functions of arrays of objects."""

rule = RULES.rule


def renamed(table: Mapping[str, Callable[..., Any]], ignores: str = "") -> None:
    """Declare rules that take the inputs' values, and no attributes."""
    for name, function in table.items():
        RULES.add(name, function, ignores.split())


def on_elements(table: Mapping[str, Callable[..., Any]]) -> None:
    """Declare what operations do to arrays of numbers and sizes."""
    for name, function in table.items():
        ELEMENTS.add(name, function)
