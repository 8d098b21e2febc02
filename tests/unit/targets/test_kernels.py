# pyright: basic
"""Kernels at run time: whatever arrays they are given, the answer is that of the operations that they stand for."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.targets import machine_code
from mlgraph.targets.kernels import loops

pytestmark = pytest.mark.kernels


def chain(x, y):
    return np.tanh(x + y) * 2.0 - x


def torch_chain(x, y):
    return torch.tanh(x + y) * 2.0 - x


@pytest.fixture(scope="module")
def graph() -> mlgraph.Graph:
    x = np.ones((4, 3), np.float32)
    return mlgraph.compile(chain, to="numpy", args=(x, x))


@pytest.fixture(scope="module")
def tensors() -> mlgraph.Graph:
    x = torch.ones(4, 3)
    return mlgraph.compile(torch_chain, to="torch", args=(x, x))


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng().standard_normal(shape).astype(np.float32)


LAYOUTS = {
    "dense": (lambda: drawn(5, 7), lambda: drawn(5, 7)),
    "row": (lambda: drawn(5, 7), lambda: drawn(1, 7)),
    "column": (lambda: drawn(5, 7), lambda: drawn(5, 1)),
    "both broadcast": (lambda: drawn(1, 7), lambda: drawn(5, 1)),
    "transposed": (lambda: drawn(7, 5).T, lambda: drawn(7, 5).T),
    "one transposed": (lambda: drawn(7, 5).T, lambda: drawn(5, 7)),
    "negative strides": (lambda: drawn(5, 7)[::-1, ::-1], lambda: drawn(5, 7)),
    "gaps": (lambda: drawn(10, 21)[::2, ::3], lambda: drawn(5, 7)),
    "stride of zero": (lambda: np.broadcast_to(drawn(7), (5, 7)), lambda: drawn(5, 7)),
    "empty": (lambda: drawn(0, 7), lambda: drawn(1, 7)),
    "one element": (lambda: drawn(1, 1), lambda: drawn(1, 1)),
    "large": (lambda: drawn(1200, 1000), lambda: drawn(1200, 1000)),
    "large and broadcast": (lambda: drawn(1200, 1000), lambda: drawn(1200, 1)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numpy_layouts(graph: mlgraph.Graph, layout: str):
    for _ in range(2):  # the second call takes the short way
        x, y = (make() for make in LAYOUTS[layout])
        found = graph(x, y)
        np.testing.assert_allclose(found, chain(x, y), 1e-5, 1e-6)
        if x.strides == y.strides:
            assert found.strides == chain(x, y).strides
        assert not np.shares_memory(found, x)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "negative strides"])
def test_torch_layouts(tensors: mlgraph.Graph, layout: str):
    for _ in range(2):
        x, y = (torch.from_numpy(np.array(make())) for make in LAYOUTS[layout])
        if "transposed" in layout:
            x = x.T.contiguous().T
        if layout == "gaps":
            x = torch.from_numpy(drawn(10, 21))[::2, ::3]
        if layout == "stride of zero":
            x = torch.from_numpy(drawn(7)).expand(5, 7)
        found, wanted = tensors(x, y), torch_chain(x, y)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
        assert found.stride() == wanted.stride() or 1 in found.shape or 0 in found.shape


def test_unaligned_arrays(graph: mlgraph.Graph):
    memory = np.zeros(4 * 35 + 1, np.uint8)
    x = memory[1:].view(np.float32).reshape(5, 7)
    x[...] = drawn(5, 7)
    assert not x.flags.aligned
    np.testing.assert_allclose(graph(x, x), chain(x, x), 1e-5, 1e-6)


def test_overlapping_and_readonly_operands(graph: mlgraph.Graph):
    x = drawn(5, 7)
    x.flags.writeable = False
    np.testing.assert_allclose(graph(x, x[::-1]), chain(x, x[::-1]), 1e-5, 1e-6)
    assert graph(x, x).flags.writeable


def test_other_types_and_ranks_are_captured_anew_and_right():
    x = drawn(5, 7)
    graph = mlgraph.compile(chain, to="numpy", args=(x, x))
    for dtype in (np.float64, np.float16):
        y = x.astype(dtype)
        assert graph(y, y).dtype == dtype
        np.testing.assert_allclose(graph(y, y), chain(y, y), 1e-2 if dtype == np.float16 else 1e-12)
    np.testing.assert_allclose(graph(x[0], x[0]), chain(x[0], x[0]), 1e-5, 1e-6)


def test_object_arrays_raise_an_error_of_mlgraph():
    x = drawn(5, 7)
    with pytest.raises(mlgraph.errors.MlgraphError):
        mlgraph.compile(chain, to="numpy", args=(x, x))(x.astype(object), x)


def test_a_number_without_axes_beside_an_array():
    def scaled(x, s):
        return np.exp(x * s) + s

    x, s = drawn(50), np.float32(0.5)
    graph = mlgraph.compile(scaled, to="numpy", args=(x, s))
    assert graph.kernels
    for s in (np.float32(0.25), np.asarray(-0.5, np.float32)):
        np.testing.assert_allclose(graph(x, s), scaled(x, s), 1e-5, 1e-6)


def test_a_smaller_result_than_the_rest_falls_back():
    """Sizes that capture does not tell apart: one of the results is a row, the other whole."""

    def two(x, y):
        a = np.tanh(x) * 2.0
        return a, a + y

    graph = mlgraph.compile(two, to="numpy", args=(drawn(3, 4), drawn(3, 4)))
    x, y = drawn(1, 4), drawn(3, 4)
    for found, wanted in zip(graph(x, y), two(x, y)):
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, 1e-5, 1e-6)


def test_mixed_devices_raise_as_torch_does(tensors: mlgraph.Graph):
    x = torch.ones(4, 3)
    with pytest.raises(RuntimeError):
        tensors(x, x.to("meta"))


def test_lazily_negated_tensors(tensors: mlgraph.Graph):
    x = torch.from_numpy(drawn(4, 3))
    negative = torch.complex(x, x).conj().imag
    assert negative.is_neg()
    torch.testing.assert_close(tensors(negative, x), torch_chain(negative, x))
    tensors(x, x)
    torch.testing.assert_close(tensors(negative, x), torch_chain(negative, x))


def test_fuse_false_makes_no_kernel():
    x = drawn(5, 7)
    graph = mlgraph.compile(chain, to="numpy", args=(x, x), fuse=False)
    assert graph.kernels == ()
    assert "kernel" not in graph.stages
    assert "fused" not in graph.source


def test_kernels_show_their_code(graph: mlgraph.Graph):
    (kernel,) = graph.kernels
    assert "math.tanh" in kernel.source
    assert "define internal void" in kernel.llvm
    assert "call" in kernel.asm
    assert "@fused" in graph.source


def test_several_threads_call_one_graph(graph: mlgraph.Graph):
    failures = []

    def work(n: int) -> None:
        x, y = drawn(n, 300), drawn(n, 300)
        for _ in range(20):
            if not np.allclose(graph(x, y), chain(x, y), 1e-5, 1e-6):
                failures.append(n)

    workers = [threading.Thread(target=work, args=(n,)) for n in (3, 70, 500, 2000)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_runs_kernels():
    script = """
import os, numpy as np, mlgraph
f = lambda x: np.tanh(x + 1.0) * 2.0 + np.exp(x)
x = np.linspace(-2, 2, 3_000_000, dtype=np.float32)
g = mlgraph.compile(f, to="numpy", args=(x,))
g(x)
child = os.fork()
ok = np.allclose(g(x), f(x), 1e-5, 1e-5) and np.allclose(g(x[::2]), f(x[::2]), 1e-5, 1e-5)
if child == 0:
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 and ok
"""
    environment = {**os.environ, "MLGRAPH_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, env=environment)


def test_a_corrupt_file_of_code_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLGRAPH_CACHE_DIR", str(tmp_path))
    x = drawn(5, 7)

    def compiled() -> np.ndarray:
        return mlgraph.compile(chain, to="numpy", args=(x, x))(x, x)

    wanted = compiled()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for broken in (whole[:-7], whole[:40] + b"\x00" * (len(whole) - 40), b""):
        file.write_bytes(broken)
        np.testing.assert_array_equal(compiled(), wanted)
        assert file.read_bytes() == whole


def test_code_is_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLGRAPH_CACHE_DIR", str(tmp_path))
    x = drawn(5, 7)
    wanted = mlgraph.compile(chain, to="numpy", args=(x, x))(x, x)
    monkeypatch.setattr(machine_code, "optimized", lambda *_: pytest.fail("the code is on disk"))
    np.testing.assert_array_equal(mlgraph.compile(chain, to="numpy", args=(x, x))(x, x), wanted)


def test_many_shapes_stay_right(graph: mlgraph.Graph, monkeypatch: pytest.MonkeyPatch):
    """More shapes than are remembered: loops that are forgotten are not used again."""
    monkeypatch.setattr(loops, "MAX_CACHED_SHAPES", 4)
    for _ in range(3):
        for n in range(2, 40):
            x, y = drawn(n, 3), drawn(n, 3)
            np.testing.assert_allclose(graph(x, y), chain(x, y), 1e-5, 1e-6)


def test_fast_math_rounds_halves_once():
    def halves(x):
        return torch.exp(x) * 1.01 - 1.0

    x = torch.linspace(-1, 1, 1000).to(torch.bfloat16)
    exact = torch.exp(x.double()) * 1.01 - 1.0
    slow = mlgraph.compile(halves, to="torch", args=(x,))(x)
    fast = mlgraph.compile(halves, to="torch", args=(x,), fast_math=True)(x)
    assert torch.equal(slow, mlgraph.compile(halves, to="torch", args=(x,), fuse=False)(x))
    assert (fast.double() - exact).abs().sum() < (slow.double() - exact).abs().sum()


def test_code_that_llvm_refuses_is_an_error_of_mlgraph(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLGRAPH_CACHE_DIR", "")
    with pytest.raises(mlgraph.errors.PassError, match=r"MLG0008.*LLVM refuses the code of a kernel") as caught:
        machine_code.load("a key", lambda: "define void @loop() { no instruction }")
    assert "no instruction" in caught.value.ir


@pytest.mark.parametrize("layout", ["large", "large and broadcast"])
def test_several_threads_share_a_long_kernel(layout: str):
    x, y = (make() for make in LAYOUTS[layout])
    own, other = mlgraph.compile(chain, to="numpy", args=(x, y)), [torch.from_numpy(a) for a in (x, y)]
    by_torch = mlgraph.compile(torch_chain, to="torch", args=other)
    for _ in range(3):
        np.testing.assert_allclose(own(x, y), chain(x, y), 1e-5, 1e-5)
        np.testing.assert_allclose(by_torch(*other), torch_chain(*other), 1e-5, 1e-5)
    (nest,) = own.kernels[0].loops
    assert len(own.kernels[0].loops[nest].addresses) > 1


@pytest.mark.parametrize(("text", "count"), [("150000 100000", 1), ("300000 100000", 3), ("max 100000", None)])
def test_a_container_grants_threads(text: str, count: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MLGRAPH_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(loops, "CPU_QUOTA_FILE", tmp_path / "cpu.max")
    loops.CPU_QUOTA_FILE.write_text(text + "\n")
    loops.granted.cache_clear()
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert loops.threads() == (min(processors, count) if count else processors)
    loops.granted.cache_clear()


def test_long_kernels_run_without_helpers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops.helpers, "supported", lambda: False)
    x = drawn(1300, 1000)
    np.testing.assert_allclose(mlgraph.compile(chain, to="numpy", args=(x, x))(x, x), chain(x, x), 1e-5, 1e-5)


def test_code_lives_as_long_as_anybody_may_call_it(graph: mlgraph.Graph):
    """What Python keeps of a function, its definition, lies in memory that the function itself must hold."""
    x = drawn(4, 3)
    graph(x, x)
    code = next(iter(graph.kernels[0].codes.values()))
    definition, engine = code.__module__  # type: ignore[misc]
    assert not engine.closed
    assert definition.name == b"kernel"
