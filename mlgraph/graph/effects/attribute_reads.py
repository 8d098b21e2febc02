"""A tracker of the attributes of objects that a function reads."""

from collections import Counter
from threading import RLock
from typing import Any

from mlgraph.frameworks.modules import is_module
from mlgraph.graph.effects.access_path import is_object

_lock = RLock()
_watches: dict[int, list["AttributeReadTracker"]] = {}
"""The active trackers, by the ids of their objects."""
_noting: Counter[type] = Counter()
"""The patched classes, with their numbers of active trackers.

Objects keep their class, since user code and jax's pytrees look at it."""


class AttributeReadTracker:
    """A tracker of one object: from `start` to `stop` its class records the attributes that are read before written."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.cls: type = type(value)
        self.read: set[str] | None = None
        """The names of the attributes that were read; None if that is unknown."""
        self._written: set[str] = set()
        self._lasts = False

    def start(self) -> None:
        if not is_object(self.value) or is_module(self.value):
            return
        with _lock:
            if not _note(self.cls):
                return
            _watches.setdefault(id(self.value), []).append(self)
        self.read, self._lasts = set(), True

    def stop(self) -> None:
        if self._lasts:
            self._lasts = False
            with _lock:
                _watches[id(self.value)].remove(self)
                if not _watches[id(self.value)]:
                    del _watches[id(self.value)]
                _forget(self.cls)
        if self.read is not None and "__dict__" in self.read:
            self.read = None

    def note_read(self, name: str) -> None:
        if self.read is not None and name not in self._written and (name == "__dict__" or not name.startswith("__")):
            self.read.add(name)

    def note_write(self, name: str) -> None:
        if self.read is not None and name not in self.read:
            self._written.add(name)


def _get(owner: Any, name: str) -> Any:
    for watch in _watches.get(id(owner), ()):
        watch.note_read(name)
    return object.__getattribute__(owner, name)


def _note(cls: type) -> bool:
    """Patch a class to record reads and writes. Return False if it has its own `__getattribute__` or is built in."""
    if cls in _noting:
        _noting[cls] += 1
        return True
    if cls.__getattribute__ not in (object.__getattribute__, _get):
        return False
    own, write = vars(cls).get("__setattr__"), cls.__setattr__

    def set_(owner: Any, name: str, value: Any) -> None:
        for watch in _watches.get(id(owner), ()):
            watch.note_write(name)
        write(owner, name, value)  # pyright: ignore[reportCallIssue]

    set_.own = own  # pyright: ignore[reportFunctionMemberAccess]
    try:
        type.__setattr__(cls, "__getattribute__", _get)
    except TypeError:
        return False
    type.__setattr__(cls, "__setattr__", set_)
    _noting[cls] = 1
    return True


def _forget(cls: type) -> None:
    """Restore a class when the last tracker of its objects has stopped."""
    _noting[cls] -= 1
    if _noting[cls]:
        return
    del _noting[cls]
    own = vars(cls)["__setattr__"].own
    type.__delattr__(cls, "__getattribute__")
    if own is None:
        type.__delattr__(cls, "__setattr__")
    else:
        type.__setattr__(cls, "__setattr__", own)
