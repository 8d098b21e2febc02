"""Python numbers that a graph takes as inputs, so that another value does not need another capture.

A number enters `main` as an array of rank 0, in float64 or int64. The function receives a number of its framework whose
type yields to the types of arrays, as a Python number's does.
"""

import math
from typing import Any

from mlgraph.frameworks import framework_of, get
from mlgraph.frameworks.arrays import as_numpy, owner_of

LARGEST = 2**31 - 1
"""The largest integer that every target can hold."""


def is_number(value: Any) -> bool:
    """Return whether a Python number can be an input."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= LARGEST


def number_array(value: Any, source: str) -> Any:
    """Return a Python number as an array that the frontend of `source` takes."""
    return get(source).number(value)


def traced_number(array: Any) -> Any:
    """Return the number for an array of rank 0; in jax, an array of a weak type."""
    return owner_of(array).traced_number(array)


def python_number(value: Any) -> Any:
    """Return a computed value as a Python number."""
    return value if framework_of(value) is None else as_numpy(value).item()
