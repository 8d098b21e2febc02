# pyright: basic
"""A graph to torch computes where its inputs and weights are. `meta` stands for a GPU: it mixes with none."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import mlgraph
from mlgraph.errors import CaptureError, UnknownTargetError

META = torch.device("meta")


def positions(x: Any) -> Any:
    """What makes tensors: a range, masks, a table, random numbers."""
    length, device = x.shape[0], x.device
    row = torch.arange(length, device=device) % 3
    mask = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    ranked = F.embedding(row, torch.eye(3, device=device))
    return x.masked_fill(~mask, 0).sum(1), ranked, torch.rand(length, device=device), torch.full((2,), length)


def draws(x: Any) -> Any:
    """Random numbers of all kinds."""
    chosen = x.softmax(-1).multinomial(2)
    order = torch.randperm(x.shape[0], device=x.device)
    whole = torch.randint(5, (3,), device=x.device)
    return x[order], torch.rand_like(x), torch.empty_like(x).uniform_(1, 3), chosen, whole, F.dropout(x)


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


def test_random_numbers_are_drawn_where_the_inputs_are():
    graph: Any = mlgraph.compile(draws, to="torch", args=(torch.randn(4, 5),))
    assert all(y.device == META for y in graph(torch.randn(6, 5, device=META)))
    assert all(y.device.type == "cpu" for y in graph(torch.randn(6, 5)))


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


def test_a_saved_graph_is_loaded_for_a_device(tmp_path: Path):
    module = torch.nn.Linear(3, 2)
    path = mlgraph.compile(positions, to="torch", args=(torch.randn(4, 4),)).save(tmp_path / "positions")
    graph: Any = mlgraph.load(path, device="meta")
    assert [y.device for y in graph(torch.randn(6, 6, device=META))] == [META] * 4
    with pytest.raises(CaptureError, match=r"(?s)no specialization.*`device`"):
        graph(torch.randn(6, 6))
    path = mlgraph.compile(lambda x: module(x), to="torch", args=(torch.randn(4, 3),)).save(tmp_path / "linear")
    graph = mlgraph.load(path, device="meta")
    assert graph(torch.randn(5, 3, device=META)).device == META


def test_a_device_that_is_not_there_is_refused(tmp_path: Path):
    path = mlgraph.compile(lambda x: x + 1, to="torch", args=(torch.ones(2),)).save(tmp_path)
    with pytest.raises(UnknownTargetError, match="torch has no device 'gpu'"):
        mlgraph.load(path, device="gpu")
    with pytest.raises(UnknownTargetError, match="a graph to numpy cannot be told to compute on 'cuda'"):
        mlgraph.load(path, to="numpy", device="cuda")
