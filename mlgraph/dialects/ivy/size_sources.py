"""An analysis of sizes: that of a result comes from operands, so that reading it need not wait for values.

A source answers for one axis of its operation's result: a number, a value of type `index`, or an axis of an operand.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.types import UNKNOWN, normal_axes, normal_axis, rank, shape_of
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.dialects.table import Op, TableOp

Axis: TypeAlias = tuple[SSAValue, int]
Source: TypeAlias = "int | SSAValue | Axis | None"
SOURCES: dict[Op[..., Any], Callable[..., Source]] = {}
"""By row: a function of the row's arguments and `to`, the axis of the result."""

MAX_LOOKUPS = 32
"""The number of operations that are looked through for one size."""


def source(*rows: Op[..., Any]) -> Callable[[Callable[..., Source]], Callable[..., Source]]:
    def register(function: Callable[..., Source]) -> Callable[..., Source]:
        SOURCES.update(dict.fromkeys(rows, function))
        return function

    return register


def resolve_size(x: Value, axis: int) -> "int | SSAValue | Axis":
    """Return what the size of `x` along `axis` is or comes from, followed back as far as it can be."""
    return _resolve((x, axis), MAX_LOOKUPS)


def is_size(size: int | SSAValue, x: Value, axis: int) -> bool:
    """Return whether `size` is surely the size of `x` along `axis`."""
    return _resolve(size, MAX_LOOKUPS) == resolve_size(x, axis)


def same_sizes(shape: Shape, x: Value) -> bool:
    """Return whether `shape` is surely the shape of `x`."""
    return len(shape) == rank(x) and all(is_size(n, x, i) for i, n in enumerate(shape))


def known(size: int | SSAValue) -> int | None:
    """Return the number that a size is, None if only a call can tell."""
    if isinstance(size, SSAValue):
        return size.owner.value.value.data if isinstance(size.owner, arith.ConstantOp) else None  # pyright: ignore
    return size


def _resolve(found: "int | SSAValue | Axis", budget: int) -> "int | SSAValue | Axis":
    while budget > 0:
        step = _of_axis(*found, budget) if isinstance(found, tuple) else _of_value(found)
        if step is None:
            break
        found, budget = step, budget - 1
    return found


def _of_value(size: int | SSAValue) -> Source:
    if isinstance(size, SSAValue) and isinstance(op := size.owner, TableOp) and op.OP is ivy.dim:
        x = op.operands[0]
        return x, normal_axis(op.arguments()["axis"], rank(x))
    return known(size) if isinstance(size, SSAValue) else None


def _of_axis(x: Value, axis: int, budget: int) -> Source:
    n = shape_of(x)[axis]
    if n != UNKNOWN:
        return n
    if not isinstance(op := x.owner, TableOp) or len(op.results) != 1:
        return None
    arguments = op.arguments()
    if op.OP in SOURCES:
        return SOURCES[op.OP](to=axis, **arguments)
    return _broadcast(arguments, axis, rank(x), budget) if op.OP in ELEMENTWISE else None


_FAMILIES = ("elementwise", "integers", "special", "special_rare")
ELEMENTWISE = frozenset(row for row in ivy.IVY.rows.values() if row.function.__module__.split(".")[-1] in _FAMILIES)
"""The operations whose result has the broadcast shape of their operands."""


def _broadcast(arguments: dict[str, Any], axis: int, rank: int, budget: int) -> Source:
    """A known size other than 1, else the one operand that decides, else what all that could decide agree on."""
    candidates = [*dict.fromkeys(_candidates(arguments, axis, rank))]
    for x, local in candidates:
        if (n := shape_of(x)[local]) != UNKNOWN:
            return n
    if len(candidates) == 1:
        return candidates[0]
    share = budget // 2 // max(len(candidates), 1)
    found = {_resolve(candidate, share) for candidate in candidates}
    return found.pop() if len(found) == 1 else None


def _candidates(arguments: dict[str, Any], axis: int, rank: int) -> Iterator[Axis]:
    for x in [cast(Value, x) for x in arguments.values() if isinstance(x, SSAValue)]:
        shape = shape_of(x)
        local = axis - rank + len(shape)
        if local >= 0 and shape[local] != 1:
            yield x, local


@source(ivy.relu, ivy.sigmoid, ivy.silu, ivy.gelu, ivy.softplus, ivy.elu, ivy.leaky_relu, ivy.hardswish, ivy.hardtanh)
@source(ivy.softmax, ivy.log_softmax, ivy.batch_norm, ivy.layer_norm, ivy.flip, ivy.roll, ivy.tril, ivy.triu)
@source(ivy.cumulative_sum, ivy.cumulative_prod, ivy.cumulative_max, ivy.cumulative_min, ivy.cumulative_logsumexp)
@source(ivy.sort, ivy.argsort, ivy.index_put, ivy.scatter_along_axis, ivy.dynamic_update_slice, ivy.slice_update)
@source(ivy.inv, ivy.cholesky)
def same_as_x(x: Value, to: int, **_: Any) -> Source:
    return x, to


@source(ivy.permute_dims)
def permuted(x: Value, axes: Ints, to: int) -> Source:
    return x, axes[to] % rank(x)


@source(ivy.full, ivy.broadcast_to)
def of_shape(shape: Shape, to: int, **_: Any) -> Source:
    return shape[to]


@source(ivy.reshape)
def reshaped(x: Value, shape: Shape, to: int) -> Source:
    return None if shape[to] == -1 else shape[to]


@source(ivy.iota)
def counted(size: Shape, to: int, **_: Any) -> Source:
    return size[0]


@source(ivy.eye)
def of_matrix(rows: Shape, columns: Shape, to: int, **_: Any) -> Source:
    return (rows, columns)[to][0]


@source(ivy.expand_dims)
def expanded(x: Value, axis: Ints, to: int) -> Source:
    new = normal_axes(axis, rank(x) + len(axis))
    return 1 if to in new else (x, to - sum(a < to for a in new))


@source(ivy.squeeze)
def squeezed(x: Value, axis: Ints, to: int) -> Source:
    gone = normal_axes(axis, rank(x))
    return x, [i for i in range(rank(x)) if i not in gone][to]


@source(ivy.sum, ivy.prod, ivy.mean, ivy.var, ivy.std, ivy.max, ivy.min, ivy.all, ivy.any, ivy.logsumexp)
@source(ivy.argmax, ivy.argmin)
def reduced(x: Value, axis: "Ints | int | None", keepdims: bool, to: int, **_: Any) -> Source:
    gone = normal_axes((axis,) if isinstance(axis, int) else axis, rank(x))
    if keepdims:
        return 1 if to in gone else (x, to)
    return x, [i for i in range(rank(x)) if i not in gone][to]


@source(ivy.slice)
def sliced(x: Value, starts: Shape, stops: Shape, steps: Ints, to: int) -> Source:
    whole = starts[to] == 0 and steps[to] == 1
    return (x, to) if whole and stops[to] == TO_END else None


@source(ivy.pad)
def padded(x: Value, low: Shape, high: Shape, to: int, **_: Any) -> Source:
    return (x, to) if low[to] == 0 and high[to] == 0 else None


@source(ivy.concat)
def joined(xs: Values, axis: int, to: int) -> Source:
    return None if to == normal_axis(axis, rank(xs[0])) else (xs[0], to)


@source(ivy.stack)
def stacked(xs: Values, axis: int, to: int) -> Source:
    new = normal_axis(axis, rank(xs[0]) + 1)
    return len(xs) if to == new else (xs[0], to - (to > new))


@source(ivy.take)
def taken(x: Value, indices: Value, axis: int, to: int) -> Source:
    along = normal_axis(axis, rank(x))
    if to < along:
        return x, to
    local = to - along
    return (indices, local) if local < rank(indices) else (x, to - rank(indices) + 1)


@source(ivy.take_along_axis)
def as_indices(indices: Value, to: int, **_: Any) -> Source:
    return indices, to


@source(ivy.matmul)
def multiplied(x1: Value, x2: Value, to: int) -> Source:
    """Return the sizes of a matrix product: rows of `x1`, columns of `x2`, batches of the operand that has them."""
    if rank(x1) < 2 or rank(x2) < 2:
        return None
    last = max(rank(x1), rank(x2)) - 1
    if to >= last - 1:
        return (x2, rank(x2) - 1) if to == last else (x1, rank(x1) - 2)
    if rank(x1) == 2 or rank(x2) == 2:
        return (x1, to) if rank(x2) == 2 else (x2, to)
    return None


@source(ivy.linear)
def mapped(x: Value, weight: Value, to: int, **_: Any) -> Source:
    return (weight, 0) if to == rank(x) - 1 else (x, to)


@source(ivy.conv)
def convolved(x: Value, weight: Value, to: int, **_: Any) -> Source:
    return ((x, 0), (weight, 0))[to] if to < 2 else None


@source(ivy.max_pool, ivy.sum_pool)
def pooled(x: Value, to: int, **_: Any) -> Source:
    return (x, to) if to < 2 else None


@source(ivy.attention)
def attended(query: Value, value: Value, to: int, **_: Any) -> Source:
    return (value, rank(value) - 1) if to == rank(query) - 1 else (query, to)
