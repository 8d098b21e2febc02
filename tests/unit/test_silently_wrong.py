# pyright: basic
"""What the tracer of ivy 1.0.0.5 got silently wrong: each is right here, or raises."""

import types
from functools import partial

import harness
import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import DataDependentControlFlowError, UnsupportedOpError

X = torch.arange(1.0, 7.0).reshape(2, 3)
same = partial(harness.same, rtol=1e-5, atol=1e-6)


def gradients(function, *tensors):
    """The gradients of the sum of `function` with respect to each tensor."""
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    return torch.autograd.grad(function(*leaves).sum(), leaves)


def assert_same_gradients(function, graph, *tensors):
    for found, expected in zip(gradients(graph, *tensors), gradients(function, *tensors), strict=True):
        same(found, expected)


# Values


def test_same_tensor_passed_twice():
    graph = mlgraph.compile(lambda a, b: a - b, to="torch", args=(X, X))
    same(graph(X, X * 3), X - X * 3)


def test_eval_model_is_not_captured_in_train_mode():
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.9)).eval()
    module[1].running_mean.fill_(0.5)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    graph = mlgraph.compile(module, to="numpy", args=(X,))
    same(graph(X), module(X))
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_write_through_a_view_is_kept():
    def function(x):
        y = x.clone()
        y[0].mul_(10)
        y.T[1, 1] = -1
        return y

    graph = mlgraph.compile(function, to="numpy", args=(X,))
    same(graph(X + 1), function(X + 1))


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (lambda x, flag: x * 2 if flag else x, True, False),
        (lambda x, value: x if value is None else x + value, None, 3),
        (lambda x, name: x.sum() if name == "sum" else x.mean(), "sum", "mean"),
        (lambda x, n: sum((x * i for i in range(n)), x), 2, 4),
        (lambda x, n: x**n, 2, 3),
        (lambda x, n: x.sum() + n, 1, True),
        (lambda x, n: x * n, 2, 2.5),
    ],
    ids=["bool", "None", "string", "range", "power", "one and True", "int and float"],
)
def test_python_values_are_not_baked(function, first, second):
    graph = mlgraph.compile(function, to="numpy", args=(X, first))
    for value in (first, second, first):
        same(graph(X, value), torch.as_tensor(function(X, value)))
    assert graph.cache_info().captures == 2


def test_default_is_not_baked():
    def function(x, scale=2.0):
        return x * scale

    graph = mlgraph.compile(function, to="numpy", args=(X,))
    same(graph(X, 3.0), X * 3)
    same(graph(X), X * 2)
    same(graph(X, scale=4.0), X * 4)


FACTOR = 2.0


def times_factor(x):
    return x * FACTOR


@pytest.mark.parametrize("function", [times_factor, lambda x: times_factor(x) + 0], ids=["its own", "of another"])
def test_global_value_is_not_baked(function, monkeypatch, caplog):
    graph = mlgraph.compile(function, to="numpy", args=(X,))
    same(graph(X), X * 2)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    same(graph(X), X * 3)
    assert "FACTOR changed from 2.0 to 3.0" in caplog.text
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    same(graph(X), X * 2)
    assert graph.cache_info().captures == 2


def test_closure_value_is_not_baked():
    factor = 2.0

    def function(x):
        return x * factor

    graph = mlgraph.compile(function, to="numpy", args=(X,))
    same(graph(X), X * 2)
    factor = 5.0
    same(graph(X), X * 5)


def test_attribute_of_a_module_is_not_baked():
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.LeakyReLU(0.5)
            self.scale = 2.0

        def forward(self, x):
            return self.inner(-x) * self.scale

    module = Scaled()
    graph = mlgraph.compile(module, to="numpy", args=(X,))
    same(graph(X), module(X))
    module.scale = 3.0
    same(graph(X), module(X))
    module.inner.negative_slope = 0.25
    same(graph(X), module(X))
    assert graph.cache_info().captures == 3


def test_extra_arguments_are_not_ignored():
    graph = mlgraph.compile(lambda x: x, to="numpy", args=(X,))
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        graph(X, X)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x.sum() > 0 else -x,
        lambda x: x[: int(x[0, 0])],
    ],
    ids=["if", "slice"],
)
def test_control_flow_on_values_is_not_baked(function):
    graph = mlgraph.compile(function, to="numpy", args=(X,), max_paths=0)
    for x in (X, -X, X * 2):
        np.testing.assert_array_equal(graph(x), function(x))


def test_a_result_whose_length_depends_on_values_is_not_baked():
    with pytest.raises(DataDependentControlFlowError):
        mlgraph.compile(lambda x: [x for _ in range(int(x.sum()))], to="numpy", args=(X,), max_paths=0)


def test_view_of_a_shape_is_not_baked():
    def function(x):
        return x.view(x.shape[1], x.shape[0]), x.reshape(-1, x.size(0) * 2)

    graph = mlgraph.compile(function, to="numpy", args=(torch.rand(4, 6),))
    for shape in ((4, 6), (2, 8), (6, 4)):
        x = torch.rand(shape)
        for found, expected in zip(graph(x), function(x), strict=True):
            same(found, expected)


def test_second_call_of_a_lazy_graph_gives_the_same_type():
    graph = mlgraph.compile(lambda x: x + 1, to="jax")
    assert type(graph(X)) is type(graph(X)) is type(graph(X.numpy()))


# Gradients


def test_gradients_of_inputs_and_weights():
    layer = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(lambda x: torch.tanh(layer(x)) ** 2, to="torch", args=(X,))
    assert_same_gradients(lambda x: torch.tanh(layer(x)) ** 2, graph, X)
    graph(X).sum().backward()
    found = layer.weight.grad.clone()
    layer.zero_grad()
    (torch.tanh(layer(X)) ** 2).sum().backward()
    same(found, layer.weight.grad)


def test_gradients_of_a_compiled_module():
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    twin = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    twin.load_state_dict(module.state_dict())
    mlgraph.compile(module, to="torch", args=(X,))
    (module(X) ** 2).sum().backward()
    (twin(X) ** 2).sum().backward()
    for a, b in zip(module.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("reach", ["closure", "dict", "argument default"])
def test_gradients_of_tensors_that_are_no_arguments(reach):
    weight = torch.ones(3, requires_grad=True)
    weights = {"inner": [weight]}
    function = {
        "closure": lambda x: x * weight,
        "dict": lambda x: x * weights["inner"][0],
        "argument default": lambda x, w=weight: x * w,
    }[reach]
    graph = mlgraph.compile(function, to="torch", args=(X,))
    graph(X).sum().backward()
    same(weight.grad, X.sum(0))


@pytest.mark.parametrize("outer", [torch.enable_grad, torch.no_grad])
def test_no_grad_inside_the_function(outer):
    def function(x):
        with torch.no_grad():
            total = x.sum() * x
        return x * total

    with outer():
        graph = mlgraph.compile(function, to="torch", args=(X,))
    same(graph(X), function(X))
    assert_same_gradients(function, graph, X)


def test_result_of_no_grad_is_detached():
    @torch.no_grad()
    def function(x):
        return x * 2

    graph = mlgraph.compile(function, to="torch", args=(X,))
    assert not graph(X.clone().requires_grad_()).requires_grad


def test_detach():
    def function(x):
        return x * x.detach() + x

    graph = mlgraph.compile(function, to="torch", args=(X,))
    assert_same_gradients(function, graph, X)


def test_data_of_a_tensor_is_refused():
    with pytest.raises(UnsupportedOpError, match=r"x\.detach\(\)"):
        mlgraph.compile(lambda x: x * x.data, to="torch")(X)


def test_detach_on_jax():
    import jax

    graph = mlgraph.compile(lambda x: (x * x.detach()).sum(), to="jax", args=(X,))
    same(jax.grad(graph)(X.numpy()), X)


def test_gradient_taken_inside_the_function():
    def function(x):
        x = x * 1
        return torch.autograd.grad((x**3).sum(), x)[0]

    same(mlgraph.compile(function, to="torch")(X.clone().requires_grad_()), 3 * X**2)


def test_func_grad_inside_the_function_is_refused():
    def function(x):
        return torch.func.grad(lambda t: (t**3).sum())(x)

    with pytest.raises(UnsupportedOpError, match=r"torch\.func"):
        mlgraph.compile(function, to="torch")(X)


def test_func_grad_and_vmap_of_a_graph():
    def function(x):
        return (x**3).sum()

    for graph in (mlgraph.compile(function, to="torch"), mlgraph.compile(function, to="torch", args=(X,))):
        same(torch.func.grad(graph)(X), 3 * X**2)
        same(torch.vmap(graph)(X), (X**3).sum(1))


class Hundredfold(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 100


def test_backward_of_a_function_of_its_own_is_not_lost():
    graph = mlgraph.compile(lambda x: Hundredfold.apply(x) + 1, to="torch")
    with pytest.raises(UnsupportedOpError, match="Hundredfold") as caught:
        graph(X)
    assert "test_silently_wrong.py" in caught.value.where
    with torch.no_grad():
        same(graph(X), X * 2 + 1)
    with pytest.raises(UnsupportedOpError, match="Hundredfold"):
        graph(X.clone().requires_grad_())
    assert "apply" in vars(torch.autograd.Function)
    assert Hundredfold.apply(X.clone().requires_grad_()).requires_grad


def test_write_into_a_tensor_outside_is_not_lost():
    total = torch.zeros(3)

    def function(x):
        total.add_(x.sum(0))
        return x

    graph = mlgraph.compile(function, to="torch", args=(X,))
    same(total, torch.zeros(3))
    graph(X)
    same(total, X.sum(0))


def test_a_branch_on_requires_grad_is_guarded():
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            y = x * 2 if x.requires_grad else x * 3
            return y + self.weight if self.weight.requires_grad else y - self.weight

    eager, compiled = Layer(), Layer()
    mlgraph.compile(compiled, to="torch", args=(X,))
    leaf = X.clone().requires_grad_()
    for x in (X, leaf, leaf * 1, X):
        same(compiled(x), eager(x))
    for layer in (eager, compiled):
        layer.weight.requires_grad_(False)
    same(compiled(X), eager(X))


def test_state_that_autograd_computed_is_written_again():
    class Cache(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.layer = torch.nn.Linear(3, 3)
            self.store = types.SimpleNamespace(rows=torch.zeros(4, 3), count=0)

        def forward(self, x):
            self.store.rows[self.store.count] = self.layer(x)
            self.store.count += 1
            return self.store.rows[: self.store.count].sum(0)

    eager, compiled = Cache(), Cache()
    mlgraph.compile(compiled, to="torch", args=(X[0],))
    for i in range(3):
        same(compiled(X[0] + i), eager(X[0] + i))


@pytest.mark.parametrize("to", ["torch", "jax", "numpy"])
def test_a_weight_whose_data_is_replaced_is_taken_anew(to):
    layer = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(layer, to=to, args=(X,))
    graph = layer if to == "torch" else graph
    layer.weight.data = layer.weight.data * 2
    expected = torch.nn.functional.linear(X, layer.weight, layer.bias).detach()
    np.testing.assert_allclose(np.asarray(graph(X if to == "torch" else X.numpy()).tolist()), expected, rtol=1e-5)


def test_an_attribute_named_as_a_global_says_nothing_of_the_framework():
    space = {"np": np, "T": torch}
    exec("def function(x):\n    return np.sqrt(x.T)", space)
    graph = mlgraph.compile(space["function"], to="numpy", args=(np.ones((2, 3)),))
    np.testing.assert_array_equal(graph(np.full((2, 3), 4.0)), np.full((3, 2), 2.0))
