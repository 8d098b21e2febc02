"""Primitives that make, move and cut arrays."""

from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import f32, f64, i32, i64
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import permuted, sizes_of
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.rules.registry import rule

# Making


@rule("dim_as_value")
def dim_as_value(e: Equation, *, dim: Any) -> SSAValue:
    return ivy.from_size((e.size(dim),), e.dtype)


@rule("iota")
def iota(e: Equation, *, dtype: Any, shape: Any, dimension: int) -> SSAValue:
    line = counted(e.size(shape[dimension]), e.dtype)
    if len(shape) == 1:
        return line
    line = at_axis(line, dimension, len(shape))
    return ivy.broadcast_to(line, e.sizes(shape)) if any(n != 1 for n in others(shape, dimension)) else line


def others(shape: Sequence[Any], axis: int) -> list[Any]:
    return [n for i, n in enumerate(shape) if i != axis]


def counted(size: Size, dtype: Any) -> SSAValue:
    """0, 1, ... `size - 1`."""
    if dtype in (i32, i64, f32, f64):
        return ivy.iota((size,), dtype)
    return ivy.cast(ivy.iota((size,), i32), dtype)


def at_axis(line: SSAValue, axis: int, rank: int) -> SSAValue:
    """Return a vector along `axis` of `rank` axes."""
    rest = tuple(i for i in range(rank) if i != axis)
    return ivy.expand_dims(line, rest) if rest else line


@rule("empty", "empty2")
def empty(e: Equation, *, shape: Any = None, dtype: Any = None, **_: Any) -> SSAValue:
    return ivy.full(e.sizes(e.shape), 0, e.dtype)


# Shapes


@rule("broadcast_in_dim")
def broadcast_in_dim(e: Equation, x: SSAValue, *, shape: Any, broadcast_dimensions: Any) -> SSAValue:
    if not broadcast_dimensions:
        return filled(e, x, shape)
    first = broadcast_dimensions[0]
    missing = tuple(i for i in range(len(shape)) if i not in broadcast_dimensions)
    grows = any(shape[i] != n for i, n in zip(broadcast_dimensions, e.shape_of(0), strict=True))
    if not grows and all(shape[i] == 1 for i in missing):
        return ivy.expand_dims(x, missing) if missing else x
    inner = tuple(i - first for i in missing if i > first)
    return ivy.broadcast_to(ivy.expand_dims(x, inner) if inner else x, e.sizes(shape))


def filled(e: Equation, x: SSAValue, shape: Any) -> SSAValue:
    """Return a 0-d array everywhere."""
    if not shape:
        return x
    if (value := number_of(x)) is not None and fits_scalar(value):
        return ivy.full(e.sizes(shape), value, dtype(x))
    return ivy.broadcast_to(x, e.sizes(shape))


def fits_scalar(value: Any) -> bool:
    """Return whether a number can stand as a parameter of a row, whose integers have 64 bits with a sign."""
    return not isinstance(value, int) or -(2**63) <= value < 2**63


@rule("broadcast_to")
def broadcast_to(e: Equation, x: SSAValue, *, shape: Any) -> SSAValue:
    return ivy.broadcast_to(x, e.sizes(shape))


@rule("reshape")
def reshape(e: Equation, x: SSAValue, *, new_sizes: Any, dimensions: Any) -> SSAValue:
    if dimensions is not None and tuple(dimensions) != tuple(range(rank(x))):
        x = ivy.permute_dims(x, tuple(dimensions))
    return reshaped(e, x, new_sizes)


def reshaped(e: Equation, x: SSAValue, shape: Any) -> SSAValue:
    """Return `x` under a shape in jax's sizes; a single size that is not a number is left to be worked out."""
    free = [n for n in shape if not is_known(n)]
    if len(free) == 1 and all(n != 0 for n in shape):
        return ivy.reshape(x, tuple(int(n) if is_known(n) else -1 for n in shape))
    return ivy.reshape(x, e.sizes(shape))


@rule("squeeze")
def squeeze(e: Equation, x: SSAValue, *, dimensions: Any) -> SSAValue:
    return ivy.squeeze(x, tuple(dimensions)) if dimensions else x


@rule("expand_dims")
def expand_dims(e: Equation, x: SSAValue, *, dimensions: Any) -> SSAValue:
    return ivy.expand_dims(x, tuple(dimensions))


@rule("transpose")
def transpose(e: Equation, x: SSAValue, *, permutation: Any) -> SSAValue:
    return permuted(x, permutation)


# Joining and cutting


@rule("concatenate")
def concatenate(e: Equation, *xs: SSAValue, dimension: int) -> SSAValue:
    return xs[0] if len(xs) == 1 else ivy.concat(xs, dimension)


@rule("stack")
def stack(e: Equation, *xs: SSAValue, axis: int) -> SSAValue:
    return ivy.stack(xs, axis)


@rule("unstack")
def unstack(e: Equation, x: SSAValue, *, axis: int) -> tuple[SSAValue, ...]:
    return tuple(ivy.take(x, literal(i, i32), axis) for i in range(len(e.eqn.outvars)))


@rule("tile")
def tile(e: Equation, x: SSAValue, *, reps: Any) -> SSAValue:
    return ivy.tile(x, e.sizes(reps))


@rule("rev")
def rev(e: Equation, x: SSAValue, *, dimensions: Any) -> SSAValue:
    return ivy.flip(x, tuple(dimensions)) if dimensions else x


@rule("slice")
def slice_(e: Equation, x: SSAValue, *, start_indices: Any, limit_indices: Any, strides: Any) -> SSAValue:
    return sliced(e, x, e.shape_of(0), start_indices, limit_indices, strides)


def sliced(e: Equation, x: SSAValue, shape: Any, starts: Any, stops: Any, steps: Any = None) -> SSAValue:
    """Return `x[start:stop:step]` with bounds in jax's sizes, where `shape` is that of `x`."""
    steps = (1,) * len(shape) if steps is None else tuple(steps)
    ends = [stop_of(e, stop, size) for stop, size in zip(stops, shape, strict=True)]
    if all(is_known(a) and int(a) == 0 for a in starts) and all(b == TO_END for b in ends) and set(steps) <= {1}:
        return x
    return ivy.slice(x, e.sizes(starts), ends, steps)


def stop_of(e: Equation, stop: Any, size: Any) -> Size:
    """Return a stop as Python spells it: the end where it is the size, negative where it is a number less."""
    distance = stop - size
    if is_known(distance) and int(distance) == 0:
        return TO_END
    if is_known(distance) and not is_known(stop) and int(distance) < 0:
        return int(distance)
    return e.size(stop)


@rule("split")
def split(e: Equation, x: SSAValue, *, sizes: Any, axis: int) -> list[SSAValue]:
    shape, start = e.shape_of(0), 0
    parts: list[SSAValue] = []
    for size in sizes:
        starts = [start if i == axis else 0 for i in range(len(shape))]
        stops = [start + size if i == axis else n for i, n in enumerate(shape)]
        parts.append(sliced(e, x, shape, starts, stops))
        start = start + size
    return parts


@rule("pad")
def pad(e: Equation, x: SSAValue, value: SSAValue, *, padding_config: Any) -> SSAValue:
    for axis, (_, _, interior) in enumerate(padding_config):
        if interior:
            x = spread(x, value, axis, interior)
    lows, highs = ([config[i] for config in padding_config] for i in (0, 1))
    if all(is_known(n) and int(n) == 0 for n in (*lows, *highs)):
        return x
    return ivy.pad(x, e.sizes(lows), e.sizes(highs), value)


def spread(x: SSAValue, value: SSAValue, axis: int, interior: int) -> SSAValue:
    """Return `x` with `interior` elements `value` between neighbors along `axis`."""
    last = axis + 1
    apart = ivy.expand_dims(x, (last,))
    zeros = (0,) * rank(apart)
    apart = ivy.pad(apart, zeros, tuple(interior if i == last else 0 for i in range(rank(apart))), value)
    shape = list(sizes_of(x))
    shape[axis] = sizes.multiply(shape[axis], interior + 1)
    apart = ivy.reshape(apart, shape)
    starts = (0,) * rank(x)
    ends = tuple(-interior if i == axis else TO_END for i in range(rank(x)))
    return ivy.slice(apart, starts, ends, (1,) * rank(x))
