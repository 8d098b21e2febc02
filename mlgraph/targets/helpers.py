"""Helper threads for the long loops of kernels: the caller and the helpers take pieces from one counter.

The caller never waits for a helper that has not begun: on a busy machine that would last as long as another process
keeps the processor. If a helper had begun and was then preempted, callers work alone for a while. Helpers look for the
next loop for some microseconds, then sleep; they end with the process.

If torch runs loops of its own in between, its OpenMP threads spin on the processors that helpers need. Such loops are
run in torch's team of threads, as long as that does not hold the caller up.
"""

import atexit
import ctypes
import os
import platform
import signal
import sys
import threading
from array import array
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mlgraph.frameworks import Framework, every
from mlgraph.targets.machine_code import Loaded, machine_code

CODE = Path(__file__).with_suffix(".ll")

SPINS = 4000
"""The number of times that a helper looks for another loop before it sleeps: about 50 µs, as long as waking it takes.
It yields its processor now and then, since its caller may be waiting for the same one."""

TURN = 200_000
"""The nanoseconds of work after which a helper yields its processor between two loops. A thread that has run for long
is preempted in the middle of a loop."""

HELD, TIMES = 20_000, 30
"""The nanoseconds, added to a quarter of its own work, that a caller may wait for helpers before it counts as held up;
and the factor of that wait for which callers then work alone."""

PREFERENCE, LONGEST = 1_000_000_000, 2_000_000_000
"""The nanoseconds for which torch's team is used after helpers failed, and the longest time for which it is barred
after it held a caller up."""

PAUSES = {
    "x86_64": "call void @llvm.x86.sse2.pause()",
    "aarch64": "call void @llvm.aarch64.hint(i32 1)",
}
"""The instruction of a waiting thread for each processor. It spares the other thread of its core, and memory."""

NUMBERS = {
    "SPINS": SPINS,
    "HELD": HELD,
    "TIMES": TIMES,
    "TURN": TURN,
    "PREFERENCE": PREFERENCE,
    "LONGEST": LONGEST,
}

WORDS = 64
CALL, LIMIT, STOP, WAKE, TEAM, MAIN = 0, 1, 2, 32, 40, 41
"""Indices of words of the pool, as `helpers.ll` declares them."""

_pool = array("q", [0] * (WORDS + 8))
_threads: list[ctypes.c_void_p] = []
_lock = threading.Lock()


def pool() -> int:
    """Return the address of the pool, which is an argument of machine code."""
    start, _ = _pool.buffer_info()
    return start + -start % 64


def supported() -> bool:
    """Return whether helpers can be started on this machine."""
    return sys.platform == "linux" and platform.machine() in PAUSES


def ended() -> bool:
    """Return whether this process starts no more threads: it was forked, or it is exiting."""
    return bool(_words()[STOP])


def start(count: int) -> None:
    """Start helpers until there are `count`, unless this process was forked or is exiting."""
    with _lock:
        library, words = _libc(), _words()
        if count and not words[LIMIT]:
            words[LIMIT] = _first(lambda framework: framework.thread_limit())
            words[TEAM] = _first(lambda framework: framework.thread_team())
            words[MAIN] = threading.main_thread().ident or 0
        if count <= len(_threads) or not supported() or ended():
            return
        code = _code()
        if not _threads:
            library.sem_init(ctypes.c_void_p(pool() + 8 * WAKE), 0, 0)
            words[CALL] = code.engine.get_function_address("call")
        helper = ctypes.c_void_p(code.engine.get_function_address("helper"))
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # Python's own threads take signals
        try:
            while len(_threads) < count:
                thread = ctypes.c_void_p()
                if library.pthread_create(ctypes.byref(thread), None, helper, ctypes.c_void_p(pool())):
                    return  # no more threads are to be had: fewer help
                _threads.append(thread)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _stop() -> None:
    """Stop all helpers and wait for them, since their code is about to be freed."""
    with _lock:
        words = _words()
        words[CALL], words[STOP] = 0, 1
        for _ in _threads:
            _libc().sem_post(ctypes.c_void_p(pool() + 8 * WAKE))
        for thread in _threads:
            _libc().pthread_join(thread, None)
        _threads.clear()


def _forget() -> None:
    """Reset the pool in a forked process, which has no helpers and starts none."""
    global _lock
    _lock = threading.Lock()
    _words()[:] = [0] * WORDS
    _words()[STOP] = 1
    _threads.clear()


def _words() -> "ctypes.Array[ctypes.c_int64]":
    return (ctypes.c_int64 * WORDS).from_address(pool())


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@cache
def _code() -> Loaded:
    text = CODE.read_text()
    pause = PAUSES[platform.machine()]
    declared = pause.replace("call", "declare").replace("i32 1", "i32")
    text = f"{text}\n{declared}\n".replace("PAUSE", pause)
    for name, number in NUMBERS.items():
        text = text.replace(name, str(number))
    return machine_code(text, lambda: text)


def _first(address_of: Callable[[Framework], int]) -> int:
    """Return the address that the first loaded framework gives; 0 where none does."""
    return next((found for framework in every() if (found := address_of(framework))), 0)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
atexit.register(_stop)
