# pyright: basic
"""Programs of numpy whose control flow on values cannot be traced, with calls that take several paths."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PathProgram:
    """A function, its calls, and how many paths these take."""

    function: Callable[..., Any]
    calls: tuple[tuple[Any, ...], ...]
    paths: int


PROGRAMS: list[PathProgram] = []
UP, DOWN, MIXED = np.array([8.0, 0.25, 3.0]), np.array([-0.5, -2.0, -7.0]), np.array([-8.0, 0.25, 9.0])


def program(*calls: Any, paths: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        given = tuple(call if isinstance(call, tuple) else (call,) for call in calls)
        PROGRAMS.append(PathProgram(function, given, paths))
        return function

    return register


@program(*((UP, np.array(i)) for i in (0, 2, 1)), paths=3)
def dict_by_value(x, i):
    return x * {0: 2.0, 1: -3.0, 2: 0.5}[int(i)]


@program(*((UP, np.array(i)) for i in (0, 1, 7)), paths=3)
def missing_key(x, i):
    try:
        return x * {0: 2.0, 1: -3.0}[i.item()]
    except KeyError:
        return x


@program(UP, DOWN, MIXED, paths=2)
def exception_of_a_branch(x):
    try:
        if x.sum() < 0:
            raise ValueError
        return x * 2
    except ValueError:
        return x * 3


@program(UP, DOWN, MIXED, paths=2)
def swallowed_errors(x):
    try:
        y = x + 1 if x[0] > 0 else x - 1
    except Exception:
        y = x
    return y


@program(UP, DOWN, MIXED, paths=2)
def finally_after_a_branch(x):
    try:
        if x.sum() > 0:
            return x + 1
        x = x - 2
    finally:
        x = x * 3
    return x


def halves(x) -> Iterator[Any]:
    while x.max() > 1:
        x = x / 2
        yield x


@program(UP, DOWN, MIXED, UP * 4, paths=4)
def generator(x):
    return sum(halves(x), np.zeros_like(x))


@program(UP, DOWN, MIXED, paths=3)
def list_of_a_loop(x):
    return [v for v in iter(list(x)) if v > 0]


@program(UP, DOWN, MIXED, paths=2)
def largest(x):
    return max(x[0], x[1]) * 2


@program(UP, DOWN, MIXED, paths=3)
def order(x):
    return np.stack(sorted([x[0], x[1], x[2]], key=lambda v: bool(v > 1)))


@program(UP, DOWN, MIXED, paths=3)
def filtered(x):
    return list(filter(lambda v: v > 0, x))


@program(UP, DOWN, MIXED, paths=2)
def member(x):
    return x + 1 if 3.0 in x else x - 1


@program(UP, DOWN, MIXED, paths=2)
def number_of_selected(x):
    try:
        found = x[x > 1]
        if len(found) > 1:
            return found.sum()
        return x.sum()
    except RuntimeError:
        return x


@program(UP, DOWN, UP * 0, paths=3)
def several_tests(x):
    try:
        if x.sum() == 0:
            return x
        if x.sum() > 0:
            return np.sqrt(x)
        return x**2
    except ZeroDivisionError:
        return x


@program(np.array([1.0, 0.25, 2.0]), np.array([3.0, 1.5, 0.25]), DOWN, paths=3)
def count(x):
    out = np.zeros(2)
    for i in iter(range(int(x.sum()))):
        out = out + i
    return out


@program(np.eye(2), -np.eye(2), np.zeros((2, 2)), np.eye(2) * 4, paths=3)
def fails_on_other_paths(x):
    try:
        if np.abs(x).max() == 0:
            return x
        y = np.linalg.inv(x)
        return np.linalg.cholesky(y) if y[0, 0] > 0 else y
    except ZeroDivisionError:
        return x


@program(UP, DOWN, MIXED, paths=2)
def writes_into_arguments(x):
    x += 1
    try:
        if x.sum() > 3:
            x *= 2
    except RuntimeError:
        pass
    return x.copy()


@program(np.array([1, 2]), np.array([2, 2]), np.array([2, 1]), paths=3)
def set_of_elements(x):
    return x if len(set(x.tolist())) == len(x) else x * 0


@program(np.array([0, 1]), np.array([1, 1]), paths=2)
def elements_as_a_whole(x):
    try:
        return x * {(0, 1): 3, (1, 1): 4}[tuple(x.__array__().tolist())] if x.sum() > 0 else x
    except RuntimeError:
        return x


@program(*(np.array(v) for v in (0.0, -0.0, float("nan"), float("nan"))), paths=3)
def float_of_a_scalar(x):
    return np.ones(2) * {"0.0": 1.0, "-0.0": 2.0, "nan": 3.0}[str(float(x))]


@program((np.array(2.0 + 1j),), (np.array(3.0 + 0j),), paths=2)
def complex_of_a_scalar(x):
    return np.ones(2) * abs(complex(x))
