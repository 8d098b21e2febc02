# pyright: basic
"""Programs in tensorflow's idiom, each with the arrays of two calls of different shapes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlgraph.frameworks.imports import load

tf: Any = load("tensorflow")

RANDOM = np.random.default_rng(7)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return RANDOM.uniform(0.2, 2.0, shape).astype(np.float32)


def integers(*shape: int, below: int = 5, low: int = 0) -> np.ndarray:
    return RANDOM.integers(low, below, shape)


def bools(*shape: int) -> np.ndarray:
    return RANDOM.random(shape) < 0.5


def definite(n: int) -> np.ndarray:
    x = floats(n, n)
    return x @ x.T + n * np.eye(n, dtype=np.float32)


@dataclass
class Idiom:
    """A function, and the arrays of two calls of different shapes."""

    function: Callable[..., Any]
    first: tuple[Any, ...]
    second: tuple[Any, ...]


def split_heads(x: Any) -> Any:
    shape = tf.shape(x)
    heads = tf.reshape(x, [shape[0], shape[1], 2, -1])
    return tf.reshape(tf.transpose(heads, [0, 2, 1, 3]), [-1, shape[1], shape[2] // 2])


def sinusoids(x: Any) -> Any:
    length, depth = tf.shape(x)[1], tf.shape(x)[2]
    position = tf.cast(tf.range(length), tf.float32)[:, None]
    rate = tf.exp(-tf.range(0.0, tf.cast(depth, tf.float32)) / tf.cast(depth, tf.float32))
    return x + tf.sin(position * rate)[None]


def causal(x: Any) -> Any:
    n = tf.shape(x)[-1]
    mask = tf.linalg.band_part(tf.ones([n, n]), -1, 0)
    return tf.where(mask > 0, x, tf.fill(tf.shape(x), -1e9))


def padded_to_even(x: Any) -> Any:
    n = tf.shape(x)[1]
    return tf.pad(x, [[0, 0], [0, n % 2]], constant_values=3.0)


def halves(x: Any) -> Any:
    n = tf.shape(x)[0] // 2
    return tf.concat([x[n:], x[:n]], 0)


def middle(x: Any) -> Any:
    """Bounds that pass through floats."""
    n = tf.cast(tf.shape(x)[0], tf.float32)
    start = tf.cast(n * 0.25, tf.int32)
    return tf.slice(x, tf.stack([start, 0]), tf.stack([tf.cast(n * 0.5, tf.int32), -1]))


def masked_mean(x: Any, lengths: Any) -> Any:
    mask = tf.sequence_mask(lengths, tf.shape(x)[1], dtype=x.dtype)
    return tf.reduce_sum(x * mask, 1) / tf.maximum(tf.reduce_sum(mask, 1), 1.0)


def gradient(x: Any, w: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(w)
        loss = tf.reduce_mean(tf.square(tf.nn.relu(x @ w)))
    return tape.gradient(loss, w)


IDIOMS = {
    "arithmetic": Idiom(lambda x, y: (x - y) / 2.0 + x**2.0, (floats(3, 4), floats(4)), (floats(2, 5), floats(5))),
    "integers": Idiom(
        lambda x, y: (x // y, x % y, tf.truncatediv(x, y), tf.truncatemod(x, y)),
        (integers(6, low=-9, below=9), integers(6, low=1)),
        (integers(4, low=-9, below=9), integers(4, low=-5, below=0)),
    ),
    "comparisons": Idiom(
        lambda x, y: ((x > y) & (x <= 2.0)) | ~(x == y), (floats(3), floats(3)), (floats(5), floats(5))
    ),
    "no nan": Idiom(
        lambda x, y: (tf.math.divide_no_nan(x, y), tf.math.multiply_no_nan(x / y, y), tf.math.xlogy(y, tf.abs(x))),
        (floats(4), np.array([0, 1, 0, 2], np.float32)),
        (floats(3), np.array([0, 3, 0], np.float32)),
    ),
    "select": Idiom(lambda c, x: tf.where(c, x, 0.0), (bools(3, 4), floats(3, 4)), (bools(2, 2), floats(2, 2))),
    "casts": Idiom(
        lambda x: (tf.cast(x * 3, tf.int32), tf.cast(x, tf.bool), tf.cast(x, tf.float64)), (floats(4),), (floats(6),)
    ),
    "activations": Idiom(
        lambda x: [
            f(x) for f in (tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.nn.softsign, tf.nn.gelu, tf.nn.silu, tf.nn.leaky_relu)
        ],
        (floats(3, 4),),
        (floats(2, 6),),
    ),
    "reductions": Idiom(
        lambda x: (
            tf.reduce_sum(x, [0, 2]),
            tf.reduce_mean(x),
            tf.reduce_max(x, -1, keepdims=True),
            tf.reduce_prod(x, 1),
        ),
        (floats(2, 3, 4),),
        (floats(4, 2, 3),),
    ),
    "integer mean": Idiom(lambda x: tf.reduce_mean(x, 1), (integers(3, 4, low=-9),), (integers(2, 5, low=-9),)),
    "no axis": Idiom(lambda x: tf.reduce_sum(x, []), (floats(2, 3),), (floats(4, 2),)),
    "variance": Idiom(lambda x: tf.nn.moments(x, [-1], keepdims=True), (floats(3, 4),), (floats(2, 7),)),
    "scans": Idiom(
        lambda x: (
            tf.cumsum(x, 1),
            tf.cumsum(x, 0, exclusive=True),
            tf.math.cumprod(x, 1, reverse=True, exclusive=True),
        ),
        (floats(3, 4),),
        (floats(2, 6),),
    ),
    "products": Idiom(
        lambda a, b: (
            tf.matmul(a, b, transpose_b=True),
            tf.einsum("bij,bkj->bki", a, b),
            tf.einsum("...ij,...kj->...ik", a, b),
        ),
        (floats(2, 3, 4), floats(2, 5, 4)),
        (floats(3, 2, 6), floats(3, 4, 6)),
    ),
    "tensordot": Idiom(
        lambda a, b: tf.tensordot(a, b, [[2], [0]]), (floats(2, 3, 4), floats(4, 5)), (floats(3, 2, 6), floats(6, 2))
    ),
    "linear algebra": Idiom(
        lambda a: (
            tf.linalg.inv(a),
            tf.linalg.det(a),
            tf.linalg.cholesky(a),
            tf.linalg.solve(a, a[:, :1]),
            tf.linalg.logdet(a),
        ),
        (definite(3),),
        (definite(4),),
    ),
    "diagonals": Idiom(
        lambda x: (
            tf.linalg.diag_part(x),
            tf.linalg.diag(x, k=1),
            tf.linalg.band_part(x, 1, 0),
            tf.linalg.set_diag(x, x[0]),
        ),
        (floats(4, 4),),
        (floats(5, 5),),
    ),
    "bands": Idiom(
        lambda x: (
            tf.linalg.diag_part(x, k=(-1, 2)),
            tf.linalg.diag_part(x, k=(-2, 1), align="LEFT_RIGHT", padding_value=9.0),
        ),
        (floats(4, 5),),
        (floats(6, 3),),
    ),
    "joins": Idiom(
        lambda x, y: (tf.concat([x, y], -1), tf.stack([x, x], 1), tf.tile(x, [2, 1]), tf.repeat(x, 3, 1)),
        (floats(2, 3), floats(2, 4)),
        (floats(5, 2), floats(5, 3)),
    ),
    "splits": Idiom(lambda x: [*tf.split(x, 2, 1), *tf.split(x, [1, -1], 1)], (floats(3, 4),), (floats(2, 8),)),
    "slices": Idiom(
        lambda x: (x[1:-1, ::2], x[..., -1], x[::-1, 2:0:-1], x[:, None, :, None], x[-3::-1], x[tf.shape(x)[0] - 1]),
        (floats(4, 5),),
        (floats(6, 7),),
    ),
    "computed slices": Idiom(
        lambda x, i: (x[i], x[:i], x[i:, 1], x[i - 5], tf.slice(x, [i, 0], [2, 3]), tf.slice(x, [0, i], [-1, 2])),
        (floats(5, 6), np.int32(2)),
        (floats(7, 8), np.int32(4)),
    ),
    "flips": Idiom(lambda x: (tf.reverse(x, [1]), tf.roll(x, [1, -2], [0, 1])), (floats(3, 4),), (floats(2, 5),)),
    "gather": Idiom(
        lambda x, i: (tf.gather(x, i), tf.gather(x, i, axis=1), tf.gather_nd(x, i[:, None])),
        (floats(4, 5), integers(3, below=4)),
        (floats(6, 5), integers(2, below=5)),
    ),
    "batched gather": Idiom(
        lambda x, i: (tf.gather(x, i, axis=1, batch_dims=1), tf.gather(x, i, axis=2, batch_dims=1)),
        (floats(2, 4, 5), integers(2, 3, below=4)),
        (floats(3, 6, 7), integers(3, 4, below=6)),
    ),
    "scatter": Idiom(
        lambda x, i, u: [
            f(x, i[:, None], u)
            for f in (
                tf.tensor_scatter_nd_add,
                tf.tensor_scatter_nd_max,
                tf.tensor_scatter_nd_min,
                tf.tensor_scatter_nd_sub,
            )
        ],
        (floats(5, 2), integers(4, below=5), floats(4, 2)),
        (floats(6, 3), integers(3, below=6), floats(3, 3)),
    ),
    "segments": Idiom(
        lambda x, i: [
            f(x, i, 4)
            for f in (tf.math.unsorted_segment_sum, tf.math.unsorted_segment_max, tf.math.unsorted_segment_mean)
        ],
        (floats(6, 2), integers(6, below=4, low=-1)),
        (floats(3, 5), integers(3, below=4, low=-1)),
    ),
    "counts": Idiom(
        lambda i: tf.math.bincount(i, minlength=4, maxlength=4), (integers(8, below=6),), (integers(5, below=6),)
    ),
    "one hot": Idiom(
        lambda i: (tf.one_hot(i, 4), tf.one_hot(i, 3, on_value=5, off_value=-1, axis=0)), (integers(3),), (integers(7),)
    ),
    "masks": Idiom(
        lambda x: (x[x > 0], tf.where(x > 0), tf.boolean_mask(x, x[:, 0] > 0)), (floats(4, 3),), (floats(6, 2),)
    ),
    "unique": Idiom(
        lambda i: (*tf.unique(i), *tf.unique_with_counts(i)), (np.array([5, 3, 5, 1, 3, 5]),), (np.array([2, 2, 0, 7]),)
    ),
    "sorts": Idiom(
        lambda x: (tf.sort(x, direction="DESCENDING"), tf.argsort(x), *tf.math.top_k(x, 2)),
        (floats(3, 5),),
        (floats(2, 7),),
    ),
    "searches": Idiom(
        lambda x, v: (tf.searchsorted(x, v), tf.searchsorted(x, v, side="right")),
        (np.sort(floats(5)), floats(3)),
        (np.sort(floats(7)), floats(4)),
    ),
    "ranges": Idiom(
        lambda x: (tf.range(tf.shape(x)[0], 0, -2), tf.linspace(0.0, 1.0, tf.shape(x)[0]), tf.eye(tf.shape(x)[0])),
        (floats(5),),
        (floats(4),),
    ),
    "pads": Idiom(
        lambda x: [tf.pad(x, [[1, 2], [0, 1]], mode) for mode in ("CONSTANT", "REFLECT", "SYMMETRIC")],
        (floats(3, 4),),
        (floats(5, 3),),
    ),
    "blocks": Idiom(
        lambda x: (
            tf.nn.space_to_depth(x, 2),
            tf.nn.depth_to_space(x, 2),
            tf.space_to_batch(x, [2, 2], [[1, 1], [0, 2]]),
        ),
        (floats(2, 4, 6, 4),),
        (floats(3, 2, 4, 8),),
    ),
    "resize": Idiom(
        lambda x: [tf.image.resize(x, [5, 6], m) for m in ("bilinear", "nearest", "bicubic", "area")[:3]],
        (floats(2, 4, 3, 2),),
        (floats(2, 7, 8, 3),),
    ),
    "losses": Idiom(
        lambda x, y: (
            tf.nn.sparse_softmax_cross_entropy_with_logits(y, x),
            tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(x + 1.0), x),
            tf.nn.sigmoid_cross_entropy_with_logits(tf.nn.sigmoid(x), x),
            tf.nn.l2_loss(x),
        ),
        (floats(3, 4), integers(3, below=4)),
        (floats(2, 6), integers(2, below=6)),
    ),
    "complex": Idiom(
        lambda x, y: (tf.abs(tf.complex(x, y)), tf.math.angle(tf.complex(x, y)), tf.math.conj(tf.complex(x, y))),
        (floats(3), floats(3)),
        (floats(4), floats(4)),
    ),
    "fourier": Idiom(
        lambda x: (tf.signal.rfft(x), tf.signal.irfft(tf.signal.rfft(x)), tf.signal.stft(x, 4, 2)),
        (floats(3, 8),),
        (floats(2, 12),),
    ),
    "special": Idiom(
        lambda x, y: (
            tf.math.lgamma(x),
            tf.math.igamma(x, y),
            tf.math.polygamma(tf.round(y + 1), x),
            tf.math.zeta(x + 1.5, y),
        ),
        (positive(3), positive(3)),
        (positive(5), positive(5)),
    ),
    "heads": Idiom(split_heads, (floats(2, 3, 4),), (floats(3, 5, 6),)),
    "sinusoids": Idiom(sinusoids, (floats(2, 3, 4),), (floats(3, 5, 6),)),
    "causal": Idiom(causal, (floats(2, 3, 3),), (floats(3, 5, 5),)),
    "even": Idiom(padded_to_even, (floats(2, 3),), (floats(3, 4),)),
    "halves": Idiom(halves, (floats(5, 2),), (floats(8, 3),)),
    "middle": Idiom(middle, (floats(8, 3),), (floats(12, 2),)),
    "masked mean": Idiom(masked_mean, (floats(3, 5), integers(3)), (floats(2, 7), integers(2))),
    "gradient": Idiom(gradient, (floats(5, 3), floats(3, 4)), (floats(2, 6), floats(6, 2))),
    "meshgrid": Idiom(lambda x, y: tf.meshgrid(x, y, indexing="ij"), (floats(3), floats(4)), (floats(5), floats(2))),
    "vectorized": Idiom(
        lambda x: tf.vectorized_map(lambda r: r * tf.reduce_sum(r), x), (floats(3, 4),), (floats(5, 2),)
    ),
}
