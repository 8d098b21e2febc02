"""Scalars that rules compute with: Python's operators build `arith` operations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects.building import insert
from mlgraph.dialects.dtypes import FLOATS, HALF_PRECISION, f32

ScalarLike: TypeAlias = "Scalar | float"


@dataclass(frozen=True)
class Scalar:
    """A value inside a kernel; a Python number beside it takes its type."""

    value: SSAValue

    @property
    def type(self) -> Attribute:
        """The type of an element."""
        return self.value.type

    @property
    def is_float(self) -> bool:
        """True if it has a gradient."""
        return self.type in FLOATS

    @property
    def constant(self) -> float | None:
        """Its value, where the kernel's text says it."""
        owner = self.value.owner
        if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, FloatAttr):
            return owner.value.value.data
        return None

    def like(self, other: ScalarLike) -> "Scalar":
        """Return `other` as a scalar of this type."""
        if isinstance(other, Scalar):
            return other
        return built(arith.ConstantOp(FloatAttr(other, float_type(self.type))))

    def _with(self, op: Callable[[SSAValue, SSAValue], Operation], other: ScalarLike) -> "Scalar":
        return built(op(self.value, self.like(other).value))

    def __add__(self, other: ScalarLike) -> "Scalar":
        return self._with(arith.AddfOp, other)

    def __sub__(self, other: ScalarLike) -> "Scalar":
        return self._with(arith.SubfOp, other)

    def __rsub__(self, other: float) -> "Scalar":
        return self.like(other) - self

    def __mul__(self, other: ScalarLike) -> "Scalar":
        return self._with(arith.MulfOp, other)

    def __truediv__(self, other: ScalarLike) -> "Scalar":
        return self._with(arith.DivfOp, other)

    def __rtruediv__(self, other: float) -> "Scalar":
        return self.like(other) / self

    def __neg__(self) -> "Scalar":
        return built(arith.NegfOp(self.value))

    def compare(self, predicate: str, other: ScalarLike) -> "Scalar":
        """Build a comparison by the name that `arith.cmpf` gives it."""
        return built(arith.CmpfOp(self.value, self.like(other).value, predicate))

    def __lt__(self, other: ScalarLike) -> "Scalar":
        return self.compare("olt", other)

    def __gt__(self, other: ScalarLike) -> "Scalar":
        return self.compare("ogt", other)

    def __ge__(self, other: ScalarLike) -> "Scalar":
        return self.compare("oge", other)

    def equals(self, other: ScalarLike) -> "Scalar":
        """Return whether it is equal to `other`; nan equals nothing."""
        return self.compare("oeq", other)

    def __and__(self, other: "Scalar") -> "Scalar":
        return built(arith.AndIOp(self.value, other.value))


def built(op: Operation) -> Scalar:
    """Insert an operation and return its result."""
    return Scalar(insert(op).results[0])


def where(condition: Scalar, yes: ScalarLike, no: ScalarLike) -> Scalar:
    """Return `yes` where the condition holds, else `no`; one of them is a scalar."""
    like = yes if isinstance(yes, Scalar) else no
    assert isinstance(like, Scalar)
    return built(arith.SelectOp(condition.value, like.like(yes).value, like.like(no).value))


def converted(x: Scalar, to: Attribute) -> Scalar:
    """Return `x` rounded or extended to another float type."""
    if x.type == to:
        return x
    narrower = float_type(to).bitwidth < float_type(x.type).bitwidth
    return built((arith.TruncFOp if narrower else arith.ExtFOp)(x.value, to))


def total(a: Scalar, b: Scalar) -> Scalar:
    """Return `a + b`; float16 and bfloat16 are added in float32 and rounded."""
    if a.type in HALF_PRECISION:
        return converted(converted(a, f32) + converted(b, f32), a.type)
    return a + b


def float_type(type: Attribute) -> AnyFloat:
    """Return `type`, which must be that of a float."""
    assert isinstance(type, AnyFloat)
    return type
