"""Loops over the arrays of a kernel: from shapes and strides to as few loops as possible.

Axes are walked in the order in which the first whole operand lies in memory, results are dense in that order, and axes
that every array steps through evenly are one loop. Axes that are reduced are walked inside the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """The layout of a result in memory."""

    shape: Shape
    order: tuple[int, ...]
    """Its axes from the outermost to the innermost in memory."""

    @property
    def dense(self) -> bool:
        """True if it lies in memory as its axes are numbered."""
        return self.order == tuple(range(len(self.shape)))


@dataclass(frozen=True)
class LoopNest:
    """A nest of loops over an iteration space."""

    shape: Shape
    """The iteration space, which is the shape of every result that is not reduced."""
    order: tuple[int, ...]
    """Its axes from the outermost to the innermost in memory."""
    sizes: Shape
    """The loops, outermost first; at least one."""
    strides: tuple[Shape, ...]
    """The step of each loop in bytes, for each operand and then for each result."""
    results: tuple[Result, ...]
    reduced: int = 0
    """The number of innermost loops that are over reduced axes."""

    @property
    def dense(self) -> bool:
        """True if all results lie in memory as their axes are numbered."""
        return all(result.dense for result in self.results)


def make_loop_nest(
    shapes: Sequence[Shape],
    strides: Sequence[Shape],
    itemsizes: Sequence[int],
    reads: Sequence[Sequence[int]],
    axes: int = 0,
    ranks: Sequence[int | None] = (),
) -> LoopNest | None:
    """Return the loops over operands of these shapes and strides (in bytes).

    `itemsizes` are the results' bytes an element, and `reads` the numbers of the operands that each depends on. Where
    so many last `axes` are reduced, `ranks` are those of reduced results, and None for whole ones. None where one loop
    cannot serve: nothing to loop over, shapes that do not broadcast, or a result that has another shape than the rest.
    """
    shape = broadcast(shapes)
    if not shape or 0 in shape or any(broadcast([shapes[i] for i in operands]) != shape for operands in reads):
        return None
    steps = [_spread(s, t, shape) for s, t in zip(shapes, strides, strict=True)]
    order = _memory_order(shape, [t for s, t in zip(shapes, steps) if s == shape])
    inner = range(len(shape) - axes, len(shape))
    outer = tuple(axis for axis in order if axis not in inner)
    ranks = ranks or [None] * len(itemsizes)
    steps += [_dense(shape, order if r is None else outer, size) for r, size in zip(ranks, itemsizes)]
    results = tuple(Result(shape, order) if r is None else _reduced(shape, outer, r) for r in ranks)
    loops = _loops(shape, outer, steps)
    reduced = _loops(shape, [axis for axis in order if axis in inner], steps)
    if not (reduced if axes else loops):
        reduced = [(1, *(step[order[-1]] for step in steps))]
    sizes, *walked = zip(*loops, *reduced)
    return LoopNest(shape, order, sizes, tuple(walked), results, len(reduced) if axes else 0)


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """Broadcast as numpy does; None where the shapes do not fit."""
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
    """The strides of a result that has the axes in `order` from outside in: 0 along others."""
    steps, step = [0] * len(shape), itemsize
    for axis in reversed(order):
        steps[axis] = step
        step *= shape[axis]
    return tuple(steps)


def _reduced(shape: Shape, outer: Sequence[int], rank: int) -> Result:
    """A result of so many axes, of which those that are not `outer` have a size of 1."""
    ones = range(len(outer), rank)
    return Result((*shape[: len(outer)], *[1] * len(ones)), (*outer, *ones))


def _loops(shape: Shape, axes: Sequence[int], steps: Sequence[Shape]) -> list[Shape]:
    """The loops over some axes, outermost first: the size of each, and the step of every array.

    Each is joined with the one inside it where every array steps evenly through both.
    """
    found: list[Shape] = []
    for axis in reversed(axes):
        own = tuple(step[axis] for step in steps)
        if shape[axis] == 1:
            continue
        if found and own == tuple(step * found[0][0] for step in found[0][1:]):
            found[0] = (found[0][0] * shape[axis], *found[0][1:])
        else:
            found.insert(0, (shape[axis], *own))
    return found
