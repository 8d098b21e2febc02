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
from mlgraph.frontend.numpy.trace import emit, user_line

_serial = itertools.count()

Range: TypeAlias = "tuple[int | None, int | None]"
"""The least and greatest value, None where there is no limit."""


class Atom:
    """A number with a range, known for the example unless it depends on data."""

    def __init__(self, hint: int | None, low: int | None = 0, high: int | None = None) -> None:
        self.serial = next(_serial)
        self.hint, self.low, self.high = hint, low, high

    def settled(self) -> Terms | None:
        """What the atom has turned out to be, None as long as it is itself."""
        return None

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        """The atom as a value of type `index`."""
        raise NotImplementedError


Monomial: TypeAlias = tuple[Atom, ...]
Terms: TypeAlias = Mapping[Monomial, int]


class Symbol(Atom):
    """A free dimension of an input."""

    def __init__(self, name: str, array: SSAValue, axis: int, hint: int) -> None:
        super().__init__(hint, low=2)
        self.name, self.array, self.axis = name, array, axis
        self.fixed: int | None = None
        self.same_as: Symbol | None = None

    def settled(self) -> Terms | None:
        leader = self.leader()
        if leader.fixed is not None:
            return number(leader.fixed)
        return None if leader is self else {(leader,): 1}

    def leader(self) -> Symbol:
        """The symbol that stands for all those known to be equal."""
        symbol = self
        while symbol.same_as is not None:
            symbol = symbol.same_as
        return symbol

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return emit(ivy.dim, self.array, self.axis)


class Operation(Atom):
    """A function of two sizes that is no polynomial."""

    def __init__(self, function: Callable[[Any, Any], Any], a: Terms, b: Terms, hint: int | None, limits: Range):
        super().__init__(hint, *limits)
        self.function, self.a, self.b = function, a, b

    def settled(self) -> Terms | None:
        whole = constant(settle(self.a)) is not None and constant(settle(self.b)) is not None
        return None if self.hint is None or not whole else number(self.hint)

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return sizes.value(self.function(build(self.a, known), build(self.b, known)))


class Counted(Atom):
    """A size that depends on data, as the number of true elements of a mask."""

    def __init__(self, measure: Callable[[], SSAValue], count: Callable[[], Any]) -> None:
        super().__init__(None)
        self.measure, self.count = measure, count

    def build(self, known: dict[Any, SSAValue]) -> SSAValue:
        return self.measure()


# Algebra


def number(value: int) -> Terms:
    """The polynomial of a number."""
    return {(): value} if value else {}


def constant(terms: Terms) -> int | None:
    """The number that a polynomial is, None for other polynomials."""
    if not terms:
        return 0
    return terms[()] if len(terms) == 1 and () in terms else None


def gathered(items: Iterable[tuple[Monomial, int]]) -> dict[Monomial, int]:
    """The sum of monomials."""
    result: dict[Monomial, int] = {}
    for monomial, factor in items:
        result[monomial] = result.get(monomial, 0) + factor
    return {m: f for m, f in result.items() if f}


def add(a: Terms, b: Terms, sign: int = 1) -> Terms:
    """`a + sign * b`."""
    return gathered(itertools.chain(a.items(), ((m, sign * f) for m, f in b.items())))


def multiply(a: Terms, b: Terms) -> Terms:
    """`a * b`."""
    pairs = itertools.product(a.items(), b.items())
    return gathered((tuple(sorted((*m, *n), key=lambda atom: atom.serial)), f * g) for (m, f), (n, g) in pairs)


def quotient(a: Terms, b: Terms) -> Terms | None:
    """`a / b` where b is one monomial that divides every monomial of a."""
    if len(b) != 1:
        return None
    ((divisor, factor),) = b.items()
    result: dict[Monomial, int] = {}
    for monomial, value in a.items():
        rest = list(monomial)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if value % factor:
            return None
        result[tuple(rest)] = value // factor
    return result


def settle(terms: Terms) -> Terms:
    """The polynomial with what its atoms have turned out to be put in."""
    for monomial in terms:
        for i, atom in enumerate(monomial):
            if (found := atom.settled()) is not None:
                rest = {m: f for m, f in terms.items() if m != monomial}
                new = multiply({monomial[:i] + monomial[i + 1 :]: terms[monomial]}, found)
                return settle(add(rest, new))
    return terms


def evaluate(terms: Terms) -> int | None:
    """The value for the example, None if it depends on data."""
    total = 0
    for monomial, factor in terms.items():
        for atom in monomial:
            if atom.hint is None:
                return None
            factor *= atom.hint
        total += factor
    return total


def build(terms: Terms, known: dict[Any, SSAValue]) -> Any:
    """The polynomial as an int, or a value of type `index`; `known` holds what is built already."""
    found = constant(terms)
    if found is not None:
        return found
    key = frozenset(terms.items())
    if key not in known:
        total: Any = 0
        for monomial, factor in sorted(terms.items(), key=lambda item: (item[1] < 0, -len(item[0]))):
            part: Any = abs(factor)
            for atom in monomial:
                part = sizes.multiply(_built(atom, known), part)
            total = sizes.subtract(total, part) if factor < 0 else sizes.add(total, part)
        known[key] = sizes.value(total)
    return known[key]


def _built(atom: Atom, known: dict[Any, SSAValue]) -> SSAValue:
    key = frozenset({((atom,), 1)})
    if key not in known:
        known[key] = atom.build(known)
    return known[key]


# Ranges


def limits(terms: Terms) -> Range:
    """The range of a polynomial."""
    low: int | None = 0
    high: int | None = 0
    for monomial, factor in terms.items():
        least, most = _monomial_limits(monomial)
        least, most = (least, most) if factor > 0 else (most, least)
        low = None if low is None or least is None else low + factor * least
        high = None if high is None or most is None else high + factor * most
    return low, high


def _monomial_limits(monomial: Monomial) -> Range:
    low = 1
    high: int | None = 1
    for atom in monomial:
        if atom.low is None or atom.low < 0:
            return None, None
        low *= atom.low
        high = None if high is None or atom.high is None else high * atom.high
    return low, high


def relaxed_limits(terms: Terms) -> Range:
    """A range whose signs hold, from what minima, maxima and quotients are never above or below."""
    lows = [limits(t)[0] for t in _relaxed(terms, below=True)]
    highs = [limits(t)[1] for t in _relaxed(terms, below=False)]
    return max((n for n in lows if n is not None), default=None), min((n for n in highs if n is not None), default=None)


def _relaxed(terms: Terms, below: bool) -> list[Terms]:
    """Polynomials without operations of which none is above (or below) a positive multiple of `terms`."""
    for monomial, factor in terms.items():
        if len(monomial) == 1 and isinstance(atom := monomial[0], Operation):
            rest = {m: f for m, f in terms.items() if m != monomial}
            parts = _bounds(atom, (factor > 0) == below)
            replaced = [add(multiply(rest, number(c)), multiply(part, number(factor))) for c, part in parts]
            return [t for r in replaced for t in _relaxed(r, below)]
    return [terms]


def _bounds(atom: Operation, below: bool) -> list[tuple[int, Terms]]:
    """Pairs (c, x) such that c times the atom is never below (or above) x."""
    if atom.function is (sizes.maximum if below else sizes.minimum):
        return [(1, atom.a), (1, atom.b)]
    divisor = constant(atom.b)
    if atom.function is sizes.floor_divide and divisor is not None and divisor > 0:
        return [(divisor, add(atom.a, number(divisor - 1), -1) if below else atom.a)]
    return []


# Guards


def holds(terms: Terms, relation: str) -> bool:
    """Whether `terms` is "==", "<" or "<=" 0: for every size, or for the example and, by a guard, from now on."""
    found = constant(terms)
    if found is not None:
        return _relates(found, relation)
    for low, high in (limits(terms), relaxed_limits(terms)):
        decided = _decided(low, high, relation)
        if decided is not None:
            return decided
    value = evaluate(terms)
    if value is None:
        raise data_dependent()
    result = _relates(value, relation)
    _guard(terms, relation, result)
    return result


def _relates(value: int, relation: str) -> bool:
    return {"==": value == 0, "<": value < 0, "<=": value <= 0}[relation]


def _decided(low: int | None, high: int | None, relation: str) -> bool | None:
    """What holds for every value of the range."""
    if relation == "==":
        outside = (low is not None and low > 0) or (high is not None and high < 0)
        return False if outside else None
    if high is not None and _relates(high, relation):
        return True
    return False if low is not None and not _relates(low, relation) else None


def _guard(terms: Terms, relation: str, result: bool) -> None:
    """Make the signature say that the comparison has this result."""
    if relation == "==" and result and _unify(terms):
        return
    atoms = {atom for monomial in terms for atom in monomial}
    if len(atoms) == 1 and all(len(m) <= 1 for m in terms):
        symbol = atoms.pop()
        if isinstance(symbol, Symbol) and not (relation == "==" and result):
            _narrow(symbol, terms, relation)
            return
    fix(terms)


def _unify(terms: Terms) -> bool:
    """Make two symbols whose difference is 0 one."""
    symbols = [m[0] for m in terms if len(m) == 1 and isinstance(m[0], Symbol)]
    if len(terms) != 2 or len(symbols) != 2 or sorted(terms.values()) != [-1, 1]:
        return False
    first, second = sorted(symbols, key=lambda symbol: symbol.serial)
    highs = [s.high for s in (first, second) if s.high is not None]
    first.low, first.high = max(first.low or 0, second.low or 0), min(highs, default=None)
    second.same_as = first
    return True


def _narrow(symbol: Symbol, terms: Terms, relation: str) -> None:
    """The range around the example in which `factor * symbol + offset` keeps its relation to 0."""
    factor, offset, hint = terms[(symbol,)], terms.get((), 0), symbol.hint or 0
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


def fix(terms: Terms) -> int:
    """The number for the example, which then becomes part of the signature."""
    for monomial in terms:
        for atom in monomial:
            _fix_atom(atom)
    value = evaluate(terms)
    assert value is not None
    return value


def _fix_atom(atom: Atom) -> None:
    if isinstance(atom, Symbol):
        leader = atom.leader()
        leader.fixed = leader.hint
    elif isinstance(atom, Operation):
        fix(atom.a)
        fix(atom.b)
    else:
        raise data_dependent()


def data_dependent() -> DataDependentControlFlowError:
    """The error for Python code that needs a size which depends on data."""
    return DataDependentControlFlowError(
        "the Python code looks at a size that depends on the values of an array",
        where=user_line(),
        why="the number of elements that a mask selects is known only when the graph runs",
        fix="use np.where(mask, x, 0) and mask.sum() instead of x[mask] and its length",
    )
