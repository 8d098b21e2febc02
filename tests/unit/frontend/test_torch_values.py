# pyright: basic
"""What depends on values in torch functions: Python numbers, and sizes that only the values tell."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch_cases import TARGETS

import mlgraph
from mlgraph.errors import DataDependentControlFlowError


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("function", [torch.equal, torch.allclose], ids=lambda f: f.__name__)
def test_whether_tensors_are_equal_is_a_python_bool(function: Callable[..., bool], to: str):
    x = torch.randn(3, 4)
    graph: Any = mlgraph.compile(lambda a, b: function(a, b), to=to, args=(x, x + 1))
    for a, b in ((x, x + 1), (x, x.clone()), (x[:2], x[:2] + 1e-7), (x, x * torch.nan)):
        assert graph(a, b) is function(a, b)


def test_tensors_of_different_shapes_are_not_equal():
    graph: Any = mlgraph.compile(torch.equal, to="numpy", args=(torch.ones(3), torch.ones(4)))
    assert graph(torch.zeros(3), torch.zeros(4)) is False


def test_a_branch_on_equality_is_refused():
    def function(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a if torch.equal(a, b) else b

    with pytest.raises(DataDependentControlFlowError):
        mlgraph.compile(function, to="torch", args=(torch.ones(3), torch.ones(3)))
