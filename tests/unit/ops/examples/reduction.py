# pyright: basic
"""Examples of reductions and scans."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from .example import FLOATS, HALF_PRECISION, SIGNED, UNSIGNED, Example, between, condition, example, uniform, values

Reference = Callable[..., Any]

TIES = values([1, 3, 3, 0], [2, 2, 2, 2])
WITH_NAN = values([1, np.nan, 3, np.nan], [np.inf, 2, -np.inf, 2])
INFINITE = values([-np.inf, -np.inf, -np.inf], [np.inf, 1, -np.inf])


def reductions(reference: Reference | None = None, draw: Any = uniform, **parameters: Any) -> list[Example]:
    """Over one axis, several, all, none, of an empty and a 0-d array, with and without `keepdims`."""
    return [
        example(reference, x=draw(3, 4, 2), axis=(1,), **parameters),
        *[
            example(reference, x=draw(3, 4, 2), axis=axis, keepdims=keepdims, **parameters)
            for axis in ((0, 2), (-1,), (2, 0), (0, 1, 2), None)
            for keepdims in (False, True)
        ],
        example(reference, x=draw(), axis=None, **parameters),
    ]


def unreduced(reference: Reference | None = None) -> Example:
    return example(reference, x=uniform(3, 4), axis=())


def empty(reference: Reference | None = None) -> Example:
    return example(reference, x=uniform(3, 0), axis=(1,))


def with_nan(reference: Reference | None = None) -> Example:
    return example(reference, x=WITH_NAN, axis=(1,), dtypes=FLOATS)


def wrapping(reference: Reference, **parameters: Any) -> Example:
    return example(reference, x=between(100, 120)(4, 9), dtypes=(*SIGNED, *UNSIGNED), label="wrap", **parameters)


def mean(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    return np.mean(x, axis=axis, keepdims=keepdims)


def var(x: np.ndarray, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    distance = np.abs(x - np.mean(x, axis=axis, keepdims=True)) ** 2
    count = distance.size / np.sum(distance, axis=axis).size
    return np.sum(distance, axis=axis, keepdims=keepdims) / (count - correction)


def std(x: np.ndarray, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    return np.sqrt(var(x, axis, correction, keepdims))


def logsumexp(x: np.ndarray, axis: Any, keepdims: bool = False) -> np.ndarray:
    return np.asarray(scipy.special.logsumexp(x, axis=axis, keepdims=keepdims))


def arg(reference: Reference) -> list[Example]:
    def call(x: np.ndarray, axis: int, dtype: str, keepdims: bool = False) -> np.ndarray:
        return reference(x, axis=axis, keepdims=keepdims)

    return [
        example(call, x=uniform(3, 7), axis=1, dtype="int64"),
        example(call, x=uniform(3, 7), axis=0, dtype="int32", keepdims=True),
        example(call, x=uniform(3, 2, 7), axis=-2, dtype="uint8"),
        example(call, x=uniform(7), axis=0, dtype="int32"),
        example(call, x=TIES, axis=1, dtype="int64", dtypes=("float32", "int32")),
        example(call, x=WITH_NAN, axis=1, dtype="int64", dtypes=FLOATS),
        example(call, x=INFINITE, axis=1, dtype="int64", dtypes=FLOATS),
    ]


def scans(reference: Reference, draw: Any = uniform, **parameters: Any) -> list[Example]:
    return [
        example(reference, x=draw(3, 5), axis=1, **parameters),
        example(reference, x=draw(3, 5), axis=0, **parameters),
        example(reference, x=draw(3, 5, 2), axis=-2, **parameters),
        example(reference, x=draw(0, 5), axis=0, **parameters),
        example(reference, x=WITH_NAN, axis=1, dtypes=FLOATS, **parameters),
    ]


def cumulative_logsumexp(x: np.ndarray, axis: int) -> np.ndarray:
    return np.logaddexp.accumulate(x, axis=axis)


def norm(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


EXAMPLES = {
    "sum": [*reductions(), unreduced(), empty(), with_nan(), wrapping(np.sum, axis=(0,))],
    "vector_norm": [*reductions(norm), example(norm, x=values([0, 0], [0, 0]), axis=(1,))],
    "prod": [*reductions(), unreduced(), empty(), with_nan(), wrapping(np.prod, axis=(1,))],
    "mean": [
        *reductions(mean),
        unreduced(mean),
        empty(mean),
        with_nan(mean),
        example(mean, x=values(*[1] * 70000), axis=(0,), dtypes=HALF_PRECISION, label="long"),
    ],
    "var": [
        *reductions(var),
        *reductions(var, correction=1.0),
        example(var, x=between(1000, 1001)(5, 6), axis=(0,), tolerance=1e5),
    ],
    "std": [*reductions(std), *reductions(std, correction=1.0)],
    "max": [*reductions(np.max), unreduced(np.max), with_nan(np.max)],
    "min": [*reductions(np.min), unreduced(np.min), with_nan(np.min)],
    "all": [*reductions(np.all, condition, dtypes="bool"), example(np.all, x=condition(3, 0), axis=(1,))],
    "any": [*reductions(np.any, condition, dtypes="bool"), example(np.any, x=condition(3, 0), axis=(1,))],
    "logsumexp": [
        *[e for e in reductions(logsumexp) if e.arguments["axis"] is not None],
        example(logsumexp, x=between(500, 1000)(3, 4), axis=(1,), label="large"),
        example(logsumexp, x=INFINITE, axis=(1,), dtypes=FLOATS),
    ],
    "argmax": arg(np.argmax),
    "argmin": arg(np.argmin),
    "cumulative_sum": [*scans(np.cumsum), wrapping(np.cumsum, axis=1)],
    "cumulative_prod": [*scans(np.cumprod), wrapping(np.cumprod, axis=0)],
    "cumulative_max": scans(np.maximum.accumulate),
    "cumulative_min": scans(np.minimum.accumulate),
    "cumulative_logsumexp": [*scans(cumulative_logsumexp), example(cumulative_logsumexp, x=INFINITE, axis=1)],
}
