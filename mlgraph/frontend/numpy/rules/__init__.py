"""Rules that capture numpy functions, one module for each family.

Functions that are not here are captured by running numpy's own Python code on traced arrays.
"""

from mlgraph.frontend.numpy import generalized
from mlgraph.frontend.numpy.rules import (
    elementwise,
    fourier,
    indexing,
    linalg,
    manipulation,
    missing_values,
    padding,
    polynomials,
    products,
    reduction,
    sets,
    sorting,
    statistics,
    windows,
)

__all__ = [
    "elementwise",
    "fourier",
    "generalized",
    "indexing",
    "linalg",
    "manipulation",
    "missing_values",
    "padding",
    "polynomials",
    "products",
    "reduction",
    "sets",
    "sorting",
    "statistics",
    "windows",
]
