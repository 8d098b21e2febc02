"""`arith` and `math` operations on scalars as operations of the `llvm` dialect: a table, and rules for what is several.

Bfloat16 is its bits, an `i16`: LLVM's own conversions of it are calls on most processors.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects import arith, llvm, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects.building import insert
from mlgraph.dialects.dtypes import bf16, dtype_of, f32, i16, i32, i64, width_of
from mlgraph.dialects.llvm_casts import FPToSIOp

DIRECT: dict[type[Operation], Callable[..., Operation]] = {
    arith.AddfOp: llvm.FAddOp,
    arith.SubfOp: llvm.FSubOp,
    arith.MulfOp: llvm.FMulOp,
    arith.DivfOp: llvm.FDivOp,
    arith.NegfOp: llvm.FNegOp,
    arith.AddiOp: llvm.AddOp,
    arith.SubiOp: llvm.SubOp,
    arith.MuliOp: llvm.MulOp,
    arith.DivSIOp: llvm.SDivOp,
    arith.DivUIOp: llvm.UDivOp,
    arith.RemSIOp: llvm.SRemOp,
    arith.RemUIOp: llvm.URemOp,
    arith.AndIOp: llvm.AndOp,
    arith.OrIOp: llvm.OrOp,
    arith.XOrIOp: llvm.XOrOp,
    arith.ShLIOp: llvm.ShlOp,
    arith.ShRSIOp: llvm.AShrOp,
    arith.ShRUIOp: llvm.LShrOp,
    arith.SelectOp: llvm.SelectOp,
}
"""Operations that take the operands alone."""

CASTS: dict[type[Operation], Callable[..., Operation]] = {
    arith.ExtSIOp: llvm.SExtOp,
    arith.ExtUIOp: llvm.ZExtOp,
    arith.TruncIOp: llvm.TruncOp,
    arith.SIToFPOp: llvm.SIToFPOp,
    arith.FPToSIOp: FPToSIOp,
    arith.BitcastOp: llvm.BitcastOp,
}
"""Operations that take the operand and the type of the result."""

INTRINSICS: dict[type[Operation], str] = {
    arith.MaximumfOp: "llvm.maximum",
    arith.MinimumfOp: "llvm.minimum",
    arith.MaxnumfOp: "llvm.maxnum",
    arith.MinnumfOp: "llvm.minnum",
    arith.MaxSIOp: "llvm.smax",
    arith.MinSIOp: "llvm.smin",
    arith.MaxUIOp: "llvm.umax",
    arith.MinUIOp: "llvm.umin",
    math.AbsFOp: "llvm.fabs",
    math.SqrtOp: "llvm.sqrt",
    math.FloorOp: "llvm.floor",
    math.CeilOp: "llvm.ceil",
    math.TruncOp: "llvm.trunc",
    math.RoundEvenOp: "llvm.roundeven",
    math.CopySignOp: "llvm.copysign",
    math.FmaOp: "llvm.fma",
}
"""Functions that processors have an instruction for."""

Rule: TypeAlias = Callable[..., SSAValue]


def lower_scalar(op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    """Return the `llvm` value of a scalar operation. Raise `ValueError` where it has none."""
    kind = type(op)
    type_ = llvm_type(op.results[0].type)
    if kind in RULES:
        return RULES[kind](op, *operands)
    if kind in DIRECT:
        return build(DIRECT[kind](*operands))
    if kind in CASTS:
        return build(CASTS[kind](*operands, type_))
    if kind in INTRINSICS:
        return intrinsic(INTRINSICS[kind], type_, *operands)
    raise ValueError(f"{op.name} has no form in LLVM; run expand-math first")


def llvm_type(type: Attribute) -> Attribute:
    """Return the type that a scalar has in LLVM."""
    return i16 if type == bf16 else type


def build(op: Operation) -> SSAValue:
    """Insert an operation and return its result."""
    return insert(op).results[0]


def intrinsic(name: str, type: Attribute, *operands: SSAValue) -> SSAValue:
    """Build a call of an overloaded intrinsic of LLVM."""
    suffix = f"i{width_of(type)}" if isinstance(type, IntegerType) else str(type)
    return build(llvm.CallIntrinsicOp(f"{name}.{suffix}", operands, [cast(Attribute, type)]))


def number(value: int | float, type: Attribute) -> SSAValue:
    """Build a constant of the `llvm` dialect."""
    if isinstance(type, IntegerType):
        return build(llvm.ConstantOp(IntegerAttr(int(value), cast(Any, type)), cast(Attribute, type)))
    return build(llvm.ConstantOp(FloatAttr(value, cast(Any, type)), type))


def _constant(op: arith.ConstantOp) -> SSAValue:
    value = cast("IntegerAttr[Any] | FloatAttr[Any]", op.value).value.data
    if op.result.type == bf16:
        return number(int(np.asarray(value, dtype_of(bf16)).view(np.int16)), i16)
    return number(value, op.result.type)


def _cmpf(op: arith.CmpfOp, x1: SSAValue, x2: SSAValue) -> SSAValue:
    return build(llvm.FCmpOp(x1, x2, IntegerAttr(op.predicate.value.data, i64)))


def _cmpi(op: arith.CmpiOp, x1: SSAValue, x2: SSAValue) -> SSAValue:
    return build(llvm.ICmpOp(x1, x2, IntegerAttr(op.predicate.value.data, i64)))


def _uitofp(op: arith.UIToFPOp, x: SSAValue) -> SSAValue:
    """Through a signed integer that holds every value: those conversions vectorize."""
    width = width_of(x.type)
    wide = build(llvm.ZExtOp(x, i32 if width < 32 else i64))
    return build(llvm.SIToFPOp(wide, op.result.type))


def _extf(op: arith.ExtFOp, x: SSAValue) -> SSAValue:
    return extended(x, op.input.type, op.result.type)


def extended(x: SSAValue, type: Attribute, to: Attribute) -> SSAValue:
    """Extend a float to a wider type."""
    if type == bf16:
        bits = build(llvm.ShlOp(build(llvm.ZExtOp(x, i32)), number(16, i32)))
        x, type = build(llvm.BitcastOp(bits, f32)), f32
    return x if type == to else build(llvm.FPExtOp(x, to))


def _truncf(op: arith.TruncFOp, x: SSAValue) -> SSAValue:
    return truncated(x, op.result.type)


def truncated(x: SSAValue, to: Attribute) -> SSAValue:
    """Round a float to a narrower type. The nearest bfloat16 to a float32 is the even one of two; NaN stays NaN."""
    if to != bf16:
        return build(llvm.FPTruncOp(x, to))
    bits = build(llvm.BitcastOp(x, i32))
    odd = build(llvm.AndOp(build(llvm.LShrOp(bits, number(16, i32))), number(1, i32)))
    up = build(llvm.AddOp(bits, build(llvm.AddOp(odd, number(0x7FFF, i32)))))
    nan = build(llvm.FCmpOp(x, x, llvm.FCmpPredicateFlag.UNO))
    kept = build(llvm.SelectOp(nan, number(0x7FC00000, i32), up))
    return build(llvm.TruncOp(build(llvm.LShrOp(kept, number(16, i32))), i16))


RULES: dict[type[Operation], Rule] = {
    arith.ConstantOp: _constant,
    arith.CmpfOp: _cmpf,
    arith.CmpiOp: _cmpi,
    arith.UIToFPOp: _uitofp,
    arith.ExtFOp: _extf,
    arith.TruncFOp: _truncf,
}
"""Operations that are several, or whose arguments differ."""
