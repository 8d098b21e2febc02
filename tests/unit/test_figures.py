# pyright: basic
"""The six examples of the document on Ivy's graph compiler hold the operations of its figures, and no others.

They are written in torch's idiom: ivy is an optional dependency, and its functions run torch's underneath.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.dialects.constant import ArrayOp, LiteralOp, number_of

PLUMBING = ("builtin.module", "func.func", "func.return", "stateful.name")
"""What every graph has around its operations."""


def operations(graph):
    """How often each operation occurs at the ivy stage. Numbers such as the 1 of `x + 1` are arguments of theirs."""
    found = [op for op in graph.ir("ivy").walk() if op.name not in PLUMBING and not is_number(op)]
    return Counter("constant" if isinstance(op, (LiteralOp, ArrayOp)) else op.name for op in found)


def is_number(op):
    return isinstance(op, LiteralOp) and number_of(op.result) is not None


def compiled(function, args, lazy, **flags):
    """`function` compiled to torch, captured for `args` in either way."""
    if not lazy:
        return mlgraph.compile(function, to="torch", args=args, **flags)
    graph = mlgraph.compile(function, to="torch", **flags)
    graph(*args)
    return graph


CAST = {"ivy.cast": 1}
"""The integers that are drawn become floats, as `x` is: the figures do not draw it, for torch promotes unsaid."""


@pytest.fixture(params=[False, True], ids=["eager", "lazy"])
def lazy(request):
    return request.param


def power(x, y):
    z = x**y
    print(z)
    k = x * y  # noqa: F841
    j = torch.concat([x, z, y])
    sum_j = torch.sum(j)  # noqa: F841
    return z


@pytest.mark.parametrize("array_caching", [True, False])
@pytest.mark.parametrize("include_generators", [True, False])
def test_figure_1(lazy, array_caching, include_generators):
    args = torch.tensor([1, 2, 3]), torch.tensor([2, 3, 4])
    graph = compiled(power, args, lazy, array_caching=array_caching, include_generators=include_generators)
    assert operations(graph) == {"ivy.pow": 1}
    assert graph(*args).tolist() == [1, 8, 81]


def test_figure_1_on_other_shapes_and_types(lazy):
    graph = compiled(power, (torch.tensor([1, 2, 3]), torch.tensor([2, 3, 4])), lazy)
    a, b = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 3.0]])
    assert graph(a, b).tolist() == [[1.0, 8.0]]
    assert operations(graph) == {"ivy.pow": 1}


def power_of_a_sum(x):
    b = torch.tensor([2])
    a = torch.tensor([2])
    return x ** (a + b)


def test_figure_2(lazy):
    graph = compiled(power_of_a_sum, (torch.tensor([1, 2, 3]),), lazy)
    assert operations(graph) == {"ivy.pow": 1, "constant": 1}
    assert graph(torch.tensor([[2, -3]])).tolist() == [[16, 81]]


def test_figure_3(lazy):
    graph = compiled(power_of_a_sum, (torch.tensor([1, 2, 3]),), lazy, array_caching=False)
    assert operations(graph) == {"constant": 2, "ivy.add": 1, "ivy.pow": 1}
    assert graph(torch.tensor([[2, -3]])).tolist() == [[16, 81]]


def power_of_a_draw(x):
    a = torch.randint(4, 100, size=[1])  # canonicalize makes less of smaller numbers
    z = x**a
    return z + torch.rand([1])


def times_a_draw(x):
    a = torch.randint(4, 100, size=[1])  # canonicalize makes less of smaller numbers
    z = x * a
    return z + torch.rand([1])


def test_figure_4(lazy):
    graph = compiled(power_of_a_draw, (torch.tensor([1.0]),), lazy)
    assert operations(graph) == {"generator.randint": 1, "ivy.pow": 1, "generator.uniform": 1, "ivy.add": 1, **CAST}


@pytest.mark.parametrize("array_caching", [True, False])
def test_draws_are_new_at_each_call(lazy, array_caching):
    graph = compiled(times_a_draw, (torch.tensor([1.0]),), lazy, array_caching=array_caching)
    drawn = np.array([graph(torch.tensor([1.0])).item() for _ in range(1000)])
    whole, rest = np.floor(drawn), drawn % 1
    assert whole.min() >= 0
    assert whole.max() < 100
    assert len(set(whole)) > 80
    assert abs(whole.mean() - 49.5) < 5
    assert abs(rest.mean() - 0.5) < 0.05
    assert abs(rest.var() - 1 / 12) < 0.02


def test_draws_of_a_seed_repeat(lazy):
    graph = compiled(times_a_draw, (torch.tensor([1.0]),), lazy)
    x = torch.tensor([1.0, 2.0])
    graph.seed(3)
    first, second = graph(x), graph(x)
    graph.seed(3)
    assert torch.equal(graph(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("function", "name"), [(power_of_a_draw, "ivy.pow"), (times_a_draw, "ivy.multiply")])
def test_figure_5(lazy, function, name):
    graph = compiled(function, (torch.tensor([1.0]),), lazy, include_generators=False)
    assert operations(graph) == {name: 1, "ivy.add": 1, "constant": 2}


@pytest.mark.parametrize("array_caching", [True, False])
def test_baked_draws_stay(lazy, array_caching):
    flags = {"include_generators": False, "array_caching": array_caching}
    graph = compiled(times_a_draw, (torch.tensor([1.0, 2.0]),), lazy, **flags)
    assert operations(graph) == {"ivy.multiply": 1, "ivy.add": 1, "constant": 2, **({} if array_caching else CAST)}
    offset, total = graph(torch.tensor([0.0, 1.0])).tolist()
    factor = total - offset
    assert 0 <= offset < 1
    assert factor == pytest.approx(round(factor), abs=1e-4)
    assert 0 <= round(factor) < 100
    x = torch.tensor([3.0, -2.0, 0.5])
    torch.testing.assert_close(graph(x), x * factor + offset)
    assert graph.cache_info() == (1, 1)
    other = compiled(times_a_draw, (torch.tensor([1.0, 2.0]),), lazy, **flags)
    assert other(torch.tensor([0.0, 1.0]))[0] != offset


def set_attribute(cont, x):
    cont.new_attribute = x
    return x + 1


@pytest.mark.parametrize("array_caching", [True, False])
@pytest.mark.parametrize("include_generators", [True, False])
def test_figure_6(lazy, array_caching, include_generators):
    flags = {"array_caching": array_caching, "include_generators": include_generators}
    x = torch.tensor([0])
    traced = SimpleNamespace(x=x)
    graph = compiled(set_attribute, (traced, x), lazy, arg_stateful_idxs=[[0]], **flags)
    assert operations(graph) == {"ivy.add": 1, "stateful.set": 1}
    assert hasattr(traced, "new_attribute") == lazy
    cont, y = SimpleNamespace(x=x), torch.tensor([[5, 6]])
    assert graph(cont, y).tolist() == [[6, 7]]
    assert cont.new_attribute.tolist() == [[5, 6]]
    assert cont.x is x
