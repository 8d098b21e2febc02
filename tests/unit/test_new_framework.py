# pyright: basic
"""A framework of another package: its class is all that mlgraph needs to compile programs to it."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
import toy

import mlgraph
from mlgraph.dialects.ivy import IVY
from mlgraph.errors import InputError, UnknownTargetError, UnsupportedOpError
from mlgraph.frameworks import Framework, framework_of, get, names, registry
from mlgraph.frameworks.registry import register, unregister

TEMPLATES = {name: row.templates["numpy"].text for name, row in IVY.rows.items() if "numpy" in row.templates}


class Toy(Framework):
    """The library `toy`."""

    name = "toy"
    packages = ("toy",)
    own_files = ("toy",)
    distributions = ()
    other_names = ("toys",)

    modules = MappingProxyType({"toy": "toy"})
    constant = "toy.asarray"
    stack = "toy.stack"
    rules = ""
    frontend = ""
    templates = MappingProxyType(
        {name: text.replace("np.", "toy.") for name, text in TEMPLATES.items() if "ndarray" not in text}
    )

    def is_array(self, x: Any) -> bool:
        return isinstance(x, sys.modules["toy"].Array)

    def as_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def from_array(self, x: Any, owner: Framework) -> Any:
        return toy.Array(np.array(owner.as_numpy(x)))

    def array_types(self) -> tuple[type, ...]:
        return (toy.Array,)

    def dtype(self, name: str) -> Any:
        return np.dtype(name)


TOY = Toy()


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    register(TOY)
    yield
    unregister("toy")


X = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


def test_it_is_known():
    assert names()[-1] == "toy"
    assert framework_of(toy.Array([1.0])) == "toy"
    with pytest.raises(ValueError, match="already"):
        register(Toy())
    with pytest.raises(UnknownTargetError, match="toy"):
        mlgraph.compile(np.tanh, to="toys")


def test_an_entry_point_makes_it_known(monkeypatch):
    unregister("toy")
    entry = EntryPoint("toy", f"{__name__}:TOY", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == entry.group else [])
    monkeypatch.setattr(registry, "_by_cost", ())
    assert get("toy") is TOY


def test_a_function_of_numpy():
    def function(x, y):
        return np.tanh(x) * 2 + y.sum(0)

    graph = mlgraph.compile(function, to="toy", args=(X, X))
    assert "toy.tanh" in graph.source
    for arrays in ((X, X), (toy.Array(X + 1), toy.Array(X))):
        found = graph(*arrays)
        assert type(found) is toy.Array
        np.testing.assert_allclose(np.asarray(found), function(*map(np.asarray, arrays)), rtol=1e-6)
    assert graph.cache_info().captures == 1


def test_arrays_of_its_own_choose_it():
    graph = mlgraph.compile(lambda x: np.exp(x), args=(toy.Array(X),))
    assert graph.to == "toy"


def test_a_module_of_torch():
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    graph = mlgraph.compile(model, to="toy", args=(torch.from_numpy(X),))
    with torch.no_grad():
        expected = model(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(np.asarray(graph(X)), expected, rtol=1e-5, atol=1e-6)


def test_a_loop_of_jax():
    import jax

    graph = mlgraph.compile(
        lambda x: jax.lax.fori_loop(0, 3, lambda i, y: y * 2, x), to="toy", args=(jax.numpy.array(X),)
    )
    np.testing.assert_allclose(np.asarray(graph(X)), X * 8)


def test_an_input_that_is_written():
    def function(x):
        x += 1
        return x * 2

    graph = mlgraph.compile(function, to="toy", args=(X.copy(),))
    x = X.copy()
    np.testing.assert_allclose(np.asarray(graph(x)), (X + 1) * 2)
    np.testing.assert_allclose(x, X + 1)
    with pytest.raises(InputError, match="array of toy cannot be written"):
        graph(toy.Array(X))


def test_what_it_does_not_say_is_an_error():
    with pytest.raises(UnsupportedOpError, match="target toy has no lowering for generator"):
        mlgraph.compile(lambda x: x + torch.rand(4), to="toy", args=(torch.from_numpy(X),))
    with pytest.raises(InputError, match="toy has no device"):
        get("toy").device("cuda")
    with pytest.raises(UnknownTargetError, match="no framework 'tensorfow'"):
        get("tensorfow")


def test_a_saved_graph(tmp_path):
    graph = mlgraph.compile(lambda x: np.tanh(x) + 1, to="toy", args=(X,))
    loaded = mlgraph.load(graph.save(tmp_path))
    np.testing.assert_allclose(np.asarray(loaded(X)), np.tanh(X) + 1, rtol=1e-6)
