"""Tensors in the place of sizes.

The number of a tensor that torch makes of sizes, as `torch.div(x.shape[0], 8, rounding_mode="floor")` does, is no value
that only a call can tell.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from mlgraph.frontend.torch import markers
from mlgraph.frontend.torch.function_overrides import replaces


@replaces(torch.div, torch.divide)
def div(input: Any, other: Any, *, rounding_mode: str | None = None, **named: Any) -> Tensor:
    """Divide; the result remembers its number where both are sizes, of which none is negative."""
    found = torch.div(input, other, rounding_mode=rounding_mode, **named)
    if rounding_mode is not None and not named and all(isinstance(x, int | torch.SymInt) for x in (input, other)):
        if input >= 0 and other > 0:
            found._size = input // other  # pyright: ignore[reportAttributeAccessIssue]
    return found


@replaces(Tensor.item)
def item(input: Tensor) -> Any:
    return getattr(input, "_size") if hasattr(input, "_size") else input.item()  # noqa: B009


def reshaping(function: Any) -> Any:
    """Return a function of a tensor and sizes that takes tensors which remember their numbers."""

    def reshaped(input: Tensor, *shape: Any, **named: Any) -> Tensor:
        return function(input, *map(size_of, shape), **named)

    return reshaped


def size_of(argument: Any) -> Any:
    """Return a size in the place of a tensor that remembers it, in tuples too."""
    if isinstance(argument, list | tuple) and not isinstance(argument, torch.Size):
        return tuple(map(size_of, cast("Sequence[Any]", argument)))
    return getattr(argument, "_size", argument) if isinstance(argument, Tensor) else argument


@replaces(torch.narrow, Tensor.narrow)
def narrow(input: Tensor, dim: int, start: Any, length: Any) -> Tensor:
    """Look up a place in a tensor: a slice from there would have a data-dependent start."""
    length = item(length) if isinstance(length, Tensor) else length
    if not isinstance(start, Tensor):
        return torch.ops.aten.narrow.default(input, dim, start, length)
    first = torch.where(start < 0, start + input.shape[dim], start)
    return input.index_select(dim, first + torch.arange(length, device=input.device))


@replaces(Tensor.contiguous)
def contiguous(input: Tensor, memory_format: torch.memory_format = torch.contiguous_format) -> Tensor:
    """Copy a tensor of which only a call can tell if it is contiguous; `check_regions` refuses writes into the copy."""
    try:
        return input.contiguous(memory_format=memory_format)
    except GuardOnDataDependentSymNode:
        return markers.hold(input)


for _function in (Tensor.view, Tensor.reshape, torch.reshape, Tensor.expand):
    replaces(_function)(reshaping(_function))
