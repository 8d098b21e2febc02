"""Python numbers that a graph takes as inputs, so that another value is no other capture.

A number enters `main` as an array without axes, in double precision or as a long integer, and the function is given
what its framework makes of that: a number that gives way to the types of arrays, as Python's own does.
"""

# pyright: basic
import math
from typing import Any

import numpy as np

from mlgraph.targets.arrays import as_numpy, framework_of

LARGEST = 2**31 - 1
"""Integers up to here are numbers on every target."""
SOURCES = ("torch", "jax", "numpy")
"""The frameworks whose numbers give way to the types of arrays; tensorflow makes an array of its own type of each."""


def is_number(value: Any) -> bool:
    """Return whether a value can be an input in the place of a Python number."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= LARGEST


def number_array(value: Any, source: str) -> Any:
    """Return a Python number as an array of `source`."""
    if source == "jax":
        import jax.numpy as jnp

        return jnp.asarray(value)
    return np.asarray(value)


def traced_number(array: Any) -> Any:
    """Return the number that an array without axes stands for: of jax an array whose type gives way to others."""
    return array if framework_of(array) == "jax" else array.item()


def python_number(value: Any) -> Any:
    """Return what a program computed as a Python number."""
    return value if framework_of(value) is None else as_numpy(value).item()
