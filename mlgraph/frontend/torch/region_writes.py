"""The tensors from outside of a region that its nodes write into."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from mlgraph.frontend.torch import markers
from mlgraph.frontend.torch._private import get_proxy_mode, schema_of
from mlgraph.frontend.torch.memory import storage_of

STATISTICS = ("running_mean", "running_var")
"""The arguments that norms in training write into, whatever their schemas say."""
IN_TRAINING = ("training", "train", "use_input_stats")


class Outside(NamedTuple):
    """A tensor that owns memory from outside of a region, and its node before the region."""

    tensor: Tensor
    node: torch.fx.Node


class RegionTrace:
    """The values that exist before a region, and the nodes of the region."""

    def __init__(self) -> None:
        self.tracer: Any = get_proxy_mode().tracer  # pyright: ignore[reportOptionalMemberAccess]
        self.outside = dict(_owners(self.tracer))
        self.last = self._last()

    def begin(self) -> "RegionTrace":
        """Count the nodes from here on as those of the region."""
        self.last = self._last()
        return self

    def _last(self) -> torch.fx.Node:
        return next(iter(reversed(self.tracer.graph.nodes)))

    def nodes(self) -> Iterator[torch.fx.Node]:
        node = self.last.next
        while node.op != "root":
            yield node
            node = node.next

    def written(self) -> dict[int, Outside]:
        """Return the tensors from outside that the region writes into, by their memory."""
        return {storage: self.outside[storage] for storage in self.memory_written() if storage in self.outside}

    def memory_written(self) -> set[int]:
        """Return all memory that the region writes into."""
        return {s for node in self.nodes() for x in written_by(node) if (s := storage_of(x)) is not None}

    def value_before(self, one: Outside) -> Tensor:
        """Return the value that a tensor has before the region."""
        held = markers.hold(one.tensor)
        node = self.tracer.tensor_tracker[held].proxy.node
        node.args = (one.node,)
        self.last.append(node)
        return held

    def undo(self) -> dict[int, Tensor]:
        """Undo the writes of the region into tensors from outside, and return the values from before it."""
        written = self.written()
        before = {storage: self.value_before(one) for storage, one in written.items()}
        for storage, one in written.items():
            overwrite(one.tensor, before[storage])
        return before


def _owners(tracer: Any) -> Iterator[tuple[int, Outside]]:
    """Yield the traced tensors with the most elements in each memory."""
    found: dict[int, Outside] = {}
    for tensor, value in tracer.tensor_tracker.items():
        storage = storage_of(tensor)
        if storage is None or (storage in found and not _is_owner(tensor, found[storage].tensor)):
            continue
        found[storage] = Outside(tensor, value.proxy.node)
    yield from found.items()


def _is_owner(tensor: Tensor, other: Tensor) -> bool:
    """Return whether a tensor has the memory rather than `other`, which is a view."""
    return other._is_view() and not tensor._is_view()


def written_by(node: torch.fx.Node) -> Iterator[Any]:
    """Yield the values of the arguments that a node writes into."""
    schema = schema_of(node.target)
    if schema is None or node.target is torch.ops.aten.detach_.default:
        return
    given: dict[str, Any] = dict(zip((a.name for a in schema.arguments), node.args)) | node.kwargs
    trains = any(given.get(name) is True for name in IN_TRAINING)
    for argument in schema.arguments:
        writes = argument.alias_info is not None and argument.alias_info.is_write
        if writes or (trains and argument.name in STATISTICS):
            yield from _values(given.get(argument.name))


def _values(argument: Any) -> Iterator[Any]:
    several = cast("Sequence[Any]", argument) if isinstance(argument, list | tuple) else (argument,)
    yield from (one.meta.get("val") for one in several if isinstance(one, torch.fx.Node))


def overwrite(x: Tensor, value: Tensor) -> None:
    """Give a tensor a value, whether autograd lets functions write into it or not."""
    (x.detach() if x.is_leaf and x.requires_grad else x).copy_(value)
