"""Guards of the sizes of arrays, and of conditions on them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from mlgraph.frontend.program import Size
from mlgraph.graph.guards.array_sources import ArraySource
from mlgraph.graph.guards.base import Branch, Guard
from mlgraph.graph.guards.size_conditions import FUNCTIONS, holds, spelled, symbols


@dataclass(frozen=True)
class SizesGuard(Guard):
    """The sizes of all arrays are those that capture fixed, and agree where they share a symbol."""

    shapes: tuple[tuple[ArraySource, tuple[Size, ...]], ...]
    """Each array that the program uses, with its shape."""
    bounds: Mapping[str, tuple[int, int | None]]
    """The least and greatest value of each symbol."""
    depth: ClassVar[int] = 5

    def emit(self, branch: Branch) -> None:
        for array, shape in self.shapes:
            self._emit_shape(array.text(branch), shape, branch)

    def _emit_shape(self, text: str, shape: tuple[Size, ...], branch: Branch) -> None:
        if shape in branch.shapes:
            branch.tests.append(f"{text}.shape == {branch.shapes[shape]}")
            return
        number = len(branch.shapes)
        name = branch.shapes[shape] = f"__shape{number}"
        if all(isinstance(size, int) for size in shape):
            branch.tests.append(f"({name} := {text}.shape) == {shape}")
            return
        branch.tests.append(f"__len({name} := {text}.shape) == {len(shape)}")
        axes = [f"__n{number}_{axis}" for axis in range(len(shape))]
        for axis, size in zip(axes, shape):
            branch.size_tests += self._size_tests(axis, size, branch.symbols)
        branch.unpack.append(f"{', '.join(axes)}{',' if len(axes) == 1 else ''} = {name}")

    def _size_tests(self, axis: str, size: Size, symbols: set[str]) -> list[str]:
        """Return tests that bind a symbol at its first occurrence and compare it later; no parameter has such names."""
        if isinstance(size, int):
            return [f"{axis} == {size}"]
        factor, symbol, offset = linear_form(size)
        again = f"{axis} == {_linear_text(factor, f'__{symbol}', offset)}"
        if symbol in symbols:
            return [again]
        symbols.add(symbol)
        low, high = self.bounds.get(symbol, (0, None))
        simple = (factor, offset) == (1, 0)
        first = axis if simple else f"({axis} - {offset}) // {factor}"
        tests = [f"(__{symbol} := {first}) >= {low}"] + ([] if high is None else [f"__{symbol} <= {high}"])
        return tests if simple else [*tests, again]

    def found(self, call: Any) -> Mapping[str, tuple[int, tuple[str, int]]]:
        """Return the value of each symbol, and the array and axis where it stands, in a call that this guard fits.

        Symbols of unknown sizes, inside a `tf.function`, are missing.
        """
        sizes = _Sizes(self.bounds)
        for array, shape in self.shapes:
            for axis, (size, actual) in enumerate(zip(shape, array.find(call).shape)):
                if actual is not None:
                    sizes.misfit((array.name, axis), size, int(actual))
        return sizes.found

    def failure(self, call: Any) -> str | None:
        sizes = _Sizes(self.bounds)
        for array, shape in self.shapes:
            for axis, (size, actual) in enumerate(zip(shape, array.find(call).shape)):
                old = None if actual is None else sizes.misfit((array.name, axis), size, int(actual))
                if old is not None:
                    expected = old.text.format(*(f"axis {axis} of {name}" for name, axis in old.places))
                    return f"axis {axis} of {array.name} changed from {expected} to {actual}"
        return None


@dataclass(frozen=True)
class ConditionGuard(Guard):
    """A condition on sizes that the function evaluated has the same result."""

    sizes: SizesGuard
    condition: str
    depth: ClassVar[int] = 6

    def emit(self, branch: Branch) -> None:
        def name(name: str) -> str:
            return branch.names.add(name, FUNCTIONS[name]) if name in FUNCTIONS else f"__{name}"

        branch.size_tests.append(spelled(self.condition, name))

    def failure(self, call: Any) -> str | None:
        found = self.sizes.found(call)
        if not symbols(self.condition) <= found.keys():
            return f"the function asked whether {self.condition}, of sizes that are not known"
        if holds(self.condition, {symbol: value for symbol, (value, _) in found.items()}):
            return None
        asked = ((symbol, *found[symbol]) for symbol in sorted(symbols(self.condition)))
        where = ", ".join(f"{symbol} (axis {axis} of {name}) is {value}" for symbol, value, (name, axis) in asked)
        return f"{where}, and the function asked whether {self.condition}"


class _Misfit(NamedTuple):
    """The expectation that a size does not meet; `{}` in the text stands for each of the places."""

    text: str
    places: tuple[tuple[str, int], ...] = ()


@dataclass
class _Sizes:
    """The symbols bound by the sizes of a call so far."""

    bounds: Mapping[str, tuple[int, int | None]]
    found: dict[str, tuple[int, tuple[str, int]]] = field(default_factory=dict[str, tuple[int, tuple[str, int]]])
    """The value of each symbol, and the array and axis where it was found."""

    def misfit(self, place: tuple[str, int], size: Size, actual: int) -> _Misfit | None:
        """Return the expectation that `actual` does not meet, None if it fits."""
        if isinstance(size, int):
            return None if size == actual else _Misfit(str(size))
        factor, symbol, offset = linear_form(size)
        value, first = self.found.setdefault(symbol, ((actual - offset) // factor, place))
        low, high = self.bounds.get(symbol, (0, None))
        expected = factor * value + offset
        if expected != actual:
            return _Misfit(f"{expected}, as {{}} says,", (first,)) if first != place else _Misfit(size)
        if low <= value and (high is None or value <= high):
            return None
        return _Misfit(f"a size of at least {low}" if value < low else f"a size of at most {high}")


def linear_form(expression: str) -> tuple[int, str, int]:
    """Return `linear(expression)`. Raise `ValueError` if there is none."""
    form = linear(expression)
    if form is None:
        raise ValueError(f"{expression!r} is not linear in one symbol")
    return form


def linear(expression: str) -> tuple[int, str, int] | None:
    """Return (2, "s0", 1) for `2*s0 + 1`; None for an expression that is not linear in one symbol."""
    match = re.fullmatch(r"(?:(-?\d+)\*)?([A-Za-z_]\w*)(?: ([+-]) (\d+))?", expression)
    if match is None:
        return None
    factor, symbol, sign, offset = match.groups()
    return int(factor or 1), symbol, int(f"{sign or '+'}{offset or 0}")


def _linear_text(factor: int, symbol: str, offset: int) -> str:
    return symbol if (factor, offset) == (1, 0) else f"{factor} * {symbol} + {offset}"
