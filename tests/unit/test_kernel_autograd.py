# pyright: basic
"""Kernels under torch's autograd: compiled functions whose gradients are those of eager torch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from kernel_by_torch import ByTorch
from kernel_gradients import doubles, same_gradients
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr
from xdsl.ir import Block

import mlgraph
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import f64, tensor
from mlgraph.dialects.kernel import FusedOp, YieldOp

pytestmark = pytest.mark.kernels


def bent(x: Any, b: Any) -> Any:
    """A chain with a broadcast operand, which becomes one kernel."""
    y = torch.tanh(x * b + 1)
    return torch.exp(-torch.abs(y)) * torch.sigmoid(x) + b


def two(x: Any, b: Any) -> Any:
    y = torch.tanh(x) * b
    return y * x, torch.relu(y) + 1


def compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    """The compiled function, of which a kernel is known to run."""
    graph = mlgraph.compile(function, args=[x.detach() for x in arguments], to="torch")
    assert graph.kernels
    return graph


@pytest.fixture(name="graph")
def of_bent() -> Any:
    return compiled(bent, doubles(4, 3), doubles(3))


@pytest.mark.parametrize("shapes", [((4, 3), (3,)), ((2, 3), (2, 3)), ((5, 1), (1, 3)), ((7, 3), (1,))])
def test_gradients_of_broadcast_operands(records: list[str], shapes: Any) -> None:
    graph = compiled(bent, *(doubles(*shape) for shape in shapes))
    for _ in range(2):
        same_gradients(graph, bent, *(doubles(*shape) for shape in shapes))
    assert records == ["kernel_0", "kernel_0"]


def test_gradients_at_other_sizes(graph: Any) -> None:
    same_gradients(graph, bent, doubles(9, 5), doubles(5))
    x = doubles(5, 9).detach().t().requires_grad_()
    same_gradients(graph, bent, x, doubles(5))


def test_gradcheck_twice(graph: Any) -> None:
    assert torch.autograd.gradcheck(graph, (doubles(4, 3), doubles(3)))
    assert torch.autograd.gradgradcheck(graph, (doubles(4, 3), doubles(3)))


def test_third_derivative(graph: Any) -> None:
    def third(function: Callable[..., Any], x: Any) -> Any:
        y = function(x, torch.ones(3).double())
        for _ in range(3):
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return y

    x = doubles(4, 3)
    torch.testing.assert_close(third(graph, x), third(bent, x))


def test_several_results_and_one_alone() -> None:
    graph = compiled(two, doubles(4, 3), doubles(3))
    same_gradients(graph, two, doubles(4, 3), doubles(3))
    for i in range(2):
        same_gradients(lambda x, b, i=i: graph(x, b)[i], lambda x, b, i=i: two(x, b)[i], doubles(4, 3), doubles(3))


def test_only_what_needs_a_gradient_gets_one(graph: Any) -> None:
    x, b = doubles(4, 3), doubles(3)
    same_gradients(graph, bent, x, b.detach())
    same_gradients(graph, bent, x.detach(), b)
    assert not graph(x.detach(), b.detach()).requires_grad


def test_nothing_is_recorded_without_grad(graph: Any, records: list[str]) -> None:
    x, b = doubles(4, 3), doubles(3)
    with torch.no_grad():
        assert not graph(x, b).requires_grad
    with torch.inference_mode():
        graph(x, b)
    graph(x.detach(), b.detach())
    assert not records
    assert graph(x, b).requires_grad
    assert records == ["kernel_0"]


def test_writing_over_an_operand_before_backward_raises(graph: Any) -> None:
    x, b = doubles(4, 3), doubles(3)
    copy = x * 1
    y = graph(copy, b)
    copy.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_an_operand_that_no_gradient_reads_is_not_kept() -> None:
    def shifted(x: Any, b: Any) -> Any:
        return torch.tanh(x) + b - 1

    graph = compiled(shifted, doubles(4, 3), doubles(4, 3))
    saved: list[Any] = []
    x, b = doubles(4, 3), doubles(4, 3)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        graph(x, b)
    assert [t is x for t in saved] == [True]
    same_gradients(graph, shifted, x, b)


def test_results_need_gradients_as_eager_ones_do() -> None:
    def mixed(x: Any, b: Any) -> Any:
        return torch.sign(x) * b, (x > b).to(x.dtype) * 2 + 1, torch.tanh(torch.floor(x)), x > b

    graph = compiled(mixed, doubles(4, 3), doubles(4, 3))
    for needs in ((True, True), (True, False), (False, True)):
        x, b = (doubles(4, 3).detach().requires_grad_(need) for need in needs)
        assert [y.requires_grad for y in graph(x, b)] == [y.requires_grad for y in mixed(x, b)]
    same_gradients(lambda x, b: graph(x, b)[::2], lambda x, b: mixed(x, b)[::2], doubles(4, 3), doubles(4, 3))


def test_operands_that_need_gradients_where_no_result_has_one() -> None:
    def apart(x: Any, b: Any) -> Any:
        return (x > b).to(x.dtype) * 2 + 1

    graph = compiled(apart, doubles(4, 3), doubles(4, 3))
    x, b = doubles(4, 3), doubles(4, 3)
    for _ in range(2):
        assert not graph(x, b).requires_grad
    torch.testing.assert_close(graph(x, b), apart(x, b))


def test_gradients_that_eager_has_not_are_none() -> None:
    def compared(x: Any, b: Any) -> Any:
        return torch.where(x > 0, b, b * 2) + 1

    graph = compiled(compared, doubles(4, 3), doubles(4, 3))
    x, b = doubles(4, 3), doubles(4, 3)
    graph(x, b).sum().backward()
    assert x.grad is None
    assert b.grad is not None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_are_as_near_as_eager_ones(dtype: torch.dtype) -> None:
    def chain(x: Any, b: Any) -> Any:
        return torch.relu(x * b) + x

    graph = compiled(chain, torch.ones(6, 5, dtype=dtype), torch.ones(6, 5, dtype=dtype))
    x, b = (torch.randn(40, 50).to(dtype).requires_grad_() for _ in range(2))
    g = torch.randn(40, 50).to(dtype)
    by_x, by_b = torch.autograd.grad(graph(x, b), (x, b), g)
    eager_by_x, eager_by_b = torch.autograd.grad(chain(x, b), (x, b), g)
    assert torch.equal(by_b, eager_by_b)
    exact_by_x = torch.where(x * b > 0, g.double() * b.double(), 0) + g.double()
    assert (by_x - exact_by_x).abs().sum() <= (eager_by_x - exact_by_x).abs().sum()


def test_transforms_of_torch_func(graph: Any) -> None:
    x, b = doubles(4, 3).detach(), doubles(3).detach()

    def total(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, b: function(x, b).sum()

    for transform in (torch.func.grad, torch.func.jacrev, torch.func.jacfwd, torch.func.hessian):
        torch.testing.assert_close(transform(total(graph))(x, b), transform(total(bent))(x, b))
    each = torch.vmap(torch.func.grad(total(graph)), in_dims=(0, None))
    torch.testing.assert_close(each(x, b), torch.vmap(torch.func.grad(total(bent)), in_dims=(0, None))(x, b))
    tangents = (torch.randn_like(x), torch.randn_like(b))
    torch.testing.assert_close(torch.func.jvp(graph, (x, b), tangents), torch.func.jvp(bent, (x, b), tangents))


def test_tensors_that_need_gradients_inside_a_transform(graph: Any) -> None:
    x, b = doubles(4, 3), doubles(3)

    def scaled(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda s: (function(x, b) * s).sum()

    one = torch.ones(()).double()
    torch.testing.assert_close(torch.func.grad(scaled(graph))(one), torch.func.grad(scaled(bent))(one))


def test_batches_of_gradients(graph: Any) -> None:
    x, b = doubles(4, 3), doubles(3)
    weights = torch.randn(6, 4, 3).double()
    found, wanted = (
        torch.autograd.grad(f(x, b), (x, b), weights, is_grads_batched=True, create_graph=True) for f in (graph, bent)
    )
    torch.testing.assert_close(found, wanted)
    seconds = (torch.autograd.grad(y[0].sum() + y[1].sum(), (x, b)) for y in (found, wanted))
    torch.testing.assert_close(*seconds)


def test_forward_mode(graph: Any) -> None:
    x, b, tangent = doubles(4, 3), doubles(3), torch.randn(4, 3).double()
    with forward_ad.dual_level():
        found, wanted = (forward_ad.unpack_dual(f(forward_ad.make_dual(x, tangent), b)).tangent for f in (graph, bent))
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_empty_operands(graph: Any, shape: tuple[int, ...]) -> None:
    same_gradients(graph, bent, doubles(*shape), doubles(shape[-1]))


def test_checkpoints(graph: Any) -> None:
    same_gradients(lambda x, b: checkpoint(graph, x, b, use_reentrant=False), bent, doubles(4, 3), doubles(3))


def test_a_model_trains_as_it_does_in_eager() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 4), torch.nn.SiLU())

    def loss(x: Any) -> Any:
        y = model(x)
        return (torch.nn.functional.softplus(y) * torch.tanh(y)).mean()

    x = torch.randn(16, 4)
    loss(x).backward()
    wanted = [p.grad for p in model.parameters()]
    model.zero_grad()
    mlgraph.compile(model, args=(x,))
    try:
        loss(x).backward()
    finally:
        mlgraph.restore(model)
    torch.testing.assert_close([p.grad for p in model.parameters()], wanted)


def test_where_torch_has_no_derivative_it_says_so() -> None:
    body = Block(arg_types=[f64])
    with building(body):
        half = insert(arith.ConstantOp(FloatAttr(0.5, f64)))
        insert(YieldOp(insert(math.FloorOp(insert(arith.MulfOp(body.args[0], half)))).result))
    vector = tensor((-1,), f64)
    kernel = FusedOp("kernel_0", Block(arg_types=[vector]).args, [vector], body)
    y = ByTorch(kernel, lambda x: torch.floor_divide(x, 2))(doubles(5))
    with pytest.raises(RuntimeError, match="floor_divide"):
        y.sum().backward()
