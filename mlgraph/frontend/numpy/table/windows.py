"""Windows that slide over an array."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.dispatch import implements
from mlgraph.frontend.numpy.indexing import gathered
from mlgraph.frontend.numpy.lifting import as_array, iota
from mlgraph.frontend.numpy.methods import normal_axis
from mlgraph.frontend.numpy.sizes import is_dim
from mlgraph.frontend.numpy.trace import unsupported

INT = np.dtype(np.int64)


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> TracedArray:
    """The windows at the end of the axes, as in numpy; they are gathered, since a trace has no strides."""
    if writeable:
        raise unsupported("numpy.lib.stride_tricks.sliding_window_view with writeable=True")
    found = as_array(x)
    windows = (window_shape,) if is_dim(window_shape) else tuple(window_shape)
    axes = range(found.ndim) if axis is None else (axis,) if is_dim(axis) else axis
    along = [normal_axis(a, found.ndim) for a in axes]
    if len(windows) != len(along):
        raise ValueError(f"there are {len(windows)} windows for {len(along)} axes")
    for window, a in zip(windows, along):
        if window < 0 or found.shape[a] < window:
            raise ValueError("window shape cannot be negative or larger than input array shape")
        starts, inside = iota(found.shape[a] - window + 1, INT), iota(window, INT)
        places = starts.reshape(-1, 1) + inside.reshape(1, -1)
        found = np.moveaxis(gathered(found, [places], (a,)), a + 1, -1)
    return found
