"""Python numbers that are known only when the graph runs: they take the type of the tensors that they meet."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportUnknownLambdaType=false
import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import tensorflow as tf

KINDS = (int, float, complex)
DTYPES = {int: tf.int64, float: tf.float64, complex: tf.complex128}


class TracedNumber:
    """A number of Python's, as a 0-d tensor of 64 bits."""

    def __init__(self, value: Any, kind: type) -> None:
        self.value, self.kind = value, kind

    dtype = property(lambda self: self.value.dtype)
    shape = property(lambda self: self.value.shape)

    def __repr__(self) -> str:
        return f"<traced {self.kind.__name__}>"

    def __neg__(self) -> Any:
        return TracedNumber(-self.value, self.kind)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return TracedNumber(tf.abs(self.value), float if self.kind is complex else self.kind)

    def __bool__(self) -> bool:
        return bool(self.value != 0)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    __hash__ = None  # type: ignore[assignment]


def _binary(function: Callable[[Any, Any], Any], reverse: bool) -> Callable[[Any, Any], Any]:
    def apply(self: Any, other: Any) -> Any:
        if type(other) is bool:
            other = int(other)
        if type(other) in KINDS:
            other = TracedNumber(tf.constant(other, DTYPES[type(other)]), type(other))
        if type(other) is TracedNumber:
            kind = max(self.kind, other.kind, key=KINDS.index)
            if function is operator.truediv and kind is int:
                kind = float
            pair = [tf.cast(each.value, DTYPES[kind]) for each in (self, other)]
            found = function(*(reversed(pair) if reverse else pair))
            return found if found.dtype == tf.bool else TracedNumber(found, kind)
        if not isinstance(other, tf.Tensor | tf.Variable | np.ndarray | np.generic):
            return NotImplemented
        other = tf.convert_to_tensor(cast("Any", other))
        own = as_tensor(self, other.dtype)
        return function(other, own) if reverse else function(own, other)

    return apply


for _name in "add sub mul truediv floordiv mod pow".split():
    setattr(TracedNumber, f"__{_name}__", _binary(getattr(operator, _name), False))
    setattr(TracedNumber, f"__r{_name}__", _binary(getattr(operator, _name), True))
for _name in "lt le gt ge eq ne".split():
    setattr(TracedNumber, f"__{_name}__", _binary(getattr(operator, _name), False))


def as_tensor(number: TracedNumber, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """Return a number as the tensor that tensorflow makes of one of Python's; raise where it refuses."""
    default = {int: tf.int32, float: tf.float32, complex: tf.complex128}[number.kind]
    wanted = default if dtype is None else tf.as_dtype(dtype)
    if number.kind is not int and wanted.is_integer:
        raise TypeError(f"Cannot convert a {number.kind.__name__} to a tensor of type {wanted.name}")
    return tf.cast(number.value, wanted)


tf.register_tensor_conversion_function(TracedNumber, as_tensor)
