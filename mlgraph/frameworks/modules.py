"""Modules with weights, of any framework."""

from collections.abc import Iterable
from typing import Any

from mlgraph.frameworks.registry import of_module


def is_module(obj: Any) -> bool:
    """Whether `obj` is a module with weights."""
    return of_module(obj) is not None


def is_watched(obj: Any) -> bool:
    """Whether `obj` is a module whose attributes and hooks mlgraph watches, as one of torch."""
    framework = of_module(obj)
    return framework is not None and framework.watches_modules


def submodules(obj: Any) -> list[Any]:
    """The modules inside a module that mlgraph watches, however deep."""
    framework = of_module(obj)
    return [] if framework is None else framework.submodules(obj)


def watched_modules(objs: Iterable[Any]) -> list[Any]:
    """The modules among `objs` that mlgraph watches, and those inside them."""
    return [module for obj in objs if is_watched(obj) for module in (obj, *submodules(obj))]
