"""How a jax primitive becomes ivy rows.

`ROWS` names the primitives that are a row under another name: operands in order, no parameters. A primitive with more
to say has a function under `@rule`, which gets the equation, the operands, and the parameters that it claims by
keyword. A parameter that nothing claims is an error, unless it is only a hint.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects.dtypes import BY_NAME, tensor
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.jax.dimensions import static

if TYPE_CHECKING:
    from mlgraph.frontend.jax.importer import JaxprImporter

Values: TypeAlias = SSAValue | Sequence[SSAValue]

HINTS = frozenset(
    "sharding out_sharding weak_type accuracy precision indices_are_sorted unique_indices is_stable use_magma"
    " implementation allow_tf32 unroll _split_transpose linear name ctx_mesh inline keep_unused donated_invars"
    " in_shardings out_shardings in_layouts out_layouts compiler_options_kvs prevent_cse policy differentiated"
    " enable_eigvec_derivs".split()
)
"""Parameters that change how fast or on which device something is computed, not what."""

ROWS: dict[str, Callable[..., Values]] = {}
RULES: dict[str, Callable[..., Values]] = {}
_CLAIMS: dict[str, frozenset[str] | None] = {}
"""The parameters that each rule takes, None for all."""


class Unsupported(Exception):
    """A rule meets a form of its primitive that no row says."""


@dataclass
class Equation:
    """One equation of a jaxpr while it is imported."""

    importer: "JaxprImporter"
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
        """The shape of an operand, in jax's sizes."""
        return self.eqn.invars[operand].aval.shape

    def size(self, dim: Any) -> Size:
        return self.importer.dimensions(dim)

    def sizes(self, shape: Sequence[Any]) -> tuple[Size, ...]:
        """jax's sizes as the IR's."""
        return tuple(map(self.size, shape))

    def known(self, value: SSAValue) -> "np.ndarray[Any, Any] | None":
        """The integers of `value`, as an object array of sizes, where they are known."""
        return self.importer.known.get(value)


def rule(*names: str) -> Callable[[Callable[..., Values]], Callable[..., Values]]:
    """Declare how the primitives `names` are imported."""

    def register(function: Callable[..., Values]) -> Callable[..., Values]:
        parameters = inspect.signature(function).parameters.values()
        every = any(p.kind is p.VAR_KEYWORD for p in parameters)
        claims = None if every else frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        for name in names:
            if name in RULES:
                raise TypeError(f"{name} has two rules")
            RULES[name] = function
            _CLAIMS[name] = claims
        return function

    return register


def apply(equation: Equation, operands: Sequence[SSAValue]) -> Values:
    """The values of an equation's results."""
    name, params = equation.eqn.primitive.name, equation.eqn.params
    if name not in ROWS and name not in RULES:
        raise Unsupported("")
    claims = _CLAIMS.get(name, frozenset())
    if claims is None:
        claims = frozenset(params)
    for key, value in params.items():
        if key not in claims and key not in HINTS and value is not None:
            raise Unsupported(f"with {key}={value}")
    if name in ROWS:
        return ROWS[name](*operands)
    return RULES[name](equation, *operands, **{key: params[key] for key in params if key in claims})


def dtype_of_aval(aval: Any) -> Attribute:
    """The element type of an abstract value."""
    return element_type(aval.dtype)


def element_type(dtype: Any) -> Attribute:
    """The element type that jax calls `dtype`; a random key is two words of 32 bits."""
    name = np.dtype(dtype).name if not hasattr(dtype, "_impl") else "uint32"
    if name not in BY_NAME:
        raise Unsupported(f"on {name}")
    return BY_NAME[name]


def type_of_aval(aval: Any) -> Attribute:
    """The tensor type of an abstract value."""
    shape = static(aval.shape)
    if hasattr(aval.dtype, "_impl"):
        shape = (*shape, *aval.dtype._impl.key_shape)
    return tensor(shape, dtype_of_aval(aval))
