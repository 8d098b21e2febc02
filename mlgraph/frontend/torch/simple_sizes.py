"""The sizes that a trace by `torch.export` leaves free, and when they become too complex for it."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch.export import Dim
from torch.overrides import TorchFunctionMode

from mlgraph.frontend.dynamic_sizes import Axis

LIMIT = 24
"""The largest number of operations in a size: convolutions stay below 12, and torch's solver takes minutes past 70."""


class SizesTooComplex(Exception):
    """The sizes of a trace are expressions that torch cannot handle, or not in reasonable time."""


class SimpleSizes(TorchFunctionMode):
    """Raises `SizesTooComplex` as soon as a function gives a tensor with such a size."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            for size in result.shape:
                if isinstance(size, torch.SymInt) and cast(Any, size).node.expr.count_ops() > LIMIT:
                    raise SizesTooComplex
        return result


def dimensions(arrays: Sequence[torch.Tensor], free: frozenset[Axis]) -> tuple[Any, ...]:
    """Return what export is told of each shape."""
    return tuple(
        tuple(Dim.AUTO if (i, axis) in free else Dim.STATIC for axis in range(array.ndim))
        for i, array in enumerate(arrays)
    )
