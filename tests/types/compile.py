# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What an editor knows of what `compile` gives: pyright checks this file, nothing runs it."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, assert_type

import mlgraph
import mlgraph.errors


def scaled(x: list[float], scale: float = 2.0) -> float:
    return sum(x) * scale


graph = mlgraph.compile(scaled, to="numpy", args=([1.0],))
method: Callable[[list[float]], Any] = graph
other: Callable[[list[float], float], Any] = mlgraph.compile(scaled, to="jax")
graph([1.0], scale=3.0)
graph([1.0], 3.0, 4.0)  # pyright: ignore[reportCallIssue]
graph("text")  # pyright: ignore[reportArgumentType]
graph([1.0], factor=3.0)  # pyright: ignore[reportCallIssue]
mlgraph.compile(scaled, too="numpy")  # pyright: ignore[reportCallIssue]
assert_type(mlgraph.compile(mlgraph.errors), ModuleType)
assert_type(mlgraph.compile(scaled, scaled), tuple[Any, ...])


@mlgraph.compile(to="torch")
def decorated(x: list[float]) -> float:
    return sum(x)


decorated([1.0])
decorated()  # pyright: ignore[reportCallIssue]

graph([1.0], rng=object())
