"""Random numbers. Seeds choose a stream of tensorflow's that no other library has; distributions are kept.

A stateless operation whose seed is a constant gives the same numbers at every call: they are drawn at capture. One
whose seed comes from a variable, as keras's does, draws anew.
"""

from math import erf, sqrt

from mlgraph.dialects import generator, ivy
from mlgraph.dialects.dtypes import DType, f32, f64, i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Node, Traced
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.helpers import to
from mlgraph.frontend.tensorflow.rules.registry import rule

SEEDS = "seed seed2"


def wide(d: DType) -> DType:
    return d if d in (f32, f64) else f32


@rule("RandomUniform", ignores=SEEDS)
def uniform(shape: Sizes, *, dtype: DType) -> Value:
    return generator.uniform(shape, dtype)


@rule("RandomStandardNormal", ignores=SEEDS)
def normal(shape: Sizes, *, dtype: DType) -> Value:
    return generator.normal(shape, dtype)


@rule("TruncatedNormal", ignores=SEEDS)
def truncated_normal(shape: Sizes, *, dtype: DType) -> Value:
    """Normal numbers within two standard deviations, by the inverse of their distribution function."""
    u = generator.uniform(shape, wide(dtype), -1.0, 1.0)
    inside = ivy.multiply(u, number(u, erf(sqrt(2))))
    return to(ivy.multiply(ivy.erfinv(inside), number(u, sqrt(2))), dtype)


@rule("RandomUniformInt", ignores=SEEDS)
def integers(shape: Sizes, low: int, high: int, *, node: Node) -> Value:
    return generator.randint(shape, low, high, node.dtype)


@rule("RandomShuffle", ignores=SEEDS)
def shuffle(x: Value, *, importer: FuncGraphImporter) -> Value:
    return ivy.take(x, generator.permutation((importer.dim(x, 0),), i64), 0)


@rule("Multinomial", ignores=SEEDS)
def multinomial(logits: Value, count: Size, *, output_dtype: DType, importer: FuncGraphImporter) -> Value:
    """Draws from the softmax of each row: the place of the largest sum of a logit and Gumbel noise."""
    batch, classes = importer.shape(logits)
    noise = generator.gumbel((batch, count, classes), wide(dtype(logits)))
    return ivy.argmax(ivy.add(ivy.expand_dims(to(logits, wide(dtype(logits))), (1,)), noise), 2, output_dtype)


@rule("RandomPoissonV2", ignores=f"{SEEDS} R S")
def poisson(shape: Sizes, rate: Value, *, dtype: DType, importer: FuncGraphImporter) -> Value:
    rates = ivy.broadcast_to(to(rate, f32), (*shape, *importer.shape(rate)))
    return to(generator.poisson(rates), dtype)


# Stateless: the seed is an argument


def drawn(*seeds: Traced) -> None:
    """Refuse a seed that does not come from a variable."""
    if not all(seed.varies for seed in seeds):
        raise Unsupported("with a seed that is an argument, or of a shape that is free")


@rule("StatelessRandomGetKeyCounter")
def key_and_counter(seed: Traced) -> tuple[Traced, Traced]:
    drawn(seed)
    return Traced(None, thing="key", varies=True), Traced(None, thing="counter", varies=True)


@rule("StatelessRandomGetAlg")
def algorithm() -> Traced:
    return Traced(None, thing="algorithm", varies=True)


@rule("StatelessRandomUniformV2")
def stateless_uniform(shape: Sizes, key: Traced, counter: Traced, alg: Traced, *, dtype: DType) -> Value:
    drawn(key)
    return uniform(shape, dtype=dtype)


@rule("StatelessRandomNormalV2")
def stateless_normal(shape: Sizes, key: Traced, counter: Traced, alg: Traced, *, dtype: DType) -> Value:
    drawn(key)
    return normal(shape, dtype=dtype)


@rule("StatelessTruncatedNormalV2")
def stateless_truncated_normal(shape: Sizes, key: Traced, counter: Traced, alg: Traced, *, dtype: DType) -> Value:
    drawn(key)
    return truncated_normal(shape, dtype=dtype)


@rule("StatelessRandomUniformIntV2")
def stateless_integers(
    shape: Sizes, key: Traced, counter: Traced, alg: Traced, low: int, high: int, *, dtype: DType
) -> Value:
    drawn(key)
    return generator.randint(shape, low, high, dtype)


@rule("StatelessRandomUniform")
def stateless_uniform_of_seed(shape: Sizes, seed: Traced, *, dtype: DType) -> Value:
    drawn(seed)
    return uniform(shape, dtype=dtype)


@rule("StatelessRandomNormal")
def stateless_normal_of_seed(shape: Sizes, seed: Traced, *, dtype: DType) -> Value:
    drawn(seed)
    return normal(shape, dtype=dtype)


@rule("StatelessMultinomial")
def stateless_multinomial(
    logits: Value, count: Size, seed: Traced, *, output_dtype: DType, importer: FuncGraphImporter
) -> Value:
    drawn(seed)
    return multinomial(logits, count, output_dtype=output_dtype, importer=importer)
