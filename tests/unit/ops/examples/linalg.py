# pyright: basic
"""Examples of linear algebra."""

from typing import Any

import ml_dtypes
import numpy as np

from .example import COMPLEX, FLOATS, Operand, between, dtype_named, example, fixed, uniform


def hermitian(*shape: int) -> Operand:
    """Hermitian matrices."""

    def draw(random: np.random.Generator, dtype: str) -> np.ndarray:
        x = uniform(*shape)(random, "complex128" if dtype in COMPLEX else "float64")
        return (x + x.swapaxes(-1, -2).conj()).astype(dtype_named(dtype))

    return draw


def definite(*shape: int) -> Operand:
    """Hermitian positive definite matrices, well conditioned."""

    def draw(random: np.random.Generator, dtype: str) -> np.ndarray:
        x = uniform(*shape, low=-1, high=1)(random, "complex128" if dtype in COMPLEX else "float64")
        return (x @ x.swapaxes(-1, -2).conj() + 2 * np.eye(shape[-1])).astype(dtype_named(dtype))

    return draw


def near(a: Any, b: Any, result: np.ndarray) -> None:
    bound = 100 * float(ml_dtypes.finfo(result.dtype).eps)
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=bound, atol=bound)


def widened(*arrays: np.ndarray) -> list[np.ndarray]:
    return [a.astype(np.complex128 if a.dtype.kind == "c" else np.float64) for a in arrays]


def transposed(x: np.ndarray) -> np.ndarray:
    return x.swapaxes(-1, -2).conj()


def is_qr(q: np.ndarray, r: np.ndarray, x: np.ndarray) -> None:
    wide_q, wide_r = widened(q, r)
    near(wide_q @ wide_r, x, q)
    near(transposed(wide_q) @ wide_q, np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], *[q.shape[-1]] * 2)), q)
    near(np.tril(wide_r, -1), np.zeros(r.shape), r)


def is_eigh(w: np.ndarray, v: np.ndarray, x: np.ndarray) -> None:
    x = np.tril(x) + transposed(np.tril(x, -1))
    wide_w, wide_v = widened(w, v)
    near(wide_w, np.linalg.eigvalsh(x), w)
    near((wide_v * wide_w[..., None, :]) @ transposed(wide_v), x, v)


def is_eig(w: np.ndarray, v: np.ndarray, x: np.ndarray) -> None:
    wide_w, wide_v = widened(w, v)
    near(x @ wide_v, wide_v * wide_w[..., None, :], v)
    near(np.linalg.norm(wide_v, axis=-2), np.ones(w.shape), v)


def is_full_qr(q: np.ndarray, r: np.ndarray, x: np.ndarray) -> None:
    assert q.shape == (x.shape[0], x.shape[0])
    is_qr(q, r, x)


def is_full_svd(u: np.ndarray, s: np.ndarray, vh: np.ndarray, x: np.ndarray) -> None:
    assert (u.shape[-1], vh.shape[-2]) == x.shape
    is_svd(u[:, : len(s)], s, vh[: len(s)], x)
    for square in widened(u, vh):
        near(transposed(square) @ square, np.eye(len(square)), u)


def is_svd(u: np.ndarray, s: np.ndarray, vh: np.ndarray, x: np.ndarray) -> None:
    wide_u, wide_s, wide_vh = widened(u, s, vh)
    near(wide_s, np.linalg.svd(x, compute_uv=False), s)
    near((wide_u * wide_s[..., None, :]) @ wide_vh, x, u)


def is_lu(packed: np.ndarray, exchanges: np.ndarray, order: np.ndarray, x: np.ndarray) -> None:
    *_, m, n = x.shape
    k = min(m, n)
    assert (packed.shape, exchanges.shape, order.shape) == (x.shape, (*x.shape[:-2], k), x.shape[:-1])
    assert exchanges.dtype == order.dtype == np.int32
    np.testing.assert_array_equal(row_order(exchanges, (m,)), order)
    lower = np.tril(packed, -1)[..., :k] + np.eye(m, k)
    near(lower @ np.triu(packed)[..., :k, :], np.take_along_axis(x, order[..., None].astype(np.int64), -2), packed)
    assert np.max(abs(lower), initial=0) < 1.5  # a complex pivot is chosen by the sum of its parts


def row_order(exchanges: np.ndarray, rows: Any) -> np.ndarray:
    order = np.broadcast_to(np.arange(*rows, dtype=np.int32), (*exchanges.shape[:-1], *rows)).copy()
    for batch in np.ndindex(*exchanges.shape[:-1]):
        for i, place in enumerate(exchanges[batch]):
            order[batch][[i, place]] = order[batch][[place, i]]
    return order


def later(*shape: int, below: int) -> Operand:
    """For each place along the last axis one that is not before it."""
    return lambda random, _: random.integers(np.arange(shape[-1]), below, shape).astype(np.int32)


def reflections(x: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """The product of all reflections of each matrix, one after the other."""
    found = np.broadcast_to(np.eye(x.shape[-2]), (*x.shape[:-1], x.shape[-2])).astype(x.dtype)
    for i in range(tau.shape[-1]):
        v = (np.tril(x, -1) + np.eye(*x.shape[-2:]))[..., i, None]
        found = found - found @ (tau[..., i, None, None] * v @ transposed(v))
    return found


def householder_product(x: np.ndarray, tau: np.ndarray) -> np.ndarray:
    return reflections(x, tau)[..., : x.shape[-1]]


def reflect(x: np.ndarray, tau: np.ndarray, other: np.ndarray, adjoint: bool = False) -> np.ndarray:
    product = reflections(x, tau)
    return (transposed(product) if adjoint else product) @ other


def expm(x: np.ndarray) -> np.ndarray:
    found = term = np.broadcast_to(np.eye(x.shape[-1]), x.shape)
    for i in range(1, 80):
        term = term @ x / i
        found = found + term
    return found


def triangular(x1: np.ndarray, x2: np.ndarray, lower: bool, unit_diagonal: bool = False) -> np.ndarray:
    triangle = np.tril(x1) if lower else np.triu(x1)
    if unit_diagonal:
        triangle = triangle - triangle * np.eye(x1.shape[-1]) + np.eye(x1.shape[-1])
    return np.linalg.solve(triangle, x2)


def einsum(xs: list[np.ndarray], equation: str) -> np.ndarray:
    return np.einsum(equation, *xs)


def dot_general(x1: np.ndarray, x2: np.ndarray, contract1: Any, contract2: Any, batch1: Any, batch2: Any) -> np.ndarray:
    """Batch by batch, with tensordot."""
    if not batch1:
        return np.tensordot(x1, x2, axes=(contract1, contract2))
    left, right = np.moveaxis(x1, batch1, range(len(batch1))), np.moveaxis(x2, batch2, range(len(batch2)))

    def moved(axes: Any, batch: Any, rank: int) -> list[int]:
        rest = [a for a in range(rank) if a not in batch]
        return [rest.index(a) for a in axes]

    axes = (moved(contract1, batch1, x1.ndim), moved(contract2, batch2, x2.ndim))
    places = list(np.ndindex(*left.shape[: len(batch1)]))
    found = np.stack([np.tensordot(left[i], right[i], axes=axes) for i in places])
    return found.reshape(*left.shape[: len(batch1)], *found.shape[1:])


def grouped(x: np.ndarray, weight: np.ndarray, stops: np.ndarray) -> np.ndarray:
    result = np.zeros((len(x), weight.shape[-1]))
    for i, (start, stop) in enumerate(zip((0, *stops), stops)):
        result[start:stop] = x[start:stop] @ weight[i]
    return result


ALL = ("torch", "jax", "tensorflow", "numpy")
"""`grouped_matmul` must know how many groups there are, for it is written out group by group."""

EXAMPLES = {
    "grouped_matmul": [
        example(
            grouped,
            x=uniform(6, 3),
            weight=uniform(4, 3, 2),
            stops=fixed([2, 2, 5, 6]),
            dtypes=FLOATS,
            sized=ALL,
        ),
        example(
            grouped,
            x=uniform(6, 3),
            weight=uniform(2, 3, 2),
            stops=fixed([1, 4], "int32"),
            label="rest",
            sized=ALL,
        ),
    ],
    "matmul": [
        example(x1=uniform(3, 4), x2=uniform(4, 5)),
        example(x1=uniform(2, 1, 3, 4), x2=uniform(5, 4, 2)),
        example(x1=uniform(4), x2=uniform(4)),
        example(x1=uniform(4), x2=uniform(2, 4, 3)),
        example(x1=uniform(2, 3, 4), x2=uniform(4)),
        example(x1=uniform(3, 0), x2=uniform(0, 2)),
        example(x1=uniform(2, 3, 4), x2=uniform(4, 5)),
    ],
    "einsum": [
        example(einsum, xs=[uniform(2, 3, 4), uniform(2, 4, 5)], equation="bij,bjk->bik"),
        example(einsum, xs=[uniform(2, 3)], equation="ij->ji"),
        example(einsum, xs=[uniform(3, 3)], equation="ii->i"),
        example(einsum, xs=[uniform(2, 3), uniform(3), uniform(2)], equation="ij,j,i->"),
        example(einsum, xs=[uniform(2, 3, 4, 5), uniform(2, 6, 4, 5)], equation="bqhd,bkhd->bhqk"),
    ],
    "dot_general": [
        example(dot_general, x1=uniform(3, 4), x2=uniform(4, 5), contract1=(1,), contract2=(0,), batch1=(), batch2=()),
        example(
            dot_general,
            x1=uniform(3, 2, 4),
            x2=uniform(4, 5, 2),
            contract1=(2,),
            contract2=(0,),
            batch1=(1,),
            batch2=(2,),
        ),
        example(
            dot_general,
            x1=uniform(3, 4, 5),
            x2=uniform(4, 5, 2),
            contract1=(1, 2),
            contract2=(0, 1),
            batch1=(),
            batch2=(),
        ),
        example(
            dot_general,
            x1=uniform(2, 3, 4),
            x2=uniform(3, 2, 4),
            contract1=(2,),
            contract2=(2,),
            batch1=(0, 1),
            batch2=(1, 0),
        ),
        example(dot_general, x1=uniform(3), x2=uniform(2), contract1=(), contract2=(), batch1=(), batch2=()),
    ],
    "inv": [
        example(np.linalg.inv, x=definite(3, 3), tolerance=8),
        example(np.linalg.inv, x=definite(2, 4, 4), tolerance=8),
    ],
    "det": [
        example(np.linalg.det, x=definite(3, 3), tolerance=8),
        example(np.linalg.det, x=uniform(2, 4, 4), tolerance=50),
    ],
    "slogdet": [
        example(np.linalg.slogdet, x=definite(3, 3), tolerance=8),
        example(np.linalg.slogdet, x=uniform(2, 4, 4), tolerance=50),
    ],
    "lu": [
        example(x=uniform(*shape), check=is_lu, label=str(shape)) for shape in ((3, 3), (2, 4, 4), (5, 3), (2, 3, 5))
    ]
    # Loops of tensorflow that run no step lose the shape of what they stack, and scipy takes no batches of no matrices.
    + [example(x=uniform(*s), check=is_lu, label=str(s), sized=("numpy", "tensorflow")) for s in ((2, 3, 0), (0, 3, 3))]
    + [example(x=uniform(2, 4, 3), dtypes="complex64 complex128 float64", check=is_lu, label="kinds")],
    "row_order": [
        example(row_order, exchanges=later(3, below=3), rows=(3,), dtypes="float32"),
        example(row_order, exchanges=later(2, 2, 3, below=5), rows=(5,)),
        example(row_order, exchanges=later(2, 0, below=5), rows=(3,)),
    ],
    "householder_product": [
        example(householder_product, x=uniform(4, 3), tau=uniform(3), tolerance=5000),
        example(householder_product, x=uniform(2, 5, 3), tau=uniform(2, 2), tolerance=5000),
    ],
    "reflect": [
        example(reflect, x=uniform(4, 3), tau=uniform(3), other=uniform(4, 2), tolerance=5000),
        example(reflect, x=uniform(4, 3), tau=uniform(3), other=uniform(4, 2), adjoint=True, tolerance=5000),
        example(reflect, x=uniform(2, 5, 3), tau=uniform(2, 2), other=uniform(2, 5, 1), tolerance=5000),
    ],
    "expm": [
        example(expm, x=between(-1, 1)(3, 3), tolerance=50),
        example(expm, x=uniform(2, 4, 4), tolerance=500),
    ],
    "cholesky": [
        example(np.linalg.cholesky, x=definite(3, 3), tolerance=8),
        example(np.linalg.cholesky, x=definite(2, 4, 4), tolerance=8),
    ],
    "solve": [
        example(np.linalg.solve, x1=definite(3, 3), x2=uniform(3, 2), tolerance=8),
        example(np.linalg.solve, x1=definite(2, 4, 4), x2=uniform(4, 1), tolerance=8),
    ],
    "triangular_solve": [
        example(triangular, x1=definite(3, 3), x2=uniform(3, 2), lower=True, tolerance=8),
        example(triangular, x1=definite(2, 4, 4), x2=uniform(2, 4, 1), lower=False, tolerance=8),
        example(triangular, x1=definite(3, 3), x2=uniform(3, 2), lower=True, unit_diagonal=True, tolerance=50),
    ],
    "qr": [example(x=uniform(*shape), check=is_qr) for shape in ((4, 3), (2, 3, 5), (3, 3))]
    + [example(x=uniform(4, 3), full_matrices=True, check=is_full_qr, label="full")],
    "eigh": [example(x=hermitian(*shape), check=is_eigh) for shape in ((4, 4), (2, 3, 3))]
    + [example(x=uniform(3, 3), check=is_eigh, label="lower")],
    "eig": [example(x=uniform(*shape), dtypes="complex64 complex128", check=is_eig) for shape in ((4, 4), (2, 3, 3))],
    "svd": [example(x=uniform(*shape), check=is_svd) for shape in ((4, 3), (2, 3, 5))]
    + [example(x=uniform(*shape), full_matrices=True, check=is_full_svd, label="full") for shape in ((4, 3), (2, 3))],
}
