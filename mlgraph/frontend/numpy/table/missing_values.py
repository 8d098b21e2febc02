"""Reductions that count NaN as missing, without the warnings for which numpy's code looks at values."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray, as_returned
from mlgraph.frontend.numpy.dispatch import implements, store
from mlgraph.frontend.numpy.lifting import as_array

NOTHING = np._NoValue


def _split(a: Any, neutral: Any) -> tuple[Any, Any]:
    """The array with `neutral` for NaN, and where it is there (True if NaN cannot occur)."""
    x = as_array(a)
    if x.dtype.kind not in "fc":
        return x, True
    there = ~np.isnan(x)
    return np.where(there, x, x.dtype.type(neutral)), there


def _where(given: Any, there: Any) -> Any:
    if given is NOTHING or given is True:
        return there
    return given if there is True else np.logical_and(given, there)


def _keep(keepdims: Any) -> bool:
    return keepdims is not NOTHING and bool(keepdims)


@implements(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NOTHING,
    initial: Any = NOTHING,
    where: Any = NOTHING,
) -> Any:
    return np.sum(_split(a, 0)[0], axis, dtype, out, keepdims, initial, where)


@implements(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NOTHING,
    initial: Any = NOTHING,
    where: Any = NOTHING,
) -> Any:
    return np.prod(_split(a, 1)[0], axis, dtype, out, keepdims, initial, where)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(_split(a, 0)[0], axis, dtype, out)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(_split(a, 1)[0], axis, dtype, out)


def _check_inexact(x: TracedArray, out: Any) -> None:
    if out is not None and x.dtype.kind in "fc" and out.dtype.kind not in "fc":
        raise TypeError("If a is inexact, then out must be inexact")


@implements(np.nanmean)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOTHING, *, where: Any = NOTHING
) -> Any:
    x, there = _split(a, 0)
    _check_inexact(x, out)
    return np.mean(x, axis, dtype, out, _keep(keepdims), where=_where(where, there))


@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NOTHING,
    *,
    where: Any = NOTHING,
    mean: Any = NOTHING,
    correction: Any = NOTHING,
) -> Any:
    x, there = _split(a, 0)
    _check_inexact(x, out)
    ddof = ddof if correction is NOTHING else correction
    mask = _where(where, there)
    if mask is True:
        return np.var(x, axis, dtype, out, ddof, _keep(keepdims), mean=mean)
    result = np.var(x, axis, dtype, None, ddof, _keep(keepdims), where=mask, mean=mean)
    number = np.sum(np.broadcast_to(mask, x.shape), axis=axis, keepdims=_keep(keepdims), dtype=np.intp)
    result = as_returned(np.where(number <= ddof, result.dtype.type(np.nan), result))
    return result if out is None else store(out, as_array(result), casting="unsafe")


@implements(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NOTHING,
    *,
    where: Any = NOTHING,
    mean: Any = NOTHING,
    correction: Any = NOTHING,
) -> Any:
    result = np.sqrt(nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))
    return result if out is None else store(out, as_array(result))


def extreme(function: Any, neutral: float) -> Any:
    def call(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOTHING, initial: Any = NOTHING, where: Any = NOTHING
    ) -> Any:
        x, there = _split(a, neutral)
        result = function(x, axis, None, keepdims, initial, where)
        if there is not True:
            some = np.any(np.broadcast_to(_where(where, there), x.shape), axis=axis, keepdims=_keep(keepdims))
            if initial is NOTHING:
                result = np.where(some, result, as_array(result).dtype.type(np.nan))
        return result if out is None else store(out, as_array(result), casting="unsafe")

    return call


implements(np.nanmax)(extreme(np.max, -np.inf))
implements(np.nanmin)(extreme(np.min, np.inf))


def extreme_place(function: Any, neutral: float) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOTHING) -> Any:
        return function(_split(a, neutral)[0], axis, out, keepdims=_keep(keepdims))

    return call


implements(np.nanargmax)(extreme_place(np.argmax, -np.inf))
implements(np.nanargmin)(extreme_place(np.argmin, np.inf))
