"""Python's operators on arrays: each calls numpy's ufunc, and gives Python numbers for Python numbers."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from mlgraph.frontend.numpy.sizes import Size
from mlgraph.frontend.numpy.tables import HOOKS


class Operators:
    """The operators of `np.ndarray`."""

    _kind: type

    def __add__(self, other: Any) -> Any:
        return binary(np.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return binary(np.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return binary(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return binary(np.subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return binary(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return binary(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return binary(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return binary(np.divide, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return binary(np.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return binary(np.floor_divide, other, self)

    def __mod__(self, other: Any) -> Any:
        return binary(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        return binary(np.remainder, other, self)

    def __divmod__(self, other: Any) -> Any:
        return binary(np.divmod, self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return binary(np.divmod, other, self)

    def __pow__(self, other: Any) -> Any:
        return binary(np.power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return binary(np.power, other, self)

    def __matmul__(self, other: Any) -> Any:
        return binary(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return binary(np.matmul, other, self)

    def __and__(self, other: Any) -> Any:
        return binary(np.bitwise_and, self, other)

    def __rand__(self, other: Any) -> Any:
        return binary(np.bitwise_and, other, self)

    def __or__(self, other: Any) -> Any:
        return binary(np.bitwise_or, self, other)

    def __ror__(self, other: Any) -> Any:
        return binary(np.bitwise_or, other, self)

    def __xor__(self, other: Any) -> Any:
        return binary(np.bitwise_xor, self, other)

    def __rxor__(self, other: Any) -> Any:
        return binary(np.bitwise_xor, other, self)

    def __lshift__(self, other: Any) -> Any:
        return binary(np.left_shift, self, other)

    def __rlshift__(self, other: Any) -> Any:
        return binary(np.left_shift, other, self)

    def __rshift__(self, other: Any) -> Any:
        return binary(np.right_shift, self, other)

    def __rrshift__(self, other: Any) -> Any:
        return binary(np.right_shift, other, self)

    def __eq__(self, other: Any) -> Any:  # type: ignore[override]
        return compared(np.equal, self, other)

    def __ne__(self, other: Any) -> Any:  # type: ignore[override]
        return compared(np.not_equal, self, other)

    def __lt__(self, other: Any) -> Any:
        return binary(np.less, self, other)

    def __le__(self, other: Any) -> Any:
        return binary(np.less_equal, self, other)

    def __gt__(self, other: Any) -> Any:
        return binary(np.greater, self, other)

    def __ge__(self, other: Any) -> Any:
        return binary(np.greater_equal, self, other)

    def __neg__(self) -> Any:
        return unary(np.negative, self)

    def __pos__(self) -> Any:
        return unary(np.positive, self)

    def __abs__(self) -> Any:
        return unary(np.absolute, self)

    def __invert__(self) -> Any:
        return unary(np.invert, self)

    def __round__(self, digits: int | None = None) -> Any:
        rounded = HOOKS["call_function"](np.round, (self, digits or 0), {})
        return numbered(rounded if digits is not None else rounded.astype(np.int64), self)

    def __iadd__(self, other: Any) -> Any:
        return in_place(np.add, self, other)

    def __isub__(self, other: Any) -> Any:
        return in_place(np.subtract, self, other)

    def __imul__(self, other: Any) -> Any:
        return in_place(np.multiply, self, other)

    def __itruediv__(self, other: Any) -> Any:
        return in_place(np.divide, self, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return in_place(np.floor_divide, self, other)

    def __imod__(self, other: Any) -> Any:
        return in_place(np.remainder, self, other)

    def __ipow__(self, other: Any) -> Any:
        return in_place(np.power, self, other)

    def __imatmul__(self, other: Any) -> Any:
        return in_place(np.matmul, self, other)

    def __iand__(self, other: Any) -> Any:
        return in_place(np.bitwise_and, self, other)

    def __ior__(self, other: Any) -> Any:
        return in_place(np.bitwise_or, self, other)

    def __ixor__(self, other: Any) -> Any:
        return in_place(np.bitwise_xor, self, other)

    def __ilshift__(self, other: Any) -> Any:
        return in_place(np.left_shift, self, other)

    def __irshift__(self, other: Any) -> Any:
        return in_place(np.right_shift, self, other)


def binary(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """Apply an operator to two operands, one of them traced."""
    if any(x is None or isinstance(x, str | bytes) for x in (a, b)):
        return NotImplemented
    return numbered(HOOKS["call_ufunc"](ufunc, "__call__", (a, b), {}), a, b)


def unary(ufunc: np.ufunc, x: Any) -> Any:
    """Apply an operator to a traced operand."""
    return numbered(HOOKS["call_ufunc"](ufunc, "__call__", (x,), {}), x)


def compared(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """Apply `==` or `!=`, which numpy also answers for None and strings."""
    if b is None or isinstance(b, str | bytes):
        return np.full_like(a, ufunc is np.not_equal, dtype=bool)
    return binary(ufunc, a, b)


def in_place(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """Apply an operator that writes to its first operand; a number gives a new number instead."""
    if a._kind is not np.ndarray:
        return binary(ufunc, a, b)
    HOOKS["call_ufunc"](ufunc, "__call__", (a, b), {"out": (a,)})
    return a


NUMBERS = (bool, int, float, complex)

PYTHON = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def numbered(result: Any, *operands: Any) -> Any:
    """Make the result of an operator on Python numbers a Python number."""
    if all(type(x) in NUMBERS or type(x) is Size or getattr(x, "_kind", None) in NUMBERS for x in operands):
        for r in _each(result):
            r._kind = PYTHON[r.dtype.kind]
    return result


def _each(result: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", result) if isinstance(result, tuple) else (result,)
