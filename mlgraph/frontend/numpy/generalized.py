"""Lowerings of generalized ufuncs: `matmul` and its kin, and those that `numpy.linalg`'s Python code calls.

A rule takes and returns arrays of the element types of numpy's loop, with the core axes last.
"""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import as_returned, fresh
from mlgraph.frontend.numpy.dispatch import given, loop_types
from mlgraph.frontend.numpy.dtypes import INT, real_type
from mlgraph.frontend.numpy.sizes import smaller
from mlgraph.frontend.numpy.tables import GENERALIZED
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_dims, broadcast_to, cast, same_shape, wrap

Rule = Callable[..., Any]


def generalized(*names: str) -> Callable[[Rule], Rule]:
    """Return a decorator that makes a function the core of these ufuncs."""

    def register(function: Rule) -> Rule:
        for name in names:
            GENERALIZED[name] = lambda *args, **kwargs: _call(function, *args, **kwargs)
        return function

    return register


def _call(
    function: Rule,
    ufunc: np.ufunc,
    inputs: Sequence[Any],
    outs: Sequence[Any],
    axes: Any = None,
    axis: Any = None,
    keepdims: bool = False,
    signature: Any = None,
    dtype: Any = None,
    casting: str = "same_kind",
    order: str = "K",
    subok: bool = True,
) -> Any:
    if order not in "KAC" or (keepdims and axis is None):
        raise unsupported(f"np.{ufunc.__name__} with order={order!r} or keepdims={keepdims}")
    if axis is not None:
        axes = [(axis,)] * ufunc.nin + [()] * ufunc.nout
    operands = [wrap(x) for x in inputs]
    arrays = [None if o is Ellipsis else o for o in outs]
    types = loop_types(ufunc, operands, arrays, casting, dtype, signature)
    arrays = [cast(as_array(x), t) for x, t in zip(operands, types)]
    if axes is not None:
        arrays = [_cores_last(x, a) for x, a in zip(arrays, axes)]
    found = function(*arrays)
    results = [cast(r, t) for r, t in zip(found if isinstance(found, tuple) else (found,), types[ufunc.nin :])]
    if axes is not None:
        results = [_cores_back(x, a) for x, a in zip(results, axes[ufunc.nin :])]
    else:
        _check_cores(ufunc, outs, results)
    if keepdims:
        results = [np.expand_dims(r, axis) for r in results]
    results = [given(o, as_returned(r)) for o, r in zip(outs, results)]
    return results[0] if len(results) == 1 else tuple(results)


def _check_cores(ufunc: np.ufunc, outs: Sequence[Any], results: Sequence[TracedArray]) -> None:
    """Raise `ValueError` for an `out` with other core axes than the result's; its other axes may be broadcast."""
    cores = re.findall(r"\((.*?)\)", (ufunc.signature or "").partition("->")[2])
    for out, result, names in zip(outs, results, cores):
        count = min(len(names.split(",")) if names else 0, result.ndim)
        if isinstance(out, np.ndarray) and count and not same_shape(out.shape[-count:], result.shape[-count:]):
            raise ValueError(f"{ufunc.__name__}: output of shape {out.shape} for a result of shape {result.shape}")


def _cores_last(x: TracedArray, axes: Any) -> TracedArray:
    axes = axes if isinstance(axes, tuple | list) else (axes,)
    return np.moveaxis(x, axes, range(-len(axes), 0)) if axes else x


def _cores_back(x: TracedArray, axes: Any) -> TracedArray:
    axes = axes if isinstance(axes, tuple | list) else (axes,)
    return np.moveaxis(x, range(-len(axes), 0), axes) if axes else x


# Products


@generalized("matmul")
def matmul(a: TracedArray, b: TracedArray) -> TracedArray:
    if not a.shape or not b.shape:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if a.shape[-1] != (b.shape[-2] if b.ndim > 1 else b.shape[-1]):
        raise ValueError(
            f"matmul: Input operand 1 has a mismatch in its core dimension 0: shapes {a.shape} and {b.shape}"
        )
    dims = (*broadcast_dims(a.shape[:-2], b.shape[:-2]), *a.shape[-2:-1], *(b.shape[-1:] if b.ndim > 1 else ()))
    if a.dtype == bool:
        return cast(matmul(cast(a, INT), cast(b, INT)), np.dtype(bool))
    if a.dtype == np.float16:
        single = np.dtype(np.float32)
        return cast(matmul(cast(a, single), cast(b, single)), a.dtype)
    return fresh(emit(ivy.matmul, a.value, b.value), dims, a.dtype)


@generalized("vecdot")
def vecdot(a: TracedArray, b: TracedArray) -> TracedArray:
    return np.add.reduce(np.conjugate(a) * b, axis=-1, dtype=a.dtype) if a.dtype != bool else np.any(a & b, axis=-1)


@generalized("matvec")
def matvec(a: TracedArray, b: TracedArray) -> TracedArray:
    return np.matmul(a, b[..., None])[..., 0]


@generalized("vecmat")
def vecmat(a: TracedArray, b: TracedArray) -> TracedArray:
    return np.matmul(np.conjugate(a)[..., None, :], b)[..., 0, :]


# Linear algebra


@generalized("inv")
def inv(a: TracedArray) -> TracedArray:
    return fresh(emit(ivy.inv, a.value), a.shape, a.dtype)


@generalized("det")
def det(a: TracedArray) -> TracedArray:
    return fresh(emit(ivy.det, a.value), a.shape[:-2], a.dtype)


@generalized("slogdet")
def slogdet(a: TracedArray) -> tuple[TracedArray, TracedArray]:
    sign, logarithm = emit(ivy.slogdet, a.value)
    real = real_type(a.dtype)
    return fresh(sign, a.shape[:-2], a.dtype), fresh(logarithm, a.shape[:-2], real)


@generalized("solve")
def solve(a: TracedArray, b: TracedArray) -> TracedArray:
    batch = broadcast_dims(a.shape[:-2], b.shape[:-2])
    a, b = broadcast_to(a, (*batch, *a.shape[-2:])), broadcast_to(b, (*batch, *b.shape[-2:]))
    return fresh(emit(ivy.solve, a.value, b.value), b.shape, b.dtype)


@generalized("solve1")
def solve1(a: TracedArray, b: TracedArray) -> TracedArray:
    return solve(a, b[..., None])[..., 0]


@generalized("cholesky_lo")
def cholesky_lo(a: TracedArray) -> TracedArray:
    return fresh(emit(ivy.cholesky, a.value), a.shape, a.dtype)


@generalized("cholesky_up")
def cholesky_up(a: TracedArray) -> TracedArray:
    return np.conjugate(cholesky_lo(np.conjugate(np.swapaxes(a, -1, -2))).mT)


@generalized("eigh_lo")
def eigh_lo(a: TracedArray) -> tuple[TracedArray, TracedArray]:
    values, vectors = emit(ivy.eigh, a.value)
    return fresh(values, a.shape[:-1], real_type(a.dtype)), fresh(vectors, a.shape, a.dtype)


@generalized("eigh_up")
def eigh_up(a: TracedArray) -> tuple[TracedArray, TracedArray]:
    return eigh_lo(np.conjugate(a.mT))


@generalized("eigvalsh_lo")
def eigvalsh_lo(a: TracedArray) -> TracedArray:
    return eigh_lo(a)[0]


@generalized("eigvalsh_up")
def eigvalsh_up(a: TracedArray) -> TracedArray:
    return eigh_up(a)[0]


def eig(a: TracedArray) -> tuple[TracedArray, TracedArray]:
    """Return the complex eigenvalues and eigenvectors of any square matrices."""
    dtype = np.result_type(a.dtype, np.complex64)
    values, vectors = emit(ivy.eig, cast(a, dtype).value)
    return fresh(values, a.shape[:-1], dtype), fresh(vectors, a.shape, dtype)


@generalized("svd_s")
def svd_s(a: TracedArray) -> tuple[TracedArray, TracedArray, TracedArray]:
    left, values, right = emit(ivy.svd, a.value)
    *batch, m, n = a.shape
    k = smaller(m, n)
    return (
        fresh(left, (*batch, m, k), a.dtype),
        fresh(values, (*batch, k), real_type(a.dtype)),
        fresh(right, (*batch, k, n), a.dtype),
    )


@generalized("svd_f")
def svd_f(a: TracedArray) -> tuple[TracedArray, TracedArray, TracedArray]:
    left, values, right = emit(ivy.svd, a.value, full_matrices=True)
    *batch, m, n = a.shape
    return (
        fresh(left, (*batch, m, m), a.dtype),
        fresh(values, (*batch, smaller(m, n)), real_type(a.dtype)),
        fresh(right, (*batch, n, n), a.dtype),
    )


@generalized("svd")
def svdvals(a: TracedArray) -> TracedArray:
    return svd_s(a)[1]


def qr(a: TracedArray, complete: bool = False) -> tuple[TracedArray, TracedArray]:
    """Return the QR decomposition, reduced or complete."""
    *batch, m, n = a.shape
    k = m if complete else smaller(m, n)
    q, r = emit(ivy.qr, a.value, full_matrices=complete)
    return fresh(q, (*batch, m, k), a.dtype), fresh(r, (*batch, k, n), a.dtype)
