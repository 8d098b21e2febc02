"""What a graph knows of the function that it was made from."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FunctionInfo:
    """A function to specialize: what to call, what errors call it, and its two frameworks."""

    function: Any
    """The object that was compiled, in which modules with weights may be found."""
    original: Callable[..., Any]
    """What to call to run it as its framework does, hooks included."""
    signature: inspect.Signature
    name: str
    source: str
    """The framework that it is written for."""
    to: str
    """The target."""
