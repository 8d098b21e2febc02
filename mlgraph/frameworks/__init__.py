"""The supported frameworks: one `Framework` object for each, and the registry of all of them.

The library of a framework is imported only when its arrays, modules or random numbers are needed.
"""

from mlgraph.frameworks.base import CPU, Framework
from mlgraph.frameworks.registry import PACKAGES, every, framework_of, get, names, neutral, of_array, of_module

__all__ = [
    "CPU",
    "PACKAGES",
    "Framework",
    "every",
    "framework_of",
    "get",
    "names",
    "neutral",
    "of_array",
    "of_module",
]
