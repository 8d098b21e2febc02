# pyright: basic
"""64-bit types for jax: the session decides, or `x64` does."""

import jax
import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import InputError, PrecisionWarning

X, N = torch.tensor([0.5, 1.5, -2.0]), torch.tensor([1, 2])


def wide(x, n):
    return x.double() / 3, n + 1, torch.arange(3)


def dtypes(arrays):
    return [array.dtype.name for array in arrays]


def test_without_64_bit_types_values_become_32_bit_and_a_warning_names_them():
    with pytest.warns(PrecisionWarning, match=r"n \(int64\), .* and 1 more become 32-bit") as caught:
        graph = mlgraph.compile(wide, to="jax", args=(X, N))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert dtypes(graph(X, N)) == ["float32", "int32", "int32"]


def test_values_that_nothing_uses_are_no_reason_to_warn(recwarn):
    graph = mlgraph.compile(lambda x: x.max(dim=0).values, to="jax", args=(X,))
    assert float(graph(X)) == 1.5
    assert not [warning for warning in recwarn if warning.category is PrecisionWarning]


def test_x64_keeps_64_bit_types_inside_the_callable_alone():
    graph = mlgraph.compile(wide, to="jax", args=(X, N), x64=True)
    found = graph(X, N + 2**40)
    assert dtypes(found) == ["float64", "int64", "int64"]
    for a, b in zip(found, wide(X, N + 2**40), strict=True):
        np.testing.assert_array_equal(np.asarray(a), b.numpy())
    assert jax.numpy.asarray(np.ones(1)).dtype == "float32"
    result = graph.apply(graph.params, X, N)
    assert dtypes(result) == ["float64", "int64", "int64"]


def test_x64_keeps_weights_of_64_bits():
    module = torch.nn.Linear(3, 2).double()
    graph = mlgraph.compile(lambda x: module(x), to="jax", args=(X.double(),), x64=True)
    assert dtypes(graph.params.values()) == ["float64", "float64"]
    np.testing.assert_allclose(np.asarray(graph(X.double())), module(X.double()).detach(), rtol=1e-15)


def test_a_session_with_64_bit_types_needs_no_flag():
    with jax.enable_x64(True):
        graph = mlgraph.compile(wide, to="jax", args=(X, N))
        assert dtypes(graph(X, N)) == ["float64", "int64", "int64"]


@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
def test_numbers_that_do_not_fit_into_32_bits_are_errors():
    with pytest.raises(InputError, match=r"constant 1099511627776 does not fit into int32"):
        mlgraph.compile(lambda n: n + 2**40, to="jax", args=(N,))
    graph = mlgraph.compile(lambda n: n + 1, to="jax", args=(N,))
    with pytest.raises(InputError, match=r"int64 values do not fit"):
        graph(torch.tensor([2**40, 0]))


@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
def test_a_graph_captures_inside_jit_where_arrays_have_no_values():
    x = np.float32([[1, 2, 3], [3, 2, 1]])
    graph = mlgraph.compile(lambda x: torch.softmax(x, -1), to="jax", args=(torch.ones(2, 3),))
    found = jax.jit(lambda x: graph.apply(graph.params, x))(x.astype(np.float16))
    assert graph.cache_info().captures == 2
    np.testing.assert_allclose(found, torch.softmax(torch.from_numpy(x).half(), -1), atol=1e-3)
