# pyright: basic
"""Examples of rows of neural networks."""

import itertools
import math
from typing import Any

import numpy as np
import scipy.special

from .example import FLOATS, HALF_PRECISION, Example, between, condition, example, fixed, uniform, values
from .manipulation import pad

POINTS = values(0.0, -0.0, 1.0, -1.0, 20.0, -20.0, 25.0, -25.0, 100.0, -100.0)
INFINITE = values([-np.inf, -np.inf, -np.inf], [1, -np.inf, 2])


def activation(reference: Any, *edges: float, **parameters: Any) -> list[Example]:
    """`edges` are infinities and NaN where the function is defined there."""
    return [
        example(reference, x=between(-6, 6)(3, 5), **parameters),
        example(reference, x=POINTS, dtypes=FLOATS, **parameters),
        example(reference, x=uniform(), **parameters),
        example(reference, x=uniform(0, 3), **parameters),
        example(reference, x=values(np.nan, *edges), dtypes=FLOATS, **parameters),
    ]


def gelu(x: np.ndarray, approximate: bool = False) -> np.ndarray:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * scipy.special.ndtr(x)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def over_axis(reference: Any) -> list[Example]:
    return [
        example(reference, x=uniform(3, 5), axis=1),
        example(reference, x=uniform(3, 5), axis=0),
        example(reference, x=uniform(2, 3, 4), axis=-2),
        example(reference, x=between(500, 1000)(3, 4), axis=-1),
        example(reference, x=INFINITE, axis=1, dtypes=FLOATS),
    ]


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    return x @ weight.T + bias


def channels(v: Any, rank: int) -> Any:
    return v.reshape(1, -1, *[1] * (rank - 2)) if isinstance(v, np.ndarray) else v


def batch_norm(
    x: np.ndarray, mean: Any, variance: Any, weight: Any = 1.0, bias: Any = 0.0, epsilon: float = 1e-5
) -> np.ndarray:
    mean, variance, weight, bias = (channels(v, x.ndim) for v in (mean, variance, weight, bias))
    return (x - mean) / np.sqrt(variance + epsilon) * weight + bias


def normalised(*shape: int, **parameters: Any) -> Example:
    c = shape[1]
    return example(batch_norm, x=uniform(*shape), mean=uniform(c), variance=between(0.5, 2)(c), **parameters)


def layer_norm(x: np.ndarray, weight: np.ndarray, bias: Any = 0.0, epsilon: float = 0.0) -> np.ndarray:
    axes = tuple(range(-weight.ndim, 0))
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon) * weight + bias


def attention(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None = None, scale: float | None = None
) -> np.ndarray:
    logits = (query.shape[-1] ** -0.5 if scale is None else scale) * query @ key.swapaxes(-1, -2)
    if mask is not None:
        logits = np.where(mask, logits, -np.inf) if mask.dtype == bool else logits + mask
    e = np.exp(logits - np.maximum(logits.max(-1, keepdims=True), -1e300))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total) @ value


def attends(batch: tuple[int, ...], mask: Any = None, scale: float | None = 0.35, **parameters: Any) -> Example:
    given = {} if mask is None else {"mask": mask}
    q, k, v = uniform(*batch, 3, 8), uniform(*batch, 5, 8), uniform(*batch, 5, 4)
    return example(attention, query=q, key=k, value=v, **given, scale=scale, **parameters)


SOME_MASKED = [[True, False, True, True, False], [False] * 5, [True] * 5]
MINUS_INFINITY = np.where(SOME_MASKED, 0.5, -np.inf)


def padded(x: np.ndarray, padding: Any, value: float) -> np.ndarray:
    return pad(x, np.array(value, x.dtype), (0, 0, *padding[::2]), (0, 0, *padding[1::2]))


def windows(x: np.ndarray, window: Any, stride: Any, dilation: Any) -> Any:
    """Each place of a window and what it sees."""
    sizes = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], window, stride, dilation, strict=True)]
    for place in itertools.product(*map(range, sizes)):
        parts = zip(place, window, stride, dilation, strict=True)
        yield place, x[(..., *[slice(i * s, i * s + d * (k - 1) + 1, d) for i, k, s, d in parts])]


def pooled(reduce: Any, x: np.ndarray, window: Any, stride: Any, dilation: Any) -> np.ndarray:
    axes = tuple(range(2, x.ndim))
    found = {place: reduce(seen, axis=axes) for place, seen in windows(x, window, stride, dilation)}
    sizes = [max(axis) + 1 for axis in zip(*found, strict=True)]
    result = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for place, value in found.items():
        result[(..., *place)] = value
    return result


def max_pool(x: np.ndarray, window: Any, stride: Any, padding: Any, dilation: Any) -> np.ndarray:
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return pooled(np.max, padded(x, padding, least), window, stride, dilation)


def sum_pool(x: np.ndarray, window: Any, stride: Any, padding: Any) -> np.ndarray:
    return pooled(np.sum, padded(x, padding, 0), window, stride, (1,) * len(window))


def conv(
    x: np.ndarray, weight: np.ndarray, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int = 1
) -> np.ndarray:
    out, inner = weight.shape[0] // groups, weight.shape[1]
    x = padded(x, padding, 0)
    parts: list[np.ndarray] = []
    for o in range(weight.shape[0]):
        seen = x[:, o // out * inner : (o // out + 1) * inner]
        kernel = weight[o]
        parts.append(
            pooled(
                lambda part, axis, k=kernel: np.sum(part * k, axis=(1, *axis))[:, None].repeat(part.shape[1], 1),
                seen,
                weight.shape[2:],
                stride,
                dilation,
            )[:, :1]
        )
    return np.concatenate(parts, axis=1) + channels(bias, x.ndim)


def conv_transpose(
    x: np.ndarray,
    weight: np.ndarray,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    groups: int = 1,
) -> np.ndarray:
    """Each element of `x` adds its multiple of the kernel."""
    out, inner = weight.shape[1], x.shape[1] // groups
    full = [
        (n - 1) * s + d * (k - 1) + 1 + max(extra, 0)
        for n, k, s, d, extra in zip(x.shape[2:], weight.shape[2:], stride, dilation, output_padding, strict=True)
    ]
    result = np.zeros((x.shape[0], out * groups, *full), x.dtype)
    for place in itertools.product(*map(range, x.shape[2:])):
        parts = zip(place, weight.shape[2:], stride, dilation, strict=True)
        window = tuple(slice(i * s, i * s + d * (k - 1) + 1, d) for i, k, s, d in parts)
        for c in range(x.shape[1]):
            o = c // inner * out
            value = x[(slice(None), c, *place)].reshape(-1, 1, *[1] * len(place))
            result[(slice(None), slice(o, o + out), *window)] += value * weight[c]
    cut = tuple(slice(low, n - high) for n, low, high in zip(full, padding[::2], padding[1::2], strict=True))
    return result[(..., *cut)] + channels(bias, x.ndim)


def convolves(x: tuple[int, ...], weight: tuple[int, ...], padding: tuple[int, ...] = (), **given: Any) -> Example:
    rank = len(x) - 2
    defaults = {"stride": (1,) * rank, "dilation": (1,) * rank, "bias": None}
    return example(
        lambda x, w, bias=0.0, **p: conv(x, w, bias, **p),
        x=uniform(*x),
        weight=uniform(*weight),
        padding=padding or (0, 0) * rank,
        tolerance=4,
        **{**defaults, **given},
    )


def transposes(x: tuple[int, ...], weight: tuple[int, ...], padding: tuple[int, ...] = (), **given: Any) -> Example:
    rank = len(x) - 2
    defaults = {"stride": (1,) * rank, "dilation": (1,) * rank, "output_padding": (0,) * rank, "bias": None}
    return example(
        lambda x, w, bias=0.0, **p: conv_transpose(x, w, bias, **p),
        x=uniform(*x),
        weight=uniform(*weight),
        padding=padding or (0, 0) * rank,
        tolerance=4,
        **{**defaults, **given},
    )


def pools(reference: Any, **extra: Any) -> list[Example]:
    def pool(
        x: Any, window: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...] = (), **given: Any
    ) -> Example:
        parameters = {"dilation": (1,) * len(window), **given} if "dilation" in extra else given
        padding = padding or (0, 0) * len(window)
        return example(reference, x=x, window=window, stride=stride, padding=padding, **parameters)

    return [
        pool(uniform(2, 3, 8, 7), (3, 2), (2, 2), (1, 1, 1, 1)),
        pool(uniform(2, 3, 8), (3,), (2,), (1, 1)),
        pool(uniform(2, 3, 9), (2,), (1,)),
        pool(uniform(1, 2, 6, 5, 7), (2, 3, 2), (1, 2, 2)),
        pool(uniform(2, 3, 8, 7), (3, 3), (2, 2), (0, 1, 0, 1)),
        pool(uniform(2, 3, 8, 7), (2, 2), (2, 2), (2, 1, 0, 3)),
        pool(uniform(0, 3, 8, 8), (2, 2), (2, 2)),
        pool(uniform(2, 3, 8, 7), (8, 7), (1, 1)),
        pool(uniform(2, 3, 8, 17), (2, 11), (2, 3), (0, 0, 1, 2)),
        pool(with_nan, (2, 2), (1, 1)),
        pool(uniform(2, 3, 8, 7), (3, 2), (2, 2), (1, 1, 1, 1), label="int8", dtypes="int8 int32 int64 uint8"),
        *([pool(uniform(2, 3, 9, 8), (3, 2), (2, 1), (1, 1, 0, 0), dilation=(2, 3))] if extra else []),
        *([pool(uniform(2, 3, 9), (3,), (2,), (0, 2), dilation=(2,))] if extra else []),
    ]


def with_nan(random: np.random.Generator, dtype: str) -> np.ndarray:
    x = uniform(2, 3, 5, 5)(random, dtype)
    x[0, 1, 2, 3] = np.nan
    return x


EXAMPLES = {
    "relu": activation(lambda x: np.maximum(x, 0), np.inf, -np.inf),
    "sigmoid": activation(scipy.special.expit, np.inf, -np.inf),
    "silu": activation(lambda x: x * scipy.special.expit(x), np.inf),
    "gelu": [*activation(gelu), *activation(gelu, approximate=True)],
    "softplus": activation(lambda x: np.logaddexp(x, 0), np.inf, -np.inf),
    "elu": [*activation(elu, np.inf, -np.inf), *activation(elu, alpha=0.7)],
    "hardtanh": activation(lambda x, low, high: np.clip(x, low, high), np.inf, -np.inf, low=-1.0, high=2.5),
    "embedding": [
        example(lambda w, i, padding: w[i], weight=uniform(4, 3), indices=fixed([[0, 3], [2, 1]]), padding=2),
        example(lambda w, i, padding: w[i], weight=uniform(4, 3), indices=fixed(1, "int32"), padding=0),
    ],
    "leaky_relu": activation(lambda x, slope: np.where(x > 0, x, slope * x), np.inf, -np.inf, slope=0.2),
    "hardswish": activation(lambda x: x * np.clip(x + 3, 0, 6) / 6, np.inf),
    "softmax": over_axis(softmax),
    "log_softmax": over_axis(log_softmax),
    "addmm": [
        example(lambda x, x1, x2: x + x1 @ x2, x=uniform(5), x1=uniform(3, 4), x2=uniform(4, 5)),
        example(lambda x, x1, x2: x + x1 @ x2, x=uniform(3, 5), x1=uniform(3, 4), x2=uniform(4, 5)),
        example(lambda x, x1, x2: x + x1 @ x2, x=uniform(3, 1), x1=uniform(3, 0), x2=uniform(0, 2)),
    ],
    "linear": [
        example(linear, x=uniform(3, 4), weight=uniform(5, 4), bias=uniform(5)),
        example(linear, x=uniform(2, 3, 4), weight=uniform(5, 4)),
        example(linear, x=uniform(4), weight=uniform(5, 4), bias=uniform(5)),
        example(linear, x=uniform(0, 4), weight=uniform(5, 4), bias=uniform(5)),
    ],
    "batch_norm": [
        normalised(2, 3, 4, 5, weight=uniform(3), bias=uniform(3)),
        normalised(4, 3),
        normalised(2, 3, 4, weight=uniform(3), epsilon=1e-3),
        normalised(2, 3, 4, bias=uniform(3)),
    ],
    "layer_norm": [
        example(layer_norm, x=uniform(3, 8), weight=uniform(8), bias=uniform(8), epsilon=1e-5),
        example(layer_norm, x=uniform(2, 3, 4), weight=uniform(3, 4), bias=uniform(3, 4), epsilon=1e-3),
        example(layer_norm, x=uniform(2, 3, 4), weight=uniform(4), bias=None, epsilon=1e-5),
    ],
    "attention": [
        attends((2, 2)),
        attends((2,), condition(3, 5)),
        attends((2,), condition(3, 5), scale=None),
        attends((2, 2), fixed(SOME_MASKED, "bool"), dtypes=("float32", *HALF_PRECISION)),
        attends((2, 2), values(*MINUS_INFINITY), dtypes=("float32", "float64")),
        attends((2, 2), uniform(2, 1, 3, 5)),
        attends((2, 2), condition(2, 1, 1, 5)),
    ],
    "conv": [
        convolves((2, 4, 9, 8), (6, 4, 3, 2), (1, 1, 1, 1), stride=(2, 2), bias=uniform(6)),
        convolves((2, 4, 9, 8), (6, 4, 3, 2)),
        convolves((2, 4, 9), (6, 4, 3), (1, 1), stride=(2,)),
        convolves((2, 2, 5, 6, 7), (3, 2, 2, 3, 2), (1, 1, 0, 0, 1, 1), stride=(1, 2, 1), bias=uniform(3)),
        convolves((2, 4, 9, 8), (6, 2, 3, 3), (1, 1, 1, 1), groups=2, bias=uniform(6)),
        convolves((2, 4, 9, 8), (8, 1, 3, 3), (1, 1, 1, 1), groups=4),
        convolves((2, 4, 9), (8, 1, 3), (0, 0), groups=4, stride=(2,)),
        convolves((2, 4, 9, 8), (6, 4, 3, 2), (2, 0, 0, 3), dilation=(2, 3)),
        convolves((2, 4, 9), (6, 2, 3), (2, 1), dilation=(2,), groups=2),
        convolves((2, 4, 9, 8), (6, 4, 3, 2), (-1, 0, 0, -2), stride=(1, 2)),
        # Of no images, tensorflow's oneDNN kernel returns the shape of the input when it runs eagerly.
        convolves((0, 4, 9, 8), (6, 4, 3, 2), sized=("tensorflow",)),
        convolves((2, 4, 9, 8), (6, 4, 1, 1), bias=uniform(6)),
        convolves((2, 4, 9, 8), (6, 4, 1, 1), stride=(2, 2)),
        convolves((2, 4, 9, 8), (6, 2, 1, 1), groups=2),
    ],
    "conv_transpose": [
        transposes((2, 4, 5, 4), (4, 3, 3, 2), (1, 1, 1, 1), stride=(2, 2), bias=uniform(3)),
        transposes((2, 4, 5, 4), (4, 3, 3, 2)),
        transposes((2, 4, 5), (4, 3, 3), (1, 1), stride=(2,), output_padding=(1,)),
        transposes((1, 2, 3, 4, 3), (2, 3, 2, 3, 2), stride=(1, 2, 1)),
        transposes(
            (2, 4, 5, 4), (4, 3, 3, 3), (1, 1, 1, 1), stride=(2, 2), output_padding=(1, 1), groups=2, bias=uniform(6)
        ),
        transposes((2, 4, 5, 4), (4, 1, 3, 3), groups=4),
        transposes((2, 4, 5, 4), (4, 3, 3, 2), (1, 1, 2, 2), dilation=(2, 3)),
        transposes((2, 4, 5, 4), (4, 3, 3, 2), (1, 0, 0, 2), stride=(2, 3), bias=uniform(3)),
        transposes((2, 4, 5), (4, 3, 3), (3, 3), stride=(2,)),
        transposes((2, 4, 5), (4, 3, 3), (0, 0), stride=(1,), output_padding=(2,), bias=uniform(3)),
        transposes((0, 4, 5, 4), (4, 3, 3, 2)),
    ],
    "max_pool": pools(max_pool, dilation=True),
    "sum_pool": pools(sum_pool),
}
