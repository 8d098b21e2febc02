"""Polynomials, whose leading zero coefficients numpy drops."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.normalize import ArrayLike, implements
from mlgraph.frontend.numpy.sizes import fix
from mlgraph.frontend.numpy.tracer import unsupported
from mlgraph.frontend.numpy.wrapping import as_array


def without_leading(x: TracedArray, kept: Any, at_least_one: bool) -> Any:
    """Return the elements from the first kept one on."""
    seen = as_array(np.maximum.accumulate(kept))
    if at_least_one:
        seen[-1] = True
    return x[seen]


@implements(np.trim_zeros)
def trim_zeros(filt: ArrayLike, trim: str = "fb", axis: Any = None) -> Any:
    if filt.ndim != 1 or axis not in (None, 0, -1):
        raise unsupported("np.trim_zeros of arrays of several axes")
    kept = filt != 0
    seen = np.ones_like(filt, dtype=bool)
    if "f" in trim.lower():
        seen = seen & np.maximum.accumulate(kept)
    if "b" in trim.lower():
        seen = seen & np.maximum.accumulate(kept[::-1])[::-1]
    return filt[seen]


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    product = as_array(np.convolve(np.atleast_1d(a1), np.atleast_1d(a2)))
    return without_leading(product, product != 0, at_least_one=True)


@implements(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    u, v = as_array(np.atleast_1d(u)), as_array(np.atleast_1d(v))
    dtype = np.result_type(u.dtype, v.dtype, np.float64 if u.dtype.kind in "biu" and v.dtype.kind in "biu" else u.dtype)
    m, n = fix(u.shape[0]) - 1, fix(v.shape[0]) - 1
    scale = 1.0 / v[0]
    rest = [u[i].astype(dtype) for i in range(m + 1)]
    quotient = [as_array(np.zeros((), dtype))] * max(m - n + 1, 1)
    for k in range(m - n + 1):
        quotient[k] = scale * rest[k]
        for i in range(n + 1):
            rest[k + i] = rest[k + i] - quotient[k] * v[i]
    remainder = as_array(np.stack([as_array(r) for r in rest]))
    kept = ~np.isclose(remainder, 0, rtol=1e-14)
    return np.stack([as_array(q) for q in quotient]), without_leading(remainder, kept, at_least_one=True)


@implements(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    points, values, order = as_array(x) + 0.0, as_array(y) + 0.0, fix(deg) + 1
    if deg < 0 or points.ndim != 1 or values.ndim not in (1, 2):
        raise ValueError("expected deg >= 0, x to be 1-d and y 1-d or 2-d")
    rcond = fix(points.shape[0]) * np.finfo(points.dtype).eps if rcond is None else rcond
    left, right = np.vander(points, order), values
    if w is not None:
        weights = as_array(w) + 0.0
        left = left * weights[:, None]
        right = right * (weights[:, None] if right.ndim == 2 else weights)
    scale = np.sqrt(np.sum(left * left, axis=0))
    left = left / scale
    c, residuals, rank, s = np.linalg.lstsq(left, right, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if not cov:
        return c
    base = np.linalg.inv(np.matmul(left.T, left)) / np.outer(scale, scale)
    count = fix(points.shape[0])
    if cov != "unscaled" and count <= order:
        raise ValueError("the number of data points must exceed order to scale the covariance matrix")
    factor = 1 if cov == "unscaled" else residuals / (count - order)
    return c, base * factor if values.ndim == 1 else base[:, :, None] * factor


@implements(np.roots)
def roots(p: Any) -> Any:
    raise unsupported(
        "np.roots",
        why="how many roots there are hangs on which coefficients are zero",
        fix="use np.linalg.eigvals(np.diag(np.ones(n - 2), -1) with its first row -p[1:] / p[0])",
    )
