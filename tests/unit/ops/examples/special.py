# pyright: basic
"""Examples of special functions and of hashing."""

from typing import Any

import numpy as np
import scipy.special
import torch

from .example import Number, between, example, fixed, scalar, values

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


def special(reference: Any, numbers: Any, tolerance: float = 16, **more: Any) -> list[Any]:
    """On every side of where an approximation changes, and at the edges."""
    edges = fixed([0, -0.0, 0.5, 1, 2, 5, -1, -5, np.nan], "float32")
    return [
        example(reference, x=numbers(40), tolerance=tolerance, **more),
        example(reference, x=edges, tolerance=tolerance, dtypes="float32", label="edges", **more),
    ]


def monic(reference: Any, name: str, numbers: Any, tolerance: float = 16) -> list[Any]:
    """As `special`, and as torch has the function."""

    def by_torch(x: np.ndarray, monic: bool) -> np.ndarray:
        return getattr(torch.special, name)(torch.from_numpy(x)).numpy()

    lacking = example(
        by_torch, x=numbers(40), tolerance=tolerance, dtypes="float32 float64", label="of torch", monic=False
    )
    return [*special(reference, numbers, tolerance), lacking]


def polynomial(family: str, evaluate: Any) -> list[Any]:
    """Orders below 0, whole and broken ones, that are a step, a loop or an angle away, and one that is known."""
    orders = [-1, 0, 1, 2.5, 5, 9, np.nan]

    def reference(x: Any, n: Any, family: str) -> Any:
        whole = np.where(np.isfinite(n), np.trunc(n), -1)
        return np.where(whole < 0, 0, evaluate(np.maximum(whole, 0).astype(int), x))

    return [
        example(reference, x1=between(-1.2, 1.2)(6, 1), x2=fixed(orders, "float32"), family=family, tolerance=512,
                dtypes="float32"),
        example(reference, x1=between(-1.2, 1.2)(6, 1), x2=fixed(orders, "float64"), family=family, tolerance=512,
                dtypes="float64"),
        example(reference, x1=wide(6), x2=Number(scalar(4)), family=family, tolerance=64),
    ]  # fmt: skip


def shifted(evaluate: Any) -> Any:
    return lambda n, x: evaluate(n, 2 * x - 1)


def chebyshev_v(n: Any, x: Any) -> Any:
    return scipy.special.eval_chebyu(n, x) - np.where(n > 0, scipy.special.eval_chebyu(np.maximum(n - 1, 0), x), 0)


def chebyshev_w(n: Any, x: Any) -> Any:
    return scipy.special.eval_chebyu(n, x) + np.where(n > 0, scipy.special.eval_chebyu(np.maximum(n - 1, 0), x), 0)


CHEBYSHEV = {
    "t": scipy.special.eval_chebyt,
    "u": scipy.special.eval_chebyu,
    "v": chebyshev_v,
    "w": chebyshev_w,
}
POLYNOMIALS = {
    **{f"chebyshev_polynomial_{kind}": evaluate for kind, evaluate in CHEBYSHEV.items()},
    **{f"shifted_chebyshev_polynomial_{kind}": shifted(evaluate) for kind, evaluate in CHEBYSHEV.items()},
    "hermite_polynomial_h": scipy.special.eval_hermite,
    "hermite_polynomial_he": scipy.special.eval_hermitenorm,
    "laguerre_polynomial_l": scipy.special.eval_laguerre,
    "legendre_polynomial_p": scipy.special.eval_legendre,
}


def from_zero(reference: Any) -> Any:
    """scipy's polygamma of a whole order."""
    return lambda x, n: reference(n, x)


EXAMPLES = {
    "cbrt": [example(np.cbrt, x=wide(2, 3), tolerance=4), example(np.cbrt, x=fixed([0, 8, -27, np.inf], "float32"))],
    "i0e": [example(scipy.special.i0e, x=wide(2, 3), tolerance=8)],
    "i1e": [example(scipy.special.i1e, x=wide(2, 3), tolerance=8)],
    "zeta": [example(scipy.special.zeta, x1=high(2, 3), x2=some(3), tolerance=16)],
    "gammainc": [example(scipy.special.gammainc, x1=some(2, 3), x2=some(3), tolerance=32)],
    "gammaincc": [example(scipy.special.gammaincc, x1=some(2, 3), x2=some(3), tolerance=32)],
    "betainc": [example(scipy.special.betainc, x1=some(2, 3), x2=some(3), x3=share(2, 1), tolerance=64)],
    "frexp": [
        example(np.frexp, x=values(0, -0.0, 1, 0.5, -3, 1e-3, 6e4, np.inf, -np.inf, np.nan)),
        example(np.frexp, x=values(-1e-300, 2.5e-308, 1.7e308), dtypes="float64"),
    ],
    "expi": [
        example(scipy.special.expi, x=between(0.5, 80.0)(40), tolerance=32),
        example(scipy.special.expi, x=between(-20.0, -0.01)(40), tolerance=32),
    ],
    "dawsn": special(scipy.special.dawsn, between(-9.0, 9.0)),
    "spence": special(scipy.special.spence, some),
    "fresnel_cos": special(lambda x: scipy.special.fresnel(x)[1], wide),
    "fresnel_sin": special(lambda x: scipy.special.fresnel(x)[0], wide),
    "bessel_j0": monic(scipy.special.j0, "bessel_j0", between(-12.0, 12.0)),
    "bessel_j1": monic(scipy.special.j1, "bessel_j1", between(-12.0, 12.0)),
    "bessel_y0": monic(scipy.special.y0, "bessel_y0", between(0.1, 12.0)),
    "bessel_y1": monic(scipy.special.y1, "bessel_y1", between(0.1, 12.0)),
    "bessel_k0e": special(scipy.special.k0e, some),
    "bessel_k1e": special(scipy.special.k1e, some),
    "spherical_bessel_j0": special(lambda x: np.sinc(x / np.pi), between(-9.0, 9.0)),
    "airy_ai": monic(lambda x: scipy.special.airy(x)[0], "airy_ai", between(-6.0, 12.0), 64),
    "erfcx": special(scipy.special.erfcx, between(-2.0, 30.0)),
    "ndtri": special(scipy.special.ndtri, share),
    "log_ndtr": special(scipy.special.log_ndtr, between(-12.0, 3.0)),
    "polygamma": [
        case
        for n in (0, 1, 2, 3, 6)
        for case in special(from_zero(scipy.special.polygamma), between(-3.9, 9.0), 64, n=n)[:1]
    ],
    "orthogonal_polynomial": [
        case for family, evaluate in POLYNOMIALS.items() for case in polynomial(family, evaluate)
    ],
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
