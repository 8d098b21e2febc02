# pyright: basic
"""Calls of torch's kernels that are as the last one, and calls that look like it but are others."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.autograd import forward_ad

import mlgraph

pytestmark = pytest.mark.kernels


def chain(x, b):
    return torch.tanh(x * 2.0 + b) * x


def moments(x, b):
    mean = x * 0.9 + b * 0.1
    return mean, mean * mean - 1.0, x > b


X, B = torch.linspace(-1, 1, 12).reshape(3, 4), torch.linspace(0, 1, 4)


@pytest.fixture(params=[chain, moments], ids=["one result", "three results"])
def warm(request):
    """A graph whose last call was of `X` and `B`, and its function."""
    graph = mlgraph.compile(request.param, to="torch", args=(X, B))
    for _ in range(4):
        graph(X, B)
    return graph, request.param


def negated(x):
    """A tensor of the same sizes and strides whose elements torch has yet to negate."""
    found = torch.complex(torch.zeros_like(x), -x)[None].conj().imag[0]
    assert found.is_neg()
    return found.as_strided(x.shape, found.stride())


class Scaled(torch.Tensor):
    """A subclass of the user's own."""


LIKE_IT = {
    "other values": lambda: (X * 3, B + 1),
    "a parameter": lambda: (X, torch.nn.Parameter(B)),
    "another size": lambda: (X[:2], B),
    "another layout": lambda: (X.T.contiguous().T, B),
    "a part": lambda: (torch.linspace(0, 1, 24).reshape(3, 8)[:, ::2], B),
    "an offset": lambda: (torch.linspace(0, 1, 16).reshape(4, 4)[1:], B),
    "nothing": lambda: (X[:0], B),
    "pending negation": lambda: (negated(X), B),
    "two pending negations": lambda: (X, negated(B)),
    "one tensor twice": lambda: (B[None].expand(3, 4), B),
    "a subclass": lambda: (X.as_subclass(Scaled), B),
    "64 bits": lambda: (X.double(), B.double()),
}


def check(found, wanted):
    for a, b in zip(*([r] if isinstance(r, torch.Tensor) else r for r in (found, wanted)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
        assert a.requires_grad == b.requires_grad
        assert a.stride() == b.stride() or not a.numel()


@pytest.mark.parametrize("name", LIKE_IT)
def test_each_call_is_right_between_calls_like_the_last(warm, name):
    graph, function = warm
    for args in (LIKE_IT[name](), LIKE_IT[name](), (X, B), LIKE_IT[name](), LIKE_IT[name](), LIKE_IT[name]()):
        with torch.no_grad():
            check(graph(*args), function(*args))
        check(graph(*args), function(*args))


def test_gradients_are_taken_when_they_are_wanted(warm):
    graph, function = warm
    for wanted in (True, False, True, True, False, False):
        x, y = X.clone().requires_grad_(wanted), X.clone().requires_grad_(wanted)
        found, expected = graph(x, B), function(y, B)
        check(found, expected)
        if wanted:
            first = [r if isinstance(r, torch.Tensor) else r[0] for r in (found, expected)]
            first[0].sum().backward()
            first[1].sum().backward()
            torch.testing.assert_close(x.grad, y.grad)


def test_transforms_of_torch_see_operations(warm):
    graph, function = warm
    batch = torch.stack([X, X + 1])
    check(torch.func.vmap(graph, (0, None))(batch, B), torch.func.vmap(function, (0, None))(batch, B))
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(X, torch.ones_like(X))
        for found, wanted in zip(
            *([r] if isinstance(r, torch.Tensor) else r for r in (graph(dual, B), function(dual, B)))
        ):
            assert (forward_ad.unpack_dual(found).tangent is None) == (forward_ad.unpack_dual(wanted).tangent is None)
    for _ in range(3):
        check(graph(X, B), function(X, B))


def test_results_are_new_ordinary_tensors(warm):
    graph, function = warm
    first, second = graph(X, B), graph(X, B)
    for a, b in zip(*([r] if isinstance(r, torch.Tensor) else r for r in (first, second))):
        assert a is not b
        assert a.data_ptr() != b.data_ptr()
        assert type(a) is torch.Tensor
        a.resize_(100)
        a.zero_()
    check(second, function(X, B))


def test_results_are_inference_tensors_in_inference_mode_alone(warm):
    graph, function = warm
    for inference in (True, False, True):
        with torch.inference_mode(inference):
            found, wanted = graph(X, B), function(X, B)
        for a, b in zip(*([r] if isinstance(r, torch.Tensor) else r for r in (found, wanted)), strict=True):
            assert a.is_inference() == b.is_inference() == inference
            assert (a.dtype, a.device, a.layout, a.is_leaf) == (b.dtype, b.device, b.layout, b.is_leaf)


def test_calls_are_right_without_an_interface_that_creates_tensors(monkeypatch):
    monkeypatch.setattr("mlgraph.targets.kernels.repeat_call._create", lambda: ())
    graph = mlgraph.compile(moments, to="torch", args=(X, B))
    for _ in range(4):
        check(graph(X, B), moments(X, B))


def test_calls_hold_no_references(warm):
    graph, _ = warm
    before = sys.getrefcount(X), sys.getrefcount(B), sys.getrefcount(torch.Tensor)
    for _ in range(100):
        graph(X, B)
    assert (sys.getrefcount(X), sys.getrefcount(B), sys.getrefcount(torch.Tensor)) == before


def test_threads_with_other_sizes_call_one_graph(warm):
    graph, function = warm

    def calls(n):
        x = torch.linspace(-2, 1, 4 * n).reshape(n, 4)
        wanted = function(x, B)
        for _ in range(300):
            check(graph(x, B), wanted)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(calls, (2, 3, 5, 7)))  # raises what a thread raised
