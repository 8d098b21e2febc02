"""Eight elementwise chains on a GPU: bytes a second over a copy's, by mlgraph, torch and jax.

Run it as `python benchmarks/gpu.py`, or with the names of some of the chains. Where there is no GPU it says so.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

import torch
from report import Report

import mlgraph

SHAPE = (256, 64, 4096)
"""2²⁶ elements, several times what any cache holds."""
RUNS = 50
NOISE = 1.02


def gelu(lib: Any, x: Any) -> Any:
    return 0.5 * x * (1 + lib.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def swiglu(lib: Any, x: Any, gate: Any) -> Any:
    return x * gate / (1 + lib.exp(-gate))


def adam(lib: Any, w: Any, g: Any, m: Any, v: Any) -> Any:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return w - 0.001 * m / (lib.sqrt(v) + 1e-8), m, v


def option(lib: Any, price: Any, strike: Any, volatility: Any) -> Any:
    """Return the price of a call option for a year, with the logistic function for the normal distribution's."""
    deviation = lib.abs(volatility) + 0.1
    d1 = (lib.log(lib.abs(price) + 1) - lib.log(lib.abs(strike) + 1) + 0.5 * deviation * deviation) / deviation
    d2 = d1 - deviation
    return price / (1 + lib.exp(-1.702 * d1)) - strike * 0.97 / (1 + lib.exp(-1.702 * d2))


def rotary(lib: Any, x: Any, turned: Any, cos: Any, sin: Any) -> Any:
    return x * cos + turned * sin


def loss(lib: Any, logits: Any, targets: Any) -> Any:
    return lib.where(logits > 0, logits, 0 * logits) - logits * targets + lib.log1p(lib.exp(-lib.abs(logits)))


def polynomial(lib: Any, x: Any) -> Any:
    total = x
    for coefficient in (0.5, -0.25, 0.125, -0.0625, 0.03125, -0.015625, 0.0078125):
        total = total * x + coefficient
    return total


def normalised(lib: Any, x: Any, mean: Any, deviation: Any) -> Any:
    y = (x - mean) / deviation
    return lib.where(y > 0, y, 0.01 * y)


ROW, COLUMN = SHAPE[-1:], (SHAPE[1], 1)
CHAINS: dict[Callable[..., Any], tuple[tuple[int, ...], ...]] = {
    gelu: (SHAPE,),
    swiglu: (SHAPE, SHAPE),
    adam: (SHAPE,) * 4,
    option: (SHAPE,) * 3,
    rotary: (SHAPE, SHAPE, SHAPE[1:], SHAPE[1:]),
    loss: (SHAPE, SHAPE),
    polynomial: (SHAPE,),
    normalised: (SHAPE, COLUMN, COLUMN),
}
"""The shapes of each chain's arrays."""


def milliseconds(call: Callable[[], object]) -> float:
    """Return the median time of a call on the GPU, by its own clock."""
    for _ in range(5):
        call()
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(RUNS)]
    for start, end in events:
        start.record()
        call()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(end) for start, end in events)


def several(results: Any) -> Iterable[Any]:
    return results if isinstance(results, tuple) else (results,)


def volume(arrays: Iterable[torch.Tensor]) -> int:
    return sum(array.numel() * array.element_size() for array in arrays)


def copying(dtype: torch.dtype) -> float:
    """Return the bytes per millisecond that a copy on the GPU reads and writes."""
    x = torch.randn(SHAPE, device="cuda").to(dtype)
    y = torch.empty_like(x)
    return volume((x, y)) / milliseconds(lambda: y.copy_(x))


def by_jax(chain: Callable[..., Any], arrays: list[torch.Tensor]) -> float | None:
    """Return the milliseconds of a call by `jax.jit`, by the host's clock over many calls; None if jax has no GPU."""
    import jax

    try:
        jax.devices("gpu")
    except RuntimeError:
        return None
    given = [jax.dlpack.from_dlpack(array) for array in arrays]
    function = jax.jit(lambda *operands: chain(jax.numpy, *operands))
    jax.block_until_ready([function(*given) for _ in range(5)])
    started = time.perf_counter()
    for _ in range(RUNS):
        found = function(*given)
    jax.block_until_ready(found)
    return 1000 * (time.perf_counter() - started) / RUNS


def measured(chain: Callable[..., Any], dtype: torch.dtype) -> tuple[int, dict[str, float | None]]:
    """Return the bytes that a chain must move, and the milliseconds that each way takes."""
    torch.manual_seed(0)
    torch.compiler.reset()
    arrays = [torch.randn(shape, device="cuda").to(dtype) for shape in CHAINS[chain]]
    arrays[-1] = arrays[-1].abs() + 0.5

    def eager(*operands: torch.Tensor) -> Any:
        return chain(torch, *operands)

    compiled = torch.compile(eager)
    ours = mlgraph.compile(eager, to="torch", args=tuple(arrays))
    wanted = eager(*arrays)
    tolerance = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(ours(*arrays), wanted, rtol=tolerance, atol=tolerance)
    taken: dict[str, float | None] = {
        "eager": milliseconds(lambda: eager(*arrays)),
        "torch.compile": milliseconds(lambda: compiled(*arrays)),
        "jax.jit": by_jax(chain, arrays),
        "mlgraph": milliseconds(lambda: ours(*arrays)),
    }
    return volume([*arrays, *several(wanted)]), taken


def main() -> int:
    if not torch.cuda.is_available():
        print("There is no GPU that torch sees: nothing was measured, and nothing is written.")
        return 0
    about = (__doc__ or "").partition("\n")[0]
    device = f"{torch.cuda.get_device_name()}, triton {version('triton')}, {torch.Size(SHAPE).numel():,} elements."
    report = Report("gpu", f"{about}\n\n{device}")
    ways = ("eager", "torch.compile", "jax.jit", "mlgraph")
    chosen = [chain for chain in CHAINS if chain.__name__ in sys.argv[1:] or not sys.argv[1:]]
    bounds = []
    for dtype in (torch.float32, torch.bfloat16):
        copy, rows, name = copying(dtype), [], str(dtype).removeprefix("torch.")
        for chain in chosen:
            report.console.print(f"{chain.__name__} of {name} ...")
            moved, taken = measured(chain, dtype)
            ratios = {way: moved / ms / copy if ms else None for way, ms in taken.items()}
            shown = ["-" if ratio is None else f"{ratio:.2f}" for ratio in map(ratios.get, ways)]
            rows.append([chain.__name__, f"{moved / 1e6:.0f}", *shown])
            label = f"{chain.__name__} of {name}"
            bounds.append((f"{label}: a copy's bandwidth / mlgraph's", 1 / (ratios["mlgraph"] or 0), 1 / 0.9))
            faster = (taken["mlgraph"] or 0) / (taken["torch.compile"] or 0)
            bounds.append((f"{label}: mlgraph / torch.compile", faster, NOISE))
        note = f"A copy moves {copy / 1e6:.0f} GB/s. Medians by the GPU's clock; of jax the mean by the host's."
        report.table(f"{name}: bandwidth over a copy's", ["chain", "MB", *ways], rows, note)
    for what, value, limit in bounds:
        report.bound(what, value, limit, "x")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
