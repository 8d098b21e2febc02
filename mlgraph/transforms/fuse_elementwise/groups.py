"""Operations of a block are grouped into loops.

Operations are taken in order. Each joins the groups of the operations that it reads from, and those that read the same
arrays, if they have one iteration space and no path leads from one of the two through an operation outside back into
the other. A reduction over the last axes joins the group that it reads from, of which then nothing may read it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from mlgraph.dialects.ivy.control import ScanOp
from mlgraph.dialects.ivy.types import shape_of
from mlgraph.dialects.kernel import weight
from mlgraph.transforms.fuse_elementwise.elements import Element, element_of
from mlgraph.transforms.fuse_elementwise.epilogues import ReductionEpilogue, epilogue_of
from mlgraph.transforms.fuse_elementwise.loops import element_of_scan
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible

MAX_KERNEL_WEIGHT = 400
"""The most that a group may weigh: compile time and the registers of a processor bound it."""

MIN_FUSED_OPS = 4
"""The least number of scalar operations of one op that make it worth a kernel."""


@dataclass(eq=False)
class Group:
    """Operations that become one loop, in order."""

    space: tuple[int, ...]
    members: list[Operation]
    weight: int
    first: int
    last: int
    axes: int = 0
    """The number of last axes that its reductions are over, 0 without reductions."""

    @property
    def has_loops(self) -> bool:
        """True if a scan is among its members."""
        return any(op.regions for op in self.members)


Node: TypeAlias = "Group | Operation"


@dataclass
class Grouping:
    """The groups of a block, and why neighbors stay out of them."""

    block: Block
    min_ops: int
    """The least number of scalar operations of one op that make it a kernel of its own."""
    elements: dict[Operation, Element] = field(default_factory=dict[Operation, Element])
    epilogues: dict[Operation, ReductionEpilogue] = field(default_factory=dict[Operation, ReductionEpilogue])
    """The reductions that are in groups."""
    not_fused: dict[Operation, str] = field(default_factory=dict[Operation, str])
    group_of: dict[Operation, Group] = field(default_factory=dict[Operation, Group])
    position: dict[Operation, int] = field(default_factory=dict[Operation, int])
    before: dict[Operation, Operation] = field(default_factory=dict[Operation, Operation])
    """The effect before each effect: effects keep their order."""

    def __post_init__(self) -> None:
        readers: dict[tuple[SSAValue, tuple[int, ...]], Operation] = {}
        effect: Operation | None = None
        for i, op in enumerate(self.block.ops):
            self.position[op] = i
            if not is_side_effect_free(op):
                if effect is not None:
                    self.before[op] = effect
                effect = op
            try:
                epilogue = epilogue_of(op)
                if epilogue is None or epilogue.operand.owner not in self.elements:
                    self.elements[op] = element_of_scan(op) if isinstance(op, ScanOp) else element_of(op)
                    self._join(op, self.elements[op], readers)
                else:
                    self._join_reduction(op, epilogue)
            except NotFusible as reason:
                self.not_fused[op] = str(reason)
        self._drop_small_groups()

    def _join_reduction(self, op: Operation, epilogue: ReductionEpilogue) -> None:
        """Let the group that a reduction reads from end in it. Nothing in a block before it can read its result."""
        assert isinstance(epilogue.operand.owner, Operation)
        group = self.group_of[epilogue.operand.owner]
        if group.has_loops:
            raise NotFusible("the kernel has loops of its own")
        if group.axes not in (0, epilogue.axes):
            raise NotFusible("the kernel reduces other axes")
        if group.weight >= MAX_KERNEL_WEIGHT:
            raise NotFusible("the kernel is full")
        group.members.append(op)
        group.weight += 1
        group.last = self.position[op]
        group.axes = epilogue.axes
        self.group_of[op], self.epilogues[op] = group, epilogue

    def _join(
        self, op: Operation, element: Element, readers: dict[tuple[SSAValue, tuple[int, ...]], Operation]
    ) -> None:
        space = element.space
        group = Group(space, [op], weight(element.body), self.position[op], self.position[op])
        self.group_of[op] = group
        if not space:
            self.not_fused[op] = "it has one element"
        producers = [v.owner for v in element.operands if isinstance(v.owner, Operation)]
        siblings = [readers[v, space] for v in element.operands if _shape(v) == space and (v, space) in readers]
        for neighbor in [*producers, *siblings]:
            other = self.group_of.get(neighbor)
            if other is None or other is group or not space:
                continue
            why = self._apart(other, group)
            if why is None:
                group = self._merge(other, group)
            else:
                self.not_fused[op] = why
        for value in element.operands:
            readers[value, space] = op

    def _apart(self, old: Group, new: Group) -> str | None:
        """Return the reason why two groups cannot be one, None where they can."""
        if old.space != new.space:
            return "it has another iteration space"
        if old.weight + new.weight > MAX_KERNEL_WEIGHT:
            return "the kernel is full"
        if (old.axes or new.axes) and (old.has_loops or new.has_loops):
            return "the kernel has loops of its own"
        if old.axes and new.axes and old.axes != new.axes:
            return "the kernel reduces other axes"
        if self._reads_reduction(old, new) or self._reads_reduction(new, old):
            return "it reads what the kernel reduces"
        if self._reaches(old, new) or (len(new.members) > 1 and self._reaches(new, old)):  # nothing reads the newest
            return "an operation between them is outside the kernel"
        return None

    def _reads_reduction(self, reader: Group, group: Group) -> bool:
        """Return whether a group reads a reduction of another."""
        if not group.axes:
            return False
        sources = {value.owner for op in reader.members for value in op.operands}
        return any(op in sources for op in group.members if op in self.epilogues)

    def _merge(self, old: Group, new: Group) -> Group:
        if len(new.members) > len(old.members):
            old, new = new, old
        old.members += new.members
        old.weight += new.weight
        old.axes = old.axes or new.axes
        old.first, old.last = min(old.first, new.first), max(old.last, new.last)
        for op in new.members:
            self.group_of[op] = old
        return old

    def node(self, op: Operation) -> Node:
        """Return the group of an operation, or itself outside all groups."""
        return self.group_of.get(op, op)

    def sources(self, node: Node) -> Iterator[Node]:
        """Yield the nodes that must run before a node."""
        for op in node.members if isinstance(node, Group) else (node,):
            for value in operands_of(op):
                if isinstance(value.owner, Operation) and value.owner.parent is self.block:
                    yield self.node(value.owner)
            if op in self.before:
                yield self.node(self.before[op])

    def _reaches(self, start: Group, end: Group) -> bool:
        """Return whether a path leads from `start` through an operation outside both to `end`."""
        stack = [n for n in self.sources(end) if n is not start and n is not end]
        seen = set(stack)
        while stack:
            for source in self.sources(stack.pop()):
                if source is start:
                    return True
                if source not in seen and source is not end and self._end(source) > start.first:
                    seen.add(source)
                    stack.append(source)
        return False

    def _end(self, node: Node) -> int:
        return node.last if isinstance(node, Group) else self.position[node]

    def _drop_small_groups(self) -> None:
        for group in self.groups:
            if not group.space or (len(group.members) == 1 and not self._is_fusible_alone(group.members[0])):
                for op in group.members:
                    del self.group_of[op]
            else:
                group.members.sort(key=self.position.__getitem__)

    def _is_fusible_alone(self, op: Operation) -> bool:
        """Return whether one operation is as good as several: its framework may take several passes for it."""
        return isinstance(op, ScanOp) or sum(1 for _ in self.elements[op].body.ops) >= self.min_ops

    def add_copy(self, op: Operation, group: Group) -> Operation:
        """Add a copy of an operation outside all groups to one, before what is there to read it."""
        copy = op.clone()
        copy.location = op.location
        self.elements[copy] = element_of(copy)
        self.group_of[copy], self.position[copy] = group, self.position[op]
        group.members.append(copy)
        group.members.sort(key=self.position.__getitem__)
        group.weight += weight(self.elements[copy].body)
        group.first = min(group.first, self.position[op])
        return copy

    def forget(self, op: Operation) -> None:
        """Leave out an operation that is about to be erased."""
        del self.elements[op], self.position[op]
        self.not_fused.pop(op, None)

    @property
    def groups(self) -> list[Group]:
        """The groups, in the order of their first members."""
        return list(dict.fromkeys(self.group_of.values()))

    def schedule(self) -> list[Node]:
        """Return groups and the operations outside them, each after all that it needs, else in their old order."""
        order: list[Node] = []
        done: set[Node] = set()
        for op in self.block.ops:
            stack = [self.node(op)]
            while stack:
                node = stack[-1]
                waiting = [] if node in done else [n for n in self.sources(node) if n not in done and n is not node]
                if waiting:
                    stack += waiting
                    continue
                stack.pop()
                if node not in done:
                    done.add(node)
                    order.append(node)
        return order


def operands_of(op: Operation) -> Iterable[SSAValue]:
    """Return all values that an operation reads, also in its regions."""
    return op.operands if not op.regions else [value for inner in op.walk() for value in inner.operands]


def _shape(value: SSAValue) -> tuple[int, ...]:
    return tuple(shape_of(value)) if isinstance(value.type, TensorType) else ()  # pyright: ignore[reportUnknownMemberType]


def externals(members: Sequence[Operation], elements: dict[Operation, Element]) -> list[SSAValue]:
    """Return the arrays that a group reads from outside, in the order of their first use. Reductions read none."""
    inside = set(members)
    rows = (elements[op] for op in members if op in elements)
    read = (value for row in rows for value in row.operands if value.owner not in inside)
    return list(dict.fromkeys(read))
