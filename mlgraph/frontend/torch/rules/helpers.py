"""Conversions and queries that most rules share."""

from collections.abc import Sequence
from typing import Any, cast

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, DType, f32, i1
from mlgraph.dialects.ivy import prelude
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import is_size


def is_number(x: Any) -> bool:
    return isinstance(x, bool | int | float | complex)


def to(x: Any, d: DType) -> SSAValue:
    """Return a tensor, number or size as a tensor of element type `d`."""
    if is_number(x):
        return literal(x, d)
    if is_size(x):
        return ivy.from_size((x,), d)
    if dtype(x) == d:
        return x
    number = number_of(x)
    return ivy.cast(x, d) if number is None else literal(_as(number, d), d)


def _as(number: Any, d: DType) -> Any:
    if d == i1:
        return bool(number)
    return number if d in FLOATS or d in COMPLEX or isinstance(number, complex) else int(number)


def floating(x: SSAValue) -> SSAValue:
    """Return `x` as floats: integers become float32, torch's default."""
    return x if dtype(x) in FLOATS or dtype(x) in COMPLEX else to(x, f32)


def static(x: SSAValue, axis: int) -> int:
    """Return the size along `axis` where the rule must know it."""
    n = shape_of(x)[axis]
    if n < 0:
        raise StaticSizeRequired(f"the size of axis {axis} must be known", (x, axis))
    return n


def size_of(x: SSAValue, axis: int) -> Size:
    """Return the size of `x` along `axis`, named after `x` where it is a value."""
    size = prelude.size_of(x, axis)
    if isinstance(size, SSAValue):
        size.name_hint = f"{x.name_hint or 'x'}_size{axis % rank(x)}"
    return size


def sizes_of(x: SSAValue) -> tuple[Size, ...]:
    """Return the shape of `x`, with values where it is dynamic."""
    return tuple(size_of(x, axis) for axis in range(rank(x)))


def axes(dim: Any, rank: int) -> tuple[int, ...] | None:
    """Return the axes of torch's `dim`, None for all: no or an empty `dim`. A scalar has an axis 0 for torch alone."""
    if rank == 0 or dim is None or (isinstance(dim, tuple | list) and not dim):
        return None
    several = cast("Sequence[int]", dim if isinstance(dim, tuple | list) else (dim,))
    return tuple(d % rank for d in several)


def axis(dim: int, rank: int) -> int:
    return dim % rank if rank else 0
