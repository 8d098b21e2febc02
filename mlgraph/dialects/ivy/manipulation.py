"""Operations that move elements without computing with them."""

from xdsl.ir import SSAValue
from xdsl.traits import Pure

from mlgraph.dialects.dtypes import DType, tensor
from mlgraph.dialects.ivy.table import op
from mlgraph.dialects.ivy.types import (
    UNKNOWN,
    add_sizes,
    broadcast_shapes,
    common,
    dtype,
    normal_axes,
    normal_axis,
    product,
    same,
    shape_of,
    sized,
)
from mlgraph.dialects.parameters import Ints, Shape, Type, Value, Values


@op(
    Pure(),
    torch="torch.reshape(x, shape)",
    jax="jnp.reshape(x, shape)",
    tensorflow="tf.reshape(x, shape)",
    numpy="np.reshape(x, shape)",
)
def reshape(x: Value, shape: Shape) -> Type:
    """The elements of `x` in row-major order under another shape; one size may be -1, to be worked out."""
    old, new = shape_of(x), sized(shape)
    inferred = [i for i, n in enumerate(shape) if not isinstance(n, SSAValue) and n == -1]
    if len(inferred) > 1:
        raise ValueError(f"only one size may be -1, got {new}")
    total, rest = product(old), product([n for i, n in enumerate(new) if i not in inferred])
    if inferred and UNKNOWN not in (total, rest) and rest > 0:
        new = tuple(total // rest if i in inferred else n for i, n in enumerate(new))
    if UNKNOWN not in (total, product(new)) and total != product(new):
        raise ValueError(f"{total} elements of shape {old} do not fit into {new}")
    return tensor(new, dtype(x))


@op(
    Pure(),
    torch="torch.permute(x, axes)",
    jax="jnp.permute_dims(x, axes)",
    tensorflow="tf.transpose(x, perm=axes)",
    numpy="np.transpose(x, axes)",
)
def permute_dims(x: Value, axes: Ints) -> Type:
    """The axes in another order: result axis i is axis `axes[i]` of `x`."""
    shape = shape_of(x)
    if sorted(axes) != list(range(len(shape))):
        raise ValueError(f"{axes} is no order of {len(shape)} axes")
    return tensor(tuple(shape[a] for a in axes), dtype(x))


@op(
    Pure(),
    jax="jnp.expand_dims(x, axis)",
    numpy="np.expand_dims(x, axis)",
)
def expand_dims(x: Value, axis: Ints) -> Type:
    """New axes of size 1, at the places `axis` of the result."""
    shape = shape_of(x)
    axes = normal_axes(axis, len(shape) + len(axis))
    old = iter(shape)
    return tensor(tuple(1 if i in axes else next(old) for i in range(len(shape) + len(axis))), dtype(x))


@op(
    Pure(),
    torch="torch.squeeze(x, dim=axis)",
    jax="jnp.squeeze(x, axis=axis)",
    tensorflow="tf.squeeze(x, axis=axis)",
    numpy="np.squeeze(x, axis=axis)",
)
def squeeze(x: Value, axis: Ints) -> Type:
    """`x` without the axes `axis`, which have size 1."""
    shape = shape_of(x)
    axes = normal_axes(axis, len(shape))
    if any(shape[a] not in (1, UNKNOWN) for a in axes):
        raise ValueError(f"axes {axis} of shape {shape} are not all of size 1")
    return tensor(tuple(n for i, n in enumerate(shape) if i not in axes), dtype(x))


@op(
    Pure(),
    torch="torch.broadcast_to(x, shape)",
    jax="jnp.broadcast_to(x, shape)",
    tensorflow="tf.broadcast_to(x, shape)",
    numpy="np.broadcast_to(x, shape)",
)
def broadcast_to(x: Value, shape: Shape) -> Type:
    """`x` repeated along new leading axes and along axes of size 1."""
    new = sized(shape)
    broadcast_shapes(shape_of(x), new)
    return tensor(new, dtype(x))


@op(
    Pure(),
    torch="torch.cat(xs, dim=axis)",
    jax="jnp.concatenate(xs, axis=axis)",
    tensorflow="tf.concat(xs, axis=axis)",
    numpy="np.concatenate(xs, axis=axis)",
)
def concat(xs: Values, axis: int) -> Type:
    """The arrays `xs`, of one element type, one after the other along `axis`."""
    shapes = [shape_of(x) for x in xs]
    along = normal_axis(axis, len(shapes[0]))
    shape = list(broadcast_shapes(*[(*s[:along], 1, *s[along + 1 :]) for s in shapes]))
    shape[along] = add_sizes(*[s[along] for s in shapes])
    return tensor(tuple(shape), common(*xs))


@op(
    Pure(),
    torch="torch.stack(xs, dim=axis)",
    jax="jnp.stack(xs, axis=axis)",
    tensorflow="tf.stack(xs, axis=axis)",
    numpy="np.stack(xs, axis=axis)",
)
def stack(xs: Values, axis: int) -> Type:
    """The arrays `xs`, of one shape and element type, along a new axis at `axis`."""
    shape = list(broadcast_shapes(*[shape_of(x) for x in xs]))
    shape.insert(normal_axis(axis, len(shape) + 1), len(xs))
    return tensor(tuple(shape), common(*xs))


@op(
    Pure(),
    torch="torch.flip(x, dims=axis)",
    jax="jnp.flip(x, axis=axis)",
    tensorflow="tf.reverse(x, axis=axis)",
    numpy="np.flip(x, axis=axis)",
)
def flip(x: Value, axis: Ints) -> Type:
    """`x` in the reverse order along `axis`."""
    normal_axes(axis, len(shape_of(x)))
    return same(x)


@op(
    Pure(),
    torch="torch.roll(x, shifts=shift, dims=axis)",
    jax="jnp.roll(x, shift, axis=axis)",
    tensorflow="tf.roll(x, shift=shift, axis=axis)",
    numpy="np.roll(x, shift, axis=axis)",
)
def roll(x: Value, shift: Shape, axis: Ints) -> Type:
    """`x` moved by `shift[i]` places along `axis[i]`; what leaves at the end comes in at the start."""
    normal_axes(axis, len(shape_of(x)))
    return same(x)


@op(
    Pure(),
    torch="torch.tile(x, repeats)",
    jax="jnp.tile(x, repeats)",
    tensorflow="tf.tile(x, repeats)",
    numpy="np.tile(x, repeats)",
)
def tile(x: Value, repeats: Shape) -> Type:
    """`x` set side by side `repeats[i]` times along axis i; one repeat an axis."""
    shape, times = shape_of(x), sized(repeats)
    if len(shape) != len(times):
        raise ValueError(f"{len(times)} repeats for rank {len(shape)}")
    return tensor(tuple(product((n, k)) for n, k in zip(shape, times)), dtype(x))


@op(
    Pure(),
    torch="torch.repeat_interleave(x, repeats, dim=axis)",
    jax="jnp.repeat(x, repeats, axis=axis)",
    tensorflow="tf.repeat(x, repeats, axis=axis)",
    numpy="np.repeat(x, repeats, axis=axis)",
)
def repeat(x: Value, repeats: int, axis: int) -> Type:
    """Each element of `x` `repeats` times along `axis`."""
    shape = list(shape_of(x))
    along = normal_axis(axis, len(shape))
    shape[along] = product((shape[along], repeats))
    return tensor(tuple(shape), dtype(x))


def slice_size(size: int, start: int | SSAValue, stop: int | SSAValue, step: int) -> int:
    """Return the number of elements of `start:stop:step`, both already within the size."""
    if isinstance(start, SSAValue) or isinstance(stop, SSAValue):
        return UNKNOWN
    if start == 0 and stop == TO_END:
        return UNKNOWN if size == UNKNOWN else -(-size // step)
    if size == UNKNOWN and (start < 0 or stop < 0 or stop == TO_END):
        return UNKNOWN
    if size == UNKNOWN:
        return UNKNOWN
    return len(range(size)[start:stop:step])


TO_END = 2**63 - 1
"""The `stop` of a slice that goes to the end."""


@op(Pure())
def slice(x: Value, starts: Shape, stops: Shape, steps: Ints) -> Type:
    """`x[start:stop:step]` along every axis, as in Python: negative bounds count from the end, bounds past the end are
    the end.

    `steps` are positive; a stop of 2**63 - 1 is the end.
    """
    shape = shape_of(x)
    if not len(shape) == len(starts) == len(stops) == len(steps):
        raise ValueError(f"rank {len(shape)} needs as many starts, stops and steps")
    bounds = zip(shape, starts, stops, steps)
    return tensor(tuple(slice_size(n, a, b, k) for n, a, b, k in bounds), dtype(x))


def padded_size(size: int, low: int | SSAValue, high: int | SSAValue) -> int:
    if isinstance(low, SSAValue) or isinstance(high, SSAValue):
        return UNKNOWN
    return size + low + high if size != UNKNOWN else UNKNOWN


@op(Pure())
def pad(x: Value, low: Shape, high: Shape, value: Value) -> Type:
    """`x` with `low[i]` elements `value`, a 0-d array, before and `high[i]` after it along axis i; negative numbers cut
    off."""
    common(x, value)
    return tensor(tuple(padded_size(n, a, b) for n, a, b in zip(shape_of(x), low, high)), dtype(x))


@op(Pure())
def pad_reflect(x: Value, low: Ints, high: Ints) -> Type:
    """`x` continued as in a mirror that stands on its first and last element."""
    return tensor(tuple(padded_size(n, a, b) for n, a, b in zip(shape_of(x), low, high)), dtype(x))


@op(Pure())
def pad_edge(x: Value, low: Ints, high: Ints) -> Type:
    """`x` continued with its first and last element."""
    return tensor(tuple(padded_size(n, a, b) for n, a, b in zip(shape_of(x), low, high)), dtype(x))


@op(
    Pure(),
    torch="torch.tril(x, diagonal=k)",
    jax="jnp.tril(x, k=k)",
    numpy="np.tril(x, k=k)",
)
def tril(x: Value, k: int = 0) -> Type:
    """The lower triangle of matrices: zeros above diagonal `k`."""
    return same(x)


@op(
    Pure(),
    torch="torch.triu(x, diagonal=k)",
    jax="jnp.triu(x, k=k)",
    numpy="np.triu(x, k=k)",
)
def triu(x: Value, k: int = 0) -> Type:
    """The upper triangle of matrices: zeros below diagonal `k`."""
    return same(x)


@op(
    Pure(),
    torch="torch.Tensor.view(x, dtype)",
    jax="lax.bitcast_convert_type(x, dtype)",
    tensorflow="tf.bitcast(x, dtype)",
    numpy="np.ndarray.view(x, dtype)",
)
def bitcast(x: Value, dtype: DType) -> Type:
    """The bits of `x` read as another element type of the same width."""
    return tensor(shape_of(x), dtype)
