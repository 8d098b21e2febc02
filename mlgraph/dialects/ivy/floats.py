"""The parts of floats."""

from xdsl.traits import Pure

from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import f64, i32, i64
from mlgraph.dialects.ivy.elementwise import (
    abs,
    bitwise_and,
    bitwise_or,
    bitwise_right_shift,
    cast,
    equal,
    isfinite,
    less,
    logical_and,
    logical_not,
    multiply,
    real_floats,
    subtract,
    where,
)
from mlgraph.dialects.ivy.manipulation import bitcast
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value

TINY, LIFT = 2.0**-1000, 54
"""Below `TINY`, what has no leading bit of its own is made larger by `LIFT` powers of 2 first."""
EXPONENT, BIAS = 0x7FF << 52, 1022


@composite(Pure(), torch="torch.frexp(x)", jax="jnp.frexp(x)", numpy="np.frexp(x)")
def frexp(x: Value) -> tuple[Value, Value]:
    """`x` as a mantissa, from a half to 1, and a power of 2, an int32; those of zeros, infinities and NaN are 0."""
    real_floats(x)
    wide = cast(x, f64) if dtype(x) != f64 else x
    small = less(abs(wide), literal(TINY, f64))
    lifted = where(small, multiply(wide, literal(2.0**LIFT, f64)), wide)
    bits = bitcast(lifted, i64)
    field = bitwise_and(bitwise_right_shift(bits, literal(52, i64)), literal(0x7FF, i64))
    power = subtract(field, where(small, literal(BIAS + LIFT, i64), literal(BIAS, i64)))
    plain = logical_and(isfinite(wide), logical_not(equal(wide, literal(0, f64))))
    fraction = bitwise_and(bits, literal(~EXPONENT, i64))
    mantissa = bitcast(bitwise_or(fraction, literal(BIAS << 52, i64)), f64)
    mantissa = where(plain, mantissa, wide)
    mantissa = mantissa if dtype(x) == f64 else cast(mantissa, dtype(x))
    return mantissa, cast(where(plain, power, literal(0, i64)), i32)
