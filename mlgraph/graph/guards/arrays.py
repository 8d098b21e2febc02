"""Guards of the arrays that a program takes: class, element type, device, rank, sizes and layout."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

from mlgraph.frameworks import CPU, of_array
from mlgraph.frameworks.arrays import device_of, dtype_name, strides_of
from mlgraph.frontend.program import Input, Layout, Size
from mlgraph.graph.guards.base import Branch, Guard, any_of
from mlgraph.graph.guards.size_conditions import FUNCTIONS, holds, spelled, symbols


@dataclass(frozen=True)
class ArgumentArray:
    """An array among the arguments, by index."""

    number: int
    name: str
    """A Python expression for it, for messages."""

    def find(self, call: Any) -> Any:
        return call.arrays[self.number]

    def text(self, branch: Branch) -> str:
        return branch.arrays[self.number]

    def bind(self, branch: Branch) -> str:
        """Return an expression of the array that also binds a name for the tests that follow."""
        text = branch.arrays[self.number]
        if text.isidentifier():
            return text
        branch.arrays[self.number] = name = f"__a{self.number}"
        return f"({name} := {text})"


@dataclass(frozen=True)
class HeldArray:
    """An array that a stateful object holds. Calls with such objects have no generated tests."""

    state: Any
    place: Any
    name: str

    def find(self, call: Any) -> Any:
        return self.state.find(self.place, call.roots)

    def text(self, branch: Branch) -> str:
        raise TypeError("arrays of objects are tested by `failure` alone")

    bind = text


ArraySource = ArgumentArray | HeldArray


@dataclass(frozen=True)
class TypeGuard(Guard):
    """An array is of an ordinary class of the target, so that the call needs no conversion."""

    array: ArraySource
    depth: ClassVar[int] = 3

    def emit(self, branch: Branch) -> None:
        if isinstance(self.array, ArgumentArray) and self.array.number in branch.typed:
            return
        first, *others = branch.array_classes()
        tests = [f"__type({self.array.bind(branch)}) is {first}"]
        tests += [f"__type({self.array.text(branch)}) is {other}" for other in others]
        branch.tests.append(any_of(tests))

    def failure(self, call: Any) -> None:
        return None  # `run_call` converts arrays of any framework


@dataclass(frozen=True)
class DtypeGuard(Guard):
    """An array has the element type that was captured."""

    array: ArraySource
    dtype: str
    """The name in numpy of the element type that the target has."""
    narrow: bool = False
    """True if 64-bit types become 32-bit ones, as in jax without 64-bit types."""
    depth: ClassVar[int] = 3

    def emit(self, branch: Branch) -> None:
        dtype = branch.names.add("dtype", branch.framework.dtype(self.dtype))
        branch.tests.append(branch.framework.dtype_test(self.array.bind(branch), dtype))

    def failure(self, call: Any) -> str | None:
        found = dtype_name(self.array.find(call))
        if (narrow_name(found) if self.narrow else found) == self.dtype:
            return None
        return f"{self.array.name} changed from {self.dtype} to {found}"


NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
"""The types that replace 64-bit ones in jax without 64-bit types."""


def narrow_name(dtype: str) -> str:
    """Return the type that replaces `dtype` in jax without 64-bit types."""
    return NARROW.get(dtype, dtype)


@dataclass(frozen=True)
class WeakTypeGuard(Guard):
    """An array of jax has a weak type, one that yields to others, if and only if the captured one had."""

    array: ArraySource
    dtype: str
    weak: bool
    depth: ClassVar[int] = 3

    def emit(self, branch: Branch) -> None:
        branch.tests.append(branch.framework.weak_type_test(self.array.text(branch), self.weak))

    def failure(self, call: Any) -> str | None:
        if self.weak == getattr(self.array.find(call), "weak_type", False):
            return None
        return f"{self.array.name} changed {'from' if self.weak else 'to'} a weak {self.dtype}"


@dataclass(frozen=True)
class DeviceGuard(Guard):
    """An array of torch is on the device that was captured."""

    array: ArraySource
    device: str
    depth: ClassVar[int] = 3

    def emit(self, branch: Branch) -> None:
        text = self.array.text(branch)
        if self.device != CPU:
            branch.tests.append(f"{text}.device == {branch.names.add('device', branch.framework.device(self.device))}")
        elif not branch.on_cpu:
            branch.on_cpu = True
            branch.tests.append(f"{text}.is_cpu")

    def failure(self, call: Any) -> str | None:
        found = device_of(self.array.find(call))
        return None if found == self.device else f"{self.array.name} went from {self.device} to {found}"


@dataclass(frozen=True)
class LayoutGuard(Guard):
    """An array has the memory layout of the captured one, which decides what is a view and what a copy."""

    array: ArraySource
    layout: Layout
    depth: ClassVar[int] = 6

    def emit(self, branch: Branch) -> None:
        layout = self.layout
        if layout.strides is not None:
            branch.names.values["__strides"] = branch.framework.strides
        order = None if layout.is_row_major else layout.order
        branch.tests += branch.framework.layout_tests(self.array.text(branch), order, layout.strides, layout.begins)

    def failure(self, call: Any) -> str | None:
        array = self.array.find(call)
        found = replace(Layout.of(array.shape, strides_of(array)), begins=self.layout.begins)
        owner = of_array(array)
        later = self.layout.begins and owner is not None and owner.offset(array)
        if found == self.layout and not later:
            return None
        return f"{self.array.name} lies otherwise in memory, and the function's views and copies depend on it"


@dataclass(frozen=True)
class GradientGuard(Guard):
    """An array has the `requires_grad` that the function read at capture."""

    array: ArraySource
    requires_grad: bool
    depth: ClassVar[int] = 6

    def emit(self, branch: Branch) -> None:
        if branch.framework.has_gradients:
            branch.tests.append(f"{self.array.text(branch)}.requires_grad is {self.requires_grad}")
        elif self.requires_grad:
            branch.tests.append("False")

    def failure(self, call: Any) -> str | None:
        found = bool(getattr(self.array.find(call), "requires_grad", False))
        if found == self.requires_grad:
            return None
        return f"requires_grad of {self.array.name} changed from {self.requires_grad} to {found}"


@dataclass(frozen=True)
class RankGuard(Guard):
    """An array has the rank that was captured; `SizesGuard` tests it with the shape."""

    array: ArraySource
    rank: int
    depth: ClassVar[int] = 4

    def emit(self, branch: Branch) -> None:
        return

    def failure(self, call: Any) -> str | None:
        found = len(self.array.find(call).shape)
        return None if found == self.rank else f"{self.array.name} changed from rank {self.rank} to {found}"


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


def array_guards(
    arrays: list[tuple[ArraySource, Input]],
    bounds: Mapping[str, tuple[int, int | None]],
    conditions: Sequence[str],
    narrow: bool,
) -> list[Guard]:
    """Return the guards of the arrays that a program takes; for an unused array, only the guard of its class."""
    guards: list[Guard] = []
    for array, wanted in arrays:
        guards.append(TypeGuard(array))
        if not wanted.used:
            continue
        guards.append(DtypeGuard(array, wanted.dtype, narrow))
        if wanted.weak is not None:
            guards.append(WeakTypeGuard(array, wanted.dtype, wanted.weak))
        if wanted.device is not None:
            guards.append(DeviceGuard(array, wanted.device))
        guards.append(RankGuard(array, len(wanted.shape)))
    used = tuple((array, wanted.shape) for array, wanted in arrays if wanted.used)
    if used:
        sizes = SizesGuard(used, bounds)
        guards += [sizes, *(ConditionGuard(sizes, condition) for condition in conditions)]
    guards += [LayoutGuard(array, wanted.layout) for array, wanted in arrays if wanted.layout is not None]
    asked = ((array, wanted.requires_grad) for array, wanted in arrays)
    return guards + [GradientGuard(array, flag) for array, flag in asked if flag is not None]
