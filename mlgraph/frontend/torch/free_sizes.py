"""Which sizes a trace leaves free, and when that goes too far."""

# pyright: basic
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch.export import Dim
from torch.overrides import TorchFunctionMode

Free: TypeAlias = frozenset[tuple[int, int]]
"""The inputs and their axes whose sizes a trace leaves free."""
LIMIT = 24
"""How many operations a size may be made with: convolutions stay below 12, and torch's solver takes minutes past 70."""


class SizesTooComplex(Exception):
    """The sizes of a trace are expressions that torch cannot handle, or not in reasonable time."""


class SizesToFix(Exception):
    """Rules must know `sizes` that were free."""

    def __init__(self, sizes: Free) -> None:
        super().__init__("sizes must be known")
        self.sizes = sizes


class SimpleSizes(TorchFunctionMode):
    """Raises `SizesTooComplex` as soon as a function gives a tensor with such a size."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            for size in result.shape:
                if isinstance(size, torch.SymInt) and size.node.expr.count_ops() > LIMIT:
                    raise SizesTooComplex
        return result


def every_axis(arrays: Sequence[torch.Tensor]) -> Free:
    """All that export may vary: not sizes of 0 and 1, for code treats those in ways of their own."""
    return frozenset((i, axis) for i, array in enumerate(arrays) for axis, n in enumerate(array.shape) if n > 1)


def batches(free: Free) -> Free:
    """First axes alone; nothing where that was all."""
    first = frozenset((i, axis) for i, axis in free if axis == 0)
    return first if first != free else frozenset()


def dimensions(arrays: Sequence[torch.Tensor], free: Free) -> tuple[Any, ...]:
    """What export is told of each shape."""
    return tuple(
        tuple(Dim.AUTO if (i, axis) in free else Dim.STATIC for axis in range(array.ndim))
        for i, array in enumerate(arrays)
    )
