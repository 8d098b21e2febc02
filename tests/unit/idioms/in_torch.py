# pyright: basic
"""Twelve functions as users of torch write them. Images have their channels first."""

from typing import Any

import torch
import torch.nn.functional as F


def polynomial(x: Any) -> Any:
    return 3 * x**3 - 2 * x**2 + x / 2 - 1


def softmax(x: Any) -> Any:
    return F.softmax(x, dim=-1)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps=1e-5)


def mlp(params: Any, x: Any) -> Any:
    hidden = F.gelu(torch.addmm(params["b1"], x, params["w1"]), approximate="tanh")
    return hidden @ params["w2"] + params["b2"]


def attention(q: Any, k: Any, v: Any) -> Any:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def conv_pool(x: Any, weight: Any, bias: Any) -> Any:
    return F.max_pool2d(F.relu(F.conv2d(x, weight, bias, padding=1)), 2)


def cumulative_sum(x: Any) -> Any:
    means = x.cumsum(dim=1) / torch.arange(1, x.shape[1] + 1)
    return means, (x > 0).cumsum(dim=1)


def top_k(x: Any, k: int = 3) -> Any:
    values, indices = torch.topk(x, k)
    return {"values": values, "indices": indices}


def gather_scatter(table: Any, ids: Any, updates: Any) -> Any:
    return F.embedding(ids, table), table.index_add(0, ids, updates)


def einsum(x: Any, weight: Any, y: Any) -> Any:
    return torch.einsum("bi,oij,bj->bo", x, weight, y)


def where_clip(x: Any, low: Any, high: Any) -> Any:
    return torch.where(x > 0, x.clamp(low, high), low)


def reshape(x: Any) -> Any:
    batch, length, width = x.shape
    heads = x.view(batch, length, 2, width // 2).transpose(1, 2)
    return heads.reshape(batch * 2, -1) * length
