# pyright: basic
"""Random programs of reads, views, writes, clones, swaps and returns, to compare what memory their results share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

SHAPES = ((3, 4), (3, 4), (4,))
"""The shapes of the inputs; the buffer of a torch program has the first."""
OPERATIONS = (
    "rows",
    "columns",
    "step",
    "transpose",
    "flatten",
    "item",
    "clone",
    "same",
    "scale",
    "sum",
    "add_in_place",
    "zero",
    "copy",
    "write_row",
    "swap",
)

Step = tuple[str, int, int]
"""An operation, and the registers that it takes, by numbers that wrap around."""


@dataclass(frozen=True)
class MemoryProgram:
    """Steps over registers, which hold the inputs at first, and the registers that are returned."""

    steps: tuple[Step, ...]
    returned: tuple[int, ...]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        registers = list(inputs)
        for name, a, b in self.steps:
            result = apply(name, registers[a % len(registers)], registers[b % len(registers)])
            if result is not None:
                registers.append(result)
        return [registers[i % len(registers)] for i in self.returned]


def apply(name: str, x: Any, y: Any) -> Any:
    """Return the new register that an operation makes, None where it only writes or does not fit the shapes."""
    function = PURE.get(name)
    if function is not None:
        return function(x) if x.ndim or name in ("clone", "same", "scale") else None
    if name == "sum":
        return x + y if tuple(x.shape) == tuple(y.shape) else None
    if x.ndim:
        write(name, x, y)
    return None


PURE: dict[str, Callable[[Any], Any]] = {
    "rows": lambda x: x[1:],
    "columns": lambda x: x[..., :-1],
    "step": lambda x: x[::2],
    "transpose": lambda x: x.T if x.ndim == 2 else x[None],
    "flatten": lambda x: x.reshape(-1),
    "item": lambda x: x[0],
    "clone": lambda x: x.clone() if isinstance(x, torch.Tensor) else x.copy(),
    "same": lambda x: x * 1,
    "scale": lambda x: x * 2,
}


def write(name: str, x: Any, y: Any) -> None:
    same = tuple(x.shape) == tuple(y.shape)
    if name == "add_in_place":
        x += 1
    elif name == "zero" and x.shape[0] > 1:  # all of an array overwritten by a number: see `test_memory_programs`
        x[:1] = 0
    elif name == "copy" and same:
        x[:] = y
    elif name == "write_row" and x.ndim == 2 and y.ndim == 1 and x.shape[1] == y.shape[0]:
        x[0] = y
    elif name == "swap" and same:
        kept = PURE["clone"](x)
        x[:] = y
        y[:] = kept


STEPS = st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 11), st.integers(0, 11))
PROGRAMS = st.builds(
    MemoryProgram,
    st.lists(STEPS, min_size=1, max_size=9).map(tuple),
    st.lists(st.integers(0, 11), min_size=1, max_size=4).map(tuple),
)


def shared(results: Sequence[Any], owners: Sequence[Any]) -> list[list[bool]]:
    """Return which results share memory with each other and with the inputs."""
    return [[share(result, other) for other in (*results, *owners)] for result in results]


def share(x: Any, y: Any) -> bool:
    if isinstance(x, torch.Tensor):
        return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray) or 0 in (x.ndim, y.ndim, x.size, y.size):
        return False  # eager numpy gives scalars, which never change, and no element is shared of none
    return owner(x) is owner(y)


def owner(x: Any) -> Any:
    """Return the array that owns the memory of a view."""
    while getattr(x, "base", None) is not None:
        x = x.base
    return x
