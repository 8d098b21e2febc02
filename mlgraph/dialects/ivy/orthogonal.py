"""Orthogonal polynomials, by their recurrences (Abramowitz and Stegun, 22.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

from xdsl.ir import Block
from xdsl.traits import Pure

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import f64, i32, tensor
from mlgraph.dialects.ivy.approximation import in_float32, plus, times
from mlgraph.dialects.ivy.control import WhileOp, YieldOp
from mlgraph.dialects.ivy.elementwise import (
    abs,
    acos,
    add,
    cast,
    cos,
    divide,
    equal,
    greater,
    isfinite,
    less,
    logical_and,
    multiply,
    sin,
    subtract,
    trunc,
    where,
)
from mlgraph.dialects.ivy.manipulation import broadcast_to, concat, reshape
from mlgraph.dialects.ivy.prelude import number, sizes_of
from mlgraph.dialects.ivy.reduction import max
from mlgraph.dialects.ivy.special import real_floats
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value

Step = Callable[[Value, Value, Value, Value], Value]
"""The polynomial of order k + 1 from `x`, `k`, and the polynomials of order k and k - 1."""


@dataclass(frozen=True)
class Family:
    """A family whose polynomial of order 0 is 1."""

    slope: float
    start: float
    """That of order 1 is `slope * x + start`."""
    step: Step
    angle: Callable[[Value, Value], Value] | None = None
    """The polynomial between -1 and 1 from its order and the angle whose cosine is `x`."""
    shifted: bool = False
    """True if it is the family shifted to `2 x - 1`."""
    highest: tuple[int, int] | None = None
    """The highest order that there is, in single and in double precision."""


def _chebyshev(x: Value, k: Value, last: Value, before: Value) -> Value:
    return subtract(multiply(add(x, x), last), before)


def _hermite_h(x: Value, k: Value, last: Value, before: Value) -> Value:
    return subtract(multiply(add(x, x), last), multiply(add(k, k), before))


def _hermite_he(x: Value, k: Value, last: Value, before: Value) -> Value:
    return subtract(multiply(x, last), multiply(k, before))


def _laguerre(x: Value, k: Value, last: Value, before: Value) -> Value:
    factor = add(add(k, k), subtract(number(x, 1), x))
    return divide(subtract(multiply(factor, last), multiply(k, before)), plus(k, 1))


def _legendre(x: Value, k: Value, last: Value, before: Value) -> Value:
    factor = multiply(plus(add(k, k), 1), x)
    return divide(subtract(multiply(factor, last), multiply(k, before)), plus(k, 1))


def _cosine(n: Value, angle: Value) -> Value:
    return cos(multiply(n, angle))


def _sines(n: Value, angle: Value) -> Value:
    return divide(sin(multiply(plus(n, 1), angle)), sin(angle))


def _half_cosines(n: Value, angle: Value) -> Value:
    return divide(cos(multiply(plus(n, 0.5), angle)), cos(times(angle, 0.5)))


def _half_sines(n: Value, angle: Value) -> Value:
    return divide(sin(multiply(plus(n, 0.5), angle)), sin(times(angle, 0.5)))


_CHEBYSHEV: dict[str, tuple[float, float, Callable[[Value, Value], Value]]] = {
    "t": (1, 0, _cosine),
    "u": (2, 0, _sines),
    "v": (2, -1, _half_cosines),
    "w": (2, 1, _half_sines),
}

FAMILIES: dict[str, Family] = {
    **{f"chebyshev_polynomial_{kind}": Family(a, b, _chebyshev, angle) for kind, (a, b, angle) in _CHEBYSHEV.items()},
    **{
        f"shifted_chebyshev_polynomial_{kind}": Family(a, b, _chebyshev, angle, shifted=True)
        for kind, (a, b, angle) in _CHEBYSHEV.items()
    },
    "hermite_polynomial_h": Family(2, 0, _hermite_h, highest=(128, 512)),
    "hermite_polynomial_he": Family(1, 0, _hermite_he, highest=(128, 512)),
    "laguerre_polynomial_l": Family(-1, 1, _laguerre),
    "legendre_polynomial_p": Family(1, 0, _legendre),
}

ANGLE_FROM = 8
"""From which order on a polynomial between -1 and 1 is computed by its angle, in one step."""

UNROLLED = 16
"""Up to which order, where it is known, the steps are written out."""


@composite(Pure())
@in_float32
def orthogonal_polynomial(x1: Value, x2: Value, family: str) -> Value:
    """The polynomial of the order `x2`, whose fraction is dropped, at `x1`; 0 where the order is below 0."""
    real_floats(x1, x2)
    if family not in FAMILIES:
        raise ValueError(f"expected one of {', '.join(FAMILIES)}, got {family!r}")
    chosen = FAMILIES[family]
    x = plus(add(x1, x1), -1) if chosen.shifted else x1
    known = number_of(x2)
    if isinstance(known, float) and 0 <= known < UNROLLED + 1:
        return _unrolled(x, int(known), chosen)
    order = where(isfinite(x2), trunc(x2), number(x2, -1))
    found = _in_a_loop(where(less(order, number(order, 0)), number(x, 0), x), order, chosen)
    return where(less(order, number(order, 0)), number(x, 0), found)


def _first(x: Value, family: Family) -> Value:
    scaled = x if family.slope == 1 else times(x, family.slope)
    return scaled if family.start == 0 else plus(scaled, family.start)


def _ones(x: Value) -> Value:
    return broadcast_to(number(x, 1), sizes_of(x))


def _unrolled(x: Value, order: int, family: Family) -> Value:
    before, last = _ones(x), _first(x, family)
    if order == 0:
        return before
    for k in range(1, order):
        before, last = last, family.step(x, number(x, k), last, before)
    return last


def _in_a_loop(x: Value, order: Value, family: Family) -> Value:
    """All orders up to the highest, each kept where it is asked for."""
    zero = number(order, 0)
    if family.highest is not None:
        beyond = greater(order, number(order, family.highest[dtype(x) == f64]))
        return where(beyond, number(x, nan), _looped(x, where(beyond, zero, order), family))
    if family.angle is None:
        return _looped(x, order, family)
    far = logical_and(greater(order, number(order, ANGLE_FROM)), less(abs(x), number(x, 1)))
    angle = acos(where(far, x, number(x, 0)))
    return where(far, family.angle(order, angle), _looped(x, where(far, zero, order), family))


def _looped(x: Value, order: Value, family: Family) -> Value:
    ones, first = _ones(x), _first(x, family)
    start = where(equal(order, number(order, 0)), ones, first)
    every = concat((reshape(order, (-1,)), literal([0], dtype(x))), 0)
    most = cast(max(every), i32)
    state = (literal(1, i32), ones, first, start)
    types = [tensor((), i32), start.type, start.type, start.type]
    condition, body = Block(arg_types=types), Block(arg_types=types)
    with building(condition):
        insert(YieldOp(less(condition.args[0], most)))
    with building(body):
        k, before, last, found = body.args
        new = family.step(x, cast(k, dtype(x)), last, before)
        after = add(k, literal(1, i32))
        kept = where(equal(order, cast(after, dtype(x))), new, found)
        insert(YieldOp(after, last, new, kept))
    return insert(WhileOp(state, condition, body)).outputs[3]
