"""Cheap operations of another iteration space, as the cast of a vector, are recomputed in the loops that read them.

What they would store is small, but a call of its own costs more than recomputing them for each element.
"""

from collections.abc import Iterable

from xdsl.ir import Operation

from mlgraph.dialects.kernel import weight
from mlgraph.transforms.fuse_elementwise.groups import MAX_KERNEL_WEIGHT, Group, Grouping

MAX_RECOMPUTED_WEIGHT = 4
"""The most instructions that are recomputed for each element."""


def recompute_cheap(grouping: Grouping) -> None:
    """Copy cheap operations that only kernels read into each of these. The last come first, so that chains follow."""
    for op in reversed(list(grouping.block.ops)):
        if _is_cheap(op, grouping):
            readers = {use.operation: None for use in op.results[0].uses}
            if readers and all(_has_room(reader, grouping) for reader in readers):
                _copy(op, readers, grouping)


def _is_cheap(op: Operation, grouping: Grouping) -> bool:
    """Return whether an operation outside all kernels takes few instructions."""
    if op not in grouping.elements or op in grouping.group_of:
        return False
    return weight(grouping.elements[op].body) <= MAX_RECOMPUTED_WEIGHT


def _has_room(reader: Operation, grouping: Grouping) -> bool:
    """Return whether an operation is part of a loop that can take a few more."""
    if reader not in grouping.elements or reader not in grouping.group_of:
        return False
    return grouping.group_of[reader].weight < MAX_KERNEL_WEIGHT


def _copy(op: Operation, readers: Iterable[Operation], grouping: Grouping) -> None:
    copies: dict[Group, Operation] = {}
    for reader in readers:
        group = grouping.group_of[reader]
        if group not in copies:
            copies[group] = grouping.add_copy(op, group)
        old, new = op.results[0], copies[group].results[0]
        reader.operands = [new if value is old else value for value in reader.operands]
        element = grouping.elements[reader]
        element.operands = [new if value is old else value for value in element.operands]
    grouping.forget(op)
    op.detach()
    op.erase()
