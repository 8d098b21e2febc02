# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Why a rule is there: without it numpy's own Python code is not captured, takes more operations, or fixes a size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy_cases import check, traced

from mlgraph.errors import MlgraphError
from mlgraph.frontend.numpy.tables import FUNCTIONS
from mlgraph.frontend.program import Program

pytestmark = pytest.mark.quick

Draw = Callable[[int], np.ndarray]


def floats(*shape: int) -> Draw:
    return lambda seed: np.random.default_rng(seed).normal(size=shape)


def integers(*shape: int, low: int = -4, high: int = 5, dtype: Any = int) -> Draw:
    return lambda seed: np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def complexes(*shape: int) -> Draw:
    return lambda seed: floats(*shape)(seed) + 1j * floats(*shape)(seed + 1)


def with_nans(*shape: int) -> Draw:
    def draw(seed: int) -> np.ndarray:
        x = floats(*shape)(seed)
        return np.where(x > 0.5, np.nan, x)

    return draw


def regular(n: int) -> Draw:
    return lambda seed: floats(n, n)(seed) + 4 * np.eye(n)


def write(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """A function that writes to a copy of its argument."""

    def call(x: Any) -> Any:
        y = x.copy()
        function(y)
        return y

    return call


def sorted_eigenvalues(x: Any) -> Any:
    return np.sort(np.abs(np.linalg.eigvals(x))), np.sort(np.abs(np.linalg.eig(x)[0]))


WORTH: dict[str, tuple[Callable[[Any], Any], Draw]] = {
    "allclose": (lambda x: np.allclose(x, x + 1e-9), floats(4, 5)),
    "amax": (lambda x: x * np.amax(x.shape), floats(4, 5)),
    "amin": (lambda x: x * np.amin(x.shape), floats(4, 5)),
    "argpartition": (lambda x: np.take_along_axis(x, np.argpartition(x, 1), -1)[..., 1], integers(3, 4, 5)),
    "array_equal": (lambda x: np.array_equal(x, x + 0), with_nans(4, 5)),
    "array_equiv": (lambda x: np.array_equiv(x, x[0]), floats(4, 5)),
    "can_cast": (lambda x: x * np.can_cast(x, np.float64), floats(4, 5)),
    "correlate": (lambda x: np.correlate(x[0], x[1], "full"), complexes(4, 5)),
    "delete": (lambda x: np.delete(x, 1, 0), floats(3, 4, 5)),
    "diag": (lambda x: (np.diag(x[x > 0]), np.diag(x, -2)), floats(6)),
    "diag_indices_from": (lambda x: x[np.diag_indices_from(x)], regular(4)),
    "diagflat": (lambda x: np.diagflat(x, 1), integers(4, 5)),
    "extract": (lambda x: np.extract(x > 0, x).sum(), floats(3, 4, 5)),
    "fft.fftn": (lambda x: np.fft.fftn(x, axes=(0, 2)), floats(3, 4, 5)),
    "fft.ifft2": (lambda x: np.fft.ifft2(x), integers(4, 5)),
    "fft.ifftn": (lambda x: np.fft.ifftn(x, (3, 6), (0, 1), "ortho"), complexes(4, 5)),
    "fft.irfftn": (lambda x: np.fft.irfftn(x), floats(3, 4, 5)),
    "fft.rfftn": (lambda x: np.fft.rfftn(x), integers(4, 5)),
    "fill_diagonal": (write(lambda x: np.fill_diagonal(x, 3)), integers(4, 5)),
    "full_like": (lambda x: np.full_like(x, 3), floats(3, 4, 5)),
    "histogram_bin_edges": (lambda x: np.histogram_bin_edges(x, 4), integers(4, 5)),
    "histogramdd": (lambda x: np.histogramdd(x[:, :2], [3, 2], density=True), floats(4, 5)),
    "i0": (lambda x: np.i0(x), integers(4, 5)),
    "insert": (lambda x: np.insert(x, 1, x[0], 0), floats(3, 4, 5)),
    "intersect1d": (lambda x: np.intersect1d(x, x * 2), integers(4, 5)),
    "isneginf": (lambda x: np.isneginf(x / 0.0), floats(3, 4, 5)),
    "isposinf": (lambda x: np.isposinf(x / 0.0), floats(3, 4, 5)),
    "lib.stride_tricks.sliding_window_view": (
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, 0).mean(-1),
        floats(4, 5),
    ),
    "linalg.cond": (lambda x: (np.linalg.cond(x), np.linalg.cond(x, 1)), regular(4)),
    "linalg.eig": (sorted_eigenvalues, regular(4)),
    "linalg.eigvals": (sorted_eigenvalues, regular(4)),
    "linalg.matrix_rank": (lambda x: np.linalg.matrix_rank(x[0]), integers(4, 5)),
    "linalg.multi_dot": (lambda x: np.linalg.multi_dot([x, x.T, x, x.T]), integers(4, 5)),
    "linalg.norm": (lambda x: np.linalg.norm(x), floats(3, 4, 5)),
    "linalg.qr": (lambda x: np.abs(np.linalg.qr(x, "complete")[1]), floats(4, 5)),
    "may_share_memory": (lambda x: x * np.may_share_memory(x, x[1:]), floats(4, 5)),
    "min_scalar_type": (lambda x: x.astype(np.min_scalar_type(x)), integers(4, 5)),
    "nan_to_num": (lambda x: np.nan_to_num(x), complexes(4, 5)),
    "nanstd": (lambda x: np.nanstd(x), with_nans(4, 5)),
    "ones_like": (lambda x: np.ones_like(x), integers(3, 4, 5)),
    "packbits": (lambda x: np.packbits(x > 0, axis=0, bitorder="little"), floats(4, 5)),
    "polydiv": (lambda x: np.polydiv(x, [1.0, 2.0])[0], floats(6)),
    "put_along_axis": (write(lambda x: np.put_along_axis(x, np.argsort(x, 0)[:1], 9.0, 0)), floats(3, 4, 5)),
    "ravel_multi_index": (lambda x: np.ravel_multi_index((x[0], x[1]), (9, 9), mode="wrap"), integers(4, 5)),
    "resize": (lambda x: np.resize(x, (x.shape[1], 7)), integers(4, 5)),
    "select": (lambda x: np.select([x < 0, x[0] > 1], [x, x * 2]), floats(3, 4, 5)),
    "setdiff1d": (lambda x: np.setdiff1d(x, x * 2), integers(4, 5)),
    "setxor1d": (lambda x: np.setxor1d(x, [1, 2, 9]), integers(7)),
    "shares_memory": (lambda x: x * np.shares_memory(x, x + 1), floats(4, 5)),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.argsort(x, None)[:3], None), integers(4, 5)),
    "tensordot": (lambda x: np.tensordot(x, x, axes=([0, 2], [0, 2])), floats(3, 4, 5)),
    "tile": (lambda x: np.tile(x, x.shape[0]), floats(6)),
    "tril": (lambda x: np.tril(x, -1), integers(3, 4, 5)),
    "trim_zeros": (lambda x: np.trim_zeros(x), integers(9, low=0, high=2)),
    "triu": (lambda x: np.triu(x, 1), integers(3, 4, 5)),
    "unpackbits": (lambda x: np.unpackbits(x, axis=1, count=5), integers(4, 5, low=0, high=255, dtype=np.uint8)),
    "unravel_index": (lambda x: np.unravel_index(x, (2, 3, 4), order="F"), integers(7, low=0)),
    "zeros_like": (lambda x: np.zeros_like(x[x > 0]), integers(3, 4, 5)),
}
"""A program that a rule is for, on arrays of several axes, integers and masks where these make a difference."""


def named(name: str) -> Callable[..., Any]:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    return function


def operations(program: Program) -> int:
    return sum(1 for _ in program.module.walk())


def free_sizes(program: Program) -> int:
    return sum(isinstance(n, str) for i in program.inputs for n in i.shape)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", WORTH)
def test_a_rule_is_worth_its_lines(name: str, monkeypatch: pytest.MonkeyPatch):
    function, draw = WORTH[name]
    program = traced(function, draw(0))
    check(function, [draw(0)], [draw(1)])
    monkeypatch.delitem(FUNCTIONS, named(name))
    try:
        without = traced(function, draw(0))
    except (MlgraphError, RecursionError):
        return
    assert operations(program) < operations(without) or free_sizes(program) > free_sizes(without)


OWN: dict[str, tuple[Callable[[Any], Any], Draw]] = {
    "append": (lambda x: (np.append(x, x), np.append(x, x, axis=0)), floats(4, 5)),
    "atleast_2d": (lambda x: (np.atleast_1d(x[0, 0]), np.atleast_2d(x[0]), np.atleast_3d(x)), floats(4, 5)),
    "fft": (lambda x: (np.fft.hfft(x), np.fft.ihfft(x), np.fft.rfft2(x), np.fft.irfft2(x)), floats(4, 5)),
    "fill_diagonal": (write(lambda x: np.fill_diagonal(x, 3.0, wrap=True)), floats(7, 3)),
    "flip": (lambda x: (np.flip(x), np.flip(x, (0, 2))), floats(3, 4, 5)),
    "histogram2d": (lambda x: np.histogram2d(x[0], x[1], [3, 2], density=True), floats(4, 5)),
    "intersect1d": (lambda x: np.intersect1d(x, [1, 2, 3], return_indices=True), integers(7)),
    "isclose": (lambda x: (np.isclose(x, x[::-1], equal_nan=True), np.isclose(x, 0.1)), with_nans(4, 5)),
    "ix_": (lambda x: x[np.ix_(np.argsort(x[:, 0]), x[0] > 0)], floats(4, 5)),
    "meshgrid": (lambda x: (np.meshgrid(x[0], x[1]), np.meshgrid(x[0], x[1], sparse=True)), integers(4, 5)),
    "nansum": (lambda x: (np.nansum(x), np.nanprod(x, 1), np.nancumsum(x, 0), np.nancumprod(x)), with_nans(4, 5)),
    "outer": (lambda x: (np.outer(x, [1, 2]), np.linalg.outer(x[0], x[1])), integers(4, 5)),
    "ptp": (lambda x: (np.ptp(x), np.ptp(x, 1, keepdims=True)), integers(3, 4, 5)),
    "put": (write(lambda x: np.put(x, [100, -1], [8, 9], mode="wrap")), integers(4, 5)),
    "sinc": (lambda x: np.sinc(x), integers(4, 5)),
    "size": (lambda x: x * np.size(x, 1) + np.ndim(x) + np.shape(x)[0], floats(4, 5)),
    "sort_complex": (lambda x: np.sort_complex(x), lambda seed: floats(4, 5)(seed).astype(np.float32)),
    "union1d": (lambda x: np.union1d(x, [1, 2, 9]), integers(7)),
    "unique": (lambda x: [*np.unique_counts(x), *np.unique_inverse(x), *np.unique_all(x)], integers(7)),
    "unwrap": (lambda x: np.unwrap(x * 4, axis=0, period=3), integers(3, 4, 5)),
}
"""Programs of functions that need no rule: numpy's own Python code is captured."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", OWN)
def test_numpys_own_code_is_captured(name: str):
    function, draw = OWN[name]
    check(function, [draw(0)], [draw(1)])
