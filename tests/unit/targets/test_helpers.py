# pyright: basic
"""Long loops are right, and end, whoever shares the processors: other callers, busy processes, forks, limits."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.targets import helpers

pytestmark = [pytest.mark.kernels, pytest.mark.skipif(not helpers.supported(), reason="helpers are threads of Linux")]

STRESS = """
import os, sys, threading
import numpy as np
import mlgraph

def chain(x):
    return np.tanh(x * 2.0 + 1.0) * x

def total(x):
    return np.sum(np.exp(x * 0.5) + x)

x = np.linspace(-1, 1, 300_000, dtype=np.float32)
short = x[:100_000].copy()
one, all_of = mlgraph.compile(chain, args=(short,), to="numpy"), mlgraph.compile(total, args=(x,), to="numpy")
expected, first, wrong = chain(short), all_of(x), []

def calls():
    for _ in range(200):
        y = one(short)
        if not np.allclose(y, expected, 1e-5, 1e-5) or all_of(x) != first:
            wrong.append(1)

def callers():
    threads = [threading.Thread(target=calls) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

calls()
callers()
child = os.fork()
if not child:
    before = len(os.listdir("/proc/self/task"))
    calls()
    os._exit(bool(wrong) or len(os.listdir("/proc/self/task")) != before)
_, status = os.waitpid(child, 0)
calls()
print(len(wrong), status, float(first).hex())
"""


BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    pass
"""
"""It ends with its parent, even one that was killed."""


def stressed(threads: str, first: str = "") -> list[str]:
    """Run `first`, then the callers beside two busy processes.

    Return how many calls were wrong, the forked child's status and a sum.
    """
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    environment = {name: value for name, value in os.environ.items() if name != "MLGRAPH_NUM_THREADS"}
    environment["OMP_NUM_THREADS"] = threads
    try:
        run = subprocess.run(
            [sys.executable, "-c", first + STRESS], env=environment, capture_output=True, text=True, timeout=300
        )
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize("threads", [("1", "64"), pytest.param(("1", "2", "64"), marks=pytest.mark.slow)], ids="-".join)
def test_eight_callers_beside_busy_processes_are_right_and_sums_are_the_same_for_any_number_of_threads(threads):
    wrong, statuses, sums = zip(*map(stressed, threads))
    assert set(wrong) == set(statuses) == {"0"}
    assert len(set(sums)) == 1


def test_callers_in_turns_with_loops_of_torch_are_right_beside_busy_processes():
    wrong, status, _ = stressed("2", "import torch; torch.rand(300_000).tanh()")
    assert (wrong, status) == ("0", "0")


def loops_shared_by(call) -> int:
    """Return how many loops were offered to helpers meanwhile."""
    words = helpers._words()
    before = words[24]
    for _ in range(20):
        words[25] = words[42] = 0  # nobody was held up, no helper failed
        call()
    return words[24] - before


@pytest.fixture
def long_call(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("MLGRAPH_NUM_THREADS", raising=False)
    monkeypatch.setattr("mlgraph.targets.kernels.loops.threads", lambda: 2)
    x = np.linspace(-1, 1, 300_000, dtype=np.float32)
    graph = mlgraph.compile(lambda x: np.tanh(x * 2.0 + 1.0) * x, to="numpy", args=(x,))
    graph(x)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield lambda: graph(x)
    torch.set_num_threads(threads)


def test_helpers_share_loops_as_far_as_torch_allows_threads(long_call):
    import sklearn  # noqa: F401  # brings an OpenMP of its own, with a number of threads of its own

    assert loops_shared_by(long_call) == 20
    torch.set_num_threads(1)
    assert loops_shared_by(long_call) == 0


def test_callers_work_alone_for_a_while_after_one_was_held_up(long_call):
    words = helpers._words()
    try:
        words[25] = 1 << 62
        before = words[24]
        long_call()
        assert words[24] == before
    finally:
        words[25] = 0


@pytest.fixture
def team(long_call: Callable[[], object]) -> Iterator[Callable[[float], list[int]]]:
    """A function that puts a team of one thread, held up for so many seconds, in the place of torch's."""
    words, kept = helpers._words(), list(helpers._words()[40:45])
    regions: list[int] = []

    def install(seconds: float) -> list[int]:
        @ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        def run(member: int, region: int, threads: int, flags: int) -> None:
            regions.append(threads)
            ctypes.CFUNCTYPE(None, ctypes.c_void_p)(member)(region)
            time.sleep(seconds)

        install.alive = run
        words[40] = ctypes.cast(run, ctypes.c_void_p).value
        words[42], words[43], words[44] = 1 << 62, 0, 0
        return regions

    yield install
    words[40:45] = kept


def test_where_helpers_failed_a_loop_is_run_in_the_team_of_torch(long_call):
    words = helpers._words()
    words[25] = words[42] = 0
    expected = long_call()
    before = words[24]
    assert words[40], "torch's own GOMP_parallel"
    words[42], words[43] = 1 << 62, 0
    try:
        result = long_call()
    finally:
        words[42:45] = [0, 0, 0]
    assert np.array_equal(result, expected)
    assert words[24] == before
    words[25] = 0
    long_call()
    assert words[24] == before + 1


def test_a_team_that_held_its_caller_up_is_barred_longer_each_time(long_call, team):
    regions, words = team(0.02), helpers._words()
    long_call()
    first = words[44]
    assert words[43] > time.monotonic_ns()
    assert first > 2 * 20_000_000
    long_call()
    assert len(regions) == 1
    words[43] = 0
    long_call()
    assert len(regions) == 2
    assert words[44] >= min(2 * first, helpers.LONGEST)


def test_threads_but_the_main_one_never_use_the_team(long_call, team):
    regions = team(0.0)
    thread = threading.Thread(target=long_call)
    thread.start()
    thread.join()
    assert not regions
