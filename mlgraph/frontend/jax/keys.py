"""Arrays of random keys: here each key is a last axis of 32-bit words."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from xdsl.ir import SSAValue

from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.rules import Unsupported

TAKES_KEYS = frozenset(
    "random_seed random_split random_fold_in random_bits random_wrap random_unwrap random_clone random_gamma jit pjit"
    " closed_call core_call call remat2 checkpoint custom_jvp_call custom_vjp_call custom_vmap_call cond while scan"
    " copy stop_gradient optimization_barrier".split()
)
"""The primitives whose rules take keys as they are; others move elements without a look at them."""


def is_key(aval: Any) -> bool:
    return hasattr(aval.dtype, "_impl")


def raw(aval: Any) -> Any:
    """Return the abstract value of the words of an array, which are its elements where it has no keys."""
    if not is_key(aval):
        return jax.ShapeDtypeStruct(aval.shape, aval.dtype)
    return jax.ShapeDtypeStruct((*aval.shape, *aval.dtype._impl.key_shape), jax.numpy.uint32)


def moves_keys(eqn: Any) -> bool:
    """Return whether an equation moves keys about."""
    return eqn.primitive.name not in TAKES_KEYS and any(is_key(v.aval) for v in (*eqn.invars, *eqn.outvars))


def on_words(e: Equation, operands: Sequence[SSAValue]) -> list[SSAValue]:
    """Do for each word of the keys what an equation that moves keys does."""
    avals = [v.aval for v in e.eqn.invars]
    if not all(is_key(v.aval) for v in e.eqn.outvars):
        raise Unsupported("of keys")

    def on_word(*xs: Any) -> Any:
        return e.eqn.primitive.bind(*xs, **e.eqn.params)

    over_words = jax.vmap(on_word, in_axes=[-1 if is_key(a) else None for a in avals], out_axes=-1)
    return retraced(e, over_words, [raw(a) for a in avals], *operands)


def retraced(e: Equation, function: Callable[..., Any], avals: Sequence[Any], *xs: SSAValue) -> list[SSAValue]:
    """Import what `function` does, traced by jax, in place."""
    arguments = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in avals]
    jaxpr: Any = jax.make_jaxpr(function)(*arguments)  # pyright: ignore[reportUnknownMemberType]
    return e.importer.run_closed(jaxpr, xs)
