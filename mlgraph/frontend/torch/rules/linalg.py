"""Linear algebra of ATen."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, static, to
from mlgraph.frontend.torch.rules.registry import rule


@rule("mm.default", "bmm.default", "matmul.default", "mv.default", "dot.default", "linalg_matmul.default")
def matmul(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.matmul(x, y)


@rule("vdot.default")
def vdot(out: Out, x: SSAValue, y: SSAValue) -> SSAValue:
    return ivy.matmul(ivy.conj(x), y)


@rule("addmm.default", "baddbmm.default", "addmv.default")
def addmm(out: Out, x: SSAValue, a: SSAValue, b: SSAValue, *, beta: Any = 1, alpha: Any = 1) -> SSAValue:
    if rank(a) == rank(b) == 2 and alpha == beta == 1:
        return ivy.addmm(x, a, b)
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
    """Return the equation with its result spelled out and letters for `...`."""
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation]
    widths = [n - len(t.replace("...", "")) for t, n in zip(terms, ranks) if "..." in t]
    batch = "".join(free[: max(widths, default=0)])
    spelled = [
        t.replace("...", batch[len(batch) - (n - len(t.replace("...", ""))) :] if "..." in t else "")
        for t, n in zip(terms, ranks)
    ]
    if arrow:
        return f"{','.join(spelled)}->{output.replace('...', batch)}"
    letters = "".join(terms).replace("...", "")
    once = sorted(c for c in set(letters) if letters.count(c) == 1)
    return f"{','.join(spelled)}->{batch}{''.join(once)}"


@rule("linalg_cross.default")
def cross(out: Out, x: SSAValue, y: SSAValue, *, dim: int = -1) -> SSAValue:
    def roll(v: SSAValue, k: int) -> SSAValue:
        return ivy.roll(to(v, out.dtype), (k,), (axis(dim, out.rank),))

    return ivy.subtract(ivy.multiply(roll(x, -1), roll(y, -2)), ivy.multiply(roll(x, -2), roll(y, -1)))


@rule("cross.default")
def first_cross(out: Out, x: SSAValue, y: SSAValue, dim: int | None = None) -> SSAValue:
    """Along the first axis of size 3 where none is named."""
    found = next(i for i, n in enumerate(out.val.shape) if n == 3) if dim is None else dim
    return cross(out, x, y, dim=found)


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
    """Return the p-norm over the last axis."""
    absolute = ivy.abs(difference)
    over = (rank(difference) - 1,)
    if p == float("inf"):
        return ivy.max(absolute, over)
    if p == 0:
        return ivy.sum(to(ivy.not_equal(absolute, number(absolute, 0)), dtype(absolute)), over)
    if p == 1:
        return ivy.sum(absolute, over)
    if p == 2:
        return ivy.vector_norm(difference, over)
    return ivy.pow(ivy.sum(ivy.pow(absolute, number(absolute, p)), over), number(absolute, 1 / p))


@rule("_pdist_forward.default")
def pdist(out: Out, x: SSAValue, p: float = 2.0) -> SSAValue:
    import numpy as np

    i, j = np.triu_indices(static(x, 0), 1)
    rows = [ivy.take(x, array_constant("rows", k.astype(np.int64)), 0) for k in (i, j)]
    return distance(ivy.subtract(*rows), p)
