# pyright: basic
"""What depends on values in torch functions: Python numbers, and sizes that only the values tell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch_cases import graphs

import mlgraph
from mlgraph.errors import DataDependentControlFlowError

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("function", [torch.equal, torch.allclose], ids=lambda f: f.__name__)
def test_whether_tensors_are_equal_is_a_python_bool(function: Callable[..., bool]):
    x = torch.randn(3, 4)
    for graph in graphs(lambda a, b: function(a, b), (x, x + 1)).values():
        for a, b in ((x, x + 1), (x, x.clone()), (x[:2], x[:2] + 1e-7), (x, x * torch.nan)):
            assert graph(a, b) is function(a, b)


def test_tensors_of_different_shapes_are_not_equal():
    graph: Any = mlgraph.compile(torch.equal, to="numpy", args=(torch.ones(3), torch.ones(4)))
    assert graph(torch.zeros(3), torch.zeros(4)) is False


def test_a_branch_on_equality():
    def function(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a * 2 if torch.equal(a, b) else b

    for graph in graphs(function, (torch.ones(3), torch.ones(3))).values():
        for b in (torch.ones(3), torch.zeros(3)):
            np.testing.assert_array_equal(graph(torch.ones(3), b), function(torch.ones(3), b))


def add_where_positive(x: torch.Tensor) -> torch.Tensor:
    x = x.clone()
    x[x > 0] += 1
    return x


def logarithm_of_rows(x: torch.Tensor) -> torch.Tensor:
    x, chosen = x.clone(), x[:, 0] > 0
    x[chosen] = (x[chosen].abs() + 0.5).log() * 2
    return x


SELECTING: dict[str, Callable[..., Any]] = {
    "sum": lambda x: x[x > 0].sum(),
    "product of rows": lambda x: x[x[:, 0] > 0].prod(0),
    "mean of columns": lambda x: x[:, x[0] > 0].mean(1),
    "mean of rows and columns": lambda x: x[x[:, 0] > 0].mean(),
    "mean of nothing": lambda x: x[x > 99].mean(),
    "any": lambda x: (x > 1)[x > 0].any(),
    "all": lambda x: (x < 1)[x > 0].all(),
    "sum of others": lambda x: x[x > 0].sum() + x[x < 0].sum(),
    "added": add_where_positive,
    "logarithm": logarithm_of_rows,
}
"""Functions of what a mask selects whose results have the same shape whatever it selects."""

SELECTED: dict[str, Callable[..., Any]] = {
    "mask": lambda x: x[x > 0],
    "nonzero": torch.nonzero,
    "unique": lambda x: torch.unique(x.round()),
    "repeat_interleave": lambda x: torch.repeat_interleave(x.round().abs().long().reshape(-1)),
    "number": lambda x: x.sum().item(),
    "largest": lambda x: x[x > 0].max(),
}
"""Functions of which only the values tell a shape, a number, or whether they raise."""


@pytest.mark.parametrize("function", [*SELECTING.values(), *SELECTED.values()], ids=[*SELECTING, *SELECTED])
def test_sizes_that_depend_on_values(function: Callable[..., Any]):
    for graph in graphs(function, (torch.randn(4, 3),)).values():
        for shape in ((4, 3), (6, 5)):
            x = torch.randn(shape)
            np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(function(x)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", SELECTING.values(), ids=SELECTING)
def test_a_selection_of_which_no_shape_is_left_runs_inside_jit(function: Callable[..., Any]):
    import jax

    graph: Any = jax.jit(mlgraph.compile(function, to="jax", args=(torch.randn(4, 3),)))
    x = torch.randn(6, 5)
    np.testing.assert_allclose(graph(np.asarray(x)), function(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", SELECTED.values(), ids=SELECTED)
def test_a_shape_that_depends_on_values_says_so_inside_jit(function: Callable[..., Any]):
    import jax

    graph: Any = jax.jit(mlgraph.compile(function, to="jax", args=(torch.randn(4, 3),)))
    with pytest.raises(DataDependentControlFlowError, match=r"outside jax\.jit[\s\S]*where"):
        graph(np.ones((4, 3), np.float32))


def test_gradients_through_a_selection_are_those_of_torch():
    import jax

    def function(x: torch.Tensor) -> torch.Tensor:
        x = x.clone()
        x[x > 0] = torch.log(x[x > 0])
        return x.sum()

    x = torch.tensor([-1.0, 0.0, 2.0, 4.0], requires_grad=True)
    function(x).backward()
    graph: Any = mlgraph.compile(function, to="jax", args=(torch.randn(3),))
    found = jax.grad(lambda array: graph.apply(graph.params, array))(x.detach().numpy())
    np.testing.assert_allclose(found, x.grad, rtol=1e-6)
