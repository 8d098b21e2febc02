"""Python state at the border of a graph: what a function reads without being given it, and what it leaves behind."""

import argparse
import array
import collections
import contextvars
import dataclasses
import enum
import functools
import io
import logging
import os
import queue
import threading
import types
import weakref

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import MlgraphError, UnsupportedOpError

SETTINGS = {"scale": 2.0, "inner": {"shift": 1.0}}
FACTOR = 2.0
TOTAL = 0
ARRAY = np.ones(3, np.float32)
TENSOR = torch.ones(3)
options = types.SimpleNamespace(factor=2.0, model=types.SimpleNamespace(width=3.0))
here = types.ModuleType("settings")
here.__file__ = __file__
here.SCALE = 2.0


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.ERROR, "mlgraph.recompiles")


@pytest.fixture(params=["torch to torch", "numpy to numpy"])
def pair(request):
    """An input of the source, and the target."""
    source, _, to = request.param.partition(" to ")
    array = np.arange(3, dtype=np.float32) + 1
    return (torch.from_numpy(array) if source == "torch" else array), to


def plain(value):
    """The value with arrays as lists, and the class of each thing that is not the plain class of its framework."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | collections.deque):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | float | str | None):
        return value
    assert type(value).__name__ in ("ndarray", "float32", "Tensor", "ArrayImpl", "EagerTensor", "Parameter"), type(
        value
    )
    return np.asarray(value.detach() if isinstance(value, torch.Tensor) else value).round(4).tolist()


# What is read


def class_attribute():
    class Scaled:
        factor = 2.0

        def __call__(self, x):
            return x * self.factor

    yield Scaled()
    Scaled.factor = 3.0
    yield


def class_attribute_of_a_base_and_then_of_the_object():
    class Base:
        factor = 2.0

    class Scaled(Base):
        def run(self, x):
            return x * self.factor

    scaled = Scaled()
    yield scaled.run
    Base.factor = 3.0
    yield
    Scaled.factor = 4.0
    yield
    scaled.factor = 5.0
    yield


def class_attribute_of_a_closed_over_object():
    class Options:
        factor = 2.0

    own = Options()
    yield lambda x: x * own.factor
    Options.factor = 3.0
    yield
    own.factor = 4.0
    yield


def attribute_of_a_class():
    class Options:
        factor = 2.0

    yield lambda x: x * Options.factor
    Options.factor = 3.0
    yield


def item_of_a_dict_of_the_object():
    class Model:
        def __init__(self):
            self.config = {"k": 2.0}

        def run(self, x):
            return x * self.config["k"]

    model = Model()
    yield model.run
    model.config["k"] = 3.0
    yield
    model.config = {"k": 4.0}
    yield


def item_of_a_global_dict():
    yield lambda x: x * SETTINGS["scale"] + SETTINGS["inner"]["shift"]
    SETTINGS["scale"] = 3.0
    yield
    SETTINGS["inner"]["shift"] = 2.0
    yield
    SETTINGS["inner"] = {"shift": 5.0}
    yield


def item_of_a_closure_list():
    k = [2.0]
    yield lambda x: x * k[0]
    k[0] = 5.0
    yield
    k[0] = 5
    yield


def items_of_a_long_list():
    k = [float(i) for i in range(100)]
    yield lambda x: x * k[50]
    k[50] = 5.0
    yield
    k.insert(0, 1.0)
    yield


def attribute_of_a_namespace():
    yield lambda x: x * options.factor + options.model.width
    options.factor = 4.0
    yield
    options.model.width = 5.0
    yield
    options.model = argparse.Namespace(width=6.0)
    yield


def frozen_dataclass_that_is_replaced():
    @dataclasses.dataclass(frozen=True)
    class Config:
        scale: float
        name: str = "a"

    config = Config(2.0)
    yield lambda x: x * config.scale if config.name == "a" else x
    config = dataclasses.replace(config, scale=3.0)
    yield
    config = dataclasses.replace(config, name="b")
    yield


def enum_member():
    class Mode(enum.Enum):
        UP = 1
        DOWN = 2

    own = types.SimpleNamespace(mode=Mode.UP)
    yield lambda x: x + 1 if own.mode is Mode.UP else x - 1
    own.mode = Mode.DOWN
    yield


def attribute_of_a_python_module():
    yield lambda x: x * here.SCALE
    here.SCALE = 3.0
    yield


def rebound_array():
    weight = 2.0 * np.ones(3, np.float32)
    yield lambda x: x * weight if isinstance(x, np.ndarray) else x * torch.as_tensor(weight)
    weight = np.full(3, 7.0, np.float32)
    yield


def array_changed_in_place():
    weight = np.ones(3, np.float32)
    yield lambda x: x * (weight * 2) if isinstance(x, np.ndarray) else x * torch.as_tensor(weight * 2)
    weight[0] = 5
    yield
    weight[:] = 7
    yield


def long_array_changed_in_place():
    weight = np.ones((3, 1000), np.float32)
    yield lambda x: x * weight.sum(1) if isinstance(x, np.ndarray) else x * torch.as_tensor(weight.sum(1))
    weight[1, 999] = 5
    yield


def rebound_and_changed_tensor():
    weight = torch.ones(3)
    yield lambda x: (torch.as_tensor(x) if isinstance(x, np.ndarray) else x) * weight
    weight = torch.full((3,), 7.0)
    yield
    weight.mul_(2)
    yield


def tensor_in_a_list():
    weights = [torch.ones(3), torch.ones(3)]
    yield lambda x: x * weights[0] + weights[1]
    weights[1] = torch.full((3,), 5.0)
    yield
    weights.reverse()
    yield


def default_of_a_helper():
    def helper(x, k=[2.0]):  # noqa: B006
        return x * k[0]

    yield lambda x: helper(x)
    helper.__defaults__[0][0] = 3.0
    yield


def environment_variable():
    os.environ["MLGRAPH_TEST"] = "2"
    yield lambda x: x * float(os.environ["MLGRAPH_TEST"]) + float(os.getenv("MLGRAPH_OTHER", "0"))
    os.environ["MLGRAPH_TEST"] = "3"
    yield
    os.environ["MLGRAPH_OTHER"] = "4"
    yield
    del os.environ["MLGRAPH_OTHER"]
    yield


def arguments_of_a_partial():
    def scaled(k, x):
        return x * k["factor"]

    k = {"factor": 2.0}
    yield functools.partial(scaled, k)
    k["factor"] = 3.0
    yield


def partial_in_a_closure():
    def scaled(x, k):
        return x * k["factor"]

    half = functools.partial(scaled, k={"factor": 2.0})
    yield lambda x: half(x)
    half.keywords["k"]["factor"] = 3.0
    yield


def rebound_helper():
    helper = lambda x: x + 1  # noqa: E731
    yield lambda x: helper(x)
    helper = lambda x: x + 2  # noqa: E731
    yield


def value_that_a_helper_of_a_helper_reads():
    own = {"k": 2.0}

    def inner(x):
        return x * own["k"]

    def decorated(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args) + 1

        return wrapper

    outer = decorated(inner)
    yield lambda x: outer(x)
    own["k"] = 3.0
    yield


def method_replaced_on_its_class():
    class Model:
        def inner(self, x):
            return x + 1

        def run(self, x):
            return self.inner(x)

    model = Model()
    yield model.run
    Model.inner = lambda self, x: x + 2
    yield
    model.inner = lambda x: x + 3
    yield


def length_of_a_registry():
    registry = {"a": 1.0}
    yield lambda x: x * len(registry)
    registry["b"] = 2.0
    yield


def iteration_over_a_dict():
    config = {"a": 1.0, "b": 2.0}

    def function(x):
        for _, value in config.items():
            x = x * 2 + value
        return x

    yield function
    config["c"] = 3.0
    yield
    config["a"] = config.pop("a")
    yield


def membership():
    names = {"a"}
    yield lambda x: x + 1 if "b" in names else x
    names.add("b")
    yield


def attribute_that_comes():
    own = types.SimpleNamespace()

    class Options:
        pass

    yield lambda x: x + 1 if getattr(own, "flag", False) or hasattr(Options, "flag") else x
    own.flag = True
    yield
    del own.flag
    yield
    Options.flag = True
    yield


def attribute_that_is_tried():
    own = types.SimpleNamespace()

    def function(x):
        try:
            return x * own.scale
        except AttributeError:
            return x

    yield function
    own.scale = 3.0
    yield


def property_of_an_object():
    class Options:
        def __init__(self):
            self._scale = 2.0

        @property
        def scale(self):
            return self._scale * 2

    own = Options()
    yield lambda x: x * own.scale
    own._scale = 3.0
    yield


def fallback_for_attributes():
    class Options:
        def __init__(self):
            self.held = {"scale": 2.0}

        def __getattr__(self, name):
            return self.held[name]

    own = Options()
    yield lambda x: x * own.scale
    own.held["scale"] = 3.0
    yield
    own.scale = 4.0
    yield


def slots():
    class Options:
        __slots__ = ("scale",)

    own = Options()
    own.scale = 2.0
    yield lambda x: x * own.scale
    own.scale = 3.0
    yield


def registry_of_functions():
    registry = {"act": lambda x: x + 1}
    yield lambda x: registry["act"](x)
    registry["act"] = lambda x: x + 2
    yield


def items_by_order_of_a_tuple():
    scales = (2.0, {"k": 1.0})
    yield lambda x: x * scales[0] + scales[1]["k"]
    scales[1]["k"] = 2.0
    yield
    scales = (3, scales[1])
    yield


def weak_reference():
    class Options:
        pass

    own = Options()
    own.scale = 2.0
    reference = weakref.ref(own)
    yield lambda x: x * reference().scale
    own.scale = 3.0
    yield


def context_variable():
    scale = contextvars.ContextVar("scale", default=2.0)
    yield lambda x: x * scale.get()
    scale.set(3.0)
    yield


def attribute_of_a_function():
    def helper(x):
        return x * helper.scale

    helper.scale = 2.0
    yield lambda x: helper(x)
    helper.scale = 3.0
    yield


def array_of_python():
    scales = array.array("d", [2.0, 3.0])
    yield lambda x: x * scales[0]
    scales[0] = 5.0
    yield


def views_of_dicts():
    base = {"a": 1.0}
    chain, proxy = collections.ChainMap({}, base), types.MappingProxyType(base)
    yield lambda x: x * chain["a"] + proxy["a"]
    base["a"] = 2.0
    yield
    chain["a"] = 3.0
    yield


def default_of_a_keyword():
    def helper(x, *, k={"v": 2.0}):  # noqa: B006
        return x * k["v"]

    yield lambda x: helper(x)
    helper.__kwdefaults__["k"]["v"] = 3.0
    yield


def parts_of_functions():
    def helper(x, k=2.0, *, j=1.0):
        return x * k + j

    functions = [helper]
    yield lambda x: functions[0](x)
    helper.__defaults__ = (3.0,)
    yield
    helper.__kwdefaults__ = {"j": 2.0}
    yield
    helper.__code__ = (lambda x, k=0, *, j=0: x - k - j).__code__
    yield


def methods_without_an_object():
    class Layer:
        @staticmethod
        def act(x):
            return x * 2

        @classmethod
        def shift(cls, x):
            return x + 1

    layer = Layer()
    yield lambda x: layer.shift(layer.act(x))
    Layer.act = staticmethod(lambda x: x * 3)
    yield
    Layer.shift = classmethod(lambda cls, x: x - 1)
    yield


def array_far_away():
    far = {"a": [{"b": [{"c": [np.full(3, 2.0, np.float32)]}]}]}
    torches = {"a": [{"b": [{"c": [torch.full((3,), 2.0)]}]}]}

    def function(x):
        held = far if isinstance(x, np.ndarray) else torches
        return x * held["a"][0]["b"][0]["c"][0]

    yield function
    for held in (far, torches):
        held["a"][0]["b"][0]["c"][0][1] = 5.0
    yield


READS = [
    value
    for name, value in list(globals().items())
    if isinstance(value, types.FunctionType) and value.__code__.co_flags & 0x20
]


@pytest.mark.parametrize("case", READS, ids=lambda case: case.__name__)
def test_what_is_read_is_that_of_the_call(case, pair, monkeypatch):
    for name in ("MLGRAPH_TEST", "MLGRAPH_OTHER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(globals(), "SETTINGS", {"scale": 2.0, "inner": {"shift": 1.0}})
    compare_changes(case, *pair)


def compare_changes(case, x, to):
    """Call the graph of a case and the function itself before and after each change, twice."""
    if isinstance(x, np.ndarray) and "tensor" in case.__name__:
        x = torch.from_numpy(x)
    changes = case()
    function = next(changes)
    graph = mlgraph.compile(function, to=to, args=(x,))
    captures = 1
    for _ in (None, *[None] * 4):
        for _ in range(2):
            found, expected = graph(x), function(x)
            assert str(found.dtype).removeprefix("torch.") == str(expected.dtype).removeprefix("torch.")
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)
        assert graph.cache_info().captures <= captures
        captures += 1
        if next(changes, "end") == "end":
            break


@pytest.mark.parametrize("case", [rebound_and_changed_tensor, tensor_in_a_list, array_changed_in_place])
def test_arrays_of_another_framework_are_those_of_the_call(case):
    compare_changes(case, torch.ones(3), "jax")


# What is written: each case gives a function, and what shows what it left behind


def attribute_of_a_closed_over_object(one):
    own = types.SimpleNamespace(v=one)

    def function(x):
        own.v = own.v + x
        return own.v * 2

    return function, lambda: own.v


def nested_attribute(one):
    own = types.SimpleNamespace(inner=types.SimpleNamespace(v=one))

    def function(x):
        own.inner.v = own.inner.v * x
        return own.inner.v

    return function, lambda: own.inner.v


def closure_list(one):
    log = []

    def function(x):
        log.append(x * 2)
        return x + len(log)

    return function, lambda: log


def item_of_a_closure_dict(one):
    d = {"v": one}

    def function(x):
        d["v"] = d["v"] + x
        return x * d["v"]

    return function, lambda: d


def variable_of_an_enclosing_function(one):
    total = one

    def function(x):
        nonlocal total
        total = total + x
        return total * 2

    return function, lambda: total


def counter_of_an_enclosing_function(one):
    count = 0

    def function(x):
        nonlocal count
        count += 1
        return x * count

    return function, lambda: count


def class_attribute_that_is_written(one):
    class Counter:
        total = one
        calls = 0

        def __call__(self, x):
            Counter.total = Counter.total + x
            Counter.calls += 1
            return x * Counter.total

    return Counter(), lambda: (Counter.total, Counter.calls)


def list_of_a_class(one):
    class Logged:
        seen: list = []  # noqa: RUF012

        def run(self, x):
            Logged.seen.append(x + 1)
            return x

    return Logged().run, lambda: Logged.seen


def counter_of_an_undeclared_object(one):
    own = types.SimpleNamespace(n=0)

    def function(x):
        own.n += 1
        return x * own.n

    return function, lambda: own.n


def history_by_default(one):
    history = collections.defaultdict(list)

    def function(x):
        history["x"].append(x)
        return x * len(history["x"])

    return function, lambda: history


def past_inputs(one):
    past = collections.deque([one, one], maxlen=2)

    def function(x):
        past.append(x)
        return past[0] + past[1]

    return function, lambda: past


def written_by_a_helper(one):
    state = {"mean": one}

    class Tracker:
        def update(self, x):
            state["mean"] = state["mean"] * 0.5 + x * 0.5

    tracker = Tracker()

    def function(x):
        tracker.update(x)
        return x - state["mean"]

    return function, lambda: state


def memo(one):
    memory = {}

    def function(x):
        if "first" not in memory:
            memory["first"] = x * 10
        return x + memory["first"]

    return function, lambda: memory


def ordered_dict(one):
    d = collections.OrderedDict(v=one)

    def function(x):
        d["w"] = x
        d.move_to_end("v")
        return x + d["v"]

    return function, lambda: d


def counter_of_the_function_itself(one):
    def function(x):
        function.calls += 1
        return x * function.calls

    function.calls = 0
    return function, lambda: function.calls


def property_that_is_set(one):
    class Doubling:
        __slots__ = ("_v",)

        @property
        def v(self):
            return self._v

        @v.setter
        def v(self, new):
            self._v = new * 2

    own = Doubling()
    own._v = one

    def function(x):
        own.v = own.v + x
        return own.v

    return function, lambda: own._v


def list_of_a_module(one):
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.log = []

        def forward(self, x):
            self.log.append(x * 2)
            return x + len(self.log)

    layer = Layer()
    return lambda x: layer(x), lambda: layer.log


WRITES = [
    value
    for value in list(globals().values())
    if isinstance(value, types.FunctionType) and value.__code__.co_varnames[:1] == ("one",)
]


@pytest.mark.parametrize("case", WRITES, ids=lambda case: case.__name__)
def test_what_is_written_is_left_behind(case, pair):
    x, to = pair
    if isinstance(x, np.ndarray) and case is list_of_a_module:
        x = torch.from_numpy(x)
    (function, look), (own, seen) = case(x * 0 + 1), case(x * 0 + 1)
    before = plain(look())
    graph = mlgraph.compile(own, to=to, args=(x,))
    assert plain(seen()) == before
    for i in range(3):
        found, expected = graph(x + i), function(x + i)
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)
        assert plain(seen()) == plain(look())


def count_globally(x):
    global TOTAL, FACTOR
    TOTAL += 1
    FACTOR = x.sum() * 2
    return x * TOTAL + FACTOR


def test_globals_are_written(monkeypatch, pair):
    monkeypatch.setitem(globals(), "TOTAL", 0)
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    x, to = pair
    graph = mlgraph.compile(count_globally, to=to, args=(x,))
    assert (TOTAL, FACTOR) == (0, 2.0)
    for i in (1, 2, 3):
        np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(x * i + x.sum() * 2))
        assert i == TOTAL
        assert float(FACTOR) == float(x.sum() * 2)


class Counting:
    def __init__(self):
        self.count = 0

    def go(self, x, k=1.0):
        self.count += 1
        return x * self.count * k


BOUND = {
    "partial": lambda own: functools.partial(own.go, k=2.0),
    "partial of partial": lambda own: functools.partial(functools.partial(own.go), k=2.0),
    "partial of a function": lambda own: functools.partial(Counting.go, own),
    "in a list": lambda own: (lambda methods: lambda x: methods[0](x))([own.go]),
    "in a variable": lambda own: (lambda method: lambda x: method(x))(own.go),
}


@pytest.mark.parametrize("bind", BOUND.values(), ids=BOUND)
def test_the_object_of_a_bound_method_is_state(bind, pair):
    x, to = pair
    eager, own = Counting(), Counting()
    graph = mlgraph.compile(bind(own), to=to, args=(x,))
    assert own.count == 0
    for i in (1, 2, 3):
        np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(bind(eager)(x)))
        assert own.count == eager.count == i


def test_what_a_written_object_refers_to_weakly_is_watched(pair):
    x, to = pair
    root, child = Counting(), Counting()
    root.items, child.parent = [1.0], weakref.ref(root)

    def function(x):
        child.count += 1
        return x * sum(child.parent().items) * sum(root.items) * child.count

    graph = mlgraph.compile(function, to=to, args=(x,))
    np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(x))
    root.items.append(2.0)
    np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(x * 3 * 3 * 2))


weight, FILED = torch.ones(3), {}


def file_weight_by_id(x):
    weight.sub_(x)
    FILED.setdefault(id(weight), []).append(1)
    return x


def file_weight(x):
    weight.sub_(x)
    FILED["inner"] = {weight: x}
    return x


def file_input(x):
    FILED[id(x)] = 1
    return x


def note_input(x):
    FILED["last"] = id(x)
    return x


@pytest.mark.parametrize("to", ["torch", "numpy"])
@pytest.mark.parametrize("function", [file_weight_by_id, file_weight, file_input, note_input])
def test_what_is_filed_under_an_array_of_a_trace_is_refused(function, to):
    with pytest.raises(UnsupportedOpError, match="under an array, or under its id"):
        mlgraph.compile(function, to=to, args=(torch.ones(3),))
    assert FILED == {}
    assert weight.tolist() == [1, 1, 1]


def test_arrays_that_are_told_apart_within_a_call():
    layer = torch.nn.Linear(2, 2)

    def norm(x):
        seen, sums = set(), {}
        for weight in (x, *layer.parameters(), layer.weight, x):
            if id(weight) not in seen:
                seen.add(id(weight))
                sums[weight] = weight.sum()
        return sum(sums.values())

    graph = mlgraph.compile(norm, to="torch", args=(torch.ones(2),))
    torch.testing.assert_close(graph(torch.ones(4)), norm(torch.ones(4)))
    assert "id" not in globals()


def test_a_write_that_cannot_be_state_is_refused(pair):
    x, to = pair
    seen, raw = {"a"}, bytearray(b"a")

    def function(x):
        seen.add(len(seen))
        return x

    def write(x):
        raw.append(1)
        return x

    for one, name in ((function, "seen"), (write, "raw")):
        with pytest.raises(UnsupportedOpError, match=f"changes {name}"):
            mlgraph.compile(one, to=to, args=(x,))
    assert (seen, raw) == ({"a"}, b"a")


def thread_local():
    held = threading.local()
    held.count = 1
    return lambda: setattr(held, "count", held.count + 1), lambda: held.count


def stream():
    held = io.StringIO("a")
    return lambda: held.write("bc"), lambda: len(held.getvalue())


def tasks():
    held = queue.Queue()
    held.put(3)
    return lambda: held.put(4), lambda: len(held.queue)


def event():
    held = threading.Event()
    return held.set, lambda: 2 if held.is_set() else 1


def buffer():
    held = memoryview(bytearray(b"abc"))
    return lambda: held.__setitem__(0, held[0] + 1), lambda: held[0]


@pytest.mark.parametrize("make", [thread_local, stream, tasks, event, buffer])
def test_what_locals_streams_queues_and_events_hold_is_guarded_and_a_write_is_refused(make, pair):
    x, to = pair
    change, read = make()

    def reading(x):
        return x * read()

    graph = mlgraph.compile(reading, to=to, args=(x,))
    for _ in range(2):
        np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(reading(x)))
        change()

    change, read = make()

    def writing(x):
        change()
        return x

    before = read()
    with pytest.raises(UnsupportedOpError, match="the function changes"):
        mlgraph.compile(writing, to=to, args=(x,))
    assert read() == before


def test_an_iterator_is_refused(pair):
    x, to = pair
    numbers = iter([1.0, 2.0])
    with pytest.raises(UnsupportedOpError, match="numbers"):
        mlgraph.compile(lambda x: x * next(numbers), to=to, args=(x,))


def test_an_array_that_is_written_in_passing_is_refused_or_state():
    count = np.zeros(1)

    def function(x):
        count[0] += 1
        return x * 2

    with pytest.raises(UnsupportedOpError):
        mlgraph.compile(function, to="numpy", args=(torch.ones(3),))
    assert count[0] == 0


def test_a_failed_capture_leaves_objects_as_they_were(pair):
    x, to = pair
    own = types.SimpleNamespace(v=x * 0 + 1, log=[], held={"a": 1}, inner=types.SimpleNamespace())
    total = [0]

    def function(x):
        nonlocal total
        own.v = own.v + x
        own.log.append(x)
        own.held["b"] = x
        own.inner.w = x
        total = [x]
        raise ValueError("no")

    with pytest.raises(MlgraphError, match="no"):
        mlgraph.compile(function, to=to, args=(x,))
    assert plain(vars(own).pop("inner").__dict__) == {}
    assert plain(vars(own)) == {"v": [1, 1, 1], "log": [], "held": {"a": 1}}
    assert total == [0]


def test_what_a_function_remembers_is_not_of_the_trace(pair):
    x, to = pair

    @functools.lru_cache
    def helper(x, k):
        return x * k

    def function(x):
        return helper(x, 2.0) + 1

    if isinstance(x, np.ndarray):
        pytest.skip("arrays of numpy have no hash")
    graph = mlgraph.compile(function, to=to, args=(x,))
    np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(function(x)))
    assert helper.cache_info().currsize == 1


def test_functions_without_such_reads_have_no_such_test():
    graph = mlgraph.compile(lambda x: torch.relu(x) * 2.0, to="torch", args=(torch.ones(3),))
    assert not [g for g in graph.specializations()[0].guards if hasattr(g, "path")]


# Numbers


@pytest.mark.parametrize(
    "function",
    [
        lambda x, lr: x - lr * np.sin(x) if isinstance(x, np.ndarray) else x - lr * torch.sin(x),
        lambda x, lr: (x > 1) * lr,
        lambda x, lr: x * (lr * 2 - 1) + lr,
        lambda x, lr: x[0] * lr,
        lambda x, lr: x**lr,
    ],
    ids=["step", "bools", "arithmetic", "one element", "power"],
)
def test_another_float_is_no_other_capture(function, pair):
    x, to = pair
    graph = mlgraph.compile(function, to=to)
    for lr in (0.5, 0.25, 1.5, -2.0, 3.0, 0.5):
        for _ in range(2):
            found, expected = graph(x, lr), function(x, lr)
            assert str(found.dtype).removeprefix("torch.") == str(expected.dtype).removeprefix("torch.")
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)
    assert graph.cache_info().captures == 2
    np.testing.assert_allclose(np.asarray(graph(x, 2)), np.asarray(function(x, 2)), rtol=1e-6)
    assert graph.cache_info().captures == 3


def test_a_float_that_python_looks_at_is_a_capture_each(pair):
    x, to = pair
    graph = mlgraph.compile(lambda x, lr: x * lr if lr > 0 else x, to=to)
    for lr in (0.5, -0.25, 1.5):
        np.testing.assert_allclose(np.asarray(graph(x, lr)), np.asarray(x * lr if lr > 0 else x))
    assert graph.cache_info().captures == 3


def test_an_array_in_the_place_of_a_float_has_its_own_type():
    graph = mlgraph.compile(lambda x, lr: x * lr, to="numpy")
    x = np.ones(3, np.float32)
    graph(x, 0.5), graph(x, 1.5)
    assert graph(x, np.float64(2.0)).dtype == np.float64
    assert graph(x, np.array(2.0)).dtype == np.float64
    assert graph(x, 2.5).dtype == np.float32


def test_a_counter_is_no_other_capture_a_call(pair):
    x, to = pair

    class Steps:
        def __init__(self):
            self.count, self.rate = 0, 1.0

        def __call__(self, x):
            self.count += 1
            self.rate = self.rate * 0.5
            return x * self.count * self.rate

    steps, own = Steps(), Steps()
    graph = mlgraph.compile(own, to=to, args=(x,))
    for _ in range(5):
        found, expected = graph(x), steps(x)
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)
        assert str(found.dtype).removeprefix("torch.") == str(expected.dtype).removeprefix("torch.")
        assert vars(own) == vars(steps)
        assert type(own.count) is int
    assert graph.cache_info().captures == 2


def test_a_counter_that_python_looks_at_is_right(pair):
    x, to = pair
    own, twin = types.SimpleNamespace(n=0), types.SimpleNamespace(n=0)

    def step(x, own):
        own.n += 1
        return x * 2 if own.n % 2 else x

    graph = mlgraph.compile(lambda x: step(x, own), to=to, args=(x,))
    for _ in range(4):
        np.testing.assert_allclose(np.asarray(graph(x)), np.asarray(step(x, twin)))
        assert own == twin


def test_a_saved_graph_takes_other_floats(tmp_path):
    graph = mlgraph.compile(lambda x, lr: x * lr, to="numpy")
    x = np.ones(3, np.float32)
    graph(x, 0.5), graph(x, 1.5)
    loaded = mlgraph.load(graph.save(tmp_path / "scaled.mlgraph"))
    np.testing.assert_allclose(loaded(x, 7.0), x * 7)
    assert loaded(x, 7.0).dtype == np.float32


def test_a_module_made_by_hand_is_watched(pair):
    x, to = pair
    config = types.ModuleType("config")
    config.scale = 2.0
    graph = mlgraph.compile(lambda x: x * config.scale, to=to, args=(x,))
    config.scale = 3.0
    assert plain(graph(x)) == [3, 6, 9]


@pytest.mark.parametrize("path", [None, __file__], ids=["by hand", "of a file"])
def test_an_attribute_that_a_module_is_given_is_state(pair, path):
    x, to = pair
    config = types.ModuleType("config")
    config.__file__ = path

    def counted(x):
        config.calls = getattr(config, "calls", 0) + 1
        return x * config.calls

    graph = mlgraph.compile(counted, to=to, args=(x,))
    assert not hasattr(config, "calls")
    assert [plain(graph(x))[0] for _ in range(3)] == [1, 2, 3]
    assert config.calls == 3


def tags_its_result(x):
    y = x * 2
    y.tag = "hot"
    return y


def marks_its_argument(x):
    x.seen = True
    return x * 2


@pytest.mark.parametrize("function", [tags_its_result, marks_its_argument], ids=lambda f: f.__name__)
def test_an_attribute_that_a_tensor_is_given_is_refused(function):
    with pytest.raises(UnsupportedOpError, match=r"sets the attribute (tag|seen) of a tensor"):
        mlgraph.compile(function, to="numpy", args=(torch.ones(2),))
