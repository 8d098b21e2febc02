"""Arithmetic on sizes: Python ints are folded, values of type `index` become xDSL's `arith` operations."""

from collections.abc import Iterable
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import SSAValue

from mlgraph.dialects.building import insert

Size: TypeAlias = int | SSAValue


def value(size: Size) -> SSAValue:
    """Return `size` as a value of type `index`."""
    if isinstance(size, SSAValue):
        return size
    return insert(arith.ConstantOp(IntegerAttr(size, IndexType()))).result


def add(a: Size, b: Size) -> Size:
    """Return `a + b`."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0 or b == 0:
        return b if a == 0 else a
    return insert(arith.AddiOp(value(a), value(b))).result


def subtract(a: Size, b: Size) -> Size:
    """Return `a - b`."""
    if isinstance(a, int) and isinstance(b, int):
        return a - b
    return a if b == 0 else insert(arith.SubiOp(value(a), value(b))).result


def multiply(a: Size, b: Size) -> Size:
    """Return `a * b`."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if a == 1 or b == 1:
        return b if a == 1 else a
    return insert(arith.MuliOp(value(a), value(b))).result


def negative(a: Size) -> Size:
    """Return `-a`."""
    return subtract(0, a)


def power(a: Size, exponent: int) -> Size:
    """Return `a ** exponent`, of an exponent that is not negative."""
    found: Size = 1
    for _ in range(exponent):
        found = multiply(found, a)
    return found


def floor_divide(a: Size, b: Size) -> Size:
    """Return Python's `a // b`."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return a if b == 1 else insert(arith.FloorDivSIOp(value(a), value(b))).result


def remainder(a: Size, b: Size) -> Size:
    """Return Python's `a % b`, of sizes that are not negative."""
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    return insert(arith.RemSIOp(value(a), value(b))).result


def maximum(a: Size, b: Size) -> Size:
    """Return the larger of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    return insert(arith.MaxSIOp(value(a), value(b))).result


def minimum(a: Size, b: Size) -> Size:
    """Return the smaller of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return min(a, b)
    return insert(arith.MinSIOp(value(a), value(b))).result


def product(items: Iterable[Size]) -> Size:
    """Return the product of sizes, 1 of none."""
    total: Size = 1
    for item in items:
        total = multiply(total, item)
    return total
