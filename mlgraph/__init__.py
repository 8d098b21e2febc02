"""mlgraph: a multi-level graph compiler for array programs. torch, jax, tensorflow and numpy in, any of them out.

The public names load what they need when they are first used: `import mlgraph` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlgraph import errors
    from mlgraph.api import compile
    from mlgraph.graph.graph import Graph, LazyGraph
    from mlgraph.graph.module_patching import restore
    from mlgraph.serialize.load import load

    __version__: str

__all__ = ["Graph", "LazyGraph", "compile", "errors", "load", "restore"]

_MODULES = {
    "Graph": "graph.graph",
    "LazyGraph": "graph.graph",
    "compile": "api",
    "load": "serialize.load",
    "restore": "graph.module_patching",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("mlgraph.errors")
    if name == "__version__":
        return import_module("importlib.metadata").version("mlgraph")
    if name not in _MODULES:
        raise AttributeError(f"module 'mlgraph' has no attribute {name!r}")
    found = getattr(import_module(f"mlgraph.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
