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


def __getattr__(name: str) -> Any:
    found = getattr(np, name)
    return found if isinstance(found, type) else _on_values(found)
