# pyright: basic
"""Arguments bind as Python binds them, and errors name the user's function."""

import functools
import logging

import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf

import mlgraph

X = np.arange(6.0).reshape(2, 3)
Y = np.ones((2, 3))


def fit(x, y=2.0, *rest, scale=1, **others):
    total = x * y * scale
    for value in (*rest, *others.values()):
        total = total + value
    return total


def only(x, /, y, *, z=1.0):
    return x + y * z


def shadows(x, type=2.0, len=3.0, repr=4.0, miss=5.0, s0=1.0, n0=1.0):
    return x * type + len * repr + miss + s0 + n0


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((X,), {}),
        ((X, Y), {}),
        ((X,), {"y": Y}),
        ((X, Y, X, Y), {}),
        ((X, 3.0), {"scale": 2}),
        ((X,), {"scale": 2, "extra": Y, "more": X}),
        ((), {"y": Y, "x": X}),
    ],
)
def test_arguments_bind_as_for_the_function(args, kwargs):
    graph = mlgraph.compile(fit, to="numpy")
    np.testing.assert_allclose(graph(*args, **kwargs), fit(*args, **kwargs))
    np.testing.assert_allclose(graph(*args, **kwargs), fit(*args, **kwargs))
    assert graph.cache_info().captures == 1


def test_positional_only_and_keyword_only():
    graph = mlgraph.compile(only, to="numpy")
    np.testing.assert_allclose(graph(X, Y, z=2.0), only(X, Y, z=2.0))
    np.testing.assert_allclose(graph(X, y=Y), only(X, y=Y))


def test_names_of_parameters_hide_none_of_ours():
    graph = mlgraph.compile(shadows, to="numpy")
    for array in (X, X[:, :2]):
        np.testing.assert_allclose(graph(array), shadows(array))


def message(call):
    with pytest.raises(TypeError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (only, (), {}),
        (only, (X,), {}),
        (only, (X, Y, X), {}),
        (only, (X, Y), {"w": 1}),
        (only, (X, Y), {"x": 1}),
        (fit, (), {"scale": 2}),
        (lambda a, b: a + b, (X,), {}),
    ],
)
def test_wrong_arguments_raise_what_python_raises(function, args, kwargs):
    expected = message(lambda: function(*args, **kwargs)).rpartition(".")[2]
    lazy = mlgraph.compile(function, to="numpy")
    assert message(lambda: lazy(*args, **kwargs)).rpartition(".")[2] == expected
    eager = lambda: mlgraph.compile(function, to="numpy", args=args, kwargs=kwargs)  # noqa: E731
    assert message(eager).rpartition(".")[2] == expected


def test_wrong_arguments_after_a_capture():
    graph = mlgraph.compile(only, to="numpy", args=(X, Y))
    assert "only() missing 1 required positional argument: 'y'" in message(lambda: graph(X))
    assert graph.cache_info().captures == 1


def test_signature_and_name_are_the_functions():
    import inspect

    graph = mlgraph.compile(fit, to="numpy")
    assert graph.__name__ == "fit"
    assert inspect.signature(graph) == inspect.signature(fit)


def test_partial_keeps_what_it_binds():
    graph = mlgraph.compile(functools.partial(fit, scale=3, w=Y), to="numpy")
    np.testing.assert_allclose(graph(X), fit(X, scale=3, w=Y))
    np.testing.assert_allclose(graph(X, scale=5), fit(X, scale=5, w=Y))


CHANGES = {
    "python value": ((X, 2.0), (X, 3.0), "argument scale changed from 2.0 to 3.0"),
    "class of a value": ((X, 2.0), (X, 2), "argument scale changed from 2.0 to 2"),
    "element type": ((X, 2.0), (X.astype("float32"), 2.0), "argument x changed from float64 to float32"),
    "rank": ((X, 2.0), (X[0], 2.0), "argument x changed from rank 2 to 1"),
    "array for number": ((X, 2.0), (X, Y), "the structure of the arguments changed from (*, .) to (*, *)"),
    "tree": ((X, 2.0), ([X], 2.0), "the structure of the arguments changed from (*, .) to ([*], .)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_captures_anew_and_says_why(change, caplog):
    first, second, text = CHANGES[change]

    def scaled(x, scale):
        return (x[0] if isinstance(x, list) else x) * scale

    graph = mlgraph.compile(scaled, to="numpy", args=first)
    with caplog.at_level(logging.WARNING, logger="mlgraph.recompiles"):
        np.testing.assert_allclose(graph(*second), scaled(*second))
    assert [record.getMessage() for record in caplog.records] == [f"scaled is captured anew: {text}"]
    assert graph.cache_info() == (2, 2)
    caplog.clear()
    for arguments in (first, second):
        np.testing.assert_allclose(graph(*arguments), scaled(*arguments))
    assert graph.cache_info() == (2, 2)
    assert not caplog.records


def test_sizes_that_must_agree_are_told_apart(caplog):
    graph = mlgraph.compile(lambda x, y: x + y, to="numpy", args=(X, Y))
    np.testing.assert_allclose(graph(np.ones((5, 7)), np.ones((5, 7))), 2)
    assert graph.cache_info().captures == 1
    np.testing.assert_allclose(graph(X, Y[:1]), X + Y[:1])
    np.testing.assert_allclose(graph(X, Y[:, :1]), X + Y[:, :1])
    with pytest.raises(errors_of_broadcast()):
        graph(X, np.ones((4, 3)))


def errors_of_broadcast():
    return (ValueError, mlgraph.errors.MlgraphError)


def test_order_of_keys_decides(caplog):
    graph = mlgraph.compile(lambda d: next(iter(d.values())) * 2, to="numpy")
    np.testing.assert_allclose(graph({"a": X, "b": Y}), X * 2)
    np.testing.assert_allclose(graph({"b": Y, "a": X}), Y * 2)


@pytest.mark.parametrize("make", [jnp.asarray, tf.constant], ids=["jax", "tensorflow"])
def test_frameworks_that_sort_keys_capture_once_for_any_order(make):
    graph = mlgraph.compile(lambda d, **more: d["a"] * 2 - d["b"][0]["c"] + more["e"], to="numpy")
    x, y, z, w = (make(X * (i + 1)) for i in range(4))
    for _ in range(2):
        np.testing.assert_allclose(graph({"a": x, "b": [{"d": w, "c": y}]}, e=z, f=w), X * 3)
        np.testing.assert_allclose(graph({"b": [{"c": y, "d": w}], "a": x}, f=w, e=z), X * 3)
    assert graph.cache_info().captures == 1
    np.testing.assert_allclose(graph({"a": y, "b": [{"d": w, "c": y}]}, e=z, f=w), X * 5)


def test_keys_of_any_kind():
    class Key:
        """A key without a literal of its own."""

    key = Key()
    graph = mlgraph.compile(lambda d: d[key] + d[1] + d["a"], to="numpy")
    values = {key: X, 1: Y, "a": X}
    np.testing.assert_allclose(graph(values), X + Y + X)
    np.testing.assert_allclose(graph({key: X[:, :2], 1: Y[:, :2], "a": X[:, :2]}), (X + Y + X)[:, :2])


def test_a_set_that_changes_is_seen():
    options = {"double"}
    graph = mlgraph.compile(lambda x, o: x * 2 if "double" in o else x, to="numpy")
    np.testing.assert_allclose(graph(X, options), X * 2)
    options.clear()
    np.testing.assert_allclose(graph(X, options), X)


def test_arrays_of_a_call_are_not_held():
    import gc
    import weakref

    array = np.ones((50, 50))
    reference = weakref.ref(array)
    graph = mlgraph.compile(lambda x: x + 1, to="numpy")
    graph(array)
    del array
    gc.collect()
    assert reference() is None
    assert graph.cache_info().captures == 1
