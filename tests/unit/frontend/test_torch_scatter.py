# pyright: basic
"""torch's writes at computed places, reductions over segments, and unique elements, on every target."""

from typing import Any

import numpy as np
import pytest
import torch
from torch_cases import assert_same

import mlgraph

random = torch.Generator().manual_seed(0)


def floats(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=random)


def below(n: int, *shape: int) -> torch.Tensor:
    return torch.randint(n, shape, generator=random)


def scattering(reduce: str, include_self: bool) -> Any:
    return lambda x, index, src: torch.scatter_reduce(x, 1, index, src, reduce, include_self=include_self)


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_scatter_reduce_with_and_without_what_was_there(reduce: str):
    def function(x: Any, index: Any, src: Any) -> Any:
        return [scattering(reduce, include)(x, index, src) for include in (True, False)]

    assert_same(function, *[(floats(3, n), below(n, 3, m), floats(4, m + 1)) for n, m in ((5, 4), (7, 3))])


def test_the_mean_of_scattered_integers_is_rounded_down():
    x, src = torch.tensor([[-5, 3, 8]]), torch.tensor([[-2, 4, 4]])
    assert_same(scattering("mean", True), (x, torch.tensor([[0, 0, 2]]), src))
    assert_same(scattering("mean", False), (x, torch.tensor([[0, 0, 2]]), src))


@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
def test_index_reduce(reduce: str):
    def function(x: Any, index: Any, source: Any) -> Any:
        return [torch.index_reduce(x, 0, index, source, reduce, include_self=include) for include in (True, False)]

    assert_same(function, *[(floats(n, 2), below(n, 4), floats(4, 2)) for n in (3, 6)])


def test_put_takes_negative_places_of_the_flat_tensor():
    x = floats(3, 4)
    assert_same(lambda x, i, v: torch.put(x, i, v), (x, torch.tensor([[-1, 0], [5, -3]]), floats(2, 2)))
    assert_same(lambda x, i, v: torch.put(x, i, v, True), (x, torch.tensor([1, 1, -11]), floats(3)))
    assert_same(torch.take, (x, torch.tensor([[-1, 0], [5, -12]])), (floats(4, 5), torch.tensor([[-20, 2], [3, 4]])))


def test_masked_scatter_fills_in_order():
    inputs = [(floats(n, 4), floats(n, 4) > 0, floats(n, 6)) for n in (3, 5)]
    assert_same(torch.masked_scatter, *inputs)
    assert_same(torch.masked_scatter, (floats(3, 4), floats(4) > 0, floats(3, 6)))


def test_a_write_through_a_mask_that_broadcasts_needs_no_indices():
    def function(x: Any, mask: Any, row: Any) -> Any:
        y, z = x.clone(), x.clone()
        y[mask] = row
        z[:, mask[:2]] = 7.0
        return y, z, x.index_put((mask,), row, accumulate=True)

    inputs = [(floats(n, 2), floats(n) > 0, floats(2)) for n in (3, 5)]
    assert_same(function, inputs[0], (floats(3, 2), floats(3) > 0, floats(2)))
    assert_same(lambda x, mask, row: x.index_put((mask,), row), *inputs)


@pytest.mark.parametrize("size", [2, 9])
def test_nonzero_static_pads_and_cuts(size: int):
    function = lambda x: torch.nonzero_static(x, size=size, fill_value=-7)  # noqa: E731
    assert_same(function, (torch.tensor([[0, 3, 0], [1, 0, 2]]),), (torch.tensor([[0, 0], [0, 5], [1, 0]]),))


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
def test_segment_reduce(reduce: str):
    def function(x: Any, lengths: Any, inner: Any, offsets: Any) -> Any:
        return [
            torch.segment_reduce(x, reduce, initial=initial, **where)
            for initial in (None, 2.0)
            for where in ({"lengths": lengths}, {"lengths": inner, "axis": 1}, {"offsets": offsets})
        ]

    first = floats(2, 5), torch.tensor([1, 0, 1]), torch.tensor([[2, 0, 3], [1, 1, 3]]), torch.tensor([0, 0, 2])
    other = floats(3, 4), torch.tensor([1, 2, 0]), torch.tensor([[4, 0], [2, 2], [0, 4]]), torch.tensor([0, 2, 3])
    assert_same(function, first, other)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode: str):
    bags = lambda w, i, o: torch.nn.functional.embedding_bag(i, w, o, mode=mode)  # noqa: E731
    assert_same(bags, (floats(6, 3), below(6, 7), torch.tensor([0, 2, 2, 5])))
    rows = lambda w, i: torch.nn.functional.embedding_bag(i, w, mode=mode, padding_idx=1)  # noqa: E731
    assert_same(rows, (floats(6, 3), torch.tensor([[1, 2], [1, 1], [4, 5]])), (floats(7, 3), below(7, 4, 2)))
    ends = lambda w, i, o: torch.nn.functional.embedding_bag(i, w, o, mode=mode, include_last_offset=True)  # noqa: E731
    assert_same(ends, (floats(6, 3), below(6, 7), torch.tensor([0, 2, 7])))


def test_rows_are_repeated_as_often_as_a_tensor_says():
    function = lambda x, times: torch.repeat_interleave(x, times, 0)  # noqa: E731
    assert_same(function, (floats(3, 2), torch.tensor([1, 0, 2])), (floats(4, 2), torch.tensor([0, 3, 1, 1])))


def test_the_places_of_a_single_element():
    assert_same(torch.nonzero, (torch.tensor(3.0),), (torch.tensor(0.0),))


def test_how_often_each_number_occurs():
    assert_same(torch.bincount, (below(9, 12),), (torch.tensor([0, 20, 3]),), (torch.empty(0).long(),))
    weighted = lambda x, w: torch.bincount(x, w, minlength=7) * 2  # noqa: E731
    assert_same(weighted, (below(5, 6), floats(6)), (below(12, 4), floats(4)), (below(12, 4).int(), below(9, 4)))
    with pytest.raises(IndexError):
        mlgraph.compile(torch.bincount, to="torch")(torch.tensor([1, -1, 3]))


def test_unique_elements_with_inverse_and_counts():
    function = lambda x: torch.unique(x, return_inverse=True, return_counts=True)  # noqa: E731
    assert_same(function, (below(4, 3, 5),), (below(9, 4, 2),))
    assert_same(torch.unique, (torch.tensor([2.0, np.nan, -0.0, 0.0, np.nan]),))
    assert_same(function, (torch.empty(0),))


@pytest.mark.parametrize("dim", [0, -1, pytest.param(1, marks=pytest.mark.slow)])
def test_unique_rows(dim: int):
    function = lambda x: torch.unique(x, dim=dim, return_inverse=True, return_counts=True)  # noqa: E731
    rows = below(2, 4, 3, 2).movedim(0, dim).contiguous() * 2 - 1
    assert_same(function, (rows,), (below(2, 4, 2, 1),))
    assert_same(function, (below(2, 6, 2, 1).float(),))


def test_unique_consecutive_elements_and_rows():
    flat = lambda x: torch.unique_consecutive(x, return_inverse=True, return_counts=True)  # noqa: E731
    assert_same(flat, (below(2, 3, 5),), (below(2, 4, 2),))
    rows = lambda x: torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=1)  # noqa: E731
    assert_same(rows, (below(2, 2, 6),), (below(2, 2, 3),))


def test_masked_scatter_and_nonzero_static_run_inside_jit():
    import jax

    import mlgraph

    def function(x: Any, mask: Any, source: Any) -> Any:
        return torch.masked_scatter(x, mask, source), torch.nonzero_static(x, size=4)

    args = floats(3, 4), floats(3, 4) > 0, floats(12)
    graph: Any = mlgraph.compile(function, to="jax", args=args)
    found = jax.jit(graph)(*[np.asarray(a) for a in args])
    for a, b in zip(found, function(*args), strict=True):
        np.testing.assert_array_equal(a, b)
