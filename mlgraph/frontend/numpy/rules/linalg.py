"""Functions of `numpy.linalg` whose own Python code looks at values."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import functools
from typing import Any

import numpy as np

from mlgraph.frontend.numpy import generalized
from mlgraph.frontend.numpy.dtypes import FLOAT, real_type
from mlgraph.frontend.numpy.normalize import ArrayLike, SameOut, implements
from mlgraph.frontend.numpy.sizes import examples, larger
from mlgraph.frontend.numpy.wrapping import as_array, cast


def _inexact(x: Any) -> Any:
    x = as_array(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    x = _inexact(a)
    if mode not in ("reduced", "r", "complete"):
        return NotImplemented
    q, r = generalized.qr(x, complete=mode == "complete")
    if mode == "r":
        return r
    return np.linalg._linalg.QRResult(q, r)


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    """Return complex numbers always: whether all are real depends on data."""
    return np.linalg._linalg.EigResult(*generalized.eig(_inexact(a)))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """Return complex numbers always: whether all are real depends on data."""
    return generalized.eig(_inexact(a))[0]


@implements(np.linalg.lstsq)
def lstsq(a: ArrayLike, b: ArrayLike, rcond: Any = None) -> Any:
    """Solve through the singular values; the residuals are those of a matrix of full rank."""
    dtype = np.result_type(a.dtype, b.dtype, np.float32)
    dtype = FLOAT if "f" not in a.dtype.kind + b.dtype.kind and dtype.kind == "f" else dtype
    wide = np.dtype(np.complex128) if dtype.kind == "c" else FLOAT
    matrix, right = cast(a, wide), cast(b, wide)
    m, n = matrix.shape
    if rcond is None:
        rcond = float(np.finfo(dtype).eps) * larger(m, n)
    elif rcond == -1:
        rcond = np.finfo(dtype).eps
    u, s, vh = np.linalg.svd(matrix, full_matrices=False)
    kept = s > rcond * s[0]
    inverse = np.where(kept, 1.0 / np.where(kept, s, 1.0), 0.0)
    columns = right[:, None] if right.ndim == 1 else right
    solution = np.matmul(np.conjugate(vh.T), inverse[:, None] * np.matmul(np.conjugate(u.T), columns))
    real = real_type(dtype)
    if m > n:
        residuals = np.sum(np.square(np.abs(np.matmul(matrix, solution) - columns)), axis=0).astype(real)
    else:
        residuals = as_array(np.zeros(0, real))
    solution = solution[:, 0] if right.ndim == 1 else solution
    return solution.astype(dtype), residuals, np.sum(kept).astype(np.int32), s.astype(real)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    array = _inexact(x)
    if p is None or p in (2, -2):
        s = np.linalg.svd(array, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    r = np.linalg.norm(array, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(array), p, axis=(-2, -1))
    given_nan = np.any(np.isnan(array), axis=(-2, -1))
    return np.where(np.isnan(r) & ~given_nan, r.dtype.type(np.inf), r)


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if as_array(A).ndim < 2:
        return np.any(as_array(A) != 0).astype(int)
    return NotImplemented


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: SameOut = None) -> Any:
    """Multiply in the order that is cheapest for the sizes of the example."""
    parts = [as_array(a) for a in arrays]
    if len(parts) < 2:
        raise ValueError("Expecting at least two arrays.")
    vector, last = parts[0].ndim == 1, parts[-1].ndim == 1
    parts[0] = parts[0][None, :] if vector else parts[0]
    parts[-1] = parts[-1][:, None] if last else parts[-1]
    shapes = [examples(p.shape) or (2, 2) for p in parts]
    found = _chained(parts, [shapes[0][0], *(s[1] for s in shapes)])
    return found[(0 if vector else slice(None), 0 if last else slice(None))]


def _chained(parts: list[Any], sizes: list[int]) -> Any:
    """Return the product of matrices of `sizes[i]` by `sizes[i + 1]`, with the fewest multiplications."""

    @functools.cache
    def best(i: int, j: int) -> tuple[int, int]:
        """Return the least cost of the product from i to j, and the place of its last multiplication."""
        costs = [(best(i, k)[0] + best(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
        return min(costs, default=(0, i))

    def product(i: int, j: int) -> Any:
        k = best(i, j)[1]
        return parts[i] if i == j else np.matmul(product(i, k), product(k + 1, j))

    return product(0, len(parts) - 1)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the Euclidean norm; the others are captured from numpy's own code."""
    array = _inexact(x)
    plain = ord is None or (ord in ("f", "fro") and array.ndim == 2) or (ord == 2 and array.ndim == 1)
    if axis is not None or not plain:
        return NotImplemented
    squares = np.square(array) if array.dtype.kind == "f" else np.square(array.real) + np.square(array.imag)
    return np.sqrt(np.sum(squares, keepdims=keepdims))
