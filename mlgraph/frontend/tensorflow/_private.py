# pyright: basic
"""The one door to the internals of tensorflow: `tensorflow.python`, and names of it that it does not promise.

Checked against tensorflow 2.21. Beside these the frontend reads `Module._flatten` and keras's `_flatten_layers`, and
`size_access_hooks.py` patches members of `TensorShape` and `SymbolicTensor` during a capture, and `path_reads.py` the
methods of tensors by which Python reads elements.
"""

from collections.abc import Sequence
from typing import Any

from tensorflow.python.eager.context import context
from tensorflow.python.eager.execute import quick_execute
from tensorflow.python.framework.func_graph import FuncGraph
from tensorflow.python.framework.ops import SymbolicTensor, _EagerTensorBase

EagerTensorBase: Any = _EagerTensorBase

__all__ = ["EagerTensorBase", "SymbolicTensor", "execute_now", "function_in"]


def execute_now(name: str, outputs: int, inputs: Sequence[Any], attributes: Sequence[Any]) -> list[Any]:
    """Run an operation eagerly; `attributes` has a name before each value."""
    return quick_execute(name, outputs, inputs, attributes, context())


def function_in(graph: Any, name: str) -> Any:
    """Return the graph of a function that `graph` holds under this name, or None."""
    if not isinstance(graph, FuncGraph) or not graph._is_function(name):
        return None
    found: Any = graph._get_function(name)
    return found.graph
