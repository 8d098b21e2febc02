"""Rules for numpy where an operation's template is too little."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as index_sizes
from mlgraph.dialects.backend import backend
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import HALF_PRECISION, INTEGERS, DType, bf16, f32, i32, i64, tensor
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import move_axis, number, permuted
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, normal_axis, rank, shape_of, sized
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.rules import Rules
from mlgraph.transforms.lower_ivy.shared import (
    SPECIAL,
    at,
    continued,
    lowest_of,
    pooled,
    size,
    sizes,
    slices,
    subscript,
    typed,
    whole_power,
)

rule = Rules()
NUMPY = backend("numpy")
np, scipy = NUMPY.np, NUMPY.scipy

# Element types: numpy sums float16 and bfloat16 in their own precision, has no special functions or linear algebra of
# them, and ml_dtypes sorts no NaN.

rule.widen(
    HALF_PRECISION, f32,
    ivy.erf, ivy.erfc, ivy.erfinv, ivy.lgamma, ivy.digamma, ivy.sigmoid, ivy.silu, ivy.gelu, ivy.softplus, ivy.elu,
    ivy.hardswish, ivy.softmax, ivy.log_softmax, ivy.linear, ivy.batch_norm, ivy.layer_norm, ivy.attention,
    ivy.sum, ivy.prod, ivy.mean, ivy.var, ivy.std, ivy.logsumexp, ivy.cumulative_sum, ivy.cumulative_prod,
    ivy.cumulative_logsumexp, ivy.matmul, ivy.einsum, ivy.dot_general, ivy.inv, ivy.det, ivy.cholesky, ivy.solve,
    ivy.triangular_solve, ivy.qr, ivy.eigh, ivy.svd, ivy.slogdet, ivy.lu, ivy.expm, ivy.householder_product,
    ivy.reflect, ivy.conv, ivy.conv_transpose, ivy.sum_pool,
)  # fmt: skip
rule.widen(HALF_PRECISION, f32, *SPECIAL)
rule.widen((bf16,), f32, ivy.clip, ivy.sort, ivy.argsort, ivy.topk, ivy.searchsorted)


@rule(ivy.stop_gradient)
@rule(ivy.optimization_barrier)
def stop_gradient(x: Value) -> Value:
    return x


@rule(ivy.lgamma)
def lgamma(x: Value) -> Value:
    """scipy gives minus infinity at minus infinity."""
    return np.where(np.isinf(x), number(x, float("inf")), scipy.special.gammaln(x))


@rule(ivy.lu)
def lu(x: Value) -> tuple[Value, Value, Value]:
    """scipy takes no batches of no matrices."""
    *batch, m, n = shape_of(x)
    exchanged = tensor((*batch, min(m, n) if UNKNOWN not in (m, n) else UNKNOWN), i32)
    if 0 in batch:
        count = index_sizes.minimum(size(x, -2), size(x, -1))
        packed, exchanges = x, ivy.full((*sizes(x)[:-2], count), 0, i32)
    else:
        packed, found = scipy.linalg.lu_factor.several(2, x, check_finite=False)
        exchanges = np.ndarray.astype(found, i32)
    exchanges = typed(exchanges, exchanged)
    return packed, exchanges, ivy.row_order(exchanges, (size(x, -2),))


@rule(ivy.triangular_solve)
def triangular_solve(x1: Value, x2: Value, lower: bool, unit_diagonal: bool = False) -> Value | None:
    """scipy takes no batches of no matrices: their solutions are as many."""
    return x2 if 0 in shape_of(x1)[:-2] else None


@rule(ivy.pow)
def pow(x1: Value, x2: Value) -> Value | None:
    return whole_power(x1, x2, np.power)


# Python's subscripts, and writes into a copy


def copied(x: Value) -> Value:
    """Return a copy to write into: no other copy may replace it."""
    return typed(NUMPY.call("numpy.copy", (x,), {}, effect=True)[0], x.type)


def write(x: Value, index: Sequence[Any], values: Value) -> None:
    """Write `x[index] = values`."""
    place = index[0] if len(index) == 1 else tuple(index)
    NUMPY.call("operator.setitem", (x, place, values), {}, results=0, effect=True)


def write_with(ufunc: str, x: Value, index: Sequence[Any], values: Value) -> None:
    """Call `np.add.at(x, index, values)`: values for one place are combined."""
    place = index[0] if len(index) == 1 else tuple(index)
    NUMPY.call(f"numpy.{ufunc}.at", (x, place, values), {}, results=0, effect=True)


@rule(ivy.slice)
def slice_(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return subscript(x, starts, stops, steps, NUMPY)


@rule(ivy.slice_update)
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    result = copied(x)
    write(result, slices(starts, stops, steps) or (Ellipsis,), update)
    return result


def clamped(start: Value, size: Size, length: Size) -> Value:
    """Clamp `start` so that `length` elements of `size` fit behind it, as a Python int."""
    found = NUMPY.call("builtins.int", (np.clip(start, 0, index_sizes.subtract(size, length)),), {})[0]
    found.name_hint = "start"
    return found


def windows_from(x: Value, starts: Values, lengths: Sequence[Size]) -> list[slice]:
    """Return the slices of `lengths` that begin at `starts`."""
    index: list[slice] = []
    for axis, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        if isinstance(length, int) and length == shape_of(x)[axis]:
            index.append(slice(None))
            continue
        begin = clamped(start, size(x, axis), length)
        index.append(slice(begin, NUMPY.call("operator.add", (begin, length), {})[0]))
    return index


@rule(ivy.dynamic_slice)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Value:
    return at(x, windows_from(x, starts, sizes), NUMPY)


@rule(ivy.dynamic_update_slice)
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Value:
    result = copied(x)
    write(result, windows_from(x, starts, sizes(update)), update)
    return result


@rule(ivy.windows)
def sliding_windows(x: Value, axis: int, length: int, step: int) -> Value | None:
    """numpy refuses windows that are longer than the axis."""
    over, n = normal_axis(axis, rank(x)), rank(x) + 1
    if UNKNOWN != shape_of(x)[over] < length:
        return None
    found = np.lib.stride_tricks.sliding_window_view(x, length, over, writeable=True)
    return subscript(found, (0,) * n, (TO_END,) * n, tuple(step if i == over else 1 for i in range(n)), NUMPY)


# Indices


def places(indices: Values, axes: Ints) -> list[Any]:
    """Return the index `[:, i, j]` for indices of the axes 1 and 2."""
    index: list[Any] = [slice(None)] * (axes[-1] + 1)
    for axis, i in zip(axes, indices, strict=True):
        index[axis] = i
    return index


@rule(ivy.index)
def index(x: Value, indices: Values, axes: Ints) -> Value:
    return at(x, places(indices, axes), NUMPY)


@rule(ivy.index_put)
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Value:
    result = copied(x)
    if accumulate:
        write_with("add", result, places(indices, axes), values)
    else:
        write(result, places(indices, axes), values)
    return result


def same_but(axis: int, x: Value, indices: Value) -> bool:
    """Return whether `x` and `indices` are known to have the same sizes along all other axes."""
    pairs = [pair for a, pair in enumerate(zip(shape_of(x), shape_of(indices), strict=True)) if a != axis]
    return all(n == m != UNKNOWN for n, m in pairs)


@rule(ivy.take_along_axis)
def take_along_axis(x: Value, indices: Value, axis: int) -> Value | None:
    """numpy broadcasts `x` against larger or smaller indices along the other axes."""
    axis = normal_axis(axis, rank(x))
    if same_but(axis, x, indices):
        return None
    part = at(x, [slice(None) if a == axis else slice(size(indices, a)) for a in range(rank(x))], NUMPY)
    return np.take_along_axis(part, indices, axis=axis)


@rule(ivy.scatter_along_axis)
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Value:
    axis = normal_axis(axis, rank(x))
    result = copied(x)
    if mode == "set" and same_but(axis, x, indices):
        NUMPY.call("numpy.put_along_axis", (result, indices, values, axis), {}, results=0, effect=True)
        return result
    grid = list(np.indices.several(rank(x), tuple(sizes(indices)), sparse=True)) if rank(x) > 1 else [indices]
    grid[axis] = indices
    if mode == "set":
        write(result, grid, values)
    else:
        write_with({"max": "maximum", "min": "minimum"}.get(mode, mode), result, grid, values)
    return result


# Padding


@rule(ivy.pad)
def pad(x: Value, low: Shape, high: Shape, value: Value) -> Value:
    """numpy does not cut off."""
    widths = tuple((positive(a), positive(b)) for a, b in zip(low, high, strict=True))
    if any(n != 0 for pair in widths for n in pair):
        constant = number_of(value) if dtype(value) != bf16 else None
        (wide,) = ivy.pad.infer(x=x, low=[a for a, _ in widths], high=[b for _, b in widths], value=value)
        x = typed(np.pad(x, widths, constant_values=value if constant is None else constant), wide)
    starts = [positive(index_sizes.subtract(0, a)) for a in low]
    cuts = [positive(index_sizes.subtract(0, b)) for b in high]
    stops = [index_sizes.subtract(size(x, i), cut) if cut != 0 else TO_END for i, cut in enumerate(cuts)]
    return subscript(x, starts, stops, (1,) * rank(x), NUMPY)


def positive(size: Size) -> Size:
    """Return a size, 0 for a negative one."""
    return index_sizes.maximum(size, 0)


def continued_in_numpy(x: Value, low: Ints, high: Ints, mode: str) -> Value:
    """Continue by indices where pads are negative: numpy does not cut these off."""
    if min((*low, *high), default=0) >= 0:
        return np.pad(x, tuple(zip(low, high, strict=True)), mode=mode)
    return continued(x, low, high, mode)


@rule(ivy.pad_reflect)
def pad_reflect(x: Value, low: Ints, high: Ints) -> Value:
    return continued_in_numpy(x, low, high, "reflect")


@rule(ivy.pad_edge)
def pad_edge(x: Value, low: Ints, high: Ints) -> Value:
    return continued_in_numpy(x, low, high, "edge")


# Sorting: numpy has no descending order, and an order turned round is not stable: places are counted from the end.


@rule(ivy.sort)
def sort(x: Value, axis: int, descending: bool = False) -> Value:
    found = np.sort(x, axis=axis)
    return np.flip(found, axis=axis) if descending else found


def as_indices(found: Value, dtype: DType) -> Value:
    """Cast indices, which numpy gives in int64, to the type asked for."""
    return found if dtype == i64 else np.ndarray.astype(found, dtype)


@rule(ivy.vector_norm)
def vector_norm(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value:
    return ivy.sqrt(ivy.sum(ivy.square(x), axis, keepdims))


@rule(ivy.embedding)
def embedding(weight: Value, indices: Value, padding: int) -> Value:
    return ivy.take(weight, indices, 0)


@rule(ivy.argmax)
def argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return as_indices(np.argmax(x, axis=axis, **({"keepdims": True} if keepdims else {})), dtype)


@rule(ivy.argmin)
def argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return as_indices(np.argmin(x, axis=axis, **({"keepdims": True} if keepdims else {})), dtype)


@rule(ivy.argsort)
def argsort(x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True) -> Value:
    if not descending:
        return as_indices(np.argsort(x, axis=axis, stable=True), dtype)
    found = np.argsort(np.flip(x, axis=axis), axis=axis, stable=True)
    last = index_sizes.subtract(size(x, axis), 1)
    return as_indices(np.flip(np.subtract(last, found), axis=axis), dtype)


@rule(ivy.topk)
def topk(x: Value, k: int, axis: int, dtype: DType, largest: bool = True, stable: bool = True) -> tuple[Value, Value]:
    order = ivy.argsort(x, axis, i64, largest)
    first = [slice(None)] * normal_axis(axis, rank(x)) + [slice(k)]
    found = at(order, first, NUMPY)
    return np.take_along_axis(x, found, axis=axis), as_indices(found, dtype)


@rule(ivy.searchsorted)
def searchsorted(x1: Value, x2: Value, dtype: DType, side: str = "left") -> Value | None:
    """numpy searches one row."""
    if rank(x1) != 1:
        return None
    return as_indices(np.searchsorted(x1, x2, side=side), dtype)


# Products


@rule(ivy.einsum)
def einsum(xs: Values, equation: str) -> Value | None:
    """numpy's own loops over elements: a product of two goes by matmul instead, one of several in a good order."""
    inputs, _, output = equation.partition("->")
    letters = inputs.split(",")
    if len(xs) > 2:
        return np.einsum(equation, *xs, optimize=True)
    if len(xs) < 2 or any(len(set(word)) != len(word) for word in letters):
        return None
    first, second = letters
    summed = {a for a in first + second if a not in output}
    if any(a not in first or a not in second for a in summed):
        return None
    batch = [a for a in first if a in second and a in output]
    pairs = [a for a in first if a in summed]
    product = ivy.dot_general(xs[0], xs[1], *axes_of(pairs, first, second), *axes_of(batch, first, second))
    found = [*batch, *(a for a in first + second if a not in summed and a not in batch)]
    return permuted(product, [found.index(a) for a in output])


def axes_of(chosen: Sequence[str], *words: str) -> tuple[Ints, ...]:
    """Return the places of the chosen letters in each word."""
    return tuple(tuple(word.index(letter) for letter in chosen) for word in words)


@rule(ivy.dot_general)
def dot_general(x1: Value, x2: Value, contract1: Ints, contract2: Ints, batch1: Ints, batch2: Ints) -> Value:
    if not batch1:
        return np.tensordot(x1, x2, axes=(contract1, contract2))
    rest1 = tuple(a for a in range(rank(x1)) if a not in (*contract1, *batch1))
    rest2 = tuple(a for a in range(rank(x2)) if a not in (*contract2, *batch2))
    a = gathered(x1, batch1, rest1, contract1)
    b = gathered(x2, batch2, contract2, rest2)
    product = ivy.matmul(a, b)
    if len(rest1) == len(rest2) == 1:
        return product
    shape = [size(x1, i) for i in (*batch1, *rest1)] + [size(x2, i) for i in rest2]
    return ivy.reshape(product, shape)


def gathered(x: Value, batch: Ints, *groups: Ints) -> Value:
    """Return `x` with the batch axes first, then one axis for each group of axes."""
    moved = permuted(x, (*batch, *groups[0], *groups[1]))
    if all(len(group) == 1 for group in groups):
        return moved
    return ivy.reshape(moved, [size(x, a) for a in batch] + [total(size(x, a) for a in group) for group in groups])


def total(numbers: Iterable[Size]) -> Size:
    """Return the product of sizes."""
    return reduce(index_sizes.multiply, numbers, 1)


# Convolution and pooling: windows are views, products of matrices do the work

MAX_SLICED_WINDOW = 8
"""Windows of up to so many places an axis are combined slice by slice, 20 times as fast as along the axes of a view."""


def windows(x: Value, window: Sequence[Size], stride: Ints, dilation: Ints) -> Value:
    """Return a view of `x` (N, C, *places, *window) with every place of a window on the spatial axes."""
    spans = tuple(span(k, d) for k, d in zip(window, dilation, strict=True))
    seen = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(2, rank(x))))
    return stepped(seen, (1, 1, *stride, *dilation))


def stepped(x: Value, steps: Ints) -> Value:
    """Return `x[::step, ...]`."""
    index = slices([0] * len(steps), [TO_END] * len(steps), steps)
    return at(x, index, NUMPY) if index else x


def span(window: Size, dilation: int) -> Size:
    """Return the reach of a window."""
    if dilation == 1:
        return window
    return index_sizes.add(index_sizes.multiply(index_sizes.subtract(window, 1), dilation), 1)


def spatial_sizes(x: Value) -> list[Size]:
    """Return the sizes of the spatial axes."""
    return [size(x, axis) for axis in range(2, rank(x))]


def padded(x: Value, padding: Ints, value: float) -> Value:
    """Pad the spatial axes of `x`."""
    if not any(padding):
        return x
    return ivy.pad(x, (0, 0, *padding[::2]), (0, 0, *padding[1::2]), number(x, value))


@rule(ivy.conv)
def conv(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Value:
    """The windows of each place as a column, times the weight of each output channel as a row."""
    n, x = len(stride), padded(x, padding, 0)
    window = spatial_sizes(weight)
    places = [
        index_sizes.add(index_sizes.floor_divide(index_sizes.subtract(m, span(k, d)), s), 1)
        for m, k, s, d in zip(spatial_sizes(x), window, stride, dilation, strict=True)
    ]
    batch, channels, out = size(x, 0), size(x, 1), size(weight, 0)
    grouped = [groups] if groups != 1 else []
    if set(window) == {1}:
        seen = stepped(x, (1, 1, *stride))
    else:
        seen = windows(x, window, stride, dilation)
        seen = np.transpose(seen, (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)))
    height = total([index_sizes.floor_divide(channels, groups), *window])
    columns = np.reshape(seen, (batch, *grouped, height, total(places)))
    rows = np.reshape(weight, (*grouped, index_sizes.floor_divide(out, groups), height))
    result = np.reshape(np.matmul(rows, columns), (batch, out, *places))
    return result if bias is None else np.add(result, over_places(bias, n))


def over_places(v: Value, n: int) -> Value:
    """Reshape a vector of channels to broadcast against N, C, ..."""
    return at(v, (slice(None), *[None] * n), NUMPY) if n else v


@rule(ivy.conv_transpose)
def conv_transpose(
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    dilation: Ints,
    groups: int = 1,
) -> Value:
    """The convolution, with the kernel turned round, of `x` with zeros between its elements."""
    n, reach = (
        len(stride),
        [index_sizes.subtract(span(k, d), 1) for k, d in zip(spatial_sizes(weight), dilation, strict=True)],
    )
    low = [index_sizes.subtract(r, a) for r, a in zip(reach, padding[::2], strict=True)]
    high = [
        index_sizes.add(index_sizes.subtract(r, b), extra)
        for r, b, extra in zip(reach, padding[1::2], output_padding, strict=True)
    ]
    spread_out = ivy.pad(spread(x, stride), (0, 0, *low), (0, 0, *high), number(x, 0))
    kernel = ivy.flip(by_output(weight, groups), tuple(range(2, 2 + n)))
    ones, zeros = (1,) * n, (0, 0) * n
    return ivy.conv(spread_out, kernel, bias, ones, zeros, dilation, groups)


def spread(x: Value, stride: Ints) -> Value:
    """Put `stride - 1` zeros between the elements of `x` along each spatial axis."""
    if set(stride) == {1}:
        return x
    wide = [span(m, s) for m, s in zip(spatial_sizes(x), stride, strict=True)]
    shape: list[Size] = [size(x, 0), size(x, 1), *wide]
    zeros = NUMPY.call("numpy.zeros", (tuple(shape),), {"dtype": dtype(x)}, effect=True)[0]
    result = typed(zeros, tensor(sized(shape), dtype(x)))
    write(result, [slice(None)] * 2 + [slice(None, None, s) for s in stride], x)
    return result


def by_output(weight: Value, groups: int) -> Value:
    """Reorder (C, O / groups, ...) to (O, C / groups, ...)."""
    if groups == 1:
        return move_axis(weight, 1, 0)
    channels, out, *window = sizes(weight)
    inner = index_sizes.floor_divide(channels, groups)
    apart = move_axis(ivy.reshape(weight, (groups, inner, out, *window)), 2, 1)
    return ivy.reshape(apart, (index_sizes.multiply(out, groups), inner, *window))


@rule(ivy.max_pool)
def max_pool(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    x = padded(x, padding, lowest_of(dtype(x)))
    if shape_of(x)[2:] == window:
        return ivy.max(x, tuple(range(2, rank(x))), True)
    if max(window) <= MAX_SLICED_WINDOW:
        return pooled(x, window, stride, dilation, ivy.maximum)
    return np.max(windows(x, window, stride, dilation), axis=tuple(range(-len(window), 0)))


@rule(ivy.sum_pool)
def sum_pool(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    x, dilation = padded(x, padding, 0), (1,) * len(window)
    if shape_of(x)[2:] == window:
        return ivy.sum(x, tuple(range(2, rank(x))), True)
    if max(window) <= MAX_SLICED_WINDOW:
        return pooled(x, window, stride, dilation, ivy.add)
    integer = {"dtype": dtype(x)} if dtype(x) in INTEGERS else {}
    return np.sum(windows(x, window, stride, dilation), axis=tuple(range(-len(window), 0)), **integer)
