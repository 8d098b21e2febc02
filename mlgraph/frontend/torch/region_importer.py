"""The import of traces with control flow on values: what lies between markers becomes the regions of an operation."""

from collections import ChainMap
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from xdsl.ir import Attribute, Block, SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import building, insert, located
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i64, tensor
from mlgraph.dialects.ivy.control import IfOp, ScanOp, WhileOp, YieldOp
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch import markers
from mlgraph.frontend.torch._private import OpOverload
from mlgraph.frontend.torch.importer import FxImporter, dtype_of, type_of, user_line
from mlgraph.frontend.torch.leaves import is_known
from mlgraph.frontend.torch.region_tree import Control, Item, Region, parse
from mlgraph.frontend.torch.rules.helpers import to

COPY = torch.ops.aten.copy.default


class RegionImporter(FxImporter):
    """Imports the nodes of a graph in order, and control flow as operations with regions."""

    def run(self) -> list[Any]:
        self.values: Any = ChainMap(self.values)
        results = self.import_items(parse(self.graph_module.graph.nodes))
        if not self.to_fix:
            self.check_missing()
        return results

    def import_items(self, items: Sequence[Item]) -> list[Any]:
        """Import nodes and control flow in order, and return the results of the graph, none of a region."""
        results: list[Any] = []
        for item in items:
            if isinstance(item, Control):
                self.locate(item.end)
                with located(self.location):
                    self.values[item.end] = IMPORTS[item.end.target](self, item)
            elif item.op == "output":
                results = [self.result(argument) for argument in arguments(item)[0]]
            elif item.op == "get_attr":
                self.values[item] = self.attribute(item)
            elif item.op == "call_function":
                self.values[item] = self.import_node(item)
        return results

    def import_node(self, node: torch.fx.Node) -> Any:
        if node.target is COPY and _is_whole_copy(node):
            return self.value(node.args[1])
        return super().import_node(node)

    def value(self, argument: Any) -> Any:
        if isinstance(argument, torch.fx.Node) and argument not in self.values:
            self.values[argument] = self.import_again(argument)
        return super().value(argument)

    def import_again(self, node: torch.fx.Node) -> Any:
        """Import a node of another region here too: torch computes views where they are read first."""
        if node.op == "get_attr":
            return self.attribute(node)
        if node.target in markers.MARKERS - {markers.hold} or torch.Tag.nondeterministic_seeded in _tags(node):
            raise UnsupportedOpError(
                "a value from inside of a branch or loop is used outside of it",
                where=user_line(node),
                why="it exists in the calls alone that take the branch",
                fix="assign it to a variable that has a value on both paths",
            )
        return self.import_node(node)

    @contextmanager
    def region(self, block: Block) -> Generator[None]:
        """Import nodes inside into a region; what they give is seen by it alone."""
        outer, location = self.values, self.location
        self.values = outer.new_child()
        with building(block):
            yield
        self.values, self.location = outer, location

    def block(self, region: Region, types: Sequence[Attribute], gives: Callable[[], Sequence[SSAValue]]) -> Block:
        """Return the block of a region; its arguments are the results of its marker, it yields what `gives` says."""
        block = Block(arg_types=types)
        with self.region(block):
            self.values[region.begin] = tuple(block.args)
            self.import_items(region.nodes)
            insert(YieldOp(*gives()))
        return block

    def fitted(self, value: Any, val: torch.Tensor) -> SSAValue:
        """Return what a branch gives in the element type of the result, zeros where it gives nothing."""
        d = dtype_of(val.dtype)
        if value is None:
            return ivy.full(tuple(n if is_known(n) else 0 for n in val.shape), 0, d)
        return to(self.value(value), d)


def import_branches(importer: RegionImporter, control: Control) -> tuple[SSAValue, ...]:
    """Import `ivy.if`, whose sizes depend on the branch where those of the values differ."""
    condition, then, otherwise, _ = arguments(control.end)
    vals = control.end.meta["val"]

    def block(region: Region, values: Any) -> Block:
        return importer.block(region, [], lambda: [importer.fitted(*pair) for pair in zip(values, vals, strict=True)])

    blocks = [block(*pair) for pair in zip(control.regions, (then, otherwise), strict=True)]
    op = IfOp(importer.value(condition), *blocks, dynamic=any(map(_differ, then, otherwise)))
    return _typed(insert(op).outputs, vals)


def import_loop(importer: RegionImporter, control: Control) -> tuple[SSAValue, ...]:
    """Import `ivy.while`."""
    _, following, free = arguments(control.end)
    before, body = control.regions
    vals = control.end.meta["val"]
    types = list(map(type_of, vals))
    initial = importer.value(arguments(before.begin)[0])
    condition = importer.block(before, types, lambda: [importer.value(arguments(body.begin)[0])])
    step = importer.block(body, types, lambda: list(importer.value(following)))
    return tuple(insert(WhileOp(initial, condition, step, dynamic=bool(free))).outputs)


def import_scan(importer: RegionImporter, control: Control) -> tuple[SSAValue, ...]:
    """Import `ivy.scan`, which carries the number of the step too."""
    length, _, following, elements = arguments(control.end)
    (body,) = control.regions
    number, initial = importer.value(body.begin.args[1:])
    vals = control.end.meta["val"]
    types = [tensor((), i64), *map(type_of, vals[: len(initial)])]

    def gives() -> list[SSAValue]:
        number = importer.values[body.begin][0]
        return [ivy.add(number, literal(1, i64)), *importer.value(following), *importer.value(elements)]

    block = importer.block(body, types, gives)
    stacks = list(map(type_of, vals[len(initial) :]))
    return tuple(insert(ScanOp(sizes.value(importer.value(length)), (number, *initial), [], block, stacks)).outputs[1:])


IMPORTS: dict[Any, Callable[[RegionImporter, Control], tuple[SSAValue, ...]]] = {
    markers.join: import_branches,
    markers.repeat: import_loop,
    markers.stack: import_scan,
}


def _typed(values: Sequence[SSAValue], vals: Sequence[torch.Tensor]) -> tuple[SSAValue, ...]:
    """Return values with the types of traced tensors."""
    for value, val in zip(values, vals, strict=True):
        value._type = type_of(val)  # pyright: ignore[reportPrivateUsage]
    return tuple(values)


def _differ(a: Any, b: Any) -> bool:
    """Return whether the sizes of a value depend on which of two branches gives it."""
    given: Any = b if a is None else a
    if a is None or b is None:
        return any(not is_known(n) for n in given.meta["val"].shape)
    return str(a.meta["val"].shape) != str(b.meta["val"].shape)


def arguments(node: torch.fx.Node) -> Sequence[Any]:
    """Return the arguments of a node, as values of any kind."""
    return node.args


def _is_whole_copy(node: torch.fx.Node) -> bool:
    """Return whether a copy overwrites all of a tensor, with a value of its type: it is that value."""
    x, source = (argument.meta.get("val") for argument in arguments(node)[:2])
    return isinstance(source, torch.Tensor) and x.dtype == source.dtype and str(x.shape) == str(source.shape)


def _tags(node: torch.fx.Node) -> Sequence[Any]:
    target: Any = node.target
    return target.tags if isinstance(target, OpOverload) else ()


def importer_of(graph_module: torch.fx.GraphModule) -> type[FxImporter]:
    """Return the importer of a trace."""
    return RegionImporter if any(node.target in markers.MARKERS for node in graph_module.graph.nodes) else FxImporter
