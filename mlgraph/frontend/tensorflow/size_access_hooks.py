"""Records where the user's code reads a size, and which tensors it reads the shape or type of.

tensorflow answers `x.shape[0]` with None for a free size, and `x.shape[0] == 3` with False, so that a branch on it
would be silently wrong at size 3. tensorflow and keras themselves know what None means. While a capture runs, such
accesses from any other code are recorded, and the capture starts again with sizes fixed.
"""

import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import FrameType
from typing import Any

import tensorflow as tf

from mlgraph.frontend.shape_access import record_access
from mlgraph.frontend.tensorflow._private import SymbolicTensor

_accesses: ContextVar[list[str] | None] = ContextVar("accesses", default=None)
_lock = threading.Lock()
_captures = 0
_ORIGINAL: dict[str, Any] = {
    name: tf.TensorShape.__dict__[name]
    for name in (
        *("__getitem__", "__iter__", "__eq__", "__hash__", "__reduce__", "__repr__", "__str__"),
        *("as_list", "as_proto", "dims", "num_elements", "is_fully_defined", "assert_is_fully_defined"),
        *("is_compatible_with", "assert_is_compatible_with", "is_subtype_of", "merge_with"),
        *("most_specific_common_supertype", "most_specific_compatible_shape"),
    )
}


@contextmanager
def record_size_access() -> Generator[list[str]]:
    """Record the lines, as `file:line`, where user code inside reads a size that is free."""
    accesses: list[str] = []
    token = _accesses.set(accesses)
    _install()
    try:
        yield accesses
    finally:
        _uninstall()
        _accesses.reset(token)


def _noted(name: str) -> property:
    """Return a property of tensors that notes the input which is asked for it."""

    def noted(self: Any) -> Any:
        record_access(self)
        return getattr(super(SymbolicTensor, self), name)

    return property(noted)


def _length(self: Any) -> int:
    """Return the length of a tensor whose first size is known. tensorflow has none in a graph."""
    record_access(self)
    tensor: Any = super(SymbolicTensor, self)
    shape = _ORIGINAL["as_list"](tensor.shape)
    return tensor.__len__() if not shape or shape[0] is None else shape[0]


_MEMBERS: dict[str, Any] = {name: _noted(name) for name in ("shape", "_dtype", "ndim")} | {"__len__": _length}
"""The properties of tensors by which all others read shape and type."""


def _look(shape: Any, frame: FrameType) -> None:
    accesses = _accesses.get()
    if accesses is not None and not is_trusted(frame.f_code.co_filename) and _is_free(shape):
        accesses.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")


@lru_cache(maxsize=1024)
def is_trusted(filename: str) -> bool:
    """Return whether a file belongs to code that knows what a size of None means."""
    return filename.startswith(tuple(_folders()))


def _folders() -> Iterator[str]:
    for name in ("tensorflow", "keras", "tf_keras", "mlgraph"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            yield os.path.dirname(file) + os.sep


def _is_free(shape: Any) -> bool:
    return shape.rank is not None and None in _ORIGINAL["as_list"](shape)


def _watched(function: Any) -> Callable[..., Any]:
    def watched(self: Any, *args: Any) -> Any:
        for shape in (self, *args):
            if isinstance(shape, tf.TensorShape):
                _look(shape, sys._getframe(1))  # pyright: ignore[reportPrivateUsage]
        return function(self, *args)

    return watched


def _getitem(self: Any, key: Any) -> Any:
    """A part of a shape is a shape, at which nobody has looked yet; a known size tells nothing of the others."""
    found = _ORIGINAL["__getitem__"](self, key)
    if found is None:
        _look(self, sys._getframe(1))  # pyright: ignore[reportPrivateUsage]
    return found


_PATCHES: dict[str, Any] = {
    name: property(_watched(original.fget)) if isinstance(original, property) else _watched(original)
    for name, original in _ORIGINAL.items()
} | {"__getitem__": _getitem}


def _install() -> None:
    global _captures
    with _lock:
        _captures += 1
        if _captures == 1:
            _set(_PATCHES)
            for name, member in _MEMBERS.items():
                setattr(SymbolicTensor, name, member)


def _uninstall() -> None:
    global _captures
    with _lock:
        _captures -= 1
        if _captures == 0:
            _set(_ORIGINAL)
            for name in _MEMBERS:
                delattr(SymbolicTensor, name)


def _set(members: dict[str, Any]) -> None:
    for name, member in members.items():
        setattr(tf.TensorShape, name, member)
