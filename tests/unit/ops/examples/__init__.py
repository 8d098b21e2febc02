# pyright: basic
"""What each row of the ivy table is tested on: inputs, and what numpy makes of them in float64.

An example names the row's arguments. An operand is a function from a random generator and an element type to an array;
anything else is a parameter. The reference takes the operands in order and the parameters by name; where none is given
it is numpy's function of the row's name. The first example of a row runs in every element type that the row's type rule
accepts, the others in float32, unless `dtypes` says.
"""

from mlgraph.dialects.ivy import IVY

from . import (
    channels_last,
    creation,
    elementwise,
    fft,
    indexing,
    integers,
    linalg,
    manipulation,
    nn,
    reduction,
    sorting,
    special,
)
from .elementwise import ELEMENTWISE, Elementwise
from .example import Example

FAMILIES = (
    channels_last,
    creation,
    elementwise,
    fft,
    indexing,
    integers,
    linalg,
    manipulation,
    nn,
    reduction,
    sorting,
    special,
)
EXAMPLES: dict[str, list[Example]] = {name: rows for family in FAMILIES for name, rows in family.EXAMPLES.items()}


def examples_of(name: str) -> list[Example]:
    """The examples of the row called `name`; none if nobody wrote one."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    row = IVY.rows[name]
    if name not in ELEMENTWISE and not row.function.__module__.endswith(".elementwise"):
        return []
    return list(ELEMENTWISE.get(name, Elementwise()).examples([p.name for p in row.groups]))
