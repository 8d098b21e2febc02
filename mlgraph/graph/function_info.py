"""The function that a graph was made from."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from mlgraph.frameworks import of_module


@dataclass(frozen=True, kw_only=True)
class FunctionInfo:
    """A function to specialize, with its signature, its name in errors, and its two frameworks."""

    function: Any
    """The object that was compiled, which may hold modules with weights."""
    original: Callable[..., Any]
    """The callable that runs it as its framework does, hooks included."""
    signature: inspect.Signature
    name: str
    source: str
    """The framework for which it is written."""
    to: str
    """The target."""


def callable_of(obj: Any) -> tuple[Callable[..., Any], inspect.Signature]:
    """Return the callable that runs `obj` as its framework does, and the signature of the user's code."""
    framework = of_module(obj)
    name = None if framework is None else framework.forward(obj)
    if framework is None or name is None:
        return obj, signature_of(obj)
    signature = signature_of(getattr(obj, name))
    return _with_keywords(obj, signature) if framework.takes_flags_by_name(obj) else obj, signature


def _with_keywords(layer: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """Return a function that passes all arguments of a keras layer but the first by name, as keras requires."""
    kinds = [p.kind for p in signature.parameters.values()]
    names = () if inspect.Parameter.VAR_POSITIONAL in kinds else (*signature.parameters,)[1:]
    cls: Any = cast(object, type(layer))

    @functools.wraps(cls.call)
    def call(*args: Any, **kwargs: Any) -> Any:
        by_name = dict(zip(names, args[1:]))
        return layer(*(args[:1] if names else args), **by_name, **kwargs)

    return call


def signature_of(function: Any) -> inspect.Signature:
    """Return the signature of a callable; `(*args, **kwargs)` if Python cannot tell."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        kinds = (("args", inspect.Parameter.VAR_POSITIONAL), ("kwargs", inspect.Parameter.VAR_KEYWORD))
        return inspect.Signature([inspect.Parameter(name, kind) for name, kind in kinds])


def name_of(obj: Any) -> str:
    """Return the name of `obj` for errors."""
    while hasattr(obj, "func") and hasattr(obj, "args"):
        obj = obj.func
    return str(getattr(obj, "__name__", type(obj).__name__))
