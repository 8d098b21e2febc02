# pyright: basic
"""A graph to torch computes where its inputs and weights are. `meta` stands for a GPU: it mixes with none."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import mlgraph

META = torch.device("meta")


def positions(x: Any) -> Any:
    """What makes tensors: a range, masks, a table, random numbers."""
    length, device = x.shape[0], x.device
    row = torch.arange(length, device=device) % 3
    mask = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    ranked = F.embedding(row, torch.eye(3, device=device))
    return x.masked_fill(~mask, 0).sum(1), ranked, torch.rand(length, device=device), torch.full((2,), length)


def test_what_a_graph_makes_is_made_where_its_inputs_are():
    graph: Any = mlgraph.compile(positions, to="torch", args=(torch.randn(4, 4),))
    assert "device=" not in graph.source
    for n in (4, 6):
        found = graph(torch.randn(n, n, device=META))
        assert [y.device for y in found] == [META] * 4
        assert [y.shape for y in found] == [(n,), (n, 3), (n,), (2,)]
    assert 'device="meta"' in graph.source
    assert [y.device.type for y in graph(torch.randn(5, 5))] == ["cpu"] * 4
    assert graph.cache_info().captures == 2


def test_a_captured_table_is_taken_to_where_the_inputs_are():
    table = torch.randn(40, 3)
    graph: Any = mlgraph.compile(lambda x: x @ table.to(x.device) ** 2, to="torch", args=(torch.randn(2, 40),))
    assert graph(torch.randn(2, 40)).device.type == "cpu"


def test_weights_say_where_a_graph_without_inputs_computes():
    class Positions(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(7, 3)

        def forward(self) -> Any:
            return self.table(torch.arange(4, device=self.table.weight.device))

    module = Positions().to(META)
    mlgraph.compile(module, to="torch", args=())
    assert module().device == META


def test_the_report_says_that_an_argument_moved(caplog: pytest.LogCaptureFixture):
    graph: Any = mlgraph.compile(lambda x: x + 1, to="torch", args=(torch.ones(2),))
    graph(torch.ones(2, device=META))
    assert "argument x went from cpu to meta" in caplog.text
