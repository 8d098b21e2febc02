# pyright: basic
"""Twelve functions as users of tensorflow write them. Images have their channels last."""

from typing import Any

import tensorflow as tf


def polynomial(x: Any) -> Any:
    return tf.math.polyval([3.0, -2.0, 0.5, -1.0], x)


def softmax(x: Any) -> Any:
    return tf.nn.softmax(x)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, bias, weight, 1e-5)


def mlp(params: Any, x: Any) -> Any:
    hidden = tf.nn.gelu(tf.nn.bias_add(tf.matmul(x, params["w1"]), params["b1"]), approximate=True)
    return tf.matmul(hidden, params["w2"]) + params["b2"]


def attention(q: Any, k: Any, v: Any) -> Any:
    scores = tf.matmul(q, k, transpose_b=True) / tf.sqrt(tf.cast(tf.shape(q)[-1], tf.float32))
    causal = tf.linalg.band_part(tf.ones((tf.shape(q)[-2], tf.shape(k)[-2])), -1, 0)
    return tf.matmul(tf.nn.softmax(scores - 1e9 * (1 - causal)), v)


def conv_pool(x: Any, weight: Any, bias: Any) -> Any:
    features = tf.nn.bias_add(tf.nn.conv2d(x, weight, strides=1, padding="SAME"), bias)
    return tf.nn.max_pool2d(tf.nn.relu(features), ksize=2, strides=2, padding="VALID")


def cumulative_sum(x: Any) -> Any:
    counts = tf.range(1, tf.shape(x)[1] + 1)
    means = tf.cumsum(x, axis=1) / tf.cast(counts, x.dtype)
    return means, tf.cumsum(tf.cast(x > 0, tf.int32), axis=1)


def top_k(x: Any, k: int = 3) -> Any:
    values, indices = tf.math.top_k(x, k=k)
    return {"values": values, "indices": indices}


def gather_scatter(table: Any, ids: Any, updates: Any) -> Any:
    return tf.gather(table, ids), tf.tensor_scatter_nd_add(table, ids[:, tf.newaxis], updates)


def einsum(x: Any, weight: Any, y: Any) -> Any:
    return tf.einsum("bi,oij,bj->bo", x, weight, y)


def where_clip(x: Any, low: Any, high: Any) -> Any:
    return tf.where(x > 0, tf.clip_by_value(x, low, high), low)


def reshape(x: Any) -> Any:
    batch, length, width = tf.unstack(tf.shape(x))
    heads = tf.transpose(tf.reshape(x, [batch, length, 2, width // 2]), [0, 2, 1, 3])
    return tf.reshape(heads, [batch * 2, -1]) * tf.cast(length, x.dtype)
