"""Contractions and decompositions of matrices."""

from collections.abc import Sequence
from typing import Any

from jax.lax import FftType
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i1, i32
from mlgraph.dialects.ivy.prelude import matrix_transpose, move_axis, number, permuted, sizes_of
from mlgraph.dialects.ivy.types import dtype, is_complex, rank
from mlgraph.frontend.jax.equation import Equation, element_type
from mlgraph.frontend.jax.rules.calls import inline
from mlgraph.frontend.jax.rules.elementwise import converted
from mlgraph.frontend.jax.rules.manipulation import at_axis, counted
from mlgraph.frontend.jax.rules.registry import rule
from mlgraph.frontend.rules import Unsupported

# Contractions


@rule("dot_general")
def dot_general(
    e: Equation, x: SSAValue, y: SSAValue, *, dimension_numbers: Any, preferred_element_type: Any
) -> SSAValue:
    """The sum is taken in the type that is preferred; bools are counted."""
    wanted = e.dtype if preferred_element_type is None else element_type(preferred_element_type)
    sums: Attribute = i32 if wanted == i1 else wanted
    (contract1, contract2), (batch1, batch2) = dimension_numbers
    result = product(converted(x, sums), converted(y, sums), contract1, contract2, batch1, batch2)
    return converted(result, e.dtype)


def product(
    x: SSAValue, y: SSAValue, contract1: Sequence[int], contract2: Sequence[int], batch1: Any, batch2: Any
) -> SSAValue:
    """Return `matmul` where it says it, `dot_general` where it does not."""
    batch = tuple(range(len(batch1)))
    last = len(batch)
    matrices = len(contract1) == 1 and tuple(batch1) == tuple(batch2) == batch
    if not matrices or not (
        (batch and rank(x) == rank(y) == last + 2) or (not batch and rank(x) >= 1 and rank(y) in (1, 2))
    ):
        return ivy.dot_general(x, y, tuple(contract1), tuple(contract2), tuple(batch1), tuple(batch2))
    if contract1[0] != rank(x) - 1:
        x = move_axis(x, contract1[0], rank(x) - 1)
    if rank(y) - last == 2 and contract2[0] == rank(y) - 1:
        y = permuted(y, (*batch, last + 1, last))
    return ivy.matmul(x, y)


# Decompositions


@rule("cholesky")
def cholesky(e: Equation, x: SSAValue) -> SSAValue:
    """The elements above the diagonal stay those of `x`: jax's own functions put zeros there afterwards."""
    n = e.size(e.shape[-1])
    line = counted(n, i32)
    rows, columns = (ivy.broadcast_to(at_axis(line, axis, 2), (n, n)) for axis in (0, 1))
    return ivy.where(ivy.greater_equal(rows, columns), ivy.cholesky(x), x)


@rule("triangular_solve")
def triangular_solve(
    e: Equation,
    a: SSAValue,
    b: SSAValue,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> SSAValue:
    """`op(a) x = b`, or `x op(a) = b`, which is `op(a).T x.T = b.T`."""
    if conjugate_a and is_complex(dtype(a)):
        a = ivy.conj(a)
    if transpose_a == left_side:
        a, lower = matrix_transpose(a), not lower
    if left_side:
        return ivy.triangular_solve(a, b, lower, unit_diagonal)
    return matrix_transpose(ivy.triangular_solve(a, matrix_transpose(b), lower, unit_diagonal))


def adjoint(x: SSAValue) -> SSAValue:
    return matrix_transpose(ivy.conj(x) if is_complex(dtype(x)) else x)


@rule("eigh")
def eigh(
    e: Equation, x: SSAValue, *, lower: bool, sort_eigenvalues: bool, subset_by_index: Any, algorithm: Any
) -> tuple[SSAValue, SSAValue]:
    """jax gives the vectors first. Any order of eigenvalues will do where none is asked for."""
    if subset_by_index is not None:
        raise Unsupported("of a subset")
    values, vectors = ivy.eigh(x if lower else adjoint(x))
    return vectors, values


@rule("eig")
def eig(
    e: Equation, x: SSAValue, *, compute_left_eigenvectors: bool, compute_right_eigenvectors: bool
) -> tuple[SSAValue, ...]:
    if compute_left_eigenvectors:
        raise Unsupported("with left eigenvectors")
    values, vectors = ivy.eig(converted(x, e.dtype))
    return (values, vectors) if compute_right_eigenvectors else (values,)


@rule("qr")
def qr(e: Equation, x: SSAValue, *, pivoting: bool, full_matrices: bool) -> tuple[SSAValue, SSAValue]:
    if pivoting:
        raise Unsupported("with pivoting")
    return ivy.qr(x, full_matrices)


@rule("svd")
def svd(
    e: Equation, x: SSAValue, *, full_matrices: bool, compute_uv: bool, subset_by_index: Any, algorithm: Any = None
) -> tuple[SSAValue, ...]:
    """jax gives the singular values first."""
    if subset_by_index is not None:
        raise Unsupported("of a subset")
    u, s, vh = ivy.svd(x, full_matrices and compute_uv)
    return (s, u, vh) if compute_uv else (s,)


@rule("lu")
def lu(e: Equation, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    return ivy.lu(x)


@rule("lu_pivots_to_permutation")
def lu_pivots_to_permutation(e: Equation, pivots: SSAValue, *, permutation_size: int) -> SSAValue:
    return ivy.row_order(pivots, (permutation_size,))


@rule("householder_product")
def householder_product(e: Equation, x: SSAValue, taus: SSAValue) -> SSAValue:
    return ivy.householder_product(x, taus)


@rule("tridiagonal_solve")
def tridiagonal_solve(
    e: Equation, lower: SSAValue, main: SSAValue, upper: SSAValue, b: SSAValue, *, perturb_singular: bool = False
) -> SSAValue:
    """As a dense system; the first of the lower diagonal and the last of the upper one stand for nothing."""
    if perturb_singular:
        raise Unsupported("with perturbation")
    line = ivy.iota((sizes_of(main)[-1],), i32)
    distance = ivy.subtract(ivy.expand_dims(line, (0,)), ivy.expand_dims(line, (1,)))
    matrix: SSAValue = number(main, 0)
    for offset, diagonal in ((-1, lower), (0, main), (1, upper)):
        on = ivy.equal(distance, literal(offset, i32))
        matrix = ivy.where(on, ivy.expand_dims(diagonal, (-1,)), matrix)
    return ivy.solve(matrix, b)


@rule("custom_linear_solve")
def custom_linear_solve(e: Equation, *operands: SSAValue, const_lengths: Any, jaxprs: Any) -> list[SSAValue]:
    """The solver itself; the other functions are for derivatives, which were taken before."""
    before = const_lengths.matvec + const_lengths.vecmat
    consts = operands[before : before + const_lengths.solve]
    b = operands[sum(const_lengths) :]
    return inline(e, jaxprs.solve, (*consts, *b))


# Fourier transforms


@rule("fft")
def fft(e: Equation, x: SSAValue, *, fft_type: Any, fft_lengths: Any) -> SSAValue:
    """Over the last axes; jax pads and cuts before."""
    axes = tuple(range(-len(fft_lengths), 0))
    match FftType(fft_type):
        case FftType.FFT:
            return ivy.fftn(x, axes)
        case FftType.IFFT:
            return ivy.ifftn(x, axes)
        case FftType.RFFT:
            return ivy.rfftn(x, axes)
        case _:
            return ivy.irfftn(x, axes, e.sizes(fft_lengths[-1:]))
