"""Memory of results, kept for later ones: the system clears new pages, which takes longer than most kernels.

Memory of large results is kept in a pool, that of smaller ones by malloc.
"""

import threading
from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

MIN_POOLED_BYTES = 1 << 23
"""The size of the smallest results in the pool. The free memory of a few of these is more than malloc keeps."""

MAX_MALLOC_BYTES = (1 << 25) - (1 << 16)
"""A little less than the largest block that glibc's malloc may keep after it is freed."""

MAX_POOLED_BYTES = 1 << 28
"""The most bytes that are kept."""

MAX_SLACK = 2
"""The most times that memory may be as large as the result in it."""


class Pool:
    """Memory that is free at present, at most `limit` bytes; what was kept first goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.free: list[np.ndarray[Any, Any]] = []
        # Arrays may go at any time, also while their own thread is in here: nobody waits for this lock.
        self._lock = threading.Lock()

    def take(self, size: int) -> "np.ndarray[Any, Any]":
        """Return at least `size` bytes: the smallest free memory that suits, or new memory, of huge pages."""
        if self._lock.acquire(blocking=False):
            try:
                fit = [i for i, memory in enumerate(self.free) if size <= memory.nbytes <= MAX_SLACK * size]
                if fit:
                    return self.free.pop(min(fit, key=lambda i: self.free[i].nbytes))
            finally:
                self._lock.release()
        return np.empty(size, np.uint8)

    def keep(self, memory: "np.ndarray[Any, Any]") -> None:
        """Return free memory to the pool, unless it exceeds the limit."""
        if memory.nbytes <= self.limit and self._lock.acquire(blocking=False):
            try:
                self.free.append(memory)
                while sum(memory.nbytes for memory in self.free) > self.limit:
                    del self.free[0]
            finally:
                self._lock.release()


class _Lent:
    """Owns memory of a pool on behalf of the arrays over it."""

    def __init__(self, pool: Pool, memory: "np.ndarray[Any, Any]") -> None:
        self.__array_interface__ = memory.__array_interface__
        self._pool, self._memory = pool, memory

    def __del__(self) -> None:
        self._pool.keep(self._memory)


POOL = Pool(MAX_POOLED_BYTES)


@cache
def keep_freed_blocks() -> None:
    """Have malloc keep freed blocks of less than 32 MB for the process, up to 64 MB of them.

    At first glibc maps each block of 128 kB or more anew, and unmaps it when it is freed. It raises that limit to the
    size of each block that is freed (mallopt(3), `M_MMAP_THRESHOLD`), and to its maximum after this one.
    """
    np.empty(MAX_MALLOC_BYTES, np.uint8)


def is_large(shape: Sequence[int], dtype: Any) -> bool:
    """Return whether the memory of an array is worth keeping. The type is numpy's or torch's."""
    return prod(shape) * dtype.itemsize >= MIN_POOLED_BYTES


def empty(shape: Sequence[int], dtype: "np.dtype[Any]") -> "np.ndarray[Any, Any]":
    """Allocate an array; its memory is kept for another as soon as the last array over it is gone."""
    size = prod(shape) * dtype.itemsize
    return np.asarray(_Lent(POOL, POOL.take(size)))[:size].view(dtype).reshape(shape)
