"""One captured and compiled version of a function, and the calls that it fits."""

# pyright: basic
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgraph import trees
from mlgraph.call import Call
from mlgraph.frontend.program import Input, Result, Size
from mlgraph.signature import linear
from mlgraph.state import State
from mlgraph.targets.arrays import device_of, dtype_name

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from mlgraph.running import Runner
    from mlgraph.targets.callable import Source
    from mlgraph.targets.kernels import Kernel


class Returned(NamedTuple):
    """Stands among the output leaves for a stateful object of the call itself."""

    root: int


@dataclass
class Outputs:
    """How the results of `main` become what the user's function returned."""

    spec: Any
    leaves: list[Any]

    def rebuild(self, results: Sequence[Any], roots: Sequence[Any] = ()) -> Any:
        return trees.unflatten(self.spec, [self._leaf(leaf, results, roots) for leaf in self.leaves])

    def _leaf(self, leaf: Any, results: Sequence[Any], roots: Sequence[Any]) -> Any:
        match leaf:
            case Result(index):
                return results[index]
            case Returned(root):
                return roots[root]
            case _:
                return leaf


class Difference(NamedTuple):
    """Why a call does not fit: how far the comparison went, and what it found, in words."""

    depth: int
    text: str


@dataclass
class Specialisation:
    """A compiled version: what it demands of a call, how to run one, and what each stage made of it."""

    call: Call
    program_inputs: tuple[Input, ...]
    bounds: Mapping[str, tuple[int, int | None]]
    guards: Sequence[tuple[Callable[[], Any], Any]]
    source: "Source"
    stages: "Mapping[str, ModuleOp]"
    seconds: dict[str, float]
    run: Callable[..., Any]
    """From the arrays that `main` takes to the user's result; writes state."""
    runner: "Runner"
    """Runs any call."""
    passed: tuple[int, ...]
    """The numbers of the arrays that `run` takes."""
    state: State | None = None
    """What the function does with objects, where it has any."""
    narrow: bool = False
    """Whether 64-bit inputs become 32-bit ones, as in jax without 64-bit types."""
    kernels: Sequence["Kernel"] = ()
    """What runs chains of elementwise operations."""

    def difference(self, call: Call, parameters: Sequence[str]) -> Difference | None:
        """What of `call` does not fit; None when it fits."""
        for guard, expected in self.guards:
            if (found := guard()) != expected:
                return Difference(0, found if isinstance(found, str) else guard.__doc__ or f"{expected} became {found}")
        if call.spec != self.call.spec or call.is_array != self.call.is_array:
            return Difference(1, self._structures(call))
        for i, (old, new, is_array) in enumerate(zip(self.call.leaves, call.leaves, call.is_array)):
            if not is_array and not trees.same_static(old, new):
                name = call.accessors(parameters)[i]  # pyright: ignore[reportAssignmentType]
                return Difference(2, f"argument {name} changed from {old!r} to {new!r}")
        if self.state is None:
            return self._array_difference(call.arrays, lambda i: _array_name(call, parameters, i))
        if (changed := self.state.difference(call.roots)) is not None:
            return Difference(2, changed)
        own = call.arrays

        def name(i: int) -> str:
            return _array_name(call, parameters, i) if i < len(own) else self.state.read_name(i - len(own))  # pyright: ignore[reportOptionalMemberAccess]

        return self._array_difference(own + self.state.arrays(call.roots), name)

    def _structures(self, call: Call) -> str:
        old, new = _shown(self.call), _shown(call)
        return f"the structure of the arguments changed from {old} to {new}"

    def _array_difference(self, arrays: Sequence[Any], name: Callable[[int], str]) -> Difference | None:
        sizes = _Sizes(self.bounds)
        for i, (wanted, array) in enumerate(zip(self.program_inputs, arrays)):
            if not wanted.used:
                continue
            found = narrow_name(dtype_name(array)) if self.narrow else dtype_name(array)
            if found != wanted.dtype:
                return Difference(3, f"{name(i)} changed from {wanted.dtype} to {dtype_name(array)}")
            if wanted.weak is not None and wanted.weak != getattr(array, "weak_type", False):
                return Difference(3, f"{name(i)} changed {'from' if wanted.weak else 'to'} a weak {wanted.dtype}")
            if wanted.device is not None and wanted.device != device_of(array):
                return Difference(3, f"{name(i)} went from {wanted.device} to {device_of(array)}")
            if len(array.shape) != len(wanted.shape):
                return Difference(4, f"{name(i)} changed from rank {len(wanted.shape)} to {len(array.shape)}")
            for axis, (size, actual) in enumerate(zip(wanted.shape, array.shape)):
                old = None if actual is None else sizes.misfit((i, axis), size, int(actual))
                if old is not None:
                    expected = old.text.format(*(f"axis {axis} of {name(j)}" for j, axis in old.places))
                    return Difference(5, f"axis {axis} of {name(i)} changed from {expected} to {actual}")
        return None


def _array_name(call: Call, parameters: Sequence[str], i: int) -> str:
    names = [name for name, flag in zip(call.accessors(parameters), call.is_array) if flag]
    return f"argument {names[i]}"


class _Misfit(NamedTuple):
    """What was expected of a size; `{}` in the text stands for each of the places."""

    text: str
    places: tuple[tuple[int, int], ...] = ()


@dataclass
class _Sizes:
    """The symbols that the sizes of a call have bound so far."""

    bounds: Mapping[str, tuple[int, int | None]]
    found: dict[str, tuple[int, tuple[int, int]]] = field(default_factory=dict)
    """A symbol's value, and the array and axis that it was found at."""

    def misfit(self, place: tuple[int, int], size: Size, actual: int) -> _Misfit | None:
        """What was expected in the place of `actual`, None where it fits."""
        if isinstance(size, int):
            return None if size == actual else _Misfit(str(size))
        form = linear(size)
        if form is None:
            raise ValueError(f"{size!r} is not linear in one symbol")
        factor, symbol, offset = form
        value, first = self.found.setdefault(symbol, ((actual - offset) // factor, place))
        low, high = self.bounds.get(symbol, (0, None))
        expected = factor * value + offset
        if expected != actual:
            return _Misfit(f"{expected}, as {{}} says,", (first,)) if first != place else _Misfit(size)
        if low <= value and (high is None or value <= high):
            return None
        return _Misfit(f"a size of at least {low}" if value < low else f"a size of at most {high}")


def _shown(call: Call) -> str:
    """The structure of a call, an array as `*` and a Python value as `.`."""
    leaves = [_Shown("*" if flag else ".") for flag in call.is_array]
    return repr(trees.unflatten(call.spec, leaves))


class _Shown(str):
    """Text that shows as it is."""

    def __repr__(self) -> str:
        return str(self)


NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
"""What jax makes of 64-bit types when it runs without them."""


def narrow_name(dtype: str) -> str:
    return NARROW.get(dtype, dtype)
