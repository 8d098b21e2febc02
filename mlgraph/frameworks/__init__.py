"""What depends on which framework: one `Framework` each, and the registry of all of them.

No framework's library is imported before one of its arrays, modules or random numbers is needed.
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
