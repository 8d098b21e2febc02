# pyright: basic
"""Modules of flax's nnx: their variables are parameters by name, and what a call writes to them is kept."""

import jax.numpy as jnp
import numpy as np
import pytest

import mlgraph
from mlgraph.frameworks.arrays import as_numpy

nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")
X = jnp.asarray(np.random.default_rng(0).standard_normal((5, 4)), jnp.float32)
TARGETS = ["torch", "jax", "tensorflow", "numpy"]


class Net(nnx.Module):
    def __init__(self, rngs):
        self.layers = nnx.List([nnx.Linear(4, 3, rngs=rngs), nnx.BatchNorm(3, momentum=0.5, rngs=rngs)])
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, scale=1.0):
        for layer in self.layers:
            x = layer(x)
        return x * scale


def twins(make):
    return make(nnx.Rngs(0)), make(nnx.Rngs(0))


@pytest.mark.parametrize("to", TARGETS)
def test_statistics_are_written_at_each_call(to):
    module, eager = twins(Net)
    graph = mlgraph.compile(module, to=to, args=(X,))
    for x in (X, X[:3] + 1, X * 2):
        np.testing.assert_allclose(as_numpy(graph(x)), eager(x), atol=1e-5)
    norm = eager.layers[1]
    own = module.layers[1]
    for name, found, expected in (("mean", own.mean, norm.mean), ("var", own.var, norm.var)):
        found = found[...] if to == "jax" else as_numpy(graph.params[f"layers.1.{name}"])
        np.testing.assert_allclose(found, expected[...], atol=1e-5)
    if to != "jax":
        np.testing.assert_array_equal(own.mean[...], np.zeros(3))


def test_weights_are_parameters_that_may_be_replaced():
    module, eager = twins(lambda rngs: nnx.Linear(4, 2, rngs=rngs))
    graph = mlgraph.compile(module, to="torch", args=(X,))
    assert {name: tuple(array.shape) for name, array in graph.params.items()} == {"bias": (2,), "kernel": (4, 2)}
    np.testing.assert_allclose(graph(X), eager(X), atol=1e-6)
    graph.params["kernel"] = graph.params["kernel"] * 0
    np.testing.assert_allclose(graph(X), np.zeros((5, 2)))
    np.testing.assert_allclose(module(X), eager(X))


@pytest.mark.parametrize("to", TARGETS)
def test_dropout_draws_anew_at_each_call_and_as_flax_does(to):
    module, eager = twins(lambda rngs: nnx.Dropout(0.5, rngs=rngs))
    graph = mlgraph.compile(module, to=to, args=(jnp.ones((20, 4)),))
    for _ in range(2):
        np.testing.assert_allclose(as_numpy(graph(jnp.ones((20, 4)))), eager(jnp.ones((20, 4))))


def test_a_module_of_the_surroundings_is_unchanged_by_capture():
    module, eager = twins(Net)
    graph = mlgraph.compile(lambda x: module(x, scale=2.0).sum(), to="numpy")
    before = vars(module).copy()
    np.testing.assert_allclose(graph(X), eager(X, scale=2.0).sum(), atol=1e-4)
    assert vars(module).keys() == before.keys()
    assert all(vars(module)[name] is value for name, value in before.items())
    assert "module.layers.0.kernel" in graph.params
    np.testing.assert_allclose(module(X), twins(Net)[0](X))
