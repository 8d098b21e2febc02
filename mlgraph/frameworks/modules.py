"""Modules with weights, of any framework."""

from collections.abc import Iterable, Iterator
from typing import Any

from mlgraph.frameworks.registry import of_module


def is_module(obj: Any) -> bool:
    """Return whether `obj` is a module with weights."""
    return of_module(obj) is not None


def is_watched(obj: Any) -> bool:
    """Return whether `obj` is a module whose attributes and hooks mlgraph watches, such as one of torch."""
    framework = of_module(obj)
    return framework is not None and framework.watches_modules


def submodules(obj: Any) -> list[Any]:
    """Return the modules inside a module that mlgraph watches, at any depth."""
    framework = of_module(obj)
    return [] if framework is None else framework.submodules(obj)


def watched_modules(objs: Iterable[Any]) -> list[Any]:
    """Return the modules among `objs` that mlgraph watches, and those inside them."""
    return [module for obj in objs if is_watched(obj) for module in (obj, *submodules(obj))]


def weights_below(objs: Iterable[Any]) -> Iterator[Any]:
    """Yield the weights and buffers of the modules among `objs` that mlgraph watches, and of those inside them."""
    for obj in objs:
        if (framework := of_module(obj)) is not None:
            for module in (obj, *framework.submodules(obj)):
                yield from (weight for _, weight in framework.weights(module) if weight is not None)
