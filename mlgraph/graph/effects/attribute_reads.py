"""Which attributes of an object a function reads."""

# pyright: basic
from collections import Counter
from threading import RLock
from typing import Any

from mlgraph.frameworks.modules import is_module
from mlgraph.graph.effects.access_path import is_object

_lock = RLock()
_watches: dict[int, list["AttributeReadTracker"]] = {}
"""The watches that last, by the ids of their objects."""
_noting: Counter[type] = Counter()
"""The classes that note reads and writes, and for how many watches. Objects keep their class: user code and the trees
of jax ask for it."""


class AttributeReadTracker:
    """While it lasts, the class of the object notes what of the object is read before it is written."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.cls = type(value)
        self.read: set[str] | None = None
        """The names of the attributes that were read; None where that cannot be told."""
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
    """Let a class note what is read and written; False of a class that has a way of its own, or is not of Python."""
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
    """Give a class back what it had before the first watch of its objects, after the last one."""
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
