"""Rules from elementwise operations to the `arith`, `math` and `scalar` operations on one element.

An operation is found in `FLOATS`, `NUMBERS` or `COMPARISONS` where it is one operation, has a rule where it is several,
and runs its body where it is composite. What is in none of them is not fused. float16 and bfloat16 are computed
in float32 and rounded after each operation, composite ones included, as the frameworks do.
"""

import math as numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects import ivy, scalar
from mlgraph.dialects.building import insert
from mlgraph.dialects.dtypes import FLOATS as FLOAT_TYPES
from mlgraph.dialects.dtypes import HALF_PRECISION, UNSIGNED, DType, f32, f64, i1, i32, i64, ui32, ui64, width_of
from mlgraph.dialects.kernel import scalar_type
from mlgraph.dialects.table import Op

ScalarOp: TypeAlias = Callable[..., Operation]
Rule: TypeAlias = Callable[..., "SSAValue | None"]
"""From the element type of operands, their scalars and the operation's parameters to the scalar of its result, or
None for a type that is left to the operation's body."""


class NotFusible(Exception):
    """Raised for an operation that stays out of kernels; the text says why."""


@dataclass(frozen=True)
class Kinds:
    """The scalar operation for each kind of operand that has one."""

    floats: ScalarOp
    signed: ScalarOp | None = None
    unsigned: ScalarOp | None = None
    bools: ScalarOp | None = None

    def of(self, d: DType) -> ScalarOp | None:
        """Return the operation for an element type, None where there is none."""
        if d in FLOAT_TYPES:
            return self.floats
        return self.bools if d == i1 else self.unsigned if d in UNSIGNED else self.signed


FLOATS: dict[Op[..., Any], ScalarOp] = {
    ivy.divide: arith.DivfOp,
    ivy.sqrt: math.SqrtOp,
    ivy.floor: math.FloorOp,
    ivy.ceil: math.CeilOp,
    ivy.trunc: math.TruncOp,
    ivy.round: math.RoundEvenOp,
    ivy.copysign: math.CopySignOp,
    ivy.exp: math.ExpOp,
    ivy.exp2: math.Exp2Op,
    ivy.expm1: math.ExpM1Op,
    ivy.log: math.LogOp,
    ivy.log1p: math.Log1pOp,
    ivy.log2: math.Log2Op,
    ivy.log10: math.Log10Op,
    ivy.sin: math.SinOp,
    ivy.cos: math.CosOp,
    ivy.tan: math.TanOp,
    ivy.asin: math.AsinOp,
    ivy.acos: math.AcosOp,
    ivy.atan: math.AtanOp,
    ivy.atan2: math.Atan2Op,
    ivy.sinh: math.SinhOp,
    ivy.cosh: math.CoshOp,
    ivy.tanh: math.TanhOp,
    ivy.asinh: math.AsinhOp,
    ivy.acosh: math.AcoshOp,
    ivy.atanh: math.AtanhOp,
    ivy.erf: math.ErfOp,
    ivy.erfc: scalar.ErfcOp,
    ivy.pow: math.PowFOp,
    ivy.sigmoid: scalar.SigmoidOp,
}
"""Operations of floats alone."""

NUMBERS: dict[Op[..., Any], Kinds] = {
    ivy.add: Kinds(arith.AddfOp, arith.AddiOp, arith.AddiOp, arith.OrIOp),
    ivy.subtract: Kinds(arith.SubfOp, arith.SubiOp, arith.SubiOp),
    ivy.multiply: Kinds(arith.MulfOp, arith.MuliOp, arith.MuliOp, arith.AndIOp),
    ivy.maximum: Kinds(arith.MaximumfOp, arith.MaxSIOp, arith.MaxUIOp, arith.OrIOp),
    ivy.minimum: Kinds(arith.MinimumfOp, arith.MinSIOp, arith.MinUIOp, arith.AndIOp),
}
"""Operations of any numbers."""

BITS: dict[Op[..., Any], ScalarOp] = {
    ivy.logical_and: arith.AndIOp,
    ivy.logical_or: arith.OrIOp,
    ivy.logical_xor: arith.XOrIOp,
    ivy.bitwise_and: arith.AndIOp,
    ivy.bitwise_or: arith.OrIOp,
    ivy.bitwise_xor: arith.XOrIOp,
}
"""Operations of integers and bools alone."""

COMPARISONS: dict[Op[..., Any], tuple[str, str, str]] = {
    ivy.equal: ("oeq", "eq", "eq"),
    ivy.not_equal: ("une", "ne", "ne"),
    ivy.less: ("olt", "slt", "ult"),
    ivy.less_equal: ("ole", "sle", "ule"),
    ivy.greater: ("ogt", "sgt", "ugt"),
    ivy.greater_equal: ("oge", "sge", "uge"),
}
"""The predicate of an operation for floats, for signed integers, and for unsigned ones and bools."""

RULES: dict[Op[..., Any], Rule] = {}


RuleT = TypeVar("RuleT", bound=Rule)


def rule(op: Op[..., Any]) -> Callable[[RuleT], RuleT]:
    """Register the rule of an operation that takes several scalar ones."""

    def register(function: RuleT) -> RuleT:
        RULES[op] = function
        return function

    return register


def apply(op: Op[..., Any], d: DType, scalars: Sequence[SSAValue], parameters: dict[str, Any]) -> SSAValue | None:
    """Return the scalar result for scalars of type `d`, None where the body gives it. Raise `NotFusible`."""
    if op in RULES:
        return RULES[op](d, *scalars, **parameters)
    if op in COMPARISONS:
        return compare(COMPARISONS[op], d, *scalars)
    found = NUMBERS[op].of(d) if op in NUMBERS else _single(op, d)
    if found is not None:
        return build(found, *scalars)
    if op in NUMBERS or op in FLOATS or op in BITS:
        raise NotFusible(f"{op.name} of this element type has no scalar form")
    return None


def _single(op: Op[..., Any], d: DType) -> ScalarOp | None:
    return FLOATS.get(op) if d in FLOAT_TYPES else BITS.get(op)


def build(op: ScalarOp, *arguments: Any) -> SSAValue:
    """Insert an operation and return its result."""
    return insert(op(*arguments)).results[0]


def constant(value: Any, d: DType) -> SSAValue:
    """Return `value` as a scalar of element type `d`."""
    type = scalar_type(d)
    if isinstance(type, IntegerType):
        return build(arith.ConstantOp, IntegerAttr(_wrapped(int(value), width_of(d)), cast(Any, type)))
    return build(arith.ConstantOp, FloatAttr(float(value), cast(Any, type)))


def _wrapped(value: int, bits: int) -> int:
    """The signed number of the same bits."""
    if bits == 1:
        return -(value & 1)
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def compare(predicates: tuple[str, str, str], d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    """Compare two scalars by the predicate for their element type."""
    if d in FLOAT_TYPES:
        return build(arith.CmpfOp, x1, x2, predicates[0])
    return build(arith.CmpiOp, x1, x2, predicates[2 if d == i1 or d in UNSIGNED else 1])


def select(condition: SSAValue, x1: SSAValue, x2: SSAValue) -> SSAValue:
    """Return `x1` where the condition holds, else `x2`."""
    return build(arith.SelectOp, condition, x1, x2)


# Arithmetic


@rule(ivy.negative)
def negative(d: DType, x: SSAValue) -> SSAValue:
    return build(arith.NegfOp, x) if d in FLOAT_TYPES else build(arith.SubiOp, constant(0, d), x)


@rule(ivy.abs)
def absolute(d: DType, x: SSAValue) -> SSAValue:
    if d in FLOAT_TYPES:
        return build(math.AbsFOp, x)
    return x if d in UNSIGNED else build(arith.MaxSIOp, x, negative(d, x))


@rule(ivy.sign)
def sign(d: DType, x: SSAValue) -> SSAValue:
    zero, one = constant(0, d), constant(1, d)
    positive = compare(COMPARISONS[ivy.greater], d, x, zero)
    if d in UNSIGNED:
        return select(positive, one, zero)
    below = select(compare(COMPARISONS[ivy.less], d, x, zero), constant(-1, d), zero)
    found = select(positive, one, below)
    return select(isnan(d, x), x, found) if d in FLOAT_TYPES else found


@rule(ivy.square)
def square(d: DType, x: SSAValue) -> SSAValue:
    return build(arith.MulfOp if d in FLOAT_TYPES else arith.MuliOp, x, x)


@rule(ivy.reciprocal)
def reciprocal(d: DType, x: SSAValue) -> SSAValue:
    return build(arith.DivfOp, constant(1, d), x)


@rule(ivy.rsqrt)
def rsqrt(d: DType, x: SSAValue) -> SSAValue:
    return reciprocal(d, build(math.SqrtOp, x))


# Division of integers, where the divisor is known: one that may be 0 must raise or warn as the framework does


def _divided(d: DType, x1: SSAValue, x2: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Quotient and remainder towards 0, and whether the quotient downwards is one less."""
    remainder = build(arith.RemSIOp, x1, x2)
    negative_remainder = build(arith.CmpiOp, remainder, constant(0, d), "slt")
    negative_divisor = build(arith.CmpiOp, x2, constant(0, d), "slt")
    apart = build(arith.XOrIOp, negative_remainder, negative_divisor)
    inexact = build(arith.CmpiOp, remainder, constant(0, d), "ne")
    return build(arith.DivSIOp, x1, x2), remainder, build(arith.AndIOp, inexact, apart)


def _divisor(x2: SSAValue) -> int:
    """The divisor, which must be known and no special case."""
    value = x2.owner.value if isinstance(x2.owner, arith.ConstantOp) else None
    if not isinstance(value, IntegerAttr) or value.value.data in (0, -1):
        raise NotFusible("the divisor may be 0")
    return value.value.data


def _no_floats(d: DType) -> None:
    if d in FLOAT_TYPES:
        raise NotFusible("the exact remainder of floats takes a loop of its own")


@rule(ivy.floor_divide)
def floor_divide(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    _no_floats(d)
    _divisor(x2)
    if d in UNSIGNED:
        return build(arith.DivUIOp, x1, x2)
    quotient, _, less = _divided(d, x1, x2)
    return select(less, build(arith.SubiOp, quotient, constant(1, d)), quotient)


@rule(ivy.remainder)
def remainder(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    _no_floats(d)
    _divisor(x2)
    if d in UNSIGNED:
        return build(arith.RemUIOp, x1, x2)
    _, left, less = _divided(d, x1, x2)
    return select(less, build(arith.AddiOp, left, x2), left)


@rule(ivy.fmod)
def fmod(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    _no_floats(d)
    _divisor(x2)
    return build(arith.RemUIOp if d in UNSIGNED else arith.RemSIOp, x1, x2)


# Tests, logic and bits


@rule(ivy.isnan)
def isnan(d: DType, x: SSAValue) -> SSAValue:
    return build(arith.CmpfOp, x, x, "uno") if d in FLOAT_TYPES else constant(False, i1)


@rule(ivy.isinf)
def isinf(d: DType, x: SSAValue) -> SSAValue:
    if d not in FLOAT_TYPES:
        return constant(False, i1)
    return build(arith.CmpfOp, build(math.AbsFOp, x), constant(numbers.inf, d), "oeq")


@rule(ivy.isfinite)
def isfinite(d: DType, x: SSAValue) -> SSAValue:
    if d not in FLOAT_TYPES:
        return constant(True, i1)
    return build(arith.CmpfOp, build(math.AbsFOp, x), constant(numbers.inf, d), "olt")


@rule(ivy.logical_not)
@rule(ivy.bitwise_invert)
def invert(d: DType, x: SSAValue) -> SSAValue:
    return build(arith.XOrIOp, x, constant(-1, d))


@rule(ivy.bitwise_left_shift)
def left_shift(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    """A shift by the width or more leaves nothing; a negative one counts as such."""
    inside = build(arith.CmpiOp, x2, constant(width_of(d), d), "ult")
    shifted = build(arith.ShLIOp, x1, build(arith.AndIOp, x2, constant(width_of(d) - 1, d)))
    return select(inside, shifted, constant(0, d))


@rule(ivy.bitwise_right_shift)
def right_shift(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    if d in UNSIGNED:
        inside = build(arith.CmpiOp, x2, constant(width_of(d), d), "ult")
        shifted = build(arith.ShRUIOp, x1, build(arith.AndIOp, x2, constant(width_of(d) - 1, d)))
        return select(inside, shifted, constant(0, d))
    return build(arith.ShRSIOp, x1, build(arith.MinUIOp, x2, constant(width_of(d) - 1, d)))


# Choice and conversion


@rule(ivy.where)
def where(d: DType, condition: SSAValue, x1: SSAValue, x2: SSAValue) -> SSAValue:
    return select(condition, x1, x2)


@rule(ivy.cast)
def cast_to(d: DType, x: SSAValue, dtype: DType) -> SSAValue:
    if d == dtype:
        return x
    if dtype == i1:
        return compare(COMPARISONS[ivy.not_equal], d, widened(d, x), constant(0, f32 if d in HALF_PRECISION else d))
    if d in FLOAT_TYPES:
        return _float_to_float(d, x, dtype) if dtype in FLOAT_TYPES else _float_to_integer(d, x, dtype)
    return _integer_to_float(d, x, dtype) if dtype in FLOAT_TYPES else _integer_to_integer(d, x, dtype)


def widened(d: DType, x: SSAValue) -> SSAValue:
    """Extend float16 and bfloat16 to float32; return other floats as they are."""
    return build(arith.ExtFOp, x, f32) if d in HALF_PRECISION else x


def _float_to_float(d: DType, x: SSAValue, dtype: DType) -> SSAValue:
    if d == f64 and dtype in HALF_PRECISION:
        raise NotFusible("frameworks round a double to a half in different ways")
    if dtype == f64:
        return build(arith.ExtFOp, x, f64)
    wide = widened(d, x)
    return build(arith.TruncFOp, wide, dtype) if dtype in HALF_PRECISION or d == f64 else wide


def _float_to_integer(d: DType, x: SSAValue, dtype: DType) -> SSAValue:
    """Through 32 or 64 signed bits, as compilers of C do it."""
    if dtype == ui64:
        raise NotFusible("the largest unsigned integers have no conversion that vectorizes")
    middle = i64 if dtype in (i64, ui32) else i32
    found = build(arith.FPToSIOp, widened(d, x), middle)
    return found if width_of(dtype) == width_of(middle) else build(arith.TruncIOp, found, scalar_type(dtype))


def _integer_to_float(d: DType, x: SSAValue, dtype: DType) -> SSAValue:
    if d == ui64:
        raise NotFusible("the largest unsigned integers have no conversion that vectorizes")
    wide = f32 if dtype in HALF_PRECISION else dtype
    found = build(arith.UIToFPOp if d == i1 or d in UNSIGNED else arith.SIToFPOp, x, wide)
    return build(arith.TruncFOp, found, dtype) if dtype in HALF_PRECISION else found


def _integer_to_integer(d: DType, x: SSAValue, dtype: DType) -> SSAValue:
    if width_of(d) == width_of(dtype):
        return x
    if width_of(d) > width_of(dtype):
        return build(arith.TruncIOp, x, scalar_type(dtype))
    return build(arith.ExtUIOp if d == i1 or d in UNSIGNED else arith.ExtSIOp, x, scalar_type(dtype))


def rounded(x: SSAValue, dtype: Attribute) -> SSAValue:
    """Round a float32 to float16 or bfloat16, where the result is one."""
    return build(arith.TruncFOp, x, dtype) if dtype in HALF_PRECISION and x.type == f32 else x
