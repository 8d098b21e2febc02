"""The functions that README.md shows."""

import torch
import torch.nn.functional as F


def softmax(x):
    """Written with elementary operations, as one does before knowing better."""
    shifted = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    return shifted * 1.0 / shifted.sum(-1, keepdim=True)


def attend(x, wq, wk, wv, w, b):
    """A residual attention head and its feed-forward layer."""
    h = F.layer_norm(x, (64,))
    weights = torch.softmax((h @ wq) @ (h @ wk).transpose(-1, -2) * 0.125, dim=-1)
    x = x + weights @ (h @ wv)
    return x + F.gelu(F.linear(x, w, b)), weights.amax(-1)
