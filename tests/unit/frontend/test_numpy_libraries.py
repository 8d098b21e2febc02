# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Functions of numpy and scipy on constants, arrays by strides, and classes of arrays that cannot be captured."""

from typing import Any

import numpy as np
import pytest
from numpy_cases import check, draw, traced

from mlgraph.errors import UnsupportedOpError

scipy = pytest.importorskip("scipy")
linalg = pytest.importorskip("scipy.linalg")
signal = pytest.importorskip("scipy.signal")

as_strided = np.lib.stride_tricks.as_strided

CONSTANTS = {
    "butter": lambda x: x * signal.butter(4, 0.2)[0][1],
    "sections": lambda x: x @ signal.butter(2, 0.2, output="sos").T[:4, :1],
    "firwin": lambda x: np.convolve(x[0], signal.firwin(3, 0.3), mode="same"),
    "a window": lambda x: x * signal.windows.hann(4),
    "toeplitz": lambda x: x @ linalg.toeplitz([1.0, 2.0, 3.0, 4.0]),
    "inverse": lambda x: x @ linalg.inv(np.eye(4) * 2),
    "expm": lambda x: x @ linalg.expm(np.eye(4)),
    "strides of a constant": lambda x: x @ as_strided(np.arange(6.0), (4, 3), (8, 8)),
    "a polynomial": lambda x: np.poly1d([1.0, 2.0])(x),
    "matrix": lambda x: x * np.matrix([[1.0, 2.0], [3.0, 4.0]])[1, 0],
    "masked": lambda x: x * np.ma.masked_equal(np.array([1.0, 2.0, 3.0]), 2.0).filled(0).sum(),
    "records": lambda x: x * np.rec.array([(1, 2.0)], dtype=[("a", int), ("b", float)])["b"][0],
    "fromiter": lambda x: np.fromiter((t * 2 for t in x[0]), float) + np.fromiter(range(4), float),
}


@pytest.mark.parametrize("what", CONSTANTS)
def test_functions_of_constants_run(what: str):
    check(CONSTANTS[what], draw(0, (3, 4)), draw(1, (3, 4)))


def strided(x: Any) -> Any:
    windows = as_strided(x, (4, 3), (x.strides[0], x.strides[0]))
    x[2] = 5.0
    halves = as_strided(x, (3, 2), (16, 8))
    halves[1] *= 3.0
    return windows.max(1), windows @ x[:3], halves.sum(0), x


def test_arrays_by_strides_are_views():
    check(strided, draw(0, (6,)), draw(1, (6,)))


def overlapping(x: Any) -> Any:
    as_strided(x, (4, 3), (8, 8))[:] = 0
    return x


REFUSED = {
    "a write to what overlaps": overlapping,
    "outside of the memory": lambda x: as_strided(x, (4, 4), (8, 8)),
    "before the memory": lambda x: as_strided(x, (2,), (-8,)),
    "parts of elements": lambda x: as_strided(x, (2,), (4,)),
    "not contiguous": lambda x: as_strided(x[::2], (2,), (8,)),
    "np.ma": lambda x: np.ma.masked_where(x > 0, x).sum(),
    "np.ma of a mask": lambda x: np.ma.array(x, mask=x > 0).mean(),
    "np.ma of what is valid": lambda x: np.ma.masked_invalid(x).filled(0),
    "np.matrix": lambda x: np.asmatrix(x).T,
    "np.bmat": lambda x: np.bmat([[x, x]]),
    "fields": lambda x: x.view([("a", float)])["a"],
    "an array of fields": lambda x: np.zeros(len(x), [("a", float), ("b", int)]),
    "objects": lambda x: np.array(x, dtype=object),
    "text": lambda x: x.astype(str),
    "spectrum": lambda x: signal.sosfilt(signal.butter(2, 0.2, output="sos"), x),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_captured_names_the_users_line(what: str):
    with pytest.raises(UnsupportedOpError) as caught:
        traced(REFUSED[what], *draw(0, (6,)))
    place = caught.value.where or str(caught.value)
    assert f"{__file__}:" in place
