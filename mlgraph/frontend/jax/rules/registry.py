"""The decorator that declares jax's rules.

`renamed` lists the primitives that are an ivy op under another name. A primitive with more to say has a function under
`@rule`, which gets the equation, the operands, and the parameters that it claims by keyword. A parameter that nothing
claims is an error, unless it is only a hint.
"""

from collections.abc import Callable, Mapping
from functools import partial

from xdsl.ir import SSAValue

from mlgraph.frontend.jax.equation import Equation, Values
from mlgraph.frontend.rules import Rules

RULES = Rules()
"""The rule of each primitive: it takes the equation, the operands, and the parameters that it claims by keyword."""
rule = RULES.rule


def renamed(table: Mapping[str, Callable[..., Values]]) -> None:
    """Declare primitives that are an ivy op under another name: operands in order, no parameters."""
    for name, op in table.items():
        RULES.add(name, partial(_of_operands, op))


def _of_operands(op: Callable[..., Values], e: Equation, *operands: SSAValue) -> Values:
    return op(*operands)
