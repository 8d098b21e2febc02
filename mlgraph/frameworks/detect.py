"""The framework that a function or module is written for, and the target of a call where the user names none."""

import types
from collections.abc import Sequence
from typing import Any

from mlgraph.frameworks.inspection import functions_of, package_of, variables
from mlgraph.frameworks.registry import PACKAGES, framework_of, get, neutral, of_array, of_module


def source_of(obj: Any, leaves: Sequence[Any]) -> str | None:
    """Return the framework of `obj`: of a module, of the arrays that it is called with, or of the names that it uses.

    numpy arrays go with any framework, so the names that a function uses decide when all its arrays are numpy's.
    """
    owner = getattr(obj, "__self__", obj)
    if (framework := of_module(owner)) is not None:
        return framework.name
    plain = neutral().name
    owners = [owner for leaf in leaves if (owner := of_array(leaf)) is not None]
    kinds = {owner.name if owner.frontend else plain for owner in owners}
    used = frameworks_used(obj)
    if kinds == {plain} or not kinds:
        return next((f for f in used if f != plain), plain if plain in used or kinds else None)
    named = [f for f in used if f != plain]
    if len(named) == 1 and named[0] not in kinds:
        return named[0]
    others = [f for f in kinds if f != plain]
    return others[0] if len(others) == 1 else next((f for f in used if f in others), others[0])


def target_of(obj: Any, leaves: Sequence[Any]) -> str | None:
    """Return the default target of a call of `obj`: the framework of its arrays, else the framework of `obj`."""
    plain = neutral().name
    kinds = [framework for leaf in leaves if (framework := framework_of(leaf)) is not None]
    return next((kind for kind in kinds if kind != plain), plain if kinds else source_of(obj, ()))


def frameworks_used(obj: Any) -> list[str]:
    """Return the frameworks whose modules or functions the code of `obj` names, most specific first."""
    while hasattr(obj, "func") and hasattr(obj, "args"):
        obj = obj.func
    obj = getattr(obj, "__wrapped__", obj)
    owner: object = obj
    function: Any = obj if isinstance(obj, types.FunctionType) else vars(type(owner)).get("__call__")
    function = getattr(obj, "__func__", function)
    if not isinstance(function, types.FunctionType):
        return [PACKAGES[package_of(obj)]] if package_of(obj) in PACKAGES else []
    found: list[str] = []
    for value in _named_values(function):
        root = value.__name__.partition(".")[0] if isinstance(value, types.ModuleType) else package_of(value)
        if root in PACKAGES and PACKAGES[root] not in found and get(PACKAGES[root]).frontend:
            found.append(PACKAGES[root])
    return found


def _named_values(function: types.FunctionType) -> list[Any]:
    """Return the globals and closure variables that a function names, and those of the functions among them."""
    return [value for inner in functions_of(function) for value in variables(inner).values()]
