"""Eight chains of elementwise operations: mlgraph's kernels beside numpy, torch, `torch.compile`, `jax.jit`, numexpr.

Run it as `python benchmarks/elementwise.py`, or with the names of some of the chains. Results are of one run, in turns.
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
from report import RESULTS, Report, microseconds

import mlgraph

SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
TARGETS = ("numpy", "torch")
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
        "copy": arrays[0].copy,
    }
    if chain.expressions:
        found["numexpr"] = numexpr_call(chain, arrays)
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
    }


@dataclass
class Result:
    """The times of a chain at one size, in microseconds."""

    chain: str
    dtype: str
    size: int
    taken: Mapping[str, float]
    traffic: float
    """The bytes that the chain must move, as a multiple of those of a copy of one array."""

    @property
    def peer(self) -> str:
        others = [way for way in self.taken if not way.startswith("mlgraph") and way != "copy"]
        return min(others, key=self.taken.__getitem__)

    def ratio(self, target: str) -> float:
        """Return the speed of a target as a multiple of the best peer's."""
        return self.taken[self.peer] / self.taken[f"mlgraph {target}"]

    @property
    def bandwidth(self) -> float:
        """The bandwidth, as a share of a copy's."""
        return self.taken["copy"] * self.traffic / min(self.taken[f"mlgraph {target}"] for target in TARGETS)


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
            found.append(Result(name, dtype, size, microseconds(ways, rounds=rounds), traffic))
            report.console.print(f"{name} {dtype} {size}: {found[-1].ratio('numpy'):.2f} x {found[-1].peer}")
    return found


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    report = Report("elementwise", (__doc__ or "").partition("\n")[0])
    results: list[Result] = []
    for name in sys.argv[1:] or CHAINS:
        for dtype in ("int32", "int64") if CHAINS[name].integers else ("float32", "float64"):
            results += measured(name, dtype, report)
    ways = ["numpy", "torch", "torch.compile", "jax.jit", "numexpr", "mlgraph numpy", "mlgraph torch"]
    rows = [
        [
            f"{r.chain} {r.dtype}",
            f"{r.size:,}",
            *(f"{r.taken[way]:,.1f}" if way in r.taken else "" for way in ways),
            r.peer,
            *(f"{r.ratio(target):.2f}" for target in TARGETS),
            f"{r.bandwidth:.2f}",
        ]
        for r in results
    ]
    columns = [
        "chain",
        "elements",
        *ways,
        "best peer",
        "peer / numpy target",
        "peer / torch target",
        "of a copy's bandwidth",
    ]
    report.table("Calls", columns, rows, "Microseconds a call, the least of several.")
    for target, wanted in zip(TARGETS, (4.0, 3.0)):
        ratios = [r.ratio(target) for r in results]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        report.at_least(f"the {target} target: the geometric mean of the ratios to the best peer", mean, wanted, "x")
        report.at_least(f"the {target} target: the least ratio", min(ratios), 1.3, "x")
    small = [r.taken["mlgraph numpy"] for r in results if r.size == SIZES[0] and CHAINS[r.chain].arrays == 1]
    streams = [r.bandwidth for r in results if r.size == SIZES[-1] and r.chain in ("gelu", "huber", "polynomial")]
    if streams:
        report.at_least("the least share of a copy's bandwidth, one function at most", min(streams), 0.5, "x")
    if small:
        report.bound("a call of one array of 1,000 elements", max(small), 3.0, " µs")
    draw(results, RESULTS / "elementwise.svg")
    return report.finish()


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
