# pyright: basic
"""Lazy graphs, decorators and several objects at once."""

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph import Graph, LazyGraph
from mlgraph.errors import NotCapturedError, UnknownTargetError

X = torch.arange(6.0).reshape(2, 3)


def power(x, y):
    return x**y


def test_eager_captures_now_and_lazy_at_its_first_call(capsys):
    def counted(x):
        print("called")
        return x + 1

    lazy = mlgraph.compile(counted, to="torch")
    assert isinstance(lazy, LazyGraph)
    assert capsys.readouterr().out == ""
    assert lazy.cache_info() == (0, 0)
    lazy(X)
    lazy(X)
    assert capsys.readouterr().out == "called\n"
    eager = mlgraph.compile(counted, to="torch", args=(X,))
    assert isinstance(eager, Graph)
    assert not isinstance(eager, LazyGraph)
    assert capsys.readouterr().out == "called\n"
    eager(X)
    assert capsys.readouterr().out == ""


def test_kwargs_alone_are_eager():
    graph = mlgraph.compile(power, to="numpy", kwargs={"x": X, "y": X})
    assert graph.cache_info().captures == 1
    np.testing.assert_allclose(graph(y=X, x=X), X**X)


def test_no_arguments_at_all_are_eager():
    graph = mlgraph.compile(lambda: torch.ones(3) * 2, to="numpy", args=())
    assert graph.cache_info().captures == 1
    np.testing.assert_allclose(graph(), [2, 2, 2])


NEEDS_A_CAPTURE = {
    "ir": lambda graph: graph.ir(),
    "stages": lambda graph: graph.stages,
    "source": lambda graph: graph.source,
    "timings": lambda graph: graph.timings(),
    "to": lambda graph: graph.to,
}


@pytest.mark.parametrize("what", NEEDS_A_CAPTURE)
def test_what_needs_a_capture_says_so(what):
    graph = mlgraph.compile(power)
    with pytest.raises(NotCapturedError, match="call the graph once") as caught:
        NEEDS_A_CAPTURE[what](graph)
    assert "power" in str(caught.value)
    graph(X, X)
    NEEDS_A_CAPTURE[what](graph)


def test_what_needs_no_capture():
    graph = mlgraph.compile(power, to="torch")
    assert graph.cache_info() == (0, 0)
    assert graph.params == {}
    graph.seed(3)
    assert "not captured yet" in repr(graph)
    assert graph.__name__ == "power"


def test_decorator():
    @mlgraph.compile(to="numpy")
    def double(x):
        """Twice as much."""
        return x * 2

    assert isinstance(double, LazyGraph)
    assert double.__doc__ == "Twice as much."
    np.testing.assert_allclose(double(X), X * 2)


def test_several_objects_give_a_tuple():
    first, second = mlgraph.compile(lambda x: x + 1, lambda x: x * 2, to="numpy", args=(X,))
    np.testing.assert_allclose(first(X), X + 1)
    np.testing.assert_allclose(second(X), X * 2)
    lazy = mlgraph.compile(power, power, to="numpy")
    assert isinstance(lazy, tuple)
    assert [graph.cache_info().captures for graph in lazy] == [0, 0]


@pytest.mark.parametrize("to", ["pytorch", "", "Torch", 3])
def test_bad_target_lists_the_good_ones(to):
    with pytest.raises(UnknownTargetError, match="torch, jax, tensorflow, numpy"):
        mlgraph.compile(power, to=to)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(mlgraph.errors.InputError, match="not callable"):
        mlgraph.compile(3, to="torch")


def test_a_class_method_has_a_graph_for_each_class():
    class Scaled:
        factor = 2

        @classmethod
        @mlgraph.compile(to="torch")
        def scale(cls, x):
            return x * cls.factor

    class Other(Scaled):
        factor = 5

    assert torch.equal(Scaled.scale(X), X * 2)
    assert torch.equal(Other.scale(X), X * 5)
    assert torch.equal(Other().scale(X), X * 5)
    Scaled.factor = 3
    assert torch.equal(Scaled.scale(X), X * 3)
    assert Other.scale is Other.scale
