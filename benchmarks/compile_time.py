"""What a capture costs beside the framework's own tracer, how that grows, and what `import mlgraph` costs.

Run it as `python benchmarks/compile_time.py`.
"""

import math
import os
import subprocess
import sys
import time

import jax.numpy as jnp
import torch
from report import Report
from transformers import ResNetConfig, ResNetForImageClassification

import mlgraph

RUNS = {100: 9, 1_000: 5, 10_000: 2}
"""The lengths of chains, with the number of times that each is compiled; the shortest time counts."""
STEPS = ("tracer", "capture", "transform", "emit")


def chain(length):
    """Return a jax function of `length` elementwise operations, no two of them equal."""

    def function(x):
        for i in range(length // 2):
            x = jnp.multiply(jnp.sin(x), 1.0 + i / length)
        return x

    return function


def timed(function, to, *arguments):
    """Return the seconds of each step of a capture, of "all" of them, and of the "processor" alone."""
    started, processor = time.perf_counter(), time.process_time()
    graph = mlgraph.compile(function, to=to, args=arguments)
    found = {"all": time.perf_counter() - started, "processor": time.process_time() - processor}
    graph(*arguments)  # waits for the kernels, which else would be made while the next run is timed
    return getattr(graph, "forward", graph).timings() | found


def resnet(report: Report) -> None:
    torch.manual_seed(0)
    model = ResNetForImageClassification(ResNetConfig()).eval()
    picture = torch.randn(2, 3, 224, 224)
    rows = []
    ratios = {}
    for to in ("torch", "jax", "tensorflow", "numpy"):
        timed(torch.relu, to, torch.ones(2))
        seconds = timed(model, to, picture)
        mlgraph.restore(model)
        own = seconds["all"] - seconds["tracer"]
        ratios[to] = own / seconds["tracer"]
        rows.append([to, *(f"{seconds[step]:.2f}" for step in (*STEPS, "all")), f"{ratios[to]:.2f}"])
    columns = ["target", *STEPS, "all", "own / tracer"]
    report.table("ResNet-50 from torch", columns, rows, "Seconds. The tracer is `torch.export`; the rest is mlgraph's.")
    for to, ratio in ratios.items():
        report.bound(f"ResNet-50 to {to}: mlgraph's own time / the tracer's", ratio, 0.5, "x")


def chains(report: Report) -> None:
    timed(chain(100), "numpy", jnp.ones(3))
    rows = []
    taken = {}
    for length in RUNS:
        for to in ("numpy", "jax"):
            runs = [timed(chain(length), to, jnp.ones(3)) for _ in range(RUNS[length])]
            seconds = min(runs, key=lambda run: run["processor"])
            taken[length, to] = 1000 * seconds["processor"] / length
            rows.append(
                [
                    f"{length} operations to {to}",
                    *(f"{seconds[step]:.2f}" for step in STEPS),
                    f"{taken[length, to]:.2f}",
                ]
            )
    report.table(
        "Chains of elementwise operations from jax",
        ["chain", *STEPS, "ms an operation"],
        rows,
        "Seconds, the least of several runs; the last column is processor time of all steps.",
    )
    report.bound("the dearest operation, in all", max(taken.values()), 1.5, " ms")
    exponent = max(math.log10(10 * taken[10_000, to] / taken[1_000, to]) for to in ("numpy", "jax"))
    report.bound("growth from 1,000 to 10,000, as a power of the length", exponent, 1.2, "")


LOADED = "import sys; print([m for m in ('torch', 'jax', 'tensorflow', 'triton', 'llvmlite') if m in sys.modules])"


def imports(report: Report) -> None:
    """Add the table of imports: seconds in a new interpreter without its own start, the least of several."""
    rows = []
    taken = {}
    for name, code in (("import mlgraph", "import mlgraph"), ("mlgraph.compile", "import mlgraph; mlgraph.compile")):
        clock = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t); {LOADED}"
        runs = [subprocess.check_output([sys.executable, "-c", clock], text=True).split("\n") for _ in range(7)]
        taken[name] = min(float(run[0]) for run in runs)
        rows.append([f"`{name}`", f"{taken[name]:.3f}", "none" if runs[0][1] == "[]" else runs[0][1]])
        if runs[0][1] != "[]":
            report.missed.append(f"{name} loads {runs[0][1]}")
    report.table("Imports", ["what", "seconds", "frameworks loaded"], rows)
    report.bound("import mlgraph", taken["import mlgraph"], 0.2, " s")


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    report = Report("compile_time", __doc__.partition("\n")[0])
    imports(report)
    chains(report)
    resnet(report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
