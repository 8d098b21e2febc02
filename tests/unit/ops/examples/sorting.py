# pyright: basic
"""Examples of sorting and searching."""

from functools import partial
from typing import Any

import numpy as np

from .example import FLOATS, Example, distinct, example, uniform, values

TIES = values([2, 1, 3, 1, 2], [0, 0, 5, 5, 0])
WITH_NAN = values([2, np.nan, -np.inf, 1, np.nan], [np.inf, 0, 5, np.nan, -3])
BOTH_ZEROS = values([0.0, -0.0, 1.0, -0.0])


def order(row: np.ndarray, descending: bool) -> np.ndarray:
    """The stable order of a row by Python's own sort: NaN last, or first when descending."""

    def key(i: int) -> Any:
        missing = row[i] != row[i]
        value = 0 if missing else row[i].item()
        return (not missing, -value) if descending else (missing, value)

    return np.array(sorted(range(len(row)), key=key), dtype=np.int64)


def argsort(x: np.ndarray, axis: int, dtype: str = "", descending: bool = False, stable: bool = True) -> np.ndarray:
    return np.apply_along_axis(partial(order, descending=descending), axis, x)


def sort(x: np.ndarray, axis: int, descending: bool = False) -> np.ndarray:
    return np.take_along_axis(x, argsort(x, axis, descending=descending), axis)


def sort_and_argsort(x: np.ndarray, axis: int, **parameters: Any) -> tuple[np.ndarray, np.ndarray]:
    order = argsort(x, axis, **parameters)
    return np.take_along_axis(x, order, axis), order


def topk(
    x: np.ndarray, k: int, axis: int, dtype: str, largest: bool = True, stable: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    found = np.take(argsort(x, axis, descending=largest), np.arange(k), axis=axis)
    return np.take_along_axis(x, found, axis), found


def searchsorted(x1: np.ndarray, x2: np.ndarray, dtype: str, side: str = "left") -> np.ndarray:
    if x1.ndim == 1:
        return np.searchsorted(x1, x2, side=side)
    return np.stack([searchsorted(a, b, dtype, side) for a, b in zip(x1, x2, strict=True)])


def orders(**parameters: Any) -> list[Example]:
    reference = argsort if parameters else sort
    return [
        example(reference, x=TIES, axis=1, **parameters, dtypes=()),
        *[
            example(reference, x=operand, axis=axis, descending=descending, **parameters)
            for operand, axis in ((distinct(4, 5), 0), (TIES, -1), (distinct(2, 3, 4), 1), (distinct(7), 0))
            for descending in (False, True)
        ],
        example(reference, x=WITH_NAN, axis=1, **parameters, dtypes=FLOATS),
        example(reference, x=WITH_NAN, axis=1, descending=True, **parameters, dtypes=FLOATS),
        example(reference, x=uniform(3, 0), axis=1, **parameters),
        example(reference, x=TIES, axis=1, descending=True, **parameters, dtypes="int8 int64 uint8 uint32 uint64 bool"),
    ]


SORTED = values(0, 1, 1, 2, 5)
BATCH = values([0, 1, 1, 2, 3], [0, 0, 2, 3, 4])


def extremes(value: Any, index: Any) -> list[Example]:
    def reference(x: np.ndarray, axis: int, dtype: str, keepdims: bool = False) -> tuple[np.ndarray, np.ndarray]:
        return value(x, axis=axis, keepdims=keepdims), index(x, axis=axis, keepdims=keepdims)

    return [
        example(reference, x=distinct(4, 3), axis=-2, dtype="int64"),
        example(reference, x=TIES, axis=1, dtype="int32", keepdims=True, dtypes="float32 int8 uint8 int64 bool"),
        example(reference, x=WITH_NAN, axis=1, dtype="int64", dtypes=FLOATS),
    ]


EXAMPLES = {
    "sort": orders(),
    "argsort": [*orders(dtype="int64"), example(argsort, x=BOTH_ZEROS, axis=0, dtype="int32", descending=True)],
    "sort_and_argsort": [
        example(sort_and_argsort, x=TIES, axis=1, dtype="int64", dtypes="float32 int8 int64 uint8"),
        example(sort_and_argsort, x=distinct(4, 5), axis=0, dtype="int32", descending=True, stable=False),
        example(sort_and_argsort, x=WITH_NAN, axis=-1, dtype="int64", dtypes=FLOATS),
    ],
    "max_and_argmax": extremes(np.max, np.argmax),
    "min_and_argmin": extremes(np.min, np.argmin),
    "topk": [
        example(topk, x=TIES, k=3, axis=1, dtype="int64"),
        example(topk, x=TIES, k=3, axis=1, dtype="int32", largest=False, dtypes="float32 int8 uint8 int64"),
        example(topk, x=distinct(6, 4), k=2, axis=0, dtype="int64"),
        example(topk, x=distinct(6, 4), k=2, axis=0, dtype="int32", stable=False),
        example(topk, x=WITH_NAN, k=1, axis=1, dtype="int64", largest=False, stable=False, dtypes=FLOATS),
        example(topk, x=distinct(6, 4), k=6, axis=-2, dtype="int64", largest=False),
        example(topk, x=WITH_NAN, k=3, axis=1, dtype="int64", dtypes=FLOATS),
        example(topk, x=WITH_NAN, k=3, axis=1, dtype="int64", largest=False, dtypes=FLOATS),
    ],
    "searchsorted": [
        example(searchsorted, x1=values(0, 1, 1, 3), x2=uniform(2, 3), dtype="int64"),
        *[
            example(searchsorted, x1=SORTED, x2=x2, dtype=dtype, side=side)
            for side in ("left", "right")
            for x2, dtype in ((values(0, 1, 5, -3), "int64"), (uniform(2, 3), "int32"), (uniform(), "int64"))
        ],
        *[example(searchsorted, x1=BATCH, x2=uniform(2, 3), dtype="int64", side=side) for side in ("left", "right")],
    ],
}
