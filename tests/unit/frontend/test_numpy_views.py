# pyright: basic
"""What numpy gives as a view is a view: of values that are written later, and of memory that results share."""

import numpy as np
import pytest

import mlgraph
from mlgraph.errors import CaptureError, UnsupportedOpError

pytestmark = pytest.mark.quick

VALUES = np.arange(12.0).reshape(3, 4) - 4
LAYOUTS = {
    "rows": VALUES.copy,
    "columns": lambda: np.asfortranarray(VALUES),
    "reversed": lambda: VALUES[::-1].copy()[::-1],
    "stepped": lambda: np.repeat(VALUES, 2, 1)[:, ::2],
    "integers": lambda: VALUES.astype(int),
}

OF_A_FITTING_LAYOUT = {
    "ascontiguousarray": np.ascontiguousarray,
    "asfortranarray": np.asfortranarray,
    "require": lambda x: np.require(x, requirements="C"),
    "asarray": lambda x: np.asarray(x, order="F"),
    "array": lambda x: np.array(x, copy=None, order="C"),
    "astype": lambda x: x.astype(x.dtype, order="C", copy=False),
    "ravel": lambda x: x.ravel("A"),
}
OF_AXES = {
    "einsum": lambda x: np.einsum("ij->ji", x),
    "einsum of a diagonal": lambda x: np.einsum("ii->i", x[:2, :2]),
    "einsum by lists": lambda x: np.einsum(x, [0, 1], [1, 0]),
    "conj of reals": lambda x: x.conj(),
}
READ_ONLY = {
    "broadcast_to": lambda x: np.broadcast_to(x, (2, *x.shape)),
    "diagonal": np.diagonal,
    "diagonal above": lambda x: x.diagonal(1),
    "diag": lambda x: np.diag(x, -1),
    "sliding_window_view": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1),
}
COPIES = {
    "sum over no axes": lambda x: np.sum(x, axis=()),
    "max over no axes": lambda x: x.max(axis=()),
    "nan_to_num of integers": lambda x: np.nan_to_num(x),
}


def same_as_numpy(function, make, to="numpy"):
    mine, theirs = make(), make()
    graph = mlgraph.compile(function, to=to, args=(make(),), x64=True)
    for got, want in zip(graph(mine), function(theirs), strict=True):
        assert np.asarray(got).tolist() == want.tolist()
        if to == "numpy":
            assert np.shares_memory(got, mine) == np.shares_memory(want, theirs)
    assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [*OF_A_FITTING_LAYOUT, *OF_AXES, *COPIES])
def test_a_write_reaches_what_numpy_gives_a_view_of(name, layout):
    part_of = (OF_A_FITTING_LAYOUT | OF_AXES | COPIES)[name]

    def written(x):
        part = part_of(x)
        part[1:] *= 7
        part[0] = 5
        return part, x * 2

    same_as_numpy(written, LAYOUTS[layout])
    same_as_numpy(lambda x: (part_of(x), x + 1), LAYOUTS[layout])


@pytest.mark.parametrize("to", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("name", [*READ_ONLY, *OF_AXES])
def test_a_view_shows_what_is_written_to_its_array_later(name, to):
    part_of = (READ_ONLY | OF_AXES)[name]

    def written(x):
        whole = x + 1
        part = part_of(whole)
        whole[0] = 9
        whole[:, 1] *= 2
        return part * 1, whole * 1

    same_as_numpy(written, LAYOUTS["rows"], to)


@pytest.mark.parametrize("name", ["broadcast_to", "diagonal", "diag"])
def test_a_read_only_view_that_is_returned_shares_memory(name):
    same_as_numpy(lambda x: (READ_ONLY[name](x), x + 1), LAYOUTS["rows"])


def test_another_layout_than_the_captured_one_is_copied():
    def written(x):
        rows = np.ascontiguousarray(x)
        rows[0, 0] = 99
        return x.sum()

    graph = mlgraph.compile(written, to="numpy", args=(np.ones((2, 3)),))
    assert graph(np.ones((2, 3))) == 104
    assert graph(np.ones((3, 2)).T) == 6


def test_a_diagonal_of_bools_is_a_view():
    def written(x):
        np.einsum("ii->i", x)[...] = True
        return (x,)

    same_as_numpy(written, lambda: np.zeros((3, 3), bool))


def test_a_write_to_repeated_elements_is_refused():
    def written(x):
        first, _ = np.broadcast_arrays(x[0], x)
        first[1, 1] = 3
        return x

    with pytest.raises(UnsupportedOpError, match="elements overlap"):
        mlgraph.compile(written, to="numpy", args=(VALUES.copy(),))


def test_a_copy_that_is_forbidden_but_needed_raises():
    graph = mlgraph.compile(lambda x: np.asarray(x, dtype=float, copy=False), to="numpy")
    assert graph(VALUES.copy()).tolist() == VALUES.tolist()
    with pytest.raises(CaptureError, match="Unable to avoid copy"):
        graph(VALUES.astype(int))
