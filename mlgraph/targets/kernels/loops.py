"""Plans in memory, as the loops of a kernel read them, and the threads that share a long one."""

# pyright: basic
import os
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any, NamedTuple

from mlgraph.dialects.kernel import ANY, UNIT, ZERO, Access
from mlgraph.targets.plan import Plan

KEPT = 256
"""How many shapes a kernel remembers the loops of."""

CHUNK = 2_000_000
"""How many instructions are worth a thread."""

LONG = 200_000
"""How many instructions are worth letting other threads of Python run meanwhile."""


class Walk(NamedTuple):
    """A plan with its code, for one thread that allocates dense results."""

    call: Callable[..., Any]
    address: int
    shape: tuple[int, ...]
    like: int
    """The number of an operand that the first result is to be like, -1 where none is: torch copies a form faster than
    it makes one."""
    owner: Any
    """Owns the memory at `address`."""


class Loops:
    """A plan with its code, in one piece or several."""

    def __init__(self, plan: Plan, call: Callable[..., Any], itemsizes: Sequence[int], weight: int) -> None:
        self.plan = plan
        self.call = call
        access = access_of(plan, itemsizes)
        outer, inner = plan.sizes[:-1], plan.sizes[-1]
        count = prod(outer) if access.outer else inner
        work = prod(plan.sizes) * (weight + len(itemsizes))
        pieces = max(1, min(threads(), work // CHUNK, count))
        self.memory = array("q")
        rest = [inner, *outer, *(step for steps in plan.strides for step in steps)]
        for piece in range(pieces):
            begin, end = count * piece // pieces, count * (piece + 1) // pieces
            self.memory.extend([begin, end, int(work > LONG), *rest])
        start, _ = self.memory.buffer_info()
        size = len(self.memory) // pieces * self.memory.itemsize
        self.addresses = [start + size * piece for piece in range(pieces)]

    def walk(self, like: int = -1) -> Walk | None:
        """What a short call needs alone, None for several pieces or results that are not dense."""
        if len(self.addresses) > 1 or not self.plan.dense:
            return None
        return Walk(self.call, self.addresses[0], self.plan.shape, like, self)

    def run(self, arguments: Sequence[Any]) -> None:
        """Run every piece, each but the first in a thread of its own."""
        first, *others = self.addresses
        started = [_pool().submit(self.call, address, *arguments) for address in others]
        self.call(first, *arguments)
        for future in started:
            future.result()


def remember(known: dict[Any, Walk], key: Any, walk: Walk | None) -> None:
    """Keep the walk of short calls under `key`, among a bounded number of others."""
    if walk is not None:
        if len(known) >= KEPT:
            known.clear()
        known[key] = walk


def access_of(plan: Plan, itemsizes: Sequence[int]) -> Access:
    """What of a plan is part of the code; `itemsizes` are the bytes of an element of every array."""
    steps = [strides[-1] for strides in plan.strides]
    inner = tuple(UNIT if s == n else ZERO if s == 0 else ANY for s, n in zip(steps, itemsizes, strict=True))
    return Access(inner, len(plan.sizes) - 1)


def threads() -> int:
    """How many threads a kernel may take: `MLGRAPH_NUM_THREADS`, or one for each processor that this process has."""
    named = os.environ.get("MLGRAPH_NUM_THREADS", "")
    if named.isdigit() and int(named):
        return int(named)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_pools: list[ThreadPoolExecutor] = []


def _pool() -> ThreadPoolExecutor:
    if not _pools:
        _pools.append(ThreadPoolExecutor(max(threads() - 1, 1), "mlgraph-kernel"))
    return _pools[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # threads do not survive a fork
