"""The memory that results of a function share, and whether that depends on the layout of its inputs."""

# pyright: reportPrivateUsage=false
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.promotion import is_made_read_only, promote
from mlgraph.frontend.numpy.queries import is_array, owner_of, root_of
from mlgraph.frontend.numpy.tracer import NumpyTracer, outside_view
from mlgraph.frontend.program import TRACED, Memory, OutputKind, OutputSpec, identities


def memory_of(leaf: Any) -> int | None:
    """Return the identity of the array that owns the memory of `leaf`; None for numbers, which never change."""
    if type(leaf) is not TracedArray or leaf._kind is not np.ndarray:
        return None
    return id(root_of(leaf))


def user_outputs(
    leaves: Sequence[Any], outputs: Sequence[Any], inputs: Sequence[TracedArray], outside: Sequence[tuple[str, Any]]
) -> list[OutputSpec]:
    """Return a spec for each traced leaf; `outputs` are the leaves, with `TRACED` for traced ones.

    `outside` are arrays that the function reaches by variables.
    """
    owners = {memory_of(x): {Memory("input", i)} for i, x in enumerate(inputs)}
    same = identities([_original(leaf, outside) for leaf in leaves], inputs, outside)
    specs: list[OutputSpec] = []
    for i, (leaf, output) in enumerate(zip(leaves, outputs)):
        if output is not TRACED:
            continue
        owner = memory_of(leaf)
        known = owners.setdefault(owner, set()) if owner is not None else set[Memory]()
        specs.append(
            OutputSpec(OutputKind.USER_OUTPUT, i, frozenset(known), same.get(i), _is_scalar(leaf), _is_read_only(leaf))
        )
        known.add(Memory("output", i))
    return specs


def check_outside(leaves: Sequence[Any], outside: Sequence[tuple[str, Any]]) -> None:
    """Raise `OutsideWriteError` for a leaf that is a part of an array which the function reaches by a variable."""
    arrays = [array for _, array in outside if is_array(array)]
    for leaf in leaves:
        real = _real_of(leaf)
        if not is_array(real) or any(_place(real) == _place(array) for array in arrays):
            continue
        owner = owner_of(real)
        if any(owner_of(array) is owner for array in arrays):
            raise outside_view(owner)


def _real_of(leaf: Any) -> Any:
    """Return the real array that a leaf is, or the one from outside that it is a view of; None where it has none."""
    if type(leaf) is not TracedArray:
        return leaf
    if leaf._kind is not np.ndarray:
        return None
    return leaf._real if leaf._real is not None else root_of(leaf)._storage.outside


def take_apart(leaves: Sequence[Any]) -> None:
    """Turn concrete arrays that share memory with one another into views of a traced array."""
    found = [leaf for leaf in leaves if type(leaf) is TracedArray and leaf._real is not None]
    for leaf in found:
        owner = owner_of(leaf._real)
        others = (other for other in found if other is not leaf and other._real is not None)
        if leaf._kind is np.ndarray and any(owner_of(other._real) is owner for other in others):
            promote(leaf, force=True)


def _original(leaf: Any, outside: Sequence[tuple[str, Any]]) -> Any:
    """Return the array from outside that a leaf is, all of it; return other leaves as they are."""
    if type(leaf) is not TracedArray or leaf._real is None or leaf._origin is not None:
        return leaf
    arrays = (array for _, array in outside if is_array(array))
    return next((array for array in arrays if _place(array) == _place(leaf._real)), leaf)


def _place(array: np.ndarray) -> tuple[Any, ...]:
    """Return where an array lies in memory, and how it is read there."""
    return array.ctypes.data, array.shape, array.strides, array.dtype


def _is_scalar(leaf: Any) -> bool | None:
    """Return whether a leaf without axes is a scalar; None for others, and for numbers of Python."""
    if type(leaf) is not TracedArray or leaf._dims or leaf._kind not in (np.ndarray, np.generic):
        return None
    return leaf._kind is np.generic


def _is_read_only(leaf: Any) -> bool:
    """Return whether numpy refuses writes into an array of the trace."""
    if type(leaf) is not TracedArray or leaf._kind is not np.ndarray:
        return False
    return leaf._read_only or (leaf._real is not None and is_made_read_only(leaf._real))


def layout_matters(trace: NumpyTracer, leaves: Sequence[Any], inputs: Sequence[TracedArray]) -> bool:
    """Return whether another layout of the inputs could change values, or what memory results share."""
    used = {memory_of(x) for x in trace.view_or_copy}
    found = [memory for leaf in leaves if (memory := memory_of(leaf)) is not None]
    several = {memory for memory in found if found.count(memory) > 1}
    outside = {memory_of(x) for x in inputs}
    reaches_results = bool(used & {*found} and used & (outside | several))
    return trace.layout_asked or reaches_results or (trace.writes and bool(used))
