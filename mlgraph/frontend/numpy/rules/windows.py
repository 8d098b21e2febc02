"""Windows that slide over an array."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import view
from mlgraph.frontend.numpy.creation_overrides import dims_of, overrides
from mlgraph.frontend.numpy.normalize import ArrayLike, implements, normal_axis
from mlgraph.frontend.numpy.queries import is_contiguous
from mlgraph.frontend.numpy.sizes import examples, is_dim, is_free, static
from mlgraph.frontend.numpy.tracer import unsupported
from mlgraph.frontend.numpy.wrapping import as_array, iota


@overrides(np.lib.stride_tricks.as_strided)
def as_strided(
    x: Any,
    shape: Any = None,
    strides: Any = None,
    subok: bool = False,
    writeable: bool = True,
    *,
    check_bounds: Any = None,
) -> TracedArray:
    """Return a view of a contiguous array by strides; its sizes are fixed."""
    found = as_array(x)
    sizes = static(found.shape if shape is None else dims_of(shape))
    steps, odd = np.divmod(found.strides if strides is None else strides, found.itemsize)
    if len(sizes) != len(steps):
        raise ValueError("mismatch in length of strides and shape")
    if not is_contiguous(found) or np.any(odd):
        raise unsupported("as_strided of parts of elements, or of an array that is not contiguous", fix="use slices")
    places = np.zeros((), np.int64)
    for n, step in zip(sizes, steps):
        places = places[..., None] + np.arange(n) * step
    flat = found.reshape(-1)
    if places.size and not (0 <= places.min() and places.max() < static(flat.shape)[0]):
        raise unsupported("as_strided outside of the memory of its array")
    example = np.empty(places.shape, found.dtype)
    step = views.Strided(places, example, tuple(map(int, steps)), 0) if places.size else views.Gathered(places, example)
    part = view(flat, step, places.shape)
    part._read_only = part._read_only or not writeable
    part.value  # noqa: B018  so that it is built at its own line
    return part


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: ArrayLike, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> TracedArray:
    """Return windows along the last axes, as numpy does."""
    if writeable:
        raise unsupported("numpy.lib.stride_tricks.sliding_window_view with writeable=True")
    windows = (window_shape,) if is_dim(window_shape) else tuple(window_shape)
    axes = range(x.ndim) if axis is None else (axis,) if is_dim(axis) else axis
    along = [normal_axis(a, x.ndim) for a in axes]
    if len(windows) != len(along):
        raise ValueError(f"there are {len(windows)} windows for {len(along)} axes")
    for window, a in zip(windows, along):
        if window < 0 or x.shape[a] < window:
            raise ValueError("window shape cannot be negative or larger than input array shape")
        starts, inside = iota(x.shape[a] - window + 1), iota(window)
        places = starts.reshape(-1, 1) + inside.reshape(1, -1)
        dims = (*x.shape[:a], *places.shape, *x.shape[a + 1 :])
        example = examples((window,))
        if example is None:
            raise unsupported("windows whose size depends on data")
        step = views.Windows(places.value, a, *example, is_fixed=not is_free(window))
        x = np.moveaxis(view(x, step, dims), a + 1, -1)
        x._read_only = True
    return x
