"""Statistics whose numpy code branches on values."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.dtypes import FLOAT
from mlgraph.frontend.numpy.normalize import (
    ArrayLike,
    KeepDims,
    ListedAxes,
    UfuncOut,
    UnsafeOut,
    implements,
    listed_axes,
)
from mlgraph.frontend.numpy.queries import is_concrete
from mlgraph.frontend.numpy.sizes import product
from mlgraph.frontend.numpy.tracer import unsupported
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_to, cast


@implements(np.average)
def average(
    a: ArrayLike, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: KeepDims = False
) -> Any:
    axes = listed_axes(axis, a.ndim)
    if weights is None:
        result = np.mean(a, axes, keepdims=keepdims)
        if not returned:
            return result
        return result, np.full_like(result, product([a.shape[i] for i in axes]))
    w = as_array(weights)
    dtype = np.result_type(a.dtype, w.dtype, "f8") if a.dtype.kind in "biu" else np.result_type(a.dtype, w.dtype)
    if w.ndim != a.ndim:
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        w = w.transpose(*np.argsort(axes).tolist())
        w = w.reshape([n if i in axes else 1 for i, n in enumerate(a.shape)])
    total = np.sum(broadcast_to(w, a.shape), axis=axes, dtype=dtype, keepdims=keepdims)
    result = np.divide(np.sum(np.multiply(a, w, dtype=dtype), axis=axes, keepdims=keepdims), total)
    return (result, np.broadcast_to(total, result.shape)) if returned else result


def flattened(x: TracedArray, axes: tuple[int, ...]) -> TracedArray:
    """Return the array with the reduced axes as one, the last."""
    rest = [i for i in range(x.ndim) if i not in axes]
    moved = x.transpose(*rest, *axes) if x.ndim > 1 else x
    return moved.reshape([x.shape[i] for i in rest] + [product([x.shape[i] for i in axes])])


def restored(
    result: TracedArray, x: TracedArray, axes: tuple[int, ...], keepdims: bool, leading: int = 0
) -> TracedArray:
    """Return the result, after `leading` axes of its own, with the reduced axes if they are kept."""
    if not keepdims:
        return result
    return result.reshape([*result.shape[:leading], *(1 if i in axes else n for i, n in enumerate(x.shape))])


@implements(np.median)
def median(
    a: ArrayLike,
    axis: ListedAxes = None,
    out: UnsafeOut = None,
    overwrite_input: bool = False,
    keepdims: KeepDims = False,
) -> Any:
    ordered = np.sort(flattened(a, axis), axis=-1)
    n = ordered.shape[-1]
    dtype = FLOAT if a.dtype.kind in "biu" else a.dtype
    wide = np.dtype(np.float32) if dtype == np.float16 else dtype
    low = np.take(ordered, (n - 1) // 2, axis=-1).astype(wide)
    high = np.take(ordered, n // 2, axis=-1).astype(wide)
    result = low if type(n) is int and n % 2 else (low + high) / wide.type(2)
    if out is not None and out.dtype.kind in "iu" and wide.kind == "f":
        result = np.trunc(low + high) / wide.type(2)  # numpy adds the two in `out`
    if a.dtype.kind in "fc":
        result = np.where(np.isnan(ordered[..., -1]), wide.type(np.nan), result)
    return restored(as_array(result).astype(dtype), a, axis, keepdims)


PLACES: dict[str, Any] = {
    "linear": lambda q, n: (n - 1) * q,
    "lower": lambda q, n: np.floor((n - 1) * q),
    "higher": lambda q, n: np.ceil((n - 1) * q),
    "nearest": lambda q, n: np.rint((n - 1) * q),
    "midpoint": lambda q, n: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)),
    "hazen": lambda q, n: n * q - 0.5,
    "weibull": lambda q, n: (n + 1) * q - 1,
    "median_unbiased": lambda q, n: (n + 1 / 3) * q - 2 / 3,
    "normal_unbiased": lambda q, n: (n + 1 / 4) * q - 5 / 8,
    "interpolated_inverted_cdf": lambda q, n: n * q - 1,
}
"""The place in the sorted array, from 0, of each quantile."""


def quantile(
    x: TracedArray, q: Any, axes: tuple[int, ...], out: Any, method: str, keepdims: bool, skip_nan: bool
) -> TracedArray:
    """Return the quantiles `q`, in [0, 1], over some axes; NaN counts as missing if `skip_nan`."""
    probabilities = as_array(q)
    if x.dtype.kind in "bc":
        raise TypeError("a must be an array of real numbers")
    if is_concrete(probabilities) and not ((probabilities._real >= 0) & (probabilities._real <= 1)).all():
        raise ValueError("Quantiles must be in the range [0, 1]")
    dtype = quantile_type(x, q, method)
    flat = flattened(x, axes)
    ordered = np.sort(flat, axis=-1)
    wide = FLOAT if dtype.kind != "f" or dtype.itemsize < 8 else dtype
    ps = probabilities.astype(np.float64).reshape((*probabilities.shape, *(1,) * (flat.ndim - 1)))
    missing = np.isnan(ordered) if x.dtype.kind == "f" else None
    n: Any = flat.shape[-1]
    if skip_nan and missing is not None:
        n = np.sum(~missing, axis=-1).astype(np.float64)
    result = as_array(_interpolated(ordered, ps, n, method, wide))
    if missing is not None:
        bad = np.all(missing, axis=-1) if skip_nan else missing[..., -1]
        result = np.where(bad, np.nan, result)
    result = restored(as_array(result).astype(dtype), x, axes, keepdims, probabilities.ndim)
    return cast(result, out.dtype) if skip_nan and out is not None else result


def quantile_type(x: TracedArray, q: Any, method: str) -> np.dtype:
    """Return the element type of quantiles."""
    if method in ("lower", "higher", "nearest"):
        return x.dtype
    weak = 0.5 if type(q) in (int, float) else as_array(q).dtype
    kind = FLOAT if x.dtype.kind in "biu" else x.dtype
    weak = FLOAT if isinstance(weak, np.dtype) and weak.kind != "f" else weak
    return np.result_type(kind, weak)


def _interpolated(ordered: TracedArray, ps: TracedArray, n: Any, method: str, wide: np.dtype) -> Any:
    last = n - 1
    place = np.clip(PLACES[method](ps, n), 0, np.maximum(last, 0) if isinstance(last, TracedArray) else last)
    place = as_array(place)
    low = np.floor(place)
    share = place - low
    first = _at(ordered, low)
    if method in ("lower", "higher", "nearest"):
        return first
    above = np.minimum(low + 1, last)
    second = _at(ordered, above)
    first, second = cast(as_array(first), wide), cast(as_array(second), wide)
    difference = second - first
    return np.where(share >= 0.5, second - difference * (1 - share), first + difference * share)


def _at(ordered: TracedArray, place: Any) -> Any:
    """Return the elements at places along the last axis; places have the quantiles' axes first."""
    index = as_array(place).astype(np.int64)
    leading = index.ndim - (ordered.ndim - 1)
    if leading == 0:
        return np.take_along_axis(ordered, np.broadcast_to(index, ordered.shape[:-1])[..., None], -1)[..., 0]
    wide = broadcast_to(index, (*index.shape[:leading], *ordered.shape[:-1]))
    spread = broadcast_to(ordered, (*index.shape[:leading], *ordered.shape))
    return np.take_along_axis(spread, wide[..., None], -1)[..., 0]


def register(function: Any, percent: bool, skip_nan: bool) -> None:
    """Register a function that is `quantile`, of percentages or not, with NaN as missing or not."""

    @implements(function)
    def call(
        a: ArrayLike,
        q: Any,
        axis: ListedAxes = None,
        out: UfuncOut = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: KeepDims = False,
        *,
        weights: Any = None,
        interpolation: Any = None,
    ) -> Any:
        if method not in PLACES or weights is not None or interpolation is not None:
            raise unsupported(
                f"quantiles with method={method!r}, weights or interpolation", fix=f"use one of {', '.join(PLACES)}"
            )
        if percent:
            q = np.true_divide(q, a.dtype.type(100) if a.dtype.kind == "f" else 100)
        return quantile(a, q, axis, out, method, keepdims, skip_nan)


register(np.quantile, percent=False, skip_nan=False)
register(np.percentile, percent=True, skip_nan=False)
register(np.nanquantile, percent=False, skip_nan=True)
register(np.nanpercentile, percent=True, skip_nan=True)


@implements(np.nanmedian)
def nanmedian(
    a: ArrayLike,
    axis: ListedAxes = None,
    out: UfuncOut = None,
    overwrite_input: bool = False,
    keepdims: KeepDims = False,
) -> Any:
    if a.dtype.kind != "f":
        return np.median(a, axis, out, keepdims=keepdims)
    return quantile(a, 0.5, axis, out, "linear", keepdims, skip_nan=True)
