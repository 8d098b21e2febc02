# pyright: basic
"""How tests of the torch frontend compare a graph with the function that it was traced from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from frameworks import to_numpy
from torch.utils import _pytree

import mlgraph

TARGETS = ("torch", "jax", "tensorflow", "numpy")


def assert_same(function: Callable[..., Any], to: str, *inputs: tuple[Any, ...], rtol: float = 1e-5) -> None:
    """`function`, traced on the first of `inputs`, gives on each of them what it gives eagerly."""
    graph: Any = mlgraph.compile(function, to=to, args=inputs[0], x64=True if to == "jax" else None)
    for args in inputs:
        found, expected = (_pytree.tree_leaves(f(*args)) for f in (graph, function))
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            array = to_numpy(a.detach() if isinstance(a, torch.Tensor) else a)
            assert array.shape == tuple(b.shape)
            assert array.dtype.name == str(b.dtype).removeprefix("torch.")
            wanted = b.detach().to(torch.float64) if b.is_floating_point() else b.detach()
            wide = array.astype(np.float64) if b.is_floating_point() else array
            np.testing.assert_allclose(wide, wanted.numpy(), rtol=rtol, atol=rtol)
