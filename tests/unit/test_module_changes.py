# pyright: basic
"""A compiled module is the module as it is now: its weights are read anew, and another structure is captured anew."""

import copy
import io
import logging
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

import mlgraph
from mlgraph.graph.guards.torch_modules import ModulesGuard

X = torch.linspace(-1, 1, 6).reshape(2, 3)
Y = torch.linspace(-2, 1, 12).reshape(4, 3)


def build() -> Any:
    torch.manual_seed(0)
    layers: Any = OrderedDict(first=nn.Linear(3, 3), norm=nn.BatchNorm1d(3), act=nn.ReLU(), last=nn.Linear(3, 3))
    return nn.Sequential(layers | {"scale": Scale()}).eval()


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return x * self.weight


class Shift(nn.Module):
    def forward(self, x):
        return x + 1


class LowRank(nn.Module):
    """A layer with an addition of low rank, as LoRA puts in the place of a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.ones(1, layer.in_features))
        self.up = nn.Parameter(torch.ones(layer.out_features, 1))

    def forward(self, x):
        return self.layer(x) + x @ self.down.T @ self.up.T


class Doubled(nn.Linear):
    def forward(self, input):
        return super().forward(input) * 2


class Symmetric(nn.Module):
    def forward(self, X):
        return X.triu() + X.triu(1).T


# Changes that no capture is needed for: each returns a function that undoes it


def replace_weight(module):
    old, module.first.weight = module.first.weight, nn.Parameter(torch.ones(3, 3))
    return lambda: setattr(module.first, "weight", old)


def replace_buffer(module):
    old, module.norm.running_mean = module.norm.running_mean, torch.ones(3)
    return lambda: setattr(module.norm, "running_mean", old)


def assign_state_dict(module):
    old = dict(module.state_dict())
    module.load_state_dict({name: value + 1 for name, value in old.items()}, assign=True)
    return lambda: module.load_state_dict(old, assign=True)


def load_state_dict(module):
    old = {name: value.clone() for name, value in module.state_dict().items()}
    module.load_state_dict({name: value + 1 for name, value in old.items()})
    return lambda: module.load_state_dict(old)


def step(module):
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    for p in module.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    optimizer.zero_grad()


def swap_data(module):
    old = [p.data for p in module.parameters()]
    for p in module.parameters():
        p.data = p.data * 0.5

    def undo():
        for p, data in zip(module.parameters(), old):
            p.data = data

    return undo


def freeze(module):
    module.first.requires_grad_(False)
    return lambda: module.first.requires_grad_(True)


def tie(module):
    old, module.last.weight = module.last.weight, module.first.weight
    return lambda: setattr(module.last, "weight", old)


REPLACED = (
    *(replace_weight, replace_buffer, assign_state_dict, load_state_dict),
    *(step, swap_data, freeze),
)

# Changes that are captured anew


def replace_child(module):
    old, module.act = module.act, nn.Tanh()
    return lambda: setattr(module, "act", old)


def swap_children(module):
    module.first, module.last = module.last, module.first

    def undo():
        module.first, module.last = module.last, module.first

    return undo


def append_child(module):
    module.add_module("shift", Shift())
    return lambda: delattr(module, "shift")


def delete_child(module):
    old = module.act
    del module.act
    last = module._modules.pop("last")

    def undo():
        module.act, module.last = old, last

    return undo


def pop_child(module):
    module.pop(1)  # which also renames the others


def reorder_children(module):
    first = module._modules.pop("first")
    module.first = first


def add_hook(module):
    handle = module.act.register_forward_hook(lambda module, args, result: result * 2)
    return handle.remove


def add_pre_hook(module):
    handle = module.last.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    return handle.remove


def add_hook_of_every_module(module):
    def hook(module, args, result):
        return result + 1 if isinstance(module, nn.ReLU) else None

    return nn.modules.module.register_module_forward_hook(hook).remove


def weight_norm(module):
    parametrizations.weight_norm(module.first)
    with torch.no_grad():
        module.first.parametrizations.weight.original0.mul_(2)
    return lambda: parametrize.remove_parametrizations(module.first, "weight")


def parametrize_weight(module):
    parametrize.register_parametrization(module.last, "weight", Symmetric())
    return lambda: parametrize.remove_parametrizations(module.last, "weight", leave_parametrized=False)


def low_rank(module):
    old, module.last = module.last, LowRank(module.last)
    return lambda: setattr(module, "last", old)


def replace_forward(module):
    module.act.forward = lambda x: x * 3
    return lambda: delattr(module.act, "forward")


def change_class(module):
    module.last.__class__ = Doubled
    return lambda: setattr(module.last, "__class__", nn.Linear)


def train(module):
    module.train()
    return module.eval


def drop_bias(module):
    old, module.last.bias = module.last.bias, None
    return lambda: setattr(module.last, "bias", old)


def widen(module):
    module.first, module.norm, module.last = nn.Linear(3, 5), nn.BatchNorm1d(5).eval(), nn.Linear(5, 2)


def other_shapes(module):
    old = module.last.weight.data, module.last.bias.data
    module.last.weight.data, module.last.bias.data = torch.ones(2, 3), torch.ones(2)

    def undo():
        module.last.weight.data, module.last.bias.data = old

    return undo


def other_type(module):
    module.scale.weight.data = torch.full((1,), 1.5, dtype=torch.float64)

    def undo():
        module.scale.weight.data = torch.tensor(1.5)

    return undo


CAPTURED = (
    *(replace_child, swap_children, append_child, delete_child, pop_child, reorder_children),
    *(add_hook, add_pre_hook, add_hook_of_every_module, weight_norm, parametrize_weight, low_rank),
    *(replace_forward, change_class, train, drop_bias, widen, other_shapes, other_type, tie),
)


def compiled_root(module):
    return mlgraph.compile(module, to="torch"), module.forward


def closed_over(module):
    graph = mlgraph.compile(lambda x: module(x) * 2, to="torch")
    return lambda x: graph(x) / 2, graph


def argument(module):
    graph = mlgraph.compile(lambda m, x: m(x), to="torch")
    return lambda x: graph(module, x), graph


def assert_same(call, twin, x):
    """Compare a call with one of an equal module that is not compiled."""
    torch.manual_seed(3)
    expected = twin(x)
    torch.testing.assert_close(call(x), expected)


SOME = (replace_weight, assign_state_dict, replace_child, add_hook, low_rank, replace_forward)
CASES = [(change, compiled_root) for change in (*REPLACED, *CAPTURED)]
CASES += [(change, form) for change in SOME for form in (closed_over, argument)]


@pytest.mark.parametrize(("change", "form"), CASES)
def test_a_changed_module_is_called_as_it_is(change, form):
    module, twin = build(), build()
    call, graph = form(module)
    assert_same(call, twin, X)
    undo = undo_twin = None
    for x in (X, Y):
        torch.manual_seed(1)
        undo = change(module) if x is X else undo
        torch.manual_seed(1)
        undo_twin = change(twin) if x is X else undo_twin
        assert_same(call, twin, x)
        assert_same(call, twin, x + 1)
    assert graph.cache_info().captures == (1 if change in REPLACED else 2)
    if undo is not None and undo_twin is not None:
        undo()
        undo_twin()
        assert_same(call, twin, X)
    for (name, value), other in zip(module.state_dict().items(), twin.state_dict().values(), strict=True):
        torch.testing.assert_close(value, other, msg=name)


def test_a_hook_of_the_root_runs_once_around_the_compiled_forward():
    module, twin = build(), build()
    mlgraph.compile(module, to="torch", args=(X,))
    seen = []
    for each in (module, twin):
        each.register_forward_pre_hook(lambda module, args: seen.append(args[0]) or (args[0] + 1,))
        each.register_forward_hook(lambda module, args, result: seen.append((args[0], result)) or result * 2)
    assert_same(module, twin, X)
    (given, (inside, result)), rest = seen[:2], seen[2:]
    torch.testing.assert_close([given, (inside, result)], rest)
    assert module.forward.cache_info().captures == 1


def test_the_guard_names_what_changed():
    module = build()
    told = {
        replace_child: "child act of Sequential was replaced",
        append_child: "child shift of Sequential was added",
        add_hook: "a forward hook was added to act",
        train: "the training mode of Sequential changed",
        replace_forward: "the forward of act was replaced",
        change_class: "the class of last changed from Linear to Doubled",
        other_shapes: "last.weight changed from float32[3, 3] to float32[2, 3]",
        drop_bias: "last.bias was removed",
        tie: "last.weight is no tensor of its own any more",
    }
    for change, text in told.items():
        guard = ModulesGuard([("", module)], copies=False)
        assert not guard.is_same()
        guard.renew()
        assert guard.is_same()
        assert guard.failure(None) is None
        undo = change(module)
        assert not guard.is_same()
        assert guard.failure(None) == text
        undo()
        assert guard.failure(None) is None


@pytest.mark.parametrize("change", [replace_weight, replace_buffer, replace_child, add_hook, low_rank, other_shapes])
def test_another_framework_takes_the_new_weights(change, caplog):
    module, twin = build(), build()
    graph = mlgraph.compile(module, to="numpy", args=(X,))
    graph.params["scale.weight"] = np.float32(3.0)
    with torch.no_grad():
        twin.scale.weight.fill_(3.0)
    for each in (module, twin):
        torch.manual_seed(1)
        change(each)
    with caplog.at_level(logging.WARNING, "mlgraph.recompiles"):
        for x in (X, Y):
            np.testing.assert_allclose(graph(x), twin(x).detach().numpy(), rtol=1e-5, atol=1e-5)
    assert len(caplog.messages) == 1


def test_params_are_those_of_the_module():
    module = build()
    mlgraph.compile(module, to="torch", args=(X,))
    module.first.weight = nn.Parameter(torch.ones(3, 3))
    assert module.forward.params["first.weight"] is module.first.weight
    module.forward.params["last.bias"] = torch.full((3,), 5.0)
    with torch.no_grad():
        expected = module(X)
        module.last.bias.fill_(5.0)
    assert_same(mlgraph.restore(module), lambda x: expected, X)


def test_a_compiled_module_is_pickled_and_copied_as_any_other():
    module = build()
    expected = module(X)
    mlgraph.compile(module, to="torch", args=(X,))
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for other in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module), copy.copy(module), loaded):
        assert_same(other, lambda x: expected, X)
    graph = copy.copy(mlgraph.compile(torch.sin, to="torch", args=(X,)))
    assert_same(graph, torch.sin, X)
    assert list(module.state_dict()) == list(build().state_dict())


def test_a_backward_hook_inside_is_refused_where_gradients_are_taken():
    module = build()
    mlgraph.compile(module, to="torch", args=(X,))
    handle = module.first.register_full_backward_hook(lambda module, *gradients: None)
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="first has a backward hook"):
        module(X)
    with torch.no_grad():
        assert_same(module, build(), X)
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="first has a backward hook"):
        module(X)
    handle.remove()
    assert_same(module, build(), X)


def test_the_cache_of_parametrizations_holds_no_traced_tensor():
    module, twin = build(), build()
    for each in (module, twin):
        torch.manual_seed(1)
        parametrizations.weight_norm(each.first)
    mlgraph.compile(module, to="torch")
    with parametrize.cached():
        assert_same(module, twin, X)
        assert_same(mlgraph.restore(module), twin, X)


def test_a_capture_leaves_weights_that_can_be_swapped():
    module, twin = build(), build()
    mlgraph.compile(module, to="torch", args=(X,))
    for each in (module, twin):
        torch.utils.swap_tensors(each.last.weight, nn.Parameter(torch.full((3, 3), 0.3)))
    assert_same(module, twin, X)
    assert module.forward.cache_info().captures == 1


def test_a_method_that_a_forward_calls_is_guarded(monkeypatch):
    class Helped(nn.Linear):
        def helper(self, x):
            return x

        def forward(self, input):
            return self.helper(super().forward(input))

    module, plain = Helped(3, 3), nn.Linear(3, 3)
    module.load_state_dict(plain.state_dict())
    mlgraph.compile(module, to="torch", args=(X,))
    module.helper = lambda x: x * 2
    assert_same(module, lambda x: plain(x) * 2, X)
    del module.helper
    monkeypatch.setattr(Helped, "helper", lambda self, x: x * 3)
    assert_same(module, lambda x: plain(x) * 3, X)


def test_a_module_whose_weights_have_no_shape_yet_is_refused():
    with pytest.raises(mlgraph.errors.InputError, match="call the module once"):
        mlgraph.compile(nn.Sequential(nn.LazyLinear(3)), to="numpy", args=(X,))


class Recorder:
    def __init__(self):
        self.seen, self.count = {}, 0

    def __call__(self, module, args, output):
        self.seen["output"] = output

    def before(self, module, args):
        self.count += 1


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_what_hooks_write_is_state(to):
    model = build()
    recorder = Recorder()
    model.first.register_forward_hook(recorder)
    model.act.register_forward_pre_hook(recorder.before)
    graph = mlgraph.compile(lambda x: model(x), to=to, args=(X,))
    assert (recorder.seen, recorder.count) == ({}, 0)
    for i, x in enumerate((X, Y)):
        graph(x)
        assert recorder.count == i + 1
        found = torch.as_tensor(recorder.seen["output"]).detach()
        torch.testing.assert_close(found, torch.nn.functional.linear(x, model.first.weight, model.first.bias).detach())


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = torch.ones(3)

    def forward(self, x):
        return x + self.plain


@pytest.mark.parametrize("own_forward", [False, True])
def test_a_plain_tensor_of_a_module_is_written_in_place(own_forward):
    model: Any = Plain()
    if own_forward:
        model.forward = lambda x: x + model.plain
    graph = mlgraph.compile(lambda x: model(x), to="torch", args=(X,))
    model.plain.add_(1)
    torch.testing.assert_close(graph(X), X + 2)
