"""Control flow of Python on traced values as `jax.lax.cond`, `while_loop` and `scan`.

The blocks are traced to jaxprs first, since all of `jax.lax` wants one type of all branches and steps.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportUnknownLambdaType=false
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import eval_jaxpr  # pyright: ignore[reportPrivateImportUsage]
from jax.extend.core import Primitive

from mlgraph.frontend.control_flow.base import AMBIGUOUS, NO_VALUE, ControlFlow, LeafMismatch, counting
from mlgraph.frontend.control_flow.errors import as_builtin
from mlgraph.frontend.jax._private import Effect, Tracer, allow_effect, convert_element_type


class CheckEffect(Effect):
    """The effect of a check: it may end the program."""


allow_effect(CheckEffect)
check_p = Primitive("mlgraph_check")
check_p.multiple_results = True
check_p.def_effectful_abstract_eval(lambda condition, **_: ([], {CheckEffect()}))


class JaxControlFlow(ControlFlow):
    """The control flow of one capture of jax."""

    def is_traced(self, value: object) -> bool:
        return isinstance(value, Tracer)

    def is_array(self, value: object) -> bool:
        return isinstance(value, jax.Array | np.ndarray | np.number | np.bool_)

    def is_mutable(self, value: object) -> bool:
        return False

    def number(self, value: Any, kind: type) -> Any:
        if kind is bool:
            return _truth(value)
        if value.shape:
            raise TypeError("Only scalar arrays can be converted to Python scalars")
        return convert_element_type(value, jnp.asarray(kind(0)).dtype, weak_type=True)

    def not_(self, value: Any) -> Any:
        return jnp.logical_not(_truth(value))

    def length(self, array: Any) -> Any:
        if not array.shape:
            raise TypeError("iteration over a 0-d array")
        return array.shape[0]

    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        truth = _truth(condition)
        first, second = _Block.trace(lambda: then()), _Block.trace(lambda: otherwise())
        types = [joined(i, a, b) for i, (a, b) in enumerate(zip(first.types, second.types, strict=True))]
        results = iter(jax.lax.cond(truth, *(lambda block=block: block.run(types) for block in (first, second))))
        return [NO_VALUE if kind is None else next(results) for kind in types]

    def while_(
        self, condition: Callable[[list[Any]], Any], body: Callable[[list[Any]], list[Any]], initial: Sequence[Any]
    ) -> list[Any]:
        types, step = settled(body, initial)
        found = jax.lax.while_loop(
            lambda state: _truth(condition(spread(types, state))),
            lambda state: step.run(types, state),
            start(types, initial),
        )
        return spread(types, found)

    def scan(
        self, length: Any, body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]], initial: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        one = counting(body)
        if self.is_traced(length):
            found = self.while_(lambda state: state[0] < length, one, [0, *initial])
            return found[1:], []
        types, step = settled(one, [0, *initial])
        state, _ = jax.lax.scan(
            lambda state, _: (step.run(types, state), None), start(types, [0, *initial]), None, length=length
        )
        return spread(types, state)[1:], []

    def check(self, condition: Any, error: Exception) -> None:
        kind, message = as_builtin(error)
        check_p.bind(_truth(condition), error=kind, message=message)


def _truth(value: Any) -> Any:
    """Return whether the one element of an array is not zero."""
    array = jnp.asarray(value)
    if any(type(n) is not int or n != 1 for n in array.shape):
        raise ValueError(AMBIGUOUS)
    array = array.reshape(())
    return array if array.dtype == bool else array != 0


@dataclass(frozen=True)
class Type:
    """The type of a leaf."""

    shape: tuple[Any, ...]
    dtype: Any
    weak: bool

    def __str__(self) -> str:
        if self.weak:
            return f"a Python {np.dtype(self.dtype).kind.translate(_PYTHON)}"
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    def of(self, value: Any) -> Any:
        """Return a leaf in this type; zeros for one without a value."""
        if value is NO_VALUE:
            value = jnp.zeros(self.shape, self.dtype)
        if jnp.issubdtype(self.dtype, jax.dtypes.extended):  # pyright: ignore[reportPrivateImportUsage]
            return value
        return convert_element_type(jnp.asarray(value), self.dtype, weak_type=self.weak)

    @property
    def struct(self) -> Any:
        return jax.ShapeDtypeStruct(self.shape, self.dtype, weak_type=self.weak)


_PYTHON = {ord("b"): "bool", ord("i"): "int", ord("f"): "float", ord("c"): "complex"}


def type_of(value: Any) -> Type | None:
    """Return the type of a leaf, None for one without a value."""
    if value is NO_VALUE:
        return None
    array = jnp.asarray(value)
    return Type(tuple(array.shape), array.dtype, bool(getattr(array.aval, "weak_type", False)))


def joined(index: int, first: Type | None, second: Type | None) -> Type | None:
    """Return the type that both paths give a leaf; raise `LeafMismatch` if there is none."""
    if first is None or second is None:
        return first or second
    if first.shape == second.shape:
        if first.dtype == second.dtype:
            return first if second.weak else second
        if first.weak or second.weak:
            both = jnp.promote_types(first.dtype, second.dtype)
            strong = second if first.weak else first
            if strong.weak or both == strong.dtype:
                return Type(first.shape, both, first.weak and second.weak)
    raise LeafMismatch(index, str(first), str(second))


@dataclass
class _Block:
    """A block, traced to a jaxpr."""

    jaxpr: Any
    types: list[Type | None]

    @classmethod
    def trace(cls, block: Callable[..., list[Any]], *arguments: Any) -> "_Block":
        types: list[Type | None] = []

        def run(*given: Any) -> list[Any]:
            found = block(*given)
            types[:] = [type_of(value) for value in found]
            return [jnp.asarray(value) for value in found if value is not NO_VALUE]

        return cls(jax.make_jaxpr(run)(*arguments), types)

    def run(self, types: Sequence[Type | None], arguments: Sequence[Any] = ()) -> list[Any]:
        """Return the leaves in `types`, without those that nobody gives a value."""
        found = iter(eval_jaxpr(self.jaxpr.jaxpr, self.jaxpr.consts, *arguments))
        leaves = [NO_VALUE if kind is None else next(found) for kind in self.types]
        return [kind.of(leaf) for kind, leaf in zip(types, leaves) if kind is not None]


def settled(body: Callable[[list[Any]], list[Any]], initial: Sequence[Any]) -> tuple[list[Type | None], _Block]:
    """Return the types of the state of a loop, which its steps keep, and a step."""
    types = [type_of(value) for value in initial]
    while True:
        given = [kind.struct for kind in types if kind is not None]
        step = _Block.trace(lambda *state, types=types: body(spread(types, state)), *given)
        new = [joined(i, a, b) for i, (a, b) in enumerate(zip(types, step.types, strict=True))]
        if new == types:
            return types, step
        types = new


def spread(types: Sequence[Type | None], state: Sequence[Any]) -> list[Any]:
    """Return the leaves of a state, with those that have no value."""
    values = iter(state)
    return [NO_VALUE if kind is None else next(values) for kind in types]


def start(types: Sequence[Type | None], initial: Sequence[Any]) -> list[Any]:
    """Return the state before a loop."""
    return [kind.of(value) for kind, value in zip(types, initial) if kind is not None]
