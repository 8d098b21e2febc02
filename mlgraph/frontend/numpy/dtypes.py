"""Element types that several modules name."""

from typing import Any

import numpy as np

INT: np.dtype[Any] = np.dtype(np.int64)
FLOAT: np.dtype[Any] = np.dtype(np.float64)


def real_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of the real and imaginary parts of a complex type, and any other type itself."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
