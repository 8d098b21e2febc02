# pyright: basic
"""What a captured graph does: shapes, structures, arrays of other frameworks, threads, and what it knows of itself."""

import collections
import dataclasses
import logging
import threading
import warnings

import numpy as np
import pytest
import torch
from harness import same
from xdsl.dialects.builtin import ModuleOp

import mlgraph

X = torch.arange(6.0).reshape(2, 3)
Y = torch.ones(2, 3)


def difference(x, y):
    return x - y


# Shapes


@pytest.mark.parametrize("first", [(4, 5), (1, 3), (0, 3), (1, 1)])
@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_sizes_of_any_kind(first, to):
    graph = mlgraph.compile(lambda x: (x * 2).sum(0) + x.shape[0], to=to)
    for shape in (first, (2, 3), (7, 2), (1, 4), (0, 2)):
        x = torch.rand(shape)
        same(graph(x), (x * 2).sum(0) + x.shape[0])


def test_other_sizes_reuse_the_specialization():
    graph = mlgraph.compile(difference, to="numpy", args=(X, Y))
    for shape in ((4, 5), (2, 9), (30, 2)):
        x, y = torch.rand(shape), torch.rand(shape)
        same(graph(x, y), x - y)
    assert graph.cache_info() == (1, 1)


def test_other_ranks_and_types_capture_anew(caplog):
    graph = mlgraph.compile(difference, to="numpy", args=(X, Y))
    with caplog.at_level(logging.WARNING, logger="mlgraph.recompiles"):
        same(graph(X[0], Y[0]), X[0] - Y[0])
        same(graph(X.double(), Y.double()), X - Y)
    assert len(caplog.records) == 2
    assert graph.cache_info() == (3, 3)


def test_dynamic_false_fixes_every_size():
    graph = mlgraph.compile(difference, to="numpy", args=(X, Y), dynamic=False)
    same(graph(X, Y), X - Y)
    assert graph.cache_info().captures == 1
    same(graph(X.T, Y.T), (X - Y).T)
    assert graph.cache_info().captures == 2


def test_size_that_python_looks_at_is_fixed():
    def scaled(x):
        return x * len(x) if x.shape[0] > 3 else x - 1

    graph = mlgraph.compile(scaled, to="numpy")
    for rows in (2, 4, 5, 3, 4):
        x = torch.rand(rows, 3)
        same(graph(x), scaled(x))


# Arrays that are one array


def test_same_tensor_twice_at_capture():
    graph = mlgraph.compile(difference, to="torch", args=(X, X))
    same(graph(X, X), torch.zeros(2, 3))
    same(graph(X, Y), X - Y)
    same(graph(Y, X), Y - X)
    assert graph.cache_info().captures == 1


def test_same_tensor_twice_later():
    graph = mlgraph.compile(difference, to="torch", args=(X, Y))
    same(graph(X, X), torch.zeros(2, 3))


def test_views_of_one_tensor():
    base = torch.arange(12.0)
    graph = mlgraph.compile(difference, to="torch", args=(base[:4], base[4:8]))
    same(graph(base[:4], base[4:8]), torch.full((4,), -4.0))
    same(graph(base[8:], base[2:6]), torch.full((4,), 6.0))
    same(graph(base[::3], base[:4]), base[::3] - base[:4])


def test_tensor_that_is_argument_and_closure():
    weight = torch.rand(3)
    graph = mlgraph.compile(lambda x: x - 2 * weight, to="torch", args=(weight,))
    same(graph(Y[0]), Y[0] - 2 * weight)


# Writes into inputs


def push(x, y):
    x.add_(y)
    return x * 2


@pytest.mark.parametrize("to", ["torch", "numpy", "jax"])
def test_write_into_an_input_reaches_the_caller(to):
    graph = mlgraph.compile(push, to=to)
    for shape in ((2, 3), (4, 2)):
        x, y = torch.rand(shape), torch.rand(shape)
        expected = x + y
        same(graph(x, y), expected * 2)
        same(x, expected)


def test_write_through_a_view():
    def first(x):
        x.view(-1)[0] = 5
        return x + 1

    graph = mlgraph.compile(first, to="torch")
    for _ in range(2):
        x = torch.rand(2, 3)
        expected = x.clone()
        expected[0, 0] = 5
        same(graph(x), expected + 1)
        same(x, expected)


def test_write_into_memory_that_arguments_share_is_refused():
    graph = mlgraph.compile(push, to="torch")
    x = X.clone()
    with pytest.raises(mlgraph.errors.InputError, match="share memory"):
        graph(x, x)
    with pytest.raises(mlgraph.errors.InputError, match="share memory"):
        graph(x[:1], x[:, :3][:1])
    same(x, X)
    base = torch.zeros(4, 6)
    same(graph(base[:, :3], base[:, 3:]), torch.zeros(4, 3))


def test_write_into_an_array_that_cannot_be_written():
    import jax.numpy as jnp

    graph = mlgraph.compile(push, to="jax", args=(X, Y))
    with pytest.raises(mlgraph.errors.InputError, match="cannot be written"):
        graph(jnp.ones((2, 3)), jnp.ones((2, 3)))


def test_write_into_a_list_of_the_caller_is_refused():
    def fill(values, x):
        values.append(x * 2)
        return x

    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="arg_stateful_idxs"):
        mlgraph.compile(fill, to="torch")([], X)


# Structures


@dataclasses.dataclass
class Pair:
    first: object
    second: object = None


Point = collections.namedtuple("Point", "x y")

STRUCTURES = {
    "tuple": lambda x: (x + 1, x * 2),
    "one tuple": lambda x: (x + 1,),
    "list": lambda x: [x + 1, [x * 2]],
    "dict order": lambda x: {"z": x + 1, "a": x * 2},
    "dataclass": lambda x: Pair(x + 1, x * 2),
    "named tuple": lambda x: Point(x + 1, None),
    "scalars": lambda x: (x + 1, 3, 2.5, "text", None, True, ...),
    "repeated": lambda x: ((y := x + 1), y, [y]),
    "input": lambda x: x,
    "inputs": lambda x: (x, x + 1, x),
    "nothing": lambda x: None,
    "constant": lambda x: (x, torch.ones(2)),
    "size": lambda x: (x.shape[0], x + 1),
    "shape": lambda x: (x.shape, [x.T.size()]),
    "empty": lambda x: (),
    "max": lambda x: x.max(1),
    "dtype": lambda x: (x.dtype, x),
}


def assert_same_tree(found, expected):
    assert type(found) is type(expected) or isinstance(expected, torch.Tensor | torch.Size | int)
    if isinstance(expected, torch.Tensor):
        same(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_same_tree(found[key], expected[key])
    elif isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert_same_tree(a, b)
    elif dataclasses.is_dataclass(expected):
        assert_same_tree(vars(found), vars(expected))
    else:
        assert found == expected


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_result_has_the_structure_that_the_function_returns(structure, to):
    function = STRUCTURES[structure]
    graph = mlgraph.compile(function, to=to)
    for shape in ((2, 3), (4, 5)):
        x = torch.rand(shape)
        assert_same_tree(graph(x), function(x))


def test_input_that_is_returned_is_the_callers_own():
    graph = mlgraph.compile(lambda x: (x, [x]), to="torch")
    found, [again] = graph(X)
    assert found is X
    assert again is X


def test_model_output():
    from transformers.modeling_outputs import BaseModelOutput

    graph = mlgraph.compile(lambda x: BaseModelOutput(last_hidden_state=x + 1), to="numpy")
    found = graph(X)
    assert isinstance(found, BaseModelOutput)
    same(found.last_hidden_state, X + 1)
    same(found["last_hidden_state"], X + 1)


class Box:
    """A class that nobody knows how to look into."""

    def __init__(self, value):
        self.value = value


def test_object_of_an_unknown_class_is_made_again():
    found = mlgraph.compile(Box, to="torch")(X)
    assert type(found) is Box
    torch.testing.assert_close(found.value, X)
    torch.testing.assert_close(mlgraph.compile(lambda x: [x, {"a": Box(x + 1)}], to="torch")(X)[1]["a"].value, X + 1)


class Key:
    """Compares and hashes by value, so that it must not change."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value is other.value

    def __hash__(self):
        return id(self.value)


def test_object_that_must_not_change_is_refused():
    with pytest.raises(mlgraph.errors.UnsupportedOpError, match="class Key"):
        mlgraph.compile(lambda x: [x, {"a": Key(x)}], to="torch")(X)


# Arrays of other frameworks


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_arrays_of_any_framework(to):
    import jax.numpy as jnp
    import tensorflow as tf

    graph = mlgraph.compile(difference, to=to, args=(X, Y))
    expected = X - Y
    makers = (torch.tensor, jnp.asarray, tf.constant, np.asarray)
    for make in makers:
        x, y = make(X.tolist()), make(Y.tolist())
        if make is np.asarray:
            x, y = x.astype(np.float32), y.astype(np.float32)
        found = graph(x, y)
        assert mlgraph.frameworks.framework_of(found) == to
        same(found, expected)
    assert graph.cache_info().captures == 1
    same(graph(X.numpy(), jnp.asarray(Y.numpy())), expected)


def test_to_of_the_inputs():
    import jax.numpy as jnp

    def double(x):
        return x * 2

    assert isinstance(mlgraph.compile(double, args=(X,))(X), torch.Tensor)
    assert isinstance(mlgraph.compile(double)(np.ones(3)), np.ndarray)
    assert isinstance(mlgraph.compile(torch.exp)(np.ones(3)), np.ndarray), "not the framework of the function"
    assert isinstance(mlgraph.compile(torch.add)(np.ones(3), torch.ones(3)), torch.Tensor)
    assert isinstance(mlgraph.compile(lambda: torch.ones(3))(), torch.Tensor)
    graph = mlgraph.compile(double)
    first = graph(jnp.ones(3))
    assert graph.to == "jax"
    assert type(graph(X)) is type(first), "a later call gives what the first one gave"


# What it knows of itself


def test_stages_and_ir():
    graph = mlgraph.compile(difference, to="jax", args=(X, Y))
    assert graph.stages[0] == "ivy"
    assert graph.stages[-1] == "jax"
    for stage in graph.stages:
        module = graph.ir(stage)
        assert isinstance(module, ModuleOp)
        module.verify()
    assert "ivy.subtract" in str(graph.ir("ivy"))
    assert "jax.call @jax.numpy.subtract" in str(graph.ir())
    assert "def main(x, y)" in graph.source
    with pytest.raises(KeyError, match="there are ivy"):
        graph.ir("nonsense")
    assert {"tracer", "capture", "transform", "emit"} <= set(graph.timings())


def test_what_reaches_no_output_is_dropped(capsys):
    def noisy(x, y):
        print("called")
        z = x**y
        torch.cat([x * y, z, y]).sum()
        return z

    graph = mlgraph.compile(noisy, to="torch", args=(X, Y))
    assert capsys.readouterr().out == "called\n"
    assert graph.source.count("torch.") == 1
    same(graph(X, Y), X**Y)
    assert capsys.readouterr().out == ""


def test_params_and_apply():
    layer = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(layer, to="jax", args=(X,))
    assert list(graph.params) == ["weight", "bias"]
    same(graph(X), layer(X).detach())
    doubled = {name: 2 * value for name, value in graph.params.items()}
    same(graph.apply(doubled, X), 2 * layer(X).detach())
    graph.params["bias"] = graph.params["bias"] * 0
    same(graph(X), (X @ layer.weight.T).detach())


def test_apply_is_differentiable():
    import jax

    layer = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(layer, to="jax", args=(X,))
    found = jax.grad(lambda params: graph.apply(params, X.numpy()).sum())(graph.params)
    layer(X).sum().backward()
    same(found["weight"], layer.weight.grad)
    same(found["bias"], layer.bias.grad)


def test_inside_the_targets_own_transformations():
    import jax
    import jax.numpy as jnp

    graph = mlgraph.compile(lambda x: (x**3).sum(), to="jax")
    x = jnp.arange(4.0)
    same(jax.jit(graph)(x), (x**3).sum())
    same(jax.grad(graph)(x), 3 * x**2)
    same(jax.vmap(graph)(jnp.ones((5, 4))), np.full(5, 4.0))


# Graphs of graphs


def test_graph_of_a_graph_and_graph_in_a_function():
    inner = mlgraph.compile(difference, to="torch")
    same(mlgraph.compile(inner, to="numpy")(X, Y), X - Y)
    outer = mlgraph.compile(lambda x: inner(x, x * 2) + 1, to="numpy")
    same(outer(X), 1 - X)
    same(outer(torch.rand(5, 2) * 0), np.ones((5, 2)))
    same(inner(X, Y), X - Y)


# Many operations, many threads, much noise


@pytest.mark.parametrize(("source", "count"), [("jax", 3_000), ("numpy", 3_000), ("torch", 500)])
def test_long_chains(source, count):
    def chain(x):
        for i in range(count):
            x = x + 1 if i % 2 else x * 0.5
        return x

    x = np.ones(3, np.float32) if source == "numpy" else __import__("jax").numpy.ones(3) if source == "jax" else Y[0]
    graph = mlgraph.compile(chain, to="numpy", args=(x,))
    same(graph(x), chain(np.ones(3, np.float32)))


def test_captures_in_several_threads():
    def task(k):
        def function(x, y):
            return torch.softmax(x * k, -1) @ y.T - k

        try:
            graph = mlgraph.compile(function, to=["torch", "numpy"][k % 2])
            for rows in (2, 5):
                x, y = torch.rand(rows, 3), torch.rand(4, 3)
                results.append(np.abs(np.asarray(graph(x, y)) - np.asarray(function(x, y))).max())
        except Exception as error:
            errors.append(error)

    results: list[float] = []
    errors: list[Exception] = []
    threads = [threading.Thread(target=task, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(results) == 12
    assert max(results) < 1e-5


def test_one_graph_in_several_threads_captures_once():
    graph = mlgraph.compile(difference, to="numpy")
    threads = [threading.Thread(target=graph, args=(X, Y)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert graph.cache_info() == (1, 1)


def test_noise_of_the_tracer_does_not_reach_the_user(capfd, recwarn):
    def shouting(x):
        warnings.warn("mine", stacklevel=1)
        return torch.nn.functional.gelu(x).sum(0) if x.shape[0] > 1 else x

    mlgraph.compile(shouting, to="numpy")(X)
    with pytest.raises(mlgraph.errors.DataDependentControlFlowError):
        mlgraph.compile(lambda x: {True: x, False: -x}[bool(x.sum() > 0)], to="numpy", max_paths=0)(X)
    assert {str(w.message) for w in recwarn} == {"mine"}
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_return_backend_compiled_fn_of_numpy_warns():
    with pytest.warns(UserWarning, match="numpy has no compiler"):
        graph = mlgraph.compile(difference, to="numpy", args=(X, Y), return_backend_compiled_fn=True)
    same(graph(X, Y), X - Y)


@pytest.mark.parametrize("to", ["jax", "tensorflow"])
def test_return_backend_compiled_fn(to):
    graph = mlgraph.compile(difference, to=to, args=(X, Y), return_backend_compiled_fn=True)
    same(graph(X, Y), X - Y)
    same(graph(X[:, :2], Y[:, :2]), (X - Y)[:, :2])


def test_static_arguments_of_jax_must_be_there():
    graph = mlgraph.compile(lambda x, n: x * n, to="jax", static_argnums=1, static_argnames="n")
    same(graph(X, 3), X * 3)
    with pytest.raises(mlgraph.errors.InputError, match="static_argnums"):
        mlgraph.compile(difference, to="jax", static_argnums=5)
    with pytest.raises(mlgraph.errors.InputError, match="static_argnames"):
        mlgraph.compile(difference, to="jax", static_argnames=["z"])


def test_deep_copy_and_pickle():
    import copy
    import pickle

    graph = mlgraph.compile(difference, to="numpy", args=(X, Y))
    new = copy.deepcopy(graph)
    assert new.cache_info() == (0, 0)
    same(new(X, Y), X - Y)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(graph)
