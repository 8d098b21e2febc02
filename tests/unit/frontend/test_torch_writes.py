# pyright: basic
"""Writes in torch functions: those that nothing else sees need no second trace, the others keep their meaning."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch_cases import assert_same

import mlgraph
from mlgraph.errors import UnsupportedOpError

random = torch.Generator().manual_seed(0)


def floats(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=random)


def residual(x: Any) -> Any:
    y = torch.sin(x)
    y += x
    y.mul_(2).relu_()
    return y, y + 1


def seen_by_a_view(x: Any) -> Any:
    y = torch.sin(x)
    first = y[0]
    y += 1
    return first, y


def through_a_view(x: Any) -> Any:
    y = torch.sin(x)
    y[0].add_(1)
    return y


def of_what_dropout_gives_back(x: Any) -> Any:
    y = torch.sin(x)
    z = F.dropout(y, 0.5, training=False)
    z += 1
    return y, z


def seen_by_what_dropout_gives_back(x: Any) -> Any:
    y = torch.sin(x)
    z = F.dropout(y, 0.5, training=False)
    y += 1
    return y, z


def of_a_contiguous_tensor(x: Any) -> Any:
    y = torch.sin(x)
    y.contiguous().add_(1)
    return y


def read_before(x: Any) -> Any:
    y = torch.sin(x)
    before = y * 2
    y += 1
    return before, y


def of_another_type(x: Any) -> Any:
    y = torch.sin(x).to(torch.float16)
    y += x
    return y


def broadcast(x: Any) -> Any:
    y = torch.sin(x)
    y += x[:1]
    y.masked_fill_(x > 0, 3.0)
    return y


def into_an_expanded_tensor(x: Any) -> Any:
    y = torch.sin(x[:1]).expand_as(x).clone()
    y -= x
    return y


def in_a_tuple(x: Any) -> Any:
    values, _ = torch.sort(x)
    values += 1
    return values


SEEN: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        residual,
        seen_by_a_view,
        through_a_view,
        of_what_dropout_gives_back,
        seen_by_what_dropout_gives_back,
        of_a_contiguous_tensor,
        read_before,
        of_another_type,
        broadcast,
        into_an_expanded_tensor,
        in_a_tuple,
    )
}


@pytest.mark.parametrize("name", SEEN)
def test_writes_are_seen_where_torch_sees_them(name: str):
    assert_same(SEEN[name], (floats(3, 4),), (floats(5, 2),), rtol=1e-3 if "type" in name else 1e-5)


@pytest.fixture(name="taken_apart")
def count_decompositions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each trace that torch took apart."""
    found: list[int] = []
    capture = import_module("mlgraph.frontend.torch.capture")
    whole = capture._decompositions

    def counted(taken_apart: Any) -> Any:
        found.append(1)
        return whole(taken_apart)

    monkeypatch.setattr(capture, "_decompositions", counted)
    return found


@pytest.mark.parametrize("name", ["residual", "read_before", "broadcast"])
def test_writes_that_nothing_else_sees_need_no_second_trace(name: str, taken_apart: list[int]):
    mlgraph.compile(SEEN[name], to="numpy", args=(floats(3, 4),))
    assert not taken_apart


@pytest.mark.parametrize("name", ["seen_by_a_view", "through_a_view", "in_a_tuple"])
def test_writes_that_others_see_are_left_to_torch(name: str, taken_apart: list[int]):
    mlgraph.compile(SEEN[name], to="numpy", args=(floats(3, 4),))
    assert taken_apart


@pytest.mark.parametrize("training", [True, False])
def test_norms_that_train_write_their_statistics(training: bool, taken_apart: list[int]):
    model, other = (torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3)) for _ in range(2))
    other.load_state_dict(model.state_dict())
    model.train(training), other.train(training)
    graph: Any = mlgraph.compile(model, to="torch", args=(floats(2, 2, 5, 5),))
    assert bool(taken_apart) is training
    for _ in range(2):
        x = floats(2, 2, 5, 5)
        torch.testing.assert_close(graph(x), other(x))
    torch.testing.assert_close(model[1].running_mean, other[1].running_mean)
    torch.testing.assert_close(model[1].running_var, other[1].running_var)


def test_a_narrow_part_counts_from_the_end():
    assert_same(lambda x: (x.narrow(0, -3, 3), torch.narrow_copy(x, 1, -2, 1)), (floats(4, 3),), (floats(6, 5),))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_differences(n: int):
    assert_same(lambda x: (x.diff(n), (x > 0).diff(n, 0), x.long().diff(n)), (floats(4, 3),), (floats(6, 7),))
    assert_same(lambda x, y: x.diff(n, 0, prepend=y, append=y[:0]), (floats(4, 3), floats(1, 3)))


RESHAPING = {
    "t_": lambda x: x.t_(),
    "transpose_": lambda x: x.transpose_(0, 1),
    "unsqueeze_": lambda x: x.unsqueeze_(0),
    "resize_": lambda x: x.resize_(3, 2),
    "after a write": lambda x: x.add_(1).t_(),
    "data": lambda x: setattr(x, "data", torch.ones(4)),
}


@pytest.mark.parametrize("reshaping", RESHAPING)
def test_another_shape_of_an_argument_is_refused_at_its_line(reshaping):
    def reshapes(x):
        RESHAPING[reshaping](x)
        return x * 2

    x = torch.arange(6.0).reshape(2, 3)
    with pytest.raises(UnsupportedOpError, match=r"(?s)another shape .*test_torch_writes.py:\d+"):
        mlgraph.compile(reshapes, to="torch", args=(x,))
    assert torch.equal(x, torch.arange(6.0).reshape(2, 3))


def test_a_local_tensor_takes_another_shape():
    def reshapes(x):
        y = x * 2
        y.t_().unsqueeze_(0)
        return y

    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(mlgraph.compile(reshapes, to="torch", args=(x,))(x), reshapes(x))


def test_an_operation_that_is_registered_later_is_taken_apart_too(taken_apart: list[int]):
    apart = lambda x: torch.logaddexp2(x, x)  # noqa: E731
    assert_same(apart, (floats(3),), targets=["torch"])
    library = torch.library.Library("mlgraph_registered_later", "DEF")
    library.define("doubled(Tensor x) -> Tensor")
    library.impl("doubled", lambda x: x + x, "CompositeImplicitAutograd")
    doubled = torch.ops.mlgraph_registered_later.doubled  # pyright: ignore[reportAttributeAccessIssue]
    assert_same(lambda x: apart(doubled(x)), (floats(3),), (floats(5),), targets=["torch", "numpy"])
    assert len(taken_apart) > 1
