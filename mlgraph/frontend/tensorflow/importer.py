# pyright: basic
"""The import of the graphs of a trace: each operation becomes ivy ops, as a rule says.

Tensors of sizes are followed element by element (`Traced.elements`), so that `tf.reshape(x, [tf.shape(x)[0], -1])`
becomes a reshape with a size, and no tensor. They become tensors only where something else than a shape asks for their
value.
"""

from collections import ChainMap, Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeGuard

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.attr_value_pb2 import NameAttrList
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building, located
from mlgraph.dialects.constant import array_constant, literal, parameter
from mlgraph.dialects.dtypes import i64, tensor
from mlgraph.dialects.ivy.size_sources import size_of
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, shape_of
from mlgraph.dialects.sizes import Size
from mlgraph.errors import CaptureError, MlgraphError
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.importer import Importer
from mlgraph.frontend.rules import Rules, Unsupported
from mlgraph.frontend.tensorflow._private import execute_now, function_in
from mlgraph.frontend.tensorflow.control_flow import CHECK, text_of
from mlgraph.frontend.tensorflow.nodes import Elements, Node, Traced, dtype_of, has_sizes, static_shape
from mlgraph.frontend.tensorflow.op_locations import location_of
from mlgraph.frontend.tensorflow.operands import ElementsOperand, apply

WRITES = frozenset(f"{kind}VariableOp" for kind in ("Assign", "AssignAdd", "AssignSub")) | frozenset(
    f"Resource{kind}"
    for kind in "ScatterUpdate ScatterAdd ScatterSub ScatterMul ScatterMax ScatterMin ScatterNdUpdate"
    " ScatterNdAdd ScatterNdSub StridedSliceAssign".split()
)
"""Operations that are kept though nothing uses a result of theirs."""


class State:
    """The variables of a program: what they hold at the point that the walk has reached."""

    def __init__(self, main: Block) -> None:
        self.main = main
        self.variables: dict[str, Any] = {}
        self.parameters: dict[str, SSAValue] = {}
        self.current: dict[str, SSAValue] = {}
        """The values written so far."""

    def read(self, name: str) -> SSAValue:
        """Return the value of a variable, which becomes a parameter at its first use."""
        if name in self.current:
            return self.current[name]
        if name not in self.variables:
            raise Unsupported("of a resource that is no variable in hand")
        if name not in self.parameters:
            variable = self.variables[name]
            type = tensor(static_shape(variable.shape), dtype_of(variable.dtype))
            with building(self.main):
                self.parameters[name] = parameter(name, variable, type)
        return self.parameters[name]

    def write(self, name: str, value: SSAValue) -> None:
        if name not in self.variables:
            raise Unsupported("of a resource that is no variable in hand")
        self.current[name] = value


class FuncGraphImporter(Importer):
    """Imports the operations of a graph, and of the functions that it calls, in order."""

    framework = "tensorflow"

    def __init__(self, state: State, rules: Rules, rules_of_sizes: Rules) -> None:
        super().__init__(rules)
        self.state = state
        self.rules_of_sizes = rules_of_sizes
        """The functions that apply operations to arrays of numbers and sizes."""
        self.graphs: list[Any] = []
        """The graphs that are being imported, the innermost last."""
        self.made: ChainMap[Any, SSAValue] = ChainMap()
        """Sizes that were read, and tensors of sizes that became values, in this region and those around it."""
        self.names: Counter[str] = Counter()

    # The walk

    def run(self, graph: Any, arguments: Sequence[Traced]) -> list[Traced]:
        """Import what the outputs of `graph` and its effects need, and return the outputs."""
        self.graphs.append(graph)
        known = {tensor.name: argument for tensor, argument in zip(graph.inputs, arguments, strict=True)}
        for op in needed(graph):
            if op.type == "Placeholder":
                continue
            node = Node(op, [known[input.name] for input in op.inputs])
            with located(location_of(op)):
                found = self.import_node(node)
            known.update(zip((output.name for output in op.outputs), found, strict=True))
        self.graphs.pop()
        return [known[output.name] for output in graph.outputs]

    @contextmanager
    def region(self, block: Block) -> Iterator[None]:
        """Let what is imported inside go to `block`, the region of an operation that is not there yet."""
        self.made = self.made.new_child()
        try:
            with building(block):
                yield
        finally:
            self.made = self.made.parents

    def function(self, name: str) -> Any:
        """Return the graph of a function that the graphs in hand may call."""
        return function_of(self.graphs, name)

    def import_node(self, node: Node) -> list[Traced]:
        """Return what the results of an operation become."""
        if any(input.missing for input in node.inputs):
            return placeholder_results(node)
        if self.are_sizes(node) and (rule := self.rules_of_sizes.get(node.name)) is not None:
            with suppress(Unsupported, TypeError, ValueError, IndexError):
                return self.results(node, apply(rule, self, node, ElementsOperand))
        why = ""
        if (rule := self.rules.get(node.name)) is not None:
            try:
                with reporting(node):
                    return self.results(node, apply(rule, self, node))
            except Unsupported as unsupported:
                why = f" ({unsupported})"
        if self.is_constant(node):
            return [Traced(dtype_of(o.dtype), elements=e) for o, e in zip(node.op.outputs, execute(node), strict=True)]
        self.note_missing(node.name + why, line_of_op(node.op))
        return placeholder_results(node)

    def is_constant(self, node: Node) -> bool:
        """Return whether running an operation now gives what it always gives."""
        if not all(map(is_numeric, node.inputs)) or node.op.op_def.is_stateful:
            return False
        return not called(node.op)

    def are_sizes(self, node: Node) -> bool:
        """Return whether an operation works on sizes: its inputs' elements are known, and sizes are among them."""
        inputs = node.inputs
        if not any(input.elements is not None and has_sizes(input.elements) for input in inputs):
            return False
        kinds = {output.dtype.base_dtype for output in node.op.outputs}
        return kinds <= {tf.int32, tf.int64} and all(self.elements(input) is not None for input in inputs)

    def results(self, node: Node, found: Any) -> list[Traced]:
        """Return what a rule gave, as one tensor for each result of the operation."""
        items = found if isinstance(found, tuple | list) else (found,) * (found is not None)
        if len(items) != len(node.op.outputs):
            raise TypeError(f"the rule gives {len(items)} results for {len(node.op.outputs)}")
        foldable = self.is_constant(node)
        found = [self.result(node, i, item, foldable) for i, item in enumerate(items)]
        for traced in found:
            traced.varies = traced.varies or any(input.varies for input in node.inputs)
        return found

    def result(self, node: Node, index: int, item: Any, foldable: bool) -> Traced:
        if isinstance(item, Traced):
            if foldable and item.value is not None and item not in node.inputs:
                item.node, item.index = node, index
            return item
        kind = node.op.outputs[index].dtype.base_dtype
        if isinstance(item, np.ndarray):
            return Traced(dtype_of(kind), elements=item)
        if item is None:
            return Traced(None, missing=True)
        if not isinstance(item, SSAValue):
            return Traced(None, thing=item)
        name = node.op.outputs[index].name
        if dtype(item) != dtype_of(kind):
            raise TypeError(f"{name} is imported as {item.type}, but tensorflow gives {dtype_of(kind)}")
        if (type := node.types[index]) is not None:
            self.check_and_refine_type(item, type, name, name.partition(":")[0].rpartition("/")[2])
        return Traced(dtype_of(kind), item, node=node if foldable else None, index=index)

    # What rules ask of a tensor

    def value(self, traced: Traced) -> SSAValue:
        """Return the value of a tensor; one that is made of sizes becomes a tensor here."""
        if traced.value is not None:
            return traced.value
        if traced.elements is None:
            raise Unsupported("a resource or list in the place of a tensor")
        if traced not in self.made:
            self.made[traced] = self.materialize(traced.elements, traced)
        return self.made[traced]

    def materialize(self, elements: Elements, traced: Traced) -> SSAValue:
        assert traced.dtype is not None
        if not has_sizes(elements):
            array = elements if elements.dtype != object else elements.astype(np.int64)
            if array.dtype.kind in "OSU":
                raise Unsupported("strings")
            kind = np.dtype(np.int64) if elements.dtype == object else array.dtype
            if array.size <= 1 or elements.dtype == object:
                return literal(array, traced.dtype)
            return array_constant(self.fresh("constant"), array.astype(kind))
        items = [ivy.from_size((item,), traced.dtype) for item in elements.flat]
        if elements.ndim == 0:
            return items[0]
        flat = ivy.stack(items, 0)
        return flat if elements.ndim == 1 else ivy.reshape(flat, elements.shape)

    def fresh(self, name: str) -> str:
        self.names[name] += 1
        return f"{name}_{self.names[name]}"

    def elements(self, traced: Traced) -> Elements | None:
        """Return the elements of a tensor that numbers or sizes make up, None for any other."""
        if traced.elements is None and traced.node is not None:
            fold(traced)
        return traced.elements

    def numbers(self, traced: Traced) -> np.ndarray:
        """Return the elements of a tensor that must be numbers when the program is captured."""
        elements = self.elements(traced)
        if elements is None or has_sizes(elements):
            sizes = () if elements is None else (n for n in elements.flat if isinstance(n, SSAValue))
            raise StaticSizeRequired("an argument that must be known when the program is captured", *sizes)
        return elements.astype(np.int64) if elements.dtype == object else elements

    def items(self, traced: Traced) -> tuple[Any, ...]:
        """Return the elements of a vector (or the one of a scalar): numbers, sizes, and 0-d tensors of other values."""
        elements = self.elements(traced)
        if elements is not None:
            return tuple(n if isinstance(n, SSAValue) else int(n) for n in elements.flat)
        if traced.parts is not None:
            return traced.parts
        value = self.value(traced)
        shape = shape_of(value)
        if len(shape) > 1 or UNKNOWN in shape:
            raise StaticSizeRequired("a shape of unknown rank", *(size_of(value, axis) for axis in range(len(shape))))
        return tuple(ivy.take(value, literal(i, i64), 0) for i in range(shape[0])) if shape else (value,)

    def sizes(self, traced: Traced) -> tuple[Size, ...]:
        """Return the same, as sizes: those that depend on values are read at run time."""
        return tuple(ivy.to_size(item) if is_tensor(item) else item for item in self.items(traced))

    def static(self, x: SSAValue, axis: int, what: str) -> int:
        """Return the size of `x` along `axis`, which must be known when the program is captured."""
        found = size_of(x, axis % len(shape_of(x)))
        if not isinstance(found, int):
            raise StaticSizeRequired(what, found)
        return found

    def dim(self, x: SSAValue, axis: int) -> Size:
        """Return the size of `x` along `axis`: an int where it is known, else read where the size comes from."""
        found = size_of(x, axis % len(shape_of(x)))
        if not isinstance(found, tuple):
            return found
        if found not in self.made:
            self.made[found] = ivy.dim(*found)
        return self.made[found]

    def shape(self, x: SSAValue) -> tuple[Size, ...]:
        """Return the sizes of `x`."""
        return tuple(self.dim(x, axis) for axis in range(len(shape_of(x))))


def needed(graph: Any) -> list[Any]:
    """Return the operations that the outputs and the effects of a graph need, in the order in which they were built."""
    operations = graph.get_operations()
    waiting = [output.op for output in graph.outputs] + [op for op in operations if has_effects(op)]
    wanted: set[str] = set()
    while waiting:
        op = waiting.pop()
        if op.name not in wanted:
            wanted.add(op.name)
            waiting += [input.op for input in op.inputs]
    return [op for op in operations if op.name in wanted]


def has_effects(op: Any) -> bool:
    """Return whether an operation, or a function that it calls, writes variables."""
    if op.type in WRITES or is_check(op):
        return True
    if not op.op_def.is_stateful:
        return False
    graphs = [function_of([op.graph], name) for name in called(op)]
    return any(has_effects(inner) for graph in graphs for inner in graph.get_operations())


def is_check(op: Any) -> bool:
    """Return whether an operation is a check of control flow, rather than an assertion of the user's."""
    if op.type != "Assert" or len(op.inputs) < 2 or op.inputs[1].op.type != "Const":
        return False
    is_text = op.inputs[1].dtype == tf.uint8
    return is_text and text_of(tf.make_ndarray(op.inputs[1].op.get_attr("value"))) == CHECK


def called(op: Any) -> list[str]:
    """Return the names of the functions that an operation calls."""
    values = [op.get_attr(name) for name in op.node_def.attr if not name.startswith("_")]
    several = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item.name for item in several if isinstance(item, NameAttrList)]


def function_of(graphs: Sequence[Any], name: str) -> Any:
    """Return the graph of a function that one of `graphs` knows, or one around it."""
    for known in reversed(graphs):
        graph: Any = known
        while graph is not None:
            if (found := function_in(graph, name)) is not None:
                return found
            graph = getattr(graph, "outer_graph", None)
    raise KeyError(name)


def is_tensor(item: Any) -> TypeGuard[SSAValue]:
    return isinstance(item, SSAValue) and isinstance(item.type, TensorType)


def line_of_op(op: Any) -> str:
    """Return `file:line` of the user's code that built an operation."""
    location: Any = location_of(op)
    return f"{location.filename.data}:{location.line.data}" if hasattr(location, "filename") else ""


class reporting:
    """Says which operation of the user's code an error of the IR comes from."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError | TypeError) and not isinstance(error, MlgraphError):
            what = f"{self.node.name} cannot be imported: {error}"
            raise CaptureError(what, where=line_of_op(self.node.op)) from error


def placeholder_results(node: Node) -> list[Traced]:
    """Return what stands for the results of an operation that is not imported; what uses them is passed over."""
    return [Traced(None, missing=True) for _ in node.op.outputs]


def is_numeric(traced: Traced) -> bool:
    """Return whether only numbers make up a tensor: then running its operation gives its elements."""
    if traced.elements is not None:
        return not has_sizes(traced.elements)
    return traced.node is not None


def fold(traced: Traced) -> None:
    """Run what makes up a tensor of numbers."""
    waiting = [traced]
    while waiting:
        last = waiting[-1]
        assert last.node is not None
        if rest := [input for input in last.node.inputs if input.elements is None]:
            waiting += rest
            continue
        waiting.pop()
        if last.elements is None:
            last.elements = execute(last.node)[last.index]


def execute(node: Node) -> list[np.ndarray]:
    """Return the results of an operation on numbers."""

    def constant(traced: Traced, input: Any) -> Any:
        elements = traced.elements
        assert elements is not None
        return tf.constant(elements.tolist() if elements.dtype == object else elements, input.dtype)

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.as_datatype_enum if isinstance(value, tf.DType) else value

    op = node.op
    inputs = [constant(traced, input) for traced, input in zip(node.inputs, op.inputs, strict=True)]
    names = [name for name in op.node_def.attr if not name.startswith("_")]
    attributes = tuple(item for name in names for item in (name, plain(op.get_attr(name))))
    return [np.asarray(item) for item in execute_now(op.type, len(op.outputs), inputs, attributes)]
