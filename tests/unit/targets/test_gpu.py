# pyright: basic
"""Graphs to torch on a GPU: the answers are eager torch's, and chains run by Triton.

`CUDA_VISIBLE_DEVICES=0 pytest tests/unit/targets/test_gpu.py` runs them where there is a GPU.
"""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import mlgraph

pytestmark = [pytest.mark.kernels, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")]

Function = Callable[..., Any]


def floats(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, device="cuda")


def assert_same(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    assert found.device == wanted.device
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def ran(graph: Any) -> bool:
    """Whether every kernel of a graph was launched on the GPU."""
    return bool(graph.kernels) and all(kernel.gpu._launches for kernel in graph.kernels)


def gelu(x: Any, y: Any) -> Any:
    return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x**3))) * y


CHAINS: dict[str, tuple[Function, list[tuple[int, ...]]]] = {
    "a row": (gelu, [(64, 300), (300,)]),
    "a column": (gelu, [(64, 300), (64, 1)]),
    "a number": (gelu, [(64, 300), ()]),
    "large": (gelu, [(1 << 11, 1 << 11), (1 << 11, 1 << 11)]),
    "softmax": (lambda x, y: torch.softmax(x * y + 1, -1), [(33, 1000), (1000,)]),
    "norm": (lambda x, y: (x - x.mean(-1, True)) * torch.rsqrt(x.var(-1, keepdim=True) + 1e-5) * y, [(9, 77), (77,)]),
    "reductions": (lambda x, y: ((x * y).sum(-1), (x - y).amax(0), (x * y + 1).mean()), [(40, 50), (40, 50)]),
    "comparisons": (lambda x, y: (torch.where(x > y, x, -y), (x > 0) & (y <= 1), (x * 10).int() // 3), [(70,), (70,)]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str):
    function, shapes = CHAINS[name]
    graph: Any = mlgraph.compile(function, to="torch", args=tuple(floats(*shape) for shape in shapes))
    for grown in (0, 3):
        args = [floats(*(n + grown if n > 1 else n for n in shape)) for shape in shapes]
        found, wanted = graph(*args), function(*args)
        for a, b in zip(found, wanted, strict=True) if isinstance(wanted, tuple) else [(found, wanted)]:
            assert_same(a, b)
    assert ran(graph)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_chains_of_other_types_are_rounded_as_eager_torch_rounds(dtype: torch.dtype):
    def function(x: Any, y: Any) -> Any:
        return torch.exp(x) * y + x / y

    x, y = floats(257, 33, dtype=dtype), floats(257, 33, dtype=dtype).abs() + 0.5
    graph: Any = mlgraph.compile(function, to="torch", args=(x, y))
    assert_same(graph(x, y), function(x, y), 4 * torch.finfo(dtype).eps)
    assert ran(graph)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_arithmetic_of_halves_is_bit_for_bit_that_of_eager_torch(dtype: torch.dtype):
    """For all kinds of numbers but those below the normal ones, where the last bit may differ."""

    def function(x: Any, y: Any) -> Any:
        return x + y, x - y, x * y, x / y, x * 0.01 + y, torch.where(x < y, x, -y), torch.maximum(x, y)

    bits = torch.randint(-(1 << 15), 1 << 15, (2, 1 << 22), dtype=torch.int16, device="cuda")
    x, y = bits.view(dtype)
    graph: Any = mlgraph.compile(function, to="torch", args=(x, y))
    least = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    for found, wanted in zip(graph(x, y), function(x, y), strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=least, equal_nan=True)
    assert ran(graph)


def test_views_and_layouts():
    x, y = floats(60, 80), floats(80, 60)
    graph: Any = mlgraph.compile(gelu, to="torch", args=(x, y.T))
    for a, b in [(x, y.T), (x.T, y), (x[::2, 3:], y.T[1::2, :-3]), (x[:, :1].expand(60, 80), x), (x[:0], y.T[:0])]:
        assert_same(graph(a, b), gelu(a, b))


def test_indices_beyond_32_bits():
    x = torch.randint(-9, 9, ((1 << 31) + 4099,), dtype=torch.int8, device="cuda")
    graph: Any = mlgraph.compile(lambda x: (x + 3) * x - 1, to="torch", args=(x[:1000],))
    found = graph(x)
    for part in (slice(0, 5000), slice((1 << 31) - 5000, None)):
        assert torch.equal(found[part], (x[part] + 3) * x[part] - 1)
    assert ran(graph)


def test_one_graph_serves_the_cpu_and_the_gpu():
    def function(x: Any) -> Any:
        return torch.sin(x) * torch.arange(x.shape[-1], device=x.device) + 1

    graph: Any = mlgraph.compile(function, to="torch", args=(torch.randn(3, 8),))
    for device in ("cuda", "cpu", "cuda"):
        x = torch.randn(5, 8, device=device)
        assert_same(graph(x), function(x))
    assert graph.cache_info().captures == 2


def test_devices_are_not_mixed():
    graph: Any = mlgraph.compile(gelu, to="torch", args=(floats(4), floats(4)))
    with pytest.raises((RuntimeError, mlgraph.errors.CaptureError), match="device"):
        graph(floats(4), torch.randn(4))


def test_gradients_are_those_of_eager_torch():
    def function(x: Any, y: Any) -> Any:
        return torch.tanh(x) * torch.exp(-y * y) + x / (1 + y * y)

    x, y = (floats(6, 5, dtype=torch.float64).requires_grad_() for _ in range(2))
    graph: Any = mlgraph.compile(function, to="torch", args=(x, y))
    assert torch.autograd.gradcheck(graph, (x, y))
    assert torch.autograd.gradgradcheck(graph, (x, y))
    found, wanted = (torch.autograd.grad(f(x, y).sum(), (x, y)) for f in (graph, function))
    for a, b in zip(found, wanted, strict=True):
        assert_same(a, b, 1e-10)


def test_a_broadcast_row_gets_its_gradient():
    x, row = floats(300, 70).requires_grad_(), floats(70).requires_grad_()
    graph: Any = mlgraph.compile(gelu, to="torch", args=(x, row))
    found, wanted = (torch.autograd.grad(f(x, row).sum(), (x, row)) for f in (graph, gelu))
    for a, b in zip(found, wanted, strict=True):
        assert_same(a, b, 1e-4)


def test_the_current_stream_is_used():
    x, y = floats(1 << 20), floats(1 << 20)
    graph: Any = mlgraph.compile(gelu, to="torch", args=(x, y))
    wanted = gelu(x, y)
    streams = [torch.cuda.Stream() for _ in range(4)]
    torch.cuda.synchronize()
    found = []
    for stream in streams:
        with torch.cuda.stream(stream):
            found.append(graph(x, y))
    torch.cuda.synchronize()
    for one in found:
        assert_same(one, wanted)


def test_a_cuda_graph_records_a_graph():
    x, y = floats(999), floats(999)
    graph: Any = mlgraph.compile(gelu, to="torch", args=(x, y))
    graph(x, y)
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        found = graph(x, y)
    x.copy_(floats(999))
    recorded.replay()
    assert_same(found, gelu(x, y))


def test_threads_share_a_graph():
    graph: Any = mlgraph.compile(gelu, to="torch", args=(floats(10), floats(10)))
    failed: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for _ in range(20):
                x, y = floats(n), floats(n)
                assert_same(graph(x, y), gelu(x, y))
        except BaseException as error:  # the test's own thread raises it
            failed.append(error)

    threads = [threading.Thread(target=work, args=(1000 * k + 1 << 8,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]


def test_random_numbers_are_drawn_there():
    def function(x: Any) -> Any:
        return F.dropout(x, 0.5, training=True) + torch.rand_like(x)

    x = torch.ones(1000, device="cuda")
    graph: Any = mlgraph.compile(function, to="torch", args=(x,))
    graph.seed(3)
    first = graph(x)
    graph.seed(3)
    assert first.device == x.device
    assert torch.equal(graph(x), first)
    assert not torch.equal(graph(x), first)


class Residual(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = torch.nn.Conv2d(3, 3, 3, padding=1, bias=False), torch.nn.BatchNorm2d(3)
        self.head = torch.nn.Linear(3, 7)

    def forward(self, x: Any) -> Any:
        return self.head(F.relu(self.norm(self.conv(x)) + x).mean((2, 3)))


class Decoder(torch.nn.Module):
    """A layer of a language model: embeddings of words and places, causal attention, an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = torch.nn.Embedding(50, 32), torch.nn.Embedding(64, 32)
        self.norm, self.qkv = torch.nn.LayerNorm(32), torch.nn.Linear(32, 96)
        self.up, self.down = torch.nn.Linear(32, 128), torch.nn.Linear(128, 32)

    def forward(self, ids: Any) -> Any:
        length = ids.shape[1]
        x = self.words(ids) + self.places(torch.arange(length, device=ids.device))
        q, k, v = (t.unflatten(-1, (4, 8)).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
        x = x + F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        return x + self.down(F.gelu(self.up(x)))


def images(n: int) -> torch.Tensor:
    return floats(n, 3, 12, 12)


def sentences(n: int) -> torch.Tensor:
    return torch.randint(0, 50, (n, 5 + n), device="cuda")


MODELS: dict[type[torch.nn.Module], Function] = {Residual: images, Decoder: sentences}


@pytest.mark.parametrize("model", MODELS)
def test_models(model: type[torch.nn.Module]):
    module = model().cuda().eval()

    def function(x: Any) -> Any:
        return module(x)

    graph: Any = mlgraph.compile(function, to="torch", args=(MODELS[model](2),))
    for n in (2, 4):
        x = MODELS[model](n)
        assert_same(graph(x), function(x), 1e-4)
        found, wanted = (torch.autograd.grad(f(x).sum(), list(module.parameters())) for f in (graph, function))
        for a, b in zip(found, wanted, strict=True):
            assert_same(a, b, 1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_models_of_a_gpu_become_models_of_jax(model: type[torch.nn.Module]):
    pytest.importorskip("jax")
    module = model().cuda().eval()
    x = MODELS[model](3)
    graph: Any = mlgraph.compile(lambda x: module(x), to="jax", args=(x,))
    np.testing.assert_allclose(np.asarray(graph(x)), module(x).detach().cpu(), rtol=1e-3, atol=1e-3)


def test_a_graph_is_verified_on_the_gpu():
    x, y = floats(30, 4), floats(4)
    graph: Any = mlgraph.compile(gelu, to="torch", args=(x, y), verify=True)
    assert graph(x, y).is_cuda
