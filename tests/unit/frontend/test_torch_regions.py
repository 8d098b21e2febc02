# pyright: basic
"""Control flow on values in traces of torch: branches and loops as regions, whatever they write, draw or resize."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import CaptureError, UnsupportedOpError
from mlgraph.frontend.control_flow.base import active

pytestmark = pytest.mark.filterwarnings("ignore")
TARGETS = ("torch", "numpy", "jax", "tensorflow")


def if_(condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
    """Return what Python's `if` gives, or a trace's."""
    control_flow = active()
    return (
        (then if condition else otherwise)() if control_flow is None else control_flow.if_(condition, then, otherwise)
    )


def while_(condition: Callable[..., Any], body: Callable[..., list[Any]], *initial: Any) -> list[Any]:
    control_flow = active()
    if control_flow is not None:
        return control_flow.while_(lambda state: condition(*state), lambda state: body(*state), initial)
    state = list(initial)
    while condition(*state):
        state = body(*state)
    return state


def scan(length: Any, body: Callable[..., tuple[list[Any], list[Any]]], *initial: Any) -> tuple[list[Any], list[Any]]:
    control_flow = active()
    if control_flow is not None:
        return control_flow.scan(length, body, initial)
    state, steps = list(initial), []
    for i in range(int(length)):
        state, values = body(i, state)
        steps.append(values)
    return state, [torch.stack([torch.as_tensor(value) for value in column]) for column in zip(*steps)]


def leaves(result: Any) -> list[Any]:
    return [leaf for one in result for leaf in leaves(one)] if isinstance(result, list | tuple) else [result]


def array(leaf: Any) -> np.ndarray:
    return leaf.detach().numpy() if isinstance(leaf, torch.Tensor) else np.asarray(leaf)


def check(function: Any, to: str, *calls: Sequence[torch.Tensor]) -> Any:
    """Compare a graph with the function in each call: results, and what both wrote."""
    eager = copy.deepcopy(function)
    graph: Any = mlgraph.compile(function, to=to)
    for arguments in calls:
        given, expected = ([x.clone() for x in arguments] for _ in range(2))
        found, wanted = leaves(graph(*given)), leaves(eager(*expected))
        assert len(found) == len(wanted)
        for a, b in zip(map(array, found), map(array, wanted), strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype or to in ("jax", "tensorflow")
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        for a, b in zip(given, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    if to == "torch" and isinstance(function, torch.nn.Module):
        for name, value in eager.state_dict().items():
            np.testing.assert_allclose(array(function.state_dict()[name]), array(value), rtol=1e-5, err_msg=name)
    return graph


def branches(x: Any) -> Any:
    (y,) = if_(x.sum() > 0, lambda: [x * 2], lambda: [x - 1])
    return y


def closure(x: Any) -> Any:
    w = x * 2
    first = w[0]

    def then() -> list[Any]:
        w.add_(1)
        return [first + 1, 3]

    y, n = if_(x.sum() > 0, then, lambda: [first * 2, 5])
    return y, w, first, w * n


def resized(x: Any) -> Any:
    (y,) = if_(x.sum() > 0, lambda: [x[x > 0]], lambda: [x[:2]])
    return y * 2, y.shape[0], torch.zeros(y.shape[0])


def nested(x: Any) -> Any:
    def body(i: Any, y: Any, n: Any) -> list[Any]:
        return [i + 1, *if_(y.sum() > 5, lambda: [y - 3, n + 1], lambda: [y * 2, n])]

    return while_(lambda i, y, n: i < 7, body, 0, x, 0)


def doubled(x: Any) -> Any:
    i, y = while_(lambda i, y: y.sum() < 100, lambda i, y: [i + 1, y * 2], 0, x)
    return y, i, y * i


def in_place(x: Any) -> Any:
    out = torch.zeros(40)

    def body(i: Any, y: Any) -> list[Any]:
        out[i] = y.sum()
        return [i + 1, y.add_(1)]

    i, y = while_(lambda i, y: y.sum() < 20, body, 0, x)
    return i, y, out


def growing(x: Any) -> Any:
    i, y = while_(lambda i, y: y.sum() < 100, lambda i, y: [i + 1, torch.cat([y, x * i])], 0, x)
    return y, i


def stacked(x: Any) -> Any:
    (total,), (rows,) = scan(x.sum().long().item(), lambda i, s: ([s[0] + i], [s[0] * x]), x.sum())
    return total, rows


class Layers(torch.nn.Module):
    """Weights, buffers, and a norm that counts in one branch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.linear = torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 3)
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("pair", torch.zeros(2))

    def forward(self, x: Any) -> Any:
        def then() -> list[Any]:
            self.count.add_(1)
            return [self.norm(x)]

        def otherwise() -> list[Any]:
            self.pair[0].add_(2)
            return [self.linear(x)]

        (y,) = if_(x.sum() > 0, then, otherwise)
        return y + self.count


ONES = torch.ones(3)
PROGRAMS: dict[str, tuple[Any, Sequence[torch.Tensor]]] = {
    "branches": (branches, (ONES, -ONES, torch.ones(5))),
    "closure": (closure, (ONES, -ONES, -torch.ones(5))),
    "resized": (resized, (ONES, -torch.ones(4), torch.ones(5))),
    "nested": (nested, (ONES, 7 * ONES, torch.ones(5) / 8)),
    "doubled": (doubled, (ONES, torch.ones(200), torch.ones(5) / 1000)),
    "in place": (in_place, (ONES, torch.ones(200), torch.ones(5) / 1000)),
    "growing": (growing, (ONES, torch.ones(200), torch.ones(5) / 8)),
    "stacked": (stacked, (ONES, torch.ones(7), torch.ones(5) / 4)),
    "layers": (Layers(), (torch.rand(4, 3), -torch.rand(4, 3), torch.rand(5, 3))),
}


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_regions_compute_what_eager_does(name: str, to: str):
    function, examples = PROGRAMS[name]
    check(copy.deepcopy(function), to, *((x,) for x in examples))


def chosen(x: Any, y: Any) -> Any:
    (z,) = if_(x.sum() > 0, lambda: [x], lambda: [y])
    return z, z + 1


def written_after_a_choice(x: Any, y: Any) -> Any:
    (z,) = if_(x.sum() > 0, lambda: [x], lambda: [y])
    return z.add_(1)


def written_before_it_is_read(x: Any, y: Any) -> Any:
    w = x * 2
    (z,) = if_(x.sum() > 0, lambda: [w], lambda: [y])
    w.add_(1)
    return z


def appended(x: Any) -> Any:
    found: list[Any] = []

    def then() -> list[Any]:
        found.append(x * 2)
        return [x]

    if_(x.sum() > 0, then, lambda: [x])
    return torch.stack(found)


def written_and_replaced(x: Any) -> Any:
    return while_(lambda y: y.sum() < 9, lambda y: [y.add_(1) * 2], x)


def gradient_inside(x: Any) -> Any:
    (y,) = if_(x.sum() > 0, lambda: [x * x], lambda: [x])
    return torch.autograd.grad(y.sum(), x)


REFUSED: dict[Callable[..., Any], tuple[int, str]] = {
    written_after_a_choice: (2, "writes into a tensor that another may be"),
    written_before_it_is_read: (2, "writes into a tensor that another may be"),
    appended: (1, "is used outside of it"),
    written_and_replaced: (1, "gives its variable another"),
    gradient_inside: (1, "takes gradients through a branch"),
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_would_be_lost_is_refused_at_the_users_line(function: Callable[..., Any]):
    inputs, text = REFUSED[function]
    graph: Any = mlgraph.compile(function, to="torch")
    with pytest.raises(UnsupportedOpError, match=text) as found:
        graph(*(torch.ones(3, requires_grad=function is gradient_inside) for _ in range(inputs)))
    assert __file__ in found.value.where


def test_a_result_is_no_input():
    check(chosen, "torch", (ONES, -ONES), (-ONES, ONES))
    x = torch.ones(3)
    result, _ = mlgraph.compile(chosen, to="torch")(x, -x)
    result.add_(1)
    assert x.sum() == 3


def test_gradients_flow_through_branches_and_steps():
    import jax

    def function(x: Any) -> Any:
        def body(i: Any, carry: list[Any]) -> tuple[list[Any], list[Any]]:
            (y,) = if_(carry[0].sum() > 3, lambda: [torch.log(carry[0])], lambda: [carry[0] * x + 1])
            return [y], [y.sum()]

        (last,), (sums,) = scan(4, body, x * 2)
        return (last * last).sum() + sums.sum()

    to_torch: Any = mlgraph.compile(function, to="torch")
    to_jax: Any = mlgraph.compile(function, to="jax", args=(ONES,))
    for x in (torch.tensor([0.5, 1, 2]), torch.tensor([0.1, 0.2, 0.3])):
        gradients = []
        for one in (function, to_torch):
            leaf = x.clone().requires_grad_()
            one(leaf).backward()
            gradients.append(leaf.grad)
        np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5)
        np.testing.assert_allclose(jax.grad(lambda t: to_jax(t))(np.asarray(x)), gradients[0], rtol=1e-5)


def drawn(x: Any) -> Any:
    (y,) = if_(x.sum() > 0, lambda: [x + torch.rand(3)], lambda: [x * torch.randn(3)])
    _, z = while_(lambda i, z: z.sum() < 9, lambda i, z: [i + 1, torch.nn.functional.dropout(z + 1, 0.3)], 0, y)
    return y, z + torch.rand(3)


def test_draws_in_regions_keep_their_order():
    graph: Any = mlgraph.compile(drawn, to="torch")
    for x in (ONES, -ONES):
        torch.manual_seed(0)
        expected = drawn(x)
        torch.manual_seed(0)
        for a, b in zip(graph(x), expected, strict=True):
            assert torch.equal(a, b)


def test_leaves_of_two_types_are_refused():
    def function(x: Any) -> Any:
        return if_(x.sum() > 0, lambda: [x], lambda: [x.long()])

    with pytest.raises(CaptureError, match=r"float32\[3\] against int64\[3\]"):
        mlgraph.compile(function, to="torch", args=(ONES,))


class OfTorch(torch.nn.Module):
    """torch's own control flow, with weights that its functions close over."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x: Any) -> Any:
        from torch._higher_order_ops.map import map
        from torch._higher_order_ops.scan import scan
        from torch._higher_order_ops.while_loop import while_loop

        def inner(x: Any) -> Any:
            return torch.cond(x.sum() > 9, lambda: self.linear(x), lambda: x + 1)

        chosen = torch.cond(x.sum() > 0, lambda x: {"a": inner(x)}, lambda x: {"a": x * 2}, (x,))
        looped = while_loop(
            lambda i, y: y.sum() < 100, lambda i, y: (i + 1, self.linear(y).abs() + y * 2), (torch.tensor(0), x.abs())
        )
        scanned = scan(lambda carry, row: (carry + row, carry * row), torch.zeros(3), x)
        return chosen["a"], *looped, *scanned, map(lambda row, w: row * w, x, x[0].clone())

    def expected(self, x: Any) -> Any:
        chosen = (self.linear(x) if x.sum() > 9 else x + 1) if x.sum() > 0 else x * 2
        i, y = torch.tensor(0), x.abs()
        while y.sum() < 100:
            i, y = i + 1, self.linear(y).abs() + y * 2
        before = torch.cat([torch.zeros(1, 3), x]).cumsum(0)
        return chosen, i, y, before[-1], before[:-1] * x, x * x[0]


@pytest.mark.parametrize("to", TARGETS)
def test_control_flow_of_torch_itself(to: str):
    module = OfTorch()
    graph: Any = mlgraph.compile(module, to=to)
    for x in (torch.randn(4, 3), torch.ones(5, 3), -torch.ones(2, 3)):
        for found, expected in zip(graph(x), module.expected(x), strict=True):
            np.testing.assert_allclose(array(found), array(expected), rtol=1e-4, atol=1e-5)


def test_associative_scan():
    from torch._higher_order_ops.associative_scan import associative_scan

    def function(x: Any) -> Any:
        return associative_scan(lambda a, b: a * b, x, dim=0, combine_mode="generic")

    graph: Any = mlgraph.compile(function, to="torch")
    for n in (7, 5):
        x = torch.rand(n, 3)
        np.testing.assert_allclose(graph(x), x.cumprod(0), rtol=1e-5)
