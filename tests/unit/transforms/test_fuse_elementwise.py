# pyright: basic
"""Which operations become one kernel."""

import numpy as np
import pytest

import mlgraph

pytestmark = pytest.mark.kernels


def test_an_operation_that_joins_groups_one_of_which_is_gone_is_in_one_kernel_once() -> None:
    """The first group that an operation joins may be swallowed by the second, and met again as the third."""

    def adam(w: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, ...]:
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return w - 0.001 * m / (np.sqrt(v) + 1e-8), m, v

    random = np.random.default_rng(0)
    graph = mlgraph.compile(adam, to="numpy", args=tuple(random.random((4, 8)) for _ in range(4)))
    assert len(graph.kernels) == 1
    arrays = [random.random((9, 17)) for _ in range(4)]
    for found, wanted in zip(graph(*arrays), adam(*arrays), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def scaled(x: np.ndarray, y: np.ndarray, row: np.ndarray, one: np.ndarray) -> tuple[np.ndarray, ...]:
    """Casts and sums of a row and of a number, read by two loops of other spaces, one of them by way of the other."""
    wide = row.astype(np.float64) + 1
    return np.exp(x * wide) * (one * 2 + 1), np.tanh(y - wide) + y, np.cumsum(wide)[-1:] * (one + 3)


def test_cheap_operations_of_smaller_arrays_are_inside_and_what_others_read_is_not() -> None:
    random = np.random.default_rng(0)

    def arrays(n: int, m: int) -> tuple[np.ndarray, ...]:
        return random.random((n, m)), random.random((2, n, m)), random.random(m, np.float32), random.random(())

    graph = mlgraph.compile(scaled, to="numpy", args=arrays(4, 8))
    assert [len(kernel.dtypes) for kernel in graph.kernels] == [2, 4, 3]
    for given in (arrays(9, 17), arrays(3, 5)):
        for found, wanted in zip(graph(*given), scaled(*given), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


def test_gradients_flow_through_cheap_operations() -> None:
    import torch

    def function(x: torch.Tensor, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        return torch.exp(x * row.double()) * (1 - column) + x

    x, row, column = torch.rand(6, 5, dtype=torch.float64), torch.rand(5), torch.rand(6, 1, dtype=torch.float64)
    given = [t.requires_grad_() for t in (x, row, column)]
    graph = mlgraph.compile(function, to="torch", args=given)
    assert len(graph.kernels) == 1
    found, wanted = (torch.autograd.grad(f(*given).sum(), given) for f in (graph, function))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b)
