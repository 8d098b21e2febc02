"""Layered layout of a directed acyclic graph: every edge points down, with few crossings and few bends.

The layer of a box is its longest path from a source. An edge that skips layers has a lane, a box without height, in
each. Sweeps order the boxes of a layer by the positions of their neighbors, then move them as close to these as the
adjacent boxes allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from typing import TypeAlias

GAP_X = 22.0
GAP_Y = 36.0
LANE_WIDTH = 6.0
LANE_WEIGHT = 100.0
SWEEPS = 12

Point: TypeAlias = tuple[float, float]


@dataclass(eq=False)
class Box:
    """A rectangle. The layout sets `x`, its center, and `y`, its upper edge."""

    width: float
    height: float
    is_lane: bool = False
    x: float = 0.0
    y: float = 0.0
    layer: int = 0
    place: int = 0
    """Its index in its layer."""
    above: list["Box"] = field(default_factory=list["Box"], repr=False)
    below: list["Box"] = field(default_factory=list["Box"], repr=False)


@dataclass(frozen=True)
class Layout:
    """The size of the picture, and for each edge the points on its line: two for each gap between layers."""

    width: float
    height: float
    paths: list[list[Point]]


def lay_out(boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> Layout:
    """Place `boxes`, which are in topological order."""
    _assign_layers(boxes, edges)
    chains = [_chain(boxes[start], boxes[end]) for start, end in edges]
    layers: list[list[Box]] = [[] for _ in range(1 + max((box.layer for box in boxes), default=0))]
    for box in (*boxes, *(lane for chain in chains for lane in chain[1:-1])):
        layers[box.layer].append(box)
    _order(layers)
    _set_x(layers)
    _straighten(layers, [chain[1:-1] for chain in chains if len(chain) > 2])
    width = _shift_to_zero([box for layer in layers for box in layer])
    height = _set_y(layers)
    return Layout(width, height, [_path(chain) for chain in chains])


def _assign_layers(boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> None:
    """Set the layer of each box to its longest path from a source; put a source just above its first successor."""
    following: dict[int, list[int]] = {}
    for start, end in edges:
        following.setdefault(start, []).append(end)
    for start, box in enumerate(boxes):
        for end in following.get(start, ()):
            boxes[end].layer = max(boxes[end].layer, box.layer + 1)
    for start in following.keys() - {end for _, end in edges}:
        boxes[start].layer = min(boxes[end].layer for end in following[start]) - 1


def _chain(start: Box, end: Box) -> list[Box]:
    """Return `start`, a lane for each layer between, and `end`."""
    lanes = [Box(LANE_WIDTH, 0.0, is_lane=True, layer=layer) for layer in range(start.layer + 1, end.layer)]
    chain = [start, *lanes, end]
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _order(layers: Sequence[list[Box]]) -> None:
    """Sort each layer by the median of its neighbors' places, downwards and upwards in turn."""
    for layer in layers:
        _number(layer)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            layer.sort(key=lambda box: _middle(box.above if downwards else box.below, box.place))
            _number(layer)


def _number(layer: Sequence[Box]) -> None:
    for place, box in enumerate(layer):
        box.place = place


def _middle(neighbors: Sequence[Box], otherwise: float) -> float:
    return median(box.place for box in neighbors) if neighbors else otherwise


def _set_x(layers: Sequence[list[Box]]) -> None:
    for layer in layers:
        _move(layer, [0.0] * len(layer))
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            _move(layer, [_wanted(box, box.above if downwards else box.below) for box in layer])


def _straighten(layers: Sequence[list[Box]], lanes: Sequence[list[Box]]) -> None:
    """Align the lanes of an edge where the adjacent boxes leave room."""
    for _ in range(3 * SWEEPS):
        line = {lane: fmean(other.x for other in chain) for chain in lanes for lane in chain}
        for layer in layers:
            _move(layer, [line.get(box, _wanted(box, (*box.above, *box.below))) for box in layer])


def _wanted(box: Box, neighbors: Sequence[Box]) -> float:
    return fmean(other.x for other in neighbors) if neighbors else box.x


def _move(layer: Sequence[Box], wanted: Sequence[float]) -> None:
    """Move boxes as close to their wanted positions as their order and the gaps allow, by least squares.

    After subtracting the width of the boxes before it, the position of each box must not be less than that of the one
    before. This is isotonic regression: neighbors that would overlap are pooled into a block at their mean. Lanes have
    a greater weight, which keeps them straight.
    """
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP_X)
    blocks: list[tuple[float, float, int]] = []
    for box, x, offset in zip(layer, wanted, offsets, strict=False):
        mean, weight, count = x - offset, LANE_WEIGHT if box.is_lane else 1.0, 1
        while blocks and blocks[-1][0] > mean:
            mean_before, weight_before, count_before = blocks.pop()
            mean = (mean * weight + mean_before * weight_before) / (weight + weight_before)
            weight, count = weight + weight_before, count + count_before
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    for box, mean, offset in zip(layer, means, offsets, strict=False):
        box.x = mean + offset


def _shift_to_zero(boxes: Sequence[Box]) -> float:
    """Shift all boxes so that the leftmost edge is at 0, and return the width."""
    left = min((box.x - box.width / 2 for box in boxes), default=0.0)
    for box in boxes:
        box.x -= left
    return max((box.x + box.width / 2 for box in boxes), default=0.0)


def _set_y(layers: Sequence[Sequence[Box]]) -> float:
    """Place the layers below one another, each as high as its highest box; return the total height."""
    y = 0.0
    for layer in layers:
        depth = max((box.height for box in layer), default=0.0)
        for box in layer:
            box.y = y + (depth - box.height) / 2
            if box.is_lane:
                box.y, box.height = y, depth
        y += depth + GAP_Y
    return max(y - GAP_Y, 0.0)


def _path(chain: Sequence[Box]) -> list[Point]:
    points: list[Point] = []
    for upper, lower in pairwise(chain):
        points += [(upper.x, upper.y + upper.height), (_enter(upper, lower), lower.y)]
    return points


def _enter(upper: Box, lower: Box) -> float:
    """Return the x at which the line from `upper` enters `lower`: lines arrive in the order of their origins."""
    if len(lower.above) < 2:
        return lower.x
    several = sorted(lower.above, key=lambda box: box.x)
    step = min(22.0, lower.width / (len(several) + 1))
    return lower.x + (several.index(upper) - (len(several) - 1) / 2) * step
