# pyright: basic
"""A Python number in the place of a 0-d array changes neither the value nor the element type, eagerly or staged."""

from collections.abc import Callable
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from mlgraph.dialects.backend import Backend, backend
from mlgraph.dialects.dtypes import BY_NAME

NUMBERS = {"bool": True, "float": 2.5, "complex": 2.5 + 1j, "int": 2, "uint": 2, "bfloat": 2.5}
JAX, TENSORFLOW = backend("jax"), backend("tensorflow")


def functions(backend: Backend) -> list[Any]:
    takes = backend.takes_numbers.items()
    return [pytest.param(path, place, id=f"{path}-{place}") for path, places in takes for place in places]


def resolved(path: str) -> Callable[..., Any]:
    module, *names = path.split(".")
    return reduce(getattr, names, import_module(module))


def calls(function: Callable[..., Any], path: str, place: int, number: Any, condition: Any) -> Callable[[Any], Any]:
    """The function of one array `x`, with `number` at `place` and what else it takes beside it."""
    if path.endswith(".where"):
        return lambda x: function(condition, *(number if i == place else x for i in (1, 2)))
    if "clip" in path:
        return lambda x: function(x, *(number if i == place else x for i in (1, 2)))
    return lambda x: function(*(number if i == place else x for i in (0, 1)))


def dtypes(backend: Backend) -> list[str]:
    return [name for name, dtype in BY_NAME.items() if dtype not in backend.unwritten]


def number_of(dtype: str) -> Any:
    return NUMBERS[dtype.rstrip("0123456789")]


@pytest.mark.parametrize(("path", "place"), functions(JAX))
def test_jax(path: str, place: int):
    """All element types are compiled together, since each compilation takes long; the first runs eagerly too."""
    import jax
    import jax.numpy as jnp

    function, condition = resolved(path), np.array([True, False, True])

    def by_number(dtype: str) -> Callable[[Any], Any]:
        return calls(function, path, place, number_of(dtype), condition)

    def by_array(dtype: str) -> Callable[[Any], Any]:
        return calls(function, path, place, jnp.asarray(number_of(dtype)).astype(dtype), condition)

    def takes(dtype: str, x: Any) -> bool:
        try:
            return bool(jax.eval_shape(by_array(dtype), x).shape)
        except (TypeError, ValueError):
            return False

    with jax.enable_x64(True):
        arrays = {dtype: jnp.asarray([1, 1, 3]).astype(dtype) for dtype in dtypes(JAX)}
        arrays = {dtype: x for dtype, x in arrays.items() if takes(dtype, x)}
        wanted = jax.jit(lambda xs: {dtype: by_array(dtype)(x) for dtype, x in xs.items()})(arrays)
        found = jax.jit(lambda xs: {dtype: by_number(dtype)(x) for dtype, x in xs.items()})(arrays)
        first = next(iter(arrays))
        for dtype, y in [*found.items(), (first, by_number(first)(arrays[first]))]:
            assert y.dtype == wanted[dtype].dtype, dtype
            assert not y.weak_type, dtype
            np.testing.assert_array_equal(np.asarray(y), np.asarray(wanted[dtype]), dtype)


@pytest.mark.parametrize(("path", "place"), functions(TENSORFLOW))
def test_tensorflow(path: str, place: int):
    import tensorflow as tf

    tried = 0
    for dtype in dtypes(TENSORFLOW):
        x, number = tf.cast(tf.constant([1, 1, 3]), dtype), number_of(dtype)
        condition = tf.constant([True, False, True])
        try:
            wanted = calls(resolved(path), path, place, tf.constant(number, dtype), condition)(x)
        except (TypeError, ValueError, tf.errors.OpError):
            continue
        call = calls(resolved(path), path, place, number, condition)
        traced = tf.function(call).get_concrete_function(tf.TensorSpec([None], dtype))
        assert traced.structured_outputs.dtype == wanted.dtype, dtype
        found = call(x)
        assert found.dtype == wanted.dtype, dtype
        np.testing.assert_array_equal(found.numpy(), wanted.numpy(), dtype)
        tried += 1
    assert tried
