"""Random ops of ATen, raised into the generator dialect. A `torch.Generator` of the user's own has no place there."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import generator as draws
from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import f32, i1
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.raising import Out
from mlgraph.frontend.torch.table.rule import RULES, number, rule, size_of, sizes_of, to


def own_stream(generator: Any) -> None:
    if generator is not None:
        raise UnsupportedOpError(
            "a random op with a torch.Generator of its own",
            why="a graph draws from one stream",
            fix="leave the generator out, and seed the graph with graph.seed(n)",
        )


@rule("rand.default", "rand.generator")
def rand(out: Out, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return uniform(out, size)


def uniform(out: Out, size: Any, low: float = 0.0, high: float = 1.0) -> SSAValue:
    return draws.uniform(size, out.dtype, float(low), float(high))


@rule("rand_like.default")
def rand_like(out: Out, x: SSAValue, **ignored: Any) -> SSAValue:
    return uniform(out, sizes_of(x))


@rule("uniform.default")
def uniform_functional(
    out: Out, x: SSAValue, low: float = 0.0, high: float = 1.0, *, generator: Any = None
) -> SSAValue:
    own_stream(generator)
    return uniform(out, sizes_of(x), low, high)


@rule("rrelu_with_noise_functional.default")
def rrelu(
    out: Out, x: SSAValue, noise: SSAValue, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    generator: Any = None,
) -> tuple[SSAValue, SSAValue]:  # fmt: skip
    """A slope of its own for each element below 0, the mean one outside of training; and the slopes."""
    own_stream(generator)
    if not training:
        return ivy.leaky_relu(x, (float(lower) + float(upper)) / 2), noise
    slopes = draws.uniform(sizes_of(x), dtype(x), float(lower), float(upper))
    slopes = ivy.where(ivy.less_equal(x, number(x, 0)), slopes, number(x, 1))
    return ivy.multiply(x, slopes), slopes


def prims_uniform(out: Out, size: Any, *, low: float, high: float, **ignored: Any) -> SSAValue:
    return uniform(out, size, low, high)


@rule("randn.default", "randn.generator")
def randn(out: Out, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return normal(out, size, 0, 1)


@rule("randn_like.default")
def randn_like(out: Out, x: SSAValue, **ignored: Any) -> SSAValue:
    return normal(out, sizes_of(x), 0, 1)


@rule("normal_functional.default")
def normal_functional(out: Out, x: SSAValue, mean: float = 0, std: float = 1, *, generator: Any = None) -> SSAValue:
    own_stream(generator)
    return normal(out, sizes_of(x), mean, std)


def prims_normal(out: Out, size: Any, *, mean: float, std: float, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return normal(out, size, mean, std)


def normal(out: Out, size: Any, mean: float, std: float) -> SSAValue:
    drawn = draws.normal(size, out.dtype)
    drawn = drawn if std == 1 else ivy.multiply(drawn, number(drawn, std))
    return drawn if mean == 0 else ivy.add(drawn, number(drawn, mean))


@rule("randint.default", "randint.generator")
def randint(out: Out, high: Any, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return integers(out, 0, high, size)


@rule("randint.low", "randint.low_generator")
def randint_low(out: Out, low: Any, high: Any, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return integers(out, low, high, size)


@rule("randint_like.default")
def randint_like(out: Out, x: SSAValue, high: Any, **ignored: Any) -> SSAValue:
    return integers(out, 0, high, sizes_of(x))


@rule("randint_like.low_dtype")
def randint_like_low(out: Out, x: SSAValue, low: Any, high: Any, **ignored: Any) -> SSAValue:
    return integers(out, low, high, sizes_of(x))


def integers(out: Out, low: Any, high: Any, size: Any) -> SSAValue:
    if not isinstance(low, int) or not isinstance(high, int):
        raise UnsupportedOpError("random integers whose bounds depend on a size")
    from mlgraph.dialects.dtypes import INTEGERS, i64

    drawn = draws.randint(size, low, high, out.dtype if out.dtype in INTEGERS else i64)
    return to(drawn, out.dtype)


@rule("randperm.default", "randperm.generator")
def randperm(out: Out, n: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    own_stream(generator)
    return draws.permutation((n,), out.dtype)


@rule("bernoulli.default")
def bernoulli(out: Out, x: SSAValue, *, generator: Any = None) -> SSAValue:
    own_stream(generator)
    return to(draws.bernoulli(x, sizes_of(x)), out.dtype)


@rule("bernoulli.p")
def bernoulli_p(out: Out, x: SSAValue, p: float = 0.5, *, generator: Any = None) -> SSAValue:
    own_stream(generator)
    return to(draws.bernoulli(literal(p, f32), sizes_of(x)), out.dtype)


@rule("poisson.default")
def poisson(out: Out, x: SSAValue, generator: Any = None) -> SSAValue:
    own_stream(generator)
    return draws.poisson(x)


@rule("native_dropout.default")
def native_dropout(out: Out, x: SSAValue, p: float, train: bool | None) -> tuple[SSAValue, SSAValue]:
    """Zeros with probability `p`, the rest scaled by `1 / (1 - p)`."""
    if train is False or p == 0:
        return x, ivy.full(sizes_of(x), True, i1)
    if p == 1:
        return ivy.multiply(x, number(x, 0)), ivy.full(sizes_of(x), False, i1)
    keep = draws.bernoulli(literal(1 - p, f32), sizes_of(x))
    scaled = ivy.multiply(x, number(x, 1 / (1 - p)))
    return ivy.where(keep, scaled, number(x, 0)), keep


@rule("dropout.default")
def dropout(out: Out, x: SSAValue, p: float, train: bool) -> SSAValue:
    return native_dropout(out, x, p, train)[0]


@rule("multinomial.default")
def multinomial(
    out: Out, x: SSAValue, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> SSAValue:
    """Gumbel's trick: the largest of log probabilities plus Gumbel noise; several without replacement are the top."""
    own_stream(generator)
    if replacement and num_samples > 1:
        shape = (*sizes_of(x)[:-1], num_samples, size_of(x, -1))
        scores = ivy.add(ivy.expand_dims(ivy.log(x), (rank(x) - 1,)), draws.gumbel(shape, dtype(x)))
        return ivy.argmax(scores, rank(x), out.dtype)
    scores = ivy.add(ivy.log(x), draws.gumbel(sizes_of(x), dtype(x)))
    return ivy.topk(scores, num_samples, rank(x) - 1, out.dtype)[1]


RULES["prims.uniform.default"] = prims_uniform
RULES["prims.normal.default"] = prims_normal
