"""Casts that xDSL's `llvm` dialect has not, under the names and with the meaning of MLIR's."""

from xdsl.dialects.llvm import GenericCastOp
from xdsl.irdl import irdl_op_definition


@irdl_op_definition
class FPToSIOp(GenericCastOp):
    """A float without its fraction, as a signed integer; what does not fit is the processor's own."""

    name = "llvm.fptosi"
