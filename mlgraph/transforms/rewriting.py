"""The one driver of rewrites: a rule is a function from an operation's arguments to the values in place of its results.

What a rule builds goes before the operation and comes from its user line; result names and known sizes are kept.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from xdsl.builder import Builder
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.dialects.backend import ValueType
from mlgraph.dialects.building import building
from mlgraph.dialects.table import compatible

Rule: TypeAlias = Callable[..., "SSAValue | tuple[SSAValue, ...] | None"]


def replace(op: Operation, rule: Callable[[], Any]) -> list[Operation] | None:
    """Replace `op` by the values that `rule` returns, erase it, and give the operations that `rule` built.

    None, and no change, where the rule returns None.
    """
    new: list[Operation] = []
    builder = Builder(InsertPoint.before(op), operation_insertion_handler=[new.append])
    with building(builder, op.location):
        found = rule()
    if found is None:
        return None
    for old, value in zip(op.results, found if isinstance(found, tuple) else (found,), strict=True):  # pyright: ignore[reportUnknownArgumentType]
        settle(old, value, fresh=value.owner in new)
        old.replace_all_uses_with(value)
    op.detach()
    op.erase()
    return new


def settle(old: SSAValue, value: SSAValue, fresh: bool) -> None:
    """Give a new `value` the name and type of `old`, whose place it takes."""
    if isinstance(value.type, ValueType):
        value._type = old.type  # pyright: ignore[reportPrivateUsage]
    elif not compatible(value.type, old.type):
        raise TypeError(f"a rewrite gives {value.type} in the place of {old.type}")
    elif fresh and isinstance(old.type, TensorType):
        value._type = old.type  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    if value.name_hint is None:
        value.name_hint = old.name_hint
