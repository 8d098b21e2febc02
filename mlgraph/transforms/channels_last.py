"""`channels-last`: convolutions, and what stands between them, with the channels as the last axis.

    %1 = ivy.conv(%x, %w, ...) : (tensor<?x3x8x8xf32>, ...) -> tensor<?x4x8x8xf32>
    %2 = ivy.relu(%1) : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>

becomes

    %1 = ivy.permute_dims(%x, axes = [0, 2, 3, 1]) : (tensor<?x3x8x8xf32>) -> tensor<?x8x8x3xf32>
    %2 = ivy.conv_channels_last(%1, %w, ...) : (tensor<?x8x8x3xf32>, ...) -> tensor<?x8x8x4xf32>
    %3 = ivy.relu(%2) : (tensor<?x8x8x4xf32>) -> tensor<?x8x8x4xf32>
    %4 = ivy.permute_dims(%3, axes = [0, 3, 1, 2]) : (tensor<?x8x8x4xf32>) -> tensor<?x4x8x8xf32>

In one walk from top to bottom, a convolution reads its image transposed, and its result is transposed back. An
operation that reads such a result, and means the same in either layout, reads it as it was before it was transposed,
and is transposed back itself. Transpositions without users are dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from typing_extensions import TypeIs
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from mlgraph.dialects import ivy
from mlgraph.dialects.functions import functions, update_type
from mlgraph.dialects.ivy import elementwise
from mlgraph.dialects.ivy.channels_last import CHANNELS_LAST, channels_first, channels_last, to_first, to_last
from mlgraph.dialects.ivy.table import IVY
from mlgraph.dialects.ivy.types import normal_axes, normal_axis, rank, shape_of
from mlgraph.dialects.parameters import Ints, Value
from mlgraph.dialects.table import Op, TableOp
from mlgraph.transforms.rewriting import replace


@dataclass(frozen=True)
class ChannelsLastPass(ModulePass):
    """Move the channels of images to the last axis, from the first convolution to the last."""

    name = "channels-last"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not any(isinstance(inner, TableOp) and inner.OP in CONVOLUTIONS for inner in op.walk()):
            return
        blocks = [block for inner in op.walk() for region in inner.regions for block in region.blocks]
        for block in blocks:
            rewrite(block)
        for block in blocks:
            drop_unread(block)
        for function in functions(op):
            update_type(function)


CONVOLUTIONS = (ivy.conv, ivy.conv_transpose)


def rewrite(block: Block) -> None:
    """Rewrite the operations of `block` in order."""
    layouts = _Layouts()
    for op in list(block.ops):
        if isinstance(op, TableOp) and (rule := RULES.get(op.OP)) is not None:
            replace(op, partial(rule, layouts, op.OP, **op.arguments()))


def drop_unread(block: Block) -> None:
    """Erase permutations without users."""
    for op in reversed(list(block.ops)):
        if _permutes(op) and not op.results[0].uses.get_length():
            op.detach()
            op.erase()


def _permutes(op: Any) -> TypeIs[TableOp]:
    return isinstance(op, TableOp) and op.OP is ivy.permute_dims


def channels_last_of(x: SSAValue) -> SSAValue | None:
    """Return the channels-last value of a channels-second image, None where `x` has none."""
    owner = x.owner
    if not _permutes(owner) or rank(x) < 3:
        return None
    source, axes = owner.arguments().values()
    return source if axes == to_first(rank(x)) else None


@dataclass
class _Layouts:
    """The images of a block in both layouts."""

    made: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def last(self, x: Value) -> Value:
        """Return `x` with channels last, transposed once."""
        if (source := channels_last_of(x)) is not None:
            return source
        if x not in self.made:
            self.made[x] = channels_last(x)
        return self.made[x]

    def beside(self, x: Value, length: int) -> Value | None:
        """Return `x`, which is broadcast against an image of rank `length`, for channels last; None if not free."""
        if rank(x) == 0:
            return x
        shape = (*(1,) * (length - rank(x)), *shape_of(x))
        if all(n == 1 for axis, n in enumerate(shape) if axis != 1):
            return ivy.reshape(x, (-1,)) if rank(x) != 1 else x
        if rank(x) != length:
            return None
        free = channels_last_of(x) is not None or x in self.made or all(n == 1 for n in shape[2:])
        return self.last(x) if free else None


Rule = Callable[..., "Value | None"]
RULES: dict[Op[..., Any], Rule] = {}
"""The function that rewrites an operation to channels last, given its arguments; it returns None to leave it."""


def rule(*rows: Op[..., Any]) -> Callable[[Rule], Rule]:
    """Register how operations are rewritten to channels last."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(rows, function))
        return function

    return register


@rule(*CONVOLUTIONS)
def convolution(layouts: _Layouts, row: Op[..., Any], x: Value, **arguments: Any) -> Value:
    return channels_first(CHANNELS_LAST[row](layouts.last(x), **arguments))


@rule(ivy.max_pool, ivy.sum_pool, ivy.batch_norm)
def image(layouts: _Layouts, row: Op[..., Any], x: Value, **arguments: Any) -> Value | None:
    source = channels_last_of(x)
    return None if source is None else channels_first(CHANNELS_LAST[row](source, **arguments))


ACTIVATIONS = (
    ivy.relu, ivy.sigmoid, ivy.silu, ivy.gelu, ivy.softplus, ivy.elu, ivy.leaky_relu, ivy.hardswish, ivy.hardtanh,
)  # fmt: skip
ELEMENTWISE = tuple(row for row in IVY.rows.values() if row.function.__module__ == elementwise.__name__)


@rule(*ELEMENTWISE, *ACTIVATIONS)
def each_element(layouts: _Layouts, row: Op[..., Any], **arguments: Any) -> Value | None:
    operands = {name: cast(SSAValue, value) for name, value in arguments.items() if isinstance(value, SSAValue)}
    length = max(map(rank, operands.values()), default=0)
    if not any(channels_last_of(x) is not None and rank(x) == length for x in operands.values()):
        return None
    beside = {name: layouts.beside(x, length) for name, x in operands.items()}
    return None if None in beside.values() else channels_first(row(**{**arguments, **beside}))


# Operations that name axes


@rule(ivy.concat)
def joined(layouts: _Layouts, row: Op[..., Any], xs: tuple[Value, ...], axis: int) -> Value | None:
    sources = [channels_last_of(x) for x in xs]
    if None in sources:
        return None
    return channels_first(row(sources, axis=_place(axis, rank(xs[0]))))


@rule(ivy.softmax, ivy.log_softmax, ivy.flip, ivy.repeat)
def along_axis(layouts: _Layouts, row: Op[..., Any], x: Value, axis: Any, **arguments: Any) -> Value | None:
    if (source := channels_last_of(x)) is None:
        return None
    places = _place(axis, rank(x)) if isinstance(axis, int) else _places(axis, rank(x))
    return channels_first(row(source, axis=places, **arguments))


@rule(ivy.take)
def taken(layouts: _Layouts, row: Op[..., Any], x: Value, indices: Value, axis: int) -> Value | None:
    source = channels_last_of(x)
    if source is None or rank(indices) != 1:
        return None
    return channels_first(row(source, indices, axis=_place(axis, rank(x))))


@rule(ivy.pad, ivy.pad_reflect, ivy.pad_edge, ivy.slice)
def per_axis(layouts: _Layouts, row: Op[..., Any], x: Value, **arguments: Any) -> Value | None:
    """Operations with a number for each axis."""
    if (source := channels_last_of(x)) is None:
        return None
    order = to_last(rank(x))
    tuples = {k: cast("tuple[Any, ...]", v) for k, v in arguments.items() if isinstance(v, tuple)}
    moved = {k: tuple(v[a] for a in order) for k, v in tuples.items()}
    return channels_first(row(source, **{**arguments, **moved}))


@rule(ivy.sum, ivy.prod, ivy.mean, ivy.var, ivy.std, ivy.max, ivy.min, ivy.all, ivy.any, ivy.logsumexp)
def reduced(
    layouts: _Layouts, row: Op[..., Any], x: Value, axis: Ints | None = None, keepdims: bool = False, **more: Any
) -> Value | None:
    if (source := channels_last_of(x)) is None:
        return None
    axes = normal_axes(axis, rank(x))
    result = row(source, axis=_places(axes, rank(x)), keepdims=keepdims, **more)
    if keepdims:
        return channels_first(result)
    kept = [a for a in to_last(rank(x)) if a not in axes]
    order = tuple(kept.index(a) for a in sorted(kept))
    return result if list(order) == sorted(order) else ivy.permute_dims(result, order)


@rule(ivy.dim)
def size(layouts: _Layouts, row: Op[..., Any], x: Value, axis: int) -> Value | None:
    source = channels_last_of(x)
    return None if source is None else row(source, axis=_place(axis, rank(x)))


@rule(ivy.permute_dims)
def permuted(layouts: _Layouts, row: Op[..., Any], x: Value, axes: Ints) -> Value | None:
    if (source := channels_last_of(x)) is None:
        return None
    order = tuple(_place(a, rank(x)) for a in axes)
    return source if list(order) == sorted(order) else row(source, order)


@rule(ivy.reshape, ivy.squeeze)
def flattened(layouts: _Layouts, row: Op[..., Any], x: Value, **arguments: Any) -> Value | None:
    """Of an image of one pixel the channels are in order in either layout."""
    source = channels_last_of(x)
    if source is None or any(n != 1 for n in shape_of(x)[2:]):
        return None
    if row is ivy.squeeze:
        axes = normal_axes(arguments["axis"], rank(x))
        return row(source, axis=_places(axes, rank(x))) if axes == tuple(range(2, rank(x))) else None
    return row(source, **arguments)


def _place(axis: int, length: int) -> int:
    """Return the place of `axis` of an image of rank `length` with channels last."""
    return to_last(length).index(normal_axis(axis, length))


def _places(axes: Ints, length: int) -> Ints:
    return tuple(_place(axis, length) for axis in axes)
