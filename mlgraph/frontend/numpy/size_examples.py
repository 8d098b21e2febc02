"""Numbers that follow from sizes alone, as `n / 2` and `np.arange(n)`: values of the graph that Python may read.

Each carries what it is for the example inputs. A look fixes the sizes that it follows from, which join the signature.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import numpy as np

from mlgraph.frontend.numpy.array_data import ArrayData, Example
from mlgraph.frontend.numpy.sizes import Dim, Size, examples, fix

MAX_EXAMPLE_SIZE = 1024
"""The size of the largest array whose elements are also computed for the example inputs."""


def example_of(array: ArrayData) -> Example | None:
    """Return the example of an array, None where its elements follow from more than sizes."""
    example = array._example
    return example if example is None or _version(array) == example.version else None


def look(array: ArrayData) -> np.ndarray | None:
    """Return the elements of an array that follow from sizes, and fix these; return None for other arrays."""
    example = example_of(array)
    if example is None:
        return None
    for size in example.sizes:
        fix(size)
    return example.value


def with_examples(results: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return `results` with examples attached if each argument has an example or is no value of the graph."""
    given = [*args, *kwargs.values()]
    if not any(map(_has_sizes, _leaves(given))) or not all(map(_is_small, _leaves(results))):
        return results
    with suppress(Exception), np.errstate(all="ignore"):
        sizes = tuple(size for x in _leaves(given) for size in _sizes(x))
        found = function(*map(_example, args), **{name: _example(x) for name, x in kwargs.items()})
        for result, value in zip(_leaves(results), _leaves(found), strict=True):
            attach(result, value, sizes)
    return results


def attach(array: Any, value: Any, sizes: tuple[Dim, ...]) -> Any:
    """Attach its elements for the example inputs to an array."""
    if hasattr(array, "_example") and array._real is None:
        array._example = Example(_read_only(np.array(value, array._dtype)), sizes, _version(array))
    return array


class _Unknown(Exception):
    """Raised for a value of the graph that has no example."""


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, list | tuple):
        for item in cast("list[Any]", x):
            yield from _leaves(item)
    elif type(x) is slice:
        yield from (x.start, x.stop, x.step)
    else:
        yield x


def _has_sizes(x: Any) -> bool:
    return type(x) is Size or getattr(x, "_example", None) is not None


def _is_small(result: Any) -> bool:
    dims = examples(getattr(result, "_dims", ()))
    return dims is None or math.prod(dims) <= MAX_EXAMPLE_SIZE


def _sizes(x: Any) -> tuple[Dim, ...]:
    if type(x) is Size:
        return (x,)
    example = getattr(x, "_example", None)
    return () if example is None else example.sizes


def _example(x: Any) -> Any:
    """Return an argument for the example inputs; Python numbers stay such, since they promote weakly."""
    if isinstance(x, list | tuple):
        items = cast("list[Any]", x)
        return type(items)(map(_example, items))
    if type(x) is Size:
        if x.hint is None:
            raise _Unknown
        return x.hint
    if type(x) is slice:
        return slice(_example(x.start), _example(x.stop), _example(x.step))
    return _elements(x) if hasattr(x, "_example") else x


def _elements(array: ArrayData) -> Any:
    if array._real is not None:
        return _read_only(array._real.view())
    example = example_of(array)
    if example is None:
        raise _Unknown
    if array._kind is np.ndarray:
        return example.value
    return example.value[()] if array._kind is np.generic else example.value.item()


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _version(array: ArrayData) -> int:
    while array._parent is not None:
        array = array._parent
    return -1 if array._storage is None else array._storage.version
