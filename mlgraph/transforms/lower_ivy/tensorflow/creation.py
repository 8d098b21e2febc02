"""Creation rules."""

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, f32, f64, i32, i64
from mlgraph.dialects.parameters import DType, Scalar, Shape, Value
from mlgraph.transforms.lower_ivy.shared import python_number
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

COUNTED = (i32, i64, f32, f64)
"""The element types that `tf.range` counts in."""


@rule(ivy.full)
def full(shape: Shape, value: Scalar, dtype: DType) -> Value:
    return tf.fill(shape, tf.constant(python_number(value, dtype), dtype=dtype))


@rule(ivy.arange)
def arange(start: float, stop: float, step: float, dtype: DType) -> Value:
    """Counted in whole numbers where they are whole, else worked out in float64: `tf.range` adds up its steps."""
    count = max(-int((start - stop) // step), 0)
    if count == 0:
        return ivy.full((0,), 0, dtype)
    if not (start.is_integer() and stop.is_integer() and step.is_integer()):
        counted = ivy.multiply(ivy.iota((count,), f64), literal(step, f64))
        return ivy.cast(ivy.add(counted, literal(start, f64)), dtype)
    if dtype not in COUNTED:
        return ivy.cast(ivy.arange(start, stop, step, f64 if dtype in FLOATS else i64), dtype)
    bounds = (start, stop, step) if dtype in FLOATS else (int(start), int(stop), int(step))
    return tf.range(*bounds, dtype=dtype)


@rule(ivy.iota)
def iota(size: Shape, dtype: DType) -> Value | None:
    return None if dtype in COUNTED else ivy.cast(ivy.iota(size, i32), dtype)


@rule(ivy.eye)
def eye(rows: Shape, columns: Shape, dtype: DType) -> Value | None:
    return None if dtype in FLOATS else ivy.cast(ivy.eye(rows, columns, f32), dtype)
