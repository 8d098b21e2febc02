"""Small pieces of IR that many rules build."""

from collections.abc import Sequence
from math import inf
from typing import Any, cast

import numpy as np

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, DType, dtype_of, i1
from mlgraph.dialects.ivy.prelude import matrix_transpose, number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.operands import Sizes


def to(x: Value | Size, d: DType) -> Value:
    """Return a tensor or a size as a tensor of element type `d`."""
    if isinstance(x, int):
        return literal(x, d)
    if not hasattr(x.type, "element_type"):
        return ivy.from_size((x,), d)
    if dtype(x) == d:
        return x
    if (value := number_of(x)) is not None and not isinstance(value, complex) and np.isfinite(value):
        return literal(bool(value) if d == i1 else value if d in FLOATS or d in COMPLEX else int(value), d)
    return ivy.cast(ivy.real(x) if dtype(x) in COMPLEX and d not in COMPLEX else x, d)


def is_floating(x: Value) -> bool:
    return dtype(x) in FLOATS


def lowest(d: DType) -> Any:
    """Return the least finite number of an element type."""
    if d == i1:
        return False
    if d in FLOATS:
        import ml_dtypes

        return float(cast(Any, ml_dtypes).finfo(dtype_of(d)).min)
    return int(np.iinfo(dtype_of(d)).min)


def highest(d: DType) -> Any:
    """Return the greatest finite number of an element type."""
    if d == i1:
        return True
    if d in FLOATS:
        return -lowest(d)
    return int(np.iinfo(dtype_of(d)).max)


def without_nan(x: Value, instead: float = -inf) -> Value:
    """Return `x` with a number for each NaN, which tensorflow passes over where it looks for the largest."""
    return ivy.where(ivy.isnan(x), number(x, instead), x) if is_floating(x) else x


def axis_of(axis: int, rank: int) -> int:
    """Return `axis` counted from the front."""
    return axis % rank if rank else 0


def padded(x: Value, axis: int, low: Size, high: Size, value: Any) -> Value:
    """Return `x` with `low` and `high` elements `value` more at the ends of one axis; cut off where negative."""
    n, along = rank(x), axis_of(axis, rank(x))
    lows = tuple(low if i == along else 0 for i in range(n))
    return ivy.pad(x, lows, tuple(high if i == along else 0 for i in range(n)), number(x, value))


def adjoint(x: Value) -> Value:
    """Matrices with rows and columns exchanged, conjugate if complex."""
    turned = matrix_transpose(x)
    return ivy.conj(turned) if dtype(x) in COMPLEX else turned


def ceil_divide(a: Size, b: int) -> Size:
    return sizes.floor_divide(sizes.add(a, b - 1), b)


def broadcast(a: Sizes, b: Sizes) -> Sizes:
    """Return the sizes of the broadcast of two shapes."""
    n = max(len(a), len(b))
    first, second = ((1,) * (n - len(shape)) + shape for shape in (a, b))
    return tuple(wider(x, y) for x, y in zip(first, second, strict=True))


def wider(a: Size, b: Size) -> Size:
    """Return the size that `a` and `b`, which broadcast, have together."""
    if a is b or b == 1:
        return a
    if a == 1 or isinstance(b, int):
        return b
    return a if isinstance(a, int) else sizes.maximum(a, b)


def filled(shape: Sequence[Size], value: Any, d: DType) -> Value:
    """Return an array that holds one number."""
    return ivy.full(tuple(shape), value, d)


def counted(size: Size, d: DType, axis: int = 0, rank: int = 1) -> Value:
    """0, 1, ... `size - 1` along one of `rank` axes."""
    numbers = ivy.iota((size,), d)
    return numbers if rank == 1 else ivy.reshape(numbers, tuple(-1 if i == axis else 1 for i in range(rank)))


def flattened(importer: FuncGraphImporter, x: Value, axes: int) -> Value:
    """Return `x` with its first `axes` axes in one."""
    if axes == 1:
        return x
    shape = importer.shape(x)
    return ivy.reshape(x, (product(shape[:axes]), *shape[axes:]))


def to_bool(x: Value) -> Value:
    """Return `x` as bools: True where it is not zero."""
    return x if dtype(x) == i1 else ivy.not_equal(x, number(x, 0))
