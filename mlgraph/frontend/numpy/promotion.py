"""Real arrays that become traced: a capture may look at their elements until a traced value is written to them."""

# pyright: reportPrivateUsage=false
import numpy as np

from mlgraph.frontend.numpy import views
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.array_data import Storage
from mlgraph.frontend.numpy.constructors import view
from mlgraph.frontend.numpy.indexing import items_of, parse
from mlgraph.frontend.numpy.queries import owner_of
from mlgraph.frontend.numpy.tables import hook
from mlgraph.frontend.numpy.tracer import constant, current, unsupported


@hook
def promote(array: TracedArray, force: bool = False) -> None:
    """Turn a concrete array that a traced value was written to, or any by `force`, into a view of its storage."""
    if array._real is None:
        return
    owner = owner_of(array._real)
    trace = current()
    if id(owner) not in trace.storages:
        if not force:
            return
        whole = TracedArray(owner.shape, owner.dtype)
        whole._storage = Storage(constant(owner))
        whole._storage.depth = trace.made.get(id(owner), (owner, 0))[1]
        whole._storage.outside = trace.captured.get(id(owner))
        whole._layout_proxy = owner
        trace.storages[id(owner)] = whole
    _attach(array, owner, trace.storages[id(owner)])


def _attach(array: TracedArray, owner: np.ndarray, whole: TracedArray) -> None:
    real = array._real
    array._real = None
    array._read_only = is_made_read_only(real)
    if array._origin is not None:
        parent, key = array._origin
        promote(parent)
        array._parent, array._step = parent, parse(parent, items_of(key)).basic
        return
    same = real.shape == owner.shape and real.strides == owner.strides and _address(real) == _address(owner)
    if same and real.dtype == owner.dtype:
        array._parent, array._step = whole, views.Whole()
        return
    if real.dtype != owner.dtype:
        raise unsupported("writing to an array that is also viewed as another type", fix="use astype instead of view")
    flat = view(whole, views.Reshaped(owner.shape, (owner.size,), owner), (owner.size,))
    array._parent, array._step = flat, _by_strides(real, owner)


def is_made_read_only(real: np.ndarray) -> bool:
    """Return whether a real array is a view that numpy made read-only, of an array that the function made."""
    owner = owner_of(real)
    return not real.flags.writeable and owner.flags.writeable and id(owner) not in current().captured


def _by_strides(real: np.ndarray, owner: np.ndarray) -> views.Step:
    """Return the step from the flat owner to a view of it."""
    places, strides = _places(real, owner), [s // owner.itemsize for s in real.strides]
    if not owner.flags.c_contiguous or not real.size or min(strides, default=0) < 0:
        return views.Gathered(places, real)
    return views.Strided(places, real, tuple(strides), int(places.min()))


def _places(real: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return the row-major place in `owner` of each element of a view of it."""
    places = np.empty_like(owner, dtype=np.int64)
    places[...] = np.arange(owner.size).reshape(owner.shape)
    memory = np.lib.stride_tricks.as_strided(places, (places.size,), (8,)) if owner.size else places
    start = (_address(real) - _address(owner)) // owner.itemsize
    strides = [s // owner.itemsize * 8 for s in real.strides]
    return np.lib.stride_tricks.as_strided(memory[start:], real.shape, strides).copy()


def _address(real: np.ndarray) -> int:
    return real.__array_interface__["data"][0]
