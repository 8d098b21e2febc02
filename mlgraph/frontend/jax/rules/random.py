# pyright: basic
"""Random numbers. Keys are explicit in jax and its bits are defined, so all of it is integer arithmetic on keys.

What jax's own implementation of a key type does is traced and imported in place, down
to `threefry2x32`.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.random import random_gamma_p
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import i32, i64, ui32
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.keys import raw, retraced
from mlgraph.frontend.jax.rules.registry import rule


def traced(
    e: Equation, function: Callable[..., Any], batch: tuple[Any, ...], avals: list[Any], *xs: SSAValue
) -> SSAValue:
    """Import what `function`, of one key, does for a batch of keys."""
    for _ in batch:
        function = jax.vmap(function)
    return retraced(e, function, avals, *xs)[0]


@rule("random_seed")
def random_seed(e: Equation, seeds: SSAValue, *, impl: Any) -> SSAValue:
    aval = e.eqn.invars[0].aval
    return traced(e, impl.seed, aval.shape, [aval], seeds)


@rule("random_split")
def random_split(e: Equation, keys: SSAValue, *, shape: Any) -> SSAValue:
    aval = e.eqn.invars[0].aval
    return traced(e, lambda key: aval.dtype._impl.split(key, shape), aval.shape, [raw(aval)], keys)


@rule("random_fold_in")
def random_fold_in(e: Equation, keys: SSAValue, data: SSAValue) -> SSAValue:
    aval, numbers = (v.aval for v in e.eqn.invars)
    fold_in = aval.dtype._impl.fold_in
    for _ in e.shape:
        fold_in = jax.vmap(fold_in)

    def broadcast(words: Any, data: Any) -> Any:
        return fold_in(jnp.broadcast_to(words, (*e.shape, words.shape[-1])), jnp.broadcast_to(data, e.shape))

    return retraced(e, broadcast, [raw(aval), numbers], keys, data)[0]


@rule("random_bits")
def random_bits(e: Equation, keys: SSAValue, *, bit_width: int, shape: Any) -> SSAValue:
    aval = e.eqn.invars[0].aval
    return traced(e, lambda key: aval.dtype._impl.random_bits(key, bit_width, shape), aval.shape, [raw(aval)], keys)


@rule("random_wrap", "random_clone")
def random_wrap(e: Equation, x: SSAValue, *, impl: Any = None) -> SSAValue:
    return x


@rule("random_unwrap")
def random_unwrap(e: Equation, x: SSAValue) -> SSAValue:
    return x


@rule("iota_2x32_shape")
def iota_2x32_shape(e: Equation, *, shape: Any) -> tuple[SSAValue, SSAValue]:
    """The row-major place of each element as two words; arrays are never so large that the high one is not 0."""
    total: Any = 1
    for n in shape:
        total = total * n
    sizes = e.sizes(shape)
    count = i64 if is_known(total) and int(total) >= 2**31 else i32
    low = ivy.reshape(ivy.cast(ivy.iota((e.size(total),), count), ui32), sizes)
    return ivy.full(sizes, 0, ui32), low


@rule("threefry2x32")
def threefry2x32(e: Equation, *xs: SSAValue) -> tuple[SSAValue, SSAValue]:
    return ivy.threefry2x32(*xs)


@rule("random_gamma")
def random_gamma(e: Equation, keys: SSAValue, alpha: SSAValue, *, log_space: bool) -> SSAValue:
    """Raised from jax's own sampler, a loop that rejects."""
    aval, shape = (v.aval for v in e.eqn.invars)
    sample = random_gamma_p.impl

    def wrapped(words: Any, alpha: Any) -> Any:
        return sample(jax.random.wrap_key_data(words, impl=aval.dtype._impl.name), alpha, log_space=log_space)

    return retraced(e, wrapped, [raw(aval), shape], keys, alpha)[0]
