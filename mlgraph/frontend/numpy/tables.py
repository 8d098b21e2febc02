"""The tables of numpy functions, methods and ufuncs that are captured by a function here, filled by other modules."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""numpy functions that a rule captures; others are captured by running numpy's own Python code."""

METHODS: dict[str, Callable[..., Any]] = {}
"""Methods of `np.ndarray` by name."""

UFUNC_METHODS: dict[str, Callable[..., Any]] = {}
"""`reduce`, `accumulate`, `outer`, `at` and `reduceat` of ufuncs."""

GENERALIZED: dict[str, Callable[..., Any]] = {}
"""Generalized ufuncs by name, as `matmul` and those of `numpy.linalg`."""

HOOKS: dict[str, Callable[..., Any]] = {}
"""Functions that arrays and sizes call, by name, of modules that import these."""


def method(*names: str) -> Callable[[F], F]:
    """Return a decorator that makes a function these methods of `np.ndarray`."""

    def register(function: F) -> F:
        METHODS.update(dict.fromkeys(names, function))
        return function

    return register


def hook(function: F) -> F:
    """Register a function in `HOOKS` under its name."""
    HOOKS[function.__name__] = function
    return function
