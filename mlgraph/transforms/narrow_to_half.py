"""`narrow-to-half`: sums, differences and products that kernels round to half precision are computed in it.

    %0 = arith.extf %x : bf16 to f32
    %1 = arith.extf %y : bf16 to f32
    %2 = arith.addf %0, %1 : f32
    %3 = arith.truncf %2 : f32 to bf16

becomes

    %3 = arith.addf %x, %y : bf16

The results are the same: a float32 has at least two digits more than twice those of a float16 or bfloat16, so that
rounding twice is innocuous (S. Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30, 1995), but for
denormal float32. GPUs compute in half precision, and take longer to convert.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from mlgraph.dialects.dtypes import HALF_PRECISION, dtype_of
from mlgraph.dialects.kernel import FusedOp, drop_unused

ARITHMETIC = (arith.AddfOp, arith.SubfOp, arith.MulfOp)


@dataclass(frozen=True)
class NarrowToHalfPass(ModulePass):
    """Compute in float16 or bfloat16 what kernels round to it and GPUs can compute in it."""

    name = "narrow-to-half"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = [inner for inner in op.walk() if isinstance(inner, FusedOp)]
        for kernel in kernels:
            for inner in list(kernel.body.block.ops):
                if isinstance(inner, arith.TruncFOp) and inner.result.type in HALF_PRECISION:
                    narrow(inner)
            drop_unused(kernel.body.block)


def narrow(rounding: arith.TruncFOp) -> None:
    """Replace an operation that is rounded by one in half precision, where its operands are in it."""
    wide, half = rounding.input.owner, rounding.result.type
    if not isinstance(wide, ARITHMETIC):
        return
    where = InsertPoint.before(rounding)
    lhs, rhs = half_of(wide.lhs, half, where), half_of(wide.rhs, half, where)
    if lhs is None or rhs is None:
        return
    new = type(wide)(lhs, rhs)
    new.result.name_hint = rounding.result.name_hint
    Rewriter.replace_op(rounding, new)


def half_of(single: SSAValue, half: Attribute, where: InsertPoint) -> SSAValue | None:
    """Return the float16 or bfloat16 that a float32 is the extension of, None where there may be none."""
    match single.owner:
        case arith.ExtFOp(input=source) if source.type == half:
            return source
        case arith.ConstantOp(value=FloatAttr() as attribute):
            number = attribute.value.data
            with np.errstate(over="ignore"):
                if float(dtype_of(half).type(number)) != number:
                    return None
            constant = arith.ConstantOp(FloatAttr(number, cast(Any, half)))
            Rewriter.insert_op(constant, where)
            return constant.result
        case _:
            return None
