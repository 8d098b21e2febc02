# pyright: basic
"""Twelve functions as users of numpy write them. Images have their channels first."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def polynomial(x: Any) -> Any:
    return np.polyval([3.0, -2.0, 0.5, -1.0], x)


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    mean = x.mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * weight + bias


def mlp(params: Any, x: Any) -> Any:
    hidden = x @ params["w1"] + params["b1"]
    hidden = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    return hidden @ params["w2"] + params["b2"]


def attention(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    causal = np.tril(np.ones((q.shape[-2], k.shape[-2]), dtype=bool))
    return softmax(np.where(causal, scores, -np.inf)) @ v


def conv_pool(x: Any, weight: Any, bias: Any) -> Any:
    windows = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    features = np.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, np.newaxis, np.newaxis]
    features = np.maximum(features, 0)
    n, c, h, w = features.shape
    return features[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def cumulative_sum(x: Any) -> Any:
    means = np.cumsum(x, axis=1) / np.arange(1, x.shape[1] + 1)
    return means, np.cumsum(x > 0, axis=1)


def top_k(x: Any, k: int = 3) -> Any:
    indices = np.argsort(-x, axis=-1)[..., :k]
    return {"values": np.take_along_axis(x, indices, axis=-1), "indices": indices}


def gather_scatter(table: Any, ids: Any, updates: Any) -> Any:
    added = table.copy()
    np.add.at(added, ids, updates)
    return table[ids], added


def einsum(x: Any, weight: Any, y: Any) -> Any:
    return np.einsum("bi,oij,bj->bo", x, weight, y, optimize=True)


def where_clip(x: Any, low: Any, high: Any) -> Any:
    return np.where(x > 0, np.clip(x, low, high), low)


def reshape(x: Any) -> Any:
    batch, length, width = x.shape
    heads = x.reshape(batch, length, 2, width // 2).swapaxes(1, 2)
    return heads.reshape(batch * 2, -1) * length
