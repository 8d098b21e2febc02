"""Reductions combine elements: in a block, whose elements may be taken in any order, and block after block.

Floats are added in blocks, whose sums are added in double precision together with what each addition loses. The sum is
then as exact as that of one block, which is short.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import llvm
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects.dtypes import FLOATS, HALF_PRECISION, UNSIGNED, f32, f64, i32, i64, width_of
from mlgraph.dialects.kernel import scalar_type
from mlgraph.transforms.lower_kernel_to_llvm.scalars import build, extended, intrinsic, number, truncated

REASSOCIATED = llvm.FastMathAttr([FastMathFlag.REASSOC])
"""Lets a loop add in several lanes."""

BITWISE: dict[str, Callable[[SSAValue, SSAValue], Operation]] = {
    "sum": llvm.AddOp,
    "any": llvm.OrOp,
    "all": llvm.AndOp,
}
"""The operations that combine two integers or bools, where they are no intrinsics."""


@dataclass(frozen=True)
class Exact:
    """Reductions without rounding, whose order does not matter: all but sums of floats."""

    kind: str
    dtype: Attribute
    """The element type of the result."""

    @property
    def type(self) -> Attribute:
        """The type that a block of elements is combined in: float32 for float16 and bfloat16."""
        return f32 if self.dtype in HALF_PRECISION else scalar_type(self.dtype)

    @property
    def total_types(self) -> list[Attribute]:
        """The types that a row is combined in."""
        return [self.type]

    def start(self) -> SSAValue:
        """Return the neutral element."""
        if self.dtype in FLOATS:
            return number(float("-inf") if self.kind == "max" else float("inf"), self.type)
        bits = width_of(self.dtype)
        signed = self.dtype not in UNSIGNED
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, -1)
        return number({"max": least, "min": most, "sum": 0, "any": 0, "all": -1}[self.kind], self.type)

    def with_element(self, so_far: SSAValue, x: SSAValue, zero: SSAValue) -> SSAValue:
        """Combine a block with one more element."""
        x = extended(x, self.dtype, f32) if self.dtype in HALF_PRECISION else x
        return self._both(so_far, x if self.kind in BITWISE else self._hidden(x, zero))

    def _hidden(self, x: SSAValue, zero: SSAValue) -> SSAValue:
        """`x`, by way of a number that is always 0, which LLVM does not know.

        It moves the maximum into a `select` that it knows one side of, and then finds no maximum to vectorize.
        """
        bits = i32 if self.type == f32 else i64 if self.type == f64 else self.type
        zero = zero if bits == i64 else build(llvm.TruncOp(zero, bits))
        if bits == self.type:
            return build(llvm.OrOp(x, zero))
        return build(llvm.BitcastOp(build(llvm.OrOp(build(llvm.BitcastOp(x, bits)), zero)), self.type))

    def totals(self) -> list[SSAValue]:
        """Return the totals before the first block."""
        return [self.start()]

    def with_block(self, totals: Sequence[SSAValue], block: SSAValue) -> list[SSAValue]:
        """Return the totals after one more block."""
        return [self._both(totals[0], block)]

    def result(self, totals: Sequence[SSAValue], count: SSAValue) -> SSAValue:
        """Return the element of the result, of so many elements."""
        return truncated(totals[0], self.dtype) if self.dtype in HALF_PRECISION else totals[0]

    def _both(self, x1: SSAValue, x2: SSAValue) -> SSAValue:
        if self.kind in BITWISE:
            return build(BITWISE[self.kind](x1, x2))
        integer = f"{'u' if self.dtype in UNSIGNED else 's'}{self.kind}"
        return intrinsic(f"llvm.{f'{self.kind}imum' if self.dtype in FLOATS else integer}", self.type, x1, x2)


@dataclass(frozen=True)
class FloatSum:
    """A sum or mean of floats. Its totals are the sum, and the sum of what is lost by it."""

    kind: str
    dtype: Attribute
    """The element type of the result."""

    @property
    def type(self) -> Attribute:
        """The type that a block of elements is added in."""
        return f64 if self.dtype == f64 else f32

    @property
    def total_types(self) -> list[Attribute]:
        """The types that a row is added in."""
        return [f64, f64]

    def start(self) -> SSAValue:
        """Return the sum of no elements."""
        return number(0.0, self.type)

    def with_element(self, so_far: SSAValue, x: SSAValue, zero: SSAValue) -> SSAValue:
        """Return the sum of a block and one more element."""
        return build(llvm.FAddOp(so_far, extended(x, self.dtype, self.type), REASSOCIATED))

    def totals(self) -> list[SSAValue]:
        """Return the totals before the first block."""
        return [number(0.0, f64), number(0.0, f64)]

    def with_block(self, totals: Sequence[SSAValue], block: SSAValue) -> list[SSAValue]:
        """Return the totals after one more block: the rounding error of an addition is computed from its result."""
        total, lost = totals
        block = extended(block, self.type, f64)
        after = build(llvm.FAddOp(total, block))
        added = build(llvm.FSubOp(after, total))
        kept = build(llvm.FSubOp(total, build(llvm.FSubOp(after, added))))
        rest = build(llvm.FAddOp(kept, build(llvm.FSubOp(block, added))))
        return [after, build(llvm.FAddOp(lost, rest))]

    def result(self, totals: Sequence[SSAValue], count: SSAValue) -> SSAValue:
        """Return the element of the result, of so many elements. The rounding error of an infinite sum is NaN."""
        total, lost = totals
        finite = build(llvm.FCmpOp(lost, lost, llvm.FCmpPredicateFlag.ORD))
        found = build(llvm.SelectOp(finite, build(llvm.FAddOp(total, lost)), total))
        if self.kind == "mean":
            found = build(llvm.FDivOp(found, build(llvm.SIToFPOp(count, f64))))
        if self.dtype == f64:
            return found
        single = truncated(found, f32)
        return single if self.dtype == f32 else truncated(single, self.dtype)


Reduction: TypeAlias = Exact | FloatSum


def reduction(kind: str, dtype: Attribute) -> Reduction:
    """Return the reduction of elements of a type."""
    return FloatSum(kind, dtype) if dtype in FLOATS and kind in ("sum", "mean") else Exact(kind, dtype)
