"""Integers in the order of any array, because tensorflow's own searches and sorts lose their way at NaN."""

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import FLOATS, DType, bf16, f16, f32, f64, i1, i16, i32, i64, ui8, width_of
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value

BITS: dict[DType, DType] = {f16: i16, bf16: i16, f32: i32, f64: i64}


def order_key(x: Value, nan_above: bool = True) -> Value:
    """Return integers that compare as the elements of `x` do, NaN above (or below) all others and zeros equal.

    The bits of a float read as an integer are in order for positive floats, in reverse order for negative ones.
    """
    if dtype(x) == i1:
        return ivy.cast(x, ui8)
    if dtype(x) not in FLOATS:
        return x
    bits = ivy.bitcast(ivy.where(ivy.equal(x, number(x, 0)), number(x, 0), x), BITS[dtype(x)])
    width = width_of(dtype(bits))
    most = 2 ** (width - 1) - 1
    sign = ivy.bitwise_right_shift(bits, number(bits, width - 1))
    key = ivy.bitwise_xor(bits, ivy.bitwise_and(sign, number(bits, most)))
    key = ivy.where(ivy.isnan(x), number(bits, most if nan_above else -most - 1), key)
    return ivy.cast(key, i32) if dtype(key) == i16 else key
