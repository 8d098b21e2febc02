"""Eight chains of elementwise operations: mlgraph's kernels beside numpy, torch, `torch.compile`, `jax.jit`, numexpr.

Run it as `python benchmarks/elementwise.py`, or with the names of some of the chains. Results are of one run, in turns.
Nothing else should run. One chain is also measured beside processes that keep the processors busy.
"""

import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numexpr
import numpy as np
import scipy.special
import torch
from report import RESULTS, Report, busy, microseconds, spreads

import mlgraph

SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
TARGETS = ("numpy", "torch")
PEERS = ("numpy", "torch", "torch.compile", "jax.jit", "numexpr")
ALONE = "mlgraph numpy, one thread"
WAYS = (*PEERS, *(f"mlgraph {target}" for target in TARGETS), ALONE)
BUSY_CHAIN = ("gelu", "float32")
"""The chain that is also measured beside busy processes, and its type of elements."""
BUSY = (0, 1, 2)
NUMPY = SimpleNamespace(**{**vars(np), "erf": scipy.special.erf})
TORCH = torch
JAX = SimpleNamespace(**{**vars(jax.numpy), "erf": jax.scipy.special.erf})


@dataclass(frozen=True)
class Chain:
    """A function of arrays, the number of its arrays, and the expressions for numexpr if that has the functions."""

    function: Callable[..., Any]
    arrays: int
    expressions: tuple[str, ...] = ()
    row: bool = False
    """True if all arrays but the first are one row of it."""
    integers: bool = False

    def inputs(self, size: int, dtype: str, random: np.random.Generator) -> list[np.ndarray]:
        shape = (size // 100, 100) if self.row else (size,)
        shapes = [shape] + [shape[-1:] if self.row else shape] * (self.arrays - 1)
        if self.integers:
            return [random.integers(1, 1 << 20, s).astype(dtype) for s in shapes]
        return [random.uniform(0.1, 2.0, s).astype(dtype) for s in shapes]


def gelu(xp: Any, x: Any) -> Any:
    return 0.5 * x * (1.0 + xp.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def adam(xp: Any, p: Any, g: Any, m: Any, v: Any) -> Any:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return p - 0.001 * m / (xp.sqrt(v) + 1e-8), m, v


def option(xp: Any, s: Any, k: Any, t: Any) -> Any:
    spread = 0.2 * xp.sqrt(t)
    d1 = (xp.log(s / k) + 0.07 * t) / spread
    d2 = d1 - spread
    first = s * 0.5 * (1.0 + xp.erf(d1 * 0.7071067811865476))
    return first - k * xp.exp(-0.05 * t) * 0.5 * (1.0 + xp.erf(d2 * 0.7071067811865476))


def rotary(xp: Any, x: Any, y: Any, angle: Any) -> Any:
    c, s = xp.cos(angle), xp.sin(angle)
    return x * c - y * s, x * s + y * c


def huber(xp: Any, x: Any, y: Any) -> Any:
    d = xp.abs(x - y)
    return xp.where(d < 1.0, 0.5 * d * d, d - 0.5)


def polynomial(xp: Any, x: Any) -> Any:
    return ((((0.1 * x - 0.3) * x + 0.5) * x - 0.7) * x + 0.9) * x - 1.1


def normalise(xp: Any, x: Any, mean: Any, scale: Any) -> Any:
    y = (x * 0.00392156862745098 - mean) * scale
    return xp.where(y > 3.0, y * 0.0 + 3.0, xp.where(y < -3.0, y * 0.0 - 3.0, y))


def bits(xp: Any, a: Any, b: Any) -> Any:
    c = (a * 3 + b) ^ (a >> 2)
    return xp.where((c & 1) == 0, c >> 1, c * 3 + 1) & 65535


CHAINS = {
    "gelu": Chain(gelu, 1, ("0.5 * x * (1.0 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))",)),
    "adam": Chain(
        adam,
        4,
        (
            "p - 0.001 * (0.9 * m + 0.1 * g) / (sqrt(0.999 * v + 0.001 * g * g) + 1e-8)",
            "0.9 * m + 0.1 * g",
            "0.999 * v + 0.001 * g * g",
        ),
    ),
    "option": Chain(option, 3),
    "rotary": Chain(rotary, 3, ("x * cos(angle) - y * sin(angle)", "x * sin(angle) + y * cos(angle)")),
    "huber": Chain(huber, 2, ("where(abs(x - y) < 1.0, 0.5 * (x - y) * (x - y), abs(x - y) - 0.5)",)),
    "polynomial": Chain(polynomial, 1, ("((((0.1 * x - 0.3) * x + 0.5) * x - 0.7) * x + 0.9) * x - 1.1",)),
    "normalise": Chain(normalise, 3, row=True),
    "bits": Chain(bits, 2, integers=True),
}
"""The functions, written with elementary operations as a person would."""


def names(chain: Chain) -> list[str]:
    code = chain.function.__code__
    return list(code.co_varnames[1 : code.co_argcount])


def over(chain: Chain, xp: Any) -> Callable[..., Any]:
    """Return the chain as a function of the arrays of a framework, with named parameters."""
    parameters = ", ".join(names(chain))
    scope = {"function": chain.function, "xp": xp}
    exec(f"def {chain.function.__name__}({parameters}):\n    return function(xp, {parameters})", scope)
    return scope[chain.function.__name__]  # type: ignore[return-value]


def numexpr_call(chain: Chain, arrays: list[np.ndarray]) -> Callable[[], Any]:
    given = dict(zip(names(chain), arrays))
    dtype = arrays[0].dtype.type
    literals = {f"c{i}": dtype(value) for i, value in enumerate(_numbers(chain))}
    texts = [_with_names(text, literals) for text in chain.expressions]
    return lambda: [numexpr.evaluate(text, {**given, **literals}, {}) for text in texts]


def _numbers(chain: Chain) -> list[float]:
    return sorted(
        {float(n) for text in chain.expressions for n in re.findall(r"\d+\.\d+|\d+e-\d+", text)}, reverse=True
    )


def _with_names(text: str, literals: Mapping[str, Any]) -> str:
    """Return an expression with names in place of literals, for which numexpr would compute in doubles."""
    by_value = {float(value): name for name, value in literals.items()}
    found = {n: min(by_value, key=lambda v: abs(v - float(n))) for n in re.findall(r"\d+\.\d+|\d+e-\d+", text)}
    return re.sub(r"\d+\.\d+|\d+e-\d+", lambda match: by_value[found[match[0]]], text)


def calls(chain: Chain, compiled: Mapping[str, Any], arrays: list[np.ndarray]) -> dict[str, Callable[[], Any]]:
    """Return a call for each way to run a chain."""
    tensors = [torch.from_numpy(a) for a in arrays]
    given = [jax.numpy.asarray(a) for a in arrays]
    jit = compiled["jax.jit"]
    found = {
        "numpy": lambda: compiled["numpy"](*arrays),
        "torch": lambda: compiled["torch"](*tensors),
        "torch.compile": lambda: compiled["torch.compile"](*tensors),
        "jax.jit": lambda: jax.block_until_ready(jit(*given)),
        "mlgraph numpy": lambda: compiled["mlgraph numpy"](*arrays),
        "mlgraph torch": lambda: compiled["mlgraph torch"](*tensors),
        ALONE: lambda: compiled[ALONE](*arrays),
        "copy": arrays[0].copy,
    }
    if chain.expressions:
        found["numexpr"] = numexpr_call(chain, arrays)
    os.environ["MLGRAPH_NUM_THREADS"] = "1"  # it is read at the first call with arrays of a shape
    found[ALONE]()
    del os.environ["MLGRAPH_NUM_THREADS"]
    return found


def check(found: Mapping[str, Callable[[], Any]], name: str) -> None:
    """Check that every way gives the same numbers, apart from rounding."""
    wanted = [np.asarray(a) for a in _several(found["numpy"]())]
    tolerance = 2e-4 if wanted[0].dtype == np.float32 else 1e-9
    for way, call in found.items():
        if way != "copy":
            for a, b in zip(wanted, _several(call())):
                np.testing.assert_allclose(np.asarray(b), a, tolerance, tolerance, err_msg=f"{name} by {way}")


def _several(found: Any) -> list[Any]:
    return list(found) if isinstance(found, tuple | list) else [found]


def compile_all(chain: Chain, arrays: list[np.ndarray]) -> dict[str, Any]:
    by_numpy, by_torch = over(chain, NUMPY), over(chain, TORCH)
    return {
        "numpy": by_numpy,
        "torch": by_torch,
        "torch.compile": torch.compile(by_torch),
        "jax.jit": jax.jit(over(chain, JAX)),
        "mlgraph numpy": mlgraph.compile(by_numpy, to="numpy", args=arrays),
        "mlgraph torch": mlgraph.compile(by_torch, to="torch", args=[torch.from_numpy(a) for a in arrays]),
        ALONE: mlgraph.compile(by_numpy, to="numpy", args=arrays),
    }


@dataclass
class Result:
    """The times of a chain at one size, in microseconds."""

    chain: str
    dtype: str
    size: int
    taken: Mapping[str, float]
    """The least of several turns."""
    traffic: float
    """The bytes that the chain must move, as a multiple of those of a copy of one array."""
    spread: Mapping[int, Mapping[str, tuple[float, float]]]
    """The median and the 95th percentile beside so many busy processes, for the chain that is measured so."""

    def ratio(self, target: str) -> float:
        """Return the speed of a target as a multiple of the best peer's."""
        return self.taken[best_peer(self.taken)] / self.taken[f"mlgraph {target}"]

    @property
    def bandwidth(self) -> float:
        """The bandwidth, as a share of a copy's."""
        return self.taken["copy"] * self.traffic / min(self.taken[f"mlgraph {target}"] for target in TARGETS)

    def rows(self) -> list[list[str]]:
        """Return the rows of the table: the least times, then medians and percentiles beside busy processes."""
        start = [f"{self.chain} {self.dtype}", f"{self.size:,}"]
        times = [f"{self.taken[way]:,.1f}" if way in self.taken else "" for way in WAYS]
        found = [[*start, "0, least", *times, *compared(self.taken), f"{self.bandwidth:.2f}"]]
        for count, spread in self.spread.items():
            times = [f"{spread[way][0]:,.1f} / {spread[way][1]:,.1f}" for way in WAYS]
            medians = {way: median for way, (median, _) in spread.items()}
            found.append([*start, str(count), *times, *compared(medians), ""])
        return found


def best_peer(taken: Mapping[str, float]) -> str:
    return min((way for way in PEERS if way in taken), key=taken.__getitem__)


def compared(taken: Mapping[str, float]) -> list[str]:
    """Return the best peer, and its time as a multiple of each target's."""
    peer = best_peer(taken)
    return [peer, *(f"{taken[peer] / taken[f'mlgraph {target}']:.2f}" for target in TARGETS)]


def measured(name: str, dtype: str, report: Report) -> list[Result]:
    chain, found = CHAINS[name], []
    random = np.random.default_rng(0)
    torch.compiler.reset()
    with jax.enable_x64("64" in dtype):
        compiled = compile_all(chain, chain.inputs(1000, dtype, random))
        for size in SIZES:
            arrays = chain.inputs(size, dtype, random)
            ways = calls(chain, compiled, arrays)
            results = _several(ways["numpy"]())
            check(ways, f"{name} {dtype} {size}")
            traffic = sum(a.nbytes for a in [*arrays, *results]) / (2 * arrays[0].nbytes)
            rounds = {1_000: 300, 100_000: 100, 1_000_000: 30}.get(size, 7)
            taken = microseconds(ways, rounds=rounds)
            spread = beside_busy(ways) if (name, dtype) == BUSY_CHAIN else {}
            found.append(Result(name, dtype, size, taken, traffic, spread))
            report.console.print(f"{name} {dtype} {size}: {found[-1].ratio('numpy'):.2f} x {best_peer(taken)}")
    return found


def beside_busy(ways: Mapping[str, Callable[[], Any]]) -> dict[int, dict[str, tuple[float, float]]]:
    found: dict[int, dict[str, tuple[float, float]]] = {}
    for count in BUSY:
        with busy(count):
            found[count] = spreads(ways)
    return found


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    report = Report("elementwise", (__doc__ or "").partition("\n")[0])
    results: list[Result] = []
    for name in sys.argv[1:] or CHAINS:
        for dtype in ("int32", "int64") if CHAINS[name].integers else ("float32", "float64"):
            results += measured(name, dtype, report)
    ratios = [f"peer / {target} target" for target in TARGETS]
    columns = ["chain", "elements", "busy processes", *WAYS, "best peer", *ratios, "of a copy's bandwidth"]
    rows = [row for result in results for row in result.rows()]
    note = (
        "Microseconds a call: the least of several turns, or the median / the 95th percentile of calls beside so many "
        "processes that keep a processor busy. mlgraph uses two threads, or one where a column says so."
    )
    report.table("Calls", columns, rows, note)
    for target, wanted in zip(TARGETS, (4.0, 3.0)):
        found = [r.ratio(target) for r in results]
        mean = math.exp(sum(map(math.log, found)) / len(found))
        report.at_least(f"the {target} target: the geometric mean of the ratios to the best peer", mean, wanted, "x")
        report.at_least(f"the {target} target: the least ratio", min(found), 1.3, "x")
    small = [r.taken["mlgraph numpy"] for r in results if r.size == SIZES[0] and CHAINS[r.chain].arrays == 1]
    streams = [r.bandwidth for r in results if r.size == SIZES[-1] and r.chain in ("gelu", "huber", "polynomial")]
    if streams:
        report.at_least("the least share of a copy's bandwidth, one function at most", min(streams), 0.5, "x")
    if small:
        report.bound("a call of one array of 1,000 elements", max(small), 3.0, " µs")
    judge_busy([r for r in results if r.spread], report)
    draw(results, RESULTS / "elementwise.svg")
    return report.finish()


def judge_busy(results: list[Result], report: Report) -> None:
    """Report the worst of all sizes beside busy processes, and what the second thread gains."""
    for target in TARGETS if results else ():
        way = f"mlgraph {target}"
        gain = results[-1].taken[ALONE] / results[-1].taken[way]
        report.at_least(f"the {target} target, {results[-1].size:,} elements: two threads to one", gain, 1.7, "x")
        for count in BUSY:
            late = {r.size: r.spread[count][way][1] / r.spread[0][ALONE][0] for r in results}
            size = max(late, key=late.__getitem__)
            text = f"the {target} target, {count} busy: the latest 95th percentile to the idle median of one thread"
            report.bound(f"{text} ({size:,} elements)", late[size], 1.5, "x")
            ahead = {r.size: r.spread[count]["jax.jit"][0] / r.spread[count][way][0] for r in results}
            size = min(ahead, key=ahead.__getitem__)
            text = f"the {target} target, {count} busy: the least median of jax.jit to its own"
            report.at_least(f"{text} ({size:,} elements)", ahead[size], 1.0, "x")


def draw(results: list[Result], path: Path) -> None:
    """Draw the ratios as bars, one panel for each target."""
    from matplotlib import pyplot

    labels = [f"{r.chain} {r.dtype}" for r in results if r.size == SIZES[0]]
    figure, both = pyplot.subplots(2, figsize=(9, 8), sharex=True, sharey=True)
    for target, axes in zip(TARGETS, both):
        for i, size in enumerate(SIZES):
            values = [r.ratio(target) for r in results if r.size == size]
            axes.bar([j + 0.2 * (i - 1.5) for j in range(len(values))], values, 0.19, label=f"{size:,} elements")
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_yscale("log")
        axes.set_ylabel("times as fast as the best peer")
        axes.set_title(f"the {target} target")
    both[0].legend(ncols=len(SIZES))
    both[1].set_xticks(range(len(labels)), labels, rotation=40, ha="right")
    figure.tight_layout()
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
