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
    import jax
    import jax.numpy as jnp

    tried = 0
    with jax.enable_x64(True):
        for dtype in dtypes(JAX):
            x, number = jnp.asarray([1, 1, 3]).astype(dtype), number_of(dtype)
            condition = jnp.asarray([True, False, True])
            try:
                wanted = calls(resolved(path), path, place, jnp.asarray(number).astype(dtype), condition)(x)
            except (TypeError, ValueError):
                continue
            call = calls(resolved(path), path, place, number, condition)
            assert jax.eval_shape(call, x).dtype == wanted.dtype, dtype
            found = call(x)
            assert found.dtype == wanted.dtype, dtype
            assert not found.weak_type, dtype
            np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted), dtype)
            tried += 1
    assert tried


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
