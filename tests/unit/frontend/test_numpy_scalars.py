# pyright: basic
"""Where a result has no axes, numpy gives a scalar or an array: a graph gives the same."""

import numpy as np
import pytest

import mlgraph

pytestmark = pytest.mark.quick

VECTOR = np.array([3.0, 1.0, 2.0, 5.0])
OF_A_VECTOR = {
    "median": np.median,
    "percentile": lambda x: np.percentile(x, 30),
    "nanmean": np.nanmean,
    "nanvar": np.nanvar,
    "sum": np.sum,
    "sum of a chain": lambda x: np.sum(np.exp(x * 0.5) + x),
    "argmax": np.argmax,
    "einsum": lambda x: np.einsum("i,i", x, x),
    "tensordot": lambda x: np.tensordot(x, x, 1),
    "multi_dot": lambda x: np.linalg.multi_dot([x, np.outer(x, x), x]),
    "norm": np.linalg.norm,
    "searchsorted": lambda x: np.searchsorted(x, 2.0),
    "digitize": lambda x: np.digitize(1.5, np.sort(x)),
    "interp": lambda x: np.interp(1.5, x, x),
    "frexp": lambda x: np.frexp(x.sum()),
    "element": lambda x: x[1],
    "element of a view": lambda x: x[1:][1],
    "element with an ellipsis": lambda x: x[..., 1],
    "last of a sum": lambda x: np.cumsum(x)[-1],
    "correlation": lambda x: np.corrcoef(x, x)[0, 1],
    "array of an element": lambda x: np.asarray(x[0]),
    "array of a sum": lambda x: np.array(x.sum()),
    "copy of an element": lambda x: np.copy(x[0]),
    "squeezed": lambda x: np.squeeze(x[:1]),
    "reshaped": lambda x: x[:1].reshape(()),
    "covariance": np.cov,
    "full": lambda x: np.full((), x[0]),
    "zeros_like": lambda x: np.zeros_like(x[0]),
    "where": lambda x: np.where(x.sum() > 0, 1.0, 2.0),
    "sinc": lambda x: np.sinc(x[0]),
    "i0": lambda x: np.i0(x[0]),
    "nan_to_num": lambda x: np.nan_to_num(x[0]),
    "real_if_close": lambda x: np.real_if_close(x[0]),
    "twice": lambda x: (s := x.sum(), s, np.asarray(s)),
}
OF_A_NUMBER = {
    "itself": lambda x: x,
    "sum": lambda x: x + 1,
    "item": lambda x: x[()],
    "copy": lambda x: x.copy(),
    "zeros_like": np.zeros_like,
    "view": lambda x: x[...],
    "cast": lambda x: x.astype(np.float32),
}


def types(result):
    results = result if isinstance(result, tuple) else (result,)
    return [(type(x), x.dtype, float(x)) for x in results]


@pytest.mark.parametrize("name", OF_A_VECTOR)
def test_a_result_of_a_vector_is_a_scalar_where_numpy_gives_one(name):
    function = OF_A_VECTOR[name]
    graph = mlgraph.compile(function, to="numpy", args=(VECTOR,))
    for x in (VECTOR, np.array([1.0, 2.5, -3.0, 4.0, 8.0, 9.0])):
        assert types(graph(x)) == types(function(x))


@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_result_of_an_array_without_axes_is_a_scalar_where_numpy_gives_one(name):
    function = OF_A_NUMBER[name]
    graph = mlgraph.compile(function, to="numpy", args=(np.array(2.5),))
    assert types(graph(np.array(1.5))) == types(function(np.array(1.5)))


def test_a_view_without_axes_is_an_object_of_its_own():
    graph = mlgraph.compile(lambda x: ((t := np.asarray(x.sum())), np.squeeze(t[None])), to="numpy", args=(VECTOR,))
    first, second = graph(VECTOR)
    assert first is not second
    second[...] = 7
    assert first == 7


def test_a_loaded_graph_gives_scalars_too(tmp_path):
    graph = mlgraph.compile(lambda x: (np.median(x), np.asarray(x[0])), to="numpy", args=(VECTOR,))
    loaded = mlgraph.load(graph.save(tmp_path))
    assert types(loaded(VECTOR)) == types(graph(VECTOR)) == types((np.float64(2.5), np.array(3.0)))


def test_an_object_holds_a_scalar_where_numpy_gives_one():
    class Mean:
        last = None

        def __call__(self, x):
            self.last = np.median(x)
            return x - self.last

    eager, traced = Mean(), Mean()
    graph = mlgraph.compile(traced, to="numpy", args=(VECTOR,))
    graph(VECTOR)
    eager(VECTOR)
    assert types(traced.last) == types(eager.last)
