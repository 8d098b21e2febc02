"""Histograms and hashes of ATen."""

from collections.abc import Sequence
from math import prod
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, f64, i1, i64, ui64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axes, size_of, sizes_of, static, to
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.registry import rule

Bounds = tuple[SSAValue, SSAValue]


def apart(low: SSAValue, high: SSAValue, by: float) -> Bounds:
    """Bounds that are `by` to both sides of what they would be where they are equal."""
    equal = ivy.equal(low, high)
    return (
        ivy.where(equal, ivy.subtract(low, number(low, by)), low),
        ivy.where(equal, ivy.add(high, number(high, by)), high),
    )


def bounds_of(x: SSAValue, given: Sequence[float] | None, by: float) -> Bounds:
    """Return the outer edges: what is `given`, else the extremes of `x`, which may be empty."""
    if given is not None:
        low, high = given
        return number(x, low if low != high else low - by), number(x, high if low != high else high + by)
    if 0 in shape_of(x):
        return number(x, 0), number(x, 1)
    return apart(ivy.min(x), ivy.max(x), by)


def edges_between(bounds: Bounds, bins: int) -> SSAValue:
    """Evenly spaced edges, counted from the nearer end, as torch's linspace does."""
    low, high = bounds
    counted = ivy.iota((bins + 1,), dtype(low))
    step = ivy.divide(ivy.subtract(high, low), number(low, bins))
    from_low = ivy.add(low, ivy.multiply(counted, step))
    from_high = ivy.subtract(high, ivy.multiply(ivy.subtract(number(low, bins), counted), step))
    return ivy.where(ivy.less(counted, number(low, (bins + 1) // 2)), from_low, from_high)


def inside(x: SSAValue, low: SSAValue, high: SSAValue) -> SSAValue:
    return ivy.logical_and(ivy.greater_equal(x, low), ivy.less_equal(x, high))


def bin_of(x: SSAValue, edges: SSAValue, bins: int) -> SSAValue:
    """Return the bin of each element that is in one: the last one holds its right edge too."""
    place = ivy.subtract(ivy.searchsorted(edges, x, i64, "right"), literal(1, i64))
    return ivy.minimum(place, literal(bins - 1, i64))


def counted(places: SSAValue, kept: SSAValue, weight: SSAValue, total: int) -> SSAValue:
    """Add up the weights of what is kept, for each of `total` places."""
    zero = number(weight, 0)
    weights = ivy.where(kept, weight, zero)
    found = ivy.where(kept, places, literal(0, i64))
    return ivy.scatter_along_axis(ivy.full((total,), 0, dtype(weight)), found, weights, 0, "add")


@rule("histc.default")
def histc(out: Out, x: SSAValue, bins: int = 100, min: Any = 0, max: Any = 0) -> SSAValue:
    """Equal bounds mean the extremes. Unlike `histogram` it divides instead of searching among edges."""
    flat = ivy.reshape(x, (-1,))
    flat = flat if dtype(x) in FLOATS else to(flat, f64)
    low, high = bounds_of(flat, (min, max) if min != max or 0 in shape_of(x) else None, 1)
    kept = inside(flat, low, high)
    ratio = ivy.divide(ivy.multiply(ivy.subtract(flat, low), number(flat, bins)), ivy.subtract(high, low))
    place = ivy.minimum(to(ivy.where(kept, ratio, number(flat, 0)), i64), literal(bins - 1, i64))
    return to(counted(place, kept, ivy.broadcast_to(number(flat, 1), sizes_of(flat)), bins), out.dtype)


def histogram(x: SSAValue, edges: Sequence[SSAValue], weight: SSAValue | None, density: bool) -> SSAValue:
    """Return the histogram of the rows of `x`, one edge list a column."""
    counts = [static(edge, 0) - 1 for edge in edges]
    rows = size_of(x, 0)
    kept, places = ivy.full((rows,), True, i1), ivy.full((rows,), 0, i64)
    for column, (edge, bins) in enumerate(zip(edges, counts, strict=True)):
        values = ivy.squeeze(sliced(x, 1, column, column + 1), (1,))
        first, last = (ivy.squeeze(sliced(edge, 0, i, i + 1), (0,)) for i in (0, bins))
        kept = ivy.logical_and(kept, inside(values, first, last))
        places = ivy.add(ivy.multiply(places, literal(bins, i64)), bin_of(values, edge, bins))
    if weight is None:
        weights = ivy.full((rows,), 1, dtype(x))
    else:
        weights = to(ivy.reshape(weight, (-1,)), dtype(x))
    found = ivy.reshape(counted(places, kept, weights, prod(counts)), counts)
    if not density:
        return found
    found = ivy.divide(found, ivy.sum(found))
    for axis, (edge, bins) in enumerate(zip(edges, counts, strict=True)):
        widths = ivy.subtract(sliced(edge, 0, 1, bins + 1), sliced(edge, 0, 0, bins))
        shape = [bins if a == axis else 1 for a in range(len(counts))]
        found = ivy.divide(found, ivy.reshape(widths, shape))
    return found


def edges_of(x: SSAValue, bins: Sequence[int], range: Sequence[float] | None) -> list[SSAValue]:
    """Even edges of the columns of `x`."""
    found: list[SSAValue] = []
    for column, n in enumerate(bins):
        given = None if range is None else range[2 * column : 2 * column + 2]
        found.append(edges_between(bounds_of(sliced(x, 1, column, column + 1), given, 0.5), n))
    return found


def rows_of(x: SSAValue) -> SSAValue:
    """Return `x` as a matrix with its last axis."""
    return ivy.reshape(x, (product(sizes_of(x)[:-1]), size_of(x, -1)))


@rule("histogram.bin_ct")
def histogram_counts(
    out: Out, x: SSAValue, bins: int = 100, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    column = ivy.reshape(x, (-1, 1))
    edges = edges_of(column, (bins,), range)
    return histogram(column, edges, weight, density), edges[0]


@rule("histogram.bins_tensor")
def histogram_edges(out: Out, x: SSAValue, bins: SSAValue, *, weight: Any = None, density: bool = False) -> Any:
    return histogram(ivy.reshape(x, (-1, 1)), [bins], weight, density), bins


@rule("_histogramdd_bin_edges.default")
def histogramdd_edges(
    out: Out, x: SSAValue, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    return tuple(edges_of(rows_of(x), bins, range))


@rule("_histogramdd_from_bin_cts.default")
def histogramdd_counts(
    out: Out, x: SSAValue, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> SSAValue:
    rows = rows_of(x)
    return histogram(rows, edges_of(rows, bins, range), weight, density)


@rule("_histogramdd_from_bin_tensors.default")
def histogramdd_given(out: Out, x: SSAValue, bins: Any, *, weight: Any = None, density: bool = False) -> SSAValue:
    return histogram(rows_of(x), bins, weight, density)


@rule("bincount.default")
def bincount(out: Out, x: SSAValue, weights: Any = None, minlength: int = 0) -> SSAValue:
    """Count each number, or add up its weights. Negative values are mapped to an out-of-range bin."""
    if 0 in shape_of(x):
        return ivy.full((minlength,), 0, out.dtype)
    places = to(x, i64)
    most = ivy.maximum(ivy.add(ivy.max(places), literal(1, i64)), literal(minlength, i64))
    places = ivy.where(ivy.less(places, literal(0, i64)), most, places)
    each = ivy.full((size_of(x, 0),), 1, out.dtype) if weights is None else to(weights, out.dtype)
    return ivy.index_put(ivy.full((ivy.to_size(most),), 0, out.dtype), [places], each, (0,), True)


@rule("hash_tensor.default")
def hash_tensor(out: Out, x: SSAValue, dim: Any = (), *, keepdim: bool = False, mode: int = 0) -> SSAValue:
    """The exclusive or of all elements as 64-bit words: each bit is set where an odd number of them has it."""
    if mode != 0:
        raise UnsupportedOpError(f"hash_tensor with mode={mode}")
    words = ivy.bitcast(to(x, f64), i64) if dtype(x) in FLOATS else to(x, i64)
    over = axes(dim, rank(x))
    every = tuple(range(rank(x))) if over is None else over
    places = ivy.iota((64,), i64)
    bits = ivy.bitwise_and(ivy.bitwise_right_shift(ivy.expand_dims(words, (-1,)), places), literal(1, i64))
    odd = ivy.bitwise_and(ivy.sum(bits, every, keepdim), literal(1, i64)) if every else bits
    return ivy.bitcast(ivy.sum(ivy.bitwise_left_shift(odd, places), (-1,)), ui64)
