# pyright: basic
"""Every kind of callable: modules with weights, methods, objects, Python modules."""

import types
from functools import partial

import harness
import numpy as np
import pytest
import torch

import mlgraph

X = torch.arange(6.0).reshape(2, 3)
same = partial(harness.same, rtol=1e-4, atol=1e-5)


def net():
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5))


def buffers(module):
    return {name: value.clone() for name, value in module.named_buffers()}


def assert_unchanged(module, before, training):
    assert module.training is training
    for name, value in module.named_buffers():
        assert torch.equal(value, before[name]), name
        assert type(value) is torch.Tensor
    assert all(type(p) is torch.nn.Parameter for p in module.parameters())


# torch modules


def test_module_to_its_own_framework_is_the_same_object():
    module = net().eval()
    expected = module(X)
    assert mlgraph.compile(module, to="torch", args=(X,)) is module
    assert module.forward.cache_info().captures == 1
    same(module(X), expected)
    assert "torch.nn.functional" in module.forward.source or "F.linear" in module.forward.source
    assert mlgraph.restore(module) is module
    assert "forward" not in vars(module)
    same(module(X), expected)


def test_module_to_another_framework_is_a_graph():
    module = net().eval()
    graph = mlgraph.compile(module, to="jax", args=(X,))
    assert set(graph.params) >= {"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"}
    assert set(graph.params) <= set(module.state_dict())
    same(graph(X), module(X))
    assert "forward" not in vars(module)


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_train_and_eval_are_two_specializations(to):
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).eval()
    twin = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).eval()
    twin.load_state_dict(module.state_dict())
    graph = mlgraph.compile(module, to=to)
    same(graph(X), twin(X))
    module.train()
    twin.train()
    same(graph(X), twin(X))
    module.eval()
    twin.eval()
    assert (module.forward if to == "torch" else graph).cache_info().captures == 2
    same(graph(X), twin(X))
    params = dict(module.state_dict()) if to == "torch" else graph.params
    for name, value in twin.state_dict().items():
        np.testing.assert_allclose(np.asarray(params[name]), value.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_capture_changes_nothing(training):
    module = net().train(training)
    before = buffers(module)
    graph = mlgraph.compile(module, to="numpy", args=(X,))
    assert_unchanged(module, before, training)
    assert graph.cache_info().captures == 1


def test_failed_capture_changes_nothing():
    class Failing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net()

        def forward(self, x):
            self.inner(x)
            self.extra = x
            raise ValueError("no")

    module = Failing()
    before, attributes = buffers(module), set(vars(module))
    for to in ("torch", "jax"):
        with pytest.raises(mlgraph.errors.CaptureError, match="ValueError: no"):
            mlgraph.compile(module, to=to, args=(X,))
        assert_unchanged(module, before, True)
        assert set(vars(module)) == attributes


def test_hooks_run():
    module = torch.nn.Linear(3, 2)
    module.register_forward_hook(lambda module, args, result: result * 2)
    module.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    expected = module(X)
    same(mlgraph.compile(module, to="numpy")(X), expected)
    mlgraph.compile(module, to="torch")
    same(module(X), expected)


def test_weight_norm():
    module = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    same(mlgraph.compile(module, to="numpy")(X), module(X))


def test_changed_weights_are_seen_by_torch():
    module = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(lambda x: module(x), to="torch", args=(X,))
    with torch.no_grad():
        module.weight.mul_(2)
    same(graph(X), module(X))


def test_buffer_that_is_assigned_or_written():
    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("assigned", torch.zeros(()))
            self.register_buffer("written", torch.zeros(()))

        def forward(self, x):
            self.assigned = self.assigned + 1
            self.written.add_(x.sum())
            return x + self.assigned

    module = Counting()
    graph = mlgraph.compile(module, to="jax")
    for i in (1, 2, 3):
        same(graph(X), X + i)
    assert float(graph.params["assigned"]) == 3
    assert float(graph.params["written"]) == 45
    mlgraph.compile(module, to="torch")
    for i in (1, 2, 3):
        same(module(X), X + i)
    assert float(module.assigned) == 3
    assert float(module.written) == 45


class Remembering(torch.nn.Module):
    def forward(self, x):
        self.last = x * 2
        self._count = getattr(self, "_count", 0) + 1
        return x + 1


def test_other_attributes_that_a_forward_sets_are_state():
    module = Remembering()
    graph = mlgraph.compile(module, to="numpy", args=(X,))
    assert not hasattr(module, "last")
    for i in (1, 2, 3):
        same(graph(X + i), X + i + 1)
        same(module.last, (X + i) * 2)
        assert module._count == i


def test_other_attributes_of_a_stateful_module():
    module = Remembering()
    graph = mlgraph.compile(module, to="numpy", stateful=[module])
    for i in (1, 2, 3):
        same(graph(X + i), X + i + 1)
        same(module.last, (X + i) * 2)
        assert module._count == i


def test_modules_in_a_closure_in_arguments_and_in_objects():
    layer = torch.nn.Linear(3, 2)

    class Agent:
        def __init__(self):
            self.layer = layer

        def act(self, x):
            return self.layer(x)

    def applied(module, x):
        return module(x)

    for graph, args, names in (
        (mlgraph.compile(lambda x: layer(x), to="jax"), (X,), {"layer.weight", "layer.bias"}),
        (mlgraph.compile(applied, to="jax"), (layer, X), {"module.weight", "module.bias"}),
        (mlgraph.compile(Agent().act, to="jax"), (X,), {"layer.weight", "layer.bias"}),
        (mlgraph.compile(layer.forward, to="jax"), (X,), {"weight", "bias"}),
    ):
        same(graph(*args), layer(X))
        assert set(graph.params) == names


def test_deep_copy_of_a_compiled_module():
    import copy

    module = torch.nn.Linear(3, 2)
    mlgraph.compile(module, to="torch", args=(X,))
    new = copy.deepcopy(module)
    with torch.no_grad():
        new.weight.zero_()
    same(new(X), new.bias.expand(2, 2))
    assert not torch.equal(module(X), new(X))


# Methods and objects


class Scale:
    def __init__(self, factor):
        self.factor = factor
        self.offset = torch.ones(3)

    def __call__(self, x):
        return x * self.factor

    def shifted(self, x):
        return x * self.factor + self.offset

    @mlgraph.compile(to="numpy")
    def compiled(self, x):
        return x * self.factor + self.offset

    @classmethod
    def doubled(cls, x):
        return x * 2

    @staticmethod
    def halved(x):
        return x / 2


@pytest.mark.parametrize(
    "make",
    [
        lambda scale: scale,
        lambda scale: scale.shifted,
        lambda scale: scale.doubled,
        lambda scale: Scale.halved,
        lambda scale: torch.relu,
        lambda scale: torch.Tensor.exp,
    ],
)
def test_callables(make):
    function = make(Scale(3.0))
    graph = mlgraph.compile(function, to="numpy")
    for x in (X, torch.rand(4, 3)):
        same(graph(x), function(x))


@pytest.mark.parametrize("name", ["__call__", "shifted", "compiled"])
def test_attributes_of_the_object_are_read_at_each_call(name):
    scale = Scale(3.0)
    call = scale.compiled if name == "compiled" else mlgraph.compile(getattr(scale, name), to="numpy")
    offset = 0 if name == "__call__" else 1
    same(call(X), X * 3 + offset)
    scale.factor = 5.0
    scale.offset = scale.offset * 2
    same(call(X), X * 5 + 2 * offset)


def test_compiled_method_has_a_graph_for_each_instance():
    first, second = Scale(2.0), Scale(7.0)
    same(first.compiled(X), X * 2 + 1)
    same(second.compiled(X), X * 7 + 1)
    assert first.compiled is first.compiled
    assert first.compiled is not second.compiled


def test_compiled_forward_of_a_class():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 2)

        @mlgraph.compile(to="torch")
        def forward(self, x):
            return self.layer(x)

    first, second = Model(), Model()
    same(first(X), first.layer(X))
    same(second(X), second.layer(X))
    second(X).sum().backward()
    assert second.layer.weight.grad is not None
    assert list(first.state_dict()) == ["layer.weight", "layer.bias"]


# tensorflow modules


def test_tensorflow_module_to_its_own_framework_is_the_same_object():
    import tensorflow as tf

    class Affine(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.ones((3, 2)))

        def __call__(self, x):
            return x @ self.w + 1

    module = Affine()
    x = tf.constant(X.numpy())
    expected = module(x).numpy()
    assert mlgraph.compile(module, to="tensorflow", args=(x,)) is module
    np.testing.assert_allclose(module(x), expected)
    assert isinstance(module, Affine)
    mlgraph.restore(module)
    assert type(module) is Affine
    np.testing.assert_allclose(module(x), expected)


def test_keras_model_to_its_own_framework_is_the_same_object():
    import keras

    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    expected = np.asarray(model(X.numpy()))
    assert mlgraph.compile(model, to="tensorflow") is model
    np.testing.assert_allclose(np.asarray(model(X.numpy())), expected, rtol=1e-5)
    mlgraph.restore(model)
    np.testing.assert_allclose(np.asarray(model(X.numpy())), expected, rtol=1e-5)


# Python modules


SOURCE = """
import enum
import torch
FACTOR = 3
def scaled(x): return x * FACTOR
def _hidden(x): return x
class Shift:
    def __init__(self, by): self.by = by
    def moved(self, x): return x + self.by
class Oops(Exception):
    def text(self): return "oops"
class Kind(enum.Enum):
    ONE = 1
    def again(self): return self
"""


def test_python_module():
    module = types.ModuleType("shapes")
    exec(SOURCE, vars(module))
    names = dict(vars(module))
    copy = mlgraph.compile(module, to="numpy")
    assert isinstance(copy, types.ModuleType)
    assert vars(module) == names
    same(copy.scaled(X), X * 3)
    assert copy.scaled.cache_info().captures == 1
    assert (copy.FACTOR, copy.torch, copy._hidden) == (3, torch, module._hidden)
    shift = copy.Shift(2.0)
    assert isinstance(shift, module.Shift)
    same(shift.moved(X), X + 2)
    assert isinstance(shift.moved(X), np.ndarray)
    assert copy.Oops is module.Oops
    assert copy.Kind is module.Kind
    assert isinstance(module.scaled(X), torch.Tensor)
