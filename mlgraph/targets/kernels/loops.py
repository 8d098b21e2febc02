"""The numbers of a loop nest in memory, as compiled loops read them, and the threads that share a long one."""

import os
import sys
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from math import prod
from multiprocessing import current_process
from pathlib import Path
from typing import Any, NamedTuple

from mlgraph.dialects.kernel import ANY, UNIT, ZERO, Access
from mlgraph.targets import helpers
from mlgraph.targets.kernels import memory
from mlgraph.targets.loop_nest import LoopNest

MAX_CACHED_SHAPES = 256
"""The number of shapes whose loops a kernel remembers."""

MIN_HELPER_WORK = 400_000
"""The instructions that are worth a helper."""

MAX_PIECES = 64
"""In how many pieces a loop is done at most."""

MIN_THREAD_WORK = 2_000_000
"""The instructions that are worth a thread of Python."""

CPU_QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")
"""The file where Linux tells the processor time of a container, and the period: twice in `200000 100000`."""

MIN_RELEASE_WORK = 200_000
"""The instructions from which on other threads of Python may run meanwhile."""


class Launch(NamedTuple):
    """A loop nest with its code, for one call that allocates dense results."""

    call: Callable[..., Any]
    address: int
    shape: tuple[Any, ...]
    """The shape of every result, or the shape of each where some are reduced."""
    like: int
    """The number of an operand that the first whole result is to be like, -1 where none is: torch copies a form faster
    than it makes one."""
    owner: Any
    """Owns the memory at `address`."""


class Loops:
    """A loop nest with its code, in one piece or several."""

    def __init__(self, nest: LoopNest, call: Callable[..., Any], itemsizes: Sequence[int], weight: int) -> None:
        memory.keep_freed_blocks()
        self.nest = nest
        self.call = call
        work = prod(nest.sizes) * (weight + len(itemsizes))
        pieces = self.pieces(work)
        size = len(pieces[0]) + 5
        self.shared = self.share and helpers.supported()
        left = range(len(pieces), 0, -1) if self.shared else [1] * len(pieces)
        release = int(work > MIN_RELEASE_WORK or len(pieces) > 1)
        others = min(len(pieces), threads()) - 1
        if self.shared:
            helpers.start(others)
        header = [size, others, helpers.pool()]
        whole = [(*piece[:2], release, more, *header, *piece[2:]) for piece, more in zip(pieces, left)]
        self.memory = array("q", [number for piece in whole for number in piece])
        start, _ = self.memory.buffer_info()
        self.addresses = [start + size * piece * self.memory.itemsize for piece in range(len(pieces))]

    @property
    def share(self) -> bool:
        """True if all pieces are given the same arrays."""
        return True

    def pieces(self, work: int) -> list[list[int]]:
        """Return the plan of each piece, of so many instructions in total: of outer iterations, or of the only loop's.

        They are the same for any number of threads.
        """
        *outer, inner = self.nest.sizes
        count = prod(outer) if outer else inner
        pieces = min(pieces_of(work), count)
        rest = [inner, *outer, *(step for steps in self.nest.strides for step in steps)]
        bounds = [count * piece // pieces for piece in range(pieces + 1)]
        return [[begin, end, *rest] for begin, end in pairwise(bounds)]

    def launch(self, like: int = -1) -> Launch | None:
        """Return a single launch, None for pieces that Python must start or results that are not dense."""
        if (len(self.addresses) > 1 and not self.shared) or not self.nest.dense:
            return None
        return Launch(self.call, self.addresses[0], self.nest.shape, like, self)

    def run(self, arguments: Sequence[Any]) -> None:
        """Run every piece."""
        if self.shared:
            self.call(self.addresses[0], *arguments)
        else:
            self.run_pieces([arguments] * len(self.addresses))

    def run_pieces(self, arguments: Sequence[Sequence[Any]]) -> None:
        """Run every piece on arrays of its own, with threads of Python: this one waits for none that has not begun."""
        left = iter(list(zip(self.addresses, arguments, strict=True)))

        def work() -> None:
            for address, own in left:
                self.call(address, *own)

        others = min(len(arguments), threads()) - 1
        started = [_pool().submit(work) for _ in range(others)]
        work()
        for future in started:
            if not future.cancel():
                future.result()


def remember(known: dict[Any, Any], key: Any, launch: Any) -> None:
    """Keep the launch of short calls under `key`, among a bounded number of others."""
    if len(known) >= MAX_CACHED_SHAPES:
        known.clear()
    known[key] = launch


def access_of(nest: LoopNest, itemsizes: Sequence[int]) -> Access:
    """Return the part of a loop nest that code depends on; `itemsizes` are the bytes of an element of every array."""
    steps = [strides[-1] for strides in nest.strides]
    inner = tuple(UNIT if s == n else ZERO if s == 0 else ANY for s, n in zip(steps, itemsizes, strict=True))
    return Access(inner, len(nest.sizes) - 1, max(nest.reduced - 1, 0))


def pieces_of(work: int) -> int:
    """Return the number of pieces for so many instructions."""
    return max(1, min(MAX_PIECES, work // (MIN_HELPER_WORK if helpers.supported() else MIN_THREAD_WORK)))


def threads() -> int:
    """Return the most threads of a kernel: one for each processor, `MLGRAPH_NUM_THREADS` or `OMP_NUM_THREADS` at most.

    Those count that this process may run on, as far as its container grants their time. A forked process and a
    worker of a pool of processes take one.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = 1 if helpers.ended() or current_process().daemon else min(processors, granted())
    for name in ("MLGRAPH_NUM_THREADS", "OMP_NUM_THREADS"):
        named = os.environ.get(name, "")
        if named.isdigit() and int(named):
            return min(int(named), most)
    return most


@cache
def granted() -> int:
    """Return the processors that the time granted to this container is worth: more threads would wait."""
    try:
        time, period = CPU_QUOTA_FILE.read_text().split()
        return max(1, int(time) // int(period))
    except (OSError, ValueError):  # no such file, or no limit
        return sys.maxsize


_pools: list[ThreadPoolExecutor] = []


def _pool() -> ThreadPoolExecutor:
    if not _pools:
        _pools.append(ThreadPoolExecutor(max(threads() - 1, 1), "mlgraph-kernel"))
    return _pools[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # threads do not survive a fork
