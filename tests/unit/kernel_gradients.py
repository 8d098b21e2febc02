# pyright: basic
"""How tests of kernels under torch's autograd compare gradients."""

from collections.abc import Callable
from typing import Any

import torch


def doubles(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def same_gradients(
    found: Callable[..., Any], wanted: Callable[..., Any], *leaves: Any, equal_nan: bool = False
) -> None:
    """Compare all results and their gradients, weighted at random, by those of `leaves` that ask for them."""
    ours, theirs = (y if isinstance(y, tuple) else (y,) for y in (found(*leaves), wanted(*leaves)))
    torch.testing.assert_close(ours, theirs, equal_nan=equal_nan)
    weights = [torch.randn_like(y) for y in theirs]
    inputs = [x for x in leaves if x.requires_grad]
    gradients = (torch.autograd.grad(of, inputs, weights) for of in (ours, theirs))
    torch.testing.assert_close(*gradients, equal_nan=equal_nan)
