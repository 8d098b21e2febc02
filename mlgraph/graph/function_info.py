"""What a graph knows of the function that it was made from."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlgraph.frameworks import of_module


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


def callable_of(obj: Any) -> tuple[Callable[..., Any], inspect.Signature]:
    """What to call to run `obj` as its framework does, hooks included, and the signature of the user's own code."""
    framework = of_module(obj)
    name = None if framework is None else framework.forward(obj)
    if framework is None or name is None:
        return obj, signature_of(obj)
    signature = signature_of(getattr(obj, name))
    return _with_keywords(obj, signature) if framework.takes_flags_by_name(obj) else obj, signature


def _with_keywords(layer: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """Return a function that calls a keras layer, which takes no flags by position, with all but its first by name."""
    kinds = [p.kind for p in signature.parameters.values()]
    names = () if inspect.Parameter.VAR_POSITIONAL in kinds else (*signature.parameters,)[1:]

    forward: Callable[..., Any] = type(layer).call

    @functools.wraps(forward)
    def call(*args: Any, **kwargs: Any) -> Any:
        by_name = dict(zip(names, args[1:]))
        return layer(*(args[:1] if names else args), **by_name, **kwargs)

    return call


def signature_of(function: Any) -> inspect.Signature:
    """The signature of a callable; `(*args, **kwargs)` where Python does not know it."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        kinds = (("args", inspect.Parameter.VAR_POSITIONAL), ("kwargs", inspect.Parameter.VAR_KEYWORD))
        return inspect.Signature([inspect.Parameter(name, kind) for name, kind in kinds])


def name_of(obj: Any) -> str:
    """What errors call `obj`."""
    while hasattr(obj, "func") and hasattr(obj, "args"):
        obj = obj.func
    return str(getattr(obj, "__name__", type(obj).__name__))
