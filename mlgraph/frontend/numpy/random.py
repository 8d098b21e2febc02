"""`np.random`: draws become nodes of the graph.

A generator that the function seeds itself draws the same numbers at each call: it stays numpy's own, its numbers
constants. Every other one, `np.random` itself or a generator from outside, draws anew at each call of the graph.
"""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.dialects import generator
from mlgraph.frontend.numpy.array import TracedArray, fresh, is_traced, natural, scalar
from mlgraph.frontend.numpy.lifting import as_array, broadcast_dims, iota
from mlgraph.frontend.numpy.methods import normal_axis, shape_from
from mlgraph.frontend.numpy.replacements import dims_of
from mlgraph.frontend.numpy.sizes import Dim, fix, is_dim, is_free, operand, operands
from mlgraph.frontend.numpy.trace import active, element_type, emit, unsupported
from mlgraph.frontend.numpy.transplant import ADAPTERS, replace

FLOAT, INT = np.dtype(np.float64), np.dtype(np.int64)


class Stream:
    """The methods of numpy's generators, of either generation, on the graph's stream."""

    # Uniform

    def random(self, size: Any = None, dtype: Any = FLOAT, out: Any = None) -> Any:
        dims = shape_of(size)
        return drawn(emit(generator.uniform, operands(dims), element_type(np.dtype(dtype))), dims, np.dtype(dtype), out)

    random_sample = ranf = sample = random

    def rand(self, *dims: Any) -> Any:
        return self.random(dims)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return low + (high - low) * self.random(size_for(size, low, high))

    # Normal

    def standard_normal(self, size: Any = None, dtype: Any = FLOAT, out: Any = None) -> Any:
        dims = shape_of(size)
        return drawn(emit(generator.normal, operands(dims), element_type(np.dtype(dtype))), dims, np.dtype(dtype), out)

    def randn(self, *dims: Any) -> Any:
        return self.standard_normal(dims)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return loc + scale * self.standard_normal(size_for(size, loc, scale))

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
        return np.exp(self.normal(mean, sigma, size))

    # Other distributions, through the inverse of their distribution function

    def standard_exponential(self, size: Any = None, dtype: Any = FLOAT) -> Any:
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
        if is_traced(n) or np.ndim(n) or int(n) > 64:
            raise unsupported("a binomial draw of more than 64 trials", fix="sum draws of np.random.rand(...) < p")
        dims = shape_of(size_for(size, p))
        trials = as_array(self.random((int(n), *dims))) < p
        return np.sum(trials, axis=0)

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
        return natural(fresh(emit(generator.permutation, (operand(n),), element_type(INT)), (n,), INT))

    def shuffle(self, x: Any, axis: int = 0) -> None:
        if type(x) is not TracedArray:
            raise unsupported("shuffling in place what is no array of the function", fix="use permutation")
        x[...] = self.permutation(x, axis)

    def choice(
        self, a: Any, size: Any = None, replace: bool = True, p: Any = None, axis: int = 0, shuffle: bool = True
    ) -> Any:
        options = iota(a, INT) if is_dim(a) else as_array(a)
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

    def bytes(self, length: int) -> Any:
        raise unsupported("np.random.bytes")

    def seed(self, *args: Any, **kwargs: Any) -> None:
        raise unsupported(
            "np.random.seed",
            why="the graph has a stream of its own",
            fix="seed outside of the function, with graph.seed(n), or draw from np.random.default_rng(n) inside",
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (not hasattr(np.random.Generator, name) and not hasattr(np.random, name)):
            raise AttributeError(name)
        raise unsupported(f"np.random.{name}", fix="draw with random, normal, integers, permutation or choice")


def shape_of(size: Any) -> tuple[Dim, ...]:
    """The shape that a `size` argument asks for; None is one number."""
    return () if size is None else dims_of(size) if is_dim(size) else shape_from([size])


def size_for(size: Any, *parameters: Any) -> Any:
    """The `size` argument, or the shape of the parameters where there is none."""
    if size is not None:
        return size
    arrays = [as_array(p) for p in parameters if not is_dim(p) and not isinstance(p, float)]
    return broadcast_dims(*[a.shape for a in arrays]) if arrays else ()


def drawn(value: Any, dims: tuple[Dim, ...], dtype: np.dtype, out: Any = None) -> Any:
    """A draw: a numpy scalar where it is 0-d."""
    found = fresh(value, dims, dtype)
    if out is not None:
        out[...] = found
        return out
    return found if dims else scalar(found)


STREAM = Stream()


def _seeded(real: Callable[..., Any]) -> Callable[..., Any]:
    """A maker of generators: ours without a seed, numpy's with one."""

    def call(seed: Any = None) -> Any:
        if not active():
            return real(seed)
        if seed is None or isinstance(seed, Stream):
            return STREAM
        return ADAPTERS[type(seed)](seed) if type(seed) in ADAPTERS else real(seed)

    return call


for _name in np.random.__all__:
    _real = getattr(np.random, _name)
    if callable(_real) and not isinstance(_real, type) and _name not in ("default_rng", "get_state", "set_state"):
        replace(
            _real,
            lambda *args, _n=_name, _r=_real, **kw: getattr(STREAM, _n)(*args, **kw) if active() else _r(*args, **kw),
        )

replace(np.random.default_rng, _seeded(np.random.default_rng))
replace(np.random.RandomState, _seeded(np.random.RandomState))
ADAPTERS[np.random.Generator] = lambda real: STREAM
ADAPTERS[np.random.RandomState] = lambda real: STREAM
