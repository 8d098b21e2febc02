"""Python numbers that a graph takes as inputs, so that another value is no other capture.

A number enters `main` as an array without axes, in double precision or as a long integer, and the function is given
what its framework makes of that: a number that gives way to the types of arrays, as Python's own does.
"""

import math
from typing import Any

from mlgraph.frameworks import framework_of, get
from mlgraph.frameworks.arrays import as_numpy, owner_of

LARGEST = 2**31 - 1
"""Integers up to here are numbers on every target."""


def is_number(value: Any) -> bool:
    """Return whether a value can be an input in the place of a Python number."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= LARGEST


def number_array(value: Any, source: str) -> Any:
    """Return a Python number as an array that the frontend of `source` takes."""
    return get(source).number(value)


def traced_number(array: Any) -> Any:
    """Return the number that an array without axes stands for: of jax an array whose type gives way to others."""
    return owner_of(array).traced_number(array)


def python_number(value: Any) -> Any:
    """Return what a program computed as a Python number."""
    return value if framework_of(value) is None else as_numpy(value).item()
