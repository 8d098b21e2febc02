"""Primitives that call a jaxpr: their equations are imported in place."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.rules.registry import rule


@rule("jit", "pjit", "closed_call", "core_call", "call", "remat2", "checkpoint", "core_closed_call", "composite")
def call(e: Equation, *operands: SSAValue, jaxpr: Any = None, call_jaxpr: Any = None, **_: Any) -> list[SSAValue]:
    return inline(e, jaxpr if jaxpr is not None else call_jaxpr, operands)


@rule("custom_jvp_call", "custom_vjp_call", "custom_vmap_call", "custom_lin", "custom_vjp_call_jaxpr")
def custom_derivative(
    e: Equation, *operands: SSAValue, call_jaxpr: Any = None, call: Any = None, **_: Any
) -> list[SSAValue]:
    """The function itself: derivatives were taken before, in the jaxpr."""
    return inline(e, call_jaxpr if call_jaxpr is not None else call, operands)


def inline(e: Equation, jaxpr: Any, operands: tuple[SSAValue, ...]) -> list[SSAValue]:
    """Return the results of a jaxpr, open or closed."""
    if hasattr(jaxpr, "consts"):
        return e.importer.run_closed(jaxpr, operands)
    return e.importer.run(jaxpr, [], operands)
