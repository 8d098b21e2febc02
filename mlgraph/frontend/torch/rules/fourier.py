"""Fourier transforms of ATen. `normalization` is 0 for no factor, 1 for 1 / sqrt(n), 2 for 1 / n."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.types import dtype, rank, real_of
from mlgraph.dialects.sizes import product
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, to
from mlgraph.frontend.torch.rules.registry import rule


def scaled(x: SSAValue, counted: Any, normalization: int, inverse: bool) -> SSAValue:
    """Return `x` with torch's factor: ivy's transforms have none forwards and 1 / n backwards."""
    if normalization == (2 if inverse else 0):
        return x
    n = to(product(counted), real_of(dtype(x)))
    if normalization == 1:
        n = ivy.sqrt(n)
    wide = to(n, dtype(x))
    return ivy.multiply(x, wide) if inverse else ivy.divide(x, wide)


@rule("_fft_c2c.default")
def fft_c2c(out: Out, x: SSAValue, dim: Any, normalization: int, forward: bool) -> SSAValue:
    over = tuple(axis(d, rank(x)) for d in dim)
    if not over:
        return x
    counted = [size_of(x, a) for a in over]
    return scaled((ivy.fftn if forward else ivy.ifftn)(x, over), counted, normalization, not forward)


@rule("_fft_r2c.default")
def fft_r2c(out: Out, x: SSAValue, dim: Any, normalization: int, onesided: bool) -> SSAValue:
    over = tuple(axis(d, rank(x)) for d in dim)
    counted = [size_of(x, a) for a in over]
    transformed = ivy.rfftn(x, over) if onesided else ivy.fftn(to(x, out.dtype), over)
    return scaled(transformed, counted, normalization, False)


@rule("_fft_c2r.default")
def fft_c2r(out: Out, x: SSAValue, dim: Any, normalization: int, last_dim_size: Any) -> SSAValue:
    over = tuple(axis(d, rank(x)) for d in dim)
    counted = [*(size_of(x, a) for a in over[:-1]), last_dim_size]
    return scaled(ivy.irfftn(x, over, (last_dim_size,)), counted, normalization, True)
