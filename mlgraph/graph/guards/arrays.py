"""Guards of the arrays that a program takes: class, element type, device, rank and layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from mlgraph.frameworks import CPU, of_array
from mlgraph.frameworks.arrays import device_of, dtype_name, strides_of
from mlgraph.frontend.program import Input, Layout
from mlgraph.graph.guards.array_sources import ArgumentArray, ArraySource
from mlgraph.graph.guards.base import Branch, Guard, any_of
from mlgraph.graph.guards.sizes import ConditionGuard, SizesGuard


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
