"""Linear algebra. Leading axes are batches."""

from collections.abc import Sequence
from string import ascii_lowercase

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import (
    UNKNOWN,
    broadcast_shapes,
    common,
    dtype,
    floating,
    is_complex,
    numbers,
    rank,
    real_of,
    same,
    shape_of,
)
from mlgraph.dialects.parameters import Ints, Type, Value, Values


def agree(*sizes: int) -> int:
    """Return the one size that all known sizes name."""
    known = set(sizes) - {UNKNOWN}
    if len(known) > 1:
        raise ValueError(f"sizes {sizes} must agree")
    return known.pop() if known else UNKNOWN


@op(
    Pure(),
    torch="torch.matmul(x1, x2)",
    jax="jnp.matmul(x1, x2)",
    numpy="np.matmul(x1, x2)",
)
def matmul(x1: Value, x2: Value) -> Type:
    """The matrix product over the last axis of `x1` and the last but one of `x2`; a vector is a row or a column."""
    a, b = shape_of(x1), shape_of(x2)
    if not a or not b:
        raise ValueError("matmul takes no 0-d operand")
    numbers(x1)
    agree(a[-1], b[-2] if len(b) > 1 else b[-1])  # pyright: ignore[reportGeneralTypeIssues]
    batch = broadcast_shapes(a[:-2], b[:-2])
    return tensor((*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ())), common(x1, x2))


@op(Pure(), torch="torch.einsum(equation, *xs)", jax="jnp.einsum(equation, *xs)", numpy="np.einsum(equation, *xs)")
def einsum(xs: Values, equation: str) -> Type:
    """Einstein's summation `equation`, as "bij,bjk->bik": letters only, the result spelled out."""
    inputs, _, output = equation.partition("->")
    numbers(xs[0])
    sizes: dict[str, int] = {}
    for letters, x in zip(inputs.split(","), xs, strict=True):
        for letter, size in zip(letters, shape_of(x), strict=True):
            sizes[letter] = agree(size, sizes.get(letter, UNKNOWN))
    return tensor(tuple(sizes[letter] for letter in output), common(*xs))


@composite(Pure(), jax="lax.dot_general(x1, x2, ((contract1, contract2), (batch1, batch2)))")
def dot_general(x1: Value, x2: Value, contract1: Ints, contract2: Ints, batch1: Ints, batch2: Ints) -> Value:
    """The sum of products over paired axes; result axes are the batch axes, the rest of `x1`, the rest of `x2`."""
    letters = iter(ascii_lowercase)
    first = [next(letters) for _ in shape_of(x1)]
    shared = dict(zip((*contract2, *batch2), (first[a] for a in (*contract1, *batch1)), strict=True))
    second = [shared[i] if i in shared else next(letters) for i in range(rank(x2))]
    batch = [first[a] for a in batch1]
    rest = [letter for letter in (*first, *second) if letter not in shared.values()]
    return einsum([x1, x2], f"{''.join(first)},{''.join(second)}->{''.join((*batch, *rest))}")


def square_matrix(x: Value) -> Type:
    """Return the type of square matrices. Raise `ValueError` for others."""
    floating(x)
    agree(*shape_of(x)[-2:])
    return same(x)


@op(
    Pure(),
    torch="torch.linalg.inv(x)",
    jax="jnp.linalg.inv(x)",
    tensorflow="tf.linalg.inv(x)",
    numpy="np.linalg.inv(x)",
)
def inv(x: Value) -> Type:
    """The inverse of square matrices; raises or gives inf for singular ones."""
    return square_matrix(x)


@op(
    Pure(),
    torch="torch.linalg.det(x)",
    jax="jnp.linalg.det(x)",
    tensorflow="tf.linalg.det(x)",
    numpy="np.linalg.det(x)",
)
def det(x: Value) -> Type:
    """The determinant of square matrices."""
    square_matrix(x)
    return tensor(shape_of(x)[:-2], dtype(x))


@op(
    Pure(),
    torch="torch.linalg.cholesky(x)",
    jax="jnp.linalg.cholesky(x)",
    tensorflow="tf.linalg.cholesky(x)",
    numpy="np.linalg.cholesky(x)",
)
def cholesky(x: Value) -> Type:
    """The lower triangular L with `x = L @ L.mH` of Hermitian positive definite matrices."""
    return square_matrix(x)


@op(
    Pure(),
    torch="torch.linalg.solve(x1, x2)",
    jax="jnp.linalg.solve(x1, x2)",
    tensorflow="tf.linalg.solve(x1, x2)",
    numpy="np.linalg.solve(x1, x2)",
)
def solve(x1: Value, x2: Value) -> Type:
    """The matrices X with `x1 @ X = x2`."""
    a, b = shape_of(x1), shape_of(x2)
    return tensor((*broadcast_shapes(a[:-2], b[:-2]), *b[-2:]), floating(x1, x2))


@op(
    Pure(),
    torch="torch.linalg.solve_triangular(x1, x2, upper=not lower, unitriangular=unit_diagonal)",
    jax="lax.linalg.triangular_solve(x1, x2, left_side=True, lower=lower, unit_diagonal=unit_diagonal)",
    tensorflow=(
        "tf.linalg.triangular_solve("
        "tf.linalg.set_diag(x1, tf.ones_like(tf.linalg.diag_part(x1))) if unit_diagonal else x1, x2, lower=lower)"
    ),
    numpy="scipy.linalg.solve_triangular(x1, x2, lower=lower, unit_diagonal=unit_diagonal)",
)
def triangular_solve(x1: Value, x2: Value, lower: bool, unit_diagonal: bool = False) -> Type:
    """The matrices X with `x1 @ X = x2`, where the lower (or upper) triangle of `x1` counts.

    Its diagonal stands for ones if `unit_diagonal`.
    """
    square_matrix(x1)
    return tensor((*agreed(shape_of(x1)[:-2], shape_of(x2)[:-2]), *shape_of(x2)[-2:]), floating(x1, x2))


def agreed(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Return the one shape of two."""
    if len(first) != len(second):
        raise ValueError(f"batches {tuple(first)} and {tuple(second)} must be the same")
    return tuple(agree(a, b) for a, b in zip(first, second))


@op(
    Pure(),
    torch="torch.linalg.qr(x, mode='complete' if full_matrices else 'reduced')",
    jax="jnp.linalg.qr(x, mode='complete' if full_matrices else 'reduced')",
    tensorflow="tf.linalg.qr(x, full_matrices=full_matrices)",
    numpy="np.linalg.qr(x, mode='complete' if full_matrices else 'reduced')",
)
def qr(x: Value, full_matrices: bool = False) -> tuple[Type, Type]:
    """The QR decomposition: Q with orthonormal columns, R upper triangular; Q is square if `full_matrices`."""
    *batch, m, n = shape_of(x)
    k = m if full_matrices else min(m, n) if UNKNOWN not in (m, n) else UNKNOWN
    return tensor((*batch, m, k), floating(x)), tensor((*batch, k, n), dtype(x))


@op(
    Pure(),
    torch="torch.linalg.eigh(x, UPLO='L')",
    jax="jnp.linalg.eigh(x, UPLO='L', symmetrize_input=False)",
    numpy="np.linalg.eigh(x, UPLO='L')",
)
def eigh(x: Value) -> tuple[Type, Type]:
    """The ascending real eigenvalues and orthonormal eigenvectors, in columns, of Hermitian matrices.

    The lower triangle counts.
    """
    square_matrix(x)
    return tensor(shape_of(x)[:-1], real_of(dtype(x))), same(x)


@op(
    Pure(),
    torch="torch.linalg.eig(x)",
    jax="jnp.linalg.eig(x)",
    tensorflow="tf.linalg.eig(x)",
    numpy="np.linalg.eig(x)",
)
def eig(x: Value) -> tuple[Type, Type]:
    """The eigenvalues, in no order, and eigenvectors of length 1, in columns, of square matrices of complex numbers."""
    square_matrix(x)
    if not is_complex(dtype(x)):
        raise ValueError("expected complex numbers; cast before the operation")
    return tensor(shape_of(x)[:-1], dtype(x)), same(x)


@op(
    Pure(),
    torch="torch.linalg.svd(x, full_matrices=full_matrices)",
    jax="jnp.linalg.svd(x, full_matrices=full_matrices)",
    numpy="np.linalg.svd(x, full_matrices=full_matrices)",
)
def svd(x: Value, full_matrices: bool = False) -> tuple[Type, Type, Type]:
    """The singular value decomposition U, s, Vh: `x = U @ diag(s) @ Vh`, s descending.

    U and Vh are square if `full_matrices`, then with more columns and rows than s has elements.
    """
    *batch, m, n = shape_of(x)
    k = min(m, n) if UNKNOWN not in (m, n) else UNKNOWN
    d, rows, columns = floating(x), *((m, n) if full_matrices else (k, k))
    return tensor((*batch, m, rows), d), tensor((*batch, k), real_of(d)), tensor((*batch, columns, n), d)


@op(
    Pure(),
    torch="torch.linalg.slogdet(x)",
    jax="jnp.linalg.slogdet(x)",
    tensorflow="tf.linalg.slogdet(x)",
    numpy="np.linalg.slogdet(x)",
)
def slogdet(x: Value) -> tuple[Type, Type]:
    """The sign (a complex number of modulus 1) and the logarithm of the absolute value of the determinant."""
    square_matrix(x)
    batch = shape_of(x)[:-2]
    return tensor(batch, dtype(x)), tensor(batch, real_of(dtype(x)))


@op(
    Pure(),
    torch="torch.linalg.matrix_exp(x)",
    jax="jax.scipy.linalg.expm(x)",
    tensorflow="tf.linalg.expm(x)",
    numpy="scipy.linalg.expm(x)",
)
def expm(x: Value) -> Type:
    """The matrix exponential of square matrices, the sum of all `x^n / n!`."""
    return square_matrix(x)
