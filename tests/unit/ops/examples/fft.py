# pyright: basic
"""Examples of Fourier transforms."""

import numpy as np

from .example import COMPLEX, Example, example, uniform

WIDE = ("float32", "float64")
AXES = ((-1,), (0,), (1, 2), (0, 1, 2), (0, 2))


def transform(name: str, axes: tuple[int, ...], dtypes: tuple[str, ...]) -> Example:
    return example(getattr(np.fft, name), x=uniform(3, 4, 6), axes=axes, dtypes=dtypes, label=str(axes))


def inverse(axes: tuple[int, ...], size: int) -> Example:
    def reference(x: np.ndarray, axes: tuple[int, ...], size: tuple[int]) -> np.ndarray:
        return np.fft.irfftn(x, [*(x.shape[a] for a in axes[:-1]), *size], axes)

    return example(reference, x=uniform(3, 4, 6), axes=axes, size=(size,), dtypes=COMPLEX, label=f"{axes}-{size}")


EXAMPLES = {
    "fftn": [transform("fftn", axes, COMPLEX) for axes in AXES],
    "ifftn": [transform("ifftn", axes, COMPLEX) for axes in AXES],
    "rfftn": [transform("rfftn", axes, WIDE) for axes in AXES],
    "irfftn": [inverse(axes, size) for axes in AXES for size in (5, 6)],
}
