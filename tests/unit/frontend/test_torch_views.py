# pyright: basic
"""What torch gives as a view is a view: results share memory where those of eager code do."""

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import MlgraphError, UnsupportedOpError


def reals(*shape):
    return torch.arange(float(np.prod(shape))).reshape(shape) + 1


def pairs(*shape):
    return torch.view_as_complex(reals(*shape, 2).clone())


MATRIX = {
    "diagonal": lambda x: x.diagonal(),
    "diagonal above": lambda x: torch.diagonal(x, 1),
    "diagonal below": lambda x: x.diagonal(-1, 1, 0),
    "linalg.diagonal": lambda x: torch.linalg.diagonal(x),
    "diag": torch.diag,
    "unfold": lambda x: x.unfold(1, 2, 2),
    "unfold with gaps": lambda x: x.unfold(0, 1, 2),
    "einsum": lambda x: torch.einsum("ij->ji", x),
    "transposed": lambda x: x.T.diagonal(1),
    "split": lambda x: x.split(2, 1)[1],
    "index": lambda x: x[1:, ::2],
    "flatten": lambda x: x.flatten(),
    "shuffle of one group": lambda x: torch.channel_shuffle(x[None, ..., None], 1),
    "idle dropout": lambda x: torch.nn.functional.dropout(x, 0.5, training=False),
    "dropout of nothing": lambda x: torch.nn.functional.dropout(x, 0.0),
    "whole": lambda x: x[:],
    "expand": lambda x: x.expand(x.shape),
}
OF_STATIC_SIZES = {
    "as_strided": lambda x: x.as_strided((2, 2), (1, 4), 2),
    "bits": lambda x: x.view(torch.int32),
}
OVERLAPPING = {
    "windows": lambda x: x.unfold(0, 2, 1),
    "repeated": lambda x: torch.as_strided(x, (3, 2), (0, 1)),
    "strides of windows": lambda x: torch.as_strided(x, (3, 3), (1, 1)),
}
OF_PAIRS = {
    "view_as_complex": torch.view_as_complex,
    "transposed pairs": lambda x: torch.view_as_complex(x.transpose(0, 1)),
    "part of pairs": lambda x: torch.view_as_complex(x[:, 1:]),
}
OF_COMPLEX = {
    "view_as_real": torch.view_as_real,
    "imaginary half": lambda x: torch.view_as_real(x.T)[..., 1],
    "real": torch.real,
    "imag": lambda x: x.imag,
    "conj": torch.conj,
    "H": lambda x: x.H,
    "imaginary part of conjugates": lambda x: x.conj().imag,
}
VIEWS = {
    **{name: (view, (4, 4), reals) for name, view in {**MATRIX, **OF_STATIC_SIZES}.items()},
    **{name: (view, (8,), reals) for name, view in OVERLAPPING.items()},
    **{name: (view, (3, 4, 2), reals) for name, view in OF_PAIRS.items()},
    **{name: (view, (3, 4), pairs) for name, view in OF_COMPLEX.items()},
}


def identities(results, x):
    return [[a is b for b in (*results, x)] for a in results]


def shares(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def two(view):
    return lambda x: (view(x), view(x), x + 1)


def check(graph, function, x):
    """The results of a graph are those of eager code, before and after the input is written."""
    mine, theirs = x.clone(), x.clone()
    got, want = graph(mine), function(theirs)
    assert identities(got, mine) == identities(want, theirs)
    for _ in range(2):
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
            assert shares(a, mine) == shares(b, theirs)
            assert shares(a, got[0]) == shares(b, want[0]), i
        mine.fill_(3)
        theirs.fill_(3)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shares_memory_with_its_input(name):
    view, shape, make = VIEWS[name]
    check(mlgraph.compile(two(view), to="torch", args=(make(*shape),)), two(view), make(*shape))


@pytest.mark.parametrize("name", MATRIX)
def test_a_view_of_another_size_is_right(name):
    function = two(MATRIX[name])
    graph = mlgraph.compile(function, to="torch", args=(reals(4, 4),))
    for shape in [(5, 5), (4, 6), (7, 4)]:
        check(graph, function, reals(*shape))


@pytest.mark.parametrize(
    "name", ["diagonal above", "unfold", "as_strided", "bits", "imaginary half", "part of pairs", "conj"]
)
def test_a_write_to_a_view_reaches_its_input(name):
    view, shape, make = VIEWS[name]

    def written(x):
        view(x).mul_(2)
        return x * 1

    graph, mine, theirs = mlgraph.compile(written, to="torch", args=(make(*shape),)), make(*shape), make(*shape)
    assert torch.equal(graph(mine), written(theirs))
    assert torch.equal(mine, theirs)


WRITTEN_VIEWS = {
    "pairs": (torch.view_as_real, pairs),
    "conjugates": (torch.conj, pairs),
    "imaginary part": (torch.imag, pairs),
    "complex": (lambda x: torch.view_as_complex(x.view(-1, 2)), reals),
    "bits": (lambda x: x.view(torch.int32), reals),
}


@pytest.mark.parametrize("name", WRITTEN_VIEWS)
def test_a_view_that_is_written_and_returned_is_one_of_the_input(name):
    view, make = WRITTEN_VIEWS[name]

    def written(x):
        part = view(x)
        part.add_(1)
        return part, x.clone()

    check(mlgraph.compile(written, to="torch", args=(make(3, 4),)), written, make(3, 4))


def test_a_view_of_a_buffer_shares_its_memory():
    class Held(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("held", reals(4, 4))

        def forward(self, x):
            self.held.add_(x)
            return self.held.diagonal(), self.held.unfold(0, 2, 1)

    module = Held()
    graph = mlgraph.compile(module, to="torch", args=(torch.ones(4),))
    diagonal, windows = graph(torch.ones(4))
    assert shares(diagonal, module.held)
    assert shares(windows, module.held)
    assert torch.equal(diagonal, reals(4, 4).diagonal() + 1)


@pytest.mark.parametrize("name", ["windows", "strides of windows"])
def test_a_write_to_elements_that_overlap_is_refused(name):
    def written(x):
        OVERLAPPING[name](x).add_(1)
        return x * 1

    with pytest.raises(UnsupportedOpError, match="elements overlap"):
        mlgraph.compile(written, to="torch", args=(reals(8),))


def test_a_view_as_numbers_of_another_width_is_refused():
    with pytest.raises(MlgraphError, match="another width"):
        mlgraph.compile(lambda x: x.view(torch.int16), to="torch", args=(reals(4),))


@pytest.mark.parametrize("to", ["numpy", "jax", "tensorflow"])
def test_views_are_right_on_other_targets(to):
    def several(x):
        strided = torch.as_strided(x, (2, 3, 2), (1, 0, 5), 2)
        return x.diagonal(1), x.unfold(1, 2, 3), strided, torch.view_as_real(torch.view_as_complex(x[:, :2]))

    graph = mlgraph.compile(several, to=to, args=(reals(4, 6),))
    for got, want in zip(graph(reals(4, 6).numpy()), several(reals(4, 6)), strict=True):
        np.testing.assert_array_equal(np.asarray(got), want.numpy())


COUNTING = {
    "number": lambda x: x + x.storage_offset(),
    "branch": lambda x: x + 1 if x.storage_offset() else x - 1,
    "strided": lambda x: torch.as_strided(x, (2, 2), (1, 2), 0),
    "method": lambda x: x.as_strided((2, 2), (1, 2), storage_offset=1),
}


@pytest.mark.parametrize("name", COUNTING)
def test_an_argument_that_begins_later_in_its_storage_is_refused_where_that_counts(name):
    whole = reals(12)
    graph = mlgraph.compile(COUNTING[name], to="torch", args=(whole[:8],))
    assert torch.equal(graph(whole[:8]), COUNTING[name](whole[:8]))
    with pytest.raises(UnsupportedOpError, match="begins later"):
        graph(whole[4:])
    with pytest.raises(UnsupportedOpError, match=r"clone\(\)"):
        mlgraph.compile(COUNTING[name], to="torch", args=(whole[2:],))
    assert torch.equal(graph(whole[4:].clone()), COUNTING[name](whole[4:].clone()))


def test_an_argument_that_begins_later_in_its_storage_is_one_like_others():
    whole = reals(12)
    graph = mlgraph.compile(lambda x: x[1:].view(-1) * 2, to="torch", args=(whole[:8],))
    assert torch.equal(graph(whole[4:]), whole[5:] * 2)
