# pyright: basic
"""An example of a row, and how to draw its operands."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

HALF_PRECISION = ("float16", "bfloat16")
FLOATS = ("float32", "float64", *HALF_PRECISION)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
EVERY = (*FLOATS, *SIGNED, *UNSIGNED, "bool", *COMPLEX)

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 1e-3, np.inf, -np.inf, np.nan)

OWN = "own"
"""A parameter that is the element type in which the example runs."""

Operand: TypeAlias = Callable[[np.random.Generator, str], np.ndarray]


def dtype_named(name: str) -> np.dtype:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


# Operands


@dataclass(frozen=True)
class Number:
    """An operand that stands in the program as a literal."""

    operand: Operand


def uniform(*shape: int, low: float = -3.0, high: float = 3.0) -> Operand:
    """Numbers of the example's element type between `low` and `high`, none negative where the type has no sign."""

    def draw(random: np.random.Generator, dtype: str) -> np.ndarray:
        if dtype == "bool":
            return random.random(shape) < 0.5
        if dtype in COMPLEX:
            return (random.uniform(low, high, shape) + 1j * random.uniform(low, high, shape)).astype(dtype)
        if dtype in FLOATS:
            return random.uniform(low, high, shape).astype(dtype_named(dtype))
        return random.integers(max(low, 0) if dtype in UNSIGNED else low, high, shape, endpoint=True).astype(dtype)

    return draw


def values(*items: Any) -> Operand:
    """These elements in the example's element type."""
    return lambda random, dtype: np.array(items).astype(dtype_named(dtype))


def scalar(item: Any) -> Operand:
    """This number as a 0-d array of the example's element type."""
    return lambda random, dtype: np.array(item).astype(dtype_named(dtype))


def fixed(array: Any, dtype: str = "int64") -> Operand:
    """This very array, whatever the example's element type."""
    return lambda random, _: np.array(array, dtype_named(dtype))


def between(low: float, high: float) -> Callable[..., Operand]:
    """Numbers between `low` and `high`."""
    return partial(uniform, low=low, high=high)


def distinct(*shape: int) -> Operand:
    """Numbers that all differ, in random order: sorting them has no ties."""

    def draw(random: np.random.Generator, dtype: str) -> np.ndarray:
        return random.permutation(math.prod(shape)).reshape(shape).astype(dtype_named(dtype))

    return draw


def indices(*shape: int, below: int, dtype: str = "int64") -> Operand:
    """Integers from 0 up to `below`."""
    return lambda random, _: random.integers(0, below, shape).astype(dtype)


def condition(*shape: int) -> Operand:
    """Bools."""
    return lambda random, _: random.random(shape) < 0.5


# Examples


@dataclass(frozen=True)
class Example:
    """A call of a row."""

    arguments: dict[str, Any]
    reference: Callable[..., Any] | None = None
    dtypes: tuple[str, ...] = ()
    tolerance: float = 1.0
    """Times the usual few units in the last place."""
    label: str = ""
    narrow: bool = False
    """Whether the reference takes floats in the example's element type instead of in float64."""
    check: Callable[..., None] | None = None
    """Instead of comparing element by element: is given the results, and the operands as the reference is."""
    sized: tuple[str, ...] = ()
    """The backends that run it right only where sizes are known, for a reason that stands beside the example."""


def example(
    reference: Callable[..., Any] | None = None,
    *,
    dtypes: str | tuple[str, ...] = (),
    tolerance: float = 1.0,
    label: str = "",
    narrow: bool = False,
    check: Callable[..., None] | None = None,
    sized: tuple[str, ...] = (),
    **arguments: Any,
) -> Example:
    names = tuple(dtypes.split()) if isinstance(dtypes, str) else dtypes
    return Example(arguments, reference, names, tolerance, label, narrow, check, sized)
