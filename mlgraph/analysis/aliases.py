"""An analysis of the memory that values of a backend module may share.

Libraries whose arrays can be written, torch and numpy, give views of arrays and copies of them; their `views` are the
functions of lowered modules that give, or may give, a view. Every other function gives an array of its own, which a
test holds for each op of the ivy dialect.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from mlgraph.dialects.backend import CallOp, ValueType
from mlgraph.dialects.constant import ArrayOp, LiteralOp
from mlgraph.dialects.functions import operands_inside
from mlgraph.dialects.ivy.types import dtype, is_complex, rank
from mlgraph.dialects.kernel import FusedOp
from mlgraph.frameworks import get

VIEW_ATTRIBUTES = ("T", "H", "mT", "mH", "data", "flat", "imag", "real")
"""The attributes of arrays that are views of them; others are sizes and types."""


class Root(NamedTuple):
    """Memory that values may share."""

    kind: Literal["argument", "parameter", "constant", "value"]
    key: Any
    """The argument of `main`, the parameter's name, or the value that was computed."""


Roots: TypeAlias = frozenset[Root]


class Aliases:
    """The memory that each value of one function may share."""

    def __init__(self, function: FuncOp, backend: str) -> None:
        self.views = get(backend).views
        self.found: dict[SSAValue, Roots] = {
            argument: frozenset({Root("argument", argument)}) for argument in function.body.block.args
        }
        for op in function.body.block.ops:
            self.add(op)

    def roots(self, value: SSAValue) -> Roots:
        """Return the memory that a value may share; empty for numbers."""
        return self.found.get(value, frozenset())

    def is_view(self, op: CallOp) -> bool:
        """Return whether a call may give a view of its first argument."""
        if op.callee.data == "operator.getitem":
            return parameter_name(op) is None
        if op.callee.data == "torch.conj_physical":
            return not is_complex(dtype(op.inputs[0]))
        return op.callee.data == "builtins.getattr" or op.callee.data in self.views

    def add(self, op: Operation) -> None:
        """Analyze an operation whose operands are known."""
        for result in op.results:
            self.found[result] = self._roots_of(op, result)

    def _roots_of(self, op: Operation, result: SSAValue) -> Roots:
        own: Roots = frozenset({Root("value", result)})
        if isinstance(result.type, IndexType):
            return frozenset()
        match op:
            case ConstantOp():
                return frozenset()
            case ArrayOp() | LiteralOp():
                return frozenset({Root("constant", result)})
            case FusedOp():
                return own
            case CallOp():
                return self._call(op) or (own if isinstance(result.type, TensorType) else frozenset())
            case _:
                return own | self._all(operands_inside(op))

    def _call(self, op: CallOp) -> Roots:
        """Return the memory that the result of a call may share; none where it is an array of its own."""
        callee = op.callee.data
        if (name := parameter_name(op)) is not None:
            return frozenset({Root("parameter", name)})
        if callee == "operator.getitem":
            return self._item(op)
        if callee == "builtins.getattr" and op.arguments.data.positional[1] not in VIEW_ATTRIBUTES:
            return frozenset()
        return self._all(iter(op.inputs)) if self.is_view(op) else frozenset()

    def _item(self, op: CallOp) -> Roots:
        """`several[0]` is a part of a tuple, and `x[1:]` a view, but not `x[array]`."""
        owner, *index = op.inputs
        if any(isinstance(value.type, TensorType) and rank(value) > 0 for value in index):
            return frozenset()
        return self.roots(owner)

    def _all(self, values: Iterator[SSAValue]) -> Roots:
        return frozenset(root for value in values for root in self.roots(value))


def parameter_name(op: CallOp) -> str | None:
    """Return the name of the weight that a call of `main(params, ...)` gets by `params["name"]`, None for others."""
    if op.callee.data != "operator.getitem" or not isinstance(op.inputs[0], BlockArgument):
        return None
    name = op.arguments.data.positional[1]
    return name if isinstance(op.inputs[0].type, ValueType) and isinstance(name, str) else None
