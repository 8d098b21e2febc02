"""Reductions over the rows that share a segment number, and counts."""

from collections.abc import Callable

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import SIGNED, DType, i64
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.ivy.types import dtype as element
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Traced
from mlgraph.frontend.tensorflow.rules.helpers import filled, highest, lowest, to
from mlgraph.frontend.tensorflow.rules.indexing import over_rows
from mlgraph.frontend.tensorflow.rules.registry import rule

MODES: dict[str, tuple[str, Callable[[DType], object]]] = {
    "Sum": ("add", lambda d: 0),
    "Prod": ("multiply", lambda d: 1),
    "Max": ("max", lowest),
    "Min": ("min", highest),
}
"""The function by which a reduction combines two rows, and its result for no rows."""


def segmented(importer: FuncGraphImporter, x: Value, ids: Value, count: Size, kind: str) -> Value:
    """Row i of the result is the reduction of the rows of `x` whose number is i; a negative number drops its row."""
    mode, start = MODES[kind]
    n = rank(ids)
    shape = importer.shape(x)
    rows = ivy.reshape(x, (product(shape[:n]), *shape[n:])) if n != 1 else x
    places = to(ivy.reshape(ids, (-1,)) if n != 1 else ids, i64)
    spare = sizes.add(count, 1) if dtype(ids) in SIGNED else count
    if spare is not count:
        places = ivy.where(ivy.less(places, number(places, 0)), to(count, i64), places)
    empty = filled((spare, *shape[n:]), start(dtype(x)), dtype(x))
    if mode == "add":
        found = ivy.index_put(empty, [places], rows, (0,), True)
    else:
        found = ivy.scatter_along_axis(empty, over_rows(importer, places, rows), rows, 0, mode)
    return found if spare is count else slice_axis(found, 0, 0, count)


def unsorted(kind: str) -> Callable[..., Value]:
    def run(x: Value, ids: Value, count: Size, *, importer: FuncGraphImporter) -> Value:
        return segmented(importer, x, ids, count, kind)

    return run


def in_order(kind: str) -> Callable[..., Value]:
    """Segments without rows give 0, products of none 1."""

    def run(x: Value, ids: Traced, *, importer: FuncGraphImporter) -> Value:
        return counted(x, importer.value(ids), number_of_segments(importer, ids), importer=importer)

    def counted(x: Value, ids: Value, count: Size, *, importer: FuncGraphImporter) -> Value:
        found = segmented(importer, x, ids, count, kind)
        if kind in ("Sum", "Prod"):
            return found
        rows = row_counts(importer, x, ids, count)
        return ivy.where(ivy.equal(rows, number(rows, 0)), number(found, 0), found)

    rule(f"Segment{kind}V2")(counted)
    return run


for kind in MODES:
    rule(f"UnsortedSegment{kind}")(unsorted(kind))
    rule(f"Segment{kind}")(in_order(kind))


@rule("SegmentMean")
def segment_mean(x: Value, ids: Traced, *, importer: FuncGraphImporter) -> Value:
    count = number_of_segments(importer, ids)
    total = segmented(importer, x, importer.value(ids), count, "Sum")
    rows = row_counts(importer, x, importer.value(ids), count)
    return ivy.divide(total, to(ivy.maximum(rows, number(rows, 1)), dtype(x)))


def number_of_segments(importer: FuncGraphImporter, ids: Traced) -> Size:
    """One more than the last number."""
    if (known := importer.known_numbers(ids)) is not None:
        return int(known.max()) + 1 if known.size else 0
    value = importer.value(ids)
    return ivy.to_size(ivy.add(ivy.max(value), number(value, 1)))


def row_counts(importer: FuncGraphImporter, x: Value, ids: Value, count: Size) -> Value:
    """Return the number of rows of each segment, shaped to broadcast against the rows."""
    ones = filled(importer.shape(ids), 1, i64)
    rows = segmented(importer, ones, ids, count, "Sum")
    return ivy.reshape(rows, (-1, *(1,) * (rank(x) - rank(ids))))


@rule("Bincount")
def bincount(x: Value, size: Size, weights: Traced, *, importer: FuncGraphImporter) -> Value:
    return binned(importer, ivy.reshape(x, (-1,)), size, weights)


@rule("DenseBincount")
def dense_bincount(x: Value, size: Size, weights: Traced, *, binary_output: bool, importer: FuncGraphImporter) -> Value:
    if binary_output or rank(x) != 1:
        raise Unsupported("of rows, or of whether a number occurs")
    return binned(importer, x, size, weights)


def binned(importer: FuncGraphImporter, x: Value, size: Size, weights: Traced) -> Value:
    """Count each number below `size`, or add up the weights that stand beside it."""
    given = importer.value(weights)
    empty = importer.shape(given) == (0,)
    each = filled(importer.shape(x), 1, dtype(given)) if empty else ivy.reshape(given, (-1,))
    inside = ivy.less(to(x, i64), to(size, i64))
    return segmented(importer, each, ivy.where(inside, to(x, i64), to(-1, i64)), size, "Sum")


@rule("HistogramFixedWidth")
def histogram(values: Value, value_range: Value, nbins: Size, *, dtype: DType, importer: FuncGraphImporter) -> Value:
    """Counts of `nbins` equal parts of a range; what lies outside counts at its ends."""
    x = ivy.reshape(values, (-1,))
    low, high = (ivy.squeeze(slice_axis(value_range, 0, i, i + 1), (0,)) for i in (0, 1))
    scaled = ivy.divide(ivy.subtract(x, low), ivy.subtract(high, low))
    places = to(ivy.floor(ivy.multiply(scaled, to(nbins, element(scaled)))), i64)
    last = to(sizes.subtract(nbins, 1), i64)
    inside = ivy.maximum(ivy.minimum(places, last), number(places, 0))
    return segmented(importer, filled(importer.shape(x), 1, dtype), inside, nbins, "Sum")
