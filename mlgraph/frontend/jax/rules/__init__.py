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
from mlgraph.frontend.jax.rules.registry import ROWS, RULES

__all__ = [
    "ROWS",
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
