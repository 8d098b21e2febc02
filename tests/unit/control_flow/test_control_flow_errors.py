# pyright: basic
"""The errors of control flow on values: Python's own when the graph runs, typed ones with the variable's name."""

import numpy as np
import pytest

import mlgraph
from mlgraph.errors import DataDependentControlFlowError, UnsupportedOpError

HIGH, LOW = np.array([1.0, 2.0]), np.array([-1.0, -2.0])


def asserted(x):
    assert np.sum(x) > 0, "no positive sum"
    return x


def raised(x):
    if np.sum(x) < 0:
        raise ValueError("a negative sum")
    return x


def undefined(x):
    if np.sum(x) > 0:
        y = x
    return y


def raised_in_a_loop(x):
    for value in x:
        if np.cos(value) < 0:
            raise OverflowError("too far")
        x = x + 1
    return x


@pytest.mark.parametrize("to", ["numpy", "jax"])
@pytest.mark.parametrize("function", [asserted, raised, undefined, raised_in_a_loop], ids=lambda f: f.__name__)
def test_the_graph_raises_what_python_raises(function, to):
    graph = mlgraph.compile(function, to=to, x64=True, max_paths=0)
    np.testing.assert_allclose(graph(HIGH * 0.1), function(HIGH * 0.1))
    expected, found = (_error_of(each, LOW * 2) for each in (function, graph))
    assert type(found) is type(expected)
    assert str(found) == str(expected).partition("\n")[0]  # pytest adds lines to assertions


def _error_of(function, x):
    try:
        function(x)
    except (ArithmeticError, AssertionError, NameError, ValueError) as error:
        return error
    return None


def none_or_array(x):
    chosen = None
    if np.sum(x) > 0:
        chosen = x
    return chosen


def text_or_array(x):
    chosen = "none" if np.sum(x) > 0 else x
    return chosen


def other_type(x):
    while np.sum(x) < 100:
        x = (x * 2).astype(np.float32)
    return x


def other_rank(x):
    while np.sum(x) < 100:
        x = x[None] * 2
    return x


def without_end(n):
    return n if np.sum(n) < 2 else without_end(n - 1) + without_end(n - 2)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (none_or_array, "chosen is an array or number where the condition holds, but None where it does not"),
        (text_or_array, "'none', a str"),
        (other_type, r"x is float64\[2\] before a step, but float32\[2\] after it"),
        (other_rank, r"x is float64\[2\] before a step, but float64\[1, 2\] after it"),
        (without_end, "inside of one another"),
    ],
)
def test_errors_name_the_variable_and_the_line(function, text):
    with pytest.raises(DataDependentControlFlowError, match=text) as caught:
        mlgraph.compile(function, to="numpy", args=(HIGH,), max_paths=0)
    assert caught.value.where.startswith(__file__)


def test_a_write_to_one_of_two_arrays_is_refused():
    def function(x):
        chosen = x if np.sum(x) > 0 else x * 2
        chosen[0] = 7
        return chosen

    with pytest.raises(UnsupportedOpError, match="shares memory"):
        mlgraph.compile(function, to="numpy", args=(HIGH,), max_paths=0)


def test_sizes_that_depend_on_the_path_are_free():
    def function(x):
        while np.sum(x) < 20:
            x = np.concatenate([x, x])
        return x * 2

    graph = mlgraph.compile(function, to="numpy", max_paths=0)
    for given in (HIGH, HIGH + 1, HIGH * 50):
        np.testing.assert_allclose(graph(given), function(given))
    graph = mlgraph.compile(lambda x: np.exp(x[1:] if x[0] > 0 else x[2:]), to="numpy", max_paths=0)
    for given in (np.arange(1.0, 5.0), np.arange(-1.0, 5.0)):
        assert graph(given).shape == (len(given) - (1 if given[0] > 0 else 2),)


def test_what_helpers_assign_is_state():
    def function(x):
        total, seen = 0, []

        def add(value):
            nonlocal total
            if value > 0:
                total += value
            seen.append(value)

        for value in x:
            add(value)
        return total, np.stack(seen)

    graph = mlgraph.compile(function, to="numpy", max_paths=0)
    for given in (HIGH, LOW, np.array([1.0, -2.0, 3.0])):
        for found, expected in zip(graph(given), function(given), strict=True):
            np.testing.assert_allclose(found, expected)


def test_draws_in_a_loop_are_those_of_python():
    def function(x, rng):
        n = 0
        while rng.random() < 0.8 and np.sum(x) > 0:
            x = x - rng.normal(size=x.shape) ** 2
            n += 1
        return x, n

    graph = mlgraph.compile(function, to="numpy", max_paths=0)
    for seed in range(4):
        found, expected = (each(HIGH * 3, np.random.default_rng(seed)) for each in (graph, function))
        np.testing.assert_allclose(found[0], expected[0])
        assert found[1] == expected[1]
