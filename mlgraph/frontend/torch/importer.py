"""The import of an exported graph: each node becomes ivy ops, as a rule says."""

# pyright: basic
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import torch
from xdsl.dialects.builtin import IndexType, LocationAttr, UnknownLoc
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import insert, located
from mlgraph.dialects.constant import LITERAL_SIZE, ArrayOp, Captured, literal
from mlgraph.dialects.dtypes import BY_NAME, DType, i64, tensor
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.importer import Importer, placeholder_results
from mlgraph.frontend.locations import at, is_library
from mlgraph.frontend.rules import Rules
from mlgraph.frontend.torch._private import OpOverload
from mlgraph.frontend.torch.size_guards import known_number

FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def dtype_of(dtype: torch.dtype) -> DType:
    """Return the element type of a torch dtype."""
    name = str(dtype).removeprefix("torch.")
    if name not in BY_NAME:
        raise UnsupportedOpError(f"element type {dtype} has no place in the IR")
    return BY_NAME[name]


def type_of(value: Any) -> Attribute:
    """Return the type of a traced tensor or size."""
    if isinstance(value, torch.Tensor):
        known = [fixed(n) for n in value.shape]
        return tensor(tuple(-1 if n is None else n for n in known), dtype_of(value.dtype))
    return IndexType()


def fixed(size: Any) -> int | None:
    """Return a traced size as a number, None for a free one. A symbol may stand for a number: the trace went on."""
    return known_number(size) if isinstance(size, torch.SymInt) else size


@dataclass(frozen=True)
class Out:
    """The result of a node as the trace knows it, and its arguments before import."""

    val: Any
    arguments: tuple[Any, ...]

    @property
    def dtype(self) -> DType:
        return dtype_of(self.val.dtype)

    @property
    def rank(self) -> int:
        return self.val.ndim

    def dtype_at(self, i: int) -> DType:
        """Return the element type of the i-th of several results."""
        return dtype_of(self.val[i].dtype)

    def promoted(self) -> DType:
        """Return torch's result type of the first two arguments."""
        a, b = self.arguments[:2]
        return dtype_of(torch.result_type(a, b))


class _Ignored:
    """The value of a node that only assertions read."""


IGNORED = _Ignored()

EFFECT = torch.ops.higher_order.with_effects
"""Calls an op whose effects have an order: its first argument and its first result are what orders them."""

CHECKS = ("aten._linalg_check_errors.default",)
"""Effects that raise where a decomposition failed: that is left to the target, which raises too or gives NaN."""


def is_size(x: Any) -> bool:
    """Return whether `x` is a size that is known when the program runs."""
    return isinstance(x, SSAValue) and isinstance(x.type, IndexType)


def array_behind(size: Any) -> SSAValue | None:
    """Return the array whose element a size is, None for a size that comes from shapes."""
    if is_size(size) and isinstance(size.owner, ivy.to_size.definition):
        return size.owner.arguments()["x"]
    return None


SIZE_OPERATORS: dict[Any, Callable[..., Any]] = {
    operator.add: sizes.add,
    operator.sub: sizes.subtract,
    operator.mul: sizes.multiply,
    operator.floordiv: sizes.floor_divide,
    operator.mod: sizes.remainder,
    operator.neg: sizes.negative,
    operator.pow: sizes.power,
    torch.sym_max: sizes.maximum,
    torch.sym_min: sizes.minimum,
}


class FxImporter(Importer):
    """Imports the nodes of one graph in order; `values` maps nodes to what they became."""

    framework = "torch"

    def __init__(
        self, graph_module: torch.fx.GraphModule, rules: Rules, scalars: Mapping[Any, Callable[..., Any]]
    ) -> None:
        super().__init__(rules)
        self.graph_module = graph_module
        self.scalars = scalars
        """The ivy operations for functions of Python numbers, such as `math.sqrt` of a size."""
        self.values: dict[torch.fx.Node, Any] = {}
        self.to_fix: set[sympy.Symbol] = set()
        """The symbols in sizes that rules must know, for which placeholders stand."""
        self.location: LocationAttr = UnknownLoc()
        """The location of the last node that has one; nodes that torch inserts have none."""

    def run(self) -> list[Any]:
        """Import the nodes, and return the results of the graph."""
        results: list[Any] = []
        for node in self.graph_module.graph.nodes:
            if node.op == "call_function":
                self.values[node] = self.import_node(node)
            elif node.op == "get_attr":
                self.values[node] = self.attribute(node)
            elif node.op == "output":
                results = [self.result(argument) for argument in node.args[0]]
        if not self.to_fix:
            self.check_missing()
        return results

    def result(self, argument: Any) -> Any:
        value = self.value(argument)
        if not isinstance(argument, torch.fx.Node):
            return value
        if isinstance(argument.meta.get("val"), torch.SymFloat | torch.SymBool):
            return ivy.item(value)
        return sizes.value(value) if isinstance(value, int) else value

    def attribute(self, node: torch.fx.Node) -> Any:
        found = getattr(self.graph_module, str(node.target))
        return self.constant(str(node.target), found) if isinstance(found, torch.Tensor) else IGNORED

    def constant(self, name: str, array: Any) -> SSAValue:
        """Return a tensor that the program captured."""
        array = array.detach()
        if 0 < array.numel() <= LITERAL_SIZE:
            dtype = dtype_of(array.dtype)
            wide = array.double() if array.is_floating_point() else array
            return literal(np.asarray(wide.tolist()).reshape(tuple(array.shape)), dtype)
        return insert(ArrayOp(Captured(name, array), type_of(array))).result

    def import_node(self, node: torch.fx.Node) -> Any:
        arguments = tuple(self.value(a) for a in node.args)
        keywords = {k: self.value(v) for k, v in node.kwargs.items()}
        effect = node.target is EFFECT
        if effect and str(node.args[1]) in CHECKS:
            return IGNORED, *[None] * len(node.meta["val"][1:])
        if any(argument is IGNORED for argument in arguments) and not effect:
            return IGNORED
        self.locate(node)
        val = node.meta.get("val")
        if isinstance(val, torch.SymInt) and (number := fixed(val)) is not None:
            return number
        with located(self.location):
            if node.target is operator.getitem:
                return self.item(node, *arguments)
            if _is_of_sizes(node, arguments):
                return SIZE_OPERATORS[node.target](*arguments)
            if not isinstance(node.target, OpOverload):
                return self.other(node)
            return self.by_rule(node, arguments, keywords)

    def locate(self, node: torch.fx.Node) -> None:
        """Let operations from here on have the location of a node."""
        filename, line = user_frame(node)
        if filename:
            self.location = at(filename, line, 0, module_path(node))

    def by_rule(self, node: torch.fx.Node, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        rule = self.rules.get(str(node.target))
        if rule is None:
            self.note_missing(str(node.target), user_line(node))
            return self.placeholder(node)
        metas = tuple(meta(a) for a in node.args)
        try:
            value = rule(Out(node.meta.get("val"), metas), *arguments, **keywords)
        except StaticSizeRequired as error:
            if not (symbols := self.needed(node, error)):
                raise
            self.to_fix |= symbols
            return self.placeholder(node)
        self.name(node, value)
        return value

    def needed(self, node: torch.fx.Node, error: StaticSizeRequired) -> set[sympy.Symbol]:
        """Return the symbols in the sizes that a rule must know."""
        inputs = node.all_input_nodes
        found = [n.meta["val"].shape[axis] for x, axis in error.sizes for n in inputs if self.values[n] is x]
        if not found:
            vals = [n.meta.get("val") for n in inputs]
            found = [size for val in vals for size in (val.shape if isinstance(val, torch.Tensor) else (val,))]
        return {symbol for size in found for symbol in symbols_of(size)}

    def item(self, node: torch.fx.Node, source: Any, i: Any) -> Any:
        """Return one of several results. A rule gives None for one that it does not compute, which nothing may use."""
        found = source[i] if source is not None else None
        if found is None and node.users:
            self.note_missing(f"result {i} of {node.args[0].target}", user_line(node))  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
            return self.placeholder(node)
        return found

    def other(self, node: torch.fx.Node) -> Any:
        """Import a node that is no ATen op: a test of sizes, which only assertions read, or something unknown."""
        val = node.meta.get("val")
        if node.target in self.scalars and not isinstance(val, bool | int):
            found = self.scalars[node.target](*map(self.value, node.args))
            whole = isinstance(val, torch.SymInt) and not is_size(found)
            return ivy.to_size(ivy.cast(found, i64)) if whole else found
        if isinstance(val, torch.SymBool | bool):
            return IGNORED
        if isinstance(val, int):
            return val
        name = str(node.args[1]) if node.target is EFFECT else getattr(node.target, "__name__", str(node.target))
        self.note_missing(name, user_line(node))
        return self.placeholder(node)

    def placeholder(self, node: torch.fx.Node) -> Any:
        """Return something of the right type for the results of an op that is not imported."""

        def one(val: Any) -> Any:
            return placeholder_results([type_of(val)])[0] if isinstance(val, torch.Tensor) else 2

        val = node.meta.get("val")
        return tuple(one(v) for v in val) if isinstance(val, tuple | list) else one(val)

    def name(self, node: torch.fx.Node, value: Any) -> None:
        """Give the result the node's name, and the sizes that the trace knows."""
        if isinstance(value, SSAValue) and isinstance(node.meta.get("val"), torch.Tensor):
            self.check_and_refine_type(value, type_of(node.meta["val"]), node.name, node.name)
        elif isinstance(value, tuple):
            for i, (item, val) in enumerate(zip(value, node.meta.get("val") or ())):
                if isinstance(item, SSAValue) and isinstance(val, torch.Tensor):
                    self.check_and_refine_type(item, type_of(val), node.name, f"{node.name}_{i}")

    def value(self, argument: Any) -> Any:
        match argument:
            case torch.fx.Node():
                return self.values[argument]
            case list() | tuple():
                return tuple(self.value(item) for item in argument)
            case torch.dtype():
                return dtype_of(argument)
            case _:
                return argument


def _is_of_sizes(node: torch.fx.Node, arguments: tuple[Any, ...]) -> bool:
    """Return whether a node computes a size of sizes, none of which is the element of an array."""
    if node.target not in SIZE_OPERATORS or not all(isinstance(a, int) or is_size(a) for a in arguments):
        return False
    if any(array_behind(a) is not None for a in arguments):
        return False
    return node.target is not operator.pow or (isinstance(arguments[1], int) and arguments[1] >= 0)


def symbols_of(size: Any) -> set[sympy.Symbol]:
    """Return the symbols in a traced size."""
    return size.node.expr.free_symbols if isinstance(size, torch.SymInt) else set()


def meta(argument: Any) -> Any:
    if isinstance(argument, torch.fx.Node):
        return argument.meta.get("val")
    return [meta(a) for a in argument] if isinstance(argument, list | tuple) else argument


def user_frame(node: torch.fx.Node) -> tuple[str, int]:
    """Return the innermost frame of the user's code that built the node, or the innermost of all."""
    frames = FRAME.findall(node.meta.get("stack_trace") or "")
    for filename, line in reversed(frames):
        if not is_library(filename) and not filename.startswith("torch/"):
            return filename, int(line)
    return (frames[-1][0], int(frames[-1][1])) if frames and "/torch/nn/" in frames[-1][0] else ("", 0)


def user_line(node: torch.fx.Node) -> str:
    """Return the user's line that built the node, as `file:line`."""
    filename, line = user_frame(node)
    return f"{filename}:{line}" if filename else ""


def module_path(node: torch.fx.Node) -> str:
    """Return the dotted path of the module in which the node was traced."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values() if isinstance(path, str)]
    path = paths[-1] if paths else ""
    return path.removeprefix("m0.").removeprefix("m0") if not path.startswith("_") else ""
