"""Reductions and scans."""

from collections.abc import Callable
from functools import reduce
from math import inf, nan

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.backend import Callee
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import HALF_PRECISION, DType, f32, i1, i32, i64, ui8
from mlgraph.dialects.ivy.prelude import move_axis, number
from mlgraph.dialects.ivy.reduction import root
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.dialects.ivy.types import normal_axes, rank, shape_of
from mlgraph.dialects.parameters import Ints, Scalar, Value
from mlgraph.transforms.lower_ivy.shared import highest_of, is_value, lowest_of, size, sizes, typed
from mlgraph.transforms.lower_ivy.tensorflow.order import order_key
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

rule.widen(
    HALF_PRECISION, f32,
    ivy.sum, ivy.prod, ivy.mean, ivy.var, ivy.std, ivy.logsumexp,
    ivy.cumulative_sum, ivy.cumulative_prod, ivy.cumulative_logsumexp,
)  # fmt: skip
rule.widen((i1,), ui8, ivy.max, ivy.min, ivy.cumulative_max, ivy.cumulative_min)


@rule(ivy.var)
def var(x: Value, axis: Ints | None = None, correction: float = 0.0, keepdims: bool = False) -> Value:
    spread = tf.math.reduce_variance(x, axis=axis, keepdims=keepdims)
    if not correction:
        return spread
    (type,) = ivy.var.infer(x=x, axis=axis, correction=correction, keepdims=keepdims)
    return ivy.multiply(typed(spread, type), _corrected(x, axis, correction, dtype_of(type)))


def _corrected(x: Value, axis: Ints | None, correction: float, d: DType) -> Value:
    """Return the factor of a variance over `axis`: the count over the count less `correction`."""
    count = reduce(arithmetic.multiply, (size(x, a) for a in normal_axes(axis, rank(x))), 1)
    if is_value(count):
        total = ivy.from_size((count,), d)
        left = ivy.maximum(ivy.subtract(total, number(total, correction)), number(total, 0))
        return ivy.divide(total, left)
    left = max(count - correction, 0)
    return literal(count / left if left else inf if count else nan, d)


@rule(ivy.std)
def std(x: Value, axis: Ints | None = None, correction: float = 0.0, keepdims: bool = False) -> Value:
    return root(ivy.var(x, axis, correction, keepdims))


# Places


@rule(ivy.argmax)
def argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return _place(tf.argmax, order_key(x, nan_above=True), axis, dtype, keepdims)


@rule(ivy.argmin)
def argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return _place(tf.argmin, order_key(x, nan_above=False), axis, dtype, keepdims)


def _place(function: Callee, key: Value, axis: int, dtype: DType, keepdims: bool) -> Value:
    wide = dtype if dtype in (i32, i64) else i64
    (type,) = ivy.argmax.infer(x=key, axis=axis, dtype=wide)
    found = typed(function(key, axis=axis, output_type=wide), type)
    found = found if wide == dtype else ivy.cast(found, dtype)
    return ivy.expand_dims(found, (axis,)) if keepdims else found


# Scans


@rule(ivy.cumulative_max)
def cumulative_max(x: Value, axis: int) -> Value:
    return _scan(tf.maximum, x, axis, lowest_of)


@rule(ivy.cumulative_min)
def cumulative_min(x: Value, axis: int) -> Value:
    return _scan(tf.minimum, x, axis, highest_of)


def _scan(function: Callee, x: Value, axis: int, edge: Callable[[DType], Scalar]) -> Value:
    if 0 in shape_of(x):
        return x
    rows = move_axis(x, axis, 0)
    start = ivy.full(sizes(rows)[1:], edge(dtype_of(x)), dtype_of(x))
    return move_axis(typed(tf.scan(function, rows, start), rows.type), 0, axis)


@rule(ivy.cumulative_logsumexp)
def cumulative_logsumexp(x: Value, axis: int) -> Value:
    """tensorflow passes over NaN."""
    found = typed(tf.math.cumulative_logsumexp(x, axis=axis), x.type)
    seen = ivy.cumulative_sum(ivy.cast(ivy.isnan(x), i32), axis)
    return ivy.where(ivy.equal(seen, number(seen, 0)), found, number(x, nan))
