"""The nodes and edges of a picture of a program: one node for each operation at the ivy stage.

Weights, literals and sizes are no nodes: they are written on the node of the operation that reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects.builtin import IndexType, ModuleOp, TensorType
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects.constant import ArrayOp, LiteralOp, ParameterOp, number_of
from mlgraph.dialects.dtypes import NAME_OF
from mlgraph.dialects.functions import main_of, operands_inside
from mlgraph.dialects.table import TableOp
from mlgraph.errors import line_of

FAMILIES = ("elementwise", "reduction", "linalg", "nn", "manipulation", "indexing", "sorting", "creation", "other")
"""The families of operations, by file of the op table; "other" is for operations that are no rows of it."""

KINDRED = {
    "strided": "manipulation",
    "special": "elementwise",
    "integers": "elementwise",
    "fft": "linalg",
    "channels": "nn",
}
"""Files that hold further rows of a family."""

LONGEST = 40
"""The greatest length of a line; longer lines are cut, and the tooltip holds the whole."""


@dataclass(frozen=True)
class NodeLabel:
    """The text of a node: a name, lines of detail, the types of its results, and a tooltip."""

    name: str
    type: str
    family: str = ""
    """"" for an argument or a result of the function."""
    details: tuple[str, ...] = ()
    tooltip: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The kind and text of each line: "name", "detail" or "type"."""
        lines = [("name", self.name), *(("detail", detail) for detail in self.details), ("type", self.type)]
        return [(kind, _shortened(text)) for kind, text in lines if text]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def read(module: ModuleOp) -> tuple[list[NodeLabel], list[tuple[int, int]]]:
    """Return the nodes of `@main` in topological order, and the edges between them by index."""
    block = main_of(module).body.block
    nodes: list[NodeLabel] = []
    home: dict[SSAValue, int] = {}
    edges: dict[tuple[int, int], None] = {}

    def add(node: NodeLabel, reads: Iterator[SSAValue], gives: Sequence[SSAValue]) -> None:
        edges.update({(home[value], len(nodes)): None for value in reads if value in home})
        home.update({value: len(nodes) for value in gives})
        nodes.append(node)

    for argument in block.args:
        if argument.uses.get_length():
            add(NodeLabel(argument.name_hint or "", type_text(argument.type)), iter(()), [argument])
    for op in block.ops:
        if isinstance(op, ReturnOp):
            for i, value in enumerate(op.operands):
                name = "result" if len(op.operands) == 1 else f"result {i}"
                add(NodeLabel(name, type_text(value.type)), iter([value]), ())
        elif not _is_aside(op):
            add(_label(op), operands_inside(op), op.results)
    return nodes, list(edges)


def _is_aside(op: Operation) -> bool:
    """Return whether `op` is only written on the nodes that read it: a literal, a weight, or arithmetic on sizes."""
    sizes = len(op.results) > 0 and all(isinstance(result.type, IndexType) for result in op.results)
    return sizes or isinstance(op, LiteralOp | ArrayOp | ParameterOp)


def _label(op: Operation) -> NodeLabel:
    types = ", ".join(type_text(result.type) for result in op.results)
    tooltip = f"{str(op).partition(chr(10))[0]}\n{line_of(op).rpartition('/')[2]}".strip()
    return NodeLabel(op.name.removeprefix("ivy."), types, family_of(op), tuple(_details(op)), tooltip)


def family_of(op: Operation) -> str:
    """Return the family of the op table to which `op` belongs, "other" if it is not in the table."""
    return family_of_module(op.OP.function.__module__) if isinstance(op, TableOp) else "other"


def family_of_module(module: str) -> str:
    """Return the family of the rows that `module` declares."""
    family = module.rpartition(".")[2].partition("_")[0]
    family = KINDRED.get(family, family)
    return family if family in FAMILIES else "other"


def _details(op: Operation) -> Iterator[str]:
    """Yield the weights that `op` reads, and the parameters that differ from their defaults."""
    if not isinstance(op, TableOp):
        return
    arguments = zip(op.OP.parameters, op.arguments().values(), strict=True)
    given = [(p.name, value) for p, value in arguments if value is not None and value != p.default]
    yield " ".join(text for _, value in given if (text := _weight(value)))
    yield ", ".join(f"{name} = {text}" for name, value in given if (text := _argument(value)))


def _weight(value: Any) -> str:
    owner = cast(SSAValue[Attribute], value).owner if isinstance(value, SSAValue) else None
    return owner.value.data.name if isinstance(owner, ParameterOp | ArrayOp) else ""


def _argument(value: Any) -> str:
    """Return the text of a parameter; "" for a tensor, which is an edge or a weight."""
    match value:
        case SSAValue():
            return _number(cast(SSAValue[Attribute], value))
        case list() | tuple():
            items = [_argument(item) for item in cast(Sequence[Any], value)]
            return f"({', '.join(items)})" if all(items) else ""
        case Attribute():
            return NAME_OF.get(value, str(value))
        case _:
            return str(value)


def _number(value: SSAValue) -> str:
    if isinstance(value.type, IndexType):
        return "?"
    number = number_of(value)
    return "" if number is None else f"{number:g}" if isinstance(number, float) else str(number)


def type_text(type: Attribute) -> str:
    """Return the text of a type: `f32[? 3 224 224]` for a tensor."""
    if not isinstance(type, TensorType):
        return str(type)
    shaped = cast(TensorType[Attribute], type)
    sizes = " ".join("?" if n < 0 else str(n) for n in shaped.get_shape())
    return f"{shaped.element_type}[{sizes}]"
