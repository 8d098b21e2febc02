"""Opaque objects, such as sets and streams, whose content no access path leads into.

For each kind there is a function that reads the whole content for comparison, and one that restores it.
"""

# pyright: basic
import io
import queue
import threading
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from mlgraph.graph.trees import same_static


class OpaqueKind(NamedTuple):
    """The functions that read and restore the content of a kind of opaque object."""

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]


def _fill_set(value: set[Any], held: Any) -> None:
    value.clear()
    value.update(held)


def _fill_sequence(value: Any, held: Any) -> None:
    value[:] = held


def _fill_stream(value: Any, held: Any) -> None:
    text, position = held
    value.seek(0)
    value.truncate()
    value.write(text)
    value.seek(position)


def _fill_queue(value: Any, held: Any) -> None:
    value.queue.clear()
    value.queue.extend(held)


def _fill_local(value: Any, held: Any) -> None:
    vars(value).clear()
    vars(value).update(held)


OPAQUE_KINDS: dict[type, OpaqueKind] = {
    set: OpaqueKind(frozenset, _fill_set),
    bytearray: OpaqueKind(bytes, _fill_sequence),
    array: OpaqueKind(lambda value: value[:], _fill_sequence),
    memoryview: OpaqueKind(memoryview.tobytes, lambda value, held: _fill_sequence(value.cast("B"), held)),
    io.StringIO: OpaqueKind(lambda value: (value.getvalue(), value.tell()), _fill_stream),
    io.BytesIO: OpaqueKind(lambda value: (value.getvalue(), value.tell()), _fill_stream),
    queue.Queue: OpaqueKind(lambda value: tuple(value.queue), _fill_queue),
    threading.local: OpaqueKind(lambda value: tuple(vars(value).items()), _fill_local),
    threading.Event: OpaqueKind(
        lambda value: value.is_set(), lambda value, held: value.set() if held else value.clear()
    ),
}
"""The kinds of opaque object, by base class."""


def opaque_kind(value: Any) -> OpaqueKind | None:
    """Return the kind of an opaque object, None for any other value."""
    if isinstance(value, memoryview) and (value.readonly or not value.contiguous):
        return None
    return next((OPAQUE_KINDS[cls] for cls in type(value).__mro__ if cls in OPAQUE_KINDS), None)


def same_content_of(a: Any, b: Any) -> bool:
    """Return whether two results of `OpaqueKind.read` are equal; objects inside are compared by identity."""
    if isinstance(a, tuple) and type(a) is type(b):
        return len(a) == len(b) and all(map(same_content_of, a, b))
    return a is b or same_static(a, b)
