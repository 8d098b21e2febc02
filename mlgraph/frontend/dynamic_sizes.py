"""The policy of free sizes: a capture gives up only those that an operation needs, in a fixed order.

Every size of two or more is a symbol of its own first. A rule that must know sizes raises `StaticSizeRequired` with
these, and only they become numbers. Where a tracer refuses without saying which, a capture goes down a ladder, whose
rungs give up less likely sizes before likely ones: a first axis is often a batch.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from mlgraph.errors import UnsupportedOpError

Axis: TypeAlias = tuple[int, int]
"""An input by its number, and one of its axes."""


class StaticSizeRequired(UnsupportedOpError):
    """A rule must know sizes that the trace left free.

    `sizes` names them: an axis of a value, a value of type `index`, or a symbol. Without any, it may be every size that
    the operation is given.
    """

    def __init__(self, what: str, *sizes: Any) -> None:
        super().__init__(what)
        self.sizes = sizes


class DynamicSizes:
    """The shapes of the inputs, with symbols for the sizes that are free."""

    def __init__(self, shapes: Iterable[Sequence[int]], dynamic: bool, ladder: Sequence["Rung"]) -> None:
        self.ladder = list(ladder)
        self.sizes: dict[str, int] = {}
        """The size that each symbol has in the example."""
        self.shapes = [[self._symbol(n) if dynamic and n > 1 else n for n in shape] for shape in shapes]

    def _symbol(self, size: int) -> str:
        name = f"s{len(self.sizes)}"
        self.sizes[name] = size
        return name

    @property
    def free(self) -> set[str]:
        """The symbols of the sizes that are free."""
        return {n for shape in self.shapes for n in shape if isinstance(n, str)}

    @property
    def first(self) -> set[str]:
        """The symbols of first axes."""
        return {shape[0] for shape in self.shapes if shape and isinstance(shape[0], str)}

    @property
    def axes(self) -> frozenset[Axis]:
        """The axes whose sizes are free."""
        shapes = enumerate(self.shapes)
        return frozenset((i, axis) for i, shape in shapes for axis, n in enumerate(shape) if isinstance(n, str))

    def symbols_at(self, axes: Iterable[Axis]) -> set[str]:
        """Return the symbols of those of `axes` whose sizes are free."""
        return {str(self.shapes[i][axis]) for i, axis in self.axes & {*axes}}

    def fix(self, symbols: Iterable[str]) -> bool:
        """Give up symbols; return whether any was free."""
        given_up = self.free & {*symbols}
        self._rename({name: self.sizes[name] for name in given_up})
        return bool(given_up)

    def fix_axes(self, axes: Iterable[Axis]) -> bool:
        """Give up the sizes along axes; return whether any was free."""
        return self.fix(self.symbols_at(axes))

    def unify(self, symbols: Iterable[str]) -> bool:
        """Give those of `symbols` that have one size in the example one symbol; return whether any two have."""
        groups: dict[int, list[str]] = defaultdict(list)
        for name in sorted(symbols, key=lambda name: int(name[1:])):
            groups[self.sizes[name]].append(name)
        self._rename({name: group[0] for group in groups.values() for name in group})
        return any(len(group) > 1 for group in groups.values())

    def descend(self) -> None:
        """Give up sizes by the next rung of the ladder that changes anything."""
        while self.free and not self.ladder.pop(0)(self):
            pass

    def _rename(self, names: "dict[str, int] | dict[str, str]") -> None:
        self.shapes = [[names.get(n, n) if isinstance(n, str) else n for n in shape] for shape in self.shapes]


Rung: TypeAlias = Callable[[DynamicSizes], bool]
"""Gives up sizes; returns whether that changes anything."""


def unify_equal(sizes: DynamicSizes) -> bool:
    """Let all sizes that are equal in the example be equal in every call."""
    return sizes.unify(sizes.free)


def fix_last(sizes: DynamicSizes) -> bool:
    """Give up the last axes of inputs of rank two and more: they are often channels."""
    return sizes.fix_axes((i, len(shape) - 1) for i, shape in enumerate(sizes.shapes) if len(shape) > 1)


def fix_all_but_first(sizes: DynamicSizes) -> bool:
    """Give up all sizes but those of first axes."""
    return sizes.fix(sizes.free - sizes.first)


def fix_all(sizes: DynamicSizes) -> bool:
    """Give up every size."""
    return sizes.fix(sizes.free)
