"""Threads that help the caller of a kernel with a long loop: they take pieces of it, and the caller the others.

The caller never waits for a helper that has not begun: on a busy machine that would last as long as another process
keeps the processor. Where one had begun and was then pushed off its processor, callers work alone for a while. Helpers
look out for the next loop for some microseconds, then sleep; they end with the process.

Where torch runs loops of its own in between, its OpenMP threads spin on the processors that helpers need. There the
loop is run in torch's team of threads, as long as that does not hold the caller up.
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
from mlgraph.targets.llvm import Loaded, machine_code

CODE = Path(__file__).with_suffix(".ll")

SPINS = 4000
"""How often a helper looks for another loop before it sleeps: some fifty microseconds, as long as it takes to wake one.
Now and then it lets others have the processor, who may be the caller that it waits for."""

TURN = 200_000
"""For how many nanoseconds a helper works before it lets others have the processor between two loops: who has had it
for long is pushed off in the middle of one."""

HELD, TIMES = 20_000, 30
"""How many nanoseconds a caller waits for helpers, beside a quarter of what it worked, before that counts as being held
up; and for how many times as long callers work alone then."""

PREFERENCE, LONGEST = 1_000_000_000, 2_000_000_000
"""For how many nanoseconds a team is asked where helpers failed, and for how many at most it is barred when it was held
up."""

PAUSES = {
    "x86_64": "call void @llvm.x86.sse2.pause()",
    "aarch64": "call void @llvm.aarch64.hint(i32 1)",
}
"""What a waiting thread does, by the processor: it leaves the other thread of its core, and memory, alone."""

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
"""The words of a pool, as `helpers.ll` knows them."""

_pool = array("q", [0] * (WORDS + 8))
_threads: list[ctypes.c_void_p] = []
_lock = threading.Lock()


def pool() -> int:
    """The address of the pool, which machine code is given."""
    start, _ = _pool.buffer_info()
    return start + -start % 64


def supported() -> bool:
    """Whether helpers can be started here."""
    return sys.platform == "linux" and platform.machine() in PAUSES


def ended() -> bool:
    """Whether this process starts no threads any more: it is a forked one, or ends."""
    return bool(_words()[STOP])


def start(count: int) -> None:
    """Have at least so many helpers, unless this process is a forked one, or ends."""
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
    """End all helpers, and wait for them: what they run is about to go."""
    with _lock:
        words = _words()
        words[CALL], words[STOP] = 0, 1
        for _ in _threads:
            _libc().sem_post(ctypes.c_void_p(pool() + 8 * WAKE))
        for thread in _threads:
            _libc().pthread_join(thread, None)
        _threads.clear()


def _forget() -> None:
    """In a forked process helpers are gone, and it starts none: who forks has as many processes as it wants."""
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
