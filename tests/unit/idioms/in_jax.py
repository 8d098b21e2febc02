# pyright: basic
"""Twelve functions as users of jax write them. Images have their channels last."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def polynomial(x: Any) -> Any:
    return jnp.polyval(jnp.array([3.0, -2.0, 0.5, -1.0]), x)


def softmax(x: Any) -> Any:
    return jax.nn.softmax(x, axis=-1)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * weight + bias


def mlp(params: Any, x: Any) -> Any:
    hidden = jax.nn.gelu(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def attention(q: Any, k: Any, v: Any) -> Any:
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) / jnp.sqrt(q.shape[-1])
    causal = jnp.tril(jnp.ones((q.shape[-2], k.shape[-2]), dtype=bool))
    return jax.nn.softmax(jnp.where(causal, scores, -jnp.inf)) @ v


def conv_pool(x: Any, weight: Any, bias: Any) -> Any:
    features = lax.conv_general_dilated(x, weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    features = jax.nn.relu(features + bias)
    return lax.reduce_window(features, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cumulative_sum(x: Any) -> Any:
    means = jnp.cumsum(x, axis=1) / jnp.arange(1, x.shape[1] + 1)
    return means, jnp.cumsum(x > 0, axis=1)


def top_k(x: Any, k: int = 3) -> Any:
    values, indices = lax.top_k(x, k)
    return {"values": values, "indices": indices}


def gather_scatter(table: Any, ids: Any, updates: Any) -> Any:
    return jnp.take(table, ids, axis=0), table.at[ids].add(updates)


def einsum(x: Any, weight: Any, y: Any) -> Any:
    return jnp.einsum("bi,oij,bj->bo", x, weight, y)


def where_clip(x: Any, low: Any, high: Any) -> Any:
    return jnp.where(x > 0, jnp.clip(x, low, high), low)


def reshape(x: Any) -> Any:
    batch, length, width = x.shape
    heads = x.reshape(batch, length, 2, width // 2).swapaxes(1, 2)
    return heads.reshape(batch * 2, -1) * length
