"""Views among the results of a function are views of what passes would take for a constant, or for another array."""

import numpy as np
import pytest
import torch
from memory_programs import shared

import mlgraph
from mlgraph.errors import UnsupportedOpError


def overwritten(x):
    x[:] = 0
    return x[1:]


def parts_of_new(x):
    new = np.zeros(4)
    return new[:2], new[1:], x + 1


def known_array(x):
    table = np.arange(12).reshape(3, 4)
    return table, table[0], table[:, 1], table.T, table[::-1]


def both_parts_written(x):
    z = np.stack([x, x]) * (1 + 2j)
    z.real *= 2
    z.imag[...] = 0
    return z, z.real, z.imag


def windows(x):
    return np.lib.stride_tricks.sliding_window_view(x, 2), np.lib.stride_tricks.as_strided(x, (2, 2), (8, 16))


def read_only(x):
    return np.diagonal(x[:, None] * x), np.imag(x), np.broadcast_to(x, x.shape), np.broadcast_to(np.eye(3)[0], (2, 3))


def diagonal_of_what_is_written(x):
    square = x[:, None] * np.ones(len(x))
    np.fill_diagonal(square, 0)
    x[0] = 7
    return square, np.diagonal(square), np.broadcast_to(x, (2, len(x)))


@pytest.mark.parametrize(
    "function",
    [overwritten, parts_of_new, known_array, both_parts_written, windows, read_only, diagonal_of_what_is_written],
    ids=lambda f: f.__name__,
)
def test_results_of_numpy_share_the_memory_that_its_own_do(function):
    graph = mlgraph.compile(function, to="numpy", args=(np.arange(4.0),))
    for size in (4, 6):
        mine, theirs = np.arange(size) + 0.5, np.arange(size) + 0.5
        got, want = (f(x) for f, x in ((graph, mine), (function, theirs)))
        got, want = (r if isinstance(r, tuple) else (r,) for r in (got, want))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.flags.writeable == b.flags.writeable
        assert shared(got, [mine]) == shared(want, [theirs])
        assert shared(got, got) == shared(want, want)


TABLE = torch.arange(4.0)
WEIGHTS = torch.nn.Parameter(torch.ones(3, 3))
NESTED = {"a": [torch.zeros(2, 2)]}
TABLES = torch.linspace(0, 1, 16).view(4, 4)  # itself a view
GLOBAL = np.arange(4.0)
ROWS = np.linspace(0, 1, 16).reshape(4, 4)


def parts_of_a_global_tensor(x):
    return x + 1, TABLE[1:], TABLE.view(2, 2)


def parts_of_a_parameter(x):
    return WEIGHTS[0], WEIGHTS.T, x


def part_of_an_item(x):
    return NESTED["a"][0].T * 1, NESTED["a"][0].T


def parts_of_a_view(x):
    return TABLES[1:3].t(), TABLES.view(-1)[x.long() % 16], TABLES


def zeroed(x):
    x.zero_()
    return x[1:], x.view(2, -1)


@pytest.mark.parametrize(
    "function",
    [parts_of_a_global_tensor, parts_of_a_parameter, part_of_an_item, parts_of_a_view, zeroed],
    ids=lambda f: f.__name__,
)
def test_results_of_torch_share_the_memory_that_its_own_do(function):
    graph = mlgraph.compile(function, to="torch", args=(torch.ones(4),))
    for size in (4, 6):
        mine, theirs = torch.ones(size), torch.ones(size)
        got, want = graph(mine), function(theirs)
        for a, b in zip(got, want, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
        outside = [TABLE, TABLES, WEIGHTS, NESTED["a"][0]]
        assert shared(got, [mine, *outside]) == shared(want, [theirs, *outside])
        assert shared(got, got) == shared(want, want)


def test_a_part_of_a_global_array_is_a_view_of_it_as_it_is_now():
    graph = mlgraph.compile(lambda x: (x + 1, GLOBAL[1:]), to="numpy", args=(np.ones(3),))
    GLOBAL[1] = 9
    part = graph(np.ones(3))[1]
    assert part.tolist() == [9, 2, 3]
    assert np.shares_memory(part, GLOBAL)


def test_a_part_of_a_global_array_that_is_itself_a_view_is_one_of_it():
    graph = mlgraph.compile(lambda x: (ROWS.T @ x, ROWS, ROWS[1:].T), to="numpy", args=(np.ones(4),))
    _, rows, part = graph(np.ones(4))
    assert rows is ROWS
    assert np.shares_memory(part, ROWS)


def test_an_array_that_is_overwritten_unread_and_returned_is_that_array():
    held = [np.zeros(4), np.zeros(4)]

    def fill(x):
        held[0][:] = x
        return held[0], held[0][1:]

    first = held[0]
    graph = mlgraph.compile(fill, to="numpy", args=(np.ones(4),))
    whole, part = graph(np.full(4, 3.0))
    assert whole is held[0] is first
    assert first.tolist() == [3, 3, 3, 3]
    assert np.shares_memory(part, first)


def test_a_view_that_a_graph_could_give_as_a_copy_alone_is_refused():
    def flat(x):
        columns = np.asfortranarray(np.arange(6).reshape(2, 3))
        return columns, columns.ravel("K"), x

    with pytest.raises(UnsupportedOpError, match="is a view of result 0"):
        mlgraph.compile(flat, to="numpy", args=(np.arange(4),))


def test_a_saved_graph_shares_memory_as_the_function_does_and_copies_for_another_target(tmp_path):
    graph = mlgraph.compile(lambda x: (np.diagonal(x[:, None] * x), x[1:]), to="numpy", args=(np.ones(3),))
    path = graph.save(tmp_path / "parts.mlgraph")
    x = np.ones(4)
    diagonal, tail = mlgraph.load(path)(x)
    assert not diagonal.flags.writeable
    assert np.shares_memory(tail, x)
    path = mlgraph.compile(torch.diagonal, to="torch", args=(torch.ones(3, 3),)).save(tmp_path / "diagonal.mlgraph")
    assert mlgraph.load(path, to="numpy")(np.eye(2, dtype=np.float32)).tolist() == [1, 1]
