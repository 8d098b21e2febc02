"""Python's garbage collector while a graph is made: what is made stays, and walking it time and again frees nothing."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

YOUNG = 100_000
"""How many objects, less those freed, make a collection of the youngest; Python's own number is 700."""

_lock = Lock()
_inside = 0
_own = gc.get_threshold()


@contextmanager
def collecting_rarely() -> Generator[None]:
    """Let the collector run rarely inside, in all threads, and as before when the last that is inside has left."""
    global _inside, _own
    with _lock:
        if not _inside:
            _own = gc.get_threshold()
            gc.set_threshold(_own[0] and max(_own[0], YOUNG), *_own[1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_own)
