"""Operations that strides can express by sharing memory: diagonals, windows, complex numbers as pairs of floats."""

import builtins

import numpy as np
from xdsl.traits import Pure

from mlgraph.dialects import sizes
from mlgraph.dialects.constant import array_constant, literal
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.ivy.creation import full, iota
from mlgraph.dialects.ivy.elementwise import add, complex, imag, multiply, real
from mlgraph.dialects.ivy.indexing import index, take
from mlgraph.dialects.ivy.manipulation import broadcast_to, expand_dims, permute_dims, slice, squeeze, stack
from mlgraph.dialects.ivy.prelude import number, size_of
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import normal_axis, rank, shape_of
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.sizes import Size

__all__ = ("as_strided", "diagonal", "from_pairs", "to_pairs", "windows")


@composite(
    Pure(),
    torch="torch.diagonal(x, offset=offset, dim1=-2, dim2=-1)",
    jax="jnp.diagonal(x, offset=offset, axis1=-2, axis2=-1)",
)
def diagonal(x: Value, offset: int = 0) -> Value:
    """The diagonals of matrices, `offset` above the main one."""
    top, left = builtins.max(-offset, 0), builtins.max(offset, 0)
    rows, columns = sizes.subtract(size_of(x, -2), top), sizes.subtract(size_of(x, -1), left)
    count = sizes.maximum(sizes.minimum(rows, columns), 0)
    at = rank(x) - 2
    return index(x, (places(count, top), places(count, left)), (at, at + 1))


@composite(Pure(), torch="torch.Tensor.unfold(x, axis, length, step)")
def windows(x: Value, axis: int, length: int, step: int) -> Value:
    """The windows of `length` along `axis`, each `step` after the one before; their elements become a last axis."""
    over = normal_axis(axis, rank(x))
    count = sizes.add(sizes.floor_divide(sizes.subtract(size_of(x, over), length), step), 1)
    starts, inside = places(count, 0, step), places(length, 0)
    taken = take(x, add(expand_dims(starts, (1,)), expand_dims(inside, (0,))), over)
    return permute_dims(taken, (*(i for i in range(rank(taken)) if i != over + 1), over + 1))


@composite(Pure(), torch="torch.view_as_complex(torch.Tensor.contiguous(x))")
def from_pairs(x: Value) -> Value:
    """The complex numbers whose real and imaginary parts lie along the last axis."""
    last = rank(x) - 1
    return complex(take(x, literal(0, i64), last), take(x, literal(1, i64), last))


@composite(Pure(), torch="torch.view_as_real(torch.resolve_conj(x))")
def to_pairs(x: Value) -> Value:
    """The real and the imaginary parts of complex numbers along a new last axis."""
    return stack([real(x), imag(x)], rank(x))


def as_strided(flat: Value, size: Ints, stride: Ints, offset: int) -> Value:
    """Build what `torch.as_strided` gives of an array of one axis, of positive sizes and strides that are not negative.

    Windows in windows, the longest steps first; along axes of stride 0 the elements are repeated.
    """
    steps = sorted((i for i in range(len(size)) if size[i] > 1 and stride[i] > 0), key=lambda i: -stride[i])
    reach = [1 + builtins.sum((size[i] - 1) * stride[i] for i in steps[k:]) for k in range(len(steps) + 1)]
    x = slice(flat, (offset,), (offset + reach[0],), (1,))
    for k, i in enumerate(steps):
        x = windows(x, k, reach[k + 1], stride[i])
    x = squeeze(x, (len(steps),))
    x = permute_dims(x, tuple(sorted(range(len(steps)), key=lambda k: steps[k])))
    x = expand_dims(x, tuple(i for i in range(len(size)) if i not in steps)) if len(steps) < len(size) else x
    return broadcast_to(x, size) if shape_of(x) != size else x


def places(count: Size, start: int, step: int = 1) -> Value:
    """Return so many indices from `start`."""
    if isinstance(count, int):
        found = np.arange(count, dtype=np.int64) * step + start
        return array_constant("indices", found) if count else full((0,), 0, i64)
    found = iota((count,), i64)
    found = found if step == 1 else multiply(found, number(found, step))
    return add(found, number(found, start)) if start else found
