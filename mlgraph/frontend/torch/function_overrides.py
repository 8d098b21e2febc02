"""Functions of torch that look at values, or whose kernels export cannot follow, written with functions that it can.

What they check of values, and raise for, cannot be checked in a graph: there the result is NaN.
"""

# pyright: basic
import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols
from torch.overrides import TorchFunctionMode

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch._private import every_decomposition

OVERRIDES: dict[Any, Callable[..., Any]] = {}
"""The function that replaces another during a trace."""


class FunctionOverrides(TorchFunctionMode):
    """Calls of the functions of `OVERRIDES` become calls of what stands for them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        chosen: Any = OVERRIDES.get(func, func)
        return chosen(*args, **(kwargs or {}))


def replaces(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if known := [each for each in functions if each in OVERRIDES]:
            raise ValueError(f"{known} are replaced already")
        OVERRIDES.update(dict.fromkeys(functions, function))
        return function

    return register


@replaces(torch.cov, Tensor.cov)
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    if input.dim() > 2:
        raise ValueError(f"cov takes at most two dimensions, got {input.dim()}")
    x = input if input.dim() == 2 else input.reshape(1, -1)
    weights = [w for w in (fweights, aweights) if w is not None]
    if not weights:
        count = x.shape[1]
        centered = x - (x.sum(1) / count).unsqueeze(1)
        return (centered @ centered.t().conj() / max_of(count - correction, 0)).squeeze()
    weight = weights[0] if len(weights) == 1 else weights[0] * weights[1]
    total = weight.sum()
    centered = x - ((x * weight).sum(1) / total).unsqueeze(1)
    lost = correction if aweights is None else correction * (weight * aweights).sum() / total
    return (centered @ (centered * weight).t().conj() / (total - lost).clamp(min=0)).squeeze()


@replaces(Tensor.random_)
def random_(input: Tensor, *bounds: Any, generator: torch.Generator | None = None, **named: Any) -> Tensor:
    """Numbers below the difference of two bounds, moved by the first: the overload is called `from`, as no name is."""
    low, high = (*bounds, *named.values()) if len(bounds) + len(named) == 2 else (0, None)
    if high is None:
        return input.random_(*bounds, generator=generator, **named)
    return input.random_(high - low, generator=generator).add_(low)


def max_of(a: Any, b: Any) -> Any:
    """Return the larger of two sizes as a tensor."""
    larger: Any = torch.sym_max(a, b)  # pyright: ignore[reportUnknownMemberType]
    return torch.scalar_tensor(larger)


@replaces(torch.corrcoef, Tensor.corrcoef)
def corrcoef(input: Tensor) -> Tensor:
    c = cov(input)
    if c.dim() == 0:
        return c / c
    deviation = c.diag().real.sqrt() if c.is_complex() else c.diag().sqrt()
    found = c / deviation.unsqueeze(1) / deviation.unsqueeze(0)
    if c.is_complex():
        return torch.complex(found.real.clamp(-1, 1), found.imag.clamp(-1, 1))
    return found.clamp(-1, 1)


@replaces(Tensor.__getitem__)
def getitem(input: Tensor, index: Any) -> Tensor:
    return Tensor.__getitem__(*selected(input, index))


@replaces(Tensor.__setitem__)
def setitem(input: Tensor, index: Any, value: Any) -> None:
    Tensor.__setitem__(*selected(input, index), value)


def selected(x: Tensor, index: Any) -> tuple[Tensor, Any]:
    """Return a view and an index of it without the numbers that values tell, which torch does not take in tuples."""
    if not isinstance(index, tuple) or not any(map(depends_on_values, index)):
        return x, index
    rest: list[Any] = []
    axis = 0
    for i, item in enumerate(index):
        if item is Ellipsis:
            axis = x.dim() - sum(map(axes_of, index[i + 1 :]))
        if depends_on_values(item):
            x = x.select(axis, item)
        else:
            rest.append(item)
            axis += axes_of(item)
    return x, tuple(rest)


def depends_on_values(number: Any) -> bool:
    return isinstance(number, torch.SymInt) and bool(free_unbacked_symbols(number))


def axes_of(item: Any) -> int:
    """Return how many axes an item of an index takes up, beside those of an ellipsis."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item.dim() if isinstance(item, Tensor) and item.dtype in (torch.bool, torch.uint8) else 1


@replaces(torch.equal, Tensor.equal)
def equal(input: Tensor, other: Tensor) -> Any:
    return (input == other).all().item() if input.shape == other.shape else False


@replaces(torch.allclose, Tensor.allclose)
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    return torch.isclose(input, other, rtol, atol, equal_nan).all().item()


@replaces(Tensor.polygamma_)
def polygamma_(input: Tensor, n: int) -> Tensor:
    return input.copy_(torch.polygamma(n, input))


@replaces(torch.combinations)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(range(int(input.shape[0])), r))
    if not places or r == 0:
        return input.new_empty((0, r) if r else (0,))
    return input[torch.tensor(places, device=input.device)]


if hasattr(F, "linear_cross_entropy"):  # since torch 2.13

    @replaces(F.linear_cross_entropy)
    def linear_cross_entropy(*args: Any, options: Any = None, **kwargs: Any) -> Tensor:
        """The options say how much memory it may take."""
        return F.linear_cross_entropy(*args, **kwargs)


def grid_sampler_2d(input: Tensor, grid: Tensor, *args: Any) -> Tensor:
    """Decompose as torch does. Raise `UnsupportedOpError` for half precision on a CPU, where torch rounds places."""
    if input.dtype in (torch.float16, torch.bfloat16) and input.device.type == "cpu":
        raise UnsupportedOpError("grid_sample of images in half precision on a CPU", fix="cast to float32 first")
    return every_decomposition()[torch.ops.aten.grid_sampler_2d.default](input, grid, *args)


DECOMPOSED: dict[Any, Callable[..., Any]] = {torch.ops.aten.grid_sampler_2d.default: grid_sampler_2d}
"""The decompositions that replace torch's own, whose results differ from those of its kernels."""


@replaces(F.gaussian_nll_loss)
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * torch.ones_like(input)
    elif var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or [m for n, m in zip(input.shape, var.shape, strict=True) if n != m] != [1]:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    held = torch.where(var < eps, eps + (var - var.detach()), var)
    held = torch.where(var < 0, math.nan, held)
    loss = 0.5 * (torch.log(held) + (input - target) ** 2 / held)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
