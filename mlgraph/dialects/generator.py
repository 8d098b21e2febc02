"""The `generator` dialect: random numbers.

    %u = generator.uniform(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
    %keep = generator.bernoulli(%p, shape = [2, 3]) : (tensor<f32>) -> tensor<2x3xi1>

Each draw reads and writes the one stream of a program, an ordered effect: no pass drops, duplicates or reorders draws.
Streams differ between backends, distributions do not. An operation whose body is made of others needs no lowering of
its own. `generator.native` (`dialects/native.py`) is a draw that keeps the spelling of its framework.
"""

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import FLOATS, INTEGERS, NAME_OF, DType, f32, f64, tensor
from mlgraph.dialects.ivy.types import broadcast_shapes, dtype, same, shape_of, sized
from mlgraph.dialects.native import Draw, NativeOp
from mlgraph.dialects.parameters import Shape, Type, Value
from mlgraph.dialects.table import Table

GENERATOR = Table("generator")
op = GENERATOR.op
composite = GENERATOR.composite


def floats(shape: Shape, dtype: DType) -> Type:
    """Return the type of floats of `shape`."""
    if dtype not in FLOATS:
        raise ValueError(f"expected a float type, got {NAME_OF[dtype]}")
    return tensor(sized(shape), dtype)


def integers(shape: Shape, dtype: DType) -> Type:
    """Return the type of integers of `shape`."""
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


@op(Draw())
def gamma(shape_parameter: Value) -> Type:
    """For each float a draw of the gamma distribution with that shape and scale 1."""
    if dtype(shape_parameter) not in FLOATS:
        raise ValueError(f"expected floats, got {NAME_OF[dtype(shape_parameter)]}")
    return same(shape_parameter)


@op(Draw())
def binomial(count: Value, p: Value) -> Type:
    """For each whole number of `count`, a float, how many of so many trials succeed, each with probability `p`."""
    if dtype(count) not in FLOATS or dtype(p) != dtype(count) or shape_of(p) != shape_of(count):
        raise ValueError("counts and probabilities must be floats of one type and shape")
    return same(count)


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


Generator = GENERATOR.dialect(NativeOp)
