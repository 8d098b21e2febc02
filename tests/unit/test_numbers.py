# pyright: basic
"""Numbers that depend on values: `.item()`, arithmetic with it, and sizes made of it."""

import numpy as np
import pytest
import torch

import mlgraph

X = torch.tensor([1.0, -2.0, 3.0, 0.0])
OTHER = torch.tensor([5.0, 2.0, 3.7, 9.0, -2.3, 0.0])


def scaled_by_its_sum(x):
    return x * x.sum().item()


def arithmetic(x):
    return x * (x.sum().item() * 2 + x.shape[0] / 3) - x.argmax().item()


def numbers(x):
    return x.sum().item(), x.argmax().item(), (x.sum() > 4).item()


def compared(x):
    return x.sum().item() > x.argmax().item()


def size_that_is_a_sum(x):
    return torch.ones(x.abs().sum().long().item()) * 2


def quotient_of_sizes(x):
    return x / x.shape[0] ** 0.5


def kinds(value):
    return [type(item) for item in value] if isinstance(value, tuple) else type(value)


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
@pytest.mark.parametrize(
    "function", [scaled_by_its_sum, arithmetic, numbers, compared, size_that_is_a_sum, quotient_of_sizes]
)
def test_numbers_are_those_of_the_call(function, to):
    graph = mlgraph.compile(function, to=to, args=(X,))
    for x in (X, OTHER):
        found, expected = graph(x), function(x)
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5)
        if not isinstance(expected, torch.Tensor):
            assert kinds(found) == kinds(expected)
    assert graph.cache_info().captures == 1
