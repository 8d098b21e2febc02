# pyright: basic
"""Examples of special functions and of hashing."""

from typing import Any

import numpy as np
import scipy.special

from .example import between, example, fixed

high = between(1.5, 6.0)
share = between(0.05, 0.95)
wide = between(-5.0, 5.0)
some = between(0.2, 4.0)


def word(*numbers: int) -> Any:
    return fixed(numbers, "uint32")


def hashed(key1: Any, key2: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two of the vectors that the paper's authors publish, and one of a mixed key."""
    found = {
        (0, 0, 0, 0): (0x6B200159, 0x99BA4EFE),
        (2**32 - 1,) * 4: (0x1CB996FC, 0xBB002BE7),
        (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3): (0xC4923A9C, 0x483DF7A0),
    }
    rows = [found[tuple(map(int, row))] for row in zip(key1, key2, x1, x2, strict=True)]
    first, second = zip(*rows, strict=True)
    return np.array(first, np.uint32), np.array(second, np.uint32)


def bessel(reference: Any, numbers: Any) -> list[Any]:
    """torch's Bessel functions are good to seven digits in double precision."""
    return [
        example(reference, x=numbers(2, 3), tolerance=16, dtypes="float32 float16 bfloat16"),
        example(reference, x=numbers(2, 3), tolerance=3e7, dtypes="float64"),
    ]


EXAMPLES = {
    "cbrt": [example(np.cbrt, x=wide(2, 3), tolerance=4), example(np.cbrt, x=fixed([0, 8, -27, np.inf], "float32"))],
    "i0e": [example(scipy.special.i0e, x=wide(2, 3), tolerance=8)],
    "i1e": [example(scipy.special.i1e, x=wide(2, 3), tolerance=8)],
    "zeta": [example(scipy.special.zeta, x1=high(2, 3), x2=some(3), tolerance=16)],
    "gammainc": [example(scipy.special.gammainc, x1=some(2, 3), x2=some(3), tolerance=32)],
    "gammaincc": [example(scipy.special.gammaincc, x1=some(2, 3), x2=some(3), tolerance=32)],
    "betainc": [example(scipy.special.betainc, x1=some(2, 3), x2=some(3), x3=share(2, 1), tolerance=64)],
    "expi": [example(scipy.special.expi, x=some(2, 3), tolerance=8)],
    "dawsn": [example(scipy.special.dawsn, x=wide(2, 3), tolerance=8)],
    "spence": [example(scipy.special.spence, x=some(2, 3), tolerance=8)],
    "fresnel_cos": [example(lambda x: scipy.special.fresnel(x)[1], x=some(2, 3), tolerance=16)],
    "fresnel_sin": [example(lambda x: scipy.special.fresnel(x)[0], x=some(2, 3), tolerance=16)],
    "bessel_j0": bessel(scipy.special.j0, wide),
    "bessel_j1": bessel(scipy.special.j1, wide),
    "bessel_y0": bessel(scipy.special.y0, some),
    "bessel_y1": bessel(scipy.special.y1, some),
    "bessel_k0e": [example(scipy.special.k0e, x=some(2, 3), tolerance=8)],
    "bessel_k1e": [example(scipy.special.k1e, x=some(2, 3), tolerance=8)],
    "threefry2x32": [
        example(
            hashed,
            key1=word(0, 2**32 - 1, 0x13198A2E),
            key2=word(0, 2**32 - 1, 0x03707344),
            x1=word(0, 2**32 - 1, 0x243F6A88),
            x2=word(0, 2**32 - 1, 0x85A308D3),
            dtypes="uint32",
        )
    ],
}
