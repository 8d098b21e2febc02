"""Reductions over windows, and their gradients.

Pooling of images is `max_pool` or `sum_pool`. Any other reduction over windows goes axis by axis: the windows of one
axis are read with `take` as two axes, and the second is reduced.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import FLOATS, dtype_of, i1, i32
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.prelude import number, permuted, sizes_of
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.rules.manipulation import spread
from mlgraph.frontend.jax.rules.reduction import MONOIDS, monoid_of
from mlgraph.frontend.jax.rules.registry import RULES, rule
from mlgraph.frontend.rules import Unsupported


def neutral(x: SSAValue, name: str) -> SSAValue:
    """Return the neutral element of the primitive `name`, as a 0-d array."""
    if name in ("add", "or", "xor"):
        return number(x, 0)
    if name in ("mul", "and"):
        return number(x, 1) if name == "mul" or dtype(x) == i1 else number(x, -1)
    if dtype(x) == i1:
        return number(x, name == "min")
    if dtype(x) in FLOATS:
        return number(x, -np.inf if name == "max" else np.inf)
    info = np.iinfo(dtype_of(dtype(x)))
    return number(x, info.min if name == "max" else info.max)


@rule("reduce_window_sum")
def reduce_window_sum(e: Equation, x: SSAValue, **window: Any) -> SSAValue:
    return pooled(e, x, "add", **window)


@rule("reduce_window_max")
def reduce_window_max(e: Equation, x: SSAValue, **window: Any) -> SSAValue:
    return pooled(e, x, "max", **window)


@rule("reduce_window_min")
def reduce_window_min(e: Equation, x: SSAValue, **window: Any) -> SSAValue:
    return pooled(e, x, "min", **window)


@rule("reduce_window")
def reduce_window(
    e: Equation, x: SSAValue, start: SSAValue, *rest: SSAValue, jaxpr: Any, consts: Any, **window: Any
) -> SSAValue:
    if rest or consts:
        raise Unsupported("of several operands")
    name = monoid_of(getattr(jaxpr, "jaxpr", jaxpr))
    result = pooled(e, x, name, **window)
    return RULES[name](e, result, start)


def pooled(
    e: Equation,
    x: SSAValue,
    name: str,
    *,
    window_dimensions: Any,
    window_strides: Any,
    padding: Any,
    base_dilation: Any,
    window_dilation: Any,
) -> SSAValue:
    """Return the reduction of windows with the primitive `name`."""
    for axis, step in enumerate(base_dilation):
        if step > 1:
            x = spread(x, neutral(x, name), axis, step - 1)
    dims = list(zip(window_dimensions, window_strides, padding, window_dilation, strict=True))
    active = [i for i, (n, step, pads, _) in enumerate(dims) if not (is_one(n) and step == 1 and pads == (0, 0))]
    if is_pooling(x, name, [dims[i] for i in active]) and len(active) < rank(x) - 1:
        return as_images(x, name, active, [dims[i] for i in active])
    for axis in active:
        n, step, (low, high), dilation = dims[axis]
        x = along_axis(e, x, name, axis, n, step, e.size(low), e.size(high), dilation)
    return x


def is_one(n: Any) -> bool:
    return is_known(n) and int(n) == 1


def is_pooling(x: SSAValue, name: str, dims: Sequence[Any]) -> bool:
    """Return whether windows are those of `max_pool` or `sum_pool`."""
    numbers = [n for window, _, pads, _ in dims for n in (window, *pads)]
    if dtype(x) not in FLOATS or not 1 <= len(dims) <= 3 or not all(is_known(n) and int(n) >= 0 for n in numbers):
        return False
    return name == "max" or (name == "add" and all(dilation == 1 for *_, dilation in dims))


def as_images(x: SSAValue, name: str, active: Sequence[int], dims: Sequence[Any]) -> SSAValue:
    """Pooling with the axes of the windows last; all but one of the others are the batch."""
    rest = [i for i in range(rank(x)) if i not in active]
    order = [*rest, *active]
    images = permuted(x, order)
    shape = sizes_of(images)
    outer, inner = shape[: len(rest)], shape[len(rest) :]
    if len(rest) != 2:
        images = ivy.reshape(images, (-1, outer[-1], *inner))
    windows, strides = (tuple(int(d[i]) for d in dims) for i in (0, 1))
    pads = tuple(int(n) for d in dims for n in d[2])
    if name == "max":
        images = ivy.max_pool(images, windows, strides, pads, tuple(int(d[3]) for d in dims))
    else:
        images = ivy.sum_pool(images, windows, strides, pads)
    if len(rest) != 2:
        after = sizes_of(images)
        images = ivy.reshape(images, (*outer, *after[2:]))
    return permuted(images, sorted(range(len(order)), key=order.__getitem__))


def along_axis(
    e: Equation, x: SSAValue, name: str, axis: int, n: Any, step: int, low: Size, high: Size, dilation: int
) -> SSAValue:
    """Return the reduction of windows of `n` along one axis."""
    if (low, high) != (0, 0):
        x = ivy.pad(x, at(axis, low, rank(x)), at(axis, high, rank(x)), neutral(x, name))
    size = sizes_of(x)[axis]
    window = e.size(n)
    count = sizes.maximum(window_count(size, window, step, dilation), 0)
    windows = ivy.take(x, places(count, step, window, dilation), axis)
    return MONOIDS[name](e, windows, axes=(axis + 1,))


def at(axis: int, size: Size, rank: int) -> tuple[Size, ...]:
    return tuple(size if i == axis else 0 for i in range(rank))


def window_count(size: Size, window: Size, step: int, dilation: int) -> Size:
    """Return the number of windows along an axis."""
    reach = sizes.add(sizes.multiply(sizes.subtract(window, 1), dilation), 1)
    return sizes.add(sizes.floor_divide(sizes.subtract(size, reach), step), 1)


def places(count: Size, step: int, window: Size, dilation: int) -> SSAValue:
    """Return the indices of the elements of windows, (windows, elements)."""

    def spaced(n: Size, by: int) -> SSAValue:
        line = ivy.iota((n,), i32)
        return line if by == 1 else ivy.multiply(line, literal(by, i32))

    return ivy.add(ivy.expand_dims(spaced(count, step), (1,)), ivy.expand_dims(spaced(window, dilation), (0,)))


# Gradients of pooling


@rule("select_and_scatter_add")
def select_and_scatter_add(
    e: Equation,
    source: SSAValue,
    x: SSAValue,
    *,
    select_prim: Any,
    window_dimensions: Any,
    window_strides: Any,
    padding: Any,
) -> SSAValue:
    """Add each element of `source` to the place where its window of `x` is largest (or smallest)."""
    ones = (1,) * rank(x)
    w = Flat(e, x, select_prim, window_dimensions, window_strides, padding, ones, ones)
    zeros = ivy.full(w.shape, 0, dtype(x))
    values = ivy.reshape(w.last(source), (*w.outer, -1))
    added = ivy.reshape(ivy.scatter_along_axis(zeros, w.chosen(), values, -1, "add"), (*w.outer, *w.inner))
    starts = (*(0,) * len(w.outer), *w.low)
    stops = (*(TO_END,) * len(w.outer), *(sizes.subtract(n, high) for n, high in zip(w.inner, w.high, strict=True)))
    return w.back(ivy.slice(added, starts, stops, ones))


@rule("select_and_gather_add")
def select_and_gather_add(
    e: Equation,
    tangents: SSAValue,
    x: SSAValue,
    *,
    select_prim: Any,
    window_dimensions: Any,
    window_strides: Any,
    padding: Any,
    base_dilation: Any,
    window_dilation: Any,
) -> SSAValue:
    """For each window of `x` the element of `tangents` where it is largest (or smallest)."""
    w = Flat(e, x, select_prim, window_dimensions, window_strides, padding, base_dilation, window_dilation)
    values = ivy.reshape(w.padded(tangents, number(tangents, 0)), w.shape)
    found = ivy.take_along_axis(values, w.chosen(), -1)
    return w.back(ivy.reshape(found, (*w.outer, *w.counts)))


class Flat:
    """The windows of `x` over its active axes, which are put last and made one."""

    def __init__(
        self,
        e: Equation,
        x: SSAValue,
        select_prim: Any,
        windows: Any,
        strides: Any,
        padding: Any,
        base: Any,
        dilation: Any,
    ) -> None:
        self.select = ivy.argmax if select_prim.name == "ge" else ivy.argmin
        self.base = base
        self.axes = [i for i in range(rank(x)) if (windows[i], strides[i], base[i], *padding[i]) != (1, 1, 1, 0, 0)]
        self.order = [*(i for i in range(rank(x)) if i not in self.axes), *self.axes]
        self.low = [e.size(padding[i][0]) for i in self.axes]
        self.high = [e.size(padding[i][1]) for i in self.axes]
        images = self.padded(x, neutral(x, "max" if select_prim.name == "ge" else "min"))
        shape = sizes_of(images)
        self.outer, self.inner = shape[: -len(self.axes)], shape[-len(self.axes) :]
        self.shape = [*self.outer, functools.reduce(sizes.multiply, self.inner)]
        self.x = ivy.reshape(images, self.shape)
        steps = [(strides[i], windows[i], dilation[i]) for i in self.axes]
        self.counts = [window_count(n, step[1], step[0], step[2]) for n, step in zip(self.inner, steps, strict=True)]
        self.places = self.flat_places(steps)

    def last(self, x: SSAValue) -> SSAValue:
        """Return `x` with the active axes last."""
        return permuted(x, self.order)

    def back(self, x: SSAValue) -> SSAValue:
        """Return the inverse of `last`."""
        return permuted(x, sorted(range(len(self.order)), key=self.order.__getitem__))

    def padded(self, x: SSAValue, value: SSAValue) -> SSAValue:
        for axis, step in enumerate(self.base):
            if step > 1:
                x = spread(x, value, axis, step - 1)
        zeros = (0,) * (rank(x) - len(self.axes))
        return ivy.pad(self.last(x), (*zeros, *self.low), (*zeros, *self.high), value)

    def flat_places(self, steps: Any) -> SSAValue:
        """Return the places of the elements of each window: a row for each."""
        n = len(steps)
        result: SSAValue | None = None
        for i, (step, window, dilation) in enumerate(steps):
            rest = tuple(j for j in range(2 * n) if j not in (i, n + i))
            line = ivy.expand_dims(places(self.counts[i], step, window, dilation), rest)
            if result is not None:
                size = self.inner[i]
                size = literal(size, i32) if isinstance(size, int) else ivy.from_size((size,), i32)
                line = ivy.add(ivy.multiply(result, size), line)
            result = line
        assert result is not None
        return ivy.reshape(result, (-1, math.prod(window for _, window, _ in steps)))

    def chosen(self) -> SSAValue:
        """Return the place of the largest (or smallest) element of each window."""
        windows = ivy.take(self.x, self.places, -1)
        first = ivy.expand_dims(self.select(windows, -1, i32), (-1,))
        shape = sizes_of(windows)
        return ivy.squeeze(ivy.take_along_axis(ivy.broadcast_to(self.places, shape), first, -1), (-1,))
