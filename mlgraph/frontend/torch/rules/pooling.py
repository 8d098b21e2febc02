"""Pooling of ATen: over windows that are strided, adapted to a number of places, or drawn at random."""

# pyright: basic
from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, HALF_PRECISION, f32, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.sizes import product
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import size_of, sizes_of, to
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.nn import batched, each
from mlgraph.frontend.torch.rules.registry import rule


def ceil_padding(size: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """Return the additional padding of the high side in ceil mode; a window that starts in it is dropped."""
    if not ceil_mode:
        return 0
    reach = d * (k - 1) + 1
    places = -(-(size + 2 * p - reach) // s) + 1
    places -= (places - 1) * s >= size + p
    return max((places - 1) * s + reach - size - 2 * p, 0)


def pool_padding(x: SSAValue, k: Any, s: Any, p: Any, d: Any, ceil_mode: bool) -> tuple[int, ...]:
    spatial = shape_of(x)[-len(k) :]
    if ceil_mode and min(spatial) < 0:
        raise StaticSizeRequired("pooling with ceil_mode over a dynamic size", *((x, axis) for axis in last_axes(k)))
    extra = [ceil_padding(*args, ceil_mode) for args in zip(spatial, k, s, p, d)]
    return tuple(side for low, more in zip(p, extra) for side in (low, low + more))


def last_axes(items: Any) -> tuple[int, ...]:
    """Return the last axes, one for each of `items`."""
    return tuple(range(-len(items), 0))


@rule("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def max_pool(
    out: Out,
    x: SSAValue,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> SSAValue:
    n = pool_rank(kernel_size, out)
    k = each(kernel_size, n)
    s, p, d = each(stride or k, n), each(padding, n), each(dilation, n)
    both_sides = pool_padding(x, k, s, p, d, ceil_mode)
    return batched(x, n, lambda y: ivy.max_pool(y, k, s, both_sides, d))


def pool_rank(kernel_size: Any, out: Out) -> int:
    return len(kernel_size) if isinstance(kernel_size, tuple | list) and len(kernel_size) > 1 else max(out.rank - 2, 1)


@rule("max_pool2d_with_indices.default", "max_pool3d_with_indices.default")
def max_pool_with_indices(
    out: Out,
    x: SSAValue,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    n = len(kernel_size)
    s, p, d = each(stride or kernel_size, n), each(padding, n), each(dilation, n)
    sides = pool_padding(x, kernel_size, s, p, d, ceil_mode)
    values = batched(x, n, lambda y: ivy.max_pool(y, kernel_size, s, sides, d))
    places = [strided_places(x, i - n, values, *window) for i, window in enumerate(zip(kernel_size, s, p, d))]
    return values, largest_places(x, places)[1]


def strided_places(x: SSAValue, over: int, pooled: SSAValue, k: int, s: int, p: int, d: int) -> SSAValue:
    """Return the indices that windows read along an axis, (places, window); the first inside stands for outer ones."""
    starts = stepped(size_of(pooled, over), s, -p)
    places = ivy.add(ivy.expand_dims(starts, (1,)), stepped(k, d))
    before = ivy.floor_divide(ivy.subtract(literal(d - 1, i64), starts), literal(d, i64))
    inside = ivy.add(starts, ivy.multiply(ivy.maximum(before, literal(0, i64)), literal(d, i64)))
    outside = ivy.logical_or(ivy.less(places, literal(0, i64)), ivy.greater_equal(places, to(size_of(x, over), i64)))
    return ivy.where(outside, ivy.expand_dims(inside, (1,)), places)


def stepped(count: sizes.Size, step: int, start: int = 0) -> SSAValue:
    """Return `count` numbers from `start` on, `step` apart."""
    steps = ivy.iota((count,), i64)
    steps = steps if step == 1 else ivy.multiply(steps, literal(step, i64))
    return steps if start == 0 else ivy.add(steps, literal(start, i64))


def largest_places(x: SSAValue, places: Sequence[SSAValue]) -> tuple[SSAValue, SSAValue]:
    """Return the largest element of each window, and its index in the flat image, by the last axis first.

    `places` says for each spatial axis where the windows read: (places, window), behind the axes that it shares with
    `x`. torch takes the first of several equals and the last of several NaN.
    """
    flat: SSAValue | None = None
    width: sizes.Size = 1
    spatial = sizes_of(x)[-len(places) :]
    for i in reversed(range(len(places))):
        over = rank(x) - len(places) + i
        own = behind(places[i], over, rank(x))
        seen = windows(x, own, over)
        best = last_missing(seen, over + 1)
        x = ivy.squeeze(ivy.take_along_axis(seen, best, over + 1), (over + 1,))
        place = ivy.take_along_axis(ivy.broadcast_to(own, sizes_of(seen)), best, over + 1)
        place = ivy.multiply(ivy.squeeze(place, (over + 1,)), to(width, i64))
        if flat is not None:
            rest = ivy.take_along_axis(windows(flat, own, over), best, over + 1)
            place = ivy.add(place, ivy.squeeze(rest, (over + 1,)))
        flat, width = place, sizes.multiply(width, spatial[i])
    assert flat is not None
    return x, flat


def behind(places: SSAValue, over: int, n: int) -> SSAValue:
    """Shape `places` (shared axes, places, window) to broadcast against windows along `over` of a rank-`n` array."""
    shared = rank(places) - 2
    axes = (*range(shared, over), *range(over + 2, n + 1))
    return ivy.expand_dims(places, axes) if axes else places


def windows(x: SSAValue, own: SSAValue, over: int) -> SSAValue:
    """Return the elements of `x` along `over` that `own` names, on two axes."""
    places, window = size_of(own, over), size_of(own, over + 1)
    shape = sizes_of(x)
    if all(n == 1 for i, n in enumerate(shape_of(own)) if i not in (over, over + 1)):
        return ivy.take(x, ivy.reshape(own, (places, window)), over)
    flat = ivy.broadcast_to(
        ivy.reshape(own, (*sizes_of(own)[:over], sizes.multiply(places, window), *(1,) * (rank(x) - over - 1))),
        (*shape[:over], sizes.multiply(places, window), *shape[over + 1 :]),
    )
    return ivy.reshape(ivy.take_along_axis(x, flat, over), (*shape[:over], places, window, *shape[over + 1 :]))


def last_missing(x: SSAValue, over: int) -> SSAValue:
    """Return the place of the first of the largest elements along `over`, of the last NaN where there is one."""
    best = ivy.argmax(x, over, i64, True)
    if dtype(x) not in FLOATS:
        return best
    missing = ivy.isnan(x)
    from_end = ivy.argmax(to(ivy.flip(missing, (over,)), i64), over, i64, True)
    last = ivy.subtract(to(sizes.subtract(size_of(x, over), 1), i64), from_end)
    return ivy.where(ivy.any(missing, (over,), True), last, best)


@rule("adaptive_max_pool2d.default", "adaptive_max_pool3d.default")
def adaptive_max_pool(out: Out, x: SSAValue, output_size: Any) -> Any:
    n = len(output_size)
    return largest_places(x, [adaptive_places(size_of(x, i - n), m) for i, m in enumerate(output_size)])


def adaptive_places(size: sizes.Size, count: int) -> SSAValue:
    """Window i goes from floor(i n / m) to ceil((i + 1) n / m); the last place inside stands for those outside."""
    n, m = to(size, i64), literal(max(count, 1), i64)
    starts = ivy.floor_divide(ivy.multiply(stepped(count, 1), n), m)
    ends = ivy.floor_divide(ivy.add(ivy.multiply(stepped(count, 1, 1), n), literal(count - 1, i64)), m)
    widest = sizes.add(sizes.floor_divide(sizes.subtract(sizes.add(size, count), 2), max(count, 1)), 1)
    places = ivy.add(ivy.expand_dims(starts, (1,)), ivy.iota((widest,), i64))
    return ivy.minimum(places, ivy.expand_dims(ivy.subtract(ends, literal(1, i64)), (1,)))


@rule("fractional_max_pool2d.default", "fractional_max_pool3d.default")
def fractional_max_pool(out: Out, x: SSAValue, kernel_size: Any, output_size: Any, random_samples: SSAValue) -> Any:
    """Windows whose starts are drawn for each image and channel; in two dimensions the last axis is drawn first."""
    n = len(kernel_size)
    draws = random_samples if rank(x) == n + 2 else ivy.reshape(random_samples, (-1, n))
    order = list(range(n)) if n == 3 else [1, 0]
    places = [
        fractional_places(ivy.take(draws, literal(order[i], i64), rank(draws) - 1), size_of(x, i - n), k, m)
        for i, (k, m) in enumerate(zip(kernel_size, output_size))
    ]
    return largest_places(x, places)


def fractional_places(sample: SSAValue, size: sizes.Size, k: int, count: int) -> SSAValue:
    """For each sample where `count` windows of `k` read: about equally far apart, the last one at the end."""
    sample = to(sample, f32) if dtype(sample) in HALF_PRECISION else sample
    last = sizes.subtract(size, k)
    ends = ivy.expand_dims(ivy.multiply(ivy.full(sizes_of(sample), 1, i64), to(last, i64)), (-1,))
    if count > 1:
        apart = ivy.divide(to(last, dtype(sample)), number(sample, count - 1))
        scaled = lambda at: to(ivy.trunc(ivy.multiply(at, apart)), i64)  # noqa: E731
        one = ivy.expand_dims(sample, (-1,))
        steps = ivy.subtract(scaled(ivy.add(ivy.iota((count - 1,), dtype(sample)), one)), scaled(one))
        ends = ivy.concat([steps, ends], rank(sample))
    return ivy.add(ivy.expand_dims(ends, (-1,)), ivy.iota((k,), i64))


@rule("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def avg_pool(
    out: Out, x: SSAValue, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None,
) -> SSAValue:  # fmt: skip
    n = pool_rank(kernel_size, out)
    k = each(kernel_size, n)
    s, p, d = each(stride or k, n), each(padding, n), (1,) * n
    sides = pool_padding(x, k, s, p, d, ceil_mode)
    total = batched(x, n, lambda y: ivy.sum_pool(y, k, s, sides))
    if divisor_override is not None:
        return shared(total, number(x, divisor_override))
    uniform = all(a == b for a, b in zip(sides[::2], sides[1::2])) and (count_include_pad or not any(p))
    if uniform:
        return shared(total, number(x, product(k)))
    return shared(total, counts(x, k, s, p, sides, count_include_pad))


def shared(total: SSAValue, count: SSAValue) -> SSAValue:
    """Return the average; that of integers is rounded towards 0."""
    if dtype(total) in FLOATS:
        return ivy.divide(total, count)
    return ivy.multiply(ivy.sign(total), ivy.floor_divide(ivy.abs(total), count))


def counts(x: SSAValue, k: Any, s: Any, p: Any, sides: Any, include: bool) -> SSAValue:
    """Return the number of elements that each window averages over."""
    n = len(k)
    ones = ivy.full((1, 1, *sizes_of(x)[-n:]), 1.0, dtype(x))
    if include:
        low = (0, 0, *p)
        ones = ivy.pad(ones, low, low, number(x, 1))
        sides = tuple(0 if i % 2 == 0 else high - sides[i - 1] for i, high in enumerate(sides))
    return ivy.sum_pool(ones, k, s, sides)


@rule("adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default", "_adaptive_avg_pool2d.default",
      "adaptive_avg_pool3d.default", "_adaptive_avg_pool3d.default")  # fmt: skip
def adaptive_avg_pool(out: Out, x: SSAValue, output_size: Any) -> SSAValue:
    n = len(output_size)
    if all(size == 1 for size in output_size):
        return ivy.mean(x, tuple(range(rank(x) - n, rank(x))), True)
    spatial = shape_of(x)[-n:]
    if min(spatial) < 0:
        raise StaticSizeRequired(
            "adaptive pooling over a dynamic size", *((x, axis) for axis in last_axes(output_size))
        )
    for i, (size, places) in enumerate(zip(spatial, output_size)):
        x = adaptive_axis(x, rank(x) - n + i, size, places)
    return x


def adaptive_axis(x: SSAValue, over: int, size: int, places: int) -> SSAValue:
    """Means of `places` windows along one axis: window i goes from floor(i n / p) to ceil((i + 1) n / p)."""
    if size == places:
        return x
    if size % places == 0:
        shape = sizes_of(x)
        split = ivy.reshape(x, (*shape[:over], places, size // places, *shape[over + 1 :]))
        return ivy.mean(split, (over + 1,))
    bounds = [(i * size // places, -(-(i + 1) * size // places)) for i in range(places)]
    return ivy.concat([ivy.mean(sliced(x, over, a, b), (over,), True) for a, b in bounds], over)
