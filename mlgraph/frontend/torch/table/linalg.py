"""Linear algebra of ATen."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.dtypes import COMPLEX, c128, f64, i32
from mlgraph.dialects.ivy.types import broadcast_shapes, dtype, rank, shape_of
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.raising import NeedsStaticSize, Out
from mlgraph.frontend.torch.table.rule import number, rule, sizes_of, static, to


@rule("mm.default", "bmm.default", "matmul.default", "mv.default", "dot.default", "linalg_matmul.default")
def matmul(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.matmul(x, y)


@rule("vdot.default")
def vdot(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.matmul(ivy.conj(x), y)


@rule("addmm.default", "baddbmm.default", "addmv.default")
def addmm(out: Out, x: SSAValue, a: SSAValue, b: SSAValue, *, beta: Any = 1, alpha: Any = 1) -> SSAValue:
    product = ivy.matmul(a, b)
    product = product if alpha == 1 else ivy.multiply(product, number(product, alpha))
    if beta == 0:
        return product
    return ivy.add(x if beta == 1 else ivy.multiply(x, number(x, beta)), product)


@rule("linear.default")
def linear(out: Out, x: SSAValue, weight: SSAValue, bias: SSAValue | None = None) -> SSAValue:
    if rank(weight) == 1:
        product = ivy.matmul(x, weight)
        return product if bias is None else ivy.add(product, bias)
    return ivy.linear(x, weight, bias)


@rule("einsum.default")
def einsum(out: Out, equation: str, tensors: Any, *, path: Any = None) -> SSAValue:
    return ivy.einsum([to(x, out.dtype) for x in tensors], explicit(equation, [rank(x) for x in tensors]))


def explicit(equation: str, ranks: list[int]) -> str:
    """The equation with its result spelt out and letters for `...`."""
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation]
    widths = [n - len(t.replace("...", "")) for t, n in zip(terms, ranks) if "..." in t]
    batch = "".join(free[: max(widths, default=0)])
    spelt = [
        t.replace("...", batch[len(batch) - (n - len(t.replace("...", ""))) :] if "..." in t else "")
        for t, n in zip(terms, ranks)
    ]
    if arrow:
        return f"{','.join(spelt)}->{output.replace('...', batch)}"
    letters = "".join(terms).replace("...", "")
    once = sorted(c for c in set(letters) if letters.count(c) == 1)
    return f"{','.join(spelt)}->{batch}{''.join(once)}"


@rule("linalg_inv_ex.default")
def inv_ex(out: Out, x: SSAValue, *, check_errors: bool = False) -> Any:
    return ivy.inv(x), no_errors(x)


@rule("linalg_inv.default", "inverse.default")
def inv(out: Out, x: SSAValue) -> SSAValue:
    return ivy.inv(x)


@rule("linalg_det.default", "det.default")
def det(out: Out, x: SSAValue) -> SSAValue:
    return ivy.det(x)


@rule("linalg_cholesky.default", "cholesky.default")
def cholesky(out: Out, x: SSAValue, upper: bool = False) -> SSAValue:
    lower = ivy.cholesky(x)
    return adjoint(lower) if upper else lower


@rule("linalg_eigh.default", "_linalg_eigh.default")
def eigh(out: Out, x: SSAValue, UPLO: str = "L", compute_v: bool = True) -> Any:
    return ivy.eigh(adjoint(x) if UPLO.upper() == "U" else x)


@rule("cross.default", "linalg_cross.default")
def cross(out: Out, x: SSAValue, y: SSAValue, dim: int | None = None) -> SSAValue:
    over = [static(x, i) for i in range(rank(x))].index(3) if dim is None else dim % rank(x)
    roll = lambda v, k: ivy.roll(v, (k,), (over,))  # noqa: E731
    x, y = to(x, out.dtype), to(y, out.dtype)
    return ivy.subtract(ivy.multiply(roll(x, -1), roll(y, -2)), ivy.multiply(roll(x, -2), roll(y, -1)))


def adjoint(x: SSAValue) -> SSAValue:
    """The conjugate transpose of matrices."""
    n = rank(x)
    swapped = ivy.permute_dims(x, (*range(n - 2), n - 1, n - 2))
    return ivy.conj(swapped) if dtype(x) in COMPLEX else swapped


def no_errors(x: SSAValue) -> SSAValue:
    """The `info` of a factorisation that went well; one that did not raises, or gives NaN, by itself."""
    return ivy.full(sizes_of(x)[:-2], 0, i32)


@rule("_linalg_svd.default", "linalg_svd.default")
def svd(out: Out, x: SSAValue, full_matrices: bool = False, compute_uv: bool = True, *, driver: Any = None) -> Any:
    rows, columns = static(x, -2), static(x, -1)
    if full_matrices and compute_uv and rows != columns:
        raise UnsupportedOpError("svd with full_matrices of matrices that are not square", fix="full_matrices=False")
    return ivy.svd(x)


@rule("linalg_qr.default")
def qr(out: Out, x: SSAValue, mode: str = "reduced") -> Any:
    if mode == "complete" and static(x, -2) > static(x, -1):
        raise UnsupportedOpError("qr with mode='complete' of tall matrices", fix="mode='reduced'")
    q, r = ivy.qr(x)
    return (ivy.full((0,), 0.0, dtype(x)) if mode == "r" else q), r


@rule("linalg_cholesky_ex.default")
def cholesky_ex(out: Out, x: SSAValue, *, upper: bool = False, check_errors: bool = False) -> Any:
    lower = ivy.cholesky(x)
    return adjoint(lower) if upper else lower, no_errors(x)


@rule("_linalg_solve_ex.default")
def solve_ex(out: Out, a: SSAValue, b: SSAValue, *, left: bool = True, check_errors: bool = False) -> Any:
    return solved(out, a, b, left), None, None, no_errors(a)


@rule("linalg_solve_ex.default")
def solve_with_info(out: Out, a: SSAValue, b: SSAValue, *, left: bool = True, check_errors: bool = False) -> Any:
    return solved(out, a, b, left), no_errors(a)


def solved(out: Out, a: SSAValue, b: SSAValue, left: bool) -> SSAValue:
    """torch reads `b` as vectors where it has one axis less than `a`, or the shape of `a` without its last axis."""
    vectors = rank(b) == 1 or (rank(b) == rank(a) - 1 and shape_of(b) == shape_of(a)[:-1])
    if vectors:
        return ivy.squeeze(ivy.solve(a, ivy.expand_dims(b, (rank(b),))), (max(rank(a), rank(b) + 1) - 1,))
    return ivy.solve(a, b) if left else adjoint(ivy.solve(adjoint(a), adjoint(b)))


def joined_batch(a: SSAValue, b: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Matrices with the same leading axes."""
    batch = broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2])
    if -1 in (*batch, *shape_of(a), *shape_of(b)):
        raise NeedsStaticSize("triangular matrices of free sizes")
    return ivy.broadcast_to(a, (*batch, *shape_of(a)[-2:])), ivy.broadcast_to(b, (*batch, *shape_of(b)[-2:]))


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
    n = rank(a)
    turned = ivy.permute_dims(a, (*range(n - 2), n - 1, n - 2))
    return ivy.triangular_solve(turned, b, upper, unitriangular), a


@rule("cholesky_solve.default")
def cholesky_solve(out: Out, b: SSAValue, factor: SSAValue, upper: bool = False) -> SSAValue:
    factor, b = joined_batch(adjoint(factor) if upper else factor, b)
    return ivy.triangular_solve(adjoint(factor), ivy.triangular_solve(factor, b, True), False)


@rule("cholesky_inverse.default")
def cholesky_inverse(out: Out, factor: SSAValue, upper: bool = False) -> SSAValue:
    lower = adjoint(factor) if upper else factor
    return ivy.inv(ivy.matmul(lower, adjoint(lower)))


@rule("_linalg_slogdet.default")
def slogdet(out: Out, x: SSAValue) -> Any:
    determinant = ivy.det(x)
    absolute = ivy.abs(determinant)
    sign = ivy.sign(determinant) if dtype(x) not in COMPLEX else ivy.divide(determinant, to(absolute, dtype(x)))
    return sign, ivy.log(absolute), None, None


@rule("_linalg_det.default")
def det_with_factors(out: Out, x: SSAValue) -> Any:
    return ivy.det(x), None, None


@rule("linalg_pinv.atol_rtol_tensor")
def pinv(out: Out, x: SSAValue, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> SSAValue:
    """Through the singular value decomposition; values up to max(atol, rtol * largest) count as 0."""
    u, s, vh = ivy.svd(x)
    epsilon = {f64: 2.220446049250313e-16, c128: 2.220446049250313e-16}.get(dtype(x), 1.1920928955078125e-07)
    real = dtype(s)
    limit = to(0.0 if atol is None else atol, real)
    if rtol is None:
        rtol = 0.0 if atol is not None else epsilon * max(static(x, -1), static(x, -2))
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


@rule("addbmm.default")
def addbmm(out: Out, x: SSAValue, a: SSAValue, b: SSAValue, *, beta: Any = 1, alpha: Any = 1) -> SSAValue:
    product = ivy.sum(ivy.matmul(a, b), (0,))
    product = product if alpha == 1 else ivy.multiply(product, number(product, alpha))
    if beta == 0:
        return product
    return ivy.add(x if beta == 1 else ivy.multiply(x, number(x, beta)), product)


@rule("_trilinear.default")
def trilinear(
    out: Out,
    a: SSAValue,
    b: SSAValue,
    c: SSAValue,
    expand1: Any,
    expand2: Any,
    expand3: Any,
    sumdim: Any,
    unroll_dim: int = 1,
) -> SSAValue:
    expanded = [ivy.expand_dims(x, tuple(e)) if e else x for x, e in ((a, expand1), (b, expand2), (c, expand3))]
    return ivy.sum(ivy.multiply(ivy.multiply(expanded[0], expanded[1]), expanded[2]), tuple(sumdim))


@rule("_cdist_forward.default")
def cdist(out: Out, a: SSAValue, b: SSAValue, p: float, compute_mode: Any) -> SSAValue:
    return distance(ivy.subtract(ivy.expand_dims(a, (rank(a) - 1,)), ivy.expand_dims(b, (rank(b) - 2,))), p)


def distance(difference: SSAValue, p: float) -> SSAValue:
    """The p-norm over the last axis."""
    absolute = ivy.abs(difference)
    over = (rank(difference) - 1,)
    if p == float("inf"):
        return ivy.max(absolute, over)
    if p == 0:
        return ivy.sum(to(ivy.not_equal(absolute, number(absolute, 0)), dtype(absolute)), over)
    if p == 1:
        return ivy.sum(absolute, over)
    if p == 2:
        return ivy.sqrt(ivy.sum(ivy.multiply(absolute, absolute), over))
    return ivy.pow(ivy.sum(ivy.pow(absolute, number(absolute, p)), over), number(absolute, 1 / p))


@rule("_pdist_forward.default")
def pdist(out: Out, x: SSAValue, p: float = 2.0) -> SSAValue:
    import numpy as np

    i, j = np.triu_indices(static(x, 0), 1)
    rows = [ivy.take(x, array_constant("rows", k.astype(np.int64)), 0) for k in (i, j)]
    return distance(ivy.subtract(*rows), p)
