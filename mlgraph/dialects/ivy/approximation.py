"""Polynomials and Chebyshev series, of which the bodies of special functions are made."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

from xdsl.ir import SSAValue

from mlgraph.dialects.dtypes import HALF_PRECISION, f32
from mlgraph.dialects.ivy.elementwise import add, cast, divide, greater, less, multiply, subtract, where
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value

P = ParamSpec("P")


def in_float32(body: Callable[P, Value]) -> Callable[P, Value]:
    """Make a body compute float16 and bfloat16 in float32, as they do not hold its coefficients."""

    @wraps(body)
    def wide(*args: P.args, **arguments: P.kwargs) -> Value:
        values: dict[str, Value] = {n: v for n, v in arguments.items() if isinstance(v, SSAValue)}
        halves = {name: value for name, value in values.items() if dtype(value) in HALF_PRECISION}
        if not halves:
            return body(*args, **arguments)
        narrow = dtype(next(iter(halves.values())))
        widened: Any = {**arguments, **{name: cast(value, f32) for name, value in halves.items()}}
        return cast(body(*args, **widened), narrow)  # pyright: ignore[reportCallIssue]

    return wide


def plus(x: Value, value: float) -> Value:
    """Return `x + value`."""
    return add(x, number(x, value))


def times(x: Value, value: float) -> Value:
    """Return `x * value`."""
    return multiply(x, number(x, value))


def clamped(x: Value, low: float | None = None, high: float | None = None) -> Value:
    """Clamp `x` to where an approximation holds: elsewhere it may overflow, though its result is not used.

    A choice has its whole gradient at the ends, which the larger of two halves.
    """
    x = x if low is None else where(less(x, number(x, low)), number(x, low), x)
    return x if high is None else where(greater(x, number(x, high)), number(x, high), x)


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """Return the polynomial with these coefficients, that of the highest power first."""
    first, *rest = coefficients
    if not rest:
        return number(x, first)
    result = x if first == 1 else times(x, first)
    for coefficient in rest[:-1]:
        result = multiply(plus(result, coefficient), x)
    return plus(result, rest[-1])


def ratio(x: Value, above: Sequence[float], below: Sequence[float], monic: bool = True) -> Value:
    """Return one polynomial over another, of which the highest power is left out if it is not to be `monic`."""
    return divide(polynomial(x, above), polynomial(x, below if monic else below[1:]))


def chebyshev(x: Value, coefficients: Sequence[float]) -> Value:
    """Return the Chebyshev series at `x / 2`, the highest order first, half of the last (Clenshaw, 1955)."""
    before, last = number(x, 0), number(x, coefficients[0])
    for coefficient in coefficients[1:-1]:
        before, last = last, plus(subtract(multiply(x, last), before), coefficient)
    return plus(subtract(times(multiply(x, last), 0.5), before), coefficients[-1] / 2)
