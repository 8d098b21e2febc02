# pyright: basic
"""Objects that a function reads and writes: each call works on the caller's, capture leaves them as they were."""

import contextlib
import copy
import dataclasses
import types

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.dialects.stateful import GetOp, SetOp
from mlgraph.errors import CaptureError
from mlgraph.frameworks.arrays import convert

X = torch.arange(6.0).reshape(2, 3)
TARGETS = ["torch", "jax", "numpy", "tensorflow"]


def plain(value):
    """A value with numpy arrays in the place of every framework's."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, types.SimpleNamespace | Counter | Holder | Slotted):
        return plain(mlgraph.graph.effects.access_path.attributes(value))
    return np.round(np.asarray(value), 4).tolist() if mlgraph.frameworks.framework_of(value) else value


class Counter:
    def __init__(self):
        self.total = torch.zeros(3)
        self.calls = 0
        self.unrelated = "a"


class Holder:
    def __init__(self, **held):
        vars(self).update(held)


class Slotted:
    __slots__ = ("spare", "value")

    def __init__(self, value):
        self.value = value


def set_new(state, x):
    state.new = x
    return x + 1


def replace(state, x):
    state.total = state.total + x.sum(0)
    return state.total * 2


def in_place(state, x):
    state.total += x.sum(0)
    return state.total * 2


def delete(state, x):
    del state.total
    state.left = x
    return x * 2


def count(state, x):
    state.calls += 1
    return x * state.calls


def nested(state, x):
    state.calls = {"x": x, "pair": (x * 2, 5), "list": [x.sum(), "text"]}
    return x


def inner_object(state, x):
    if not hasattr(state, "inner"):
        state.inner = Holder(count=x * 0)
    state.inner.count = state.inner.count + 1
    return x


FUNCTIONS = [set_new, replace, in_place, delete, count, nested, inner_object]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("to", TARGETS)
def test_each_call_reads_and_writes_the_callers_object(function, to):
    ours, theirs = Counter(), Counter()
    graph = mlgraph.compile(function, to=to, arg_stateful_idxs=[[0]], args=(ours, X))
    assert plain(ours) == plain(Counter()), "capture restores the object"
    for _ in range(1 if function is delete else 3):
        x = torch.rand(2, 3)
        np.testing.assert_allclose(np.asarray(graph(ours, x)), np.asarray(function(theirs, x)), rtol=1e-6)
        np.testing.assert_equal(plain(ours), plain(theirs))


@pytest.mark.parametrize("function", [set_new, replace, in_place])
def test_arrays_do_not_cause_another_capture(function):
    graph = mlgraph.compile(function, to="torch", arg_stateful_idxs=[[0]])
    state, other = Counter(), Counter()
    for _ in range(3):
        graph(state, X)
        graph(other, X)
    other.unrelated = "b"
    graph(other, X)
    assert graph.cache_info().captures == 1


def test_python_values_that_are_read_are_guarded():
    graph = mlgraph.compile(lambda state, x: x * state.calls, to="torch", arg_stateful_idxs=[[0]])
    state = Counter()
    for calls in (1, 2, 1, 2):
        state.calls = calls
        np.testing.assert_allclose(graph(state, X), X * calls)
    assert graph.cache_info().captures == 2


def test_other_sizes_of_state():
    graph = mlgraph.compile(lambda state, x: (state.total * x).sum(), to="numpy", arg_stateful_idxs=[[0]])
    state = Counter()
    for n in (3, 5, 2):
        state.total = torch.rand(n)
        x = torch.rand(4, n)
        np.testing.assert_allclose(graph(state, x), (state.total * x).sum(), rtol=1e-5)
    assert graph.cache_info().captures == 1


def test_cache_that_grows():
    def attend(cache, x):
        cache.keys = x if cache.keys is None else torch.cat([cache.keys, x])
        return cache.keys.sum(0)

    graph = mlgraph.compile(attend, to="torch", arg_stateful_idxs=[[0]])
    ours, theirs = Holder(keys=None), Holder(keys=None)
    for _ in range(5):
        x = torch.rand(2, 3)
        np.testing.assert_allclose(graph(ours, x), attend(theirs, x), rtol=1e-5)
        np.testing.assert_allclose(ours.keys, theirs.keys)
    assert graph.cache_info().captures == 2


# Ways to say what is stateful


def test_paths_into_arguments():
    def step(batch, x):
        batch["cache"].total = x * 2
        return x + 1

    graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0, "cache"]])
    counter = Counter()
    graph({"cache": counter, "other": 3}, X)
    np.testing.assert_allclose(counter.total, X * 2)
    graph(batch={"cache": counter, "other": 3}, x=X + 1)
    np.testing.assert_allclose(counter.total, X * 2 + 2)


def test_dicts_and_lists():
    def step(cache, log, x):
        cache["last"] = x
        log.append(x.sum())
        return x + len(log)

    graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0], [1]])
    cache, log = {"first": X}, []
    for i in (1, 2, 3):
        np.testing.assert_allclose(graph(cache, log, X + i), X + 2 * i)
        np.testing.assert_allclose(cache["last"], X + i)
        assert len(log) == i
    np.testing.assert_allclose([float(v) for v in log], [21, 27, 33])


def test_keyword_arguments():
    def step(x, *, state=None, **others):
        state.total = x
        others["extra"].total = x * 3
        return x

    graph = mlgraph.compile(step, to="torch", kwarg_stateful_idxs=[["state"], ["extra"]])
    first, second = Counter(), Counter()
    graph(X, state=first, extra=second)
    np.testing.assert_allclose(first.total, X)
    np.testing.assert_allclose(second.total, X * 3)


def test_stateful_objects_that_are_no_arguments():
    state = Counter()

    def step(x):
        state.total = state.total + x.sum(0)
        return state.total

    graph = mlgraph.compile(step, to="jax", stateful=[state])
    for i in (1, 2, 3):
        np.testing.assert_allclose(graph(X), np.asarray(X.sum(0)) * i)
    assert "stateful.set" in str(graph.ir("ivy"))


def test_objects_among_the_arguments_are_stateful_unasked():
    graph = mlgraph.compile(replace, to="torch")
    ours, theirs = Counter(), Counter()
    for _ in range(2):
        np.testing.assert_allclose(graph(ours, X), replace(theirs, X))
    np.testing.assert_allclose(ours.total, theirs.total)


@pytest.mark.parametrize(
    "paths", [{"arg_stateful_idxs": [0]}, {"arg_stateful_idxs": [[7]]}, {"kwarg_stateful_idxs": [["w"]]}]
)
def test_paths_that_lead_nowhere(paths):
    with pytest.raises(mlgraph.errors.InputError):
        mlgraph.compile(replace, to="torch", **paths)(Counter(), X)


def test_array_is_no_stateful_object():
    with pytest.raises(mlgraph.errors.InputError, match="Tensor"):
        mlgraph.compile(replace, to="torch", arg_stateful_idxs=[[1]])(Counter(), X)


# Kinds of objects


@dataclasses.dataclass
class Data:
    total: object


def test_slots_dataclasses_and_namespaces():
    def step(state, x):
        state.value = state.value + x
        return state.value

    for make in (Slotted, lambda value: types.SimpleNamespace(value=value), lambda value: Holder(value=value)):
        graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0]])
        state = make(X)
        for i in (2, 3):
            np.testing.assert_allclose(graph(state, X), X * i)
            np.testing.assert_allclose(state.value, X * i)

    graph = mlgraph.compile(lambda state, x: replace(state, x), to="torch", arg_stateful_idxs=[[0]])
    data = Data(torch.zeros(3))
    graph(data, X)
    np.testing.assert_allclose(data.total, X.sum(0))


def test_properties_and_methods_run_as_usual():
    class Smart:
        def __init__(self):
            self._value = X
            self.changes = 0

        @property
        def value(self):
            return self._value * 2

        @value.setter
        def value(self, new):
            self.changes += 1
            self._value = new

        def twice(self):
            return self.value * 2

    def step(state, x):
        state.value = state.twice() + x
        return state.value

    ours, theirs = Smart(), Smart()
    graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0]])
    for _ in range(3):
        np.testing.assert_allclose(graph(ours, X), step(theirs, X))
        assert ours.changes == theirs.changes
        assert type(ours) is Smart


def test_one_object_in_two_places():
    def step(state, x):
        state.first.total = x
        return state.second.total * 2

    shared = Counter()
    state = Holder(first=shared, second=shared)
    graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0]])
    np.testing.assert_allclose(graph(state, X), X * 2)
    apart = Holder(first=Counter(), second=Counter())
    np.testing.assert_allclose(graph(apart, X), torch.zeros(3))


def test_object_that_is_returned_is_the_callers_own():
    def step(state, x):
        state.total = x
        return state, x

    graph = mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0]])
    state = Counter()
    assert graph(state, X)[0] is state
    np.testing.assert_allclose(state.total, X)


# Objects that the function makes


class Cache:
    def __init__(self, layers):
        self.layers = layers
        self.size = len(layers)

    def __len__(self):
        return self.size


@pytest.mark.parametrize("to", TARGETS)
def test_an_object_made_by_the_function_is_made_again_by_every_call(to):
    def step(x):
        return {"twice": x * 2, "cache": Cache([Holder(key=x + 1, name="first"), Slotted(x * 3)])}

    graph = mlgraph.compile(step, to=to, args=(X,))
    caches = [graph(x)["cache"] for x in (X, X + 5)]
    for x, cache in zip((X, X + 5), caches):
        first, second = cache.layers
        assert (type(cache), type(first), type(second)) == (Cache, Holder, Slotted)
        assert (len(cache), first.name, hasattr(second, "spare")) == (2, "first", False)
        assert {mlgraph.frameworks.framework_of(a) for a in (first.key, second.value)} == {to}
        np.testing.assert_allclose(np.asarray(first.key), x + 1)
        np.testing.assert_allclose(np.asarray(second.value), x * 3)
    assert caches[0].layers is not caches[1].layers


def test_an_object_that_holds_itself_is_refused_when_it_is_returned():
    def step(x):
        cache = Cache([x + 1])
        cache.own = cache
        return cache

    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="object of class Cache"):
        mlgraph.compile(step, to="torch", args=(X,))


def test_an_object_without_arrays_is_refused_when_it_is_returned():
    """It may be the caller's own, and nobody knows what is inside."""
    settings = Holder(name="a")
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="object of class Holder"):
        mlgraph.compile(lambda x: (x + 1, settings), to="torch", args=(X,))


def test_an_object_made_by_one_call_is_state_of_the_next():
    def step(x, cache=None):
        if cache is None:
            cache = Cache([x])
        else:
            cache.layers[0] = torch.cat([cache.layers[0], x])
        return cache.layers[0].sum(), cache

    graph = mlgraph.compile(step, to="jax")
    expected, cache = X, None
    for i in range(4):
        total, cache = graph(X + i, cache)
        expected = X if i == 0 else torch.cat([expected, X + i])
        np.testing.assert_allclose(total, expected.sum())
        np.testing.assert_allclose(cache.layers[0], expected)
    assert graph.cache_info().captures == 2


# Hooks that a forward installs


class Hooking(torch.nn.Module):
    def __init__(self, flag):
        super().__init__()
        self.inner = torch.nn.Linear(3, 3)
        self.flag = flag

    def forward(self, x):
        if not vars(self).get(self.flag):
            self.inner.register_forward_hook(lambda module, args, output: output * 2)
            setattr(self, self.flag, True)
        return self.inner(x)


def test_hooks_that_a_forward_installs_are_gone_after_a_capture():
    module = Hooking("hooks_installed")
    graph = mlgraph.compile(lambda x: module(x), to="jax", args=(X,))
    assert not module.inner._forward_hooks
    assert "hooks_installed" not in vars(module)
    np.testing.assert_allclose(np.asarray(graph(X)), module(X).detach(), rtol=1e-5)
    assert len(module.inner._forward_hooks) == 1


def test_other_attributes_that_such_a_forward_sets_are_refused():
    module = Hooking("ready")
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="installs hooks"):
        mlgraph.compile(lambda x: module(x), to="torch", args=(X,))


def test_a_stateful_module_that_installs_hooks_is_refused():
    module = Hooking("hooks_installed")
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="stateful module installs hooks"):
        mlgraph.compile(lambda x: module(x), to="torch", stateful=[module], args=(X,))
    assert not module.inner._forward_hooks


# Failures and the IR


def test_failed_capture_restores_the_object():
    def step(state, x):
        state.total = x
        state.new = [x]
        state.calls += 1
        raise ValueError("no")

    state = Counter()
    before = copy.deepcopy(plain(state))
    with pytest.raises(mlgraph.errors.CaptureError, match="no"):
        mlgraph.compile(step, to="torch", arg_stateful_idxs=[[0]], args=(state, X))
    assert plain(state) == before
    assert type(state) is Counter


def test_state_in_the_ir():
    graph = mlgraph.compile(replace, to="jax", arg_stateful_idxs=[[0]], args=(Counter(), X))
    ops = list(graph.ir("ivy").walk())
    [get] = [op for op in ops if isinstance(op, GetOp)]
    [put] = [op for op in ops if isinstance(op, SetOp)]
    assert str(get.slot.data) == str(put.slot.data) == "state.total"
    assert not any(isinstance(op, GetOp | SetOp) for op in graph.ir("stateful").walk())


def test_apply_reads_state_and_returns_what_is_new():
    graph = mlgraph.compile(replace, to="jax", arg_stateful_idxs=[[0]], args=(Counter(), X))
    state = Counter()
    result, new = graph.apply(graph.params, state, X)
    np.testing.assert_allclose(result, X.sum(0) * 2)
    np.testing.assert_allclose(new["state.total"], X.sum(0))
    np.testing.assert_allclose(state.total, torch.zeros(3))


@pytest.mark.parametrize("source", ["jax", "numpy", "tensorflow"])
def test_other_sources(source):
    x, start = (convert(make((2, 3), np.float32), source) for make in (np.ones, np.zeros))

    def step(state, x):
        state.total = state.total + x
        return state.total * 2

    for to in (source, "torch"):
        state = Holder(total=start)
        graph = mlgraph.compile(step, to=to, arg_stateful_idxs=[[0]], args=(state, x))
        for i in (1, 2):
            np.testing.assert_allclose(np.asarray(graph(state, x)), np.full((2, 3), 2.0 * i))


class Place:
    def __init__(self, at):
        self.at = at

    def moved(self, x):
        return type(self)(self.at + x)

    def __eq__(self, other):
        return type(self) is type(other) and self.at.shape == other.at.shape

    __hash__ = None


class Here(Place):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)


def test_objects_keep_their_class_while_a_function_is_captured():
    def function(first, second, x):
        assert first.__class__ is Place
        table = {Place: 2, Here: 3}
        return x * table[type(first)] * table[type(second)] if first == Place(x) and first != second else x

    graph = mlgraph.compile(function, to="numpy")
    x = np.ones(2)
    assert graph(Place(x), Here(x), x).tolist() == [6, 6]
    assert graph(Place(x), Place(x), x).tolist() == [1, 1]


def test_objects_made_of_the_class_of_others_are_of_that_class():
    held = {"place": Here(np.zeros(2)), "first": None}

    def move(x):
        held["first"] = held["first"] or copy.copy(held["place"])
        held["place"] = held["place"].moved(x)
        return held["place"].moved(x)

    graph = mlgraph.compile(move, to="numpy", args=(np.ones(2),))
    assert held["first"] is None
    assert [type(found := graph(np.ones(2))), found.at.tolist()] == [Here, [2, 2]]
    assert [type(found := graph(np.ones(2))), found.at.tolist()] == [Here, [3, 3]]
    assert [type(place) for place in held.values()] == [Here, Here]


@pytest.mark.parametrize("fails", [False, True])
def test_classes_are_after_a_capture_as_they_were(fails):
    before = {cls: dict(vars(cls)) for cls in (Place, Here)}

    def function(first, second, x):
        first.at = second.at + x
        if fails:
            raise KeyError("the user's own")
        return x * 1

    with contextlib.suppress(CaptureError):
        mlgraph.compile(function, to="numpy", args=(Place(np.ones(2)), Here(np.ones(2)), np.ones(2)))
    assert {cls: dict(vars(cls)) for cls in (Place, Here)} == before


def test_classes_that_jax_takes_apart_are_state_and_arguments():
    import jax
    import jax.numpy as jnp

    @jax.tree_util.register_pytree_node_class
    class Average(Place):
        def tree_flatten(self):
            return (self.at,), None

        @classmethod
        def tree_unflatten(cls, _, children):
            return cls(*children)

    held = {"average": Average(jnp.zeros(2))}
    step = jax.jit(lambda average, x: jax.tree.map(lambda at: 0.5 * at + x, average))

    def function(given, x):
        held["average"] = step(held["average"], x)
        return step(given, x).at + held["average"].at

    graph = mlgraph.compile(function, to="jax", args=(Average(jnp.ones(2)), jnp.ones(2)))
    assert graph(Average(jnp.ones(2)), jnp.ones(2)).tolist() == [2.5, 2.5]
    assert graph(Average(jnp.zeros(2)), jnp.ones(2)).tolist() == [2.5, 2.5]
    assert type(held["average"]) is Average
