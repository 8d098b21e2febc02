"""What a call of a compiled function costs beside its operations, at 3 elements, where nothing else counts.

Run it as `python benchmarks/overhead.py`.
"""

import logging
import sys

import jax
import jax.numpy as jnp
import torch
from report import Report, microseconds

import mlgraph

jax.config.update("jax_platforms", "cpu")
logging.getLogger("torch").setLevel(logging.ERROR)


def two_inputs(x, y):
    return torch.relu(torch.mul(x, y))


def one_input(x):
    return torch.relu(torch.sin(x))


def with_numbers(x):
    return x * 2.0 + 1.0


def jax_two_inputs(x, y):
    return jnp.maximum(jnp.multiply(x, y), 0)


def jax_one_input(x):
    return jnp.maximum(jnp.sin(x), 0)


FUNCTIONS = (
    ("relu(mul(x, y))", two_inputs, jax_two_inputs, 2),
    ("relu(sin(x))", one_input, jax_one_input, 1),
    ("x * 2.0 + 1.0", with_numbers, with_numbers, 1),
)


def candidates(function, jax_function, *arguments, fuse=True):
    """Return the same call by hand, by mlgraph, by torch.compile and by jax.jit."""
    graph = mlgraph.compile(function, to="torch", args=arguments, fuse=fuse)
    compiled = torch.compile(function, backend="eager")
    arrays = jax.tree.map(lambda a: jnp.asarray(a.numpy()), arguments)
    jitted = jax.jit(jax_function)
    return {
        "by hand": lambda: function(*arguments),
        "mlgraph": lambda: graph(*arguments),
        "torch.compile": lambda: compiled(*arguments),
        "jax.jit": lambda: jitted(*arrays),
    }


def two_operations(report: Report) -> None:
    rows = []
    ratios = {}
    for name, function, jax_function, inputs in FUNCTIONS:
        arguments = [torch.randn(3) for _ in range(inputs)]
        taken = microseconds(candidates(function, jax_function, *arguments))
        ratios[name] = taken["mlgraph"] / taken["by hand"]
        rows.append([name, *(f"{t:.2f}" for t in taken.values()), f"{ratios[name]:.2f}"])
    columns = ["function", "by hand", "mlgraph", "torch.compile", "jax.jit", "mlgraph / by hand"]
    note = "Microseconds a call. `torch.compile` with backend `eager`: its guards, and the same operations."
    report.table("Two operations on 3 elements", columns, rows, note)
    for name, ratio in ratios.items():
        report.bound(f"{name} / by hand", ratio, 1.3, "x")


def reads(names):
    """Return a function that adds the items `names` of a dict."""

    def add(items):
        total = items[names[0]]
        for name in names[1:]:
            total = total + items[name]
        return total

    return add


def dicts(report: Report) -> None:
    rows = []
    extra = {}
    for leaves, used in ((3, 3), (100, 3), (100, 30), (100, 100)):
        items = {f"layer{i}.weight": torch.randn(3) for i in range(leaves)}
        function = reads(list(items)[:used])
        taken = microseconds(candidates(function, function, items, fuse=False))
        extra[leaves, used] = taken["mlgraph"] - taken["by hand"]
        rows.append(
            [f"{leaves} leaves, {used} used", *(f"{t:.2f}" for t in taken.values()), f"{extra[leaves, used]:.2f}"]
        )
    columns = ["dict", "by hand", "mlgraph", "torch.compile", "jax.jit", "mlgraph - by hand"]
    note = "Microseconds a call. mlgraph without kernels: the operations are the same, so the difference is the call."
    report.table("A dict of arrays", columns, rows, note)
    used_leaf = (extra[100, 100] - extra[3, 3]) / 97
    unused_leaf = (extra[100, 3] - extra[3, 3]) / 97
    report.bound("an unused leaf / a used leaf", unused_leaf / used_leaf, 0.2, "x")
    report.bound("a used leaf", used_leaf, 0.3, " µs")


def module(report: Report) -> None:
    layers = [layer for _ in range(5) for layer in (torch.nn.Linear(3, 3), torch.nn.ReLU())]
    model, x = torch.nn.Sequential(*layers), torch.randn(2, 3)
    graph = mlgraph.compile(lambda x: model(x), to="torch", args=(x,))
    [one] = graph.specializations()
    params = graph.params
    taken = microseconds(
        {
            "by hand": lambda: model(x),
            "mlgraph": lambda: graph(x),
            "its operations": lambda: one.executable.main(params, x),
            "the guard": one.modules.test,
        }
    )
    rows = [["ten layers", *(f"{t:.2f}" for t in taken.values())]]
    note = "Microseconds a call. Each call runs the guard, which compares the modules, and shapes and types of weights."
    report.table("A torch module", ["module", *taken], rows, note)
    report.bound("the guard of ten layers", taken["the guard"], 0.3, " µs")


def main() -> int:
    torch.manual_seed(0)
    report = Report("overhead", __doc__.partition("\n")[0])
    two_operations(report)
    dicts(report)
    module(report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
