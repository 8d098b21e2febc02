"""Control flow that depends on values: `ivy.if`, `ivy.while`, `ivy.scan` and `ivy.check`.

    %y = ivy.if %p -> (tensor<f32>) {
      ivy.yield %a : tensor<f32>
    } else {
      ivy.yield %b : tensor<f32>
    }

Their regions read values of the function around them, and end in `ivy.yield`.
"""

import builtins
from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType, StringAttr, TensorType, UnitAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import EffectInstance, IsTerminator, MemoryEffect, MemoryEffectKind, Pure, RecursiveMemoryEffect
from xdsl.utils.exceptions import VerifyException

from mlgraph.dialects.dtypes import element_type, i1
from mlgraph.dialects.table import compatible


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The values that a region gives."""

    name = "ivy.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "($values^ `:` type($values))? attr-dict"

    def __init__(self, *values: SSAValue):
        super().__init__(operands=[values])


@irdl_op_definition
class IfOp(IRDLOperation):
    """The values of the first region where `condition`, a 0-d bool, holds, else those of the second."""

    name = "ivy.if"
    condition = operand_def(TensorType)
    outputs = var_result_def()
    then = region_def("single_block")
    otherwise = region_def("single_block")
    dynamic = opt_prop_def(UnitAttr)
    """True if the sizes of the results depend on which region runs."""
    traits = traits_def(RecursiveMemoryEffect())
    assembly_format = (
        "(`dynamic` $dynamic^)? $condition attr-dict `:` type($condition) `->` `(` (type($outputs)^)? `)`"
        " $then `else` $otherwise"
    )

    def __init__(self, condition: SSAValue, then: Block, otherwise: Block, dynamic: bool = False):
        types = [value.type for value in yielded(then)]
        super().__init__(
            operands=[condition],
            result_types=[types],
            properties={"dynamic": UnitAttr() if dynamic else None},
            regions=[Region(then), Region(otherwise)],
        )

    def verify_(self) -> None:
        _check_condition(self, self.condition.type)
        _check_yield(self, self.then.block, [r.type for r in self.outputs])
        _check_yield(self, self.otherwise.block, [r.type for r in self.outputs])


@irdl_op_definition
class WhileOp(IRDLOperation):
    """State that `body` maps again and again while `condition` of it, a 0-d bool, holds. Both take the state.

    %n = ivy.while(%zero) : (tensor<i32>) -> (tensor<i32>) {
    ^bb0(%i: tensor<i32>):
      ivy.yield %more : tensor<i1>
    } do {
    ^bb1(%i: tensor<i32>):
      ivy.yield %next : tensor<i32>
    }
    """

    name = "ivy.while"
    initial = var_operand_def()
    outputs = var_result_def()
    condition = region_def("single_block")
    body = region_def("single_block")
    dynamic = opt_prop_def(UnitAttr)
    """True if a step may change the sizes of the state."""
    traits = traits_def(RecursiveMemoryEffect())
    assembly_format = (
        "(`dynamic` $dynamic^)? `(` ($initial^)? `)` attr-dict `:` functional-type($initial, $outputs)"
        " $condition `do` $body"
    )

    def __init__(self, initial: Sequence[SSAValue], condition: Block, body: Block, dynamic: bool = False):
        types = [argument.type for argument in body.args]
        super().__init__(
            operands=[initial],
            result_types=[types],
            properties={"dynamic": UnitAttr() if dynamic else None},
            regions=[Region(condition), Region(body)],
        )

    def verify_(self) -> None:
        types = [r.type for r in self.outputs]
        for block in (self.condition.block, self.body.block):
            _check_types(self, "arguments of a region", [a.type for a in block.args], types)
        _check_types(self, "initial state", [v.type for v in self.initial], types)
        if len(tests := yielded(self.condition.block)) != 1:
            raise VerifyException(f"{self.name}: the condition gives {len(tests)} values, expected one")
        _check_condition(self, tests[0].type)
        _check_yield(self, self.body.block, types)


@irdl_op_definition
class ScanOp(IRDLOperation):
    """`length` steps of `body` along the first axis of `xs`, from the last element if `reverse`.

    The arguments of `body` are the carry and an element of each of `xs`. It gives the next carry, and values that are
    stacked along a new first axis. Results are the last carry and the stacks, in the order of `xs`.

    %total, %sums = ivy.scan %n carry(%zero : tensor<f32>) over(%x : tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
    ^bb0(%sum: tensor<f32>, %element: tensor<f32>):
      %next = ivy.add(%sum, %element) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      ivy.yield %next, %next : tensor<f32>, tensor<f32>
    }
    """

    name = "ivy.scan"
    length = operand_def(IndexType)
    carry = var_operand_def()
    xs = var_operand_def()
    reverse = opt_prop_def(UnitAttr)
    outputs = var_result_def()
    body = region_def("single_block")
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(RecursiveMemoryEffect())
    assembly_format = (
        "(`reverse` $reverse^)? $length `carry` `(` ($carry^ `:` type($carry))? `)`"
        " `over` `(` ($xs^ `:` type($xs))? `)` attr-dict `->` `(` (type($outputs)^)? `)` $body"
    )

    def __init__(
        self,
        length: SSAValue,
        carry: Sequence[SSAValue],
        xs: Sequence[SSAValue],
        body: Block,
        stacks: Sequence[Attribute],
        reverse: bool = False,
    ):
        types = [argument.type for argument in body.args[: len(carry)]]
        super().__init__(
            operands=[length, carry, xs],
            result_types=[[*types, *stacks]],
            properties={"reverse": UnitAttr() if reverse else None},
            regions=[Region(body)],
        )

    def verify_(self) -> None:
        n = len(self.carry)
        carry = [r.type for r in self.outputs[:n]]
        arguments = [a.type for a in self.body.block.args]
        _check_types(self, "initial carry", [v.type for v in self.carry], carry)
        _check_types(self, "arguments of the body", arguments, [*carry, *(element(v.type) for v in self.xs)])
        _check_yield(self, self.body.block, [*carry, *(element(r.type) for r in self.outputs[n:])])


class Check(MemoryEffect):
    """A check may end the program: it stays, in order with what else has an effect."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.READ), EffectInstance(MemoryEffectKind.WRITE)}


@irdl_op_definition
class CheckOp(IRDLOperation):
    """Raises an exception of Python where `condition`, a 0-d bool, does not hold.

    ivy.check %p, "AssertionError", "no sum" : tensor<i1>
    """

    name = "ivy.check"
    condition = operand_def(TensorType)
    error = prop_def(StringAttr)
    message = prop_def(StringAttr)
    """The text of the exception; one without a text has no argument."""
    traits = traits_def(Check())
    assembly_format = "$condition `,` $error `,` $message attr-dict `:` type($condition)"

    def __init__(self, condition: SSAValue, error: str, message: str):
        super().__init__(operands=[condition], properties={"error": StringAttr(error), "message": StringAttr(message)})

    def verify_(self) -> None:
        _check_condition(self, self.condition.type)
        kind = getattr(builtins, self.error.data, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise VerifyException(f"{self.name}: {self.error.data} is no exception of Python's")


def has_check(op: Operation) -> bool:
    """Return whether a check is in the regions of `op`."""
    return any(isinstance(inner, CheckOp) for inner in op.walk())


def yielded(block: Block) -> tuple[SSAValue, ...]:
    """Return the values that a region gives."""
    if not isinstance(last := block.last_op, YieldOp):
        raise VerifyException("a region of ivy control flow ends in ivy.yield")
    return tuple(last.values)


def is_dynamic(op: Operation) -> bool:
    """Return whether values decide on sizes in `op`, or in control flow inside it."""
    return any(isinstance(inner, IfOp | WhileOp) and inner.dynamic is not None for inner in op.walk())


def element(type: Attribute) -> Attribute:
    """Return the type of the elements of a tensor along its first axis."""
    if not isinstance(type, TensorType) or not type.get_shape():
        raise VerifyException(f"expected a tensor of rank one or more, got {type}")
    return TensorType(element_type(type), type.get_shape()[1:])  # pyright: ignore[reportUnknownArgumentType]


def _check_condition(op: Operation, type: Attribute) -> None:
    if not isinstance(type, TensorType) or type.get_shape() or element_type(type) != i1:  # pyright: ignore[reportUnknownArgumentType]
        raise VerifyException(f"{op.name}: a condition is a 0-d bool, not {type}")


def _check_yield(op: Operation, block: Block, types: Sequence[Attribute]) -> None:
    _check_types(op, "values of a region", [v.type for v in yielded(block)], types)


def _check_types(op: Operation, what: str, found: Sequence[Attribute], types: Sequence[Attribute]) -> None:
    if len(found) != len(types) or not all(map(compatible, found, types)):
        names = ", ".join(map(str, found)), ", ".join(map(str, types))
        raise VerifyException(f"{op.name}: {what} of types ({names[0]}), expected ({names[1]})")
