"""Which sizes a trace leaves free, and when that goes too far."""

# pyright: basic
from typing import Any, Literal, TypeAlias

import torch
from torch.export import Dim
from torch.overrides import TorchFunctionMode

Free: TypeAlias = Literal["every axis", "first axis", "none"]
LIMIT = 24
"""How many operations a size may be made with: convolutions stay below 12, and torch's solver takes minutes past 70."""


class SizesTooComplex(Exception):
    """The sizes of a trace are expressions that torch's solver cannot handle in reasonable time."""


class SimpleSizes(TorchFunctionMode):
    """Raises `SizesTooComplex` as soon as a function gives a tensor with such a size."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            for size in result.shape:
                if isinstance(size, torch.SymInt) and size.node.expr.count_ops() > LIMIT:
                    raise SizesTooComplex
        return result


def dimensions(shape: tuple[int, ...], free: Free) -> tuple[Any, ...]:
    """What export may vary of a shape: not 0 and 1, for code treats those in ways of their own."""
    axes = range(len(shape)) if free == "every axis" else range(free == "first axis")
    return tuple(Dim.AUTO if i in axes and size > 1 else Dim.STATIC for i, size in enumerate(shape))
