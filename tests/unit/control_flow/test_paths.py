# pyright: basic
"""Where control flow on values cannot be traced, each path is captured when a call takes it first."""

import logging
import threading

import jax
import numpy as np
import pytest
from control_flow.path_programs import DOWN, MIXED, PROGRAMS, UP, PathProgram
from frameworks import to_numpy

import mlgraph
from mlgraph.errors import CaptureError, DataDependentControlFlowError, TooManyPathsError
from mlgraph.graph import trees

TARGETS = ("numpy", "torch", "jax", "tensorflow")


def agree(found, expected):
    found, expected = trees.flatten(found)[0], trees.flatten(expected)[0]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-6, atol=1e-6)


def copies(call):
    return tuple(np.array(x) for x in call)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.function.__name__)
def test_every_path_gives_what_eager_gives(program: PathProgram, to: str):
    graph = mlgraph.compile(program.function, to=to, x64=True)
    for _ in range(2):
        for call in program.calls:
            mine, theirs = copies(call), copies(call)
            agree(graph(*mine), program.function(*theirs))
            agree(mine, theirs)
    assert graph.cache_info().captures <= program.paths


def sign(x):
    step = {True: 1, False: -1}
    return x + step[bool(x.sum() > 0)]


def test_paths_that_are_known_are_not_captured_again(caplog):
    graph = mlgraph.compile(sign, to="numpy")
    with caplog.at_level(logging.WARNING, "mlgraph.recompiles"):
        for _ in range(3):
            for x in (UP, DOWN, np.arange(5.0)):
                agree(graph(x), sign(x))
    assert graph.cache_info().captures == 2
    (text,) = [record.getMessage() for record in caplog.records]
    line = sign.__code__.co_firstlineno + 2
    assert text == f"sign takes another path: the truth of an array is True at {__file__}:{line}, now False"
    assert [str(path) for path in graph.paths] == [
        f"the truth of an array is {value} at {__file__}:{line}" for value in (True, False)
    ]


def value(x):
    table = list(range(40))
    return x * table[int(x.sum())]


def test_more_paths_than_max_paths():
    graph = mlgraph.compile(value, to="numpy")
    for n in range(16):
        agree(graph(np.array([float(n)])), value(np.array([float(n)])))
    with pytest.raises(TooManyPathsError, match=r"MLG0014.*calls of value take more than 16 paths.*16") as caught:
        graph(np.array([16.0]))
    assert caught.value.where == f"{__file__}:{value.__code__.co_firstlineno + 2}"
    agree(graph(np.array([3.0])), np.array([9.0]))
    small = mlgraph.compile(value, to="numpy", max_paths=1)
    small(np.array([1.0]))
    with pytest.raises(TooManyPathsError):
        small(np.array([2.0]))


def test_max_paths_is_a_count():
    for wrong in (-1, True, "16"):
        with pytest.raises(mlgraph.errors.InputError, match="max_paths is"):
            mlgraph.compile(sign, max_paths=wrong)
    with pytest.raises(DataDependentControlFlowError):
        mlgraph.compile(sign, max_paths=0)(UP)


def root(x):
    """Raise for negative numbers, after a write."""
    x += 1
    problem = {True: ValueError, False: None}[bool(x.min() < 0)]
    if problem is not None:
        raise problem(f"negative: {x.min()}")
    return np.sqrt(x)


def outcome(function, x):
    """Return what a function returns, or the error that it raises."""
    try:
        return function(x)
    except ValueError as error:
        return error


def test_an_error_of_the_function_is_raised_as_in_eager():
    graph = mlgraph.compile(root, to="numpy")
    for x in (UP, DOWN, UP * 2, DOWN * 3, MIXED):
        mine, theirs = x.copy(), x.copy()
        expected, found = outcome(root, theirs), outcome(graph, mine)
        assert type(found) is type(expected)
        if isinstance(expected, ValueError):
            assert str(found) == str(expected)
        else:
            agree(found, expected)
        agree(mine, theirs)
    assert graph.cache_info().captures <= 2


class Counter:
    def __init__(self):
        self.count = np.zeros((), int)
        self.total = np.zeros(3)

    def step(self, x):
        self.total = self.total + x
        try:
            if self.total.sum() > 10:
                self.count = self.count + 1
                self.total = np.zeros(3)
        except RuntimeError:
            pass
        return self.total * 2


def test_a_missed_path_leaves_objects_intact():
    mine, theirs = Counter(), Counter()
    graph = mlgraph.compile(mine.step, to="numpy", stateful=[mine])
    for _ in range(8):
        agree(graph(np.array([1.0, 2.0, 0.5])), theirs.step(np.array([1.0, 2.0, 0.5])))
        assert mine.count == theirs.count
        agree(mine.total, theirs.total)
    assert graph.cache_info().captures == 2


def flip(x):
    u = np.random.rand()
    try:
        return (x + u if u > 0.5 else x - u) + np.random.rand()
    except RuntimeError:
        return x


def test_a_missed_path_draws_no_random_numbers():
    graph = mlgraph.compile(flip, to="numpy")
    np.random.seed(1)
    expected = [flip(UP) for _ in range(10)]
    np.random.seed(1)
    agree([graph(UP) for _ in range(10)], expected)
    assert graph.cache_info().captures <= 2


def test_own_generators_go_on_where_eager_would():
    def draw(x, rng):
        u = rng.random()
        return {True: x + u, False: x - u}[bool(u > 0.5)]

    graph = mlgraph.compile(draw, to="numpy")
    mine, theirs = np.random.default_rng(2), np.random.default_rng(2)
    agree([graph(UP, mine) for _ in range(8)], [draw(UP, theirs) for _ in range(8)])


@pytest.mark.parametrize("to", ["torch", "jax"])
def test_random_paths_to_other_frameworks(to):
    graph = mlgraph.compile(flip, to=to)
    for seed in range(4):
        graph.seed(seed)
        first = [to_numpy(graph(UP)) for _ in range(3)]
        graph.seed(seed)
        agree([graph(UP) for _ in range(3)], first)
    assert graph.cache_info().captures <= 2


def test_saved_graphs_hold_their_paths(tmp_path):
    graph = mlgraph.compile(sign, to="numpy")
    agree(graph(UP), UP + 1)
    loaded = mlgraph.load(graph.save(tmp_path / "one.mlgraph"))
    agree(loaded(UP), UP + 1)
    with pytest.raises(CaptureError, match="a call of sign takes a path that was not saved"):
        loaded(DOWN)
    agree(graph(DOWN), DOWN - 1)
    for to in TARGETS:
        loaded = mlgraph.load(graph.save(tmp_path / "two.mlgraph"), to=to)
        for x in (UP, DOWN, MIXED, UP):
            agree(loaded(x), sign(x))
        assert [str(path) for path in loaded.paths] == [str(path) for path in graph.paths]


def test_paths_from_several_threads():
    graph = mlgraph.compile(sign, to="numpy")
    failures = []

    def work(k):
        x = np.arange(3.0) + 1 if k % 2 else -np.arange(3.0) - 1
        for i in range(20):
            if not np.array_equal(graph(x * (i + 1)), sign(x * (i + 1))):
                failures.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert graph.cache_info().captures == 2


def test_apply_takes_the_path_of_its_arguments():
    graph = mlgraph.compile(sign, to="numpy")
    for x in (UP, DOWN):
        agree(graph.apply(graph.params if graph.cache_info().captures else {}, x), sign(x))
        graph.check(x)


def test_inside_of_a_jit_the_error_says_why():
    graph = mlgraph.compile(sign, to="jax")
    graph(UP)
    with pytest.raises(DataDependentControlFlowError, match="the truth of an array is True"):
        jax.jit(graph)(jax.numpy.asarray(UP))
    gradient = jax.grad(lambda x: graph(x).sum())(jax.numpy.asarray(UP))
    agree(gradient, np.ones(3))


def test_gradients_are_those_of_the_path():
    import torch

    def square(x):
        try:
            return x**2 if x.sum() > 0 else x**3
        except RuntimeError:
            return x

    graph = mlgraph.compile(square, to="torch")
    graph(UP)
    for x in (UP, DOWN):
        given = torch.tensor(x, requires_grad=True)
        graph(given).sum().backward()
        agree(given.grad, 2 * x if x.sum() > 0 else 3 * x**2)


def test_constants_of_paths():
    graph = mlgraph.compile(lambda x: {True: "up", False: "down"}[bool(x.sum() > 0)], to="numpy")
    pair = mlgraph.compile(lambda x: ({True: 1, False: 2}[bool(x.sum() > 0)], x + 1), to="numpy")
    for x in (UP, UP, UP, UP, DOWN, UP, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, UP):
        assert graph(x) == ("up" if x.sum() > 0 else "down")
        number, other = pair(x)
        assert number == (1 if x.sum() > 0 else 2)
        agree(other, x + 1)
    assert graph.cache_info().captures == 2


def test_an_ordinary_graph_has_no_paths():
    graph = mlgraph.compile(lambda x: x + 1, to="numpy", args=(UP,))
    assert graph.paths == ()
    assert not graph.specializations()[0].tests
    assert graph.specializations()[0].is_quick


def test_a_caught_error_is_no_result():
    def caught(x):
        try:
            return x + 1 if x.sum() > 0 else x - 1
        except Exception:
            return x

    graph = mlgraph.compile(caught, to="numpy")
    agree(graph(UP), UP + 1)
    agree(graph(DOWN), DOWN - 1)
