"""Rules for torch where an operation's template is too little."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as index_sizes
from mlgraph.dialects.backend import Callee, CallOp, backend
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import (
    FLOATS,
    HALF_PRECISION,
    INTEGERS,
    DType,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
    tensor,
    ui8,
    ui16,
    ui32,
    ui64,
)
from mlgraph.dialects.ivy.manipulation import TO_END, slice_size
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, is_complex, normal_axes, normal_axis, rank, shape_of
from mlgraph.dialects.literals import Operand
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.rules import Rules
from mlgraph.transforms.lower_ivy.shared import SPECIAL, at, lowest_of, pooled, size, sizes, subscript, typed
from mlgraph.transforms.lower_ivy.shared import continued as by_indices

rule = Rules()
TORCH = backend("torch")
torch, F, Tensor = TORCH.torch, TORCH.F, TORCH.torch.Tensor

# Element types. torch has few kernels for the wide unsigned integers, and none for numbers in bool.

MOVES = (
    ivy.take, ivy.take_along_axis, ivy.flip, ivy.tril, ivy.triu, ivy.pad, ivy.pad_edge, ivy.pad_reflect, ivy.index,
    ivy.index_put, ivy.slice_update, ivy.dynamic_slice, ivy.dynamic_update_slice,
)  # fmt: skip
RING = (
    ivy.add, ivy.subtract, ivy.pow, ivy.negative, ivy.square, ivy.bitwise_invert, ivy.bitwise_left_shift, ivy.sum,
    ivy.prod, ivy.cumulative_sum, ivy.cumulative_prod, ivy.matmul, ivy.addmm, ivy.einsum, ivy.linear, ivy.sum_pool,
)  # fmt: skip
"""Operations that are the same in wrapping signed and unsigned integers."""
ORDERED = (
    ivy.floor_divide, ivy.remainder, ivy.fmod, ivy.maximum, ivy.minimum, ivy.clip, ivy.abs, ivy.sign, ivy.relu,
    ivy.less, ivy.less_equal, ivy.greater, ivy.greater_equal, ivy.bitwise_right_shift, ivy.max, ivy.min,
    ivy.max_and_argmax, ivy.min_and_argmin, ivy.argmax, ivy.argmin, ivy.cumulative_max, ivy.cumulative_min,
    ivy.max_pool, ivy.searchsorted, ivy.sort_and_argsort, ivy.topk,
)  # fmt: skip
rule.widen((ui16, ui32), i64, *MOVES, *RING, *ORDERED, ivy.scatter_along_axis)
rule.widen((ui64,), i64, *MOVES, *RING)
rule.refuse((ui64,), *ORDERED, ivy.scatter_along_axis)
rule.widen((ui16, ui32, ui64), i64, ivy.conv)
rule.widen((i8, i16, i32, ui8, ui16, ui32, ui64), i64, ivy.conv_transpose)
rule.widen((i1,), ui8, ivy.argmax, ivy.argmin)
rule.widen(HALF_PRECISION, f32, *SPECIAL)
rule.widen(
    HALF_PRECISION, f32,
    ivy.inv, ivy.det, ivy.cholesky, ivy.solve, ivy.triangular_solve, ivy.qr, ivy.eigh, ivy.svd, ivy.slogdet, ivy.lu,
    ivy.expm, ivy.householder_product, ivy.reflect,
)  # fmt: skip


# Elementwise


@rule(ivy.optimization_barrier)
def optimization_barrier(x: Value) -> Value:
    return x


@rule(ivy.sign)
def sign(x: Value) -> Value:
    """torch's sign of NaN is 0."""
    if is_complex(dtype(x)):
        return torch.sgn(x)
    if dtype(x) not in FLOATS:
        return torch.sign(x)
    return torch.where(torch.isnan(x), x, torch.sign(x))


@rule(ivy.clip)
def clip(x: Value, low: Value, high: Value) -> Value | None:
    """Both bounds must be of one kind, numbers or arrays; a number that is NaN is no bound."""
    numbers: list[Any] = [number_of(low), number_of(high)]
    if None in numbers or any(map(isnan, numbers)):
        return None
    return torch.clamp(x, min=numbers[0], max=numbers[1])


@rule(ivy.multiply)
def multiply(x1: Value, x2: Value) -> Value | None:
    """`x * x * x` in one pass over memory, by the product that `torch.pow` has for it."""
    square = x1.owner
    if dtype(x1) not in (f32, f64) or not isinstance(square, CallOp) or square.callee.data != "torch.mul":
        return None
    twice = square.arguments.data.positional == (Operand(0), Operand(0)) and square.inputs[0] is x2
    return torch.pow(x2, 3) if twice and x1.has_one_use() else None


@rule(ivy.softplus)
def softplus(x: Value) -> Value | None:
    """torch gives `x` itself above 20, which float64 tells apart."""
    return F.softplus(x, threshold=40) if dtype(x) == f64 else None


@rule(ivy.orthogonal_polynomial)
def orthogonal_polynomial(x1: Value, x2: Value, family: str) -> Value:
    return Callee(TORCH, f"torch.special.{family}")(x1, x2)


# Creation


@rule(ivy.arange)
def arange(start: float, stop: float, step: float, dtype: DType) -> Value | None:
    """torch raises where nothing lies between `start` and `stop`, and counts in few types."""
    if (stop - start) * step < 0:
        return torch.empty((0,), dtype=dtype)
    if dtype in (ui16, ui32, ui64):
        return ivy.cast(ivy.arange(start, stop, step, i64), dtype)
    if dtype in INTEGERS and all(bound.is_integer() for bound in (start, stop, step)):
        return torch.arange(int(start), int(stop), int(step), dtype=dtype)
    return None


@rule(ivy.iota)
def iota(size: Shape, dtype: DType) -> Value | None:
    return ivy.cast(ivy.iota(size, i64), dtype) if dtype in (ui16, ui32, ui64) else None


@rule(ivy.eye)
def eye(rows: Shape, columns: Shape, dtype: DType) -> Value | None:
    return ivy.cast(ivy.eye(rows, columns, i64), dtype) if dtype in (ui16, ui32, ui64) else None


# Reductions


def over_no_axis(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value | None:
    """Return `x` where there is no axis: torch takes none for all."""
    return x if axis == () else None


for row in (ivy.max, ivy.min, ivy.all, ivy.any, ivy.logsumexp):
    rule(row)(over_no_axis)


@rule(ivy.sum)
def sum(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value | None:
    """torch wants axes where it is to keep them."""
    return ivy.sum(x, all_axes(x), True) if axis is None and keepdims else over_no_axis(x, axis)


@rule(ivy.mean)
def mean(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value | None:
    return ivy.mean(x, all_axes(x), True) if axis is None and keepdims else over_no_axis(x, axis)


def all_axes(x: Value) -> Ints:
    return tuple(range(rank(x)))


@rule(ivy.prod)
def prod(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Value:
    """torch multiplies over one axis or over all."""
    integer = {"dtype": dtype(x)} if dtype(x) in INTEGERS else {}
    if axis is None and not keepdims:
        return torch.prod(x, **integer)
    kept = {"keepdim": True} if keepdims else {}
    for a in sorted(normal_axes(axis, rank(x)), reverse=True):
        x = torch.prod(x, dim=a, **kept, **integer)
    return x


# Shapes


@rule(ivy.expand_dims)
def expand_dims(x: Value, axis: Ints) -> Value:
    if len(axis) == 1:
        return torch.unsqueeze(x, axis[0])
    places = normal_axes(axis, rank(x) + len(axis))
    index = [None if i in places else slice(None) for i in range(max(places, default=-1) + 1)]
    return at(x, index, TORCH) if index else x


@rule(ivy.slice)
def slice_(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return subscript(x, starts, stops, steps, TORCH)


@rule(ivy.pad)
def pad(x: Value, low: Shape, high: Shape, value: Value) -> Value:
    """The value is a Python float to torch: where that is not exact, a padded mask tells where it goes."""
    pads = from_the_last(low, high)
    number: Any = number_of(value)
    if not pads:
        return x
    if exact(number):
        return F.pad(x, pads) if number == 0 else F.pad(x, pads, value=number)
    inside = F.pad(torch.ones_like(x, dtype=i1), pads)
    return torch.where(inside, F.pad(x, pads), value)


def exact(number: Any) -> bool:
    """Return whether a Python float holds the number."""
    return isinstance(number, bool | int | float) and (float(number) == number or number != number)


def from_the_last(low: Sequence[Size], high: Sequence[Size]) -> tuple[Size, ...]:
    """Reverse pads to torch's order; the first axes that have none are left out."""
    pairs = list(zip(low, high, strict=True))
    while pairs and pairs[0] == (0, 0):
        pairs.pop(0)
    return tuple(n for pair in reversed(pairs) for n in pair)


@rule(ivy.pad_reflect)
def pad_reflect(x: Value, low: Ints, high: Ints) -> Value:
    return continued(x, low, high, "reflect")


@rule(ivy.pad_edge)
def pad_edge(x: Value, low: Ints, high: Ints) -> Value:
    return continued(x, low, high, "replicate")


def continued(x: Value, low: Ints, high: Ints, mode: str) -> Value:
    """Let torch extend floats on the last one, two or three axes behind one or two; all else goes by indices."""
    pads = from_the_last(low, high)
    before = rank(x) - len(pads) // 2
    if not pads:
        return x
    if dtype(x) in FLOATS and len(pads) <= 6 and before <= 2:
        return F.pad(x, pads, mode=mode) if before else at(F.pad(torch.unsqueeze(x, 0), pads, mode=mode), [0], TORCH)
    return by_indices(x, low, high, mode)


# Indexing


def whole(indices: Value) -> Value:
    """Cast indices to a type that torch reads as places: uint8 is a mask to it, smaller integers are refused."""
    return indices if dtype(indices) in (i32, i64) else ivy.cast(indices, i64)


@rule(ivy.take)
def take(x: Value, indices: Value, axis: int) -> Value:
    along = normal_axis(axis, rank(x))
    if rank(indices) == 1:
        return torch.index_select(x, along, whole(indices))
    if along == 0 and rank(x) == 2:
        return F.embedding(whole(indices), x)
    return at(x, (*[slice(None)] * along, whole(indices)), TORCH)


@rule(ivy.take_along_axis)
def take_along_axis(x: Value, indices: Value, axis: int) -> Value:
    """torch takes int32 as well, but reads it for int64 where the indices were broadcast."""
    return torch.gather(x, axis, ivy.cast(indices, i64) if dtype(indices) != i64 else indices)


@rule(ivy.index)
def index(x: Value, indices: Values, axes: Ints) -> Value:
    found: list[Any] = [slice(None)] * (axes[-1] + 1)
    for axis, i in zip(axes, indices, strict=True):
        found[axis] = whole(i)
    return at(x, found, TORCH)


@rule(ivy.index_put)
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Value:
    found = tuple(ivy.cast(i, i64) if dtype(i) != i64 else i for i in indices)
    more = {"accumulate": True} if accumulate else {}
    return torch.index_put(x, first_axes(x, found, axes), values, **more)


def first_axes(x: Value, indices: Values, axes: Ints) -> tuple[Value, ...]:
    """Return `indices` of `axes`, and between them counts of the other axes: torch puts at the first axes only.

    All broadcast to the shape in which `ivy.index` gives those axes.
    """
    skipped = [a for a in range(axes[-1]) if a not in axes]
    together = max(rank(i) for i in indices)
    inside = axes != tuple(range(axes[0], axes[-1] + 1))
    found = dict(zip(axes, (trailing(i, len(skipped)) if inside else i for i in indices), strict=True))
    for place, axis in enumerate(skipped):
        ones = len(skipped) - place - 1 + (0 if inside else together)
        found[axis] = trailing(ivy.iota((size(x, axis),), i64), ones)
    return tuple(found[a] for a in sorted(found))


def trailing(x: Value, ones: int) -> Value:
    """Append axes of size 1 to `x`."""
    return ivy.expand_dims(x, tuple(range(-ones, 0))) if ones else x


@rule(ivy.scatter_along_axis)
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Value:
    found = ivy.cast(indices, i64) if dtype(indices) != i64 else indices
    if mode == "set":
        return torch.scatter(x, axis, found, values)
    if mode == "add":
        return torch.scatter_add(x, axis, found, values)
    reduce = {"multiply": "prod", "max": "amax", "min": "amin"}[mode]
    return torch.scatter_reduce(x, axis, found, values, reduce=reduce, include_self=True)


WHOLE = (0, TO_END, 1)
"""The start, stop and step of a whole axis."""


@rule(ivy.slice_update)
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    bounds = dict(enumerate(zip(starts, stops, steps, strict=True)))
    cut = {axis: bound for axis, bound in bounds.items() if not _takes_all(bound, shape_of(x)[axis])}
    if cut:
        return put_slices(x, update, cut)
    return update if shape_of(update) == shape_of(x) else ivy.broadcast_to(update, sizes(x))


def _takes_all(bound: tuple[Size, Size, int], length: int) -> bool:
    return bound == WHOLE or (length != UNKNOWN and bound == (0, length, 1))


def put_slices(x: Value, update: Value, cut: Mapping[int, tuple[Size, Size, int]]) -> Value:
    """Update the slice along the first axis in the other axes, then put it back: torch puts along one axis."""
    axis, *rest = cut
    start, stop, step = cut[axis]
    if rest:
        update = put_slices(slice_axis(x, axis, start, stop, step), update, {a: cut[a] for a in rest})
    elif UNKNOWN in shape_of(update) or shape_of(update) != slice_shape(x, axis, cut[axis]):
        update = Tensor.expand_as(update, slice_axis(x, axis, start, stop, step))
    given = {"start": start or None, "end": None if stop == TO_END else stop, "step": None if step == 1 else step}
    found = torch.slice_scatter(x, update, dim=axis, **{name: n for name, n in given.items() if n is not None})
    return typed(found, x.type)


def slice_shape(x: Value, axis: int, bound: tuple[Size, Size, int]) -> tuple[int, ...]:
    """Return the shape of a slice along `axis`."""
    size = slice_size(shape_of(x)[axis], *bound)
    return (*shape_of(x)[:axis], size, *shape_of(x)[axis + 1 :])


def clamped(start: Value, size: Size, length: Size) -> Value:
    """Clamp `start` so that `length` elements of `size` fit behind it."""
    return typed(torch.clamp(whole(start), min=0, max=index_sizes.subtract(size, length)), tensor((), i64))


def fills(x: Value, axis: int, length: Size) -> bool:
    """Return whether `length` is known to be all of `x` along `axis`."""
    return isinstance(length, int) and shape_of(x)[axis] == length


@rule(ivy.dynamic_slice)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Value:
    part = x
    for axis, (start, length) in enumerate(zip(starts, sizes, strict=True)):
        if not fills(x, axis, length):
            part = torch.narrow(part, axis, clamped(start, size(x, axis), length), length)
    return part


@rule(ivy.dynamic_update_slice)
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Value:
    lengths = sizes(update)
    moved = [axis for axis, length in enumerate(lengths) if not fills(x, axis, length)]
    if not moved:
        return update
    places: list[Value] = []
    for axis in range(moved[-1] + 1):
        place = ivy.iota((lengths[axis],), i64)
        if axis in moved:
            place = ivy.add(clamped(starts[axis], size(x, axis), lengths[axis]), place)
        places.append(trailing(place, moved[-1] - axis))
    return torch.index_put(x, tuple(places), update)


# Linear algebra


@rule(ivy.lu)
def lu(x: Value) -> tuple[Value, Value, Value]:
    """torch counts the exchanges from 1."""
    packed, pivots, _ = torch.linalg.lu_factor_ex.several(3, x)
    known = [n for n in shape_of(x)[-2:] if n != UNKNOWN]
    exchanges = typed(torch.sub(pivots, 1), tensor((*shape_of(x)[:-2], min(known) if len(known) > 1 else UNKNOWN), i32))
    return packed, exchanges, ivy.row_order(exchanges, (size(x, -2),))


@rule(ivy.row_order)
def row_order(exchanges: Value, rows: Shape) -> Value | None:
    """torch makes a matrix of exchanges, whose columns say where the ones of the rows stand."""
    if rows == (0,):
        return None
    *batch, count = sizes(exchanges)
    shape = torch.empty((*batch, *rows, count))
    matrix = torch.lu_unpack.several(3, shape, torch.add(exchanges, 1), unpack_data=False)[0]
    return Tensor.to(torch.argmax(matrix, dim=-2), i32)


@rule(ivy.reflect)
def reflect(x: Value, tau: Value, other: Value, adjoint: bool = False) -> Value:
    """torch wants a column for each reflection, and no more."""
    if UNKNOWN in shape_of(x) or shape_of(x)[-1] != shape_of(tau)[-1]:
        x = torch.narrow(x, -1, 0, size(tau, -1))
    return torch.ormqr(x, tau, other, left=True, transpose=adjoint)


# Searching and sorting


def as_indices(found: Value, dtype: DType) -> Value:
    """Cast indices, which torch gives in int64, to the type asked for."""
    return found if dtype == i64 else Tensor.to(found, dtype)


@rule(ivy.max_and_argmax)
def max_and_argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> tuple[Value, Value] | None:
    """torch's indices are of int64."""
    return None if dtype == i64 else ivy.max_and_argmax.function(x, axis, dtype, keepdims)


@rule(ivy.min_and_argmin)
def min_and_argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> tuple[Value, Value] | None:
    return None if dtype == i64 else ivy.min_and_argmin.function(x, axis, dtype, keepdims)


@rule(ivy.argmax)
def argmax(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return as_indices(torch.argmax(x, dim=axis, **({"keepdim": True} if keepdims else {})), dtype)


@rule(ivy.argmin)
def argmin(x: Value, axis: int, dtype: DType, keepdims: bool = False) -> Value:
    return as_indices(torch.argmin(x, dim=axis, **({"keepdim": True} if keepdims else {})), dtype)


@rule(ivy.argsort)
def argsort(x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True) -> Value:
    return as_indices(torch.argsort(x, dim=axis, **flags(descending=descending, stable=stable)), dtype)


def flags(**given: bool) -> dict[str, bool]:
    """Return the flags that are set."""
    return {name: True for name, value in given.items() if value}


@rule(ivy.sort_and_argsort)
def sort_and_argsort(
    x: Value, axis: int, dtype: DType, descending: bool = False, stable: bool = True
) -> tuple[Value, Value]:
    values, indices = torch.sort.several(2, x, dim=axis, **flags(descending=descending, stable=stable))
    return values, as_indices(indices, dtype)


@rule(ivy.searchsorted)
def searchsorted(x1: Value, x2: Value, dtype: DType, side: str = "left") -> Value:
    return as_indices(torch.searchsorted(x1, x2, side=side), dtype)


@rule(ivy.topk)
def topk(x: Value, k: int, axis: int, dtype: DType, largest: bool = True, stable: bool = True) -> tuple[Value, Value]:
    """torch's own picks any of several equals."""
    if not stable:
        values, indices = torch.topk.several(2, x, k, dim=axis, largest=largest)
        return values, as_indices(indices, dtype)
    values, indices = torch.sort.several(2, x, dim=axis, **flags(descending=largest, stable=True))
    return torch.narrow(values, axis, 0, k), as_indices(torch.narrow(indices, axis, 0, k), dtype)


# Convolution and pooling


def per_axis(function: Callee, rank: int) -> Callee:
    """Return `conv2d` of `conv` for two spatial axes."""
    return Callee(TORCH, f"{function.path}{rank}d")


def unless(default: Any, **given: Any) -> dict[str, Any]:
    """Return the arguments that are not `default` along every axis."""
    return {name: value for name, value in given.items() if set(value) != {default}}


def padded(x: Value, low: Ints, high: Ints, value: float) -> Value:
    """Pad the spatial axes of `x`."""
    return ivy.pad(x, (0, 0, *low), (0, 0, *high), number(x, value))


@rule(ivy.conv)
def conv(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Value | None:
    low, high = padding[::2], padding[1::2]
    if len(stride) not in (1, 2, 3):
        return None
    if low != high or min(low) < 0:
        x, low = padded(x, low, high, 0), (0,) * len(low)
    given = {**unless(1, stride=stride), **unless(0, padding=low), **unless(1, dilation=dilation)}
    given |= {"groups": groups} if groups != 1 else {}
    return per_axis(F.conv, len(stride))(x, weight, *([] if bias is None else [bias]), **given)


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
) -> Value | None:
    low, high = padding[::2], padding[1::2]
    if len(stride) not in (1, 2, 3):
        return None
    given = {**unless(1, stride=stride), **unless(1, dilation=dilation), **({"groups": groups} if groups != 1 else {})}
    function = per_axis(F.conv_transpose, len(stride))
    widest = [max(pair) for pair in zip(stride, dilation, strict=True)]
    if low == high and min(low) >= 0 and all(0 <= n < w for n, w in zip(output_padding, widest, strict=True)):
        given |= {**unless(0, padding=low), **unless(0, output_padding=output_padding)}
        return function(x, weight, *([] if bias is None else [bias]), **given)
    cut = tuple(-n for n in low), tuple(extra - n for extra, n in zip(output_padding, high, strict=True))
    result = F.pad(function(x, weight, **given), from_the_last(*cut))
    return result if bias is None else torch.add(result, trailing(bias, len(stride)))


@rule(ivy.max_pool)
def max_pool(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    """torch pads at most half a window, the same on both sides, and pools floats."""
    low, high = padding[::2], padding[1::2]
    halves = all(0 <= 2 * n <= k for n, k in zip(low, window, strict=True))
    direct = dtype(x) in FLOATS and len(window) in (1, 2, 3)
    if low != high or not halves or not direct:
        x, low = padded(x, low, high, lowest_of(dtype(x))), (0,) * len(low)
    if not direct:
        return pooled(x, window, stride, dilation, ivy.maximum)
    given = {**unless(0, padding=low), **unless(1, dilation=dilation)}
    return per_axis(F.max_pool, len(window))(x, window, stride=stride, **given)


@rule(ivy.sum_pool)
def sum_pool(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    """An average with the divisor 1, which torch has for two and three axes."""
    low, high = padding[::2], padding[1::2]
    if dtype(x) not in FLOATS or len(window) not in (1, 2, 3):
        return pooled(padded(x, low, high, 0), window, stride, (1,) * len(window), ivy.add)
    if len(window) == 1:
        flat = sum_pool(ivy.expand_dims(x, (2,)), (1, *window), (1, *stride), (0, 0, *padding))
        return torch.squeeze(flat, dim=2)
    halves = all(0 <= 2 * n <= k for n, k in zip(low, window, strict=True))
    if low != high or not halves:
        x, low = padded(x, low, high, 0), (0,) * len(low)
    pool = per_axis(F.avg_pool, len(window))
    return pool(x, window, stride=stride, **unless(0, padding=low), divisor_override=1)
