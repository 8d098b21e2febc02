"""Draws of numpy that a call template cannot spell."""

from collections.abc import Callable, Mapping
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects.backend import backend
from mlgraph.dialects.dtypes import HALF_PRECISION, DType, bf16, f16, f32
from mlgraph.dialects.parameters import Shape

NUMPY = backend("numpy")
PRECISION: dict[DType, int] = {f16: 11, bf16: 8}
"""The bits of the half types: multiples of 2**-bits below 1 are numbers of the type."""


def uniform(rng: SSAValue, shape: Shape, dtype: DType, low: float, high: float) -> SSAValue:
    """Draw half types as integers over their precision: a wider float rounds to 1."""
    bits = PRECISION.get(dtype)
    if bits is None:
        drawn = NUMPY.np.random.Generator.random(rng, shape, dtype)
    else:
        drawn = _operated("mul", NUMPY.np.random.Generator.integers(rng, 0, 2**bits, shape), 2.0**-bits)
    if (low, high) != (0.0, 1.0):
        drawn = _operated("add", _operated("mul", drawn, high - low), low)
    return drawn if bits is None else NUMPY.np.ndarray.astype(drawn, dtype)


def normal(rng: SSAValue, shape: Shape, dtype: DType) -> SSAValue:
    """Draw half types as float32, and round."""
    half = dtype in HALF_PRECISION
    drawn = NUMPY.np.random.Generator.standard_normal(rng, shape, f32 if half else dtype)
    return NUMPY.np.ndarray.astype(drawn, dtype) if half else drawn


def _operated(operator: str, a: Any, b: Any) -> SSAValue:
    return NUMPY.call(f"operator.{operator}", (a, b), {})[0]


RULES: Mapping[str, Callable[..., SSAValue]] = {"uniform": uniform, "normal": normal}
"""The rules by the names of the operations that they draw for."""
