"""A GELU beside other processes that keep the processors busy: what a call takes, and how late a late one is.

Run it as `python benchmarks/busy.py`. Nothing else should run.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import torch
from elementwise import JAX, gelu
from report import Report

import mlgraph

SIZES = (30_000, 100_000, 300_000, 1_000_000, 10_000_000)
BUSY = (0, 1, 2)
SECONDS = 1.0
"""The seconds for which each candidate is called."""


def with_numpy(x: Any) -> Any:
    return gelu(np, x)


def with_torch(x: Any) -> Any:
    return gelu(torch, x)


def candidates(size: int) -> dict[str, Callable[[], Any]]:
    x = np.random.default_rng(0).standard_normal(size, np.float32)
    tensor, array = torch.from_numpy(x), jax.numpy.asarray(x)
    jitted = jax.jit(lambda x: gelu(JAX, x))
    by_numpy, by_torch, alone = (
        mlgraph.compile(function, to=to, args=(given,))
        for function, to, given in ((with_numpy, "numpy", x), (with_torch, "torch", tensor), (with_numpy, "numpy", x))
    )
    os.environ["MLGRAPH_NUM_THREADS"] = "1"
    alone(x)
    del os.environ["MLGRAPH_NUM_THREADS"]
    return {
        "mlgraph numpy": lambda: by_numpy(x),
        "mlgraph torch": lambda: by_torch(tensor),
        "jax.jit": lambda: jax.block_until_ready(jitted(array)),
        "one thread": lambda: alone(x),
    }


@contextmanager
def busy(count: int) -> Generator[None]:
    """Run this many other processes that keep a processor busy."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    time.sleep(0.5)
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def times(call: Callable[[], Any]) -> tuple[float, float]:
    """Return the median and the 95th percentile of the time of a call, in microseconds."""
    call()
    taken: list[float] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(taken) < 20:
        started = time.perf_counter()
        call()
        taken.append(1e6 * (time.perf_counter() - started))
    return float(np.median(taken)), float(np.percentile(taken, 95))


def main() -> int:
    report = Report("busy", (__doc__ or "").partition("\n")[0])
    rows: list[list[str]] = []
    late: dict[str, float] = {}
    for size in SIZES:
        calls = candidates(size)
        quiet = 0.0
        for count in BUSY:
            with busy(count):
                found = {name: times(call) for name, call in calls.items()}
            quiet = quiet or found["one thread"][0]
            rows.append([f"{size:,}", str(count), *(f"{m:,.0f} / {p:,.0f}" for m, p in found.values())])
            for name in ("mlgraph numpy", "mlgraph torch"):
                text = f"{size:,} elements, {count} busy: a late call by {name} / one thread"
                late[text] = found[name][1] / quiet
    columns = ["elements", "busy beside", "mlgraph numpy", "mlgraph torch", "jax.jit", "one thread"]
    note = (
        "Microseconds a call: the median / the 95th percentile, float32. The others are one process for each busy one."
    )
    report.table("A GELU", columns, rows, note)
    for text, ratio in late.items():
        report.bound(text, ratio, 1.5, "x")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
