"""Programs whose state moves: caches, windows, histories, counters. Each call is compared with eager."""

# pyright: basic
import collections
import types
from functools import partial

import harness
import numpy as np
import pytest
import torch

import mlgraph

# Each program returns a function of one array, and what to look at after each call.


class Rotary(torch.nn.Module):
    """Keeps a table that grows with the longest input."""

    def __init__(self):
        super().__init__()
        self.length, self.table = 0, None

    def forward(self, x):
        if x.shape[0] > self.length:
            self.length = x.shape[0]
            self.table = torch.cos(torch.arange(self.length).float())
        return x * self.table[: x.shape[0]]


class Parent(torch.nn.Module):
    """Sets attributes of its own and of a child."""

    def __init__(self):
        super().__init__()
        self.child, self.total = torch.nn.Identity(), torch.zeros(3)
        self.child.calls, self.child.last = 0, None

    def forward(self, x):
        self.child.calls += 1
        self.child.last = x * self.child.calls
        self.total = self.total + self.child.last
        return self.total * 2


def table_of_a_module():
    module = Rotary()
    return module, lambda: [module.length]


def attributes_of_a_child():
    module = Parent()
    return module, lambda: [module.child.calls, module.total, 0 if module.child.last is None else module.child.last]


def history_cut_to_two():
    loss = types.SimpleNamespace(history=[], count=0)

    def function(x):
        value = (x * x).mean()
        loss.count += 1
        loss.history.append(value)
        loss.history = loss.history[-2:]
        return value + sum(loss.history) / len(loss.history)

    return function, lambda: [loss.count, *loss.history]


def momentum_by_parameter():
    weights, state = [torch.ones(3), torch.zeros(3)], {}

    def function(x):
        for i, weight in enumerate(weights):
            own = state.setdefault(i, {"mean": torch.zeros_like(weight), "step": 0})
            own["step"] += 1
            own["mean"].mul_(0.9).add_(x)
            weight.sub_(own["mean"] / own["step"])
        return weights[0] * 1

    return function, lambda: [*weights, *(own["mean"] for own in state.values())]


def window_of_three():
    window = collections.deque([torch.zeros(3)] * 3, maxlen=3)

    def function(x):
        window.append(x * 2)
        return torch.stack(list(window)).mean(0)

    return function, lambda: list(window)


def two_buffers_in_turn():
    buffers = [torch.zeros(3), torch.ones(3)]

    def function(x):
        torch.add(buffers[0], x, out=buffers[1])
        buffers.reverse()
        return buffers[0].sum()

    return function, lambda: buffers


def overwritten_and_then_replaced():
    state = {"values": [torch.ones(3), torch.ones(3) * 2]}

    def function(x):
        for i, value in enumerate(state["values"]):
            state["values"][i] = value + x * i
            value *= 1
        return sum(value.sum() for value in state["values"])

    return function, lambda: state["values"]


def view_of_what_is_new():
    kept = types.SimpleNamespace(base=torch.zeros(3), head=None)

    def function(x):
        kept.base = kept.base + x
        kept.head = kept.base[:2]
        return kept.head * 2

    return function, lambda: [kept.base, 0 if kept.head is None else kept.head]


def counter_of_a_function():
    def scaled(x):
        scaled.calls = getattr(scaled, "calls", 0) + 1
        return x * scaled.calls

    return lambda x: scaled(x) + 1, lambda: [getattr(scaled, "calls", 0)]


def tables_by_shape():
    tables = {}

    def function(x):
        if x.shape not in tables:
            tables[x.shape] = torch.ones(x.shape) * len(tables)
        return x + tables[x.shape]

    return function, lambda: sorted(map(tuple, tables))


def least_recently_used():
    held = collections.OrderedDict(a=torch.ones(3), b=torch.full((3,), 2.0))

    def function(x):
        name = next(iter(held))
        held.move_to_end(name)
        return x * held[name]

    return function, lambda: [held[name] for name in held]


def first_goes_last():
    held = {"a": 1, "b": 2, "c": 3}

    def function(x):
        name = next(iter(held))
        held[name] = held.pop(name)
        return x * held[name]

    return function, lambda: list(held.values())


def descriptor_that_counts():
    class Counting:
        def __get__(self, owner, cls=None):
            self.count = getattr(self, "count", 0) + 1
            return self.count

    class Holder:
        counting = Counting()

    holder = Holder()
    return lambda x: x * holder.counting, lambda: [vars(Holder)["counting"].__dict__.get("count", 0)]


PROGRAMS = [
    least_recently_used,
    first_goes_last,
    descriptor_that_counts,
    table_of_a_module,
    attributes_of_a_child,
    history_cut_to_two,
    momentum_by_parameter,
    window_of_three,
    two_buffers_in_turn,
    overwritten_and_then_replaced,
    view_of_what_is_new,
    counter_of_a_function,
    tables_by_shape,
]
OF_ANY_LENGTH = (table_of_a_module, tables_by_shape)


@pytest.mark.parametrize("to", ["torch", "jax"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_each_call_leaves_the_state_that_eager_leaves(program, to):
    (eager, expected), (function, found) = program(), program()
    graph = mlgraph.compile(function, to=to, args=(torch.ones(3),))
    graph = function if isinstance(graph, torch.nn.Module) else graph
    agree(found(), expected())
    for step, length in enumerate((3, 5, 3, 4) if program in OF_ANY_LENGTH else (3, 3, 3, 3)):
        x = torch.arange(float(length)) + step
        got, wanted = graph(x.clone() if to == "torch" else x.numpy()), eager(x)
        agree([got], [wanted])
        agree(found(), expected())


agree = partial(harness.agree, rtol=1e-5, atol=1e-6)


def test_a_table_by_length_is_left_by_numpy_without_traced_arrays():
    tables = {}

    def function(x):
        n = len(x)
        if n not in tables:
            tables[n] = np.hanning(n)
        return x * tables[n]

    graph = mlgraph.compile(function, to="numpy", args=(np.ones(4),))
    assert tables == {}
    for n in (4, 5, 4):
        np.testing.assert_allclose(graph(np.ones(n)), np.hanning(n))
    assert [(type(n), type(table)) for n, table in tables.items()] == [(int, np.ndarray)] * 2
