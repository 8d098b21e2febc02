"""The raise table: an ATen overload by name, and the function that raises it."""

from importlib import import_module

from mlgraph.frontend.torch.table.rule import RULES
from mlgraph.frontend.torch.table.scalars import SCALARS

FAMILIES = (
    "creation",
    "ctc",
    "elementwise",
    "factorization",
    "experts",
    "fourier",
    "indexing",
    "linalg",
    "manipulation",
    "nn",
    "normalisation",
    "pooling",
    "random",
    "recurrent",
    "reduction",
    "resampling",
    "scalars",
    "scatter",
    "solving",
    "sorting",
    "special",
    "special_rare",
    "statistics",
    "strided",
    "unique",
    "prims",
)
"""The modules that declare rules; prims come last, for they stand for rules of the others."""

for family in FAMILIES:
    import_module(f"{__name__}.{family}")

__all__ = ["RULES", "SCALARS"]
