"""`narrow-halves`: sums, differences and products that kernels round to halves are computed in halves.

    %0 = arith.extf %x : bf16 to f32
    %1 = arith.extf %y : bf16 to f32
    %2 = arith.addf %0, %1 : f32
    %3 = arith.truncf %2 : f32 to bf16

becomes

    %3 = arith.addf %x, %y : bf16

The results are the same: a single has more than twice the digits of a half and two more, so that rounding twice does
not show (Figueroa, When is Double Rounding Innocuous?, 1995), but for numbers so small that a single has fewer digits.
GPUs compute with halves, and take longer to convert them.
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

from mlgraph.dialects.dtypes import HALVES, dtype_of
from mlgraph.dialects.kernel import FusedOp, drop_unused

ARITHMETIC = (arith.AddfOp, arith.SubfOp, arith.MulfOp)


@dataclass(frozen=True)
class NarrowHalvesPass(ModulePass):
    """Compute in halves what kernels round to halves and GPUs can compute in them."""

    name = "narrow-halves"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = [inner for inner in op.walk() if isinstance(inner, FusedOp)]
        for kernel in kernels:
            for inner in list(kernel.body.block.ops):
                if isinstance(inner, arith.TruncFOp) and inner.result.type in HALVES:
                    narrow(inner)
            drop_unused(kernel.body.block)


def narrow(rounding: arith.TruncFOp) -> None:
    """Replace the operation that is rounded by one on halves, where its operands are halves."""
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
