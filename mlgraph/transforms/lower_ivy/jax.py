"""Rules for jax where an operation's template is too little.

A float that an integer type cannot hold becomes its nearest bound under jax, where torch wraps: neither is mended.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.dialects import sizes as arithmetic
from mlgraph.dialects.backend import backend
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import FLOATS, HALF_PRECISION, UNSIGNED, DType, dtype_of, f32, i1, i32, i64, tensor, ui8
from mlgraph.dialects.ivy.prelude import number, permuted, slice_axis
from mlgraph.dialects.ivy.reduction import root
from mlgraph.dialects.ivy.types import dtype as type_of
from mlgraph.dialects.ivy.types import is_complex, normal_axis, rank, shape_of
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.dialects.sizes import Size
from mlgraph.transforms.lower_ivy.rules import Rules
from mlgraph.transforms.lower_ivy.shared import (
    SPECIAL,
    continued,
    first_axes,
    gamma_edges,
    is_value,
    lowest_of,
    shrunk,
    size,
    slices,
    subscript,
    swapped_back,
    transpose_weight,
    typed,
    whole_power,
    zeta_edges,
)

rule = Rules()
JAX = backend("jax")
jax, jnp, lax = JAX.jax, JAX.jnp, JAX.lax

rule.widen(HALF_PRECISION, f32, *SPECIAL)
rule.widen(
    HALF_PRECISION, f32,
    ivy.inv, ivy.cholesky, ivy.solve, ivy.triangular_solve, ivy.qr, ivy.eigh, ivy.svd, ivy.slogdet, ivy.lu, ivy.expm,
    ivy.householder_product, ivy.reflect,
)  # fmt: skip
rule.widen((i1,), ui8, ivy.cumulative_max, ivy.cumulative_min)


# Elementwise


@rule(ivy.cast)
def cast(x: Value, dtype: DType) -> Value | None:
    """jax warns where it drops an imaginary part."""
    return ivy.cast(ivy.real(x), dtype) if is_complex(type_of(x)) and not is_complex(dtype) and dtype != i1 else None


@rule(ivy.std)
def std(x: Value, axis: Ints | None = None, correction: float = 0.0, keepdims: bool = False) -> Value:
    """The gradient of jax's own is NaN where all elements are equal."""
    return root(ivy.var(x, axis, correction, keepdims))


@rule(ivy.digamma)
def digamma(x: Value) -> Value:
    """jax gives NaN at zero."""
    pole = ivy.equal(x, number(x, 0))
    return ivy.where(pole, ivy.negative(ivy.reciprocal(x)), typed(jax.scipy.special.digamma(x), x.type))


@rule(ivy.pow)
def pow(x1: Value, x2: Value) -> Value | None:
    return whole_power(x1, x2, jnp.power)


@rule(ivy.gammainc)
def gammainc(x1: Value, x2: Value) -> Value:
    return gamma_edges(x1, x2, typed(jax.scipy.special.gammainc(x1, x2), ivy.gammainc.infer(x1=x1, x2=x2)[0]), 0)


@rule(ivy.gammaincc)
def gammaincc(x1: Value, x2: Value) -> Value:
    return gamma_edges(x1, x2, typed(jax.scipy.special.gammaincc(x1, x2), ivy.gammaincc.infer(x1=x1, x2=x2)[0]), 1)


@rule(ivy.zeta)
def zeta(x1: Value, x2: Value) -> Value:
    return zeta_edges(x1, x2, typed(jax.scipy.special.zeta(x1, x2), ivy.zeta.infer(x1=x1, x2=x2)[0]))


# Manipulation


@rule(ivy.slice)
def slice_(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return subscript(x, starts, stops, steps, JAX)


@rule(ivy.pad)
def pad(x: Value, low: Shape, high: Shape, value: Value) -> Value:
    if any(is_value(n) or n < 0 for n in (*low, *high)):
        return lax.pad(x, value, tuple((a, b, 0) for a, b in zip(low, high, strict=True)))
    widths = tuple(zip(low, high, strict=True))
    known = number_of(value)
    if known is not None and known == 0:
        return jnp.pad(x, widths)
    return jnp.pad(x, widths, constant_values=value if known is None or type_of(x) in UNSIGNED else known)


@rule(ivy.pad_reflect)
def pad_reflect(x: Value, low: Ints, high: Ints) -> Value:
    return _continued(x, low, high, "reflect")


@rule(ivy.pad_edge)
def pad_edge(x: Value, low: Ints, high: Ints) -> Value:
    return _continued(x, low, high, "edge")


def _continued(x: Value, low: Ints, high: Ints, mode: str) -> Value:
    """jax does not cut off what negative pads do, which indices can."""
    if min((*low, *high), default=0) >= 0:
        return jnp.pad(x, tuple(zip(low, high, strict=True)), mode=mode)
    return continued(x, low, high, mode)


# Indexing


@rule(ivy.take_along_axis)
def take_along_axis(x: Value, indices: Value, axis: int) -> Value:
    return jnp.take_along_axis(shrunk(x, indices, normal_axis(axis, rank(x))), indices, axis=axis)


@rule(ivy.index)
def index(x: Value, indices: Values, axes: Ints) -> Value:
    """jax reads another element where an index is out of range: NaN says so, as `jnp.take` gives."""
    if _crossed(axes):
        x, axes = permuted(x, first_axes(x, axes)), tuple(range(len(axes)))
    return JAX.call("jax.Array.get", (_at(x, _placed(indices, axes)),), {"mode": "fill"})[0]


@rule(ivy.index_put)
def index_put(x: Value, indices: Values, values: Value, axes: Ints, accumulate: bool = False) -> Value:
    mode = "add" if accumulate else "set"
    if not _crossed(axes):
        return updated(x, _placed(indices, axes), values, mode)
    order = first_axes(x, axes)
    rows = permuted(x, order)
    found = updated(rows, _placed(indices, range(len(axes))), values, mode)
    return permuted(typed(found, rows.type), swapped_back(order))


def _crossed(axes: Ints) -> bool:
    """Return whether numpy would take the axes for neighbors in order, which they are not."""
    return list(axes) != sorted(axes) and max(axes) - min(axes) == len(axes) - 1


def _placed(indices: Values, axes: Sequence[int]) -> tuple[Any, ...]:
    """The index with `indices` at `axes`."""
    places = dict(zip(axes, indices, strict=True))
    return tuple(places.get(axis, slice(None)) for axis in range(max(axes) + 1))


def updated(x: Value, index: Sequence[Any], update: Value, mode: str = "set") -> Value:
    """Return `x.at[index].set(update)`."""
    return JAX.call(f"jax.Array.{mode}", (_at(x, index), update), {})[0]


def _at(x: Value, index: Sequence[Any]) -> Value:
    """`x.at[index]`."""
    at = JAX.call("builtins.getattr", (x, "at"), {})[0]
    return JAX.call("operator.getitem", (at, index[0] if len(index) == 1 else tuple(index)), {})[0]


@rule(ivy.scatter_along_axis)
def scatter_along_axis(x: Value, indices: Value, values: Value, axis: int, mode: str = "set") -> Value:
    over = normal_axis(axis, rank(x))
    index = [indices if a == over else _counted_along(indices, a) for a in range(rank(x))]
    return updated(x, index, values, mode)


def _counted_along(x: Value, axis: int) -> Value:
    """The place of each element of `x` along `axis`."""
    return ivy.expand_dims(ivy.iota((size(x, axis),), i32), tuple(a for a in range(rank(x)) if a != axis))


@rule(ivy.slice_update)
def slice_update(x: Value, update: Value, starts: Shape, stops: Shape, steps: Ints) -> Value:
    return updated(x, slices(starts, stops, steps) or [Ellipsis], update)


@rule(ivy.dynamic_slice)
def dynamic_slice(x: Value, starts: Values, sizes: Shape) -> Value:
    return lax.dynamic_slice(x, [_from_front(start) for start in starts], sizes)


@rule(ivy.dynamic_update_slice)
def dynamic_update_slice(x: Value, update: Value, starts: Values) -> Value:
    return lax.dynamic_update_slice(x, update, [_from_front(start) for start in starts])


def _from_front(start: Value) -> Value:
    """jax counts negative starts from the end, and holds the others within what fits."""
    known = number_of(start)
    if type_of(start) in UNSIGNED or (known is not None and known >= 0):  # pyright: ignore[reportOperatorIssue]
        return start
    return ivy.maximum(start, number(start, 0))


@rule(ivy.one_hot)
def one_hot(x: Value, num_classes: int, dtype: DType) -> Value | None:
    """jax counts the classes in the element type of `x`."""
    holds = np.iinfo(dtype_of(type_of(x))).max >= num_classes
    return None if holds else ivy.one_hot(ivy.cast(x, i64), num_classes, dtype)


# Sorting


@rule(ivy.topk)
def topk(x: Value, k: int, axis: int, dtype: DType, largest: bool = True, stable: bool = True) -> tuple[Value, Value]:
    """`lax.top_k` tells -0 from 0 and one NaN from another, so it is given but one of each."""
    over = normal_axis(axis, rank(x))
    if largest:
        shape = tuple(k if a == over else n for a, n in enumerate(shape_of(x)))
        _, places = lax.top_k.several(2, _normal(x), k, axis=over)
        places = typed(places, tensor(shape, i32))
        places = places if dtype == i32 else ivy.cast(places, dtype)
    else:
        places = slice_axis(ivy.argsort(x, over, dtype), over, 0, k)
    return ivy.take_along_axis(x, places, over), places


def _normal(x: Value) -> Value:
    if type_of(x) not in FLOATS:
        return x
    plain = ivy.where(ivy.equal(x, number(x, 0)), number(x, 0), x)
    return ivy.where(ivy.isnan(x), number(x, np.nan), plain)


@rule(ivy.searchsorted)
def searchsorted(x1: Value, x2: Value, dtype: DType, side: str = "left") -> Value | None:
    return jnp.astype(jnp.searchsorted(x1, x2, side=side), dtype) if rank(x1) == 1 else None


# Layers


N = TypeVar("N")


def _pairs(padding: Sequence[N]) -> tuple[tuple[N, N], ...]:
    return tuple(zip(padding[::2], padding[1::2], strict=True))


def _is_ones(value: int | Sequence[int]) -> bool:
    return value == 1 if isinstance(value, int) else all(n == 1 for n in value)


def _convolution(x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Any, **more: int | Ints) -> Value:
    """`lax.conv_general_dilated`; dilations that change nothing are left out."""
    given = {k: v for k, v in more.items() if not _is_ones(v)}
    found = lax.conv_general_dilated(x, weight, stride, padding, **given)
    if bias is None:
        return found
    return jnp.add(found, ivy.expand_dims(bias, tuple(range(1, len(stride) + 1))) if stride else bias)


@rule(ivy.conv)
def conv(
    x: Value, weight: Value, bias: Value | None, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Value:
    return _convolution(x, weight, bias, stride, _pairs(padding), rhs_dilation=dilation, feature_group_count=groups)


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
    """The convolution of `x`, zeros between its elements, with the mirrored weight."""
    ends = zip(range(2, rank(x)), dilation, _pairs(padding), output_padding, strict=True)
    pads = tuple(_around(size(weight, axis), d, low, high - extra) for axis, d, (low, high), extra in ends)
    ones, kernel = (1,) * len(stride), transpose_weight(weight, groups)
    more = {"lhs_dilation": stride, "rhs_dilation": dilation, "feature_group_count": groups}
    return _convolution(x, kernel, bias, ones, pads, **more)


def _around(window: Size, dilation: int, low: int, high: int) -> tuple[Size, Size]:
    """Return the padding with which a window meets every element, and what is cut off."""
    reach = arithmetic.multiply(arithmetic.subtract(window, 1), dilation)
    return arithmetic.subtract(reach, low), arithmetic.subtract(reach, high)


@rule(ivy.max_pool)
def max_pool(x: Value, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Value:
    more = {} if all(d == 1 for d in dilation) else {"window_dilation": (1, 1, *dilation)}
    return _reduce_window(x, lowest_of(type_of(x)), (lax.max, jnp.maximum), window, stride, padding, **more)


@rule(ivy.sum_pool)
def sum_pool(x: Value, window: Ints, stride: Ints, padding: Ints) -> Value:
    return _reduce_window(x, 0, (lax.add, jnp.add), window, stride, padding)


def _reduce_window(
    x: Value, start: float, functions: tuple[Any, Any], window: Ints, stride: Ints, padding: Ints, **more: Any
) -> Value:
    """Reduce windows of size 1 along images and channels.

    jax derives `functions[0]` if the reduction starts at a number. The start of integers has their type, and `jax.jit`
    traces it, which `functions[1]` allows.
    """
    d = type_of(x)
    begin, function = (float(start), functions[0]) if d in FLOATS else (literal(start, d), functions[1])
    pads = ((0, 0), (0, 0), *_pairs(padding))
    return lax.reduce_window(x, begin, function, (1, 1, *window), (1, 1, *stride), pads, **more)
