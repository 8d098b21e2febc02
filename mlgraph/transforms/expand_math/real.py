"""Scalars that one computes with as one does on paper: Python's operators build `arith` and `math` operations.

The functions of this package are written with them. What a value is at run time is float32 or float64 and follows IEEE
754 to the bit; a Python number beside it takes its type.
"""

import struct
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TypeAlias

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float32Type, Float64Type, FloatAttr, IntegerAttr, IntegerType, f32, f64, i1, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects.building import insert
from mlgraph.dialects.kernel import RareOp

FloatLike: TypeAlias = "Real | float"


@dataclass(frozen=True)
class Layout:
    """A float type's layout in bits."""

    type: Float32Type | Float64Type
    integer: IntegerType
    digits: int
    """Bits of the significand that are stored."""
    bias: int
    """The number that is added to the exponent."""

    @property
    def one(self) -> int:
        """The bits of 1.0."""
        return self.bias << self.digits

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return 1 << (self.integer.width.data - 1)

    @property
    def tiny(self) -> float:
        """The least normal number."""
        return 2.0 ** (1 - self.bias)

    @property
    def shifter(self) -> float:
        """Added to a number far smaller, it leaves the number rounded to an integer in the last bits."""
        return 1.5 * 2.0**self.digits

    def bits(self, number: float) -> int:
        """Return the bits of a number of this type."""
        return int.from_bytes(struct.pack("<f" if self.digits == 23 else "<d", number), "little")


SINGLE = Layout(f32, i32, 23, 127)
DOUBLE = Layout(f64, i64, 52, 1023)


@dataclass(frozen=True)
class Bool:
    """A truth value."""

    value: SSAValue

    def __and__(self, other: "Bool") -> "Bool":
        return Bool(_result(arith.AndIOp(self.value, other.value)))

    def __or__(self, other: "Bool") -> "Bool":
        return Bool(_result(arith.OrIOp(self.value, other.value)))

    def __invert__(self) -> "Bool":
        true = _constant(IntegerAttr(1, i1), 1)
        return Bool(_result(arith.XOrIOp(self.value, true)))


@dataclass(frozen=True)
class Int:
    """An integer as wide as a float, which wraps around."""

    value: SSAValue
    layout: Layout

    def _with(self, op: Callable[[SSAValue, SSAValue], Operation], other: "Int | int") -> "Int":
        return Int(_result(op(self.value, self.like(other).value)), self.layout)

    def like(self, other: "Int | int") -> "Int":
        """Return `other` as an integer of this type."""
        if isinstance(other, Int):
            return other
        width = self.layout.integer.width.data
        wrapped = (other + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))
        return Int(_constant(IntegerAttr(wrapped, self.layout.integer), wrapped), self.layout)

    def __add__(self, other: "Int | int") -> "Int":
        return self._with(arith.AddiOp, other)

    def __sub__(self, other: "Int | int") -> "Int":
        return self._with(arith.SubiOp, other)

    def __mul__(self, other: "Int | int") -> "Int":
        return self._with(arith.MuliOp, other)

    def __and__(self, other: "Int | int") -> "Int":
        return self._with(arith.AndIOp, other)

    def __or__(self, other: "Int | int") -> "Int":
        return self._with(arith.OrIOp, other)

    def __xor__(self, other: "Int | int") -> "Int":
        return self._with(arith.XOrIOp, other)

    def __lshift__(self, other: "Int | int") -> "Int":
        return self._with(arith.ShLIOp, other)

    def __rshift__(self, other: "Int | int") -> "Int":
        """A shift that fills with zeros; one that fills with the sign has no 64-bit vector instruction in AVX2."""
        return self._with(arith.ShRUIOp, other)

    def differs(self, other: "Int | int") -> Bool:
        """Return whether it is not `other`."""
        return Bool(_result(arith.CmpiOp(self.value, self.like(other).value, "ne")))

    def narrow(self) -> "Int":
        """Return the low half of 64 bits."""
        return Int(_result(arith.TruncIOp(self.value, i32)), SINGLE)

    def real(self) -> "Real":
        """Return the float with these bits."""
        return Real(_result(arith.BitcastOp(self.value, self.layout.type)), self.layout)


@dataclass(frozen=True)
class Real:
    """A float32 or float64."""

    value: SSAValue
    layout: Layout
    exact: bool = True
    """False for a float64 that comes from a float32 and becomes one.

    Its last bit does not matter, and it is no denormal.
    """

    def _with(self, op: Callable[[SSAValue, SSAValue], Operation], other: FloatLike) -> "Real":
        return Real(_result(op(self.value, self.like(other).value)), self.layout, self.exact)

    def like(self, other: FloatLike) -> "Real":
        """Return `other` as a float of this type."""
        if isinstance(other, Real):
            return other
        attribute = FloatAttr(other, self.layout.type)
        return Real(_constant(attribute, self.layout.bits(other)), self.layout, self.exact)

    @property
    def single(self) -> bool:
        """True for float32."""
        return self.layout is SINGLE

    @property
    def coarse(self) -> bool:
        """True for float32, and for a float64 that becomes one."""
        return self.single or not self.exact

    def __add__(self, other: FloatLike) -> "Real":
        return self._with(arith.AddfOp, other)

    def __radd__(self, other: float) -> "Real":
        return self.like(other) + self

    def __sub__(self, other: FloatLike) -> "Real":
        return self._with(arith.SubfOp, other)

    def __rsub__(self, other: float) -> "Real":
        return self.like(other) - self

    def __mul__(self, other: FloatLike) -> "Real":
        return self._with(arith.MulfOp, other)

    def __rmul__(self, other: float) -> "Real":
        return self.like(other) * self

    def __truediv__(self, other: FloatLike) -> "Real":
        return self._with(arith.DivfOp, other)

    def __rtruediv__(self, other: float) -> "Real":
        return self.like(other) / self

    def __neg__(self) -> "Real":
        return Real(_result(arith.NegfOp(self.value)), self.layout, self.exact)

    def __abs__(self) -> "Real":
        return Real(_result(math.AbsFOp(self.value)), self.layout, self.exact)

    def compare(self, predicate: str, other: FloatLike) -> Bool:
        """Build a comparison by the name that `arith.cmpf` gives it."""
        return Bool(_result(arith.CmpfOp(self.value, self.like(other).value, predicate)))

    def __lt__(self, other: FloatLike) -> Bool:
        return self.compare("olt", other)

    def __le__(self, other: FloatLike) -> Bool:
        return self.compare("ole", other)

    def __gt__(self, other: FloatLike) -> Bool:
        return self.compare("ogt", other)

    def __ge__(self, other: FloatLike) -> Bool:
        return self.compare("oge", other)

    def equals(self, other: FloatLike) -> Bool:
        """Return whether it is equal to `other`; nan equals nothing."""
        return self.compare("oeq", other)

    def is_nan(self) -> Bool:
        """Return whether it is nan."""
        return self.compare("uno", self)

    def at_most(self, bound: float) -> "Real":
        """Return the lesser of two; nan stays nan. It is one x86 instruction, which `arith.minimumf` is not."""
        return where(self > bound, self.like(bound), self)

    def at_least(self, bound: float) -> "Real":
        """Return the greater of two; nan stays nan."""
        return where(self < bound, self.like(bound), self)

    def negative(self) -> Bool:
        """Return whether the sign bit is set, as that of -0.0."""
        bits = self.bits()
        return Bool(_result(arith.CmpiOp(bits.value, bits.like(0).value, "slt")))

    def sqrt(self) -> "Real":
        """Return the square root, correctly rounded."""
        return Real(_result(math.SqrtOp(self.value)), self.layout, self.exact)

    def floor(self) -> "Real":
        """Return the greatest integer that is not greater."""
        return Real(_result(math.FloorOp(self.value)), self.layout, self.exact)

    def with_sign_of(self, other: "Real") -> "Real":
        """Return its magnitude with the sign of `other`."""
        return Real(_result(math.CopySignOp(self.value, other.value)), self.layout, self.exact)

    def bits(self) -> Int:
        """Return the bits as an integer."""
        return Int(_result(arith.BitcastOp(self.value, self.layout.integer)), self.layout)

    def with_exact(self, exact: bool) -> "Real":
        """Return the number with another value of `exact`."""
        return Real(self.value, self.layout, exact)

    def wide(self) -> "Real":
        """Extend a float32 to a float64 that is good enough for a result in float32."""
        return Real(_result(arith.ExtFOp(self.value, f64)), DOUBLE, exact=False)

    def narrow(self) -> "Real":
        """Round a float64 to a float32."""
        return Real(_result(arith.TruncFOp(self.value, f32)), SINGLE)


def in_float64(function: Callable[[Real], Real]) -> Callable[[Real], Real]:
    """Make a function compute float32 in float64."""

    @wraps(function)
    def apply(x: Real) -> Real:
        return function(x.wide()).narrow() if x.single else function(x)

    return apply


def real(value: SSAValue) -> Real:
    """Return an SSA value, f32 or f64, to compute with."""
    return Real(value, SINGLE if value.type == f32 else DOUBLE)


def where(condition: Bool, yes: Real, no: FloatLike) -> Real:
    """Return `yes` where the condition holds, else `no`."""
    return Real(_result(arith.SelectOp(condition.value, yes.value, yes.like(no).value)), yes.layout, yes.exact)


def where_int(condition: Bool, yes: Int, no: Int | int) -> Int:
    """Return `yes` where the condition holds, else `no`."""
    return Int(_result(arith.SelectOp(condition.value, yes.value, yes.like(no).value)), yes.layout)


def fma(a: Real, b: FloatLike, c: FloatLike) -> Real:
    """Return `a * b + c`, rounded once."""
    return Real(_result(math.FmaOp(a.value, a.like(b).value, a.like(c).value)), a.layout, a.exact)


def polynomial(x: Real, *coefficients: float) -> Real:
    """Return `c[0] + c[1] * x + c[2] * x**2 + ...`; a long one in two halves, which run in parallel."""
    if len(coefficients) < 6:
        return _horner(x, coefficients)
    square = x * x
    return fma(_horner(square, coefficients[1::2]), x, _horner(square, coefficients[0::2]))


def _horner(x: Real, coefficients: Sequence[float]) -> Real:
    *rest, last = coefficients
    value = x.like(last)
    for coefficient in reversed(rest):
        value = fma(value, x, coefficient)
    return value


def graded(x: Real, single: Sequence[float], double: Sequence[float]) -> Real:
    """Return a polynomial with the coefficients that the precision of `x` asks for."""
    return polynomial(x, *(single if x.coarse else double))


def nearest(x: Real, scale: float = 1.0) -> tuple[Real, Int]:
    """Return the nearest integer to `x * scale` as a float and in the low bits of an integer.

    It is well below 2**22 in float32, 2**51 in float64.
    """
    return _shifted(x, scale, x.layout.shifter)


def exponent(x: Real, scale: float = 1.0) -> tuple[Real, Int]:
    """Return the nearest integer to `x * scale` as a float, and as the exponent of `power_of_two`."""
    return _shifted(x, scale, x.layout.shifter + x.layout.bias)


def _shifted(x: Real, scale: float, shifter: float) -> tuple[Real, Int]:
    shifted = x + shifter if scale == 1.0 else fma(x, scale, shifter)
    return shifted - shifter, shifted.bits()


def power_of_two(k: Int) -> Real:
    """Return 2**k for the `exponent` of a normal k, in the low bits of an integer, whatever its high bits are."""
    return (k << k.layout.digits).real()


def two_sum(a: Real, b: Real) -> tuple[Real, Real]:
    """Return `a + b` and its rounding error, where `abs(a) >= abs(b)` or a is 0 (Dekker, 1971)."""
    total = a + b
    return total, b - (total - a)


def full_two_sum(a: Real, b: Real) -> tuple[Real, Real]:
    """Return `a + b` and its rounding error (Knuth, TAOCP 2, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Real, b: FloatLike) -> tuple[Real, Real]:
    """Return `a * b` and its rounding error, which one fma computes exactly."""
    product = a * b
    return product, fma(a, b, -product)


def only_common() -> bool:
    """Return whether functions may be wrong for rare operands, which `rare` marks."""
    return _common.get()


def rare(condition: Bool) -> None:
    """Mark the operands for which the condition holds as rare: the result is wrong for them."""
    insert(RareOp(condition.value))


def expand(function: Callable[..., Real], common: bool, *operands: SSAValue) -> SSAValue:
    """Build a function's expansion, for `common` operands alone or for all; equal constants are built once."""
    tokens = _constants.set({}), _common.set(common)
    try:
        return function(*map(real, operands)).value
    finally:
        _constants.reset(tokens[0])
        _common.reset(tokens[1])


_common: ContextVar[bool] = ContextVar("common", default=False)
_constants: ContextVar[dict[tuple[Attribute, int], SSAValue]] = ContextVar("constants")


def _constant(value: "IntegerAttr[IntegerType] | FloatAttr", bits: int) -> SSAValue:
    known = _constants.get()
    key = (value.type, bits)
    if key not in known:
        known[key] = _result(arith.ConstantOp(value))
    return known[key]


def _result(op: Operation) -> SSAValue:
    return insert(op).results[0]
