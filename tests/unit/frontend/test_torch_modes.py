# pyright: basic
"""What a function asks of torch's global modes is answered as at the call, and captured anew when it changes."""

import contextlib

import pytest
import torch
from torch import is_grad_enabled

import mlgraph

X = torch.arange(3.0)


@contextlib.contextmanager
def changed(get, change, value):
    before = get()
    change(value)
    try:
        yield
    finally:
        change(before)


WORLDS = {
    "plain": contextlib.nullcontext,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu"),
    "half_autocast": lambda: torch.autocast("cpu", torch.float16),
    "float64": lambda: changed(torch.get_default_dtype, torch.set_default_dtype, torch.float64),
    "deterministic": lambda: changed(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    ),
}
ASKING = {
    "grad": lambda x: x * 2 if torch.is_grad_enabled() else x * 3,
    "imported": lambda x: x * 2 if is_grad_enabled() else x * 3,
    "result": lambda x: x * 2 if (x * 1).requires_grad else x * 3,
    "inference_mode": lambda x: x * 2 if torch.is_inference_mode_enabled() else x * 3,
    "autocast": lambda x: x * 2 if torch.is_autocast_enabled("cpu") else x * 3,
    "autocast_dtype": lambda x: x * 2 if torch.get_autocast_dtype("cpu") == torch.bfloat16 else x * 3,
    "default_dtype": lambda x: x * 2 if torch.get_default_dtype() == torch.float64 else x * 3,
    "default_dtype_of_ones": lambda x: x.int() + torch.ones(3),
    "default_dtype_of_a_number": lambda x: x.int() / 2,
    "default_dtype_of_a_list": lambda x: torch.tensor([0.5, 1.5]),
    "deterministic": lambda x: x * 2 if torch.are_deterministic_algorithms_enabled() else x * 3,
}


@pytest.mark.parametrize("captured", ["plain", "no_grad", "autocast", "float64"])
@pytest.mark.parametrize("asking", ASKING)
def test_a_mode_is_answered_as_at_the_call(asking, captured):
    x = X.clone().requires_grad_()
    with WORLDS[captured]():
        graph = mlgraph.compile(ASKING[asking], to="torch", args=(x,))
    for world in (captured, *WORLDS):
        with WORLDS[world]():
            got, want = graph(x), ASKING[asking](x)
            assert torch.equal(got, want), world
            assert got.dtype == want.dtype, world


@pytest.mark.parametrize("captured", ["plain", "no_grad"])
def test_a_block_inside_of_the_function_answers_for_itself(captured):
    def blocks(x):
        with torch.no_grad():
            inner = 1 if torch.is_grad_enabled() else 10
        with torch.enable_grad():
            y = x * (100 if torch.is_grad_enabled() else 1000)
        return y * inner, x * (2 if torch.is_grad_enabled() else 3)

    x = X.clone().requires_grad_()
    with WORLDS[captured]():
        graph = mlgraph.compile(blocks, to="torch", args=(x,))
    for world in ("plain", "no_grad"):
        with WORLDS[world]():
            for found, expected in zip(graph(x), blocks(x), strict=True):
                assert torch.equal(found, expected)


def test_the_branch_without_gradients_alone_need_be_supported():
    def branches(x):
        try:
            return x * float(x.sum()) if torch.is_grad_enabled() else x * 3
        except Exception:
            return x

    with torch.no_grad():
        graph = mlgraph.compile(branches, to="torch", args=(X,))
        assert torch.equal(graph(X), X * 3)


def test_a_function_that_asks_for_no_mode_is_captured_once():
    layer = torch.nn.Linear(3, 3)

    def ordinary(x):
        with torch.no_grad():
            scale = x.abs().max()
        return layer(x) / scale

    with torch.no_grad():
        graph = mlgraph.compile(ordinary, to="torch", args=(X,))
    x = X.clone().requires_grad_()
    (found,) = torch.autograd.grad(graph(x).sum(), x)
    (expected,) = torch.autograd.grad(ordinary(x).sum(), x)
    assert torch.allclose(found, expected)
    assert graph.cache_info().captures == 1
    assert torch.is_grad_enabled.__module__ != "mlgraph.frontend.torch.modes"


asks = bool


def test_a_name_that_becomes_a_function_of_torch_is_watched(monkeypatch):
    mlgraph.compile(lambda x: x * 2, to="torch", args=(X,))
    monkeypatch.setitem(globals(), "asks", is_grad_enabled)
    function = lambda x: x * 2 if asks() else x * 3  # noqa: E731
    graph = mlgraph.compile(function, to="torch", args=(X,))
    with torch.no_grad():
        assert torch.equal(graph(X), function(X))
    assert torch.equal(graph(X), function(X))
