"""Opaque objects, such as sets and streams, whose content no access path leads into.

For each kind there is a function that reads the whole content for comparison, and one that restores it.
"""

import io
import queue
import threading
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from mlgraph.graph.trees import TUPLES, same_static


class OpaqueKind(NamedTuple):
    """The functions that read and restore the content of a kind of opaque object."""

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]


def _read_set(value: Any) -> Any:
    return frozenset(value)


def _fill_set(value: set[Any], content: Any) -> None:
    value.clear()
    value.update(content)


def _read_sequence(value: Any) -> Any:
    return value[:]


def _fill_sequence(value: Any, content: Any) -> None:
    value[:] = content


def _fill_memory(value: Any, content: Any) -> None:
    value.cast("B")[:] = content


def _read_stream(value: Any) -> Any:
    return value.getvalue(), value.tell()


def _fill_stream(value: Any, content: Any) -> None:
    text, position = content
    value.seek(0)
    value.truncate()
    value.write(text)
    value.seek(position)


def _read_queue(value: Any) -> Any:
    return tuple(value.queue)


def _fill_queue(value: Any, content: Any) -> None:
    value.queue.clear()
    value.queue.extend(content)


def _read_local(value: Any) -> Any:
    attributes: dict[str, Any] = value.__dict__
    return tuple(attributes.items())


def _fill_local(value: Any, content: Any) -> None:
    attributes: dict[str, Any] = value.__dict__
    attributes.clear()
    attributes.update(content)


def _fill_event(value: threading.Event, content: Any) -> None:
    if content:
        value.set()
    else:
        value.clear()


OPAQUE_KINDS: dict[Any, OpaqueKind] = {
    set: OpaqueKind(_read_set, _fill_set),
    bytearray: OpaqueKind(bytes, _fill_sequence),
    array: OpaqueKind(_read_sequence, _fill_sequence),
    memoryview: OpaqueKind(memoryview.tobytes, _fill_memory),
    io.StringIO: OpaqueKind(_read_stream, _fill_stream),
    io.BytesIO: OpaqueKind(_read_stream, _fill_stream),
    queue.Queue: OpaqueKind(_read_queue, _fill_queue),
    threading.local: OpaqueKind(_read_local, _fill_local),
    threading.Event: OpaqueKind(threading.Event.is_set, _fill_event),
}
"""The kinds of opaque object, by base class."""
MEMORY: tuple[type, ...] = (memoryview,)


def opaque_kind(value: Any) -> OpaqueKind | None:
    """Return the kind of an opaque object, None for any other value."""
    if isinstance(value, MEMORY) and (value.readonly or not value.contiguous):
        return None
    owner: object = value
    return next((OPAQUE_KINDS[cls] for cls in type(owner).__mro__ if cls in OPAQUE_KINDS), None)


def same_content_of(a: Any, b: Any) -> bool:
    """Return whether two results of `OpaqueKind.read` are equal; objects inside are compared by identity."""
    if isinstance(a, TUPLES) and type(a) is type(b):
        return len(a) == len(b) and all(map(same_content_of, a, b))
    return a is b or same_static(a, b)
