"""Reductions that count NaN as missing, without the warnings for which numpy's code reads values."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.normalize import ArrayLike, KeepDims, OutArray, ReadOut, UnsafeOut, implements
from mlgraph.frontend.numpy.rules.reduction import freedom
from mlgraph.frontend.numpy.wrapping import as_array


def _split(x: TracedArray, neutral: Any) -> tuple[TracedArray, Any]:
    """Return the array with `neutral` for NaN, and where it is there (True if NaN cannot occur)."""
    if x.dtype.kind not in "fc":
        return x, True
    there = ~np.isnan(x)
    return np.where(there, x, x.dtype.type(neutral)), there


def _where(given: Any, there: Any) -> Any:
    if given is True:
        return there
    return given if there is True else np.logical_and(given, there)


def _check_inexact(x: TracedArray, out: Any) -> None:
    if out is not None and x.dtype.kind in "fc" and out.dtype.kind not in "fc":
        raise TypeError("If a is inexact, then out must be inexact")


@implements(np.nanmean)
def nanmean(
    a: ArrayLike,
    axis: Any = None,
    dtype: Any = None,
    out: UnsafeOut = None,
    keepdims: KeepDims = False,
    *,
    where: Any = True,
) -> Any:
    x, there = _split(a, 0)
    _check_inexact(x, out)
    return np.mean(x, axis, dtype, out, keepdims, where=_where(where, there))


@implements(np.nanvar)
def nanvar(
    a: ArrayLike,
    axis: Any = None,
    dtype: Any = None,
    out: UnsafeOut = None,
    ddof: Any = 0,
    keepdims: KeepDims = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    x, there = _split(a, 0)
    _check_inexact(x, out)
    ddof = freedom(ddof, correction)
    mask = _where(where, there)
    if mask is True:
        return np.var(x, axis, dtype, out, ddof, keepdims, mean=mean)
    result: Any = np.var(x, axis, dtype, None, ddof, keepdims, where=mask, mean=mean)
    whole: Any = np.broadcast_to(mask, x.shape)
    number: Any = np.sum(whole, axis=axis, keepdims=keepdims, dtype=np.intp)
    return np.where(number <= ddof, result.dtype.type(np.nan), result)


@implements(np.nanstd)
def nanstd(
    a: ArrayLike,
    axis: Any = None,
    dtype: Any = None,
    out: OutArray = None,
    ddof: Any = 0,
    keepdims: KeepDims = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    return np.sqrt(nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))


def extreme(function: Any, neutral: float) -> Any:
    """Return a maximum or minimum without NaN, whose `neutral` number it never prefers."""

    def call(
        a: ArrayLike,
        axis: Any = None,
        out: UnsafeOut = None,
        keepdims: KeepDims = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        x, there = _split(a, neutral)
        result = as_array(function(x, axis, None, keepdims, initial, where))
        if there is True or initial is not None:
            return result
        given: Any = np.broadcast_to(_where(where, there), x.shape)
        some = np.any(given, axis=axis, keepdims=keepdims)
        return np.where(some, result, result.dtype.type(np.nan))

    return call


implements(np.nanmax)(extreme(np.max, -np.inf))
implements(np.nanmin)(extreme(np.min, np.inf))


def extreme_place(function: Any, neutral: float) -> Any:
    """Return the place of a maximum or minimum without NaN."""

    def call(a: ArrayLike, axis: Any = None, out: ReadOut = None, *, keepdims: KeepDims = False) -> Any:
        return function(_split(a, neutral)[0], axis, out, keepdims=keepdims)

    return call


implements(np.nanargmax)(extreme_place(np.argmax, -np.inf))
implements(np.nanargmin)(extreme_place(np.argmin, np.inf))
