# pyright: basic
"""Examples of rows that move elements."""

from typing import Any

import numpy as np

from .example import Example, Number, between, distinct, dtype_named, example, scalar, uniform

TO_END = 2**63 - 1


def sliced(x: np.ndarray, starts: Any, stops: Any, steps: Any) -> np.ndarray:
    return x[tuple(slice(a, None if b == TO_END else b, k) for a, b, k in zip(starts, stops, steps, strict=True))]


def slices(starts: tuple[int, ...], stops: tuple[int, ...], steps: tuple[int, ...]) -> Example:
    return example(sliced, x=uniform(*(5, 6, 4)[: len(starts)]), starts=starts, stops=stops, steps=steps)


def pad(x: np.ndarray, value: Any, low: Any, high: Any) -> np.ndarray:
    """Onto a canvas: negative pads fall off it."""
    canvas = np.full([n + max(a, 0) + max(b, 0) for n, a, b in zip(x.shape, low, high, strict=True)], value)
    canvas[tuple(slice(max(a, 0), max(a, 0) + n) for n, a in zip(x.shape, low, strict=True))] = x
    cut = zip(canvas.shape, low, high, strict=True)
    return canvas[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, a, b in cut)]


def padding(shape: tuple[int, ...], low: tuple[int, ...], high: tuple[int, ...], value: Any = None) -> Example:
    return example(pad, x=uniform(*shape), low=low, high=high, value=value or Number(uniform()))


def continued(mode: Any) -> list[Example]:
    def reference(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
        """numpy does not cut off what negative pads do."""
        widths = [(max(a, 0), max(b, 0)) for a, b in zip(low, high, strict=True)]
        wide = np.pad(x, widths, mode=mode)
        cuts = [slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(low, high, wide.shape, strict=True)]
        return wide[tuple(cuts)]

    pads = [
        ((3, 5), (1, 2), (0, 3)),
        ((5,), (2,), (1,)),
        ((2, 3, 5), (0, 0, 2), (0, 0, 1)),
        ((2, 3, 5), (0, 1, 2), (0, 2, 1)),
        ((2, 3, 5, 4), (0, 0, 2, 1), (0, 0, 1, 3)),
        ((2, 3, 5, 4), (1, 0, 2, 0), (0, 0, 1, 0)),
        ((2, 3), (0, 0), (0, 0)),
        ((2, 3, 5), (0, -1, 2), (0, 2, -3)),
        ((2, 5), (0, 4), (0, -3)),
        ((2, 5), (0, -6), (0, 4)),
        ((0, 2, 5), (0, 0, 2), (0, 0, 1)),
    ]
    # tensorflow mirrors no axis of size 0, not even by nothing: where that is known it is left out.
    return [
        example(reference, x=uniform(*shape), low=low, high=high, sized=("tensorflow",) if 0 in shape else ())
        for shape, low, high in pads
    ]


def bits(x: np.ndarray, dtype: str) -> np.ndarray:
    return x.view(dtype_named(dtype))


def bitcast(dtype: str, to: str, operand: Any = uniform) -> Example:
    return example(bits, x=operand(2, 3), dtype=to, dtypes=dtype, narrow=True, label=f"to-{to}")


def triangle(reference: Any) -> list[Example]:
    return [
        example(reference, x=uniform(4, 5)),
        *[example(reference, x=uniform(2, 4, 3), k=k) for k in (-1, 1, 3, -5)],
    ]


def reshaped(x: np.ndarray, shape: Any) -> np.ndarray:
    return np.reshape(x, shape)


def tiled(x: np.ndarray, repeats: Any) -> np.ndarray:
    return np.tile(x, repeats)


def expanded(x: np.ndarray, axis: Any) -> np.ndarray:
    return np.expand_dims(x, axis)


def windows(x: np.ndarray, axis: int, length: int, step: int) -> np.ndarray:
    found = np.lib.stride_tricks.sliding_window_view(x, length, axis)
    return found[(*[slice(None)] * (axis % x.ndim), slice(None, None, step))]


def diagonals(x: np.ndarray, offset: int = 0) -> np.ndarray:
    return np.diagonal(x, offset, -2, -1)


def joined(x: np.ndarray) -> np.ndarray:
    return x[..., 0] + 1j * x[..., 1]


def parted(x: np.ndarray) -> np.ndarray:
    return np.stack([x.real, x.imag], -1)


EXAMPLES = {
    "diagonal": [
        example(diagonals, x=uniform(4, 4)),
        *[example(diagonals, x=uniform(2, 3, 5), offset=offset) for offset in (0, 1, -2, 4, 6, -3)],
    ],
    "windows": [
        example(windows, x=uniform(8), axis=0, length=3, step=1),
        example(windows, x=uniform(2, 7, 3), axis=1, length=2, step=3),
        example(windows, x=uniform(2, 7), axis=-1, length=7, step=2),
    ],
    "from_pairs": [example(joined, x=uniform(3, 2)), example(joined, x=uniform(2))],
    "to_pairs": [
        example(parted, x=uniform(3, 4), dtypes="complex64"),
        example(parted, x=uniform(), dtypes="complex64"),
    ],
    "reshape": [
        example(reshaped, x=uniform(2, 6), shape=(3, 4)),
        example(reshaped, x=uniform(2, 6), shape=(4, -1)),
        example(reshaped, x=uniform(2, 6), shape=(-1,)),
        example(reshaped, x=uniform(1, 1), shape=()),
        example(reshaped, x=uniform(), shape=(1, 1)),
        example(reshaped, x=uniform(0, 3), shape=(3, 0, 2)),
    ],
    "permute_dims": [
        example(np.transpose, x=uniform(2, 3, 4), axes=(2, 0, 1)),
        example(np.transpose, x=uniform(2, 3), axes=(1, 0)),
        example(np.transpose, x=uniform(), axes=()),
    ],
    "expand_dims": [
        example(expanded, x=uniform(2, 3), axis=(1,)),
        *[example(expanded, x=uniform(2, 3), axis=axis) for axis in ((0,), (-1,), (0, 2), (-1, 0), (1, 3, 0), ())],
        example(expanded, x=uniform(), axis=(0,)),
    ],
    "squeeze": [
        example(np.squeeze, x=uniform(1, 3, 1), axis=(0,)),
        example(np.squeeze, x=uniform(1, 3, 1), axis=(2, 0)),
        example(np.squeeze, x=uniform(1, 3, 1), axis=(-1,)),
        example(np.squeeze, x=uniform(1, 3, 1), axis=()),
    ],
    "broadcast_to": [
        example(np.broadcast_to, x=uniform(3, 1), shape=(2, 3, 4)),
        example(np.broadcast_to, x=uniform(), shape=(2, 3)),
        example(np.broadcast_to, x=uniform(3), shape=(3,)),
        example(np.broadcast_to, x=uniform(1, 3), shape=(0, 3)),
    ],
    "concat": [
        example(np.concatenate, xs=[uniform(2, 3), uniform(2, 1)], axis=1),
        example(np.concatenate, xs=[uniform(2, 3), uniform(0, 3), uniform(4, 3)], axis=0),
        example(np.concatenate, xs=[uniform(2, 3)], axis=-1),
    ],
    "stack": [
        example(np.stack, xs=[uniform(2, 3), uniform(2, 3)], axis=1),
        example(np.stack, xs=[uniform(2, 3), uniform(2, 3), uniform(2, 3)], axis=-1),
        example(np.stack, xs=[uniform(), uniform()], axis=0),
    ],
    "flip": [
        example(np.flip, x=uniform(2, 3), axis=(1,)),
        example(np.flip, x=uniform(2, 3, 4), axis=(0, -1)),
        example(np.flip, x=uniform(2, 3), axis=()),
    ],
    "roll": [
        example(np.roll, x=uniform(2, 3), shift=(1,), axis=(1,)),
        example(np.roll, x=uniform(2, 3, 4), shift=(-1, 7), axis=(0, -1)),
        example(np.roll, x=uniform(0, 3), shift=(1,), axis=(0,)),
    ],
    "tile": [
        example(tiled, x=uniform(2, 3), repeats=(2, 1)),
        example(tiled, x=uniform(2, 3), repeats=(1, 3)),
        example(tiled, x=uniform(3), repeats=(0,)),
    ],
    "repeat": [
        example(np.repeat, x=uniform(2, 3), repeats=2, axis=1),
        example(np.repeat, x=uniform(2, 3), repeats=3, axis=-2),
        example(np.repeat, x=uniform(2, 3), repeats=0, axis=0),
    ],
    "slice": [
        slices((1, 0, 0), (3, TO_END, TO_END), (1, 1, 2)),
        slices((0, 0, 0), (TO_END, TO_END, TO_END), (1, 1, 1)),
        slices((-3, 2, 1), (-1, 100, TO_END), (1, 3, 1)),
        slices((2, 0, -100), (1, 6, 3), (1, 1, 2)),
        slices((0, 1, 0), (TO_END, 5, TO_END), (1, 2, 1)),
        slices((9, 0), (12, 0), (1, 1)),
        slices((4,), (TO_END,), (1,)),
        slices((0,), (3,), (1,)),
        slices((), (), ()),
    ],
    "pad": [
        padding((2, 3), (1, 0), (2, 1)),
        padding((2, 3), (1, 0), (2, 1), uniform()),
        padding((4, 5), (-1, 2), (0, -3)),
        padding((4, 5), (-1, 2), (0, -3), uniform()),
        padding((4, 5), (0, 0), (0, 0)),
        padding((2, 3, 4, 5), (0, 0, 1, 2), (0, 0, 3, 4)),
        padding((2, 3), (0, 1), (0, 1), Number(scalar(-np.inf))),
        padding((0, 3), (1, 1), (2, 0)),
        example(pad, x=between(0, 9)(3), value=Number(scalar(2**60 + 1)), low=(1,), high=(1,), dtypes="int64"),
        padding((3,), (2,), (0,)),
    ],
    "pad_reflect": continued("reflect"),
    "pad_edge": continued("edge"),
    "tril": triangle(np.tril),
    "triu": triangle(np.triu),
    "bitcast": [
        bitcast("float32", "int32"),
        bitcast("int32", "float32", distinct),
        bitcast("float32", "uint32"),
        bitcast("uint32", "float32", distinct),
        bitcast("float64", "int64"),
        bitcast("int64", "float64", distinct),
        bitcast("float16", "int16"),
        bitcast("bfloat16", "int16"),
        bitcast("int16", "bfloat16", distinct),
        bitcast("int8", "uint8"),
        bitcast("uint64", "int64"),
    ],
}
