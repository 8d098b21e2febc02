"""Five models of torch, eager, by `torch.compile` and by mlgraph to torch and jax: the time of a call and a compile.

Three blocks of such models follow, by mlgraph with and without kernels. Run it as `python benchmarks/models.py`, or
with the names of some of the models and blocks. Weights are random, of a seed.
Both compilers compile anew, without what an earlier run left in their caches.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
os.environ["MLGRAPH_CACHE_DIR"] = ""

# ruff: isort: split
import jax
import torch
import transformers
from report import Report, microseconds

import mlgraph

LAYERS = 4


def pictures(model: Any) -> tuple[Any, torch.Tensor]:
    return lambda x: model(pixel_values=x).logits, torch.randn(2, 3, 224, 224)


def texts(model: Any) -> tuple[Any, torch.Tensor]:
    return lambda ids: model(input_ids=ids).last_hidden_state, torch.randint(0, 1000, (2, 64))


MODELS: dict[str, Callable[[], tuple[Any, torch.Tensor]]] = {
    "ResNet-50": lambda: pictures(transformers.ResNetForImageClassification(transformers.ResNetConfig()).eval()),
    "BERT": lambda: texts(transformers.BertModel(transformers.BertConfig(num_hidden_layers=LAYERS)).eval()),
    "GPT-2": lambda: texts(transformers.GPT2Model(transformers.GPT2Config(n_layer=LAYERS, use_cache=False)).eval()),
    "ViT": lambda: pictures(
        transformers.ViTForImageClassification(transformers.ViTConfig(num_hidden_layers=LAYERS)).eval()
    ),
    "Llama": lambda: texts(
        transformers.LlamaModel(
            transformers.LlamaConfig(
                num_hidden_layers=LAYERS,
                hidden_size=512,
                intermediate_size=1376,
                num_attention_heads=8,
                use_cache=False,
            )
        ).eval()
    ),
}


class GELU(torch.nn.Sequential):
    """The feed-forward block of GPT-2."""

    def __init__(self) -> None:
        activation = torch.nn.GELU(approximate="tanh")
        super().__init__(torch.nn.Linear(256, 1024), activation, torch.nn.Linear(1024, 256))


class SwiGLU(torch.nn.Module):
    """The feed-forward block of Llama."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.up, self.down = (torch.nn.Linear(*n, bias=False) for n in ((256, 704), (256, 704), (704, 256)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.nn.functional.silu(self.gate(x)) * self.up(x))


class Tail(torch.nn.Module):
    """The end of a residual block, after its convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = torch.nn.BatchNorm2d(64)

    def forward(self, x: torch.Tensor, shortcut: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(x) + shortcut)


BLOCKS: dict[str, Callable[[], tuple[torch.nn.Module, tuple[torch.Tensor, ...]]]] = {
    "GELU block": lambda: (GELU(), (torch.randn(2048, 256),)),
    "SwiGLU block": lambda: (SwiGLU(), (torch.randn(2048, 256),)),
    "bn-add-relu": lambda: (Tail(), (torch.randn(8, 64, 56, 56), torch.randn(8, 64, 56, 56))),
}


def block(name: str) -> dict[str, float]:
    """Return the milliseconds of a call: eager, and by mlgraph without and with kernels."""
    torch.manual_seed(0)
    module, arrays = BLOCKS[name]()
    module.eval()
    with torch.no_grad():
        graphs = [mlgraph.compile(lambda *xs: module(*xs), to="torch", args=arrays, fuse=fuse) for fuse in (0, 1)]
        plain, fused = graphs
        torch.testing.assert_close(fused(*arrays), module(*arrays))
        calls = {
            "eager": lambda: module(*arrays),
            "without kernels": lambda: plain(*arrays),
            "with kernels": lambda: fused(*arrays),
        }
        return {way: us / 1000 for way, us in microseconds(calls, rounds=100).items()}


def blocks(report: Report, names: Sequence[str]) -> None:
    """Add the table of the blocks."""
    taken = {name: block(name) for name in names}
    rows = [[name, *(f"{ms:.2f}" for ms in taken[name].values())] for name in names]
    report.table("Blocks", ["block", "eager", "mlgraph without kernels", "mlgraph"], rows, "Milliseconds a call.")
    for name, of in taken.items():
        report.at_least(f"{name}: without kernels / with", of["without kernels"] / of["with kernels"], 1.0, "x")


def first_call(make: Callable[[], Callable[..., Any]], *arguments: Any) -> tuple[Callable[..., Any], float]:
    """Return the result of `make`, and the seconds until its first call has returned."""
    started = time.perf_counter()
    function = make()
    jax.block_until_ready(function(*arguments))
    return function, time.perf_counter() - started


def measured(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the milliseconds of a call and the seconds of a compilation for each way to run a model."""
    torch.manual_seed(0)
    torch.compiler.reset()
    eager, x = MODELS[name]()
    with torch.no_grad():
        compiled, inductor_seconds = first_call(lambda: torch.compile(eager), x)
        to_torch, torch_seconds = first_call(lambda: mlgraph.compile(eager, to="torch", args=(x,)), x)
        given = jax.numpy.asarray(x.numpy())
        options = {"to": "jax", "args": (x,), "return_backend_compiled_fn": True}
        to_jax, jax_seconds = first_call(lambda: mlgraph.compile(eager, **options), given)
        calls = {
            "eager": lambda: eager(x),
            "torch.compile": lambda: compiled(x),
            "mlgraph to torch": lambda: to_torch(x),
            "mlgraph to jax": lambda: jax.block_until_ready(to_jax(given)),
        }
        taken = {way: us / 1000 for way, us in microseconds(calls, rounds=20).items()}
    return taken, {"torch.compile": inductor_seconds, "mlgraph to torch": torch_seconds, "mlgraph to jax": jax_seconds}


def main() -> int:
    report = Report("models", (__doc__ or "").partition("\n")[0])
    calls, compiles, bounds = [], [], []
    chosen = sys.argv[1:] or [*MODELS, *BLOCKS]
    for name in (name for name in MODELS if name in chosen):
        taken, seconds = measured(name)
        report.console.print(name, "ms a call:", taken, "s a compile:", seconds)
        ratios = {way: taken["eager"] / time for way, time in taken.items()}
        calls.append([name, f"{taken['eager']:.1f}", *(f"{ratios[way]:.2f}" for way in list(taken)[1:])])
        compiles.append([name, *(f"{time:.1f}" for time in seconds.values())])
        bounds.append((f"{name}: a call of mlgraph to torch / eager", 1 / ratios["mlgraph to torch"], 1 / 0.97))
        faster = seconds["mlgraph to torch"] / seconds["torch.compile"]
        bounds.append((f"{name}: mlgraph's compile to torch / torch.compile's", faster, 0.3))
    ways = ["torch.compile", "mlgraph to torch", "mlgraph to jax"]
    report.table("A call", ["model", "eager, ms", *ways], calls, "How many times as fast as eager.")
    report.table("Compile and first call", ["model", *ways], compiles, "Seconds.")
    for what, value, limit in bounds:
        report.bound(what, value, limit, "x")
    blocks(report, [name for name in BLOCKS if name in chosen])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
