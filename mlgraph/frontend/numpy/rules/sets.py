"""Sets of elements: the results have a size that is known only when the graph runs."""

from typing import Any

import numpy as np

from mlgraph.frontend.numpy.normalize import ArrayLike, implements
from mlgraph.frontend.numpy.tracer import unsupported
from mlgraph.frontend.numpy.wrapping import as_array


def _firsts(ordered: Any, equal_nan: bool) -> Any:
    """Return whether each element of a sorted array is the first of its equals."""
    new = ordered[1:] != ordered[:-1]
    if equal_nan and ordered.dtype.kind in "fc":
        new = new & ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    return np.concatenate([np.ones(1, bool), new])


@implements(np.unique)
def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    if axis is not None and ar.ndim != 1:
        raise unsupported("np.unique along an axis", fix="call it on one row at a time")
    flat = ar.reshape(-1)
    order = np.argsort(flat, kind="stable")
    ordered = np.take(flat, order)
    first = as_array(_firsts(ordered, equal_nan))
    found = [ordered[first]]
    if return_index:
        found.append(order[first])
    if return_inverse:
        rank = np.cumsum(first, dtype=np.int64) - 1
        inverse = np.zeros_like(rank)
        inverse[order] = rank
        found.append(inverse.reshape(ar.shape))
    if return_counts:
        starts = np.flatnonzero(first)
        found.append(np.diff(np.concatenate([starts, as_array(flat.shape[0]).reshape(1)])))
    return found[0] if len(found) == 1 else tuple(found)


@implements(np.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    x, tests = as_array(element), as_array(test_elements).reshape(-1)
    found = np.any(x[..., None] == tests, axis=-1)
    return np.logical_not(found) if invert else found


@implements(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    if return_indices:
        return NotImplemented
    x, y = as_array(ar1).ravel(), as_array(ar2).ravel()
    ordered = np.sort(x)
    first = as_array(_firsts(ordered, equal_nan=False))
    dtype = np.result_type(x.dtype, y.dtype)
    return ordered.astype(dtype)[first & np.isin(ordered, y)]


@implements(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    x, y = as_array(ar1).ravel(), as_array(ar2).ravel()
    if assume_unique:
        return x[~np.isin(x, y)]
    ordered = np.sort(x)
    return ordered[as_array(_firsts(ordered, equal_nan=True)) & ~np.isin(ordered, y)]


@implements(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    x, y = as_array(ar1).ravel(), as_array(ar2).ravel()
    both = np.sort(np.concatenate([x, y]))
    alone = np.isin(both, x) ^ np.isin(both, y)
    return both[as_array(_firsts(both, equal_nan=False)) & alone]
