# pyright: basic
"""Memory of large results: it serves later ones, and never one that somebody still holds."""

import gc
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.targets.kernels import memory
from mlgraph.targets.kernels.memory import Pool

pytestmark = pytest.mark.kernels


def chain(x: Any) -> Any:
    return abs(x * 2.0 - 1.0) * x


NUMPY = mlgraph.compile(chain, to="numpy", args=(np.ones((2, 3)),))
TORCH = mlgraph.compile(chain, to="torch", args=(torch.ones(2, 3, dtype=torch.float64),))


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool of the test's own, of results from 4,000 bytes on."""
    made = Pool(20_000)
    monkeypatch.setattr(memory, "MIN_POOLED_BYTES", 4000)
    monkeypatch.setattr(memory, "POOL", made)
    return made


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng().standard_normal(shape)


def bytes_of(pool: Pool) -> list[int]:
    return [piece.nbytes for piece in pool.free]


@pytest.mark.parametrize("to", ["numpy", "torch"])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_result_that_is_gone_leaves_its_memory_to_the_next(to: str, transposed: bool, pool: Pool):
    graph, given = (NUMPY, np.asarray) if to == "numpy" else (TORCH, torch.from_numpy)
    x = drawn(20, 31).T if transposed else drawn(20, 32)
    for _ in range(3):
        result = graph(given(x))
        np.testing.assert_array_equal(np.asarray(result), chain(x))
        assert not pool.free
        del result
        assert bytes_of(pool) == [x.nbytes]


@pytest.mark.parametrize("to", ["numpy", "torch"])
def test_a_view_of_a_result_keeps_its_memory(to: str, pool: Pool):
    graph, given = (NUMPY, np.asarray) if to == "numpy" else (TORCH, torch.from_numpy)
    x = drawn(20, 33)
    row = graph(given(x))[3][::2]
    graph(given(drawn(20, 33)))
    np.testing.assert_array_equal(np.asarray(row), chain(x)[3][::2])
    assert len(pool.free) == 1
    del row
    assert len(pool.free) == 2


def test_memory_in_a_cycle_comes_back_when_the_cycle_is_collected(pool: Pool):
    ring: list[Any] = [NUMPY(drawn(20, 34))]
    ring.append(ring)
    del ring
    gc.collect()
    assert len(pool.free) == 1


def test_small_results_are_none_of_the_pool(pool: Pool):
    NUMPY(drawn(4, 4))
    TORCH(torch.from_numpy(drawn(4, 4)))
    assert not pool.free


def test_a_result_takes_the_least_memory_that_suits(pool: Pool):
    for size in (9000, 5000, 5800):
        pool.keep(np.empty(size, np.uint8))
    assert pool.take(5600).nbytes == 5800
    assert pool.take(4000).nbytes == 5000
    assert pool.take(4000).nbytes == 4000  # 9,000 bytes are too many
    assert bytes_of(pool) == [9000]


def test_what_was_kept_first_goes_first(pool: Pool):
    for size in (9000, 8000, 7000):
        pool.keep(np.empty(size, np.uint8))
    assert bytes_of(pool) == [8000, 7000]
    pool.keep(np.empty(30_000, np.uint8))  # more than may be kept at all
    assert bytes_of(pool) == [8000, 7000]


def test_nobody_waits_for_a_pool_that_is_in_use(pool: Pool):
    pool.keep(np.empty(5000, np.uint8))
    with pool._lock:
        assert pool.take(5000).nbytes == 5000
        pool.keep(np.empty(6000, np.uint8))
    assert bytes_of(pool) == [5000]


FAULTS = """
import resource, sys
import numpy as np
import mlgraph

def step(p, g, m):
    m = m * 0.9 + g * 0.1
    return p - m * 0.01, m, abs(p)

arrays = [np.ones(300_000) for _ in range(3)]
if sys.argv[1] == "torch":
    import torch
    arrays = [torch.from_numpy(x) for x in arrays]
graph = mlgraph.compile(step, args=arrays, to=sys.argv[1])
for _ in range(5):
    graph(*arrays)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    graph(*arrays)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc of another C library has limits of its own")
@pytest.mark.parametrize("to", ["numpy", "torch"])
def test_results_of_a_fresh_process_have_no_new_pages_at_each_call(to: str):
    run = subprocess.run([sys.executable, "-c", FAULTS, to], capture_output=True, text=True, check=True)
    pages = 20 * 3 * 300_000 * 8 // 4096
    assert int(run.stdout) < pages / 10
