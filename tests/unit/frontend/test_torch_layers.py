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


POOLINGS = {
    "overlapping": lambda pool, x: pool(x, 3, 2, return_indices=True),
    "dilated": lambda pool, x: pool(x, 3, 1, 1, dilation=2, return_indices=True),
    "ceiling": lambda pool, x: pool(x, 2, 2, 1, ceil_mode=True, return_indices=True),
    "one image": lambda pool, x: pool(x[0], 3, 2, 1, return_indices=True),
}


POOLED = [*((pooling, 2) for pooling in POOLINGS), ("overlapping", 1), ("overlapping", 3)]
REST_POOLED = [(pooling, rank) for pooling in POOLINGS for rank in (1, 3) if pooling != "overlapping"]
"""One rule pools any number of axes."""


@pytest.mark.parametrize(
    ("pooling", "rank"), [*POOLED, *(pytest.param(*each, marks=pytest.mark.slow) for each in REST_POOLED)]
)
def test_pools_say_where_the_largest_elements_are(pooling: str, rank: int):
    ties = torch.randint(3, (2, 2, *(6, 7, 5)[:rank]), generator=random).float()
    function = lambda x: POOLINGS[pooling](POOLS[rank - 1], x)  # noqa: E731
    assert_same(function, (ties,), (floats(3, 2, *(7, 5, 8)[:rank]),))


def test_pools_find_the_last_of_several_nan():
    x = floats(1, 1, 4, 4)
    x[0, 0, 0, 1] = x[0, 0, 1, 0] = x[0, 0, 3, 3] = float("nan")
    pool = lambda x: F.max_pool2d(x, 2, return_indices=True)[1]  # noqa: E731
    assert_same(pool, (x,))
    assert_same(lambda x: F.adaptive_max_pool2d(x, (2, 3), return_indices=True)[1], (x,))


ADAPTIVE = {
    "max of 1 axis": (1, lambda x: F.adaptive_max_pool1d(x, 3, return_indices=True)),
    "max of 2 axes": (2, lambda x: F.adaptive_max_pool2d(x, (4, 2), return_indices=True)),
    "one axis whole": (2, lambda x: F.adaptive_max_pool2d(x[0], (None, 1))),
    "max of 3 axes": (3, lambda x: F.adaptive_max_pool3d(x, 2, return_indices=True)),
    "mean": (2, lambda x: F.adaptive_avg_pool2d(x, (4, 2))),
}


@pytest.mark.parametrize("pool", ADAPTIVE)
def test_adaptive_pools(pool: str):
    rank, function = ADAPTIVE[pool]
    assert_same(function, *[(floats(2, 2, *(n, m, 4)[:rank]),) for n, m in ((7, 5), (8, 9))])


def test_unpooling():
    def function(x: Any) -> Any:
        values, indices = F.max_pool2d(x, 2, return_indices=True)
        return F.max_unpool2d(values, indices, 2)

    assert_same(function, *[(floats(2, 3, n, 8),) for n in (6, 8)])


@pytest.mark.parametrize(("size", "indices"), [((3, 4), True), ((1, 1), False)])
def test_fractional_pools(size: tuple[int, int], indices: bool):
    def function(x: Any, samples: Any) -> Any:
        return F.fractional_max_pool2d(x, 2, size, _random_samples=samples, return_indices=indices)

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


RESIZED = {
    "to a size": {"size": (4, 9)},
    "corners aligned": {"size": (4, 9), "align_corners": True},
    "by a factor": {"scale_factor": 0.6},
}


KERNELS = [*(("bilinear", how) for how in RESIZED), ("bicubic", "corners aligned")]
REST_RESIZED = [("bicubic", "to a size"), ("bicubic", "by a factor")]
"""Where samples lie is independent of the kernel that weighs them."""


@pytest.mark.parametrize(
    ("mode", "how"), [*KERNELS, *(pytest.param(*each, marks=pytest.mark.slow) for each in REST_RESIZED)]
)
def test_antialiased_resizing(mode: str, how: str):
    function = lambda x: F.interpolate(x, mode=mode, antialias=True, **RESIZED[how])  # noqa: E731
    assert_same(function, (floats(1, 2, 11, 6),), (floats(2, 2, 7, 8),), rtol=1e-4)


SAMPLED = [("zeros", True), ("border", False), ("reflection", True)]
"""Every two of padding, mode and alignment occur together; the other way round every three do."""
REST_SAMPLED = [(padding_mode, not aligned) for padding_mode, aligned in SAMPLED]


@pytest.mark.parametrize(
    ("padding_mode", "aligned"), [*SAMPLED, *(pytest.param(*each, marks=pytest.mark.slow) for each in REST_SAMPLED)]
)
def test_samples_of_volumes(padding_mode: str, aligned: bool):
    def function(x: Any, grid: Any) -> Any:
        modes = {"bilinear": aligned, "nearest": not aligned}
        return [
            F.grid_sample(x, grid, mode=mode, padding_mode=padding_mode, align_corners=corners)
            for mode, corners in modes.items()
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
