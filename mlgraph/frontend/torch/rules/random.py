"""Random ops of ATen, imported into the generator dialect.

A draw keeps the call that torch itself makes for it, so that torch as the target gives eager's numbers; beside it
stands what the draw means for other targets. Dropout is written as its steps on a CPU, whose draws are of that kind.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from xdsl.ir import Block, SSAValue

from mlgraph.dialects import generator as draws
from mlgraph.dialects import ivy
from mlgraph.dialects.backend import encode
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, INTEGERS, NAME_OF, c128, f32, f64, i1, i64
from mlgraph.dialects.ivy.control import YieldOp
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.native import RNG, NativeOp
from mlgraph.frontend.torch.generators import stream_of
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.creation import LIKE
from mlgraph.frontend.torch.rules.helpers import size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import RULES, rule

PRECISION = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""The bits of the float types, up to whose power of two `random_` draws."""


def native(
    callee: str, args: tuple[Any, ...], generator: Any, body: Callable[[], Any], dense: bool = False, **kwargs: Any
) -> Any:
    """Return a draw that is the call of `callee` for torch, and what `body` builds for other targets.

    What fills a tensor in place fills new memory like the first argument, `dense` where torch leaves no gaps.
    """
    block = Block()
    with building(block):
        found = body()
        results = cast("Sequence[SSAValue]", found if isinstance(found, tuple) else (found,))
        insert(YieldOp(*results))
    if callee.startswith("torch.Tensor."):
        args = (to(LIKE.get(args[0], args[0]), dtype(args[0])), *args[1:])
    arguments, operands = encode(args, {"generator": RNG, **kwargs})
    op = insert(NativeOp(callee, operands, arguments, block, stream_of(generator), dense))
    return tuple(op.outputs) if isinstance(found, tuple) else op.outputs[0]


# Uniform numbers


@rule("rand.default", "rand.generator")
def rand(out: Out, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    if stream_of(generator) is None and out.dtype not in COMPLEX:
        return uniform(out, size)  # which is this very call for torch, from its global generator
    return native("torch.rand", (size,), generator, lambda: uniform(out, size), dtype=out.dtype)


def uniform(out: Out, size: Any, low: float = 0.0, high: float = 1.0) -> SSAValue:
    if out.dtype in COMPLEX:
        real = f64 if out.dtype == c128 else f32
        return ivy.complex(draws.uniform(size, real), draws.uniform(size, real))
    return draws.uniform(size, out.dtype, float(low), float(high))


@rule("rand_like.default", "rand_like.generator")
def rand_like(out: Out, x: SSAValue, *, generator: Any = None, **ignored: Any) -> SSAValue:
    return uniform_functional(out, to(x, out.dtype), generator=generator, dense=True)


@rule("uniform.default")
def uniform_functional(
    out: Out, x: SSAValue, low: float = 0.0, high: float = 1.0, *, generator: Any = None, dense: bool = False
) -> SSAValue:
    body = lambda: uniform(out, sizes_of(x), low, high)  # noqa: E731
    return native("torch.Tensor.uniform_", (x, float(low), float(high)), generator, body, dense)


@rule("rrelu_with_noise_functional.default")
def rrelu(
    out: Out, x: SSAValue, noise: SSAValue, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    generator: Any = None,
) -> tuple[SSAValue, SSAValue]:  # fmt: skip
    """A slope of its own for each element below 0, the mean one outside of training; and the slopes."""
    if not training:
        return ivy.leaky_relu(x, (float(lower) + float(upper)) / 2), noise

    def body() -> tuple[SSAValue, SSAValue]:
        slopes = draws.uniform(sizes_of(x), dtype(x), float(lower), float(upper))
        slopes = ivy.where(ivy.less_equal(x, number(x, 0)), slopes, number(x, 1))
        return ivy.multiply(x, slopes), slopes

    args = (x, noise, float(lower), float(upper), True)
    return native("torch.ops.aten.rrelu_with_noise_functional.default", args, generator, body)


@rule("rrelu.default")
def rrelu_whole(
    out: Out, x: SSAValue, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> SSAValue:
    return rrelu(out, x, x, lower, upper, training, generator)[0]


def prims_uniform(out: Out, size: Any, *, low: float, high: float, generator: Any = None, **ignored: Any) -> SSAValue:
    return uniform_functional(out, ivy.full(size, 0.0, out.dtype), low, high, generator=generator)


# Normal numbers


@rule("randn.default", "randn.generator")
def randn(out: Out, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    if stream_of(generator) is None and out.dtype not in COMPLEX:
        return standard_normal(out, size)
    return native("torch.randn", (size,), generator, lambda: standard_normal(out, size), dtype=out.dtype)


def standard_normal(out: Out, size: Any) -> SSAValue:
    """Normal numbers of variance 1, that of complex ones half real and half imaginary."""
    if out.dtype not in COMPLEX:
        return draws.normal(size, out.dtype)
    parts = [draws.normal(size, f64 if out.dtype == c128 else f32) for _ in range(2)]
    return ivy.complex(*(ivy.multiply(part, number(part, 0.5**0.5)) for part in parts))


@rule("randn_like.default", "randn_like.generator")
def randn_like(out: Out, x: SSAValue, *, generator: Any = None, **ignored: Any) -> SSAValue:
    return normal_functional(out, to(x, out.dtype), generator=generator, dense=True)


@rule("normal_functional.default")
def normal_functional(
    out: Out, x: SSAValue, mean: float = 0, std: float = 1, *, generator: Any = None, dense: bool = False
) -> SSAValue:
    body = lambda: normal(out, sizes_of(x), mean, std)  # noqa: E731
    return native("torch.Tensor.normal_", (x, float(mean), float(std)), generator, body, dense)


@rule("normal.float_float")
def normal_of_numbers(
    out: Out, mean: float, std: float, size: Any, *, generator: Any = None, **ignored: Any
) -> SSAValue:
    return normal_functional(out, ivy.full(size, 0.0, out.dtype), mean, std, generator=generator)


def prims_normal(out: Out, size: Any, *, mean: float, std: float, generator: Any = None, **ignored: Any) -> SSAValue:
    return normal_of_numbers(out, mean, std, size, generator=generator)


def normal(out: Out, size: Any, mean: float, std: float) -> SSAValue:
    drawn = standard_normal(out, size)
    drawn = drawn if std == 1 else ivy.multiply(drawn, number(drawn, std))
    return drawn if mean == 0 else ivy.add(drawn, number(drawn, mean))


@rule("normal.Tensor_float", "normal.float_Tensor", "normal.Tensor_Tensor")
def normal_of_tensors(out: Out, mean: Any = 0.0, std: Any = 1.0, *, generator: Any = None) -> SSAValue:
    tensors = [to(x, out.dtype) for x in (mean, std) if isinstance(x, SSAValue)]

    def body() -> SSAValue:
        drawn = draws.normal(sizes_of(ivy.add(*tensors) if len(tensors) == 2 else tensors[0]), out.dtype)
        return ivy.add(ivy.multiply(drawn, to(std, out.dtype)), to(mean, out.dtype))

    return native("torch.normal", (mean, std), generator, body)


# Integers and orders


@rule("randint.default", "randint.generator")
def randint(out: Out, high: Any, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    return randint_low(out, 0, high, size, generator=generator)


@rule("randint.low", "randint.low_generator")
def randint_low(out: Out, low: Any, high: Any, size: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    body = lambda: integers(out, low, high, size)  # noqa: E731
    if stream_of(generator) is None and out.dtype in INTEGERS and isinstance(low, int) and isinstance(high, int):
        return body()
    return native("torch.randint", (low, high, size), generator, body, dtype=out.dtype)


@rule("randint_like.default", "randint_like.generator")
def randint_like(out: Out, x: SSAValue, high: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    return randint_like_low(out, x, 0, high, generator=generator)


@rule("randint_like.low_dtype", "randint_like.low_generator_dtype")
def randint_like_low(out: Out, x: SSAValue, low: Any, high: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    """Numbers below `high - low`, moved by `low`: so torch draws them too."""
    moved = randint_below(out, to(x, out.dtype), high - low, generator=generator, dense=True)
    return moved if low == 0 else ivy.add(moved, number(moved, low))


@rule("random.to")
def randint_below(out: Out, x: SSAValue, high: Any, *, generator: Any = None, dense: bool = False) -> SSAValue:
    body = lambda: integers(out, 0, high, sizes_of(x))  # noqa: E731
    return native("torch.Tensor.random_", (x, high), generator, body, dense)


@rule("random.default")
def random(out: Out, x: SSAValue, *, generator: Any = None) -> SSAValue:
    """Integers over the whole range that the type holds exactly."""
    name = NAME_OF[out.dtype]
    if out.dtype in INTEGERS:
        high = 2 ** (int(name.lstrip("uint")) - (not name.startswith("u")))
    else:
        high = 2 if out.dtype == i1 else 2 ** PRECISION[name] + 1
    body = lambda: integers(out, 0, min(high, 2**63 - 1), sizes_of(x))  # noqa: E731
    return native("torch.Tensor.random_", (x,), generator, body)


def integers(out: Out, low: Any, high: Any, size: Any) -> SSAValue:
    if not isinstance(low, int) or not isinstance(high, int):
        wide = draws.uniform(size, f64)
        span = ivy.subtract(to(high, f64), to(low, f64))
        return to(ivy.add(ivy.floor(ivy.multiply(wide, span)), to(low, f64)), out.dtype)
    drawn = draws.randint(size, low, high, out.dtype if out.dtype in INTEGERS else i64)
    return to(drawn, out.dtype)


@rule("randperm.default", "randperm.generator")
def randperm(out: Out, n: Any, *, generator: Any = None, **ignored: Any) -> SSAValue:
    return native("torch.randperm", (n,), generator, lambda: draws.permutation((n,), out.dtype), dtype=out.dtype)


# Other distributions


@rule("bernoulli.default")
def bernoulli(out: Out, x: SSAValue, *, generator: Any = None) -> SSAValue:
    body = lambda: to(draws.bernoulli(x, sizes_of(x)), out.dtype)  # noqa: E731
    return native("torch.bernoulli", (x,), generator, body)


@rule("bernoulli.p")
def bernoulli_p(out: Out, x: SSAValue, p: float = 0.5, *, generator: Any = None) -> SSAValue:
    return kept(x, p, generator, dense=False)


def kept(x: SSAValue, p: float, generator: Any = None, dense: bool = True) -> SSAValue:
    """Ones with probability `p`, else zeros, of the shape and type of `x`."""
    body = lambda: to(draws.bernoulli(literal(p, f32), sizes_of(x)), dtype(x))  # noqa: E731
    return native("torch.Tensor.bernoulli_", (x, float(p)), generator, body, dense)


@rule("bernoulli.Tensor")
def bernoulli_of_tensor(out: Out, x: SSAValue, p: SSAValue, *, generator: Any = None) -> SSAValue:
    body = lambda: to(draws.bernoulli(p, sizes_of(x)), out.dtype)  # noqa: E731
    return native("torch.Tensor.bernoulli_", (x, p), generator, body)


@rule("exponential.default")
def exponential(out: Out, x: SSAValue, lambd: float = 1, *, generator: Any = None) -> SSAValue:
    def body() -> SSAValue:
        drawn = draws.exponential(sizes_of(x), out.dtype)
        return drawn if lambd == 1 else ivy.divide(drawn, number(drawn, lambd))

    return native("torch.Tensor.exponential_", (x, float(lambd)), generator, body)


@rule("geometric.default")
def geometric(out: Out, x: SSAValue, p: float, *, generator: Any = None) -> SSAValue:
    """Draw the number of trials until one succeeds."""

    def body() -> SSAValue:
        wide = out.dtype if out.dtype in FLOATS else f32
        drawn = draws.exponential(sizes_of(x), wide)
        trials = ivy.ceil(ivy.divide(drawn, ivy.negative(ivy.log1p(literal(-float(p), wide)))))
        return to(ivy.maximum(trials, number(trials, 1)), out.dtype)

    return native("torch.Tensor.geometric_", (x, float(p)), generator, body)


@rule("cauchy.default")
def cauchy(out: Out, x: SSAValue, median: float = 0, sigma: float = 1, *, generator: Any = None) -> SSAValue:
    def body() -> SSAValue:
        angle = draws.uniform(sizes_of(x), out.dtype, -1.5707963267948966, 1.5707963267948966)
        return ivy.add(ivy.multiply(ivy.tan(angle), number(angle, sigma)), number(angle, median))

    return native("torch.Tensor.cauchy_", (x, float(median), float(sigma)), generator, body)


@rule("log_normal.default")
def log_normal(out: Out, x: SSAValue, mean: float = 1, std: float = 2, *, generator: Any = None) -> SSAValue:
    body = lambda: ivy.exp(normal(out, sizes_of(x), mean, std))  # noqa: E731
    return native("torch.Tensor.log_normal_", (x, float(mean), float(std)), generator, body)


@rule("poisson.default")
def poisson(out: Out, x: SSAValue, generator: Any = None) -> SSAValue:
    return native("torch.poisson", (x,), generator, lambda: draws.poisson(x))


@rule("binomial.default")
def binomial(out: Out, count: SSAValue, prob: SSAValue, generator: Any = None) -> SSAValue:
    return native("torch.binomial", (count, prob), generator, lambda: draws.binomial(count, prob))


@rule("_standard_gamma.default")
def standard_gamma(out: Out, x: SSAValue, generator: Any = None) -> SSAValue:
    return native("torch.ops.aten._standard_gamma.default", (x,), generator, lambda: draws.gamma(x))


@rule("_sample_dirichlet.default")
def dirichlet(out: Out, x: SSAValue, generator: Any = None) -> SSAValue:
    def body() -> SSAValue:
        drawn = draws.gamma(x)
        return ivy.divide(drawn, ivy.sum(drawn, (rank(x) - 1,), keepdims=True))

    return native("torch.ops.aten._sample_dirichlet.default", (x,), generator, body)


@rule("multinomial.default")
def multinomial(
    out: Out, x: SSAValue, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> SSAValue:
    """Gumbel's trick: the largest of log probabilities plus Gumbel noise; several without replacement are the top."""

    def body() -> SSAValue:
        if replacement and num_samples != 1:
            shape = (*sizes_of(x)[:-1], num_samples, size_of(x, -1))
            scores = ivy.add(ivy.expand_dims(ivy.log(x), (rank(x) - 1,)), draws.gumbel(shape, dtype(x)))
            return ivy.argmax(scores, rank(x), out.dtype)
        scores = ivy.add(ivy.log(x), draws.gumbel(sizes_of(x), dtype(x)))
        return ivy.topk(scores, num_samples, rank(x) - 1, out.dtype)[1]

    return native("torch.multinomial", (x, num_samples, replacement), generator, body)


# Dropout


@rule("native_dropout.default")
def native_dropout(out: Out, x: SSAValue, p: float, train: bool | None) -> tuple[SSAValue, SSAValue]:
    """Zeros with probability `p`, the rest scaled by `1 / (1 - p)`; and where the rest is."""
    if train is False or p in (0, 1):
        return dropout(out, x, p, train is not False), ivy.full(sizes_of(x), train is False or p == 0, i1)
    noise = kept(x, 1 - p)
    return scaled(x, noise, p), to(noise, i1)


@rule("dropout.default")
def dropout(out: Out, x: SSAValue, p: float, train: bool) -> SSAValue:
    return dropped(x, p) if train else x


@rule("feature_dropout.default")
def feature_dropout(out: Out, x: SSAValue, p: float, train: bool) -> SSAValue:
    return dropped(x, p, channels(x)) if train else x


def dropped(x: SSAValue, p: float, like: SSAValue | None = None) -> SSAValue:
    """Return `x` with zeros for what is dropped, one draw for each element of `like`, `x` itself without it."""
    if p == 0:
        return x
    if p == 1:
        return ivy.multiply(x, number(x, 0))
    return scaled(x, kept(x if like is None else like, 1 - p), p)


def scaled(x: SSAValue, noise: SSAValue, p: float) -> SSAValue:
    return ivy.multiply(x, ivy.divide(noise, number(x, 1 - p)))


def channels(x: SSAValue) -> SSAValue:
    """One element for each channel: (N, C, 1, 1)."""
    return ivy.full((*sizes_of(x)[:2], *[1] * (rank(x) - 2)), 0.0, dtype(x))


@rule("alpha_dropout.default")
def alpha_dropout(out: Out, x: SSAValue, p: float, train: bool) -> SSAValue:
    return to_selu_mean(x, x, p) if train else x


@rule("feature_alpha_dropout.default")
def feature_alpha_dropout(out: Out, x: SSAValue, p: float, train: bool) -> SSAValue:
    return to_selu_mean(x, channels(x), p) if train else x


def to_selu_mean(x: SSAValue, like: SSAValue, p: float) -> SSAValue:
    """Drop to the least value of `selu`, and keep mean and variance; one draw for each element of `like`."""
    if p == 0:
        return x
    if p == 1:
        return ivy.multiply(x, number(x, 0))
    alpha = 1.7580993408473766
    a = 1 / ((alpha * alpha * p + 1) * (1 - p)) ** 0.5
    noise = kept(like, 1 - p)
    shift = ivy.add(ivy.multiply(ivy.add(noise, number(x, -1)), number(x, alpha * a)), number(x, alpha * a * p))
    return ivy.add(ivy.multiply(x, ivy.multiply(noise, number(x, a))), shift)


RULES.add("prims.uniform.default", prims_uniform)
RULES.add("prims.normal.default", prims_normal)
