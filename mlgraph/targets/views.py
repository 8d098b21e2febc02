"""Views of arrays that were written: a view of the new value becomes a view of the caller's own array."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlgraph.frameworks.arrays import owner_of, strides_of


def rebased(view: Any, new: Any, old: Any) -> Any:
    """Return the part of `old` that `view` is of `new`, an array of the same shape whose values were copied there.

    `view` itself where it shares no memory with `new`, or no view of `old` has its elements. Views of complex numbers
    may be their conjugates, or their real or imaginary parts. What cannot be written through stays so.
    """
    found = _rebased(view, new, old)
    _protect_as(view, found)
    return found


def _protect_as(view: Any, found: Any) -> None:
    """Forbid writes through an array of numpy's where `view` forbids them."""
    if isinstance(found, np.ndarray) and not view.flags.writeable:
        found.flags.writeable = False


def _rebased(view: Any, new: Any, old: Any) -> Any:
    if (turned := owner_of(view).turned(view)) is not None:
        return getattr(rebased(getattr(view, turned)(), new, old), turned)()
    if view.dtype == new.dtype:
        return _part(view, new, old)
    if _is_complex(view) and not _is_complex(new):
        pairs = _as_pairs(view)
        found = rebased(pairs, new, old)
        return view if found is pairs else _as_complex(found)
    if _is_complex(new) and not _is_complex(view):
        return rebased(view, _as_pairs(new), _as_pairs(old))
    if view.dtype.itemsize == new.dtype.itemsize:
        return _part(view, new.view(view.dtype), old.view(view.dtype))
    return view


def _part(view: Any, new: Any, old: Any) -> Any:
    start = _offset(view, new)
    if start is None:
        return view
    strides = strides_of(old)
    if strides_of(new) != strides:
        found = _translated(start, view, new, strides)
        if found is None:
            return view
        begin, steps = found
    else:
        begin, steps = start, strides_of(view)
    return _strided(old, tuple(view.shape), steps, begin)


def _is_complex(array: Any) -> bool:
    return owner_of(array).is_complex(array)


def _as_pairs(array: Any) -> Any:
    """Return a view of complex numbers with their real and imaginary parts along another axis, the last."""
    return array[..., None].view(array.real.dtype)


def _as_complex(pairs: Any) -> Any:
    """Return a view of such pairs as complex numbers."""
    return pairs.view(owner_of(pairs).complex_dtype(pairs.dtype))[..., 0]


def _offset(view: Any, new: Any) -> int | None:
    """Return the distance, in elements, from the first of `new` to that of `view`; None where they share no memory."""
    return owner_of(view).distance(view, new)


def _translated(start: int, view: Any, new: Any, strides: Sequence[int]) -> tuple[int, tuple[int, ...]] | None:
    """Return offset and strides of `view` in an array of other strides; None where its elements lie unevenly there."""
    if 0 in strides_of(new):
        return None
    origin = _coordinates(start, new)
    steps: list[int] = []
    for size, step in zip(view.shape, strides_of(view)):
        if size < 2:
            steps.append(0)
            continue
        delta = _coordinates(start + step, new) - origin
        if not np.array_equal(_coordinates(start + step * (size - 1), new), origin + delta * (size - 1)):
            return None
        steps.append(int(delta @ np.array(strides)))
    return int(origin @ np.array(strides)), tuple(steps)


def _coordinates(offset: int, array: Any) -> "np.ndarray[Any, Any]":
    """Return the index of the element that lies `offset` elements after the first."""
    found = np.zeros(len(array.shape), np.int64)
    for axis in sorted(range(len(array.shape)), key=lambda axis: -strides_of(array)[axis]):
        if array.shape[axis] > 1:
            found[axis], offset = divmod(offset, strides_of(array)[axis])
    return found


def _strided(array: Any, shape: tuple[int, ...], strides: Sequence[int], begin: int) -> Any:
    """Return a view that begins `begin` elements after the first of `array`."""
    return owner_of(array).strided(array, shape, strides, begin)
