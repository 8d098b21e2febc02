"""`np.random`: draws become nodes of the graph.

A generator that the function seeds itself draws the same numbers at each call: it stays numpy's own, its numbers are
constants. Every other one, `np.random` itself or a generator from outside, draws new numbers at each call of the graph;
on numpy by the very call that the function makes, from the user's own generator.
"""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Block

from mlgraph.dialects import generator
from mlgraph.dialects.backend import encode
from mlgraph.dialects.building import insert, located
from mlgraph.dialects.ivy.control import YieldOp
from mlgraph.dialects.native import METHODS, RNG, NativeOp
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh, non_negative, scalar
from mlgraph.frontend.numpy.creation_overrides import dims_of
from mlgraph.frontend.numpy.dtypes import FLOAT, INT
from mlgraph.frontend.numpy.methods import shape_from
from mlgraph.frontend.numpy.normalize import normal_axis
from mlgraph.frontend.numpy.rebinding import SUBSTITUTES, override, substitute
from mlgraph.frontend.numpy.sizes import Dim, fix, is_dim, is_free, operand, operands
from mlgraph.frontend.numpy.tracer import active, current, element_type, emit, region, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, broadcast_dims, iota


class Draws:
    """Draws by the methods of numpy's generators, new and legacy, on targets other than numpy."""

    # Uniform

    def random(self, size: Any = None, dtype: Any = FLOAT, out: Any = None) -> Any:
        dims = shape_of(size)
        return drawn(emit(generator.uniform, operands(dims), element_type(np.dtype(dtype))), dims, np.dtype(dtype))

    random_sample = ranf = sample = random

    def rand(self, *dims: Any) -> Any:
        return self.random(dims)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return low + (high - low) * self.random(size_for(size, low, high))

    # Normal

    def standard_normal(self, size: Any = None, dtype: Any = FLOAT, out: Any = None) -> Any:
        dims = shape_of(size)
        return drawn(emit(generator.normal, operands(dims), element_type(np.dtype(dtype))), dims, np.dtype(dtype))

    def randn(self, *dims: Any) -> Any:
        return self.standard_normal(dims)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return loc + scale * self.standard_normal(size_for(size, loc, scale))

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
        return np.exp(self.normal(mean, sigma, size))

    # Other distributions, through the inverse of their distribution function

    def standard_exponential(self, size: Any = None, dtype: Any = FLOAT, method: str = "zig", out: Any = None) -> Any:
        dims = shape_of(size)
        return drawn(emit(generator.exponential, operands(dims), element_type(np.dtype(dtype))), dims, np.dtype(dtype))

    def exponential(self, scale: Any = 1.0, size: Any = None) -> Any:
        return scale * self.standard_exponential(size_for(size, scale))

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        dims = shape_of(size_for(size, loc, scale))
        return loc + scale * drawn(emit(generator.gumbel, operands(dims), element_type(FLOAT)), dims, FLOAT)

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        u = self.random(size_for(size, loc, scale))
        return loc + scale * (np.log(u) - np.log1p(-u))

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        u = self.random(size_for(size, loc, scale)) - 0.5
        return loc - scale * np.sign(u) * np.log1p(-2.0 * np.abs(u))

    def rayleigh(self, scale: Any = 1.0, size: Any = None) -> Any:
        return scale * np.sqrt(2.0 * self.standard_exponential(size_for(size, scale)))

    def weibull(self, a: Any, size: Any = None) -> Any:
        return self.standard_exponential(size_for(size, a)) ** (1.0 / a)

    def pareto(self, a: Any, size: Any = None) -> Any:
        return np.expm1(self.standard_exponential(size_for(size, a)) / a)

    def standard_cauchy(self, size: Any = None) -> Any:
        return np.tan(np.pi * (self.random(size) - 0.5))

    def poisson(self, lam: Any = 1.0, size: Any = None) -> Any:
        rate = np.broadcast_to(as_array(lam).astype(FLOAT), shape_of(size_for(size, lam)))
        found = drawn(emit(generator.poisson, as_array(rate).value), as_array(rate).shape, FLOAT)
        return found.astype(INT)

    def binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        dims = shape_of(size_for(size, n, p))
        count, chance = (as_array(np.broadcast_to(as_array(x).astype(FLOAT), dims)) for x in (n, p))
        return drawn(emit(generator.binomial, count.value, chance.value), dims, FLOAT).astype(INT)

    def standard_gamma(self, shape: Any, size: Any = None, dtype: Any = FLOAT, out: Any = None) -> Any:
        wide = np.broadcast_to(as_array(shape).astype(dtype), shape_of(size_for(size, shape)))
        return drawn(emit(generator.gamma, as_array(wide).value), as_array(wide).shape, np.dtype(dtype))

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None) -> Any:
        return scale * self.standard_gamma(shape, size_for(size, shape, scale))

    def beta(self, a: Any, b: Any, size: Any = None) -> Any:
        dims = size_for(size, a, b)
        first = self.standard_gamma(a, dims)
        return first / (first + self.standard_gamma(b, dims))

    def dirichlet(self, alpha: Any, size: Any = None) -> Any:
        alpha = as_array(alpha)
        found = self.standard_gamma(alpha, (*shape_of(size), alpha.shape[0]))
        return found / np.sum(found, axis=-1, keepdims=True)

    def chisquare(self, df: Any, size: Any = None) -> Any:
        return 2.0 * self.standard_gamma(df / 2.0, size_for(size, df))

    def f(self, dfnum: Any, dfden: Any, size: Any = None) -> Any:
        dims = size_for(size, dfnum, dfden)
        return (self.chisquare(dfnum, dims) / dfnum) / (self.chisquare(dfden, dims) / dfden)

    def standard_t(self, df: Any, size: Any = None) -> Any:
        dims = size_for(size, df)
        return self.standard_normal(dims) / np.sqrt(self.chisquare(df, dims) / df)

    def power(self, a: Any, size: Any = None) -> Any:
        return -(np.expm1(-self.standard_exponential(size_for(size, a))) ** (1.0 / a))

    def triangular(self, left: Any, mode: Any, right: Any, size: Any = None) -> Any:
        u = self.random(size_for(size, left, mode, right))
        rising = left + np.sqrt(u * (right - left) * (mode - left))
        falling = right - np.sqrt((1.0 - u) * (right - left) * (right - mode))
        return np.where(u < (mode - left) / (right - left), rising, falling)

    def geometric(self, p: Any, size: Any = None) -> Any:
        waited = self.standard_exponential(size_for(size, p)) / -np.log1p(-p)
        return np.maximum(np.ceil(waited), 1.0).astype(INT)

    def negative_binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        return self.poisson(self.gamma(n, (1.0 - p) / p, size_for(size, n, p)))

    def multivariate_normal(self, mean: Any, cov: Any, size: Any = None, **how: Any) -> Any:
        mean = as_array(mean)
        noise = self.standard_normal((*shape_of(size), mean.shape[0]))
        return mean + np.matmul(noise, np.linalg.cholesky(cov).T)

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Any:
        pvals = as_array(pvals)
        chosen = self._weighted(pvals, (*shape_of(size), n))
        return np.sum(chosen[..., None] == np.arange(pvals.shape[0]), axis=-2).astype(INT)

    # Integers and orders

    def integers(self, low: Any, high: Any = None, size: Any = None, dtype: Any = INT, endpoint: bool = False) -> Any:
        low, high = (0, low) if high is None else (low, high)
        high = high + 1 if endpoint else high
        dims, dtype = shape_of(size_for(size, low, high)), np.dtype(dtype)
        if is_dim(low) and is_dim(high) and not is_free(low) and not is_free(high):
            value = emit(generator.randint, operands(dims), int(low), int(high), element_type(dtype))
            return drawn(value, dims, dtype)
        return np.floor(low + (high - low) * self.random(dims)).astype(dtype)

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        return self.integers(low, high, size, dtype)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        if is_dim(x):
            return self._order(x)
        array = as_array(x)
        along = normal_axis(axis, array.ndim)
        return np.take(array, self._order(array.shape[along]), axis=along)

    def _order(self, n: Dim) -> TracedArray:
        return non_negative(fresh(emit(generator.permutation, (operand(n),), element_type(INT)), (n,), INT))

    def permuted(self, x: Any, axis: Any = None, out: Any = None) -> Any:
        array = as_array(x)
        if axis is None:
            return np.reshape(self.permutation(np.reshape(array, (-1,))), array.shape)
        return np.take_along_axis(array, np.argsort(self.random(array.shape), axis=axis), axis=axis)

    def choice(
        self, a: Any, size: Any = None, replace: bool = True, p: Any = None, axis: int = 0, shuffle: bool = True
    ) -> Any:
        options = iota(a) if is_dim(a) else as_array(a)
        n = options.shape[axis]
        dims = shape_of(size)
        if replace:
            place = self.integers(0, n, dims) if p is None else self._weighted(p, dims)
        else:
            count = fix(np.prod([fix(d) for d in dims], dtype=int)) if dims else 1
            order = self._order(n) if p is None else np.argsort(-(np.log(as_array(p)) + self.gumbel(size=(n,))))
            place = as_array(order)[:count].reshape(dims)
        return np.take(options, place, axis=axis)

    def _weighted(self, p: Any, dims: tuple[Dim, ...]) -> Any:
        edges = np.cumsum(as_array(p).astype(FLOAT))
        return np.searchsorted(edges / edges[-1], self.random(dims), side="right")


DRAWS = Draws()


class Stream:
    """A proxy of a numpy generator, or of `np.random`, while a function is traced."""

    def __init__(self, legacy: bool, name: str | None = None) -> None:
        self._legacy = legacy
        self._name = name

    @property
    def __class__(self) -> type:
        return np.random.RandomState if self._legacy else np.random.Generator

    def __getattr__(self, name: str) -> Any:
        name = {"ranf": "random_sample", "sample": "random_sample"}.get(name, name) if self._legacy else name
        if self._legacy and name == "random":
            name = "random_sample"
        if name.startswith("_") or not hasattr(self.__class__, name):
            raise AttributeError(name)
        if not hasattr(DRAWS, name) or name not in METHODS:
            raise unsupported(f"np.random.{name}", fix="draw with random, normal, integers, permutation or choice")
        return lambda *args, **kwargs: self._draw(name, args, kwargs)

    def seed(self, *args: Any, **kwargs: Any) -> None:
        raise unsupported(
            "np.random.seed",
            why="the graph has a stream of its own",
            fix="seed outside of the function, with graph.seed(n), or draw from np.random.default_rng(n) inside",
        )

    def shuffle(self, x: Any, axis: int = 0) -> None:
        if type(x) is not TracedArray:
            raise unsupported("shuffling in place what is no array of the function", fix="use permutation")
        x[...] = np.take(x, self.permutation(x.shape[axis]), axis=axis)

    def _draw(self, name: str, args: Any, kwargs: Any) -> Any:
        """Emit a draw: the method's call for numpy, with the operations of `DRAWS` for other targets."""
        draw = getattr(DRAWS, name)
        parameters = inspect.signature(draw).parameters
        given = {**dict(zip(parameters, args)), **kwargs}
        if (out := given.pop("out", None)) is not None:
            made = {key: value for key, value in (("size", out.shape), ("dtype", out.dtype)) if key in parameters}
            out[...] = self._draw(name, (), made | {key: value for key, value in given.items() if value is not None})
            return out
        given, named = tuple(map(_literal, args)), {key: _literal(value) for key, value in kwargs.items()}
        block = Block()
        with region(block):
            found = draw(*args, **kwargs)
            insert(YieldOp(as_array(found).value))
        callee = f"numpy.random.{self.__class__.__name__}.{name}"
        arguments, values = encode((RNG, *given), named)
        with located(current().location()):
            op = insert(NativeOp(callee, values, arguments, block, self._name))
        array = fresh(op.outputs[0], found.shape, found.dtype, found._kind)
        return non_negative(array) if found._non_negative else array


def _literal(value: Any) -> Any:
    """Return an argument of a numpy method as an argument of a call in the graph."""
    if isinstance(value, type | np.dtype):
        return element_type(np.dtype(value))
    if isinstance(value, np.generic) and type(value) is not TracedArray:
        value = value.item()
    if value is None or type(value) in (bool, float, str):
        return value
    if isinstance(value, list | tuple) and all(is_dim(item) or type(item) is float for item in value):
        return tuple(operand(item) if is_dim(item) else item for item in value)
    return operand(value) if is_dim(value) else as_array(value).value


def shape_of(size: Any) -> tuple[Dim, ...]:
    """Return the shape of a `size` argument; None is one number."""
    return () if size is None else dims_of(size) if is_dim(size) else shape_from([size])


def size_for(size: Any, *parameters: Any) -> Any:
    """Return the `size` argument, or the shape of the parameters where there is none."""
    if size is not None:
        return size
    arrays = [as_array(p) for p in parameters if not is_dim(p) and not isinstance(p, float)]
    return broadcast_dims(*[a.shape for a in arrays]) if arrays else ()


def drawn(value: Any, dims: tuple[Dim, ...], dtype: np.dtype) -> Any:
    """Return a draw as an array, or as a numpy scalar where it is 0-d."""
    found = fresh(value, dims, dtype)
    return found if dims else scalar(found)


GLOBAL = Stream(legacy=True)
"""`np.random` itself."""


def _seeded(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return an override of a generator's constructor: with a seed, numpy's own generator belongs to the function."""

    def call(seed: Any = None) -> Any:
        if not active():
            return real(seed)
        if seed is None:
            return Stream(legacy=real is np.random.RandomState)
        if isinstance(seed, np.random.Generator | np.random.RandomState):
            return substitute(seed)
        made = real(seed)
        current().own.append(made)
        return made

    return call


def _from_outside(real: Any) -> Any:
    """Return the substitute of a generator from outside of the function."""
    trace = current()
    if any(own is real for own in trace.own):
        return real
    legacy = isinstance(real, np.random.RandomState)
    if real is np.random.random_sample.__self__:
        return GLOBAL
    for name, own, read in trace.generators:
        if own is real:
            trace.streams[name] = read
            return Stream(legacy, name)
    name = f"other_{len(trace.streams)}"
    trace.generators.append((name, real, lambda: real))
    trace.streams[name] = lambda: real
    return Stream(legacy, name)


for _name in np.random.__all__:
    _real = getattr(np.random, _name)
    if callable(_real) and not isinstance(_real, type) and _name not in ("default_rng", "get_state", "set_state"):
        override(
            _real,
            lambda *args, _n=_name, _r=_real, **kw: getattr(GLOBAL, _n)(*args, **kw) if active() else _r(*args, **kw),
        )

override(np.random.default_rng, _seeded(np.random.default_rng))
override(np.random.RandomState, _seeded(np.random.RandomState))
SUBSTITUTES[np.random.Generator] = _from_outside
SUBSTITUTES[np.random.RandomState] = _from_outside
