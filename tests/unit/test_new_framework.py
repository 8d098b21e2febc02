# pyright: basic
"""A framework of another package: its class is all that mlgraph needs to compile programs to it."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optree
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
import toy

import mlgraph
from mlgraph.dialects.ivy import IVY
from mlgraph.errors import InputError, IRError, PassError, UnknownTargetError, UnsupportedOpError
from mlgraph.frameworks import Framework, framework_of, get, names, registry
from mlgraph.frameworks.registry import register, unregister

TEMPLATES = {
    name: template.text.replace("np.ndarray.astype", "np.astype")
    for name, row in IVY.rows.items()
    if (template := row.templates.get("numpy")) is not None and "scipy" not in template.text
}


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
    rules = "toy_rules"
    frontend = ""
    templates = MappingProxyType(
        {name: text.replace("np.", "toy.") for name, text in TEMPLATES.items() if "ndarray" not in text}
    )

    has_random_state = True
    draws = MappingProxyType(
        {
            "uniform": "toy.astype(toy.draw('uniform', rng, low, high, shape), dtype)",
            "normal": "toy.astype(toy.draw('standard_normal', rng, shape), dtype)",
            "permutation": "toy.astype(toy.draw('permutation', rng, size[0]), dtype)",
        }
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

    def source(self, seed: int | None) -> Any:
        return toy.Stream(seed)

    def is_source(self, rng: Any) -> bool:
        return isinstance(rng, toy.Stream)

    def stream(self, rng: Any, is_legacy: bool) -> Any:
        return toy.Stream(None) if rng is None else rng


class Incomplete(Toy):
    """A framework that does not say how arrays are stacked."""

    @property
    def stack(self):
        raise AttributeError


class Dashed(Toy):
    name = "my-toy"


TOY, SECOND, INCOMPLETE, DASHED = Toy(), Toy(), Incomplete(), Dashed()


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


ENTRIES = {
    "raises at import": ("not_there:TOY", "ModuleNotFoundError: No module named 'not_there'"),
    "names nothing": (f"{__name__}:NOTHING", "AttributeError"),
    "names a class": (f"{__name__}:Toy", "is not an instance of Framework"),
    "takes a name": (f"{__name__}:SECOND", "there is a framework toy already"),
    "lacks an attribute": (f"{__name__}:INCOMPLETE", "Incomplete has no stack"),
    "has no name of a dialect": (f"{__name__}:DASHED", "'my-toy' is not an identifier"),
}
"""Entry points that cannot be used, with the reason."""


@pytest.mark.parametrize("case", ENTRIES)
def test_an_entry_point_that_cannot_be_used_is_left_out(case, monkeypatch):
    """Programs to other frameworks run, and the reason is given to who asks for it."""
    value, reason = ENTRIES[case]
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("broken", value, registry.GROUP)])
    monkeypatch.setattr(registry, "_by_cost", ())
    monkeypatch.setattr(registry, "_left_out", {})
    with pytest.warns(RuntimeWarning, match=reason):
        assert names() == ("torch", "jax", "tensorflow", "numpy", "toy")
    np.testing.assert_allclose(mlgraph.compile(np.tanh, to="numpy")(X), np.tanh(X), rtol=1e-6)
    with pytest.raises(UnknownTargetError, match=reason):
        get("broken")


def test_a_module_that_asks_for_frameworks_while_it_is_imported(monkeypatch):
    class Entry:
        name = value = "asking"

        def load(self) -> Framework:
            assert "torch" in names()
            assert get("jax").name == "jax"
            return TOY

    unregister("toy")
    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()])
    monkeypatch.setattr(registry, "_by_cost", ())
    assert get("toy") is TOY


def test_a_framework_cannot_have_the_name_of_another_dialect():
    class Kernel(Toy):
        name = "kernel"

    register(Kernel())
    try:
        with pytest.raises(PassError, match="name of another dialect"):
            mlgraph.compile(np.tanh, to="kernel", args=(X,))
    finally:
        unregister("kernel")


WRONG = {
    "of no operation": ({"tanhh": "toy.tanh(x)"}, "no operation of ivy; did you mean 'tanh'"),
    "with an unknown name": ({"tanh": "toy.tanh(x, axes)"}, "'axes' is neither a parameter nor a module"),
    "not closed": ({"tanh": "toy.tanh(x"}, r"template 'toy.tanh\(x': '\(' was never closed"),
    "without a call": ({"tanh": "1.0"}, "template '1.0' is no call of toy"),
}
"""Call templates that cannot be used, with the reason."""


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_template_is_named(case, monkeypatch):
    templates, reason = WRONG[case]
    monkeypatch.setattr(Toy, "templates", MappingProxyType({**Toy.templates, **templates}))
    with pytest.raises(PassError, match=reason):
        mlgraph.compile(np.tanh, to="toy", args=(X,))


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


def attention(q, k, v):
    scores = q @ k.T / np.sqrt(np.float32(q.shape[-1]))
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def written(x):
    """Writes to a copy: a row, a slice, where a mask says, and through a view."""
    y = x.copy()
    y[0] = 1
    y[:, 1:3] *= 2
    y[y < 0] = 0
    y.T[3] += x[:, 3]
    return y


def powers(x):
    """A loop that Python runs, over a size."""
    total = x * 0
    for i in range(x.shape[1]):
        total = total + x**i
    return total


def halves_while_large(x):
    return jax.lax.while_loop(lambda y: jnp.abs(y).max() > 0.1, lambda y: y / 2, x)


def scanned(x):
    return jax.lax.scan(lambda carry, row: (carry * 0.5 + row, carry.sum()), x[0], x)


def branches(x):
    return jax.lax.cond(x.sum() > 0, lambda x: x * 2, lambda x: x - 1, x)


def collatz(x):
    return tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.where(y > 0, y / 2, 3 * y + 1)), (0, x))[1]


def scattered(x):
    y = x.clone()
    y[1:] += 1
    y.scatter_(1, x.argsort(1), x)
    return y.index_fill(0, torch.tensor([0]), 7)


PROGRAMS = {
    "attention": (np.asarray, attention, 3),
    "writes": (np.asarray, written, 1),
    "a loop of Python": (np.asarray, powers, 1),
    "sums and places": (np.asarray, lambda x: (np.cumsum(x, 1), x.argmax(0), np.sort(x, 0), x.std()), 1),
    "shapes": (np.asarray, lambda x: np.concatenate([x.T.reshape(x.shape), np.flip(x, 1)])[:, None], 1),
    "choices": (np.asarray, lambda x, y: np.where(x > y, np.maximum(x, 0), np.clip(y, -1, 1)), 2),
    "a named tree": (np.asarray, lambda x: {"mean": x.mean(), "parts": [x[0], (x[1:],)]}, 1),
    "a loop over values": (jnp.asarray, halves_while_large, 1),
    "a scan": (jnp.asarray, scanned, 1),
    "a branch": (jnp.asarray, branches, 1),
    "a gradient": (jnp.asarray, jax.grad(lambda x: jnp.sum(jnp.tanh(x) ** 2)), 1),
    "a loop of tensorflow": (tf.constant, collatz, 1),
    "writes of torch": (torch.from_numpy, scattered, 1),
    "layers of torch": (torch.from_numpy, lambda x: F.silu(F.layer_norm(x, x.shape[1:])).softmax(-1), 1),
}
"""Functions, with what makes their arrays and how many of these they take."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program(name, tmp_path):
    """It gives what the function gives, on other shapes and other numbers too, and so it does when it was saved."""
    array, function, count = PROGRAMS[name]
    graph = mlgraph.compile(function, to="toy")
    for shape in ((3, 4), (5, 4), (3, 4)):
        arrays = [np.random.default_rng(i).standard_normal(shape).astype(np.float32) for i in range(count)]
        expected = optree.tree_leaves(function(*map(array, arrays)))
        found = optree.tree_leaves(graph(*map(array, arrays)))
        assert all(type(x) is toy.Array for x in found)
        assert_close(found, expected)
    assert_close(optree.tree_leaves(mlgraph.load(graph.save(tmp_path))(*arrays)), expected)


def assert_close(found, expected):
    for a, b in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def noisy(x):
    return x + torch.rand(x.shape[0], 1) - 0.5 * torch.rand_like(x)


DRAWS = {
    "torch": (torch.from_numpy, noisy),
    "numpy": (np.asarray, lambda x: x + np.random.normal(size=x.shape)),
    "tensorflow": (tf.constant, lambda x: x + tf.random.uniform(tf.shape(x), -1, 1)),
    "an order": (torch.from_numpy, lambda x: x[torch.randperm(x.shape[0])]),
}


@pytest.mark.parametrize("name", DRAWS)
def test_random_numbers(name, tmp_path):
    """A stream gives the same numbers from the same seed, others at each call, and others in each place."""
    array, function = DRAWS[name]
    x = np.arange(64, dtype=np.float32).reshape(16, 4)
    graph = mlgraph.compile(function, to="toy", args=(array(x),))
    stream, same, loaded = toy.Stream(0), toy.Stream(0), mlgraph.load(graph.save(tmp_path))
    first, second = (np.asarray(graph(x, rng=stream)) for _ in range(2))
    for drawn in (graph, loaded):
        np.testing.assert_array_equal(np.asarray(drawn(x, rng=same)), first if drawn is graph else second)
    assert (first != second).any()
    assert len(np.unique(first)) > 50
    assert (np.asarray(graph(x)) != np.asarray(graph(x))).any()


def test_weights_are_arrays_of_its_own_and_may_be_others():
    layer = torch.nn.Linear(4, 2)
    graph = mlgraph.compile(layer, to="toy", args=(torch.from_numpy(X),))
    assert {name: type(weight) for name, weight in graph.params.items()} == dict.fromkeys(("weight", "bias"), toy.Array)
    weight, bias = np.ones((2, 4), np.float32), np.array([1, 2], np.float32)
    found = graph.apply({"weight": toy.Array(weight), "bias": toy.Array(bias)}, toy.Array(X))
    np.testing.assert_allclose(np.asarray(found), X @ weight.T + bias, rtol=1e-5)


def test_a_step_of_training_writes_the_statistics_of_a_module(tmp_path):
    layer, twin = (torch.nn.BatchNorm1d(4).train() for _ in range(2))
    graph = mlgraph.compile(layer, to="toy", args=(torch.from_numpy(X),))
    for shift in range(3):
        expected = twin(torch.from_numpy(X + shift)).detach()
        np.testing.assert_allclose(np.asarray(graph(toy.Array(X + shift))), expected, rtol=1e-4, atol=1e-5)
    for name, buffer in twin.named_buffers():
        np.testing.assert_allclose(np.asarray(graph.params[name]), buffer, rtol=1e-5)
    loaded = mlgraph.load(graph.save(tmp_path))
    np.testing.assert_allclose(np.asarray(loaded.params["running_mean"]), twin.running_mean, rtol=1e-5)


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


class Viewed(Toy):
    """The library, if its arrays were views of others."""

    has_views = True
    copy_call = "toy.copy"
    views = frozenset(("toy.asarray", "toy.reshape", "toy.transpose"))


def test_results_that_share_memory():
    unregister("toy")
    register(Viewed())

    def function(x):
        y = x.copy()
        return y.T, y[1:], y, x

    expected = function(X)
    assert_close(mlgraph.compile(function, to="toy", args=(X,))(toy.Array(X)), expected)


def test_what_it_does_not_say_is_an_error():
    with pytest.raises(UnsupportedOpError, match="target toy has no lowering for generator"):
        mlgraph.compile(lambda x: torch.poisson(x.abs()), to="toy", args=(torch.from_numpy(X),))
    with pytest.raises(InputError, match="toy has no device"):
        get("toy").device("cuda")
    with pytest.raises(UnknownTargetError, match="no framework 'tensorfow'"):
        get("tensorfow")


def test_a_graph_that_was_saved_for_it_loads_without_it_for_others(tmp_path):
    saved = mlgraph.compile(np.tanh, to="toy", args=(X,)).save(tmp_path)
    unregister("toy")
    try:
        np.testing.assert_allclose(mlgraph.load(saved, to="numpy")(X), np.tanh(X), rtol=1e-6)
        with pytest.raises(IRError, match="saved for 'toy', which is no target here"):
            mlgraph.load(saved)
    finally:
        register(TOY)
