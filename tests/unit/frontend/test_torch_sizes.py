# pyright: basic
"""Which sizes of a torch capture stay free."""

import numpy as np
import pytest
import torch

import mlgraph


def windows(x):
    """Shuffles windows of a padded axis, some times over: its size becomes a long expression."""
    for width in (2, 3, 5, 4):
        size = x.shape[-1]
        x = torch.nn.functional.pad(x, (0, (width - size % width) % width))
        x = x.unflatten(-1, (-1, width)).transpose(-1, -2).flatten(-2)[..., ::2]
    return x * 2


def test_complex_sizes_are_fixed_but_for_the_batch():
    graph = mlgraph.compile(windows, to="numpy", args=(torch.rand(2, 37),))
    for batch in (3, 5):
        x = torch.rand(batch, 37)
        np.testing.assert_array_equal(graph(x), windows(x).numpy())
    assert graph.cache_info().captures == 1
    x = torch.rand(2, 50)
    np.testing.assert_array_equal(graph(x), windows(x).numpy())
    assert graph.cache_info().captures == 2


@pytest.mark.parametrize("shape", [(3, 4), (5, 9)])
def test_simple_sizes_are_free(shape):
    graph = mlgraph.compile(lambda x: x.flatten()[1:].cumsum(0), to="numpy", args=(torch.rand(2, 3),))
    x = torch.rand(shape)
    np.testing.assert_allclose(graph(x), x.flatten()[1:].cumsum(0), rtol=1e-6)
    assert graph.cache_info().captures == 1


def test_only_the_sizes_that_a_rule_must_know_are_fixed():
    def pooled(x, y):
        return torch.nn.functional.adaptive_avg_pool2d(x, (3, 2)).flatten(1), y + 1

    graph = mlgraph.compile(pooled, to="numpy", args=(torch.rand(2, 4, 7, 5), torch.rand(3)))
    for n, channels, m in ((3, 4, 6), (5, 2, 2)):
        x, y = torch.rand(n, channels, 7, 5), torch.rand(m)
        for found, expected in zip(graph(x, y), pooled(x, y), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert graph.cache_info().captures == 1
    x = torch.rand(2, 4, 8, 5)
    np.testing.assert_allclose(graph(x, y)[0], pooled(x, y)[0], rtol=1e-6)
    assert graph.cache_info().captures == 2


def test_sizes_of_which_torch_cannot_tell_that_they_fit_are_fixed():
    x = torch.rand(2, 3, 6) + torch.eye(6).reshape(2, 3, 6)
    graph = mlgraph.compile(torch.linalg.tensorinv, to="numpy", args=(x,))
    np.testing.assert_allclose(graph(x), torch.linalg.tensorinv(x), rtol=1e-4, atol=1e-5)


def test_a_size_that_the_trace_comes_to_know_is_known_from_its_start():
    """torch learns at the product that the last axis has 4 elements."""
    graph = mlgraph.compile(lambda x: torch.sin(x) @ torch.ones(4, 2), to="numpy", args=(torch.rand(2, 4),))
    assert "ivy.sin(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>" in str(graph.ir("ivy"))


def test_powers_and_negatives_of_sizes_are_sizes():
    def function(x):
        rows, columns = x.shape
        return x.new_zeros(rows**2 + 1), x.new_ones(-(-columns // 2)), x[:, -(rows - 1) :], x.new_zeros(abs(-rows))

    graph = mlgraph.compile(function, to="jax", args=(torch.rand(3, 4),))
    for shape in ((3, 4), (4, 6), (2, 9)):
        x = torch.rand(shape)
        for found, expected in zip(graph(x), function(x), strict=True):
            np.testing.assert_array_equal(np.asarray(found), expected)
    assert graph.cache_info().captures == 1
