# pyright: basic
"""Casts of jax: floats out of range give the nearest integer and NaN gives 0, on every target and inside kernels."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

import mlgraph
from mlgraph.frameworks.arrays import as_numpy

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
REALS = ("float16", "bfloat16", "float32", "float64")
POWERS = [sign * 2.0**power for power in (7, 8, 15, 16, 31, 32, 63, 64, 100) for sign in (1, -1)]
NUMBERS = [np.inf, -np.inf, np.nan, 0.0, -0.0, 0.5, -0.5, 127.9, 255.9, -128.9, -129.0, 65535.9, 2147483520.0, *POWERS]
WHOLE = [0, 1, -1, 127, 128, 255, 256, -129, 65536, 2**31, -(2**31) - 1, 2**32 + 5, 2**63 - 1, -(2**63)]


def operand(name: str) -> np.ndarray:
    if name not in (*REALS, "complex64"):
        return np.array(WHOLE).astype(name)
    with np.errstate(over="ignore"):
        reals = np.array(NUMBERS).astype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    return reals + np.complex64(2j) if name == "complex64" else reals


def cast(xs):
    """Casts alone: a kernel takes in none of them."""
    return [x.astype(to) for x in xs for to in INTEGERS]


def cast_in_chains(xs):
    """Casts between other elementwise operations."""
    return [jnp.abs(-x).astype(to) * 3 for x in xs for to in INTEGERS]


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
@pytest.mark.parametrize(
    ("function", "names"),
    [(cast, (*REALS, "complex64", "int64", "uint32", "int8", "bool")), (cast_in_chains, REALS)],
    ids=["casts", "chains"],
)
@pytest.mark.filterwarnings("ignore:Casting from complex")
def test_every_cast_is_jaxs(function, names, to):
    with jax.enable_x64(True):
        xs = [jnp.asarray(operand(name)) for name in names]
        expected = [np.asarray(y) for y in jax.jit(function)(xs)]
        graph = mlgraph.compile(function, to=to, x64=True if to == "jax" else None)
        found = [as_numpy(y) for y in graph(xs)]
    for y, wanted in zip(found, expected, strict=True):
        assert y.dtype == wanted.dtype
        np.testing.assert_array_equal(y, wanted)
    if function is cast_in_chains and to in ("torch", "numpy"):
        assert graph.kernels


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_a_number_cast_at_capture_is_jaxs(to):
    def function(x):
        return x + jnp.array([jnp.nan, 3e9, -3e9, jnp.inf]).astype(jnp.int32)

    x = jnp.arange(4, dtype=jnp.int32)
    np.testing.assert_array_equal(as_numpy(mlgraph.compile(function, to=to)(x)), function(x))
