"""The `scalar` dialect: functions of one float that xDSL's `math` dialect has not.

%y = scalar.sigmoid %x : f32
"""

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import AnyFloatConstr
from xdsl.ir import Dialect, Operation, SSAValue
from xdsl.irdl import IRDLOperation, VarConstraint, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure


class UnaryOp(IRDLOperation, ABC):
    """A function of one float that gives a float of its type."""

    T: ClassVar = VarConstraint("T", AnyFloatConstr)

    operand = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$operand attr-dict `:` type($result)"

    def __init__(self, operand: Operation | SSAValue):
        operand = SSAValue.get(operand)
        super().__init__(operands=[operand], result_types=[operand.type])


@irdl_op_definition
class ErfcOp(UnaryOp):
    """`1 - erf(x)`, accurate where erf is nearly 1."""

    name = "scalar.erfc"


@irdl_op_definition
class SigmoidOp(UnaryOp):
    """The logistic function, `1 / (1 + exp(-x))`."""

    name = "scalar.sigmoid"


Scalar = Dialect("scalar", [ErfcOp, SigmoidOp])
