"""How a kernel walks its arrays: from shapes and strides to as few loops as possible.

Axes are walked in the order in which the first whole operand lies in memory, results are dense in that order, and axes
that every array steps through evenly are one loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """Loops over an iteration space."""

    shape: Shape
    """The iteration space, which is the shape of every result."""
    order: tuple[int, ...]
    """Its axes from the outermost to the innermost in memory."""
    sizes: Shape
    """The loops, outermost first; at least one."""
    strides: tuple[Shape, ...]
    """The step of each loop in bytes, for each operand and then for each result."""

    @property
    def dense(self) -> bool:
        """Whether results lie in memory as their axes are numbered."""
        return self.order == tuple(range(len(self.shape)))


def make_plan(
    shapes: Sequence[Shape], strides: Sequence[Shape], itemsizes: Sequence[int], reads: Sequence[Sequence[int]]
) -> Plan | None:
    """The loops over operands of these shapes and strides (in bytes).

    `itemsizes` are the results' bytes an element, and `reads` the numbers of the operands that each depends on. None
    where one loop cannot serve: nothing to loop over, shapes that do not broadcast, or a result that has another shape
    than the rest.
    """
    shape = broadcast(shapes)
    if not shape or 0 in shape or any(broadcast([shapes[i] for i in operands]) != shape for operands in reads):
        return None
    steps = [_spread(s, t, shape) for s, t in zip(shapes, strides, strict=True)]
    order = _memory_order(shape, [t for s, t in zip(shapes, steps) if s == shape])
    steps += [_dense(shape, order, size) for size in itemsizes]
    axes = [axis for axis in order if shape[axis] != 1] or [order[-1]]
    sizes, walked = _collapse([shape[a] for a in axes], [[step[a] for a in axes] for step in steps])
    return Plan(shape, order, tuple(sizes), tuple(map(tuple, walked)))


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """numpy's broadcasting, None where the shapes do not fit."""
    length = max(map(len, shapes), default=0)
    padded = [(1,) * (length - len(shape)) + tuple(shape) for shape in shapes]
    result = tuple(next((n for n in sizes if n != 1), 1) for sizes in zip(*padded))
    return result if all(n in (1, m) for shape in padded for n, m in zip(shape, result)) else None


def _spread(shape: Shape, strides: Shape, whole: Shape) -> Shape:
    """The strides of an operand over the iteration space: 0 where it is broadcast."""
    missing = len(whole) - len(shape)
    return (0,) * missing + tuple(0 if n == 1 else step for n, step in zip(shape, strides))


def _memory_order(shape: Shape, steps: Sequence[Shape]) -> tuple[int, ...]:
    """The axes by falling step of the first operand that is not itself broadcast."""
    first = next((s for s in steps if all(step or n == 1 for step, n in zip(s, shape))), None)
    axes = range(len(shape))
    if first is None:
        return tuple(axes)
    known = iter(sorted((a for a in axes if shape[a] != 1), key=lambda a: -abs(first[a])))
    return tuple(a if shape[a] == 1 else next(known) for a in axes)


def _dense(shape: Shape, order: Sequence[int], itemsize: int) -> Shape:
    steps, step = [0] * len(shape), itemsize
    for axis in reversed(order):
        steps[axis] = step
        step *= shape[axis]
    return tuple(steps)


def _collapse(sizes: Sequence[int], steps: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Join each loop with the one inside it where every array steps evenly through both."""
    joined, kept = [sizes[-1]], [[step[-1]] for step in steps]
    for i in range(len(sizes) - 2, -1, -1):
        if all(step[i] == inner[0] * joined[0] for step, inner in zip(steps, kept)):
            joined[0] *= sizes[i]
        else:
            joined.insert(0, sizes[i])
            for step, inner in zip(steps, kept):
                inner.insert(0, step[i])
    return joined, kept
