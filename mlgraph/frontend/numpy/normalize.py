"""Coercion of the arguments of rules by their annotations, and of their results: they are written to `out`.

A rule has the parameters of the numpy function that it captures, annotated with the types below:

    @implements(np.median)
    def median(a: ArrayLike, axis: Axes = None, out: UnsafeOut = None, *, keepdims: KeepDims = False) -> TracedArray:

It is given `a` as a traced array, `axis` as a tuple of axes counted from the front, and `keepdims` as a bool. An
argument that is `np._NoValue` is dropped, so that the rule's default holds. A rule may look at `out`, whose type some
results depend on; what it returns is written there, or becomes a numpy scalar where it has no axes and no `out`.
"""

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, cast

import numpy as np

from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.outputs import Output
from mlgraph.frontend.numpy.sizes import is_dim
from mlgraph.frontend.numpy.tables import FUNCTIONS
from mlgraph.frontend.numpy.wrapping import as_array

Rule: TypeAlias = Callable[..., Any]

_NO_VALUE = np._NoValue  # pyright: ignore[reportPrivateUsage]


def normal_axis(axis: Any, ndim: int) -> int:
    """Return an axis counted from the front."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def normal_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front, of None, an int or a tuple. Raise `TypeError` for a list, as numpy does."""
    if axes is None:
        return tuple(range(ndim))
    given = cast("tuple[Any, ...]", axes) if isinstance(axes, tuple) else (axes,)
    found = tuple(normal_axis(a, ndim) for a in given)
    if len(set(found)) != len(found):
        raise ValueError("repeated axis")
    return found


def listed_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front, of None, an int or any sequence."""
    return normal_axes(axes if axes is None or is_dim(axes) else tuple(axes), ndim)


def _every_axis(array: TracedArray, axis: Any) -> tuple[TracedArray, tuple[int, ...]]:
    return array, normal_axes(axis, array.ndim)


def _every_listed_axis(array: TracedArray, axis: Any) -> tuple[TracedArray, tuple[int, ...]]:
    return array, listed_axes(axis, array.ndim)


def _flat_axis(array: TracedArray, axis: Any) -> tuple[TracedArray, int]:
    return (array.reshape(-1), 0) if axis is None else (array, normal_axis(axis, array.ndim))


def _dtype(value: Any) -> np.dtype[Any] | None:
    return None if value is None else np.dtype(value)


ArrayLike = Annotated[TracedArray, as_array]
"""Whatever `np.asarray` takes."""
DTypeLike = Annotated[np.dtype[Any] | None, _dtype]
KeepDims = Annotated[bool, bool]
Axes = Annotated[tuple[int, ...], _every_axis]
"""None (every axis), an int or a tuple of them: axes of the first parameter, counted from the front."""
ListedAxes = Annotated[tuple[int, ...], _every_listed_axis]
"""Like `Axes`, for functions of numpy that also take a list."""
FlatAxis = Annotated[int, _flat_axis]
"""An axis of the first parameter, counted from the front; None flattens that array."""

OutArray = Annotated[Any, Output()]
UnsafeOut = Annotated[Any, Output(casting="unsafe")]
"""An `out` of any type."""
UfuncOut = Annotated[Any, Output(broadcasts=True, unpacks=True)]
"""The `out` of a function that is made of ufuncs, which broadcast to it."""
ReducedOut = Annotated[Any, Output(casting="unsafe", unpacks=True)]
"""The `out` of `ufunc.reduce` and its kin."""
ScannedOut = Annotated[Any, Output(casting="unsafe", broadcasts=True, unpacks=True)]
"""The `out` of `ufunc.accumulate`."""
ReadOut = Annotated[Any, Output(casting="unsafe", reads=True)]
"""An `out` that numpy reads before it writes it, as `np.take` does."""
SameOut = Annotated[Any, Output(casting="no")]
"""An `out` of the very type of the result, as for `np.dot`."""


def implements(*functions: Any) -> Callable[[Rule], Rule]:
    """Return a decorator that makes a rule capture these numpy functions.

    A rule that returns NotImplemented leaves the call to numpy's own code.
    """

    def register(rule: Rule) -> Rule:
        normal = normalized(rule)
        FUNCTIONS.update(dict.fromkeys(functions, normal))
        return normal

    return register


def normalized(rule: Rule) -> Rule:
    """Return a rule that coerces its arguments and writes to `out` as its annotations say."""
    parameters = inspect.signature(rule).parameters
    roles = {n: p.annotation.__metadata__[0] for n, p in parameters.items() if hasattr(p.annotation, "__metadata__")}
    output, along = roles.pop("out", None), roles.pop("axis", None)
    if not roles and output is None and along is None:
        return rule
    array = next((name for name, role in roles.items() if role is as_array), None)
    axis, casting = (parameters[n].default if n in parameters else None for n in ("axis", "casting"))
    names = [name for name, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    nameless = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_ONLY]

    @functools.wraps(rule)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = _by_name(rule, names, args, kwargs)
        given = {n: roles[n](x) if n in roles else x for n, x in given.items() if x is not _NO_VALUE}
        if along is not None and array in given:
            given[array], given["axis"] = along(given[array], given.get("axis", axis))
        if output is not None:
            given["out"] = output.argument(given.get("out"))
        out = given.get("out")
        result = rule(*(given.pop(name) for name in nameless if name in given), *args[len(names) :], **given)
        return result if output is None else output.finish(out, result, kwargs.get("casting", casting))

    return call


def _by_name(rule: Rule, names: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    given = dict(zip(names, args))
    if not given.keys().isdisjoint(kwargs):
        raise TypeError(f"{rule.__name__}() got multiple values for an argument")
    return given | kwargs
