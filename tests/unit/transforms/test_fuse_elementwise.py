# pyright: basic
"""Which operations become one kernel."""

import numpy as np

import mlgraph


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
