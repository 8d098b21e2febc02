"""ATen views that a stride describes: diagonals, windows, and `as_strided` itself as indices into the flat tensor."""

from typing import Any, cast

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.dtypes import COMPLEX, i64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import UNKNOWN, broadcast_shapes, dtype, rank, shape_of
from mlgraph.dialects.table import TableOp
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, sizes_of, static, to
from mlgraph.frontend.torch.rules.registry import rule


def diagonal_places(x: SSAValue, offset: int, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices along axes `a` and `b` of a diagonal."""
    rows, columns = static(x, a), static(x, b)
    n = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    steps = np.arange(n)
    return steps + max(-offset, 0), steps + max(offset, 0)


@rule("linalg_diagonal.default")
def matrix_diagonal(out: Out, x: SSAValue, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> SSAValue:
    return diagonal(out, x, offset, dim1, dim2)


@rule("diagonal.default", "diagonal_copy.default")
def diagonal(out: Out, x: SSAValue, offset: int = 0, dim1: int = 0, dim2: int = 1) -> SSAValue:
    a, b = axis(dim1, rank(x)), axis(dim2, rank(x))
    rest = [i for i in range(rank(x)) if i not in (a, b)]
    return ivy.diagonal(ivy.permute_dims(x, (*rest, a, b)), offset)


@rule("diagonal_scatter.default")
def diagonal_scatter(out: Out, x: SSAValue, src: SSAValue, offset: int = 0, dim1: int = 0, dim2: int = 1) -> SSAValue:
    a, b = axis(dim1, rank(x)), axis(dim2, rank(x))
    order = (*(i for i in range(rank(x)) if i not in (a, b)), a, b)
    i, j = diagonal_places(x, offset, a, b)
    n = len(order)
    put = ivy.index_put(ivy.permute_dims(x, order), [constant(i), constant(j)], to(src, dtype(x)), (n - 2, n - 1))
    return ivy.permute_dims(put, tuple(order.index(k) for k in range(n)))


def constant(indices: np.ndarray) -> SSAValue:
    return array_constant("indices", indices.astype(np.int64)) if indices.size else ivy.full(indices.shape, 0, i64)


@rule("unfold.default", "unfold_copy.default")
def unfold(out: Out, x: SSAValue, dimension: int, size: int, step: int) -> SSAValue:
    """Windows along an axis; their elements become a last axis."""
    if rank(x) == 0:
        return ivy.reshape(x, (1,)) if size else ivy.full((0,), 0, dtype(x))
    return ivy.windows(x, axis(dimension, rank(x)), *whole((size, step)))


def strided_places(size: Any, stride: Any, offset: int) -> np.ndarray[Any, Any]:
    places: np.ndarray[Any, Any] = np.asarray(offset)
    for n, s in zip(size, stride):
        places = cast("np.ndarray[Any, Any]", places[..., None] + np.arange(n) * s)
    return places


def whole(items: Any) -> tuple[int, ...]:
    if not all(isinstance(n, int) for n in items):
        raise StaticSizeRequired("a view by free sizes")
    return tuple(items)


@rule("as_strided.default", "as_strided_copy.default")
def as_strided(out: Out, x: SSAValue, size: Any, stride: Any, storage_offset: Any = None) -> SSAValue:
    """Right for contiguous `x`; another layout raises, since values have no strides here."""
    contiguous(out)
    flat = ivy.reshape(x, (-1,))
    if 0 in whole(size):
        return ivy.full(size, 0, dtype(x))
    return ivy.as_strided(flat, whole(size), whole(stride), storage_offset or 0)


@rule("as_strided_scatter.default")
def as_strided_scatter(
    out: Out, x: SSAValue, src: SSAValue, size: Any, stride: Any, storage_offset: Any = None
) -> SSAValue:
    contiguous(out)
    places = strided_places(whole(size), whole(stride), storage_offset or 0)
    if np.unique(places).size != places.size and not is_full(src):
        raise UnsupportedOpError(
            "a write to a view whose elements overlap", fix="write to the tensor that it is a view of"
        )
    shape = sizes_of(x)
    put = ivy.index_put(ivy.reshape(x, (-1,)), [constant(places)], to(src, dtype(x)), (0,))
    return ivy.reshape(put, shape)


def is_full(x: SSAValue) -> bool:
    """Return whether the elements of `x` are surely all the same."""
    return isinstance(x.owner, TableOp) and x.owner.OP is ivy.full


def contiguous(out: Out) -> None:
    source = out.arguments[0]
    if not source.is_contiguous() or source.storage_offset() != 0:
        raise UnsupportedOpError("as_strided of a tensor that is not contiguous", fix="call contiguous() first")


@rule("complex.default")
def complex_(out: Out, real: SSAValue, imag: SSAValue) -> SSAValue:
    return joined(out, real, imag)


def joined(out: Out, real: SSAValue, imag: SSAValue) -> SSAValue:
    """Return the complex numbers of these parts, broadcast against each other."""
    if shape_of(real) != shape_of(imag):
        shape = broadcast_shapes(shape_of(real), shape_of(imag))
        if UNKNOWN in shape:
            raise StaticSizeRequired("complex parts of different shapes")
        real, imag = ivy.broadcast_to(real, shape), ivy.broadcast_to(imag, shape)
    return ivy.complex(real, imag)


@rule("polar.default")
def polar(out: Out, absolute: SSAValue, angle: SSAValue) -> SSAValue:
    return joined(out, ivy.multiply(absolute, ivy.cos(angle)), ivy.multiply(absolute, ivy.sin(angle)))


@rule("view_as_complex.default")
def view_as_complex(out: Out, x: SSAValue) -> SSAValue:
    return ivy.from_pairs(x) if out.arguments[0].is_contiguous() else paired(x)


def paired(x: SSAValue) -> SSAValue:
    """Parts and orders of pairs as those of the complex numbers: pairs that lie one after the other are not copied."""
    op, last = x.owner, rank(x) - 1
    if not isinstance(op, TableOp):
        return ivy.from_pairs(x)
    given = op.arguments()
    if op.OP is ivy.permute_dims and given["axes"][-1] == last:
        return ivy.permute_dims(paired(given["x"]), given["axes"][:-1])
    if op.OP is ivy.slice and [given[name][-1] for name in ("starts", "stops", "steps")] == [0, TO_END, 1]:
        return ivy.slice(paired(given["x"]), given["starts"][:-1], given["stops"][:-1], given["steps"][:-1])
    return ivy.from_pairs(x)


@rule("view_as_real.default")
def view_as_real(out: Out, x: SSAValue) -> SSAValue:
    return ivy.to_pairs(x)


@rule("angle.default")
def angle(out: Out, x: SSAValue) -> SSAValue:
    if dtype(x) in COMPLEX:
        return ivy.atan2(ivy.imag(x), ivy.real(x))
    x = to(x, out.dtype)
    pi = ivy.where(ivy.less(x, number(x, 0)), number(x, np.pi), number(x, 0))
    return ivy.where(ivy.isnan(x), x, pi)


@rule("copy.default")
def copy(out: Out, x: SSAValue, src: SSAValue, non_blocking: bool = False) -> SSAValue:
    return ivy.broadcast_to(to(src, dtype(x)), sizes_of(x))
