# pyright: basic
"""Where frameworks differ, torch's meaning is kept on every target: types, arithmetic, order, indices, layers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from frameworks import to_numpy
from torch_cases import assert_same, graphs

import mlgraph

pytestmark = pytest.mark.filterwarnings("ignore")
random = torch.Generator().manual_seed(0)
inf, nan = float("inf"), float("nan")

Case = tuple[Callable[..., Any], tuple[Any, ...]]


def floats(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=random)


def ints(*items: int, dtype: torch.dtype = torch.int32) -> torch.Tensor:
    return torch.tensor(items, dtype=dtype)


U8 = ints(0, 7, 200, 255, dtype=torch.uint8)
EDGES = torch.tensor([nan, -inf, -2.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, inf])

TYPES: dict[str, Case] = {
    "integers and floats": (lambda i, x: (i + x, x * i, i > x, torch.where(i > 2, 1.0, i)), (ints(1, 2, 3), floats(3))),
    "true division of integers": (lambda i: (i / 2, i / i, torch.div(i, 3)), (ints(1, 5, -7),)),
    "bytes": (lambda x: (x * 2.0, -x, x + 100, x - 9, x * x, x // 3), (U8,)),
    "bytes and a larger constant": (lambda x: x + 300, (U8,)),
    "a 0-d tensor is weak": (
        lambda x, scalar: (x + scalar, x + scalar.to(torch.int64), x > scalar),
        (floats(3), torch.tensor(1.5, dtype=torch.float64)),
    ),
    "a float scalar makes integers floats": (lambda i: (i * 1.5, i + True, i**2), (ints(1, 2, 3),)),
    "sums of bytes and bools": (
        lambda x, b: (x.sum(), x.cumsum(0), x.prod(), b.sum(), b.cumsum(0)),
        (U8, torch.tensor([True, False, True])),
    ),
    "functions of integers are floats": (lambda i: (i.sqrt(), i.exp(), torch.sigmoid(i)), (ints(1, 2, 3),)),
    "functions of bytes are floats": (lambda x: (x.sqrt(), torch.log1p(x)), (U8,)),
    "literals": (
        lambda x: (torch.arange(3), torch.tensor([1.5]), torch.full((2,), 3), torch.zeros(2), x),
        (floats(2),),
    ),
    "concatenated types": (lambda i, x: (torch.cat([i, x]), torch.stack([x, i])), (ints(1, 2, 3), floats(3))),
    "types of places": (lambda x: (x.argmax(), F.one_hot(x.argmin(1), 4), x.argsort(1)), (floats(2, 4),)),
    "halves": (lambda x: (x.half() + 1, x.bfloat16() * 2, x.half().sum(), x.bfloat16().mean()), (floats(5),)),
    "a mean of many halves": (lambda x: (x.mean(), x.sum(0) / 70000), (torch.ones(70000, dtype=torch.float16),)),
    "complex numbers": (lambda x: (x * 1j, (x + 2j).abs(), (x * 1j).real), (floats(4),)),
}

ARITHMETIC: dict[str, Case] = {
    "floor and remainder": (
        lambda a, b: (a // b, a % b, torch.fmod(a, b), torch.div(a, b, rounding_mode="trunc")),
        (ints(7, -7, 7, -7, 6), ints(2, 2, -2, -2, -3)),
    ),
    "floor and remainder of floats": (
        lambda a, b: (a // b, a % b, torch.fmod(a, b)),
        (torch.tensor([7.0, -7.0, 7.5, -0.0, 1.0]), torch.tensor([2.0, 2.0, -2.0, 3.0, 0.0])),
    ),
    "powers of integers": (lambda i: (i**2, i**3, 2 ** i.abs()), (ints(-2, 0, 3),)),
    "signs": (lambda x: (x.sign(), torch.signbit(x), x.abs(), torch.copysign(torch.ones_like(x), x)), (EDGES,)),
    "rounding": (lambda x: (x.round(), x.floor(), x.ceil(), x.trunc(), x.frac()), (EDGES,)),
    "clips": (lambda x: (x.clamp(2, 1), x.clamp(-1, 1), x.clamp(min=0), F.relu(x), F.relu6(x)), (EDGES,)),
    "extremes": (lambda x, y: (torch.maximum(x, y), torch.minimum(x, y), torch.fmax(x, y)), (EDGES, EDGES.flip(0))),
    "extremes of all": (lambda x: (x.max(), x.amin(), x.argmax(), x.argmin(), x[1:].max()), (EDGES,)),
    "medians": (lambda x: (x.median(), x.median(0).values, x.quantile(0.5)), (torch.tensor([4.0, 1.0, 3.0, 2.0]),)),
    "deviations": (lambda x: (x.std(), x.var(1), x.std(0, correction=0), torch.var_mean(x)), (floats(3, 5),)),
    "sorted unique": (lambda x: torch.unique(x, return_counts=True), (ints(3, 1, 2, 3, 1),)),
    "activations": (lambda x: (F.gelu(x), F.leaky_relu(x), F.gelu(x, approximate="tanh"), F.elu(x)), (floats(6),)),
    "complex and real parts": (lambda z: (z.sgn(), z.abs(), z.angle(), z.conj() * z), (floats(4) + 1j * floats(4),)),
}

ORDER: dict[str, Case] = {
    "nothing": (lambda x: (x.sum(1), x.prod(1), x.mean(1), x.any(1), x.all(1), x.sum()), (torch.empty(2, 0),)),
    "concatenated with nothing": (lambda x: torch.cat([torch.empty(0), x]), (floats(2, 3),)),
    "stable order": (
        lambda x: (x.sort(stable=True).indices, x.sort(stable=True, descending=True).indices),
        (ints(2, 1, 2, 1, 1),),
    ),
    "pools keep NaN": (
        lambda x: (F.max_pool2d(x, 2), F.adaptive_max_pool2d(x, 2), F.max_pool2d(x, 3, 1, 1)),
        (torch.where(torch.eye(4) > 0, nan, floats(1, 1, 4, 4)),),
    ),
    "convolution of no images": (
        lambda x, w: F.conv2d(x, w),
        (torch.empty(0, 1, 3, 3), floats(1, 1, 2, 2)),
    ),
}


def written(x: torch.Tensor, i: torch.Tensor) -> Any:
    once, twice = x.clone(), x.clone()
    once[i] += 1
    twice.index_put_((i,), torch.ones(()), accumulate=True)
    return once, twice, x.scatter_reduce(0, i, x[:3], "mean")


INDICES: dict[str, Case] = {
    "negative": (lambda x, i: (x[i], x[-1], torch.take(x, i)), (floats(5), ints(-1, 2, -5, dtype=torch.int64))),
    "the same place twice": (written, (floats(5), ints(1, 3, 1, dtype=torch.int64))),
    "mixed": (lambda x: (x[0, :, [1, 2]], x[:, [0, 1], :, [1, 2]]), (floats(2, 3, 4, 5),)),
    "strides": (lambda x: (x.t()[1:, ::2].reshape(-1), x.flip(0)[::2], x.unfold(0, 2, 1)), (floats(4, 3),)),
}


def normalised(x: torch.Tensor) -> Any:
    mean, var = torch.zeros(2), torch.ones(2)
    return F.batch_norm(x, mean, var, training=True), mean, var


MODES = (("nearest", None), ("nearest-exact", None), ("bilinear", False), ("bilinear", True), ("bicubic", False))
ATTENDED = torch.tensor([[True] * 5, [False] * 5, [True, False, True, False, True]])

LAYERS: dict[str, Case] = {
    "padding of even sizes": (
        lambda x, w: F.conv2d(x, w, stride=2, padding=1),
        (floats(2, 3, 6, 8), floats(4, 3, 3, 3)),
    ),
    "transposed": (
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1, dilation=2),
        (floats(1, 4, 5, 4), floats(4, 3, 3, 3)),
    ),
    "averages count their padding": (
        lambda x: (
            F.avg_pool2d(x, 3, 2, 1),
            F.avg_pool2d(x, 2, 2, ceil_mode=True),
            F.max_pool2d(x, 2, 2, ceil_mode=True),
        ),
        (floats(1, 2, 5, 5),),
    ),
    "resized": (
        lambda x: [F.interpolate(x, size=(7, 9), mode=mode, align_corners=corners) for mode, corners in MODES],
        (floats(1, 2, 4, 6),),
    ),
    "resized by a factor": (
        lambda x: (
            F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=False),
            F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
        ),
        (floats(1, 2, 5, 6),),
    ),
    "running statistics": (normalised, (floats(4, 2, 3, 3),)),
    "rows that attend to nothing": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
        (floats(1, 3, 4), floats(1, 5, 4), floats(1, 5, 4), ATTENDED),
    ),
    "every target ignored": (
        lambda x, t: (F.cross_entropy(x, t), F.cross_entropy(x, t, reduction="sum")),
        (floats(3, 4), ints(-100, -100, -100, dtype=torch.int64)),
    ),
    "logarithms are held": (
        lambda x, y: F.binary_cross_entropy(x, y),
        (torch.tensor([0.0, 1.0, 0.5]), torch.tensor([1.0, 0.0, 1.0])),
    ),
    "dropout of everything": (lambda x: F.dropout(x, 1.0, training=True), (floats(4),)),
}

CASES = {**TYPES, **ARITHMETIC, **ORDER, **INDICES, **LAYERS}


@pytest.mark.parametrize("name", CASES)
def test_meaning_is_that_of_torch(name: str):
    function, args = CASES[name]
    assert_same(function, args, rtol=2e-5)


REFUSED: dict[str, Case] = {
    "the mean of integers": (lambda i: i.float().sum() + i.mean(), (ints(1, 2),)),
    "the softmax of integers": (lambda i: F.softmax(i, 0), (ints(1, 2),)),
    "statistics of one value": (lambda x: F.batch_norm(x, None, None, training=True), (floats(1, 2),)),
    "two strides and same padding": (
        lambda x, w: F.conv1d(x, w, stride=2, padding="same"),
        (floats(1, 1, 5), floats(1, 1, 3)),
    ),
    "the largest of nothing": (lambda x: x.max(), (torch.empty(0),)),
    "the place of the largest of nothing": (lambda x: x.argmax(), (torch.empty(0),)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name: str):
    function, args = REFUSED[name]
    with pytest.raises((RuntimeError, ValueError, IndexError)):
        function(*args)
    with pytest.raises(mlgraph.errors.MlgraphError):
        mlgraph.compile(function, to="numpy", args=args)


def test_a_mask_of_bytes_is_refused():
    """torch takes bytes as a mask and warns; torch.export does not take them."""
    with pytest.raises(mlgraph.errors.CaptureError, match="indices must be"):
        mlgraph.compile(lambda x, m: x[m], to="numpy", args=(floats(3), ints(1, 0, 1, dtype=torch.uint8)))


@pytest.mark.parametrize("to", ["torch", "tensorflow", "numpy"])
def test_an_index_out_of_range_raises(to: str):
    graph: Any = mlgraph.compile(lambda x, i: x[i], to=to, args=(floats(3), ints(0, 1, dtype=torch.int64)))
    with pytest.raises(Exception, match=r"out of|not in"):
        graph(floats(3), ints(0, 3, dtype=torch.int64))


def test_jax_reads_nan_where_an_index_is_out_of_range():
    i = ints(0, 1, dtype=torch.int64)
    functions: list[Callable[..., Any]] = [lambda x, i: x[i], lambda x, i: x[i, i], lambda x, i: x.index_select(0, i)]
    for function in functions:
        graph: Any = mlgraph.compile(function, to="jax", args=(floats(3, 3), i))
        assert np.isnan(np.asarray(graph(floats(3, 3), i + 2))[1]).all()
        assert not np.isnan(np.asarray(graph(floats(3, 3), i))).any()


@pytest.mark.parametrize("to", ["torch", "tensorflow", "numpy"])
@pytest.mark.parametrize("function", [torch.linalg.inv, torch.linalg.cholesky], ids=["inverse", "cholesky"])
def test_a_decomposition_that_fails_raises(function: Callable[..., Any], to: str):
    if (function, to) == (torch.linalg.cholesky, "tensorflow"):
        pytest.skip("tensorflow's cholesky gives NaN")
    graph: Any = mlgraph.compile(function, to=to, args=(torch.eye(3),))
    with pytest.raises(Exception, match=r"(?i)singular|invertible|positive"):
        graph(torch.zeros(3, 3))


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_a_write_through_a_view_reaches_the_caller(to: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        x.view(-1)[0] = 5
        x.t()[1] += 1
        return x.sum()

    graph: Any = mlgraph.compile(function, to=to, args=(torch.zeros(2, 3),))
    x, y = torch.ones(4, 3), torch.ones(4, 3)
    given = x if to == "torch" else x.numpy()
    np.testing.assert_allclose(np.asarray(graph(given)), function(y).numpy())
    np.testing.assert_array_equal(np.asarray(given), y.numpy())


def test_inputs_of_any_strides():
    x = floats(4, 6)
    views = [(x.t(),), (x[:, ::2],), (x[1:3],), (x.expand(4, 6),)]
    assert_same(lambda x: x.cumsum(0) @ x.t(), (x,), *views, rtol=1e-4, atol=1e-5)


def test_arrays_of_negative_strides():
    x = floats(4, 6)
    graph: Any = mlgraph.compile(lambda x: x.cumsum(0) @ x.t(), to="numpy", args=(x,))
    turned = x.numpy()[::-1, ::-1]
    np.testing.assert_allclose(graph(turned), turned.cumsum(0) @ turned.T, rtol=1e-4, atol=1e-5)


def test_logsumexp_of_one_complex_number_has_the_principal_angle():
    others = [(torch.tensor(x),) for x in (-3.8 - 4.9j, 2.0 + 9.0j, 0.5 - 1j)]
    assert_same(lambda x: torch.logsumexp(x, 0), (torch.tensor(1 + 1j),), *others)


@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_numbers_beside_halves_are_what_torch_makes_of_them(dtype: torch.dtype, fuse: bool):
    """torch multiplies and divides halves by singles, and adds numbers that are rounded to halves."""

    def function(x: Any) -> Any:
        return x * 0.01, x / 0.3, 0.7 / x, x + 0.1, 0.1 - x, x.abs() ** 0.3, x > 0.1, x.clamp(max=0.1)

    x = floats(10_000).to(dtype)
    graph: Any = mlgraph.compile(function, to="torch", args=(x,), fuse=fuse)
    for found, wanted in zip(graph(x), function(x), strict=True):
        assert torch.equal(found, wanted)


def test_attention_of_halves_keeps_its_scores_in_single_precision():
    """Rounded to halves, scores of this size would be off by up to 0.06, and the results by as much of themselves."""

    def function(q: Any, k: Any, v: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    inputs = [tuple(4 * floats(n, 3, 6, width).bfloat16() for _ in range(3)) for n, width in ((2, 8), (5, 12))]
    for graph in graphs(function, *inputs).values():
        for args in inputs:
            exact = function(*(x.double() for x in args))
            np.testing.assert_allclose(to_numpy(graph(*args)).astype(float), exact.numpy(), rtol=2**-7, atol=2**-5)
