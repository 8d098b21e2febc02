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
