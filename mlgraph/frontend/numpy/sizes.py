"""Sizes of arrays: they look like Python ints, and are polynomials over the free dimensions of the inputs.

Arithmetic on a `Size` is recorded. Comparing it narrows the range of the dimension, and anything that needs the number
itself (`range(n)`, `int(n)`, `hash(n)`, a list index) fixes the dimension: it then joins the signature.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import sizes
from mlgraph.dialects.building import located
from mlgraph.frontend.numpy import polynomials
from mlgraph.frontend.numpy.polynomials import DataDependentSize, Operation, Polynomial, Symbol
from mlgraph.frontend.numpy.tables import HOOKS
from mlgraph.frontend.numpy.tracer import current

Dim: TypeAlias = "int | Size"
"""A size: a number, or a recorded expression."""


class Size:
    """A symbolic int: see the module's docstring."""

    def __init__(self, polynomial: Polynomial) -> None:
        self._polynomial = polynomial

    @property
    def __class__(self) -> type[int]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return int

    @property
    def polynomial(self) -> Polynomial:
        """Return the polynomial, with symbols that were fixed or unified since substituted."""
        self._polynomial = polynomials.resolve(self._polynomial)
        return self._polynomial

    @property
    def hint(self) -> int | None:
        """Return the value for the example inputs, None if it depends on data."""
        return polynomials.evaluate(self.polynomial)

    # Arithmetic

    def __add__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _sum(a, b), "__add__")

    def __radd__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _sum(b, a), "__radd__")

    def __sub__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _sum(a, b, -1), "__sub__")

    def __rsub__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _sum(b, a, -1), "__rsub__")

    def __mul__(self, other: Any) -> Any:
        return _arithmetic(self, other, _product, "__mul__")

    def __rmul__(self, other: Any) -> Any:
        return _arithmetic(self, other, _product, "__rmul__")

    def __floordiv__(self, other: Any) -> Any:
        return _arithmetic(self, other, _quotient, "__floordiv__")

    def __rfloordiv__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _quotient(b, a), "__rfloordiv__")

    def __mod__(self, other: Any) -> Any:
        return _arithmetic(self, other, _remainder, "__mod__")

    def __rmod__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: _remainder(b, a), "__rmod__")

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __truediv__(self, other: Any) -> Any:
        return number_of(self).__truediv__(other)

    def __rtruediv__(self, other: Any) -> Any:
        return number_of(self).__rtruediv__(other)

    def __pow__(self, other: Any) -> Any:
        if type(other) is int and 0 <= other <= 3:
            result: Any = 1
            for _ in range(other):
                result = result * self
            return result
        if is_dim(other):  # Python's powers are of any length
            return (self * 1.0) ** other if other < 0 else fix(self) ** fix(other)
        return number_of(self).__pow__(other)

    def __rpow__(self, other: Any) -> Any:
        return other ** fix(self) if is_dim(other) else number_of(self).__rpow__(other)

    def __lshift__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: a * (1 << fix(b)), "__lshift__")

    def __rlshift__(self, other: Any) -> Any:
        return other << fix(self) if is_dim(other) else NotImplemented

    def __rshift__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: a // (1 << fix(b)), "__rshift__")

    def __rrshift__(self, other: Any) -> Any:
        return other >> fix(self) if is_dim(other) else NotImplemented

    def __and__(self, other: Any) -> Any:
        return _arithmetic(self, other, _masked, "__and__")

    __rand__ = __and__

    def __or__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: fix(a) | fix(b), "__or__")

    __ror__ = __or__

    def __xor__(self, other: Any) -> Any:
        return _arithmetic(self, other, lambda a, b: fix(a) ^ fix(b), "__xor__")

    __rxor__ = __xor__

    def __invert__(self) -> Any:
        return -self - 1

    def __round__(self, digits: int | None = None) -> Any:
        return self if digits is None or digits >= 0 else round(fix(self), digits)

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Size:
        return self

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    # Comparison

    def __eq__(self, other: object) -> bool:
        dim: Any = other
        return _compare(self, dim, "==") if is_dim(dim) else _compared_to_float(self, dim, operator.eq)

    def __lt__(self, other: Any) -> bool:
        return _compare(self, other, "<") if is_dim(other) else _compared_to_float(self, other, operator.lt)

    def __le__(self, other: Any) -> bool:
        return _compare(self, other, "<=") if is_dim(other) else _compared_to_float(self, other, operator.le)

    def __gt__(self, other: Any) -> bool:
        return not _compare(self, other, "<=") if is_dim(other) else _compared_to_float(self, other, operator.gt)

    def __ge__(self, other: Any) -> bool:
        return not _compare(self, other, "<") if is_dim(other) else _compared_to_float(self, other, operator.ge)

    def __bool__(self) -> bool:
        return self != 0

    # The number itself

    def __index__(self) -> int:
        return fix(self)

    def __int__(self) -> int:
        return fix(self)

    def __float__(self) -> float:
        return float(fix(self))

    def __complex__(self) -> complex:
        return complex(fix(self))

    def __hash__(self) -> int:
        return hash(fix(self))

    def __str__(self) -> str:
        return str(fix(self))

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return format(fix(self), specification)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(int, name):
            raise AttributeError(f"'int' object has no attribute '{name}'")
        return getattr(fix(self), name)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return HOOKS["call_ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return HOOKS["call_function"](function, args, kwargs)


def is_dim(value: object) -> bool:
    """Return whether `value` is an int or a Size."""
    return type(value) is Size or issubclass(type(value), int | np.integer)


def is_free(value: object) -> bool:
    """Return whether `value` is a `Size` that is not constant."""
    return type(value) is Size and polynomials.constant(value.polynomial) is None


def symbol_size(symbol: Symbol) -> Size:
    """Return the size that is `symbol`."""
    return Size({(symbol,): 1})


def simple(value: Any) -> Dim:
    """Return a size as an int where it is constant."""
    if type(value) is not Size:
        return int(value)
    constant = polynomials.constant(value.polynomial)
    return value if constant is None else constant


def product(dims: Sequence[Dim]) -> Dim:
    """Return the product of sizes."""
    result: Any = 1
    for n in dims:
        result = result * n
    return result


def operand(value: Dim) -> int | SSAValue:
    """Return a size as a row's `Shape` takes it: a number, or a value of type `index`."""
    value = simple(value)
    if type(value) is not Size:
        return int(value)
    trace = current()
    with located(trace.location()):
        return polynomials.build(value.polynomial, trace.sizes)


def operands(dims: Sequence[Dim]) -> tuple[int | SSAValue, ...]:
    """Return sizes as a row's `Shape`."""
    return tuple(map(operand, dims))


def static(dims: Sequence[Dim]) -> tuple[int, ...]:
    """Return the sizes as numbers; free ones are fixed."""
    return tuple(n if type(n) is int else fix(n) for n in dims)


def examples(dims: Sequence[Dim]) -> tuple[int, ...] | None:
    """Return the sizes for the example inputs, None if one depends on data."""
    found = [n.hint if type(n) is Size else int(n) for n in dims]
    known = tuple(n for n in found if n is not None)
    return known if len(known) == len(found) else None


def data_dependent_count(size: Dim) -> Any:
    """Return the 0-d array that counts a size that depends on data, None for other sizes."""
    if type(size) is Size and len(size.polynomial) == 1:
        ((monomial, factor),) = size.polynomial.items()
        if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], DataDependentSize):
            return monomial[0].count()
    return None


def ceil_divide(a: Dim, b: int) -> Dim:
    """Return `a / b` rounded up."""
    return (a + (b - 1)) // b


def smaller(a: Dim, b: Dim) -> Dim:
    """Return the smaller of two sizes, without choosing one."""
    return a if a is b else _chosen(sizes.minimum, min, a, b)


def larger(a: Dim, b: Dim) -> Dim:
    """Return the larger of two sizes, without choosing one."""
    return a if a is b else _chosen(sizes.maximum, max, a, b)


def fix(value: Any) -> int:
    """Return the size as a number, which then becomes part of the signature."""
    return polynomials.fix(value.polynomial) if type(value) is Size else int(value)


def number_of(value: Size) -> Any:
    """Return a size as a traced Python int."""
    return HOOKS["from_size"](value)


# Arithmetic


def _polynomial(value: Dim) -> Polynomial:
    return value.polynomial if type(value) is Size else polynomials.number(int(value))


def _sized(polynomial: Polynomial) -> Dim:
    constant = polynomials.constant(polynomial)
    return Size(polynomial) if constant is None else constant


def _arithmetic(a: Size, b: Any, function: Callable[[Any, Any], Any], name: str) -> Any:
    if is_dim(b):
        return function(a, b)
    if type(b) in (float, complex):
        return getattr(number_of(a), name)(b)
    return NotImplemented


def _compared_to_float(a: Size, b: Any, relation: Callable[[Any, Any], bool]) -> bool:
    return relation(fix(a), b) if issubclass(type(b), float) else NotImplemented


def _compare(a: Size, b: Dim, relation: str) -> bool:
    return polynomials.holds(polynomials.add(a.polynomial, _polynomial(b), -1), relation)


def _sum(a: Dim, b: Dim, sign: int = 1) -> Dim:
    return _sized(polynomials.add(_polynomial(a), _polynomial(b), sign))


def _product(a: Dim, b: Dim) -> Dim:
    return _sized(polynomials.multiply(_polynomial(a), _polynomial(b)))


def _masked(a: Dim, b: Dim) -> Dim:
    """Return `a & b`: the last bits of a size are a remainder."""
    if type(b) is int and b >= 0 and b & (b + 1) == 0:
        return a % (b + 1)
    return fix(a) & fix(b)


def _quotient(a: Dim, b: Dim) -> Dim:
    exact = polynomials.quotient(_polynomial(a), _polynomial(b))
    if exact is not None:
        return _sized(exact)
    b = simple(b)
    low, high = polynomials.limits(_polynomial(a)) if type(b) is int and b > 0 else (None, None)
    limits = tuple(None if n is None or type(b) is not int else n // b for n in (low, high))
    return _operation(sizes.floor_divide, lambda m, n: m // n, a, b, (limits[0], limits[1]))  # pyright: ignore[reportUnknownLambdaType]


def _remainder(a: Dim, b: Dim) -> Dim:
    if polynomials.quotient(_polynomial(a), _polynomial(b)) is not None:
        return 0
    b = simple(b)
    low, _ = polynomials.limits(_polynomial(a))
    if type(b) is int and b > 0 and low is not None and low >= 0:
        return _operation(sizes.remainder, operator.mod, a, b, (0, b - 1))
    return a - (a // b) * b


def _operation(function: Any, evaluate: Any, a: Dim, b: Dim, limits: polynomials.Range) -> Dim:
    first, second = _polynomial(a), _polynomial(b)
    key = (function, frozenset(first.items()), frozenset(second.items()))
    shared = current().shared
    if key not in shared:
        found = examples((a, b))
        hint = None if found is None else evaluate(*found)
        shared[key] = Size({(Operation(function, first, second, hint, limits),): 1})
    return shared[key]


def _chosen(function: Any, evaluate: Any, a: Dim, b: Dim) -> Dim:
    low, high = polynomials.limits(polynomials.add(_polynomial(a), _polynomial(b), -1))
    if (high is not None and high <= 0) or (low is not None and low >= 0):
        return a if (evaluate is min) == (high is not None and high <= 0) else b
    (low_a, high_a), (low_b, high_b) = polynomials.limits(_polynomial(a)), polynomials.limits(_polynomial(b))
    least = None if low_a is None or low_b is None else evaluate(low_a, low_b)
    most = None if high_a is None or high_b is None else evaluate(high_a, high_b)
    return _operation(function, evaluate, a, b, (least, most))
