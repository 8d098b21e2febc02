"""The OpenMP runtime of this process: its threads wait for work, and wake a hundred times as fast as Python's.

It is torch's own where torch is there, so that the two share their threads. Compiled code finds the address of
`GOMP_parallel`, or 0, in a cell of memory: a forked process must not enter the runtime, as its threads are gone.
"""

# pyright: basic
import ctypes
import os
import sys
from array import array
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_cell = array("q", [0])


@cache
def cell() -> int:
    """The address of the cell."""
    for name in _candidates():
        try:
            entry = ctypes.CDLL(name).GOMP_parallel
        except (OSError, AttributeError):
            continue
        _cell[0] = ctypes.cast(entry, ctypes.c_void_p).value or 0
        break
    return _cell.buffer_info()[0]


def found() -> bool:
    """Whether there is such a runtime."""
    cell()
    return _cell[0] != 0


def _candidates() -> Iterator[str]:
    """Libraries that may hold the runtime: the one that is loaded, torch's, the system's."""
    if sys.platform != "linux":
        return
    yield from {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libgomp" in line}
    torch = find_spec("torch")
    for folder in torch.submodule_search_locations or () if torch is not None else ():
        yield from map(str, Path(folder).glob("lib/libgomp*.so*"))
    yield "libgomp.so.1"


def _forget() -> None:
    _cell[0] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
