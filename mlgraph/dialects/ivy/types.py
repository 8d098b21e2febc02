"""Result types: what an operation gives for the types it is given.

Every rule raises `ValueError` with what is wrong; a dimension that is not known is `UNKNOWN`.
"""

from collections.abc import Sequence
from typing import Any, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, TensorType
from xdsl.ir import SSAValue

from mlgraph.dialects.dtypes import COMPLEX, FLOATS, NAME_OF, DType, c64, c128, element_type, f32, f64, i1, tensor
from mlgraph.dialects.parameters import Ints, Shape, Type, Value


class _Unknown(int):
    """The class of `UNKNOWN`."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "UNKNOWN"

    __str__ = __repr__


UNKNOWN: int = _Unknown(DYNAMIC_INDEX)
"""Stands for a size that is not known. It equals no number: -1 is an index from the end, or a size to work out."""


def shape_of(x: Value | Type) -> tuple[int, ...]:
    """Return the shape of a tensor value or type."""
    type = x.type if isinstance(x, SSAValue) else x
    if not isinstance(type, TensorType):
        raise ValueError(f"expected a tensor, got {type}")
    return tuple(UNKNOWN if n == DYNAMIC_INDEX else n for n in type.get_shape())


def dtype(x: Value | Type) -> DType:
    """Return the element type of a tensor value or type."""
    type = x.type if isinstance(x, SSAValue) else x
    if not isinstance(type, TensorType):
        raise ValueError(f"expected a tensor, got {type}")
    return element_type(type)  # pyright: ignore[reportUnknownArgumentType]


def rank(x: Value) -> int:
    """Return the number of axes."""
    return len(shape_of(x))


def is_float(d: DType) -> bool:
    """Return whether an element type is a float."""
    return d in FLOATS


def is_complex(d: DType) -> bool:
    """Return whether an element type is complex."""
    return d in COMPLEX


def same(x: Value) -> Type:
    """Return the operand's own type."""
    shape_of(x)
    return x.type


def with_dtype(x: Value, d: DType) -> Type:
    """Return the operand's shape with another element type."""
    return tensor(shape_of(x), d)


def real_of(d: DType) -> DType:
    """Return float32 for complex64, float64 for complex128, any other type itself."""
    return {c64: f32, c128: f64}.get(cast(Any, d), d)


def common(*xs: Value) -> DType:
    """Return the one element type of all operands."""
    kinds = {dtype(x) for x in xs}
    if len(kinds) > 1:
        names = ", ".join(NAME_OF[dtype(x)] for x in xs)
        raise ValueError(f"operands must have one element type, got {names}; cast before the operation")
    return kinds.pop()


def floating(*xs: Value) -> DType:
    """Return the one element type of all operands, which must be a float or complex type."""
    d = common(*xs)
    if d not in FLOATS and d not in COMPLEX:
        raise ValueError(f"expected floats, got {NAME_OF[d]}; cast before the operation")
    return d


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Broadcast as numpy does. An unknown size beside a known one other than 1 is that one."""
    length = max((len(s) for s in shapes), default=0)
    result: list[int] = []
    for i in range(-length, 0):
        sizes = {s[i] for s in shapes if len(s) >= -i} - {1}
        known = sizes - {UNKNOWN}
        if len(known) > 1:
            raise ValueError(f"shapes {', '.join(map(str, map(tuple, shapes)))} do not broadcast")
        result.append(known.pop() if known else UNKNOWN if sizes else 1)
    return tuple(result)


def broadcast(*xs: Value) -> Type:
    """Return the broadcast of operands of one element type."""
    return tensor(broadcast_shapes(*map(shape_of, xs)), common(*xs))


def broadcast_float(*xs: Value) -> Type:
    """Return the broadcast of operands of one float or complex type."""
    return tensor(broadcast_shapes(*map(shape_of, xs)), floating(*xs))


def numbers(*xs: Value) -> Type:
    """Return the broadcast of operands of one element type other than bool."""
    if common(*xs) == i1:
        raise ValueError("expected numbers, got bool; cast before the operation")
    return broadcast(*xs)


def reals(*xs: Value) -> Type:
    """Return the broadcast of operands of one integer or float type."""
    if is_complex(common(*xs)):
        raise ValueError(f"expected real numbers, got {NAME_OF[common(*xs)]}")
    return numbers(*xs)


def real_floats(*xs: Value) -> Type:
    """Return the broadcast of operands of one float type, not complex."""
    floating(*xs)
    return reals(*xs)


def ordered(*xs: Value) -> Type:
    """Return the broadcast of operands of one element type other than complex."""
    if is_complex(common(*xs)):
        raise ValueError(f"{NAME_OF[common(*xs)]} has no order")
    return broadcast(*xs)


def bools(*xs: Value) -> Type:
    """Return the broadcast of bools."""
    if common(*xs) != i1:
        raise ValueError(f"expected bools, got {NAME_OF[common(*xs)]}; compare with 0 before the operation")
    return broadcast(*xs)


def compared(*xs: Value) -> Type:
    """Return a bool type for each element of the broadcast."""
    common(*xs)
    return tensor(broadcast_shapes(*map(shape_of, xs)), i1)


def normal_axis(axis: int, rank: int) -> int:
    """Count `axis` from the front."""
    if not -rank <= axis < max(rank, 1):
        raise ValueError(f"axis {axis} is out of range for rank {rank}")
    return axis % rank if rank else 0


def normal_axes(axis: Ints | None, rank: int) -> Ints:
    """Count `axis` from the front; None means every axis."""
    axes = range(rank) if axis is None else (normal_axis(a, rank) for a in axis)
    result = tuple(axes)
    if len(set(result)) != len(result):
        raise ValueError(f"axis {axis} names an axis twice")
    return result


def reduced_shape(shape: Sequence[int], axis: Ints | None, keepdims: bool) -> tuple[int, ...]:
    """Return a shape without the reduced axes, or with size 1 there."""
    axes = normal_axes(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def reduced(x: Value, axis: Ints | None, keepdims: bool, d: DType | None = None) -> Type:
    """Return the type of `x` without the reduced axes (or with size 1 there)."""
    return tensor(reduced_shape(shape_of(x), axis, keepdims), dtype(x) if d is None else d)


def sized(shape: Shape) -> tuple[int, ...]:
    """Return the numbers of a `Shape`, `UNKNOWN` for the sizes that are values."""
    return tuple(UNKNOWN if isinstance(n, SSAValue) else n for n in shape)


def product(sizes: Sequence[int]) -> int:
    """Return the product of sizes, `UNKNOWN` when one is."""
    result = 1
    for n in sizes:
        if n == UNKNOWN:
            return UNKNOWN
        result *= n
    return result


def add_sizes(*sizes: int) -> int:
    """Return the sum of sizes, `UNKNOWN` when one is."""
    return UNKNOWN if UNKNOWN in sizes else sum(sizes)


index = IndexType()
