"""The state of a loop on values, whose types the traces of its body find."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import statically_known_true

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.control_flow.base import NO_VALUE, LeafMismatch
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.torch import markers
from mlgraph.frontend.torch.leaves import LeafType, as_leaf, as_tensor, describe, is_known, joined
from mlgraph.frontend.torch.memory import storage_of
from mlgraph.frontend.torch.region_writes import Outside, RegionTrace, overwrite


@dataclass(frozen=True)
class LoopState:
    """The leaves of a loop, and the tensors from outside that its body writes into."""

    leaves: tuple[Any, ...]
    """The values before the loop."""
    types: tuple[LeafType | None, ...]
    """None for a leaf without a value, as far as is known."""
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    """The shapes of values in the place of leaves without one."""
    free: frozenset[tuple[int, int]] = frozenset()
    """The leaves and axes whose sizes change."""
    in_place: frozenset[int] = frozenset()
    """The leaves that stay the same tensor, and that the body writes into."""
    carried: dict[int, Outside] = field(default_factory=dict[int, Outside])
    """The tensors from outside that the body writes into, by their memory."""

    @classmethod
    def of(cls, leaves: Sequence[Any]) -> "LoopState":
        return cls(tuple(leaves), tuple(map(LeafType.of, leaves)))

    @property
    def kept(self) -> list[int]:
        """The leaves that the loop carries as tensors of its state."""
        return [i for i, type in enumerate(self.types) if type is not None and i not in self.in_place]

    def initial(self) -> list[Tensor]:
        """Return the state before the loop."""
        return [*(self._initial(i) for i in self.kept), *(one.tensor for one in self.carried.values())]

    def _initial(self, i: int) -> Tensor:
        type, leaf = self.types[i], self.leaves[i]
        assert type is not None
        if leaf is NO_VALUE:
            return torch.zeros(self.shapes[i], dtype=type.dtype)
        return as_tensor(leaf).to(type.dtype)

    def free_sizes(self) -> list[int]:
        """Return the positions in the state and the axes whose sizes change, as markers take them."""
        places = {leaf: place for place, leaf in enumerate(self.kept)}
        return [number for leaf, axis in sorted(self.free) for number in (places[leaf], axis)]

    def enter(self, tensors: Sequence[Tensor]) -> list[Any]:
        """Return the leaves that stand for a state, and write what of it belongs into tensors from outside."""
        found = self._leaves(tensors)
        for one, value in zip(self.carried.values(), tensors[len(self.kept) :], strict=True):
            overwrite(one.tensor, value)
        return found

    leave = enter

    def _leaves(self, tensors: Sequence[Tensor]) -> list[Any]:
        found: list[Any] = [self.leaves[i] if i in self.in_place else NO_VALUE for i in range(len(self.leaves))]
        for i, tensor in zip(self.kept, tensors):
            type = self.types[i]
            assert type is not None
            found[i] = as_leaf(tensor, type)
        return found

    def tensors(self, following: Sequence[Any], entered: Sequence[Tensor]) -> list[Tensor]:
        """Return the state after a step that was given `entered`; a leaf that lost its value keeps the last."""
        found: list[Tensor] = []
        for i, last in zip(self.kept, entered):
            found.append(last if following[i] is NO_VALUE else as_tensor(following[i]).to(last.dtype))
        return [*found, *(markers.hold(one.tensor) for one in self.carried.values())]

    def better(
        self, following: Sequence[Any], entered: Sequence[Sequence[Tensor]], trace: RegionTrace
    ) -> "LoopState | None":
        """Return a state that takes up what a step gives, None where this one does.

        `entered` is what the regions of the loop were given. Raise `LeafMismatch` where there is none.
        """
        written = {**self.carried, **trace.written()}
        in_place = self.in_place | {*self._written_in_place(following, entered, trace)}
        for i in in_place:
            storage = storage_of(self.leaves[i])
            if storage in trace.outside:
                written[storage] = trace.outside[storage]
        types = tuple(self._joined(i, leaf) for i, leaf in enumerate(following))
        found = replace(
            self,
            types=types,
            shapes={**self._new_shapes(following), **self.shapes},
            free=self.free | {*self._changed_sizes(following, entered[0])},
            in_place=in_place,
            carried=written,
        )
        return None if found._facts() == self._facts() else found

    def _facts(self) -> Any:
        return self.types, self.free, self.in_place, self.carried.keys()

    def _joined(self, i: int, leaf: Any) -> LeafType | None:
        try:
            return joined(self.types[i], LeafType.of(leaf))
        except TypeError:
            raise LeafMismatch(i, describe(self.leaves[i]), describe(leaf)) from None

    def _new_shapes(self, following: Sequence[Any]) -> dict[int, tuple[int, ...]]:
        """Return shapes for leaves that a step gives their first values; sizes that are not known are 0."""
        new = [i for i, type in enumerate(self.types) if type is None and following[i] is not NO_VALUE]
        shapes = {i: following[i].shape if isinstance(following[i], Tensor) else () for i in new}
        return {i: tuple(n if is_known(n) else 0 for n in shape) for i, shape in shapes.items()}

    def _changed_sizes(self, following: Sequence[Any], entered: Sequence[Tensor]) -> Iterator[tuple[int, int]]:
        """Yield the leaves and axes whose sizes a step changes."""
        for i, last in zip(self.kept, entered):
            new = following[i]
            sizes = zip(last.shape, new.shape) if isinstance(new, Tensor) and new.dim() == last.dim() else ()
            yield from ((i, axis) for axis, (m, n) in enumerate(sizes) if not statically_known_true(m == n))
        for i in self._new_shapes(following):
            shape = following[i].shape if isinstance(following[i], Tensor) else ()
            yield from ((i, axis) for axis, n in enumerate(shape) if not is_known(n))

    def _written_in_place(
        self, following: Sequence[Any], entered: Sequence[Sequence[Tensor]], trace: RegionTrace
    ) -> Iterator[int]:
        """Yield the leaves that the body writes into, and leaves the same tensors.

        Raise `UnsupportedOpError` where it writes into one and then gives the variable another: what the tensor from
        before the loop would hold then depends on the step.
        """
        memory = trace.memory_written()
        for place, i in enumerate(self.kept):
            if not any(storage_of(tensors[place]) in memory for tensors in entered):
                continue
            if following[i] is entered[-1][place] and isinstance(self.leaves[i], Tensor):
                yield i
            elif isinstance(self.leaves[i], Tensor) or storage_of(following[i]) in trace.outside:
                raise _other_tensor()
        if any(following[i] is not self.leaves[i] for i in self.in_place):
            raise _other_tensor()


def _other_tensor() -> UnsupportedOpError:
    return UnsupportedOpError(
        "a loop on values writes into a tensor and then gives its variable another",
        where=current_line(),
        why="the tensor from before the loop would be written into in some steps alone",
        fix="compute a new tensor in each step, as x = x + 1 in the place of x += 1",
    )
