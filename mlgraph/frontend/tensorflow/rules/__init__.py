"""From operations of tensorflow to ivy ops, a module per family."""

from mlgraph.frontend.tensorflow.rules import (
    control,
    convolution,
    elements,
    elementwise,
    fft,
    image,
    indexing,
    linalg,
    lists,
    manipulation,
    nn,
    random,
    reduction,
    segments,
    special,
    state,
    windows,
)
from mlgraph.frontend.tensorflow.rules.registry import ELEMENTS, RULES

__all__ = [
    "ELEMENTS",
    "RULES",
    "control",
    "convolution",
    "elements",
    "elementwise",
    "fft",
    "image",
    "indexing",
    "linalg",
    "lists",
    "manipulation",
    "nn",
    "random",
    "reduction",
    "segments",
    "special",
    "state",
    "windows",
]
