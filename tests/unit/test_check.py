# pyright: basic
"""`graph.check` and `verify=True` find what a graph does otherwise than the function."""

from dataclasses import dataclass

import pytest
import torch
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import mlgraph
from mlgraph.dialects import ivy
from mlgraph.dialects.table import TableOp
from mlgraph.errors import CheckError, InputError
from mlgraph.frameworks.arrays import convert
from mlgraph.transforms.rewriting import replace

X = torch.rand(4, 3)
TARGETS = ["torch", "jax", "tensorflow", "numpy"]


@dataclass(frozen=True)
class WrongPass(ModulePass):
    """Makes sines of cosines."""

    name = "wrong"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()):
            if isinstance(inner, TableOp) and inner.OP is ivy.cos:
                replace(inner, lambda inner=inner: ivy.sin(inner.operands[0]))


@pytest.mark.parametrize("to", TARGETS)
def test_right_graphs_pass(to):
    def function(x, n, names=("a",)):
        return {"sum": (x * n).sum(0), "size": x.shape[0], "rest": (names, x > 0.5, x.argmax(1))}

    graph = mlgraph.compile(function, to=to, args=(X, 3), verify=True)
    graph.check(X, 3)
    graph.check(torch.rand(9, 2), 3)


def test_wrong_operation_is_found():
    def function(x):
        return {"right": x + 1, "wrong": torch.cos(x)}

    with pytest.raises(CheckError, match=r"function differs .* result\['wrong'\] differs by up to") as caught:
        mlgraph.compile(function, to="numpy", args=(X,), passes=[WrongPass()], verify=True)
    assert isinstance(caught.value, AssertionError)
    graph = mlgraph.compile(function, to="numpy", args=(X,), passes=[WrongPass()])
    with pytest.raises(CheckError):
        graph.check(X)


def test_failed_verification_leaves_no_specialization():
    layer = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(lambda x: torch.cos(layer(x)), to="numpy", passes=[WrongPass()], verify=True)
    with pytest.raises(CheckError):
        graph(X)
    assert graph.cache_info() == (0, 0)
    assert graph.params == {}


def test_value_that_was_fixed_at_capture_is_found(tmp_path):
    def function(x):
        return x + float(file.read_text())

    file = tmp_path / "shift"
    file.write_text("1.0")
    graph = mlgraph.compile(function, to="numpy", args=(X,))
    graph.check(X)
    file.write_text("100.0")
    with pytest.raises(CheckError, match="on the given inputs"):
        graph.check(X)


def test_nothing_stays_changed():
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    graph = mlgraph.compile(module, to="jax", args=(X,), verify=True)
    graph.check(X)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert float(graph.params["1.num_batches_tracked"]) == 0

    def push(x):
        x.add_(1)
        return x

    x = X.clone()
    mlgraph.compile(push, to="torch", args=(x,), verify=True).check(x)
    torch.testing.assert_close(x, X)


def test_state_stays_as_it_is():
    class Counter:
        def __init__(self):
            self.total = torch.zeros(3)

    def step(state, x):
        state.total = state.total + x.sum(0)
        return state.total

    state = Counter()
    mlgraph.compile(step, to="torch", args=(state, X), verify=True).check(state, X)
    torch.testing.assert_close(state.total, torch.zeros(3))


def test_random_numbers_cannot_be_checked():
    graph = mlgraph.compile(lambda x: x + torch.rand(3), to="numpy", args=(X,))
    with pytest.raises(InputError, match="random"):
        graph.check(X)


@pytest.mark.parametrize("source", ["jax", "tensorflow", "numpy"])
def test_other_sources(source):
    x = convert(X.numpy(), source)
    mlgraph.compile(lambda x: (x * 2 + 1) / 3, to="torch", args=(x,), verify=True).check(x)


def test_a_float_that_is_an_input_is_checked():
    graph = mlgraph.compile(lambda x, rate: x * rate, to="numpy")
    for rate in (1.0, 2.0, 3.0):
        graph(X.numpy(), rate)
    graph.check(X.numpy(), 4.0)
    assert graph.cache_info().captures == 2
