"""The rules of torch: an ATen overload by name, and the function that imports it."""

from importlib import import_module

from mlgraph.frontend.torch.rules.registry import RULES
from mlgraph.frontend.torch.rules.scalars import SCALARS

FAMILIES = (
    "creation",
    "control",
    "ctc",
    "elementwise",
    "factorization",
    "experts",
    "fourier",
    "indexing",
    "linalg",
    "manipulation",
    "nn",
    "normalization",
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
