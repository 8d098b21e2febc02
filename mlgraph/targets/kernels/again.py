"""Calls of numpy's kernels that are as the last one: machine code compares the arrays, and makes the results."""

# pyright: basic
import struct
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mlgraph.targets.kernels.loops import Walk
from mlgraph.targets.llvm import Loaded, bound, machine_code

CODE = Path(__file__).with_suffix(".ll")

POINTER = struct.calcsize("P")


class Again:
    """The function `call` that a graph calls in the place of another, which it calls itself where arrays are others.

    `last` holds what it compares with, and what it then does.
    """

    def __init__(self) -> None:
        self.last: list[tuple[Any, ...]] = []
        self.call = bound(_code(), self.last)

    def stand_for(self, other: Callable[..., Any]) -> None:
        """Call this function for all calls to come."""
        self.other = other
        self.last[:] = [(struct.pack("2q", 0, -1), other)]

    def form(
        self, operands: Sequence["np.ndarray[Any, Any]"], walk: Walk, results: Sequence[tuple[Any, Any]]
    ) -> tuple[Any, ...]:
        """What `last` is to hold for calls with operands like these, whose results have these shapes and types."""
        numbers = [id(np.ndarray), len(operands)]
        for x in operands:
            numbers += [id(x.dtype), x.ndim, *x.shape, *x.strides]
        owners = (walk.owner, [x.dtype for x in operands])
        form = struct.pack(f"{len(numbers)}q", *numbers)
        return (form, self.other, walk.call, walk.address, np.empty, owners, *results)


@cache
def _code() -> Loaded:
    text = CODE.read_text().replace("HEADER", str(object.__basicsize__ - POINTER))
    return machine_code(text, lambda: text)
