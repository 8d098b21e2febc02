# pyright: basic
"""How tests of the torch frontend compare graphs with the function that they were traced from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from frameworks import to_numpy, wide_types
from torch.utils import _pytree

import mlgraph
from mlgraph.errors import DataDependentControlFlowError
from mlgraph.serialize import module

TARGETS = ("torch", "jax", "tensorflow", "numpy")
LONG = 40
"""Lines of a program that is better compiled as a whole for jax than one operation at a time."""


def assert_same(
    function: Callable[..., Any],
    *inputs: tuple[Any, ...],
    rtol: float = 1e-5,
    atol: float | None = None,
    targets: Sequence[str] = TARGETS,
) -> None:
    """`function`, traced on the first of `inputs`, gives on every target and each of them what it gives eagerly."""

    def flat(*args: Any) -> list[Any]:
        return _pytree.tree_leaves(function(*args))

    found = graphs(flat, *inputs, targets=targets)
    one = found["torch"].cache_info().captures == 1
    for to, graph in found.items():
        run = runner(graph, to)
        with wide_types(to):
            # What serves all shapes runs on jax at the last alone: XLA compiles it for each.
            for args in inputs[-1:] if to == "jax" and one else inputs:
                results, expected = run(*args), flat(*args)
                assert len(results) == len(expected), to
                for a, b in zip(results, expected, strict=True):
                    assert_close(a, b, rtol, rtol if atol is None else atol, f"to {to}")


def runner(graph: Any, to: str) -> Callable[..., Any]:
    """A graph, inside `jax.jit` where that is quicker."""
    return in_jit(graph) if to == "jax" and graph.source.count("\n") > LONG else graph


def in_jit(graph: Any) -> Callable[..., Any]:
    """A graph for jax, inside `jax.jit` where its inputs are tensors and no size depends on their values."""
    import jax

    jitted = jax.jit(graph)

    def run(*args: Any) -> Any:
        if not all(isinstance(x, torch.Tensor) for x in args):
            return graph(*args)
        try:
            return jitted(*map(to_numpy, args))
        except (DataDependentControlFlowError, jax.errors.ConcretizationTypeError):
            return graph(*args)

    return run


def graphs(function: Callable[..., Any], *inputs: tuple[Any, ...], targets: Sequence[str] = TARGETS) -> dict[str, Any]:
    """A graph of `function` for each target, traced on the first of `inputs`, and on others where it must be.

    torch.export takes most of a capture's time, so that the captures are made once, for torch; the graphs of other
    targets are loaded from the file that this one is saved to.
    """
    graph: Any = mlgraph.compile(function, to="torch", args=inputs[0])
    for args in inputs[1:]:
        graph(*args)
    found = {"torch": graph}
    with TemporaryDirectory() as folder, parsing_once():
        graph.save(folder)
        for to in targets[1:]:
            with wide_types(to):
                found[to] = mlgraph.load(folder, to=to)
    return found


@contextmanager
def parsing_once() -> Iterator[None]:
    """Give copies of what was parsed before, inside: each target is loaded from the same text."""
    parsed = cache(module.parse)
    with patch.object(module, "parse", lambda *text: parsed(*text).clone()):
        yield


def assert_close(found: Any, expected: torch.Tensor, rtol: float, atol: float, message: str) -> None:
    array = to_numpy(found)
    assert array.shape == tuple(expected.shape), message
    assert array.dtype.name == str(expected.dtype).removeprefix("torch."), message
    wanted = expected.detach().to(torch.float64) if expected.is_floating_point() else expected.detach()
    wide = array.astype(np.float64) if expected.is_floating_point() else array
    np.testing.assert_allclose(wide, wanted.numpy(), rtol=rtol, atol=atol, err_msg=message)
