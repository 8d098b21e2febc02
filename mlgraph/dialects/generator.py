"""The `generator` dialect: random numbers.

    %u = generator.uniform(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
    %keep = generator.bernoulli(%p, shape = [2, 3]) : (tensor<f32>) -> tensor<2x3xi1>

Each draw reads and writes the one stream of a program, an ordered effect: no pass drops, duplicates or reorders draws.
Streams differ between backends, distributions do not. A row whose body is made of others needs no lowering of its own.
"""

from xdsl.ir import Operation
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import FLOATS, INTEGERS, NAME_OF, DType, f32, f64, tensor
from mlgraph.dialects.ivy.types import broadcast_shapes, dtype, same, shape_of, sized
from mlgraph.dialects.parameters import Shape, Type, Value
from mlgraph.dialects.table import Table

GENERATOR = Table("generator")
op = GENERATOR.op
composite = GENERATOR.composite


class Draw(MemoryEffect):
    """A draw moves the stream of random numbers on."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.READ), EffectInstance(MemoryEffectKind.WRITE)}


def floats(shape: Shape, dtype: DType) -> Type:
    """Floats of `shape`."""
    if dtype not in FLOATS:
        raise ValueError(f"expected a float type, got {NAME_OF[dtype]}")
    return tensor(sized(shape), dtype)


def integers(shape: Shape, dtype: DType) -> Type:
    """Integers of `shape`."""
    if dtype not in INTEGERS:
        raise ValueError(f"expected an integer type, got {NAME_OF[dtype]}")
    return tensor(sized(shape), dtype)


@op(Draw())
def uniform(shape: Shape, dtype: DType, low: float = 0.0, high: float = 1.0) -> Type:
    """Floats in [low, high), all equally likely; rounding may give `high` unless it is 1 and `low` is 0."""
    return floats(shape, dtype)


@op(Draw())
def normal(shape: Shape, dtype: DType) -> Type:
    """Floats of the normal distribution with mean 0 and variance 1."""
    return floats(shape, dtype)


@op(Draw())
def randint(shape: Shape, low: int, high: int, dtype: DType) -> Type:
    """Integers in [low, high), all equally likely."""
    if low >= high:
        raise ValueError(f"no integer is in [{low}, {high})")
    return integers(shape, dtype)


@op(Draw())
def permutation(size: Shape, dtype: DType) -> Type:
    """The numbers 0, 1, ... `size - 1` in random order; `size` is one size."""
    return integers(size, dtype)


@op(Draw())
def poisson(rate: Value) -> Type:
    """For each float of `rate` a whole number, as a float, of the Poisson distribution with that mean."""
    if dtype(rate) not in FLOATS:
        raise ValueError(f"expected floats, got {NAME_OF[dtype(rate)]}")
    return same(rate)


@composite(Draw())
def bernoulli(p: Value, shape: Shape) -> Value:
    """Bools of `shape` that are true with probability `p`, floats that broadcast to `shape`."""
    if len(broadcast_shapes(shape_of(p), sized(shape))) > len(shape):
        raise ValueError(f"probabilities of shape {shape_of(p)} do not broadcast to {sized(shape)}")
    if dtype(p) not in (f32, f64):
        p = ivy.cast(p, f32)
    return ivy.less(uniform(shape, dtype(p)), p)


@composite(Draw())
def exponential(shape: Shape, dtype: DType) -> Value:
    """Floats of the exponential distribution with mean 1."""
    return ivy.negative(ivy.log1p(ivy.negative(uniform(shape, dtype))))


@composite(Draw())
def gumbel(shape: Shape, dtype: DType) -> Value:
    """Floats of the Gumbel distribution: the index of the largest of these plus logits is a draw from their softmax."""
    return ivy.negative(ivy.log(ivy.negative(ivy.log(uniform(shape, dtype)))))


Generator = GENERATOR.dialect()
