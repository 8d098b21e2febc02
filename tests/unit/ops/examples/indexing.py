# pyright: basic
"""Examples of reading and writing at computed places."""

from typing import Any

import numpy as np

from .example import FLOATS, Example, Number, condition, example, fixed, indices, uniform
from .manipulation import TO_END

INDEX_TYPES = ("int64", "int32", "uint8", "int8", "uint32")


def take(x: np.ndarray, found: np.ndarray, axis: int) -> np.ndarray:
    return np.take(x, found, axis=axis)


def places(found: np.ndarray, axis: int) -> tuple[np.ndarray, ...]:
    """Where `take_along_axis` reads."""
    grid = list(np.indices(found.shape))
    grid[axis] = found
    return tuple(grid)


def take_along_axis(x: np.ndarray, found: np.ndarray, axis: int) -> np.ndarray:
    return x[places(found, axis)]


WRITES = {
    "set": lambda x, place, values: x.__setitem__(place, values),
    "add": np.add.at,
    "multiply": np.multiply.at,
    "max": np.maximum.at,
    "min": np.minimum.at,
}


def scatter(x: np.ndarray, found: np.ndarray, values: np.ndarray, axis: int, mode: str = "set") -> np.ndarray:
    result = x.copy()
    WRITES[mode](result, places(found, axis), values)
    return result


def at(x: np.ndarray, found: list[np.ndarray], axes: Any) -> tuple[Any, ...]:
    place: list[Any] = [slice(None)] * x.ndim
    for axis, i in zip(axes, found, strict=True):
        place[axis] = i
    return tuple(place)


def index(x: np.ndarray, found: list[np.ndarray], axes: Any) -> np.ndarray:
    return x[at(x, found, axes)]


def index_put(
    x: np.ndarray, found: list[np.ndarray], values: np.ndarray, axes: Any, accumulate: bool = False
) -> np.ndarray:
    result = x.copy()
    WRITES["add" if accumulate else "set"](result, at(x, found, axes), values)
    return result


def windows(x: np.ndarray, starts: list[np.ndarray], sizes: Any) -> tuple[slice, ...]:
    held = [min(max(int(a), 0), n - k) for a, n, k in zip(starts, x.shape, sizes, strict=True)]
    return tuple(slice(a, a + k) for a, k in zip(held, sizes, strict=True))


def dynamic_slice(x: np.ndarray, starts: list[np.ndarray], sizes: Any) -> np.ndarray:
    return x[windows(x, starts, sizes)]


def dynamic_update_slice(x: np.ndarray, update: np.ndarray, starts: list[np.ndarray]) -> np.ndarray:
    result = x.copy()
    result[windows(x, starts, update.shape)] = update
    return result


def slice_update(x: np.ndarray, update: np.ndarray, starts: Any, stops: Any, steps: Any) -> np.ndarray:
    result = x.copy()
    bounds = zip(starts, stops, steps, strict=True)
    result[tuple(slice(a, None if b == TO_END else b, k) for a, b, k in bounds)] = update
    return result


def one_hot(x: np.ndarray, num_classes: int, dtype: str) -> np.ndarray:
    return x[..., None] == np.arange(num_classes)


def starts(*numbers: int, dtype: str = "int64") -> list[Any]:
    return [fixed(n, dtype) for n in numbers]


def scatters(mode: str) -> list[Example]:
    """Duplicates only where their order does not matter."""
    once = fixed(np.argsort(np.random.default_rng(0).random((3, 5)), axis=1)[:, :4])
    along = {"indices": once, "values": uniform(3, 4)} if mode == "set" else {}
    along = along or {"indices": indices(3, 4, below=5), "values": uniform(3, 4)}
    return [
        example(scatter, x=uniform(3, 5), axis=1, mode=mode, **along),
        example(scatter, x=uniform(4, 5), axis=-1, mode=mode, **along, label=f"{mode}-smaller"),
    ]


EXAMPLES = {
    "take": [
        example(take, x=uniform(4, 5), indices=indices(3, below=5), axis=1),
        *[
            example(take, x=uniform(6, 5), indices=indices(2, 3, below=6, dtype=d), axis=0, label=d)
            for d in INDEX_TYPES
        ],
        *[
            example(take, x=uniform(4, 5), indices=indices(3, below=4, dtype=d), axis=0, label=f"{d}-1d")
            for d in INDEX_TYPES
        ],
        example(take, x=uniform(2, 4, 5), indices=indices(3, 2, below=4), axis=-2),
        example(take, x=uniform(2, 4, 5), indices=indices(below=4), axis=1),
        example(take, x=uniform(7), indices=indices(3, below=7), axis=0),
        example(take, x=uniform(3, 4), indices=indices(0, below=4), axis=1),
        example(take, x=uniform(3, 4, 2), indices=indices(2, 2, below=3), axis=0),
    ],
    "take_along_axis": [
        example(take_along_axis, x=uniform(3, 5), indices=indices(3, 4, below=5), axis=1),
        *[
            example(take_along_axis, x=uniform(3, 5), indices=indices(2, 5, below=3, dtype=d), axis=0, label=d)
            for d in INDEX_TYPES
        ],
        example(take_along_axis, x=uniform(3, 5), indices=indices(2, 4, below=5), axis=-1),
        example(take_along_axis, x=uniform(3, 5), indices=indices(1, 4, below=5), axis=1),
        example(take_along_axis, x=uniform(3, 5, 4), indices=indices(2, 7, 3, below=5), axis=1),
        example(take_along_axis, x=uniform(6), indices=indices(3, below=6), axis=0),
    ],
    "index": [
        example(index, x=uniform(4, 5), indices=[indices(3, below=4), indices(3, below=5)], axes=(0, 1)),
        *[
            example(
                index,
                x=uniform(4, 5),
                indices=[indices(3, 1, below=4, dtype=d), indices(2, below=5)],
                axes=(0, 1),
                label=d,
            )
            for d in INDEX_TYPES
        ],
        example(index, x=uniform(4, 5, 6), indices=[indices(3, below=5), indices(3, below=6)], axes=(1, 2)),
        example(index, x=uniform(4, 5, 6), indices=[indices(3, below=4), indices(3, below=6)], axes=(0, 2)),
        example(index, x=uniform(4, 5, 6), indices=[indices(2, 3, below=5)], axes=(1,)),
        example(index, x=uniform(2, 4, 5, 6), indices=[indices(2, 1, below=4), indices(3, below=6)], axes=(1, 3)),
        example(index, x=uniform(4, 5), indices=[indices(below=5)], axes=(1,)),
    ],
    "index_put": [
        example(
            index_put, x=uniform(4, 5), indices=[fixed([0, 2, 3]), fixed([1, 1, 4])], values=uniform(3), axes=(0, 1)
        ),
        *[
            example(index_put, x=uniform(4, 5), indices=[fixed([3, 1], d)], values=uniform(2, 5), axes=(0,), label=d)
            for d in INDEX_TYPES
        ],
        example(index_put, x=uniform(4, 5), indices=[fixed([3, 1])], values=uniform(), axes=(1,)),
        example(
            index_put, x=uniform(4, 5, 6), indices=[fixed([3, 1]), fixed([0, 5])], values=uniform(4, 2), axes=(1, 2)
        ),
        example(
            index_put, x=uniform(4, 5, 6), indices=[fixed([3, 1]), fixed([0, 5])], values=uniform(2, 5), axes=(0, 2)
        ),
        example(
            index_put,
            x=uniform(3, 4),
            indices=[indices(9, below=3), indices(9, below=4)],
            values=uniform(9),
            axes=(0, 1),
            accumulate=True,
            dtypes="float32 float64 float16 bfloat16 int8 int32 int64 uint8 complex64",
            label="add",
        ),
        *[
            example(
                index_put,
                x=uniform(4, 5, 6),
                indices=[indices(9, below=n) for n in sizes],
                values=values,
                axes=axes,
                accumulate=True,
                label="add",
            )
            for axes, sizes, values in (
                ((1,), (5,), uniform(4, 9, 6)),
                ((1, 2), (5, 6), uniform(4, 9)),
                ((0, 2), (4, 6), uniform(9, 5)),
                ((2,), (6,), uniform()),
                ((0,), (4,), uniform(9, 1, 6)),
            )
        ],
    ],
    "scatter_along_axis": [
        *scatters("set"),
        *scatters("add"),
        *scatters("multiply"),
        *scatters("max"),
        *scatters("min"),
        example(scatter, x=uniform(6), indices=fixed([4, 0, 1]), values=uniform(3), axis=0),
        *[
            example(
                scatter,
                x=uniform(2, 4, 3),
                indices=indices(2, 6, 3, below=4, dtype=d),
                values=uniform(2, 6, 3),
                axis=1,
                mode="add",
                label=d,
            )
            for d in INDEX_TYPES
        ],
    ],
    "dynamic_slice": [
        example(dynamic_slice, x=uniform(5, 6), starts=starts(1, 2), sizes=(2, 3)),
        example(dynamic_slice, x=uniform(5, 6), starts=starts(4, 0), sizes=(2, 6)),
        example(dynamic_slice, x=uniform(5, 6), starts=starts(-2, 100, dtype="int32"), sizes=(2, 3)),
        example(dynamic_slice, x=uniform(5), starts=starts(3, dtype="uint8"), sizes=(2,)),
        example(dynamic_slice, x=uniform(5), starts=[Number(fixed(1))], sizes=(2,)),
    ],
    "dynamic_update_slice": [
        example(dynamic_update_slice, x=uniform(5, 6), update=uniform(2, 3), starts=starts(1, 2)),
        example(dynamic_update_slice, x=uniform(5, 6), update=uniform(2, 6), starts=starts(4, 0)),
        example(dynamic_update_slice, x=uniform(5, 6), update=uniform(2, 3), starts=starts(-2, 100, dtype="int32")),
        example(dynamic_update_slice, x=uniform(5, 6, 7), update=uniform(5, 1, 7), starts=starts(0, 3, 0)),
        example(dynamic_update_slice, x=uniform(5), update=uniform(2), starts=starts(3, dtype="uint8")),
    ],
    "slice_update": [
        example(slice_update, x=uniform(5, 6), update=uniform(2, 3), starts=(1, 0), stops=(3, TO_END), steps=(1, 2)),
        example(slice_update, x=uniform(5, 6), update=uniform(), starts=(1, 0), stops=(3, TO_END), steps=(1, 2)),
        example(slice_update, x=uniform(5, 6), update=uniform(6), starts=(0, 0), stops=(2, 6), steps=(1, 1)),
        example(slice_update, x=uniform(5, 6), update=uniform(2, 1), starts=(-2, 1), stops=(100, -1), steps=(1, 1)),
        example(
            slice_update, x=uniform(5, 6), update=uniform(5, 6), starts=(0, 0), stops=(TO_END, TO_END), steps=(1, 1)
        ),
        example(slice_update, x=uniform(5), update=uniform(2), starts=(1,), stops=(5,), steps=(2,)),
    ],
    "one_hot": [
        *[
            example(
                one_hot,
                x=indices(2, 3, below=4, dtype=d),
                num_classes=4,
                dtype="own",
                dtypes=FLOATS if d == "int64" else (),
                label=d,
            )
            for d in INDEX_TYPES
        ],
        example(one_hot, x=fixed([-1, 0, 3, 4]), num_classes=4, dtype="int64"),
        example(one_hot, x=indices(3, below=100, dtype="int8"), num_classes=300, dtype="bool"),
        example(one_hot, x=indices(below=4), num_classes=4, dtype="float32"),
    ],
    "nonzero": [
        example(np.argwhere, x=condition(4, 5), dtypes="bool"),
        example(np.argwhere, x=condition(7), dtypes="bool"),
        example(np.argwhere, x=fixed(np.zeros((2, 3)), "bool"), dtypes="bool"),
        example(np.argwhere, x=condition(), dtypes="bool"),
        example(np.argwhere, x=fixed(True, "bool"), dtypes="bool"),
    ],
}
