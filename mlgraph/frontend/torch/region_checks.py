"""Checks of the regions of a trace: what they may not do, as the values of a graph share no memory.

A tensor or number from inside of a region leaves it as a result alone. And where the result of a branch or loop may be
another tensor itself, or a view of it, none of them is written into while the others are still read.
"""

import operator
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

import torch
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch import markers
from mlgraph.frontend.torch.importer import user_line
from mlgraph.frontend.torch.memory import storage_of
from mlgraph.frontend.torch.region_tree import Place, Placed, parse, placed
from mlgraph.frontend.torch.region_writes import written_by

RESULTS = (markers.join, markers.repeat, markers.stack)
SOURCES: dict[Any, tuple[int, ...]] = {
    markers.join: (1, 2),
    markers.loop: (0,),
    markers.step: (1,),
    markers.repeat: (0, 1),
    markers.scan: (2,),
    markers.stack: (1, 2),
}
"""The arguments of markers that list the tensors which their results may be."""
FOREVER = 10**9
"""The time at which the caller reads its arguments."""


def check_regions(exported: ExportedProgram) -> None:
    """Raise `UnsupportedOpError` where a trace does what its regions may not."""
    graph = exported.graph
    if not any(node.target in markers.MARKERS for node in graph.nodes):
        return
    nodes = placed(parse(graph.nodes))
    homes = _homes(nodes)
    _check_escapes(nodes, homes)
    _check_aliases(nodes, homes)


def _homes(nodes: Iterable[Placed]) -> dict[Any, Place]:
    """Return the place where each memory, and each symbol of a value, is given first."""
    homes: dict[Any, Place] = {}
    for one in nodes:
        for key in _given(one.node):
            homes.setdefault(key, () if one.node.op == "get_attr" else one.place)
    return homes


def _given(node: torch.fx.Node) -> Iterator[Any]:
    """Yield the memory of the tensors that a node gives, and the symbols of its sizes and numbers."""
    for x in results_of(node):
        if (storage := storage_of(x)) is not None:
            yield storage
        if isinstance(x, torch.SymInt | torch.SymFloat | torch.SymBool):
            yield from free_unbacked_symbols(x)


def results_of(node: torch.fx.Node) -> Sequence[Any]:
    """Return the fake results of a node."""
    val: Any = node.meta.get("val")
    return cast("Sequence[Any]", val) if isinstance(val, list | tuple) else (val,)


def _check_escapes(nodes: Iterable[Placed], homes: dict[Any, Place]) -> None:
    """Raise where a node outside of a region uses what the region gives first."""
    for one in nodes:
        if one.node.target in (*RESULTS, markers.step) or _only_asserts(one.node):
            continue
        keys = (key for used in one.node.all_input_nodes for key in _given(used))
        if any(one.place[: len(homes.get(key, ()))] != homes.get(key, ()) for key in keys):
            raise escape(user_line(one.node))


def _only_asserts(node: torch.fx.Node) -> bool:
    return isinstance(node.meta.get("val"), torch.SymBool) or str(node.target) == "aten._assert_scalar.default"


def escape(line: str) -> UnsupportedOpError:
    """Return the error of a value that leaves its region at the user's `line`."""
    return UnsupportedOpError(
        "a value from inside of a branch or loop is used outside of it",
        where=line,
        why="it exists in the calls alone that run the branch, and a loop gives another in each step",
        fix="assign it to a variable that has a value on both paths",
    )


def _check_aliases(nodes: Sequence[Placed], homes: dict[Any, Place]) -> None:
    """Raise where a write would have to reach another tensor in some calls alone."""
    read = _last_reads(nodes)
    groups: dict[int, set[int]] = {}
    """For each memory those that may be the same so far."""
    held = {storage for one in nodes if one.node.target is markers.hold for storage in _given(one.node)}
    for _, batch in groupby(nodes, lambda one: one.time):
        several = list(batch)
        is_loop = len(several) > 1
        for one in several:
            _join_groups(one, groups, homes)
        for one in several:
            for storage in () if _is_own(one.node) else filter(None, map(storage_of, written_by(one.node))):
                others = groups.get(storage, {storage}) - {storage}
                if storage in held or any(read.get(other, -1) >= one.time + (not is_loop) for other in others):
                    raise _lost_write(user_line(one.node))


def _lost_write(line: str) -> UnsupportedOpError:
    return UnsupportedOpError(
        "the function writes into a tensor that another may be, as a branch or loop on values decides",
        where=line,
        why="the values of a graph share no memory, so that the write would be lost on the other",
        fix="compute a new tensor, as x = x + 1 in the place of x += 1, or clone() what is chosen",
    )


def _join_groups(one: Placed, groups: dict[int, set[int]], homes: dict[Any, Place]) -> None:
    """Put what a marker gives into the groups of the tensors from outside of its regions that it may be."""
    for result, sources in _sources(one.node):
        outside = {storage for storage in sources if homes[storage] == one.place[: len(homes[storage])]}
        if result is not None and outside:
            group = {result}.union(outside, *(groups.get(storage, ()) for storage in outside))
            groups.update(dict.fromkeys(group, group))


def _sources(node: torch.fx.Node) -> Iterator[tuple[int | None, set[int]]]:
    """Yield the memory of each tensor that a marker gives, and the memory of the tensors that it may be."""
    if node.target not in SOURCES:
        return
    given = zip(*(node.args[i] for i in SOURCES[node.target]))  # pyright: ignore[reportArgumentType]
    results = node.meta["val"][1:] if node.target is markers.scan else node.meta["val"]
    for result, sources in zip(results, given):
        values = (source.meta["val"] for source in sources if source is not None)
        yield storage_of(result), {storage for x in values if (storage := storage_of(x)) is not None}


def _last_reads(nodes: Iterable[Placed]) -> dict[int, int]:
    """Return when each memory is read last. The caller reads its arguments, and weights are read by later calls."""
    read: dict[int, int] = {}
    for one in nodes:
        if one.node.op == "placeholder":
            read.update(dict.fromkeys(_given(one.node), FOREVER))
        elif not _is_own(one.node) and one.node.target not in (*markers.MARKERS, operator.getitem):
            for used in one.node.all_input_nodes:
                read.update((key, max(one.time, read.get(key, 0))) for key in _given(used))
    return read


def _is_own(node: torch.fx.Node) -> bool:
    """Return whether a node writes what a region gives for a tensor from outside, or undoes a write."""
    if node.target is not torch.ops.aten.copy_.default:
        return False
    source: Any = node.args[1]
    return source.target is markers.hold or (
        source.op == "call_function" and source.args[:1] and getattr(source.args[0], "target", None) in markers.MARKERS
    )
