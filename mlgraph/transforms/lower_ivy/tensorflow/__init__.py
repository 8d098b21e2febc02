"""Rules for tensorflow where an operation's template is too little, a file per family."""

from mlgraph.transforms.lower_ivy.tensorflow import (
    convolution,
    creation,
    elementwise,
    fft,
    indexing,
    linalg,
    manipulation,
    nn,
    reduction,
    sorting,
)
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule

__all__ = (
    "convolution",
    "creation",
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "manipulation",
    "nn",
    "reduction",
    "rule",
    "sorting",
)
