"""Arrays that a function reaches without being given them and writes into: each call leaves in them what eager does."""

# pyright: basic
import numpy as np
import pytest
import torch
from harness import agree

import mlgraph
from mlgraph.errors import InputError

# Each case makes an array in `make`'s framework; it returns a function that writes into it, and what to look at.


def one_element(make):
    count = make(0.0)

    def function(x):
        count[0] += 1
        return x * count

    return function, lambda: [count]


def whole_array_by_a_number(make):
    count = make(0.0, 0.0)

    def function(x):
        count[:] += 1
        return x + count.sum()

    return function, lambda: [count]


def view_of_a_part(make):
    total = make(1.0, 2.0, 3.0)

    def function(x):
        part = total[1:]
        part += x[0]
        return part * 2, x + total.sum()

    return function, lambda: [total]


def old_value_is_returned(make):
    last = make(0.0, 0.0, 0.0)

    def function(x):
        before = last * 1
        last[:] = x
        return before

    return function, lambda: [last]


def item_of_a_dict(make):
    state = {"velocity": make(0.0, 0.0, 0.0)}

    def function(x):
        state["velocity"] *= 0.9
        state["velocity"] += x
        return x - state["velocity"]

    return function, lambda: [state["velocity"]]


def items_of_a_list(make):
    history = [make(0.0, 0.0, 0.0), make(1.0, 1.0, 1.0)]

    def function(x):
        for old in history:
            old[:] = x + old
        return history[0] * history[1]

    return function, lambda: history


def attribute_of_an_object(make):
    class Meter:
        pass

    meter = Meter()
    meter.sum = make(0.0, 0.0, 0.0)

    def function(x):
        meter.sum[1:] = x[:2]
        return x * meter.sum

    return function, lambda: [meter.sum]


def attribute_of_a_class(make):
    class Meter:
        sum = make(0.0, 0.0, 0.0)

    def function(x):
        Meter.sum[1] = x[0]
        return x + Meter.sum

    return function, lambda: [Meter.sum]


def chosen_elements(make):
    counts = make(0.0, 1.0, 2.0)

    def function(x):
        counts[counts > 0.5] += 1
        return x + counts

    return function, lambda: [counts]


CASES = [
    one_element,
    whole_array_by_a_number,
    view_of_a_part,
    old_value_is_returned,
    item_of_a_dict,
    items_of_a_list,
    attribute_of_an_object,
    attribute_of_a_class,
    chosen_elements,
]


def array(source, *values):
    return torch.tensor(values) if source == "torch" else np.array(values, np.float32)


@pytest.mark.parametrize("pair", ["torch-torch", "torch-jax", "torch-numpy", "numpy-numpy", "numpy-torch"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_each_call_writes_what_eager_writes(case, pair):
    source, to = pair.split("-")
    (eager, expected), (function, found) = (case(lambda *values: array(source, *values)) for _ in range(2))
    graph = mlgraph.compile(function, to=to, args=(array(source, 1.0, 2.0, 3.0),))
    for step in range(3):
        values = (1.0 + step, 2.0, -3.0)
        wanted, got = eager(array(source, *values)), graph(array(to if to != "jax" else source, *values))
        agree(got if isinstance(got, tuple) else (got,), wanted if isinstance(wanted, tuple) else (wanted,))
        agree(found(), expected())
    assert graph.cache_info().captures == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("source", ["torch", "numpy"])
def test_a_capture_writes_nothing(case, source):
    (_, untouched), (function, look) = (case(lambda *values: array(source, *values)) for _ in range(2))
    graph = mlgraph.compile(function, to=source, args=(array(source, 1.0, 2.0, 3.0),))
    agree(look(), untouched())
    assert graph.cache_info().captures == 1


def test_one_element_tensors_are_not_run_while_torch_traces():
    count = torch.zeros(1)

    def function(x):
        count.add_(1)
        return torch.nn.functional.relu(x * count)

    graph = mlgraph.compile(function, to="torch", args=(torch.ones(2),))
    assert count.item() == 0
    assert [graph(torch.ones(2))[0].item() for _ in range(3)] == [1, 2, 3]


def test_a_write_by_an_inplace_flag_is_seen():
    level = torch.tensor([-1.0, 2.0])

    def function(x):
        torch.nn.functional.relu(level, inplace=True)
        level.sub_(x)
        return level * 1

    graph = mlgraph.compile(function, to="torch", args=(torch.ones(2),))
    torch.testing.assert_close(level, torch.tensor([-1.0, 2.0]))
    torch.testing.assert_close(graph(torch.ones(2)), torch.tensor([-1.0, 1.0]))
    torch.testing.assert_close(graph(torch.ones(2)), torch.tensor([-1.0, 0.0]))


def test_a_weight_of_a_closure_takes_a_step_without_gradients():
    weight = torch.zeros(3, requires_grad=True)

    def function(x):
        with torch.no_grad():
            weight.sub_(0.5 * x)
        return (weight * x).sum()

    graph = mlgraph.compile(function, to="torch", args=(torch.ones(3),))
    graph(torch.ones(3))
    assert weight.is_leaf
    assert weight.requires_grad
    torch.testing.assert_close(weight.detach(), torch.full((3,), -0.5))


@pytest.mark.parametrize("source", ["torch", "numpy"])
def test_two_names_of_one_memory_are_refused_where_one_is_written(source):
    whole = array(source, 1.0, 2.0, 3.0)
    part = whole[1:]

    def function(x):
        whole[:] += x
        return part * 2

    with pytest.raises(InputError, match=r"whole and .*part share memory"):
        mlgraph.compile(function, to=source, args=(array(source, 1.0, 2.0, 3.0),))
    agree([whole], [array(source, 1.0, 2.0, 3.0)])


@pytest.mark.parametrize("source", ["torch", "numpy"])
def test_an_argument_that_is_the_written_array_is_refused(source):
    total = array(source, 0.0, 0.0)

    def function(x):
        total[:] += 1
        return x * 2

    graph = mlgraph.compile(function, to=source, args=(array(source, 1.0, 2.0),))
    with pytest.raises(InputError, match="and x share memory"):
        graph(total)


@pytest.mark.parametrize("source", ["torch", "numpy"])
def test_a_written_argument_that_is_also_a_closure_array_is_refused(source):
    bias = array(source, 0.0, 0.0)

    def function(x):
        x += 1
        return x + bias

    graph = mlgraph.compile(function, to=source, args=(array(source, 1.0, 2.0),))
    with pytest.raises(InputError, match="x and bias share memory"):
        graph(bias)


def test_a_buffer_given_to_its_own_module_is_refused():
    class Counter(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(2))

        def forward(self, x):
            self.seen.add_(1)
            return x * 2

    module = Counter()
    mlgraph.compile(module, to="torch", args=(torch.ones(2),))
    with pytest.raises(InputError, match="and x share memory"):
        module(module.seen)


ONES = {"torch": torch.ones(3), "numpy": np.ones(3)}
TABLES = {name: {"table": ONES[name] * 3} for name in ONES}


@pytest.mark.parametrize("source", ONES)
def test_an_array_from_outside_that_is_returned_is_that_array(source):
    x, table = ONES[source] * 2, TABLES[source]
    graph = mlgraph.compile(lambda x: (x * 2, ONES[source], table["table"]), to=source, args=(x,))
    for _ in range(2):
        _, first, second = graph(x)
        assert first is ONES[source]
        assert second is table["table"]
        second += 1
    table["table"] = x
    assert graph(x)[2] is x


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_on_another_target_it_is_a_copy(to):
    source = "numpy" if to == "torch" else "torch"
    graph = mlgraph.compile(lambda x: (x * 2, ONES[source]), to=to, args=(ONES[source],))
    graph(ONES[to])[1][...] = 7
    assert np.asarray(graph(ONES[to])[1]).tolist() == ONES[source].tolist() == [1, 1, 1]


@pytest.mark.parametrize("source", ONES)
def test_a_loaded_graph_returns_its_own_copy(source, tmp_path):
    graph = mlgraph.compile(lambda x: (x * 2, ONES[source]), to=source, args=(ONES[source],))
    loaded = mlgraph.load(graph.save(tmp_path))
    loaded(ONES[source])[1][...] = 7
    assert loaded(ONES[source])[1].tolist() == ONES[source].tolist() == [1, 1, 1]
