# pyright: basic
"""Examples of functions of whole numbers."""

import numpy as np

from .example import Example, example, uniform, values


def set_bits(x: np.ndarray) -> np.ndarray:
    """Negative numbers in two's complement."""
    bits = np.unpackbits(np.ascontiguousarray(x).view(np.uint8).reshape(*x.shape, x.itemsize), axis=-1)
    return bits.sum(-1)


def bits_of(result: np.ndarray, x: np.ndarray) -> None:
    assert result.dtype == x.dtype
    np.testing.assert_array_equal(result, set_bits(x))


EXAMPLES: dict[str, list[Example]] = {
    "gcd": [
        example(np.gcd, x1=values(12, 18, 7, 0, 36), x2=values(8, 27, 5, 4, 0), dtypes="int8 int32 int64"),
        example(np.gcd, x1=uniform(2, 1, 3), x2=uniform(4, 1), dtypes="int32 int64"),
    ],
    "bitwise_count": [
        example(
            x=values(0, 1, 2, 85, 127, 100), check=bits_of, dtypes="int8 int16 int32 int64 uint8 uint16 uint32 uint64"
        ),
        example(x=values(-1, -2, -128, -77), check=bits_of, dtypes="int8 int16 int32 int64"),
    ],
}
