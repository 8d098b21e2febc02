# pyright: basic
"""Long loops are right, and end, whoever shares the processors: other callers, busy processes, forks, limits."""

import os
import subprocess
import sys

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


def stressed(threads: str) -> list[str]:
    """Run the callers beside two busy processes; return how many were wrong, the forked child's status and a sum."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    environment = {name: value for name, value in os.environ.items() if name != "MLGRAPH_NUM_THREADS"}
    environment["OMP_NUM_THREADS"] = threads
    try:
        run = subprocess.run(
            [sys.executable, "-c", STRESS], env=environment, capture_output=True, text=True, timeout=300
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


def loops_shared_by(call) -> int:
    """Return how many loops were offered to helpers meanwhile."""
    words = helpers._words()
    before = words[24]
    for _ in range(20):
        words[25] = 0  # nobody was held up
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
    return lambda: graph(x)


def test_helpers_share_loops_as_far_as_torch_allows_threads(long_call):
    import sklearn  # noqa: F401  # brings an OpenMP of its own, with a number of threads of its own

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert loops_shared_by(long_call) == 20
        torch.set_num_threads(1)
        assert loops_shared_by(long_call) == 0
    finally:
        torch.set_num_threads(threads)


def test_callers_work_alone_for_a_while_after_one_was_held_up(long_call):
    torch_threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        words = helpers._words()
        words[25] = 1 << 62
        before = words[24]
        long_call()
        assert words[24] == before
    finally:
        words[25] = 0
        torch.set_num_threads(torch_threads)
