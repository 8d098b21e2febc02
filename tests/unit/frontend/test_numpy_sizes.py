# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Sizes as Python numbers: arithmetic keeps them free, and what needs the number itself fixes them for the capture."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from frameworks import to_numpy
from numpy_cases import agree, check, draw, is_free, traced

import mlgraph
from mlgraph.errors import DataDependentControlFlowError

FREE: dict[str, Callable[[Any, Any], Any]] = {
    "the last bit": lambda x, n: x * (n & 1),
    "the last bits": lambda x, n: x * (7 & n),
    "shifts": lambda x, n: x * ((n << 2) + (n >> 1)),
    "inverted": lambda x, n: x * ~n,
    "rounded": lambda x, n: x * round(n),
    "floor, ceil and trunc": lambda x, n: x * (math.floor(n) + math.ceil(n / 3) + math.trunc(n / 2)),
    "a rounded half": lambda x, n: x * round(n / 2) + round(n / 3, 1),
    "divmod": lambda x, n: x * divmod(n, 3)[0] + divmod(n, 3)[1],
    "roots and logarithms": lambda x, n: x * math.sqrt(n) + math.log2(n) + math.log(n, 3) + n**0.5,
    "powers": lambda x, n: x * n**-1 + n**-2 + 0.5**n + n**3,
    "of numpy": lambda x, n: x * np.log2(n) + np.power(n, 2) + np.ceil(n / 2) + np.bitwise_and(n, 1),
    "of a shape": lambda x, n: x * np.prod(x.shape) + np.array(x.shape).sum(),
    "the least": lambda x, n: x * np.min([n, 5]),
    "hanning": lambda x, n: x * np.hanning(n),
    "hamming": lambda x, n: x * np.hamming(len(x)),
    "blackman": lambda x, n: x * np.blackman(n),
    "bartlett": lambda x, n: x * np.bartlett(n),
    "kaiser": lambda x, n: x * np.kaiser(n, 8.0),
    "linspace": lambda x, n: x * np.linspace(0, n, n),
    "arange": lambda x, n: x * np.arange(n) + np.arange(n, 0, -1),
    "eye": lambda x, n: x @ np.eye(n, k=1) + x @ np.identity(n),
    "full": lambda x, n: x * np.full((n,), 1 / n),
    "zeros of half": lambda x, n: np.zeros(n // 2 + 1) + n,
    "a slice to half": lambda x, n: x[: n // 2].sum() + x[-(n // 2) :].sum(),
    "grids": lambda x, n: x * np.ogrid[0:n] + np.mgrid[0:n, 0:n][1] + np.r_[0:n],
    "is in reach": lambda x, n: x * (n > 2) * isinstance(n, int),
}
"""One capture serves every size."""

FIXED: dict[str, Callable[[Any, Any], Any]] = {
    "bits": lambda x, n: x * (n | 4) + (n ^ 5) + (n & 6) + (1 << n),
    "a type of numpy": lambda x, n: x * np.float32(n**0.5) + np.int32(n) + np.float64(n / 3),
    "int of a product": lambda x, n: x[: int(n * 0.5)],
    "a slice to a rounded share": lambda x, n: x[: round(n * 0.3)] + math.ceil(n / 2),
    "a slice to a ceiling": lambda x, n: x[: math.ceil(n / 2)],
    "a slice to a root": lambda x, n: x[: math.floor(math.sqrt(n))],
    "zeros": lambda x, n: np.zeros(int(n * 1.5)),
    "bit_length": lambda x, n: np.pad(x, (0, (1 << (n - 1).bit_length()) - n)),
    "the next power of two": lambda x, n: np.pad(x, (0, 2 ** int(np.ceil(np.log2(n))) - n)),
    "long powers": lambda x, n: x / 2 ** (20 * n) + 1 / n**40 + n**n,
    "range": lambda x, n: x * sum(i for i in range(n)) + len(range(0, n, 2)),
    "range of a half": lambda x, n: x * sum(range(int(n / 2))),
    "text": lambda x, n: x * len(f"{n}") + int(str(n)) + float(f"{n / 3:.2f}") + float(str(n / 4)),
    "a key": lambda x, n: x * {4: 1.0, 7: 2.0, 12: 4.0}[n] + {2.0: 1, 3.5: 2, 6.0: 3}[n / 2],
    "an item": lambda x, n: x * list(range(20))[n],
    "of math": lambda x, n: x * math.gcd(n, 6) + math.isqrt(n) + math.comb(n, 2) + math.pow(n, 2),
    "a fraction": lambda x, n: x * float(Fraction(n, 3)),
    "arange of a half": lambda x, n: np.arange(n / 2) + np.arange(0, n / 4, 0.5).sum(),
    "geomspace": lambda x, n: x * np.geomspace(1, n, n),
    "bins": lambda x, n: np.histogram(x, bins=int(n**0.5))[0],
    "a condition on a half": lambda x, n: x * (2.0 if n / 2 > 3 else 3.0),
    "a condition on an array": lambda x, n: x * (2.0 if np.array([n, 5]).max() > 5 else 3.0),
    "a window of a half": lambda x, n: np.hanning(int(n / 2)),
    "items of a range": lambda x, n: x * sum(int(i) for i in np.arange(n)),
}
"""Python needs the number: another size is captured anew."""


def of_size(function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda x: function(x, x.shape[0])


@pytest.mark.parametrize("what", FREE)
def test_arithmetic_on_sizes_keeps_them_free(what: str):
    program = check(of_size(FREE[what]), *(draw(n, (n,)) for n in (4, 7, 12, 3)))
    assert is_free(program)


@pytest.mark.parametrize("what", FIXED)
def test_what_needs_the_number_is_right_at_every_size(what: str):
    function = of_size(FIXED[what])
    for n in (4, 7, 12):
        program = check(function, draw(n, (n,)), draw(n + 1, (n,)))
        assert program.inputs[0].shape == (n,)


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_another_size_is_captured_anew_where_python_needs_the_number(to: str):
    function = of_size(lambda x, n: (x * np.float32(n**0.5), x[: int(n * 0.5)], x * np.hanning(n), x * (n & 1)))
    graph: Any = mlgraph.compile(function, to=to, x64=True)
    for n in (4, 7, 4):
        (x,) = draw(n, (n,))
        for found, expected in zip(graph(x), function(x), strict=True):
            np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-6)
    assert graph.cache_info().captures == 2


def test_a_write_ends_what_is_known_from_sizes():
    def function(x: Any) -> Any:
        table = np.array([x.shape[0], 1.0])
        table[1] = x[0]
        return x * int(table[0])

    with pytest.raises(DataDependentControlFlowError):
        traced(function, *draw(0, (4,)))


def test_numbers_of_sizes_promote_as_in_numpy():
    def function(x: Any) -> Any:
        n = len(x)
        return x * (n / 2), x * np.sqrt(n), np.array([n]).astype(np.int8), np.asarray(n) * x, x + round(n / 2)

    for dtype in (np.float32, np.float64):
        arrays = [np.arange(n).astype(dtype) for n in (4, 6)]
        program = check(function, *([a] for a in arrays))
        assert is_free(program)
    agree(function(np.arange(4))[2], np.array([4], np.int8))
