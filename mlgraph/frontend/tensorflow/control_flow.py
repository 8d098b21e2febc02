"""Control flow of Python on traced values as `tf.cond` and `tf.while_loop`."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportUnknownLambdaType=false
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import tensorflow as tf

from mlgraph.frontend.control_flow.base import AMBIGUOUS, NO_VALUE, ControlFlow, LeafMismatch, counting
from mlgraph.frontend.control_flow.errors import as_builtin
from mlgraph.frontend.tensorflow.numbers import DTYPES, KINDS, TracedNumber
from mlgraph.frontend.tensorflow.variables import is_keras_variable

CHECK = "mlgraph.check"
"""The text that an assertion which is a check prints first; all of its texts are bytes, as the IR has no strings."""


class Retype(BaseException):
    """The blocks have to be traced again, for other types."""


class TensorflowControlFlow(ControlFlow):
    """The control flow of one capture of tensorflow."""

    def is_traced(self, value: object) -> bool:
        if isinstance(value, tf.Variable) or is_keras_variable(value) or type(value) is TracedNumber:
            return True
        return isinstance(value, tf.Tensor) and not hasattr(value, "numpy")

    def is_array(self, value: object) -> bool:
        return type(value) is TracedNumber or isinstance(value, tf.Tensor | np.ndarray | np.number | np.bool_)

    def is_mutable(self, value: object) -> bool:
        return False

    def number(self, value: Any, kind: type) -> Any:
        if kind is bool:
            return truth_of(value)
        tensor = value.value if type(value) is TracedNumber else tf.convert_to_tensor(value)
        return TracedNumber(tf.cast(tf.reshape(tensor, ()), DTYPES[kind]), kind)

    def not_(self, value: Any) -> Any:
        return tf.logical_not(truth_of(value))

    def length(self, array: Any) -> Any:
        if not array.shape.rank:
            raise TypeError("Cannot iterate over a scalar tensor.")
        known = array.shape[0]
        return TracedNumber(tf.shape(array, tf.int64)[0], int) if known is None else known

    def item(self, array: Any, i: Any) -> Any:
        return tf.gather(array, i.value if type(i) is TracedNumber else i)

    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        truth = truth_of(condition)
        types: list[Type | None] | None = None
        while True:
            found: list[list[Any]] = []

            def branch(block: Callable[[], list[Any]], types: Any, found: list[Any]) -> list[Any]:
                leaves = block()
                found.append([type_of(leaf) for leaf in leaves])
                if types is None:
                    return [natural(leaf) for leaf in leaves]
                return [kind.of(leaf) for kind, leaf in zip(types, leaves) if kind is not None]

            def first(types: Any = types, found: Any = found) -> Any:
                return branch(then, types, found) or [tf.constant(0)]

            def second(types: Any = types, found: Any = found) -> Any:
                leaves = branch(otherwise, types, found)
                both = [joined(i, a, b) for i, (a, b) in enumerate(zip(*found, strict=True))]
                if types is None and any(kind is None or kind != a or kind != b for kind, a, b in zip(both, *found)):
                    raise Retype(both)
                return leaves or [tf.constant(0)]

            try:
                results = tf.cond(truth, first, second)
            except Retype as error:
                (types,) = error.args
                continue
            return spread(types if types is not None else found[0], results)

    def while_(
        self, condition: Callable[[list[Any]], Any], body: Callable[[list[Any]], list[Any]], initial: Sequence[Any]
    ) -> list[Any]:
        types = [type_of(value) for value in initial]
        while True:

            def step(*state: Any, types: Any = types) -> list[Any]:
                leaves = body(spread(types, state))
                new = [joined(i, a, type_of(b)) for i, (a, b) in enumerate(zip(types, leaves, strict=True))]
                if new != types:
                    raise Retype(new)
                return [kind.of(leaf) for kind, leaf in zip(types, leaves) if kind is not None]

            def more(*state: Any, types: Any = types) -> Any:
                return truth_of(condition(spread(types, state)))

            known = [(kind, value) for kind, value in zip(types, initial) if kind is not None]
            try:
                found = tf.while_loop(
                    more,
                    step,
                    [kind.of(value) for kind, value in known],
                    shape_invariants=[tf.TensorShape(cast("Any", kind.shape)) for kind, _ in known],
                )
            except Retype as error:
                (types,) = error.args
                continue
            return spread(types, found)

    def scan(
        self, length: Any, body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]], initial: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        one = counting(body)
        return self.while_(lambda state: state[0] < length, one, [0, *initial])[1:], []

    def check(self, condition: Any, error: Exception) -> None:
        data = [
            tf.constant(list(each.encode()), tf.uint8, (len(each.encode()),)) for each in (CHECK, *as_builtin(error))
        ]
        tf.raw_ops.Assert(condition=truth_of(condition), data=data)


def text_of(array: Any) -> str:
    """Return the text whose bytes an array holds."""
    return bytes(np.asarray(array, np.uint8)).decode(errors="replace")


def truth_of(value: Any) -> Any:
    """Return whether the one element of a tensor is not zero."""
    tensor = value.value if type(value) is TracedNumber else tf.convert_to_tensor(value)
    if tensor.shape.rank is None or any(n != 1 for n in tensor.shape):
        raise ValueError(AMBIGUOUS)
    tensor = tf.reshape(tensor, ()) if tensor.shape.rank else tensor
    return tensor if tensor.dtype == tf.bool else tensor != tf.zeros((), tensor.dtype)


@dataclass(frozen=True)
class Type:
    """The type of a leaf."""

    shape: tuple[int | None, ...] | None
    dtype: Any
    number: type | None
    """The class of a Python number."""

    def __str__(self) -> str:
        if self.number is not None:
            return f"a Python {self.number.__name__}"
        return f"{self.dtype.name}[{', '.join('?' if n is None else str(n) for n in self.shape or ())}]"

    def of(self, leaf: Any) -> Any:
        """Return a leaf as a tensor of this type; zeros for one without a value."""
        if leaf is NO_VALUE:
            return tf.zeros([n or 0 for n in self.shape or ()], self.dtype)
        return tf.cast(natural(leaf), self.dtype)


def natural(leaf: Any) -> Any:
    """Return a leaf as a tensor."""
    if leaf is NO_VALUE:
        return tf.constant(0)
    if type(leaf) is TracedNumber:
        return leaf.value
    return tf.constant(leaf, DTYPES[type(leaf)]) if type(leaf) in KINDS else tf.convert_to_tensor(leaf)


def type_of(leaf: Any) -> Type | None:
    """Return the type of a leaf, None for one without a value."""
    if leaf is NO_VALUE:
        return None
    if type(leaf) in KINDS or type(leaf) is TracedNumber:
        kind: Any = leaf.kind if type(leaf) is TracedNumber else type(leaf)
        return Type((), DTYPES[kind], kind)
    tensor = natural(leaf)
    return Type(None if tensor.shape.rank is None else tuple(tensor.shape), tensor.dtype, None)


def joined(index: int, first: Type | None, second: Type | None) -> Type | None:
    """Return the type that both paths give a leaf; raise `LeafMismatch` if there is none."""
    if first is None or second is None:
        return first or second
    if first.shape is None or second.shape is None:
        shape: Any = None
    elif len(first.shape) == len(second.shape):
        shape = tuple(n if n == m else None for n, m in zip(first.shape, second.shape))
    else:
        raise LeafMismatch(index, str(first), str(second))
    if first.number and second.number:
        kind = max(first.number, second.number, key=KINDS.index)
        return Type(shape, DTYPES[kind], kind)
    if first.number or second.number:
        number, tensor = (first, second) if first.number else (second, first)
        if tensor.dtype.is_floating or tensor.dtype.is_complex or (number.number is int and tensor.dtype.is_integer):
            return Type(shape, tensor.dtype, None)
    elif first.dtype == second.dtype:
        return Type(shape, first.dtype, None)
    raise LeafMismatch(index, str(first), str(second))


def spread(types: Sequence[Type | None], tensors: Sequence[Any]) -> list[Any]:
    """Return tensors as leaves: numbers stay numbers, and some leaves have no value."""
    values = iter(tensors)
    found: list[Any] = []
    for kind in types:
        value = NO_VALUE if kind is None else next(values)
        found.append(TracedNumber(value, kind.number) if kind is not None and kind.number else value)
    return found
