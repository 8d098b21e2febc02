# pyright: basic
"""Special functions, statistics and losses of torch, on values that were not traced, against torch itself."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch_cases import assert_same

import mlgraph

EDGES = (0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.5, 5.0, 30.0, math.inf, -math.inf, math.nan)


def agrees(function: Callable[..., Any], *inputs: tuple, rtol: float = 3e-5) -> None:
    assert_same(function, *inputs, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize(
    "name",
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 erfcx log_ndtr ndtri modified_bessel_k0 modified_bessel_k1"
    " scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0".split(),
)
def test_edges_of_a_special_function_are_torchs(name: str):
    agrees(getattr(torch.special, name), (torch.tensor(EDGES),), (torch.linspace(-7, 12, 12),))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_polygamma_is_right_below_zero(n: int):
    agrees(lambda x: torch.special.polygamma(n, x), (torch.tensor([-20.3, -7.6, -0.5, 0.3, 2.0]),), rtol=2e-4)


@pytest.mark.parametrize(
    "name",
    ["chebyshev_polynomial_u", "shifted_chebyshev_polynomial_w", "hermite_polynomial_h", "laguerre_polynomial_l"],
)
def test_orders_of_a_polynomial_may_differ_from_element_to_element(name: str):
    x = torch.tensor([[-1.5], [-1.0], [-0.4], [0.0], [0.7], [1.0], [2.0], [math.nan]])
    n = torch.tensor([-3.0, -0.5, 0.0, 1.0, 2.7, 6.0, 11.0, 130.0, math.inf, math.nan])
    function = getattr(torch.special, name)
    if "hermite" not in name:
        n = n[:-2]
    agrees(function, (x, n[:5]), (x[2:], n), rtol=2e-3)


def test_a_histogram_of_other_values_has_other_edges():
    x, y = torch.tensor([0.5, 1.0, 1.0, 3.0, math.nan][:4]), torch.tensor([2.0, 2.0, -5.0, 0.1, 9.0, 9.0])
    agrees(lambda x: torch.histogram(x, 4, density=True), (x,), (y,))
    agrees(lambda x: torch.histc(x, 5), (x,), (y,))
    agrees(lambda x: torch.histc(x, 5, min=0, max=3), (x,), (torch.tensor([math.nan, 0.0, 3.0, 3.5, -1.0]),))


def test_a_hash_of_a_tensor_is_that_of_its_64_bit_words():
    agrees(lambda x: torch.hash_tensor(x).to(torch.float64), (torch.tensor([1.5, -2.0, 3.0]),))


def test_covariance_of_weighted_observations():
    x, weights, counts = torch.rand(3, 5), torch.rand(5), torch.tensor([1, 2, 1, 3, 2])
    agrees(lambda x: torch.cov(x), (x,), (torch.rand(3, 9),))
    agrees(lambda x, f, a: x.cov(correction=0, fweights=f, aweights=a), (x, counts, weights))
    agrees(lambda x: torch.corrcoef(x), (x,), (torch.rand(3, 4),))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_ctc_of_repeated_empty_and_impossible_targets(reduction: str):
    scores = torch.randn(9, 4, 6).log_softmax(2)
    rows = torch.tensor([[1, 1, 2], [3, 3, 3], [4, 5, 1], [2, 1, 1]])
    inputs, lengths = torch.tensor([9, 4, 0, 5]), torch.tensor([3, 3, 0, 0])

    def loss(scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return F.ctc_loss(scores, rows, inputs, lengths, reduction=reduction)

    agrees(loss, (scores, rows), (torch.randn(12, 4, 6).log_softmax(2), rows.flip(0)))
    agrees(lambda s, t: F.ctc_loss(s, t, (9, 8, 7, 6), (2, 1, 0, 3), reduction=reduction), (scores, rows[0].repeat(2)))


def test_a_negative_variance_gives_nan_where_torch_raises():
    x, variance = torch.rand(3, 2), torch.rand(3, 2)
    graph = mlgraph.compile(F.gaussian_nll_loss, to="torch", args=(x, x, variance))
    torch.testing.assert_close(graph(x, x + 1, variance), F.gaussian_nll_loss(x, x + 1, variance))
    assert graph(x, x, -variance).isnan()


def test_combinations_and_frexp():
    x = torch.tensor([3.0, -0.1, 0.0, 1e-40, math.inf])
    agrees(lambda x: torch.combinations(x[:4], 3), (x,))
    agrees(lambda x: tuple(torch.frexp(x)), (x[:3],))


def test_integers_to_negative_powers_are_zero_but_for_one_and_minus_one():
    x, n = torch.tensor([[-3], [-1], [0], [1], [2]]), torch.tensor([-3, -2, -1, 0, 2])
    agrees(torch.pow, (x, n))


def test_incomplete_gamma_and_zeta_at_the_ends_of_their_domains():
    edges = torch.tensor([0.0, 0.5, 1.0, -0.5, -1.0, math.inf])
    shares = lambda a, x: (torch.igamma(a, x), torch.igammac(a, x))  # noqa: E731
    agrees(shares, (edges[:, None], edges[None, :].clone()))
    agrees(torch.special.zeta, (edges[:5, None], edges[None, :5].clone()))


def test_complex_numbers_in_functions_of_reals():
    x = torch.tensor([0.5 + 0.5j, 1j, -2.0 - 1j, 0j])
    for function in (torch.logical_not, torch.exp2, torch.sigmoid, F.silu, torch.log10, torch.nan_to_num):
        agrees(function, (x,))


def test_polygamma_in_place():
    assert_same(lambda x: x.clone().polygamma_(2) + 1, (torch.rand(3) + 1,), (torch.rand(5) + 1,))
