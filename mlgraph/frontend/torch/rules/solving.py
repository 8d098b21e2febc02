"""Rules of operations that ATen solves by factorizations: inverses, linear systems, least squares."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import COMPLEX, c128, f64, i32, i64
from mlgraph.dialects.ivy.factorization import batch_of, column, row, steps
from mlgraph.dialects.ivy.prelude import matrix_transpose, number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.factorization import adjoint, first_zero, row_order
from mlgraph.frontend.torch.rules.factorization import adjoint as adjoint_of
from mlgraph.frontend.torch.rules.helpers import size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule


def joined_batch(*xs: SSAValue) -> list[SSAValue]:
    """Matrices with the same leading axes. A free size is 2 or more, and torch has seen that it fits the others."""
    n = max(map(rank, xs)) - 2
    batches = [(*(1,) * (n - rank(x) + 2), *batch_of(x)) for x in xs]
    batch = [widest(found) for found in zip(*batches)]
    return [ivy.broadcast_to(x, (*batch, size_of(x, -2), size_of(x, -1))) for x in xs]


def widest(found: tuple[sizes.Size, ...]) -> sizes.Size:
    known = [n for n in found if isinstance(n, int) and n != 1]
    return known[0] if known else next((n for n in found if not isinstance(n, int)), 1)


# With matrices


@rule("linalg_inv_ex.default")
def inv_ex(out: Out, x: SSAValue, *, check_errors: bool = False) -> Any:
    return ivy.inv(x), first_zero(ivy.lu(x)[0])


@rule("linalg_inv.default", "inverse.default")
def inv(out: Out, x: SSAValue) -> SSAValue:
    return ivy.inv(x)


@rule("_linalg_solve_ex.default")
def solve_ex(out: Out, a: SSAValue, b: SSAValue, *, left: bool = True, check_errors: bool = False) -> Any:
    packed, exchanges, _ = ivy.lu(a)
    pivots = ivy.add(exchanges, number(exchanges, 1))
    return solved(out, a, b, left), packed, pivots, first_zero(packed)


@rule("linalg_solve_ex.default")
def solve_with_info(out: Out, a: SSAValue, b: SSAValue, *, left: bool = True, check_errors: bool = False) -> Any:
    return solved(out, a, b, left), first_zero(ivy.lu(a)[0])


def solved(out: Out, a: SSAValue, b: SSAValue, left: bool) -> SSAValue:
    """torch reads `b` as vectors where it has one axis less than `a`, or the shape of `a` without its last axis."""
    vectors = rank(b) == 1 or (rank(b) == rank(a) - 1 and shape_of(b) == shape_of(a)[:-1])
    if vectors:
        return ivy.squeeze(ivy.solve(a, ivy.expand_dims(b, (rank(b),))), (max(rank(a), rank(b) + 1) - 1,))
    return ivy.solve(a, b) if left else adjoint(ivy.solve(adjoint(a), adjoint(b)))


@rule("linalg_lu_solve.default")
def lu_solve(
    out: Out, packed: SSAValue, pivots: SSAValue, b: SSAValue, *, left: bool = True, adjoint: bool = False
) -> SSAValue:
    order = column(row_order(pivots, size_of(packed, -2)))
    if left:
        return solved_by_lu(packed, order, b, adjoint)
    return adjoint_of(solved_by_lu(packed, order, adjoint_of(b), not adjoint))


def solved_by_lu(packed: SSAValue, order: SSAValue, b: SSAValue, adjoint: bool) -> SSAValue:
    """With `a[order] = L @ U`, the X with `a @ X = b`, or with `a^H @ X = b`."""
    packed, order, b = joined_batch(packed, order, b)
    if not adjoint:
        b = ivy.take_along_axis(b, ivy.broadcast_to(order, sizes_of(b)), -2)
        return ivy.triangular_solve(packed, ivy.triangular_solve(packed, b, True, True), False)
    upper = adjoint_of(packed)
    x = ivy.triangular_solve(upper, ivy.triangular_solve(upper, b, True), False, True)
    return ivy.take_along_axis(x, ivy.broadcast_to(ivy.argsort(order, -2, i64), sizes_of(x)), -2)


# With triangles


@rule("linalg_solve_triangular.default")
def solve_triangular(
    out: Out, a: SSAValue, b: SSAValue, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> SSAValue:
    a, b = joined_batch(a, b)
    if left:
        return ivy.triangular_solve(a, b, not upper, unitriangular)
    return adjoint(ivy.triangular_solve(adjoint(a), adjoint(b), upper, unitriangular))


@rule("triangular_solve.default")
def legacy_triangular_solve(
    out: Out, b: SSAValue, a: SSAValue, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    a, b = joined_batch(a, b)
    if not transpose:
        return ivy.triangular_solve(a, b, not upper, unitriangular), a
    return ivy.triangular_solve(matrix_transpose(a), b, upper, unitriangular), a


@rule("linalg_cholesky.default", "cholesky.default")
def cholesky(out: Out, x: SSAValue, upper: bool = False) -> SSAValue:
    lower = ivy.cholesky(x)
    return adjoint(lower) if upper else lower


@rule("linalg_cholesky_ex.default")
def cholesky_ex(out: Out, x: SSAValue, *, upper: bool = False, check_errors: bool = False) -> Any:
    return cholesky(out, x, upper), first_indefinite(x)


def first_indefinite(x: SSAValue) -> SSAValue:
    """Return the `info` of Cholesky's: 0, or the order of the least leading minor that is not positive definite."""
    n = size_of(x, -1)
    if n == 0:
        return ivy.full(sizes_of(x)[:-2], 0, i32)
    rows, zero = ivy.iota((n,), i32), number(x, 0)

    def eliminate(a: SSAValue, i: SSAValue) -> tuple[SSAValue, SSAValue]:
        found = ivy.take(a, i, -1)
        pivot = column(ivy.take(found, i, -1))
        factor = column(ivy.where(ivy.greater(rows, i), ivy.divide(found, pivot), zero))
        below = row(ivy.conj(found) if dtype(x) in COMPLEX else found)
        return ivy.subtract(a, ivy.multiply(factor, below)), ivy.squeeze(pivot, (-1,))

    _, pivots = steps(n, x, [], eliminate)
    real = ivy.real(pivots) if dtype(x) in COMPLEX else pivots
    bad = ivy.logical_not(ivy.greater(real, number(real, 0)))
    place = ivy.add(ivy.argmax(ivy.cast(bad, i32), 0, i32), number(rows, 1))
    return ivy.where(ivy.any(bad, (0,)), place, number(rows, 0))


@rule("cholesky_solve.default")
def cholesky_solve(out: Out, b: SSAValue, factor: SSAValue, upper: bool = False) -> SSAValue:
    factor, b = joined_batch(adjoint(factor) if upper else factor, b)
    return ivy.triangular_solve(adjoint(factor), ivy.triangular_solve(factor, b, True), False)


@rule("cholesky_inverse.default")
def cholesky_inverse(out: Out, factor: SSAValue, upper: bool = False) -> SSAValue:
    lower = adjoint(factor) if upper else factor
    return ivy.inv(ivy.matmul(lower, adjoint(lower)))


# Least squares


@rule("linalg_pinv.atol_rtol_tensor")
def pinv(out: Out, x: SSAValue, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> SSAValue:
    """Through the singular value decomposition; values up to max(atol, rtol * largest) count as 0."""
    if 0 in shape_of(x)[-2:]:
        return ivy.full((*sizes_of(x)[:-2], size_of(x, -1), size_of(x, -2)), 0, dtype(x))
    u, s, vh = ivy.svd(x)
    epsilon = 2.220446049250313e-16 if dtype(x) in (f64, c128) else 1.1920928955078125e-07
    real = dtype(s)
    limit = to(0.0 if atol is None else atol, real)
    if rtol is None:
        larger = to(sizes.maximum(size_of(x, -1), size_of(x, -2)), real)
        rtol = 0.0 if atol is not None else ivy.multiply(larger, number(s, epsilon))
    relative = to(rtol, real)
    largest = ivy.max(s, (rank(s) - 1,), True)
    if rank(relative):
        relative = ivy.expand_dims(relative, (rank(relative),))
    if rank(limit):
        limit = ivy.expand_dims(limit, (rank(limit),))
    cut = ivy.maximum(limit, ivy.multiply(relative, largest))
    kept = ivy.greater(s, cut)
    inverse = ivy.where(kept, ivy.reciprocal(ivy.where(kept, s, number(s, 1))), number(s, 0))
    scaled = ivy.multiply(adjoint(vh), to(ivy.expand_dims(inverse, (rank(inverse) - 1,)), dtype(x)))
    return ivy.matmul(scaled, adjoint(u))
