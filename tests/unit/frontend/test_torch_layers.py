# pyright: basic
"""torch's pools, convolutions, recurrent layers and resampling, on every target."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch_cases import assert_same

import mlgraph
from mlgraph.errors import UnsupportedOpError

random = torch.Generator().manual_seed(0)


def floats(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=random)


POOLS = (F.max_pool1d, F.max_pool2d, F.max_pool3d)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pools_say_where_the_largest_elements_are(rank: int):
    def function(x: Any) -> Any:
        pool = POOLS[rank - 1]
        return (
            pool(x, 3, 2, return_indices=True),
            pool(x, 3, 1, 1, dilation=2, return_indices=True),
            pool(x, 2, 2, 1, ceil_mode=True, return_indices=True),
            pool(x[0], 3, 2, 1, return_indices=True),
        )

    ties = torch.randint(3, (2, 2, *(6, 7, 5)[:rank]), generator=random).float()
    assert_same(function, (ties,), (floats(3, 2, *(7, 5, 8)[:rank]),))


def test_pools_find_the_last_of_several_nan():
    x = floats(1, 1, 4, 4)
    x[0, 0, 0, 1] = x[0, 0, 1, 0] = x[0, 0, 3, 3] = float("nan")
    pool = lambda x: F.max_pool2d(x, 2, return_indices=True)[1]  # noqa: E731
    assert_same(pool, (x,))
    assert_same(lambda x: F.adaptive_max_pool2d(x, (2, 3), return_indices=True)[1], (x,))


def test_adaptive_pools():
    def function(x: Any, y: Any, z: Any) -> Any:
        return (
            F.adaptive_max_pool1d(x, 3, return_indices=True),
            F.adaptive_max_pool2d(y, (4, 2), return_indices=True),
            F.adaptive_max_pool2d(y[0], (None, 1)),
            F.adaptive_max_pool3d(z, 2, return_indices=True),
            F.adaptive_avg_pool2d(y, (4, 2)),
        )

    inputs = [(floats(2, 3, n), floats(2, 2, n, m), floats(1, 2, n, m, 4)) for n, m in ((7, 5), (8, 9))]
    assert_same(function, *inputs)


def test_unpooling_and_fractional_pools():
    def function(x: Any, samples: Any) -> Any:
        values, indices = F.max_pool2d(x, 2, return_indices=True)
        return (
            F.max_unpool2d(values, indices, 2),
            F.fractional_max_pool2d(x, 2, (3, 4), _random_samples=samples, return_indices=True),
            F.fractional_max_pool2d(x, 2, (1, 1), _random_samples=samples),
        )

    assert_same(function, *[(floats(2, 3, n, 8), torch.rand(2, 3, 2, generator=random)) for n in (6, 8)])


def test_pools_of_integers():
    x = torch.randint(-9, 9, (1, 2, 6, 7), generator=random)
    assert_same(lambda x: (F.max_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 2)), (x,))


def test_convolutions_of_integers():
    x, weight = torch.randint(-9, 9, (2, 4, 7, 6)), torch.randint(-9, 9, (6, 2, 3, 2))

    def function(x: Any, weight: Any) -> Any:
        return F.conv2d(x, weight, stride=2, padding=1, groups=2), F.conv_transpose2d(x[:, :3], weight[:3], stride=2)

    assert_same(function, (x, weight))


def test_convolutions_pad_by_name_and_have_groups():
    def function(x: Any, y: Any, w1: Any, w2: Any, b: Any) -> Any:
        return (
            F.conv1d(x, w1, b, padding="same", dilation=3),
            F.conv1d(x, w1, padding="valid", stride=2),
            F.conv2d(y, w2, b, padding="same", groups=2),
            F.conv_transpose2d(y, w2.transpose(0, 1)[:, :2].repeat(2, 1, 1, 1), stride=2, output_padding=1, groups=2),
        )

    weights = floats(4, 4, 4), floats(4, 2, 3, 2), floats(4)
    assert_same(function, *[(floats(n, 4, 9), floats(n, 4, 5, 6), *weights) for n in (2, 3)], rtol=1e-4)


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_recurrent_layers(kind: Any):
    layer = kind(3, 4, num_layers=2, bidirectional=True, batch_first=True).eval()
    assert_same(lambda x: layer(x), (floats(2, 5, 3),), (floats(3, 5, 3),), rtol=1e-4)


def test_unfold_and_fold():
    def function(x: Any) -> Any:
        columns = F.unfold(x, (2, 3), dilation=(1, 2), padding=1, stride=2)
        return columns, F.fold(columns, (6, 7), (2, 3), dilation=(1, 2), padding=1, stride=2), x.unfold(2, 3, 2)

    assert_same(function, (floats(2, 3, 6, 7),), (floats(4, 3, 6, 7),))


PADS = [(1, 2, 2, 1), (0, 2, 1, 0), (2, 0, 0, 3), (2, -1, -1, 0)]


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_padding(mode: str):
    def function(x: Any) -> Any:
        pads = PADS if mode in ("constant", "circular") else PADS[:-1]
        return [F.pad(x, pad, mode=mode) for pad in pads]

    assert_same(function, (floats(2, 3, 6, 5),), (floats(3, 3, 4, 7),))


def test_padding_as_wide_as_a_free_size_and_with_a_value():
    def function(x: Any) -> Any:
        return F.pad(x, (x.shape[0], 1)), F.pad(x, (1, 0), value=2.5), F.pad(x > 0, (0, 1))

    assert_same(function, (floats(4, 5),), (floats(3, 7),))


def test_shapes_like_those_of_others():
    def function(x: Any, y: Any) -> Any:
        rows = x[:1].expand_as(x), x.flatten().reshape_as(y), torch.broadcast_to(x[:, :1], x.shape)
        return *rows, x.unflatten(1, (-1, 1)), x.unflatten(0, (1, -1))

    assert_same(function, (floats(4, 5), floats(5, 4)), (floats(3, 2), floats(6, 1)))


def test_patches_of_no_images():
    assert_same(lambda x: F.unfold(x, (2, 3), padding=1), (torch.empty(0, 1, 5, 5),))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialiased_resizing(mode: str):
    def function(x: Any) -> Any:
        return (
            F.interpolate(x, (4, 9), mode=mode, antialias=True),
            F.interpolate(x, (4, 9), mode=mode, antialias=True, align_corners=True),
            F.interpolate(x, scale_factor=0.6, mode=mode, antialias=True),
        )

    assert_same(function, (floats(1, 2, 11, 6),), (floats(2, 2, 7, 8),), rtol=1e-4)


@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_samples_of_volumes(padding_mode: str):
    def function(x: Any, grid: Any) -> Any:
        return [
            F.grid_sample(x, grid, mode=mode, padding_mode=padding_mode, align_corners=corners)
            for mode in ("bilinear", "nearest")
            for corners in (True, False)
        ]

    inputs = [(floats(n, 2, 3, 4, 5), 1.5 * floats(n, 2, 3, 2, 3)) for n in (2, 3)]
    assert_same(function, *inputs, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_samples_of_images_in_halves_are_refused_as_torch_finds_pixels_in_halves_too(dtype: torch.dtype):
    x, grid = floats(1, 2, 6, 5).to(dtype), floats(1, 3, 4, 2).to(dtype)
    direct = torch.ops.aten.grid_sampler_2d.default
    for function in (F.grid_sample, lambda x, grid: direct(x, grid, 0, 0, True)):
        with pytest.raises(UnsupportedOpError, match="grid_sample of images in half precision"):
            mlgraph.compile(function, to="torch", args=(x, grid))


def test_a_result_that_is_not_computed_says_so():
    def function(w: Any, i: Any, o: Any) -> Any:
        return torch.embedding_bag(w, i, o)

    with pytest.raises(UnsupportedOpError, match="embedding_bag"):
        mlgraph.compile(function, to="numpy", args=(floats(4, 3), torch.tensor([1, 2, 3]), torch.tensor([0, 2])))


def test_rrelu_has_the_mean_slope_in_evaluation():
    assert_same(lambda x: F.rrelu(x, 0.1, 0.5), (floats(3, 4),))
    assert_same(lambda x: F.rrelu(x, 0.25, 0.25, training=True), (floats(3, 4),))
