"""One equation of a jaxpr, as its rule sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects.dtypes import BY_NAME, tensor
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.jax.dimensions import Dimensions, static
from mlgraph.frontend.rules import Rules, Unsupported

Values: TypeAlias = SSAValue | Sequence[SSAValue]

HINTS = frozenset(
    "sharding out_sharding weak_type accuracy precision indices_are_sorted unique_indices is_stable use_magma"
    " implementation allow_tf32 unroll _split_transpose linear name ctx_mesh inline keep_unused donated_invars"
    " in_shardings out_shardings in_layouts out_layouts compiler_options_kvs prevent_cse policy differentiated"
    " enable_eigvec_derivs".split()
)
"""Parameters that change how fast or on which device something is computed, not what."""


class EquationContext(Protocol):
    """The importer, as the rule of an equation uses it."""

    rules: Rules
    dimensions: Dimensions
    known: "dict[SSAValue, np.ndarray[Any, Any]]"
    """The integers of values, as object arrays of sizes, where they are known."""

    def run(self, jaxpr: Any, consts: Sequence[SSAValue], arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """Import `jaxpr`, and return the values that it computes from `arguments`."""
        ...

    def run_closed(self, closed: Any, arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """Do as `run` does, for a jaxpr that carries its constants."""
        ...


@dataclass
class Equation:
    """One equation of a jaxpr while it is imported."""

    importer: EquationContext
    eqn: Any

    @property
    def shape(self) -> tuple[Any, ...]:
        """The shape of the first result, in jax's sizes."""
        return self.eqn.outvars[0].aval.shape

    @property
    def dtype(self) -> Attribute:
        """The element type of the first result."""
        return dtype_of_aval(self.eqn.outvars[0].aval)

    def shape_of(self, operand: int) -> tuple[Any, ...]:
        """Return the shape of an operand, in jax's sizes."""
        return self.eqn.invars[operand].aval.shape

    def size(self, dim: Any) -> Size:
        return self.importer.dimensions(dim)

    def sizes(self, shape: Sequence[Any]) -> tuple[Size, ...]:
        """Return jax's sizes as the IR's."""
        return tuple(map(self.size, shape))

    def known(self, value: SSAValue) -> "np.ndarray[Any, Any] | None":
        """Return the integers of `value`, as an object array of sizes, where they are known."""
        return self.importer.known.get(value)


def apply(equation: Equation, operands: Sequence[SSAValue]) -> Values:
    """Return the values of an equation's results."""
    rule, params = equation.importer.rules.get(equation.eqn.primitive.name), equation.eqn.params
    if rule is None:
        raise Unsupported("")
    rule.check_claims((k for k, v in params.items() if k not in HINTS and v is not None), params.__getitem__)
    claimed = params.keys() if rule.takes_all else params.keys() & rule.claims
    return rule(equation, *operands, **{name: params[name] for name in claimed})


def dtype_of_aval(aval: Any) -> Attribute:
    """Return the element type of an abstract value."""
    return element_type(aval.dtype)


def element_type(dtype: Any) -> Attribute:
    """Return the element type that jax calls `dtype`; a random key is two words of 32 bits."""
    name = np.dtype(dtype).name if not hasattr(dtype, "_impl") else "uint32"
    if name not in BY_NAME:
        raise Unsupported(f"on {name}")
    return BY_NAME[name]


def type_of_aval(aval: Any) -> Attribute:
    """Return the tensor type of an abstract value."""
    shape = static(aval.shape)
    if hasattr(aval.dtype, "_impl"):
        shape = (*shape, *aval.dtype._impl.key_shape)
    return tensor(shape, dtype_of_aval(aval))
