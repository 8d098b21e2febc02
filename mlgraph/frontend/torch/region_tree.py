"""The nodes of a trace as a tree: those between markers are in regions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from mlgraph.frontend.torch import markers


@dataclass
class Region:
    """The nodes between a marker and the next, and the node of the marker before them."""

    begin: torch.fx.Node
    nodes: "list[Item]" = field(default_factory=list["Item"])


@dataclass
class Control:
    """An operation with regions, and the marker at its end."""

    regions: list[Region]
    end: torch.fx.Node

    @property
    def is_loop(self) -> bool:
        return self.end.target is not markers.join


Item: TypeAlias = torch.fx.Node | Control


def parse(nodes: Iterable[torch.fx.Node]) -> list[Item]:
    """Return the nodes with those between markers inside of control flow, without what was abandoned."""
    items: list[Item] = []
    open: list[tuple[list[Item], list[Region]]] = []
    """For each operation that began, what is around it, and its regions so far."""
    for node in nodes:
        match node.target:
            case markers.branch | markers.loop | markers.scan:
                open.append((items, [Region(node)]))
                items = open[-1][1][-1].nodes
            case markers.otherwise | markers.step:
                open[-1][1].append(Region(node))
                items = open[-1][1][-1].nodes
            case markers.join | markers.repeat | markers.stack:
                items, regions = open.pop()
                items.append(Control(regions, node))
            case markers.abandon:
                items, _ = open.pop()
            case _:
                items.append(node)
    return items


Place: TypeAlias = tuple[int, ...]
"""The numbers of the regions around a node, the outermost first."""


@dataclass(frozen=True)
class Placed:
    """A node, and where it stands."""

    node: torch.fx.Node
    place: Place
    time: int
    """The time at which the node runs. Those of an outermost loop have one, as each of them runs after any other."""


def placed(items: Sequence[Item]) -> list[Placed]:
    """Return the nodes in order with their places, those of the markers around the regions."""
    found: list[Placed] = []
    regions = 0

    def add(items: Sequence[Item], place: Place, loop: int | None) -> None:
        nonlocal regions
        for item in items:
            time = len(found) if loop is None else loop
            if isinstance(item, torch.fx.Node):
                found.append(Placed(item, place, time))
                continue
            inside = time if item.is_loop else loop
            for region in item.regions:
                found.append(Placed(region.begin, place, time))
                regions += 1
                add(region.nodes, (*place, regions), inside)
            found.append(Placed(item.end, place, len(found) if loop is None else loop))

    add(items, (), None)
    return found
