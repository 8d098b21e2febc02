"""Factorisations of ATen: LU, QR, eigenvalues, singular values, determinants."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import COMPLEX, HALF_PRECISION, i32
from mlgraph.dialects.ivy.factorization import column, row
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import matrix_transpose, number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule


def adjoint(x: SSAValue) -> SSAValue:
    """Return the conjugate transpose of matrices."""
    return ivy.conj(matrix_transpose(x)) if dtype(x) in COMPLEX else matrix_transpose(x)


# LU. torch counts exchanges of rows from 1.


@rule("linalg_lu_factor_ex.default")
def lu_factor_ex(out: Out, x: SSAValue, *, pivot: bool = True, check_errors: bool = False) -> Any:
    with_exchanges(pivot)
    packed, exchanges, _ = ivy.lu(x)
    return packed, ivy.add(exchanges, number(exchanges, 1)), first_zero(packed)


def with_exchanges(pivot: bool) -> None:
    if not pivot:
        raise UnsupportedOpError("LU with pivot=False", fix="pivot=True, as torch itself wants on a CPU")


def first_zero(packed: SSAValue) -> SSAValue:
    """Return the `info` of an LU decomposition: 0, or the place from 1 of the first zero on the diagonal of U."""
    if 0 in shape_of(packed)[-2:]:
        return ivy.full(sizes_of(packed)[:-2], 0, i32)
    rows, columns = (ivy.iota((n,), i32) for n in sizes_of(packed)[-2:])
    zero = ivy.logical_and(ivy.equal(packed, number(packed, 0)), ivy.equal(column(rows), columns))
    found = ivy.any(zero, (-1,))
    place = ivy.add(ivy.argmax(ivy.cast(found, i32), -1, i32), number(rows, 1))
    return ivy.where(ivy.any(found, (-1,)), place, number(rows, 0))


@rule("linalg_lu.default")
def lu(out: Out, x: SSAValue, *, pivot: bool = True) -> Any:
    with_exchanges(pivot)
    packed, _, order = ivy.lu(x)
    return order_matrix(order, dtype(x)), *unpacked(packed)


def order_matrix(order: SSAValue, d: Any) -> SSAValue:
    """Return the matrix P of rows in an order, `x = P @ x[order]`."""
    line = column(ivy.iota((size_of(order, -1),), i32))
    return ivy.cast(ivy.equal(line, row(order)), d)


def unpacked(packed: SSAValue) -> tuple[SSAValue, SSAValue]:
    """L, of diagonal 1, and U."""
    m, n = size_of(packed, -2), size_of(packed, -1)
    k, before = sizes.minimum(m, n), rank(packed) - 2
    starts, steps = (0,) * rank(packed), (1,) * rank(packed)
    left = ivy.slice(packed, starts, (*(TO_END,) * before, TO_END, k), steps)
    top = ivy.slice(packed, starts, (*(TO_END,) * before, k, TO_END), steps)
    return ivy.add(ivy.tril(left, -1), ivy.eye((m,), (k,), dtype(packed))), ivy.triu(top)


@rule("lu_unpack.default")
def lu_unpack(
    out: Out, packed: SSAValue, pivots: SSAValue, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    empty = ivy.full((0,), 0, dtype(packed))
    factors = unpacked(packed) if unpack_data else (empty, empty)
    order = row_order(pivots, size_of(packed, -2)) if unpack_pivots else None
    return empty if order is None else order_matrix(order, dtype(packed)), *factors


def row_order(pivots: SSAValue, rows: sizes.Size) -> SSAValue:
    return ivy.row_order(ivy.subtract(pivots, number(pivots, 1)), (rows,))


# Determinants


@rule("linalg_det.default", "det.default")
def det(out: Out, x: SSAValue) -> SSAValue:
    return ivy.det(x)


@rule("_linalg_det.default")
def det_with_factors(out: Out, x: SSAValue) -> Any:
    return ivy.det(x), None, None


@rule("_linalg_slogdet.default")
def slogdet(out: Out, x: SSAValue) -> Any:
    return *ivy.slogdet(x), None, None


# Eigenvalues, singular values, QR


@rule("linalg_eigh.default", "_linalg_eigh.default")
def eigh(out: Out, x: SSAValue, UPLO: str = "L", compute_v: bool = True) -> Any:
    return ivy.eigh(adjoint(x) if UPLO.upper() == "U" else x)


@rule("linalg_eig.default")
def eig(out: Out, x: SSAValue) -> Any:
    return ivy.eig(to(x, out.dtype_at(0)))


@rule("linalg_eigvals.default", "_linalg_eigvals.default")
def eigvals(out: Out, x: SSAValue) -> SSAValue:
    return ivy.eig(to(x, out.dtype))[0]


@rule("linalg_svd.default")
def full_svd(out: Out, x: SSAValue, full_matrices: bool = True, *, driver: Any = None) -> Any:
    return ivy.svd(x, full_matrices)


@rule("_linalg_svd.default")
def svd(out: Out, x: SSAValue, full_matrices: bool = False, compute_uv: bool = True, *, driver: Any = None) -> Any:
    u, s, vh = ivy.svd(x, full_matrices and compute_uv)
    empty = ivy.full((0,), 0, dtype(x))
    return (u, s, vh) if compute_uv else (empty, s, empty)


@rule("linalg_qr.default")
def qr(out: Out, x: SSAValue, mode: str = "reduced") -> Any:
    q, r = ivy.qr(x, mode == "complete")
    return (ivy.full((0,), 0, dtype(x)) if mode == "r" else q), r


@rule("linalg_householder_product.default", "orgqr.default")
def householder_product(out: Out, x: SSAValue, tau: SSAValue) -> SSAValue:
    return ivy.householder_product(x, tau)


@rule("ormqr.default")
def ormqr(
    out: Out, x: SSAValue, tau: SSAValue, other: SSAValue, left: bool = True, transpose: bool = False
) -> SSAValue:
    """The product Q of reflections times `other`, or `other` times it, the adjoint of `Q^H @ other^H`."""
    if left:
        return ivy.reflect(x, tau, other, transpose)
    return adjoint(ivy.reflect(x, tau, adjoint(other), not transpose))


@rule("linalg_matrix_exp.default")
def matrix_exp(out: Out, x: SSAValue) -> SSAValue:
    if dtype(x) in HALF_PRECISION:
        raise UnsupportedOpError("matrix_exp in half precision, of which torch makes NaN", fix="cast to float32 first")
    return ivy.expm(x)
