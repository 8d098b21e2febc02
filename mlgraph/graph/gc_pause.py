"""A pause of Python's garbage collector while a graph is made: its objects stay alive, so collections free nothing."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

YOUNG_THRESHOLD = 100_000
"""The net number of new objects that triggers a collection of the youngest generation; Python's default is 700."""

_lock = Lock()
_inside = 0
_own = gc.get_threshold()


@contextmanager
def infrequent_gc() -> Generator[None]:
    """Raise the threshold of the collector, in all threads, until the last of the threads inside has left."""
    global _inside, _own
    with _lock:
        if not _inside:
            _own = gc.get_threshold()
            gc.set_threshold(_own[0] and max(_own[0], YOUNG_THRESHOLD), *_own[1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_own)
