# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Writes where masks, indices and repeating values choose the elements: what numpy writes, or an error."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from frameworks import to_numpy
from numpy_cases import agree, loaded, traced

import mlgraph


def drawn(seed: int, n: int, true: int) -> SimpleNamespace:
    """Inputs by name; `m` has a number of true elements."""
    random = np.random.default_rng(seed)
    return SimpleNamespace(
        x=random.permutation(n * 3).reshape(n, 3).astype(float),
        y=random.uniform(0.1, 1, n),
        v=random.uniform(0.1, 1, 3),
        k=random.integers(1, 9, n),
        b=random.random(n) > 0.5,
        m=np.isin(np.arange(n), random.permutation(n)[:true]),
        i=random.integers(-n, n, 3),
        j=random.integers(0, 3, 3),
    )


DRAWN = [drawn(0, 4, 3), drawn(1, 4, 2), drawn(2, 6, 3), drawn(3, 5, 1), drawn(4, 5, 0), drawn(5, 6, 6)]
Write = Callable[[SimpleNamespace], Any]


def function_of(write: Write) -> Callable[..., Any]:
    def function(*xs: Any) -> Any:
        arrays = SimpleNamespace(**dict(zip(vars(DRAWN[0]), xs)))
        write(arrays)
        return tuple(vars(arrays).values())

    return function


def outcome(function: Callable[..., Any], inputs: SimpleNamespace) -> Any:
    """What the function returns, None if it raises."""
    try:
        return function(*[np.array(a) for a in vars(inputs).values()])
    except (ValueError, TypeError, IndexError):
        return None


def check(write: Write) -> None:
    """Compare with numpy, which may write or raise, on masks of other numbers of elements and on other sizes."""
    function = function_of(write)
    run = loaded(traced(function, *vars(DRAWN[0]).values()))
    for inputs in DRAWN:
        expected = outcome(function, inputs)
        found = outcome(lambda *xs: run(*xs).outputs, inputs)
        assert (found is None) == (expected is None), inputs.m
        for a, b in zip(found or (), expected or ()):
            agree(a, b)


def set_to(name: str, key: Callable[[Any], Any], value: Callable[[Any], Any]) -> Write:
    def write(a: Any) -> None:
        getattr(a, name)[key(a)] = value(a)

    return write


def flat_to(name: str, key: Callable[[Any], Any], value: Callable[[Any], Any]) -> Write:
    def write(a: Any) -> None:
        getattr(a, name).flat[key(a)] = value(a)

    return write


def all_flat(a: Any) -> None:
    a.y.flat = a.v[:2]


MASKED: dict[str, Write] = {
    "as many values": set_to("y", lambda a: a.m, lambda a: a.v),
    "two values": set_to("y", lambda a: a.m, lambda a: a.v[:2]),
    "a list": set_to("y", lambda a: a.m, lambda a: [1.0, 2.0]),
    "one value": set_to("y", lambda a: a.m, lambda a: a.v[:1]),
    "integers": set_to("x", lambda a: a.x > 5, lambda a: np.arange(3)),
    "another selection": set_to("y", lambda a: a.m, lambda a: a.y[~a.m]),
    "the same selection": set_to("x", lambda a: a.x > 2, lambda a: a.x[a.x > 2] * 2),
    "a row": set_to("x", lambda a: a.m, lambda a: a.v),
    "two rows": set_to("x", lambda a: a.m, lambda a: a.x[:2] + 5),
    "one row": set_to("x", lambda a: a.m, lambda a: a.x[:1] * 3),
    "a mask and a place": set_to("x", lambda a: (a.m, 0), lambda a: a.v),
    "a mask and a slice": set_to("x", lambda a: (a.m, slice(1, None)), lambda a: a.v[:1]),
    "where it is true": set_to("y", lambda a: np.flatnonzero(a.m), lambda a: a.v),
    "where several are": set_to("x", lambda a: np.nonzero(a.x > 5), lambda a: a.v),
    "flat": flat_to("y", lambda a: a.m, lambda a: a.v),
    "every flat one": all_flat,
    "flat places": flat_to("y", lambda a: a.i, lambda a: a.v[:2]),
    "a flat slice": flat_to("y", lambda a: slice(1, None), lambda a: a.v[:2]),
    "place": lambda a: np.place(a.y, a.m, a.v[:2]),
    "place more": lambda a: np.place(a.x, a.x > 4, [1.0, 2.0, 3.0, 4.0, 5.0]),
    "putmask": lambda a: np.putmask(a.y, a.m, a.v),
    "putmask in rows": lambda a: np.putmask(a.x, a.x > 4, a.x[:1] * 7),
    "putmask of nothing": lambda a: np.putmask(a.y, a.m, []),
    "copyto": lambda a: np.copyto(a.x, a.x[0] * 2, where=a.x > 3),
    "put": lambda a: np.put(a.y, np.unique(a.i.clip(0, 3)), a.v[:2]),
    "put fewer": lambda a: np.put(a.x, [0, 1, -1], a.v[:2]),
    "put more": lambda a: a.y.put([1, 2], a.v),
    "put nothing": lambda a: np.put(a.y, a.i, []),
    "put around": lambda a: np.put(a.x, [0, 99, -99], a.v[:2], mode="wrap"),
    "fill_diagonal": lambda a: np.fill_diagonal(a.x, a.v[:2]),
    "put_along_axis": lambda a: np.put_along_axis(a.x, np.argmax(a.x, 1)[:, None], -9.0, 1),
}


@pytest.mark.parametrize("what", MASKED)
def test_a_selected_write_is_numpys_or_raises(what: str):
    check(MASKED[what])


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_another_number_of_values_than_a_mask_selects_raises_on_every_target(to: str):
    function = function_of(MASKED["as many values"])
    graph: Any = mlgraph.compile(function, to=to, x64=True)
    for inputs in DRAWN:
        arrays = [np.array(a) for a in vars(inputs).values()]
        expected = outcome(function, inputs)
        if expected is None:
            with pytest.raises(Exception, match=r"broadcast|expand|shape|size"):
                graph(*arrays)
        else:
            np.testing.assert_allclose(to_numpy(graph(*arrays)[1]), expected[1])


AT: dict[str, Write] = {
    "subtract a number": lambda a: np.subtract.at(a.y, a.i, 1.0),
    "subtract an int from ints": lambda a: np.subtract.at(a.k, a.i, 2),
    "subtract values": lambda a: np.subtract.at(a.y, [0, -1, 0], a.v),
    "subtract at pairs": lambda a: np.subtract.at(a.x, (a.i, a.j), 1.0),
    "subtract at columns": lambda a: np.subtract.at(a.x, (slice(None), a.j), 1.0),
    "subtract at a mask": lambda a: np.subtract.at(a.x, a.x > 3, 1.0),
    "subtract at a mask of rows": lambda a: np.subtract.at(a.x, a.m, a.v),
    "subtract as many": lambda a: np.subtract.at(a.y, a.m, a.v),
    "subtract at a slice": lambda a: np.subtract.at(a.y, slice(None, None, 2), 1.0),
    "subtract at an element": lambda a: np.subtract.at(a.x, (1, 2), 1.0),
    "add floats to ints": lambda a: np.add.at(a.k, [1, 1, 2], -1.5),
    "add at columns": lambda a: np.add.at(a.x, (..., a.j), a.v),
    "add bools": lambda a: np.add.at(a.b, a.i, True),
    "add to a view": lambda a: np.add.at(a.x.T, a.j, 1.0),
    "multiply": lambda a: np.multiply.at(a.y, a.i, a.v),
    "divide": lambda a: np.divide.at(a.y, a.i, a.v),
    "divide at a number's place": lambda a: np.divide.at(a.y, [1, 1], 2),
    "maximum": lambda a: np.maximum.at(a.x, (a.i, a.j), a.v),
    "logical_xor": lambda a: np.logical_xor.at(a.b, [0, 0, 1], True),
    "bitwise_or": lambda a: np.bitwise_or.at(a.k, a.i, 4),
    "left_shift": lambda a: np.left_shift.at(a.k, [0, 0], 1),
    "remainder": lambda a: np.remainder.at(a.k, [1, 1], 5),
    "hypot": lambda a: np.hypot.at(a.y, a.i, a.v),
    "negative": lambda a: np.negative.at(a.y, [0, 0, 1]),
    "negative at a mask": lambda a: np.negative.at(a.y, a.m),
    "square": lambda a: np.square.at(a.y, a.i),
    "sqrt of a slice": lambda a: np.sqrt.at(a.y, slice(1, None)),
    "nowhere": lambda a: np.add.at(a.y, a.i[:0], 1.0),
    "places in two axes": lambda a: np.add.at(a.y, np.zeros((2, 2), int), 1.0),
}


@pytest.mark.parametrize("what", AT)
def test_at_writes_as_often_as_a_place_is_named(what: str):
    check(AT[what])


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_at_is_the_same_on_every_target(to: str):
    def write(a: Any) -> None:
        np.subtract.at(a.y, a.i, 1.0)
        np.divide.at(a.y, [0, 0, 1], a.v)
        np.negative.at(a.k, [0, 0, 1])
        np.maximum.at(a.x, (a.i, a.j), 4.0)
        np.logical_xor.at(a.b, [0, 0, 1], True)

    function = function_of(write)
    graph: Any = mlgraph.compile(function, to=to, x64=True)
    for inputs in DRAWN[::2]:
        arrays = [np.array(a) for a in vars(inputs).values()]
        for found, expected in zip(graph(*arrays), outcome(function, inputs)):
            np.testing.assert_allclose(to_numpy(found), expected)
