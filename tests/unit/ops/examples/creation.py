# pyright: basic
"""Examples of rows that make arrays from sizes and numbers."""

import numpy as np

from .example import COMPLEX, EVERY, FLOATS, SIGNED, UNSIGNED, Example, example, fixed, indices, uniform

INTEGERS = (*SIGNED, *UNSIGNED)


def full(value: complex, dtypes: tuple[str, ...], *shape: int) -> Example:
    return example(
        lambda shape, value, dtype: np.full(shape, value), shape=shape, value=value, dtype="own", dtypes=dtypes
    )


def arange(start: float, stop: float, step: float, dtypes: tuple[str, ...]) -> Example:
    return example(
        lambda start, stop, step, dtype: np.arange(start, stop, step),
        start=start,
        stop=stop,
        step=step,
        dtype="own",
        dtypes=dtypes,
    )


EXAMPLES = {
    "full": [
        full(2.5, (*FLOATS, *COMPLEX), 2, 3),
        full(7, INTEGERS, 4),
        full(-7, SIGNED, 0, 2),
        full(2**40 + 1, ("int64", "uint64")),
        full(True, ("bool",), 2, 1),
        full(1.5 - 2j, COMPLEX, 2),
        full(np.inf, FLOATS, 2),
        full(-np.inf, FLOATS, 2),
        full(np.nan, FLOATS, 2),
        full(0.1, FLOATS, 3),
    ],
    "arange": [
        arange(0, 10, 3, (*FLOATS, *INTEGERS)),
        arange(5, -4, -2, (*FLOATS, *SIGNED)),
        arange(0.5, 2, 0.25, FLOATS),
        arange(3, 3, 1, ("float32", "int64")),
        arange(4, 0, 1, ("float32", "int64")),
    ],
    "iota": [
        example(lambda size, dtype: np.arange(size[0]), size=(5,), dtype="own", dtypes=(*FLOATS, *INTEGERS)),
        example(lambda size, dtype: np.arange(size[0]), size=(0,), dtype="own"),
    ],
    "eye": [
        example(
            lambda rows, columns, dtype: np.eye(rows[0], columns[0]), rows=(3,), columns=(4,), dtype="own", dtypes=EVERY
        ),
        example(lambda rows, columns, dtype: np.eye(rows[0], columns[0]), rows=(3,), columns=(2,), dtype="own"),
    ],
    "dim": [
        example(lambda x, axis: np.array(x.shape[axis]), x=uniform(2, 3, 4), axis=1),
        example(lambda x, axis: np.array(x.shape[axis]), x=uniform(2, 3, 0), axis=-1),
    ],
    "from_size": [example(lambda size, dtype: np.array(size[0]), size=(5,), dtype="own", dtypes=(*FLOATS, *INTEGERS))],
    "to_size": [
        example(lambda x: x, x=indices(below=9, dtype=dtype), label=dtype) for dtype in ("int64", "int32", "uint8")
    ]
    + [example(lambda x: x, x=fixed(0))],
    "item": [example(lambda x: x, x=uniform(), dtypes=(*FLOATS, *COMPLEX, "bool"))],
}
