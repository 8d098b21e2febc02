# pyright: basic
"""torch's order of NaN, its medians of nothing, and its indices out of range."""

from typing import Any

import pytest
import torch
from frameworks import to_numpy
from torch_cases import assert_same

import mlgraph

nan = float("nan")


def test_nan_is_the_largest_of_all():
    def function(x: Any) -> Any:
        return (
            torch.sort(x, stable=True),
            torch.sort(x, descending=True, stable=True),
            torch.argmax(x, 1),
            x.min(1),
            x.median(1).values,
            x.nanmedian(1).values,
            x.mode(1).values,
            x.kthvalue(2, 1).values,
            x.topk(3, 1).values,
            x.cummax(1),
        )

    assert_same(function, (torch.tensor([[3.0, nan, 1.0, nan, 2.0], [1.0, 1.0, 0.0, -0.0, 1.0]]),))


def test_the_median_of_nothing_is_nan():
    assert_same(lambda x: (x.median(), x.nanmedian()), (torch.empty(0, 3),))


@pytest.mark.parametrize("to", ["torch", "tensorflow", "numpy"])
def test_an_index_that_is_out_of_range_from_the_end_raises(to: str):
    graph: Any = mlgraph.compile(lambda x, i: x[i], to=to, args=(torch.eye(3), torch.tensor([-3, 2])))
    with pytest.raises(Exception, match=r"out of|not in"):
        graph(torch.eye(3), torch.tensor([-4, 2]))


def test_torch_in_torch_orders_equal_elements_as_torch_does():
    def function(x: Any) -> Any:
        return x.sort(), x.argsort(descending=True), x.sort(dim=1, stable=True), x.topk(4), x.topk(3, 0, largest=False)

    x, other = torch.arange(240).reshape(4, 60) % 7, torch.arange(99).reshape(3, 33) % 5
    assert_same(function, (x,), (other,), targets=("torch",))


@pytest.mark.parametrize("to", ["jax", "tensorflow", "numpy"])
def test_other_targets_keep_equal_elements_in_their_order(to: str):
    x = torch.arange(240) % 7
    graph: Any = mlgraph.compile(lambda x: x.argsort(), to=to, args=(x,))
    assert (to_numpy(graph(x)) == x.argsort(stable=True).numpy()).all()
