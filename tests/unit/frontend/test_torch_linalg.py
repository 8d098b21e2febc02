# pyright: basic
"""torch's factorisations, what is solved with them, normalisations and rolls, on every target."""

from typing import Any

import pytest
import torch
from frameworks import to_numpy
from torch_cases import assert_same, graphs

import mlgraph
from mlgraph.errors import UnsupportedOpError

random = torch.Generator().manual_seed(0)


def floats(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=random, dtype=dtype)


def systems(*shapes: tuple[int, ...]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Well-conditioned matrices of these shapes, and right sides."""
    return [(floats(*s) + 3 * torch.eye(s[-1]), floats(*s[:-1], 2)) for s in shapes]


# LU


@pytest.mark.parametrize("shapes", [((3, 3), (5, 5)), ((2, 4, 3), (3, 5, 2)), ((3, 5), (2, 7))], ids=str)
def test_lu_factors_count_exchanges_of_rows_as_torch_does(shapes: Any):
    inputs = [(floats(*shape),) for shape in shapes]
    assert_same(lambda x: tuple(torch.linalg.lu_factor_ex(x)), *inputs, rtol=1e-4)
    assert_same(lambda x: tuple(torch.linalg.lu(x)), *inputs, rtol=1e-4)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 3), (2, 3, 0), (0, 3, 3)], ids=str)
def test_lu_of_nothing(shape: Any):
    assert_same(lambda x: tuple(torch.linalg.lu_factor_ex(x)), (floats(*shape),))
    assert_same(lambda x: tuple(torch.linalg.lu(x)), (floats(*shape),))


@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_lu_solve_from_either_side_with_broadcast_batches(left: bool, adjoint: bool):
    def solve(packed: Any, pivots: Any, b: Any) -> Any:
        return torch.linalg.lu_solve(packed, pivots, b, left=left, adjoint=adjoint)

    inputs = [(*torch.linalg.lu_factor(a), b if left else b.mT) for a, b in systems((4, 4), (5, 5))]
    assert_same(solve, *inputs, rtol=1e-4)
    (a, b), (other, _) = systems((3, 4, 4), (4, 4))
    assert_same(solve, (*torch.linalg.lu_factor(other), b if left else b.mT), rtol=1e-4)
    assert_same(solve, (*torch.linalg.lu_factor(a), b[0] if left else b[0].mT), rtol=1e-4)


def test_lu_unpack_gives_what_is_asked_for():
    inputs = [torch.linalg.lu_factor(floats(*shape)) for shape in ((5, 3), (2, 4))]
    assert_same(lambda p, i: torch.lu_unpack(p, i), inputs[0])
    assert_same(lambda p, i: torch.lu_unpack(p, i, unpack_data=False), inputs[1])
    assert_same(lambda p, i: torch.lu_unpack(p, i, unpack_pivots=False), inputs[1])


def test_info_names_the_first_zero_pivot():
    x = torch.tensor(
        [[[1.0, 2, 3], [2, 4, 6], [1, 1, 1]], [[0, 1, 2], [0, 3, 4], [0, 5, 7]], [[2, 0, 0], [0, 3, 1], [1, 1, 1]]]
    )
    assert_same(lambda x: torch.linalg.lu_factor_ex(x).info, (x,), targets=("torch", "jax", "numpy"))


def test_info_of_cholesky_names_the_least_part_that_is_not_positive():
    x = torch.tensor([[[2.0, 1], [1, 2]], [[1, 2], [2, 1]], [[-1, 0], [0, 1]]])
    assert_same(lambda x: torch.linalg.cholesky_ex(x).info, (x,), targets=("torch", "jax"))


# Systems


def test_solve_is_traced_without_the_check_of_its_info():
    assert_same(torch.linalg.solve, *systems((3, 3), (4, 4)), rtol=1e-4)
    assert_same(torch.linalg.inv, *[(a,) for a, _ in systems((3, 3), (4, 4))], rtol=1e-4)
    assert_same(torch.linalg.tensorinv, (floats(2, 3, 6) + 3 * torch.eye(6).reshape(2, 3, 6),), rtol=1e-3)


def test_triangular_systems_of_free_sizes():
    def solve(a: Any, b: Any) -> Any:
        return torch.linalg.solve_triangular(a.tril(), b, upper=False), torch.cholesky_solve(b, a.tril())

    graph: Any = mlgraph.compile(solve, to="torch", args=systems((3, 3))[0])
    for a, b in systems((4, 4), (5, 5)):
        graph(a, b)
    assert graph.cache_info().specializations == 1
    assert_same(solve, *systems((2, 3, 3), (4, 5, 5)), rtol=1e-3)


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 0)], ids=str)
def test_triangular_systems_of_nothing(shape: tuple[int, ...]):
    a, b = torch.ones(shape).tril(), floats(*shape[:-1], 2)
    assert_same(lambda a, b: torch.linalg.solve_triangular(a, b, upper=False), (a, b))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3, 0)], ids=str)
def test_the_pseudo_inverse_of_nothing_is_empty(shape: Any):
    assert_same(torch.linalg.pinv, (floats(*shape),))


@pytest.mark.parametrize("driver", [None, "gels", "gelsd"])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 3)], ids=str)
def test_least_squares(shape: Any, driver: Any):
    inputs = [(floats(*shape) + 3 * torch.eye(*shape[-2:]), floats(*shape[:-1], 2)) for _ in range(2)]
    assert_same(lambda a, b: tuple(torch.linalg.lstsq(a, b, driver=driver)), *inputs, rtol=1e-3)


def test_least_squares_of_vectors_and_of_a_matrix_that_lacks_rank():
    a = floats(2, 4, 3) + 3 * torch.eye(4, 3)
    assert_same(lambda a, b: torch.linalg.lstsq(a, b).solution, (a, floats(2, 4)), rtol=1e-3)
    a = (floats(5, 3) + 3 * torch.eye(5, 3)) * torch.tensor([1.0, 1, 0])
    gelsd = lambda a, b: tuple(torch.linalg.lstsq(a, b, driver="gelsd"))[::2]  # noqa: E731, gelsy is often wrong here
    assert_same(gelsd, (a, floats(5, 2)), rtol=1e-3)


def test_narrow_from_a_place_in_a_tensor():
    inputs = [(floats(5, 4), torch.tensor(start)) for start in (1, 2, -3)]
    assert_same(lambda x, start: x.narrow(0, start, 3) + torch.narrow(x, 0, start, 3), *inputs)


# Eigenvalues, singular values, reflections


def test_eigenvectors_of_a_real_matrix_are_complex():
    x = floats(3, 4, 4)
    for graph in graphs(lambda x: tuple(torch.linalg.eig(x)), (x,)).values():
        values, vectors = (torch.tensor(to_numpy(v)) for v in graph(x))
        product = x.to(torch.complex64) @ vectors
        torch.testing.assert_close(product, vectors * values.unsqueeze(-2), rtol=1e-4, atol=1e-4)


def test_full_decompositions_of_matrices_that_are_not_square():
    def product(x: Any) -> Any:
        u, s, vh = torch.linalg.svd(x, full_matrices=True)
        q, r = torch.linalg.qr(x, mode="complete")
        return u[:, : s.shape[0]] * s @ vh[: s.shape[0]], q @ r, u @ u.mT, q @ q.mT, vh @ vh.mT

    assert_same(product, (floats(4, 3),), (floats(6, 2),), rtol=1e-4)


def test_products_of_reflections():
    packed = torch.linalg.qr(floats(5, 3))[0], torch.rand(3, generator=random)
    assert_same(torch.linalg.householder_product, packed, rtol=1e-4)
    for left in (True, False):
        for transpose in (True, False):
            other = floats(5, 2) if left else floats(2, 5)
            function = lambda x, tau, y, a=left, b=transpose: torch.ormqr(x, tau, y, a, b)  # noqa: E731
            assert_same(function, (*packed, other), rtol=1e-4)


def test_the_exponential_of_batches_of_matrices():
    assert_same(torch.linalg.matrix_exp, (floats(2, 3, 3),), (floats(4, 2, 2),), rtol=1e-4)


# Rolls


def test_a_roll_by_half_of_a_free_size():
    assert_same(torch.fft.fftshift, (floats(4, 3),), (floats(5, 6),))
    assert_same(lambda x: torch.fft.ifftshift(x, dim=1), (floats(4, 3),), (floats(5, 6),))


# Normalisations


def test_native_normalisations_give_their_statistics():
    inputs = [(floats(*shape), torch.rand(shape[1]), floats(shape[1])) for shape in ((3, 4, 5), (2, 6, 3))]
    assert_same(lambda x, w, b: torch.native_layer_norm(x, x.shape[2:], None, None, 1e-5), *inputs)
    assert_same(lambda x, w, b: torch.native_group_norm(x, w, b, *x.shape, 2, 1e-5), *inputs)
    assert_same(lambda x, w, b: torch.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5), *inputs)
    assert_same(lambda x, w, b: torch.native_batch_norm(x, w, b, b, w, False, 0.1, 1e-5), *inputs)


def test_halves_are_normalised_in_single_precision():
    x = (floats(64, 2, 50) + 30).half()
    assert_same(lambda x: torch.nn.functional.group_norm(x, 1), (x,), rtol=1e-2)
    assert_same(lambda x: torch.nn.functional.batch_norm(x, None, None, training=True), (x,), rtol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_norms_of_halves_are_summed_in_single_precision(dtype: torch.dtype):
    x, y = 12 * floats(2, 5, 5).to(dtype)
    assert_same(lambda x, y: (torch.dist(x, y, 6), torch.linalg.vector_norm(x, 2.5, 1)), (x, y), rtol=1e-2)


def test_soft_margin_loss_of_halves_overflows_as_torchs_does():
    inputs = [(scale * floats(4, 5).half(), floats(4, 5).sign().half()) for scale in (1, 20)]
    for reduction in ("none", "mean", "sum"):
        assert_same(
            lambda x, y, r=reduction: torch.nn.functional.soft_margin_loss(x, y, reduction=r), *inputs, rtol=1e-2
        )


def test_matrix_exp_of_halves_is_refused_as_torchs_is_nan():
    with pytest.raises(UnsupportedOpError, match="of which torch makes NaN"):
        mlgraph.compile(torch.linalg.matrix_exp, to="torch", args=(torch.ones(2, 2).half(),))


def test_cross_and_diagonal_of_linalg_take_the_last_axes():
    assert_same(torch.linalg.cross, (floats(3, 2, 3), floats(3, 1, 3)), (floats(3, 4, 3), floats(1, 4, 3)))
    assert_same(torch.linalg.diagonal, (floats(2, 3, 4),))


def test_an_output_that_no_rule_computes_raises():
    with pytest.raises(UnsupportedOpError, match="result 1 of aten"):
        mlgraph.compile(lambda x: torch._linalg_det(x)[1], to="torch", args=(floats(3, 3),))
