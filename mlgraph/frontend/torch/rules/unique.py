"""Unique elements and rows of ATen: their number depends on values."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.ivy.types import rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axis, size_of, sizes_of, to
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.registry import rule


@rule("_unique2.default")
def unique2(
    out: Out, x: SSAValue, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """In ascending order, whether or not that is asked for; NaN are all different."""
    flat = ivy.reshape(x, (-1,))
    order = ivy.argsort(flat, 0, i64)
    values, inverse, counts = runs(ivy.take(flat, order, 0), 0)
    return asked(values, ivy.reshape(at_places(inverse, order), sizes_of(x)), counts, return_inverse, return_counts)


@rule("unique_dim.default")
def unique_dim(
    out: Out, x: SSAValue, dim: int, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    over = axis(dim, rank(x))
    order = ivy.argsort(row_ranks(x, over), 0, i64)
    values, inverse, counts = runs(ivy.take(x, order, over), over)
    return asked(values, at_places(inverse, order), counts, return_inverse, return_counts)


@rule("unique_consecutive.default")
def unique_consecutive(
    out: Out, x: SSAValue, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    if dim is not None:
        return unique_dim_consecutive(out, x, dim, return_inverse, return_counts)
    values, inverse, counts = runs(ivy.reshape(x, (-1,)), 0)
    return asked(values, ivy.reshape(inverse, sizes_of(x)), counts, return_inverse, return_counts)


@rule("unique_dim_consecutive.default")
def unique_dim_consecutive(
    out: Out, x: SSAValue, dim: int, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    return asked(*runs(x, axis(dim, rank(x))), return_inverse, return_counts)


def asked(values: SSAValue, inverse: SSAValue, counts: SSAValue, want_inverse: bool, want_counts: bool) -> Any:
    """torch gives an empty tensor for a result that is not asked for."""
    nothing = ivy.full((0,), 0, i64)
    return values, inverse if want_inverse else nothing, counts if want_counts else nothing


def runs(x: SSAValue, over: int) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Return the first slice of each run of equal slices along an axis, the run of each slice, the runs' lengths."""
    n = size_of(x, over)
    first = begins(x, over)
    starts = ivy.squeeze(ivy.nonzero(first), (1,))
    ends = ivy.concat([sliced(starts, 0, 1, 2**63 - 1), ivy.reshape(to(n, i64), (1,))], 0)
    ends = sliced(ends, 0, 0, size_of(starts, 0))  # none where there is no slice
    inverse = ivy.subtract(ivy.cumulative_sum(to(first, i64), 0), literal(1, i64))
    return ivy.take(x, starts, over), inverse, ivy.subtract(ends, starts)


def begins(x: SSAValue, over: int) -> SSAValue:
    """Return whether each slice along an axis differs from the one before; the first does."""
    count = ivy.iota((size_of(x, over),), i64)
    before = ivy.take(x, ivy.maximum(ivy.subtract(count, literal(1, i64)), literal(0, i64)), over)
    differs = ivy.not_equal(x, before)
    others = tuple(a for a in range(rank(x)) if a != over)
    differs = ivy.any(differs, others) if others else differs
    return ivy.logical_or(differs, ivy.equal(count, literal(0, i64)))


def at_places(values: SSAValue, places: SSAValue) -> SSAValue:
    """Return the vector that has `values` at `places`, which name each place once."""
    return ivy.scatter_along_axis(values, places, values, 0)


def row_ranks(x: SSAValue, over: int) -> SSAValue:
    """Numbers in the lexicographic order of the slices along an axis, equal for equal ones.

    Columns are ranked, then pairs of ranks are, until one column is left.
    """
    order = (over, *(a for a in range(rank(x)) if a != over))
    count = size_of(x, over)
    width = product([n for a, n in enumerate(shape_of(x)) if a != over])
    if any(n < 0 for a, n in enumerate(shape_of(x)) if a != over) or not isinstance(width, int):
        raise StaticSizeRequired("unique rows of free size")
    if width == 0:
        return ivy.full((count,), 0, i64)
    ranks = column_ranks(ivy.reshape(ivy.permute_dims(x, order), (count, width)))
    while width > 1:
        pairs, odd = divmod(width, 2)
        left, right = (sliced(ranks, 1, start, 2 * pairs, 2) for start in (0, 1))
        paired = column_ranks(ivy.add(ivy.multiply(left, to(sizes.maximum(count, 1), i64)), right))
        ranks = ivy.concat([paired, sliced(ranks, 1, 2 * pairs, width)], 1) if odd else paired
        width = pairs + odd
    return ivy.reshape(ranks, (count,))


def column_ranks(x: SSAValue) -> SSAValue:
    """Return the rank of each element in its column, from 0 on, equal for equal ones."""
    order = ivy.argsort(x, 0, i64)
    ascending = ivy.take_along_axis(x, order, 0)
    before = ivy.concat([sliced(ascending, 0, 0, 1), sliced(ascending, 0, 0, -1)], 0)
    ranks = ivy.cumulative_sum(to(ivy.not_equal(ascending, before), i64), 0)
    return ivy.scatter_along_axis(ranks, order, ranks, 0)
