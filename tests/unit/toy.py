# pyright: basic
"""A small array library: numpy's functions on arrays of a class of its own, which nobody can write."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np


class Array:
    """An array of the library."""

    def __init__(self, values: Any) -> None:
        self._values = np.array(values)
        self._values.flags.writeable = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._values, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    @property
    def dtype(self) -> np.dtype:
        return self._values.dtype

    def __getitem__(self, key: Any) -> Any:
        return _on_values(operator.getitem)(self, key)

    def __add__(self, other: Any) -> Any:
        return _on_values(operator.add)(self, other)

    def __mul__(self, other: Any) -> Any:
        return _on_values(operator.mul)(self, other)

    def __bool__(self) -> bool:
        return bool(self._values)


def _on_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays of the library that does what one of numpy does."""

    def plain(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(map(plain, value))
        return value._values if isinstance(value, Array) else value

    def called(*args: Any, **kwargs: Any) -> Any:
        found = function(*map(plain, args), **{name: plain(value) for name, value in kwargs.items()})
        return Array(found) if isinstance(found, np.ndarray | np.generic) else found

    return called


@_on_values
def updated(x: Any, index: Any, values: Any) -> Any:
    """`x` with other values at an index."""
    found = x.copy()
    found[index or ...] = values
    return found


@_on_values
def scattered(x: Any, indices: Any, values: Any, axis: int) -> Any:
    """`x` with other values at the places along an axis."""
    found = x.copy()
    np.put_along_axis(found, indices, values, axis)
    return found


def _window(shape: Any, starts: Any, sizes: Any) -> tuple[slice, ...]:
    """The slices of these sizes that begin at `starts`, moved so that they fit."""
    begins = [int(np.clip(start, 0, n - size)) for start, n, size in zip(starts, shape, sizes, strict=True)]
    return tuple(slice(begin, begin + size) for begin, size in zip(begins, sizes, strict=True))


@_on_values
def window(x: Any, starts: Any, sizes: Any) -> Any:
    """A part of `x` that begins where arrays say."""
    return x[_window(x.shape, starts, sizes)]


@_on_values
def with_window(x: Any, part: Any, starts: Any) -> Any:
    """`x` with another part, which begins where arrays say."""
    found = x.copy()
    found[_window(x.shape, starts, part.shape)] = part
    return found


class Stream:
    """Random numbers, which each draw moves on."""

    def __init__(self, seed: int | None) -> None:
        self._numbers = np.random.default_rng(seed)


def draw(method: str, stream: Stream, *args: Any) -> Any:
    """What a method of numpy's generators draws from a stream, as an array."""
    return _on_values(getattr(stream._numbers, method))(*args)


def __getattr__(name: str) -> Any:
    found = getattr(np, name)
    return found if isinstance(found, type) else _on_values(found)
