"""Sizes as polynomials with integer coefficients, over free dimensions and what cannot be written as one.

Comparing polynomials narrows the ranges of the free dimensions, so that the comparison holds for every size that the
signature admits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frontend.numpy.tables import HOOKS
from mlgraph.frontend.numpy.tracer import current, emit, refused, user_line

_serial = itertools.count()

Range: TypeAlias = "tuple[int | None, int | None]"
"""The least and greatest value, None where there is no limit."""


class SizeTerm:
    """A factor of a monomial: a number with a range, and a value for the example unless it depends on data."""

    def __init__(self, hint: int | None, low: int | None = 0, high: int | None = None) -> None:
        self.serial = next(_serial)
        self.hint, self.low, self.high = hint, low, high

    def resolved(self) -> Polynomial | None:
        """Return what the term was found to equal, None as long as that is itself."""
        return None

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        """Build the term as a value of type `index`."""
        raise NotImplementedError


Monomial: TypeAlias = tuple[SizeTerm, ...]
Polynomial: TypeAlias = Mapping[Monomial, int]


class Symbol(SizeTerm):
    """A free dimension of an input."""

    def __init__(self, name: str, array: SSAValue, axis: int, hint: int) -> None:
        super().__init__(hint, low=2)
        self.name, self.array, self.axis = name, array, axis
        self.fixed: int | None = None
        self.same_as: Symbol | None = None

    def resolved(self) -> Polynomial | None:
        leader = self.leader()
        if leader.fixed is not None:
            return number(leader.fixed)
        return None if leader is self else {(leader,): 1}

    def leader(self) -> Symbol:
        """Return the symbol that represents all those unified with it."""
        symbol = self
        while symbol.same_as is not None:
            symbol = symbol.same_as
        return symbol

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return emit(ivy.dim, self.array, self.axis)


class Operation(SizeTerm):
    """A function of two sizes that is no polynomial."""

    def __init__(
        self, function: Callable[[Any, Any], Any], a: Polynomial, b: Polynomial, hint: int | None, limits: Range
    ):
        super().__init__(hint, *limits)
        self.function, self.a, self.b = function, a, b

    def resolved(self) -> Polynomial | None:
        whole = constant(resolve(self.a)) is not None and constant(resolve(self.b)) is not None
        return None if self.hint is None or not whole else number(self.hint)

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return sizes.value(self.function(build(self.a, known), build(self.b, known)))


class DataDependentSize(SizeTerm):
    """A size that depends on data, as the number of true elements of a mask."""

    def __init__(self, measure: Callable[[], SSAValue], count: Callable[[], Any]) -> None:
        super().__init__(None)
        self.measure, self.count = measure, count

    def resolved(self) -> Polynomial | None:
        """Return the number that Python read on a path."""
        return None if self.hint is None else number(self.hint)

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return self.measure()


# Algebra


def number(value: int) -> Polynomial:
    """Return the polynomial of a number."""
    return {(): value} if value else {}


def constant(polynomial: Polynomial) -> int | None:
    """Return the number that a polynomial is, None for other polynomials."""
    if not polynomial:
        return 0
    return polynomial[()] if len(polynomial) == 1 and () in polynomial else None


def gathered(items: Iterable[tuple[Monomial, int]]) -> dict[Monomial, int]:
    """Return the sum of monomials."""
    result: dict[Monomial, int] = {}
    for monomial, factor in items:
        result[monomial] = result.get(monomial, 0) + factor
    return {m: f for m, f in result.items() if f}


def add(a: Polynomial, b: Polynomial, sign: int = 1) -> Polynomial:
    """Return `a + sign * b`."""
    return gathered(itertools.chain(a.items(), ((m, sign * f) for m, f in b.items())))


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return `a * b`."""
    pairs = itertools.product(a.items(), b.items())
    return gathered((tuple(sorted((*m, *n), key=lambda term: term.serial)), f * g) for (m, f), (n, g) in pairs)


def quotient(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """Return `a / b` where b is one monomial that divides every monomial of a."""
    if len(b) != 1:
        return None
    ((divisor, factor),) = b.items()
    result: dict[Monomial, int] = {}
    for monomial, value in a.items():
        rest = list(monomial)
        for term in divisor:
            if term not in rest:
                return None
            rest.remove(term)
        if value % factor:
            return None
        result[tuple(rest)] = value // factor
    return result


def resolve(polynomial: Polynomial) -> Polynomial:
    """Return the polynomial with resolved terms substituted."""
    for monomial in polynomial:
        for i, term in enumerate(monomial):
            if (found := term.resolved()) is not None:
                rest = {m: f for m, f in polynomial.items() if m != monomial}
                new = multiply({monomial[:i] + monomial[i + 1 :]: polynomial[monomial]}, found)
                return resolve(add(rest, new))
    return polynomial


def evaluate(polynomial: Polynomial) -> int | None:
    """Return the value for the example, None if it depends on data."""
    total = 0
    for monomial, factor in polynomial.items():
        for term in monomial:
            if term.hint is None:
                return None
            factor *= term.hint
        total += factor
    return total


def build(polynomial: Polynomial, known: dict[Any, SSAValue]) -> Any:
    """Build the polynomial as an int, or a value of type `index`; `known` holds the values built before."""
    found = constant(polynomial)
    if found is not None:
        return found
    key = frozenset(polynomial.items())
    if key not in known:
        total: Any = 0
        for monomial, factor in sorted(polynomial.items(), key=lambda item: (item[1] < 0, -len(item[0]))):
            part: Any = abs(factor)
            for term in monomial:
                part = sizes.multiply(_built(term, known), part)
            total = sizes.subtract(total, part) if factor < 0 else sizes.add(total, part)
        known[key] = sizes.value(total)
    return known[key]


def _built(term: SizeTerm, known: dict[Any, SSAValue]) -> SSAValue:
    key = frozenset({((term,), 1)})
    if key not in known:
        known[key] = term.build(known)
    return known[key]


# Ranges


def limits(polynomial: Polynomial) -> Range:
    """Return the range of a polynomial."""
    low: int | None = 0
    high: int | None = 0
    for monomial, factor in polynomial.items():
        least, most = _monomial_limits(monomial)
        least, most = (least, most) if factor > 0 else (most, least)
        low = None if low is None or least is None else low + factor * least
        high = None if high is None or most is None else high + factor * most
    return low, high


def _monomial_limits(monomial: Monomial) -> Range:
    low = 1
    high: int | None = 1
    for term in monomial:
        if term.low is None or term.low < 0:
            return None, None
        low *= term.low
        high = None if high is None or term.high is None else high * term.high
    return low, high


def relaxed_limits(polynomial: Polynomial) -> Range:
    """Return a range with valid signs, from bounds of minima, maxima and quotients."""
    lows = [limits(t)[0] for t in _relaxed(polynomial, below=True)]
    highs = [limits(t)[1] for t in _relaxed(polynomial, below=False)]
    return max((n for n in lows if n is not None), default=None), min((n for n in highs if n is not None), default=None)


def _relaxed(polynomial: Polynomial, below: bool) -> list[Polynomial]:
    """Return polynomials without operations, each a lower (or upper) bound of a positive multiple of the polynomial."""
    for monomial, factor in polynomial.items():
        if len(monomial) == 1 and isinstance(term := monomial[0], Operation):
            rest = {m: f for m, f in polynomial.items() if m != monomial}
            parts = _bounds(term, (factor > 0) == below)
            replaced = [add(multiply(rest, number(c)), multiply(part, number(factor))) for c, part in parts]
            return [t for r in replaced for t in _relaxed(r, below)]
    return [polynomial]


def _bounds(term: Operation, below: bool) -> list[tuple[int, Polynomial]]:
    """Return pairs (c, x) such that c times the term is never below (or above) x."""
    if term.function is (sizes.maximum if below else sizes.minimum):
        return [(1, term.a), (1, term.b)]
    divisor = constant(term.b)
    if term.function is sizes.floor_divide and divisor is not None and divisor > 0:
        return [(divisor, add(term.a, number(divisor - 1), -1) if below else term.a)]
    return []


# Guards


def holds(polynomial: Polynomial, relation: str) -> bool:
    """Return whether the polynomial is "==", "<" or "<=" 0: for every size, or else for the example, with a guard."""
    found = constant(polynomial)
    if found is not None:
        return _relates(found, relation)
    for low, high in (limits(polynomial), relaxed_limits(polynomial)):
        decided = _decided(low, high, relation)
        if decided is not None:
            return decided
    value = evaluate(polynomial)
    if value is None:
        if current().paths is None:
            raise data_dependent()
        return HOOKS["read_size_relation"](polynomial, relation)
    result = _relates(value, relation)
    _guard(polynomial, relation, result)
    return result


def _relates(value: int, relation: str) -> bool:
    return {"==": value == 0, "<": value < 0, "<=": value <= 0}[relation]


def _decided(low: int | None, high: int | None, relation: str) -> bool | None:
    """Return the truth of a relation for every value of the range, None if it differs."""
    if relation == "==":
        outside = (low is not None and low > 0) or (high is not None and high < 0)
        return False if outside else None
    if high is not None and _relates(high, relation):
        return True
    return False if low is not None and not _relates(low, relation) else None


def _guard(polynomial: Polynomial, relation: str, result: bool) -> None:
    """Make the signature say that the comparison has this result."""
    if relation == "==" and result and _unify(polynomial):
        return
    terms = {term for monomial in polynomial for term in monomial}
    if len(terms) == 1 and all(len(m) <= 1 for m in polynomial):
        symbol = terms.pop()
        if isinstance(symbol, Symbol) and not (relation == "==" and result):
            _narrow(symbol, polynomial, relation)
            return
    fix(polynomial)


def _unify(polynomial: Polynomial) -> bool:
    """Make two symbols whose difference is 0 one."""
    symbols = [m[0] for m in polynomial if len(m) == 1 and isinstance(m[0], Symbol)]
    if len(polynomial) != 2 or len(symbols) != 2 or sorted(polynomial.values()) != [-1, 1]:
        return False
    first, second = sorted(symbols, key=lambda symbol: symbol.serial)
    highs = [s.high for s in (first, second) if s.high is not None]
    first.low, first.high = max(first.low or 0, second.low or 0), min(highs, default=None)
    second.same_as = first
    return True


def _narrow(symbol: Symbol, polynomial: Polynomial, relation: str) -> None:
    """Narrow a symbol to the range around the example in which `factor * symbol + offset` keeps its relation to 0."""
    factor, offset, hint = polynomial[(symbol,)], polynomial.get((), 0), symbol.hint or 0
    kept = _relates(factor * hint + offset, relation)
    near = {round(-offset / factor) + i for i in (-2, -1, 0, 1, 2)}
    others = [n for n in near if _relates(factor * n + offset, relation) != kept]
    above, below = [n for n in others if n > hint], [n for n in others if n < hint]
    if above:
        symbol.high = min(above) - 1 if symbol.high is None else min(symbol.high, min(above) - 1)
    if below:
        symbol.low = max(symbol.low or 0, max(below) + 1)
    if symbol.low == symbol.high:
        symbol.fixed = symbol.low


def fix(polynomial: Polynomial) -> int:
    """Return the number for the example, which then becomes part of the signature."""
    for monomial in polynomial:
        for term in monomial:
            _fix_term(term)
    value = evaluate(resolve(polynomial))
    if value is None:
        raise data_dependent()
    return value


def _fix_term(term: SizeTerm) -> None:
    if isinstance(term, Symbol):
        leader = term.leader()
        leader.fixed = leader.hint
    elif isinstance(term, Operation):
        fix(term.a)
        fix(term.b)
    elif isinstance(term, DataDependentSize) and term.hint is None and current().paths is not None:
        term.hint = HOOKS["read_number"](term.count(), "a size that depends on data")
    elif term.hint is None:
        raise data_dependent()


def data_dependent() -> DataDependentControlFlowError:
    """Return the error for Python code that needs a size which depends on data."""
    return refused(
        DataDependentControlFlowError(
            "the Python code looks at a size that depends on the values of an array",
            where=user_line(),
            why="the number of elements that a mask selects is known only when the graph runs",
            fix="use np.where(mask, x, 0) and mask.sum() instead of x[mask] and its length",
        )
    )
