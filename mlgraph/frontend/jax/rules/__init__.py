"""From primitives of jax to ivy ops, a module per family."""

from mlgraph.frontend.jax.rules import (
    calls,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    manipulation,
    random,
    reduction,
    windows,
)
from mlgraph.frontend.jax.rules.registry import RULES

__all__ = [
    "RULES",
    "calls",
    "control",
    "convolution",
    "elementwise",
    "indexing",
    "linalg",
    "manipulation",
    "random",
    "reduction",
    "windows",
]
