# pyright: basic
"""Kernels that end in reductions under torch's autograd: their gradients are those of eager torch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from kernel_gradients import doubles, same_gradients
from torch.utils.checkpoint import checkpoint

import mlgraph

pytestmark = pytest.mark.kernels


def distance(x: Any, y: Any) -> Any:
    return ((x - y) ** 2).mean()


def softmax(x: Any, y: Any) -> Any:
    e = torch.exp(x - torch.amax(x, -1, keepdim=True)) * y
    return e / e.sum(-1, keepdim=True)


def normalised(x: Any, y: Any) -> Any:
    c = x - x.mean(-1, keepdim=True)
    return c * torch.rsqrt((c * c).mean(-1, keepdim=True) + 1e-5) * y


def several(x: Any, y: Any) -> Any:
    """Whole results beside sums, and sums over all axes in two shapes."""
    return (x * 2).sum((-2, -1)), (torch.tanh(x) * y).sum((0, 1), keepdim=True), torch.exp(y) * x


def lines(x: Any, y: Any) -> Any:
    return (x * 2 + y * y).sum(-1), (x * y).mean(-1)


def largest(x: Any, y: Any) -> Any:
    return (x * y).amax(-1), torch.tanh(x + y)


CHAINS: dict[Callable[..., Any], list[str]] = {
    distance: ["mean"],
    softmax: [" sum"],
    normalised: [" mean", "", ""],
    several: ["sum sum "],
    lines: ["sum mean"],
    largest: ["max "],
}


def compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    graph = mlgraph.compile(function, args=[x.detach() for x in arguments], to="torch")
    assert [" ".join(kernel.kinds) for kernel in graph.kernels] == CHAINS[function]
    return graph


@pytest.mark.parametrize("function", CHAINS, ids=lambda function: function.__name__)
def test_gradients_at_other_sizes(records: list[str], function: Callable[..., Any]) -> None:
    graph = compiled(function, doubles(4, 3), doubles(3))
    for x, y in [(doubles(9, 5), doubles(5)), (doubles(5, 9).detach().t().requires_grad_(), doubles(9)[:5])]:
        same_gradients(graph, function, x, y)
    assert records


@pytest.mark.parametrize("function", CHAINS, ids=lambda function: function.__name__)
def test_gradcheck_twice(function: Callable[..., Any]) -> None:
    graph = compiled(function, doubles(4, 3), doubles(3))
    assert torch.autograd.gradcheck(graph, (doubles(5, 2), doubles(2)))
    assert torch.autograd.gradgradcheck(graph, (doubles(5, 2), doubles(2)))


def test_one_of_several_results() -> None:
    graph = compiled(lines, doubles(4, 3), doubles(3))
    for i in range(2):
        same_gradients(lambda x, y, i=i: graph(x, y)[i], lambda x, y, i=i: lines(x, y)[i], doubles(4, 3), doubles(3))


def test_maxima_share_the_gradient_as_torch_has_it(records: list[str]) -> None:
    """Equal largest elements have equal parts; the kernel is then what it stands for."""
    graph = compiled(largest, doubles(4, 3), doubles(3))
    x = torch.tensor([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]], dtype=torch.float64, requires_grad=True)
    y = torch.ones(3, dtype=torch.float64, requires_grad=True)
    same_gradients(graph, largest, x, y)
    assert records == ["kernel_0"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_gradients_of_other_types(dtype: Any) -> None:
    x, y = torch.randn(6, 5, dtype=dtype), torch.randn(5, dtype=dtype)
    graph = mlgraph.compile(lines, args=(x, y), to="torch")
    assert graph.kernels[-1].kinds == ("sum", "mean")
    x.requires_grad_()
    y.requires_grad_()
    for g, w in zip(graph(x, y), lines(x, y)):
        torch.testing.assert_close(g, w)
        found, wanted = (torch.autograd.grad(z.sum(), (x, y), retain_graph=True) for z in (g, w))
        torch.testing.assert_close(found, wanted, rtol=4 * torch.finfo(dtype).eps, atol=4 * torch.finfo(dtype).eps)


def test_transforms_of_functions_differentiate_what_the_kernel_stands_for() -> None:
    graph = compiled(distance, doubles(4, 3), doubles(3))
    x, y = doubles(4, 3).detach(), doubles(3).detach()
    torch.testing.assert_close(torch.func.grad(graph)(x, y), torch.func.grad(distance)(x, y))
    vector = torch.randn_like(x)
    found, wanted = (torch.func.jvp(lambda x, f=f: f(x, y), (x,), (vector,)) for f in (graph, distance))
    torch.testing.assert_close(found, wanted)
    batched = torch.autograd.functional.hessian(lambda x: graph(x, y), x, vectorize=True)
    torch.testing.assert_close(batched, torch.autograd.functional.hessian(lambda x: distance(x, y), x))


def test_gradients_of_a_batch_of_seeds() -> None:
    """A gradient that reads nothing but seeds reads batches alone: what it stands for computes it."""
    graph = compiled(lines, doubles(4, 3), doubles(3))
    x, y = doubles(4, 3), doubles(3)
    seeds = torch.eye(4, dtype=torch.float64)
    for i in range(2):
        found, wanted = (torch.autograd.grad(f(x, y)[i], (x, y), seeds, is_grads_batched=True) for f in (graph, lines))
        torch.testing.assert_close(found, wanted)


def test_checkpointed() -> None:
    graph = compiled(softmax, doubles(4, 3), doubles(3))
    same_gradients(lambda *x: checkpoint(graph, *x, use_reentrant=False), softmax, doubles(4, 3), doubles(3))


def test_nothing_is_reduced() -> None:
    graph = compiled(lines, doubles(4, 3), doubles(3))
    same_gradients(graph, lines, doubles(4, 0), doubles(0), equal_nan=True)
    same_gradients(graph, lines, doubles(0, 3), doubles(3))
