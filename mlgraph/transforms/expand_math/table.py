"""The expansion of each operation."""

from collections.abc import Callable
from typing import TypeVar

from xdsl.ir import Operation

from mlgraph.transforms.expand_math.real import Real

Expansion = TypeVar("Expansion", bound=Callable[..., Real])

EXPANSIONS: dict[type[Operation], Callable[..., Real]] = {}
"""The function of each operation that `expand-math` rewrites."""


def expands(op: type[Operation]) -> Callable[[Expansion], Expansion]:
    """Declare the function that an operation is rewritten into; it takes the operands."""

    def register(expansion: Expansion) -> Expansion:
        EXPANSIONS[op] = expansion
        return expansion

    return register
