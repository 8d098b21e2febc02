"""Proxies of the user's objects, whose methods run with rebound globals."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any


class ObjectProxy:
    """An object inside of its own methods: attributes are the object's, methods and arrays are substituted."""

    __slots__ = ("_adapt", "_object")
    _adapt: Callable[[Any], Any]
    _object: Any

    def __init__(self, object: Any, adapt: Callable[[Any], Any]) -> None:
        _set(self, "_object", object)
        _set(self, "_adapt", adapt)

    def __getattribute__(self, name: str) -> Any:
        if name in ("_object", "_adapt"):
            return _get(self, name)
        object, adapt = _get(self, "_object"), _get(self, "_adapt")
        found = getattr(object, name)
        if (
            isinstance(found, types.MethodType)
            and found.__self__ is object
            and isinstance(found.__func__, types.FunctionType)
        ):
            return types.MethodType(adapt(found.__func__), self)
        return adapt(found)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_get(self, "_object"), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_get(self, "_object"), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _special(self, "__call__")(*args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._adapt(_special(self, "__getitem__")(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        _special(self, "__setitem__")(key, value)

    def __len__(self) -> int:
        return len(self._object)

    def __iter__(self) -> Iterator[Any]:
        return map(self._adapt, iter(self._object))

    def __contains__(self, value: Any) -> bool:
        return value in self._object

    def __bool__(self) -> bool:
        return bool(self._object)

    def __eq__(self, other: object) -> bool:
        return self._object == unproxied(other)

    def __hash__(self) -> int:
        return hash(self._object)

    def __repr__(self) -> str:
        return repr(self._object)

    def __enter__(self) -> Any:
        return _special(self, "__enter__")()

    def __exit__(self, *args: Any) -> Any:
        return _special(self, "__exit__")(*args)


def _special(self: Any, name: str) -> Callable[..., Any]:
    """Return a method that Python looks up on the class."""
    target: object = self._object
    function = getattr(type(target), name)
    if isinstance(function, types.FunctionType):
        return types.MethodType(self._adapt(function), self)
    return types.MethodType(function, target)


def unproxied(value: Any) -> Any:
    """Return the object of an `ObjectProxy`; return any other value itself."""
    return _get(value, "_object") if type(value) is ObjectProxy else value


_get = object.__getattribute__
_set = object.__setattr__
