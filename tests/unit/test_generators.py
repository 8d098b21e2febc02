# pyright: basic
"""Random operations: drawn anew at each call, from a seed, or once at capture."""

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import InputError, MlgraphError, NotCapturedError
from mlgraph.frameworks import get

X = torch.zeros(50, 40)
TARGETS = ["torch", "jax", "tensorflow", "numpy"]


def noise(x):
    return x + torch.rand(x.shape)


def dropout(x):
    return torch.nn.functional.dropout(x + 1, 0.5, training=True)


DRAWS = {
    "rand": noise,
    "rand_like": lambda x: torch.rand_like(x) + x,
    "randn": lambda x: torch.randn_like(x) + x,
    "uniform_": lambda x: torch.empty_like(x).uniform_(2, 3) + x,
    "randint": lambda x: torch.randint(0, 100, (50, 40)) + x,
    "bernoulli": lambda x: torch.bernoulli(x + 0.5),
    "dropout": dropout,
    "randperm": lambda x: x[:, 0] + torch.randperm(50),
}


def found(graph, x=X):
    return np.asarray(graph(x))


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("draw", DRAWS)
def test_draws_are_new_at_each_call(draw, to):
    graph = mlgraph.compile(DRAWS[draw], to=to, args=(X,))
    first, second = found(graph), found(graph)
    assert first.shape == second.shape == tuple(DRAWS[draw](X).shape)
    assert not np.array_equal(first, second)
    assert graph.cache_info().captures == 1


@pytest.mark.parametrize("to", TARGETS)
def test_a_seed_gives_the_same_stream_again(to):
    graph = mlgraph.compile(noise, to=to, args=(X,))
    streams = []
    for seed in (1, 1, 2):
        graph.seed(seed)
        streams.append([found(graph), found(graph)])
    np.testing.assert_array_equal(streams[0], streams[1])
    assert not np.array_equal(streams[0], streams[2])
    assert not np.array_equal(streams[0][0], streams[0][1])


@pytest.mark.parametrize("to", TARGETS)
def test_a_seed_before_the_first_call(to):
    first, second = (mlgraph.compile(noise, to=to) for _ in range(2))
    first.seed(7)
    second.seed(7)
    np.testing.assert_array_equal(found(first), found(second))


def test_a_seed_without_a_target():
    with pytest.raises(NotCapturedError, match="target"):
        mlgraph.compile(noise).seed(1)


def test_torch_follows_its_global_generator():
    graph = mlgraph.compile(noise, to="torch", args=(X,))
    torch.manual_seed(5)
    first = graph(X)
    torch.manual_seed(5)
    torch.testing.assert_close(graph(X), first)
    torch.manual_seed(5)
    torch.testing.assert_close(noise(X), first)


@pytest.mark.parametrize("to", TARGETS)
def test_distribution(to):
    values = found(mlgraph.compile(noise, to=to, args=(X,)))
    assert 0 <= values.min()
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.05
    kept = found(mlgraph.compile(dropout, to=to, args=(X,)))
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert abs(kept.mean() - 1) < 0.1


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("array_caching", [True, False])
def test_draws_that_are_baked_stay(array_caching, to):
    def function(x):
        return x + torch.rand(40) * 2

    graph = mlgraph.compile(function, to=to, args=(X,), include_generators=False, array_caching=array_caching)
    first = found(graph)
    np.testing.assert_array_equal(first, found(graph))
    assert first.std() > 0
    graph.seed(3)
    np.testing.assert_array_equal(first, found(graph))


def depends_on_shape(x):
    return x + torch.rand(x.shape)


def test_draw_that_depends_on_an_input_cannot_be_baked():
    with pytest.raises(MlgraphError) as caught:
        mlgraph.compile(depends_on_shape, to="numpy", args=(X,), include_generators=False)
    text = str(caught.value)
    line = depends_on_shape.__code__.co_firstlineno + 1
    assert "uniform" in text
    assert f"test_generators.py:{line}" in text


# apply


def make(to, seed):
    return get(to).source(seed)


@pytest.mark.parametrize("to", TARGETS)
def test_apply_draws_from_what_it_is_given(to):
    graph = mlgraph.compile(noise, to=to, args=(X,))
    one, again, other = (np.asarray(graph.apply({}, X, rng=make(to, seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("to", ["jax", "tensorflow", "numpy"])
def test_apply_without_randomness_is_refused(to):
    graph = mlgraph.compile(noise, to=to, args=(X,))
    with pytest.raises(InputError, match="pass rng"):
        graph.apply({}, X)


def test_dropout_of_a_module_follows_its_mode():
    module = torch.nn.Sequential(torch.nn.Linear(40, 30), torch.nn.Dropout(0.5))
    graph = mlgraph.compile(module, to="numpy")
    module.eval()
    np.testing.assert_array_equal(found(graph), found(graph))
    module.train()
    assert (found(graph, X + 1) == 0).any()
    assert not np.array_equal(found(graph, X + 1), found(graph, X + 1))


def test_a_generator_that_goes_to_another_device_repeats_nothing():
    """torch names the CPU `cpu:0` too, which stands for another device here."""

    def draws(stream):
        found = []
        for _ in range(4):
            generator, stream = get("torch").step(stream, "cpu:0")
            found.append(float(torch.rand((), generator=generator)))
        return found

    first = draws(get("torch").source(3))
    assert len(set(first)) == 4
    assert draws(get("torch").source(3)) == first
