# pyright: basic
"""In-place writes to inputs: into the caller's arrays where those can be written, as new values from `apply`."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import InputError

TARGETS = ["torch", "jax", "tensorflow", "numpy"]


def normalised(x, mean, var):
    return torch.nn.functional.batch_norm(x, mean, var, training=True)


def arguments():
    return torch.randn(5, 3), torch.zeros(3), torch.ones(3)


@pytest.mark.parametrize("to", TARGETS)
def test_writes_reach_the_arrays_of_the_caller(to):
    graph = mlgraph.compile(normalised, to=to, args=arguments())
    x, mean, var = arguments()
    expected_mean, expected_var = mean.clone(), var.clone()
    expected = normalised(x, expected_mean, expected_var)
    np.testing.assert_allclose(np.asarray(graph(x, mean, var)), expected, atol=1e-6)
    torch.testing.assert_close(mean, expected_mean)
    torch.testing.assert_close(var, expected_var)


@pytest.mark.parametrize("to", TARGETS)
def test_apply_returns_what_is_written_and_writes_nothing(to):
    graph = mlgraph.compile(normalised, to=to, args=arguments())
    x, mean, var = arguments()
    result, written = graph.apply(graph.params, x, mean, var)
    assert mean.tolist() == [0, 0, 0]
    assert var.tolist() == [1, 1, 1]
    expected = normalised(x, mean, var)
    np.testing.assert_allclose(np.asarray(result), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(written["mean"]), mean, atol=1e-6)
    np.testing.assert_allclose(np.asarray(written["var"]), var, atol=1e-6)


def test_a_write_that_an_array_cannot_take_is_an_error():
    graph = mlgraph.compile(normalised, to="jax", args=arguments())
    with pytest.raises(InputError, match=r"graph.apply"):
        graph(*(jnp.asarray(x.numpy()) for x in arguments()))
