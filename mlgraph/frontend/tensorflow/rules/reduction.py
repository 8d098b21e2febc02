"""Reductions, scans, sorting and searching."""

from collections.abc import Callable
from math import inf

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import COMPLEX, DType, f32, i1, i32, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Traced
from mlgraph.frontend.tensorflow.rules.elementwise import truncated_quotient
from mlgraph.frontend.tensorflow.rules.helpers import axis_of, counted, is_floating, lowest, padded, to, without_nan
from mlgraph.frontend.tensorflow.rules.registry import rule


def reduction(name: str, function: Callable[..., Value]) -> None:
    """A reduction over the axes that the second input names; over none it changes nothing."""

    def reduce(x: Value, axis: Ints, *, keep_dims: bool) -> Value:
        return function(x, axis, keep_dims) if axis else x

    rule(name)(reduce)


reduction("Sum", ivy.sum)
reduction("Prod", ivy.prod)
reduction("Max", ivy.max)
reduction("Min", ivy.min)
reduction("All", ivy.all)
reduction("Any", ivy.any)


@rule("Mean")
def mean(x: Value, axis: Ints, *, keep_dims: bool, importer: FuncGraphImporter) -> Value:
    """The mean of integers loses its fraction."""
    if not axis:
        return x
    if is_floating(x):
        return ivy.mean(x, axis, keep_dims)
    count = to(product([importer.dim(x, a) for a in axis]), i64)
    total = ivy.sum(x, axis, keep_dims)
    count = ivy.cast(count, dtype(x))
    return ivy.divide(total, count) if dtype(x) in COMPLEX else truncated_quotient(total, count)


@rule("EuclideanNorm")
def euclidean_norm(x: Value, axis: Ints, *, keep_dims: bool) -> Value:
    squares = ivy.multiply(ivy.conj(x), x) if dtype(x) in COMPLEX else ivy.square(x)
    total = ivy.sum(squares, axis, keep_dims) if axis else squares
    return ivy.sqrt(total) if is_floating(x) or dtype(x) in COMPLEX else to(ivy.sqrt(to(total, f32)), dtype(x))


@rule("L2Loss")
def l2_loss(x: Value) -> Value:
    return ivy.multiply(ivy.sum(ivy.square(x)), number(x, 0.5))


@rule("ArgMax")
def argmax(x: Value, dimension: int, *, output_type: DType) -> Value:
    """tensorflow passes over NaN."""
    if output_type not in (i32, i64):
        return ivy.cast(argmax(x, dimension, output_type=i64), output_type)
    return ivy.argmax(numeric(without_nan(x)), axis_of(dimension, rank(x)), output_type)


@rule("ArgMin")
def argmin(x: Value, dimension: int, *, output_type: DType) -> Value:
    """tensorflow passes over NaN."""
    return ivy.argmin(numeric(without_nan(x, inf)), axis_of(dimension, rank(x)), output_type)


def numeric(x: Value) -> Value:
    return to(x, i32) if dtype(x) == i1 else x


def scan(function: Callable[[Value, int], Value], neutral: Callable[[Value], object]) -> Callable[..., Value]:
    """Return a running reduction along an axis, forwards or backwards, with each element itself or without."""

    def run(x: Value, axis: int, *, exclusive: bool, reverse: bool) -> Value:
        along = axis_of(axis, rank(x))
        turned = ivy.flip(x, (along,)) if reverse else x
        found = function(turned, along)
        found = padded(found, along, 1, -1, neutral(x)) if exclusive else found
        return ivy.flip(found, (along,)) if reverse else found

    return run


rule("Cumsum")(scan(ivy.cumulative_sum, lambda x: 0))
rule("Cumprod")(scan(ivy.cumulative_prod, lambda x: 1))
rule("CumulativeLogsumexp")(scan(ivy.cumulative_logsumexp, lambda x: lowest(dtype(x))))


@rule("TopKV2", ignores="sorted")
def top_k(x: Value, k: Size, *, index_type: DType, importer: FuncGraphImporter) -> tuple[Value, Value]:
    """The `k` largest in order; all of them are a sort."""
    along = rank(x) - 1
    if isinstance(k, int):
        return ivy.topk(x, k, along, index_type)
    if k != importer.dim(x, along):
        raise StaticSizeRequired("the number of elements to choose", k)
    order = ivy.argsort(x, along, index_type, True)
    return ivy.take_along_axis(x, order, along), order


@rule("InTopKV2")
def in_top_k(predictions: Value, targets: Value, k: Value, *, importer: FuncGraphImporter) -> Value:
    """Return whether fewer than `k` predictions are larger than the target's: not where one is not finite.

    A target that is no class is in no top.
    """
    targets = to(targets, i64)
    classes = to(importer.dim(predictions, 1), i64)
    inside = ivy.logical_and(ivy.greater_equal(targets, number(targets, 0)), ivy.less(targets, classes))
    indices = ivy.where(inside, targets, number(targets, 0))
    chosen = ivy.take_along_axis(predictions, ivy.expand_dims(indices, (1,)), 1)
    larger = ivy.sum(to(ivy.greater(predictions, chosen), i32), (1,))
    finite = ivy.all(ivy.isfinite(predictions), (1,))
    return ivy.logical_and(ivy.less(larger, to(k, i32)), ivy.logical_and(finite, inside))


def search(side: str) -> Callable[..., Value]:
    def run(sorted_inputs: Value, values: Value, *, out_type: DType) -> Value:
        return ivy.searchsorted(sorted_inputs, values, out_type, side)

    return run


rule("LowerBound")(search("left"))
rule("UpperBound")(search("right"))


@rule("InvertPermutation")
def invert_permutation(x: Value) -> Value:
    return ivy.argsort(x, 0, dtype(x))


@rule("Unique")
def unique(x: Value, *, out_idx: DType, importer: FuncGraphImporter) -> tuple[Value, Value]:
    return unique_with_counts(x, out_idx=out_idx, importer=importer)[:2]


@rule("UniqueV2")
def unique_along(x: Value, axis: Traced, *, out_idx: DType, importer: FuncGraphImporter) -> tuple[Value, Value]:
    one_axis(x, axis, importer)
    return unique(x, out_idx=out_idx, importer=importer)


@rule("UniqueWithCountsV2")
def unique_with_counts_along(
    x: Value, axis: Traced, *, out_idx: DType, importer: FuncGraphImporter
) -> tuple[Value, ...]:
    one_axis(x, axis, importer)
    return unique_with_counts(x, out_idx=out_idx, importer=importer)


def one_axis(x: Value, axis: Traced, importer: FuncGraphImporter) -> None:
    if rank(x) != 1 or importer.numbers(axis).size > 1:
        raise Unsupported("over several axes")


@rule("UniqueWithCounts")
def unique_with_counts(x: Value, *, out_idx: DType, importer: FuncGraphImporter) -> tuple[Value, ...]:
    """The distinct elements as they are first seen, for each element its place among them, and their counts."""
    keys = numeric(x)
    order = ivy.argsort(keys, 0, i64)
    ordered = ivy.take(keys, order, 0)
    place = counted(importer.dim(x, 0), i64)
    begins = ivy.logical_or(ivy.equal(place, number(place, 0)), ivy.not_equal(ordered, ivy.roll(ordered, (1,), (0,))))
    starts = ivy.squeeze(ivy.nonzero(begins), (1,))
    first_seen = ivy.take(order, starts, 0)
    by_place = ivy.argsort(first_seen, 0, i64)
    values = ivy.take(x, ivy.take(first_seen, by_place, 0), 0)
    group = ivy.subtract(ivy.cumulative_sum(to(begins, i64), 0), number(place, 1))
    place_of_group = ivy.argsort(by_place, 0, i64)
    places = ivy.take(ivy.take(place_of_group, group, 0), ivy.argsort(order, 0, i64), 0)
    counts = ivy.take(ivy.subtract(ends_of(starts, importer.dim(x, 0), importer), starts), by_place, 0)
    return values, to(places, out_idx), to(counts, out_idx)


def ends_of(starts: Value, size: Size, importer: FuncGraphImporter) -> Value:
    """Return the end of each run, of runs that cover `size` elements."""
    count = importer.dim(starts, 0)
    place = counted(count, i64)
    last = ivy.equal(place, to(sizes.subtract(count, 1), i64))
    return ivy.where(last, to(size, i64), ivy.roll(starts, (-1,), (0,)))
