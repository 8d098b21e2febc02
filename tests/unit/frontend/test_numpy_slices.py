# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Slices of free sizes: bounds counted from the end, steps back, and bounds that are sizes of another array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from frameworks import to_numpy
from numpy_cases import check, draw

import mlgraph


def set_at(*key: Any, to: Any = 5.0) -> Callable[[Any, Any], None]:
    def write(y: Any, x: Any) -> None:
        y[key] = to(x) if callable(to) else to

    return write


def mean_of_neighbours(y: Any, x: Any) -> None:
    y[1:-1, 1:-1] = (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:]) / 4


def running(y: Any, x: Any) -> None:
    y[1:] -= y[:-1]
    y[:-1] += y[1:]
    np.add(y[:, :-1], y[:, 1:], y[:, :-1])


def parts_of_views(y: Any, x: Any) -> None:
    y.T[:, :-1] = 0
    y[:-1][1:] = 3
    y[:, None][:, 0, -1:] = 7
    y.reshape(-1)[:-1] *= 2
    y[:, :-1].fill(1)


S = slice
WRITES: dict[str, Callable[[Any, Any], None]] = {
    "but the last column": set_at(S(None), S(None, -1)),
    "but the last row": set_at(S(None, -1), to=lambda x: x[1:]),
    "the last rows": set_at(S(-2, None), to=lambda x: x[:2]),
    "the last": set_at(-1, S(None)),
    "between": set_at(S(-3, -1), S(1, -1)),
    "back": set_at(S(None, None, -1), to=lambda x: x),
    "every second back": set_at(S(-1, None, -2), S(None, 1, -1)),
    "an ellipsis": set_at(..., S(None, -1), to=lambda x: x[..., 1:]),
    "far beyond": set_at(S(-100, 100), S(100, None)),
    "nothing": set_at(S(-1, -1)),
    "places from the end": set_at([0, -1], S(None, -1)),
    "neighbours": mean_of_neighbours,
    "running": running,
    "views": parts_of_views,
}


def written(write: Callable[[Any, Any], None]) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        y = x.copy()
        write(y, x)
        return y

    return function


@pytest.mark.parametrize("what", WRITES)
def test_a_part_of_a_free_axis_is_written(what: str):
    groups = [draw(seed, shape) for seed, shape in enumerate([(4, 5), (6, 4), (5, 7)])]
    check(written(WRITES[what]), *groups)


def sized(y: Any, x: Any) -> Any:
    n, m = x.shape
    y[n - 2 :] = 0
    y[: n // 2, m - 1 :] = 3
    y[n:] = 1
    y[n // 2 :] += x[n // 2 :]
    return y[n - 3 : n - 1], y[-n:, : m - 1]


@pytest.mark.parametrize("shape", [(4, 5), (5, 4)])
def test_bounds_that_are_sizes_of_another_array(shape: tuple[int, int]):
    check(sized, draw(0, shape, shape), draw(1, shape, shape))


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_parts_of_free_axes_are_written_on_every_target(to: str):
    def function(x: Any) -> Any:
        return [written(write)(x) for write in WRITES.values()]

    graph: Any = mlgraph.compile(function, to=to, x64=True)
    for seed, shape in enumerate([(4, 5), (6, 4)]):
        (x,) = draw(seed, shape)
        for found, expected in zip(graph(x), function(x), strict=True):
            np.testing.assert_allclose(to_numpy(found), expected)
