"""Cheap operations of another iteration space, as the cast of a row, are done in the loops that read them.

What they would store is small, but a call of its own costs more than doing them again for each element.
"""

from collections.abc import Iterable

from xdsl.ir import Operation

from mlgraph.dialects.kernel import weight
from mlgraph.transforms.fuse_elementwise.groups import CAPACITY, Group, Grouping

CHEAP = 4
"""The most instructions that are done again for each element."""


def copy_cheap(grouping: Grouping) -> None:
    """Move cheap operations that kernels alone read into these, a copy for each. The last come first: chains follow."""
    for op in reversed(list(grouping.block.ops)):
        if op in grouping.elements and op not in grouping.group_of and weight(grouping.elements[op].body) <= CHEAP:
            readers = {use.operation: None for use in op.results[0].uses}
            if readers and all(_has_room(reader, grouping) for reader in readers):
                _copy(op, readers, grouping)


def _has_room(reader: Operation, grouping: Grouping) -> bool:
    """Whether an operation is part of a loop that can take a few more."""
    return reader in grouping.elements and reader in grouping.group_of and grouping.group_of[reader].weight < CAPACITY


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
