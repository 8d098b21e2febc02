# pyright: basic
"""Paths of functions of torch: writes, weights, random numbers and gradients are those of the path that is taken."""

import copy

import numpy as np
import pytest
import torch
from frameworks import to_numpy

import mlgraph
from mlgraph.errors import TooManyPathsError
from mlgraph.graph import trees

TARGETS = ("torch", "numpy", "jax", "tensorflow")
UP, DOWN, MIXED = torch.tensor([8.0, 0.25, 3.0]), torch.tensor([-0.5, -2.0, -7.0]), torch.tensor([-8.0, 0.25, 9.0])


def agree(found, expected):
    for a, b in zip(trees.flatten(found)[0], trees.flatten(expected)[0], strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-5, atol=1e-6)


def dict_by_item(x):
    return x * {True: 2.0, False: -3.0}[(x.sum() > 1).item()]


def halves(x):
    while x.max() > 1:
        x = x / 2
        yield x


def generator(x):
    return sum(halves(x), torch.zeros_like(x))


def exception_of_a_branch(x):
    try:
        if x.sum() < 0:
            raise ValueError
        return x * 2
    except ValueError:
        return x * 3


def swallowed_errors(x):
    try:
        return x + 1 if x[0] > 0 else x - 1
    except Exception:
        return x


def order(x):
    return sorted([x[0], x[1], x[2]], key=lambda v: bool(v > 1))


def member(x):
    return x + 1 if 3.0 in x else x - 1


def trips(x):
    out = torch.zeros(2)
    for i in iter(range(int(x.abs().max()))):
        out = out + i
    return out


def first_of_list(x):
    return x * {True: 2, False: 3}[x.tolist()[0] > 0]


def fails_on_other_paths(x):
    try:
        return x[0] if x.abs().max() > 8 else torch.linalg.solve(torch.diag(x), x)
    except KeyError:
        return x


def index_of_a_list(x):
    return [x + 1, x * 2, x * 3][x.argmax()]


def equal_parts(x):
    try:
        return x * 2 if torch.equal(x[:1], x[1:2] * 4) else x * 3
    except RuntimeError:
        return x


def filtered(x):
    return [v * 2 for v in filter(lambda v: v > 0, iter(x))]


def nested(x):
    def inner(y):
        try:
            yield y + 1 if y.min() < 0 else y - 1
        finally:
            y = y * 2

    (y,) = inner(x)
    return y if y.max() > 5 else -y


PROGRAMS = [dict_by_item, generator, exception_of_a_branch, swallowed_errors, order, member, trips, first_of_list]
PROGRAMS += [fails_on_other_paths, index_of_a_list, equal_parts, filtered, nested]


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("function", PROGRAMS, ids=lambda function: function.__name__)
def test_every_path_gives_what_eager_gives(function, to):
    graph = mlgraph.compile(function, to=to)
    for x in (UP, DOWN, MIXED, UP, MIXED, DOWN):
        agree(graph(x), function(x))
    assert graph.cache_info().captures <= 3


def root(x):
    x += 1
    problem = {True: ValueError, False: None}[bool(x.min() < 0)]
    if problem is not None:
        raise problem(f"negative: {x.min()}")
    return x.sqrt()


def outcome(function, x):
    """Return what a function returns, or the error that it raises."""
    try:
        return function(x)
    except ValueError as error:
        return error


def test_an_error_of_the_function_is_raised_as_in_eager():
    graph = mlgraph.compile(root, to="torch")
    for x in (UP, DOWN, UP * 2, DOWN * 3, MIXED):
        mine, theirs = x.clone(), x.clone()
        expected, found = outcome(root, theirs), outcome(graph, mine)
        assert type(found) is type(expected)
        if isinstance(expected, ValueError):
            assert str(found) == str(expected)
        else:
            agree(found, expected)
        agree(mine, theirs)
    assert graph.cache_info().captures <= 2


def clipped(x):
    x += 1
    try:
        if x.sum() > 3:
            x *= 2
    except RuntimeError:
        pass
    return x.clone()


def test_writes_are_those_of_the_path():
    graph = mlgraph.compile(clipped, to="torch")
    for x in (UP, DOWN, MIXED, UP):
        mine, theirs = x.clone(), x.clone()
        agree(graph(mine), clipped(theirs))
        agree(mine, theirs)
    assert graph.cache_info().captures == 2


class Router(torch.nn.Module):
    """A module in training, with a buffer, that looks its layer up."""

    def __init__(self):
        super().__init__()
        self.small, self.large = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
        self.norm, self.drop = torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        layer = {True: self.large, False: self.small}[bool(x.sum() > 0)]
        return layer(self.drop(self.norm(x)))


def test_modules_in_training():
    mine = Router()
    theirs = copy.deepcopy(mine)
    before = {name: value.clone() for name, value in mine.state_dict().items()}
    graph = mlgraph.compile(mine.forward, to="torch")
    graph.prepare(torch.randn(4, 3))
    agree(mine.state_dict(), before)
    for i in range(6):
        x = torch.randn(4, 3) + (-1) ** i
        torch.manual_seed(i)
        expected = theirs(x)
        after = torch.rand(2)
        torch.manual_seed(i)
        agree(graph(x), expected)
        agree(torch.rand(2), after)
        agree(mine.state_dict(), theirs.state_dict())
    assert graph.cache_info().captures == 2


def flip(x):
    u = torch.rand(())
    return {True: x + u, False: x - u}[bool(u > 0.5)] + torch.rand(3)


def test_a_missed_path_draws_no_random_numbers():
    graph = mlgraph.compile(flip, to="torch")
    torch.manual_seed(1)
    expected = [flip(UP) for _ in range(10)]
    torch.manual_seed(1)
    agree([graph(UP) for _ in range(10)], expected)
    assert graph.cache_info().captures == 2


def test_own_generators_go_on_where_eager_would():
    def draw(x, rng):
        u = torch.rand((), generator=rng)
        return {True: x + u, False: x - u}[bool(u > 0.5)]

    graph = mlgraph.compile(draw, to="torch")
    mine, theirs = torch.Generator().manual_seed(2), torch.Generator().manual_seed(2)
    agree([graph(UP, mine) for _ in range(8)], [draw(UP, theirs) for _ in range(8)])


def test_gradients_are_those_of_the_path():
    weight = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

    def loss(x):
        try:
            return (x * weight).sum() if x.sum() > 0 else (x * weight**2).sum()
        except RuntimeError:
            return x

    graph = mlgraph.compile(loss, to="torch")
    for x in (UP, DOWN, MIXED, DOWN):
        (found,) = torch.autograd.grad(graph(x), weight)
        (expected,) = torch.autograd.grad(loss(x), weight)
        agree(found, expected)


def test_more_paths_than_max_paths():
    def value(x):
        return x * {i: 2 for i in range(40)}[x[0].item()]

    graph = mlgraph.compile(value, to="torch", max_paths=3)
    for n in range(3):
        agree(graph(torch.tensor([n])), torch.tensor([2 * n]))
    with pytest.raises(TooManyPathsError, match=r"takes? more than 3 paths|take more than 3 paths") as caught:
        graph(torch.tensor([5]))
    assert __file__ in caught.value.where


def test_saved_graphs_hold_their_paths(tmp_path):
    graph = mlgraph.compile(exception_of_a_branch, to="torch")
    for x in (UP, DOWN):
        graph(x)
    for to in ("torch", "numpy"):
        loaded = mlgraph.load(graph.save(tmp_path / "graph.mlgraph"), to=to)
        for x in (UP, DOWN, MIXED):
            agree(loaded(x), exception_of_a_branch(x))
