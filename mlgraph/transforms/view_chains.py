"""Chains of views: `x[1:].T` is a transposition of a slice of `x`."""

import itertools
from collections.abc import Callable, Iterator, Sequence

from xdsl.ir import Operation, SSAValue


def views_of(value: SSAValue, is_view: Callable[[Operation], bool]) -> Iterator[Operation]:
    """Yield the operations that made a view, the last first; each is a view of its first operand."""
    while isinstance(op := value.owner, Operation) and is_view(op):
        yield op
        value = op.operands[0]


def views_between(base: SSAValue, value: SSAValue, is_view: Callable[[Operation], bool]) -> list[Operation]:
    """Return the operations that made `value` a view of `base`, the last first."""
    return list(itertools.takewhile(lambda op: base not in op.results, views_of(value, is_view)))


def rebuild(views: Sequence[Operation], new: SSAValue, insert: Callable[[Operation], None]) -> SSAValue:
    """Build a chain of views, the last of which comes first, with `new` as its first operand."""
    for op in reversed(views):
        view = op.clone({op.operands[0]: new})
        insert(view)
        new = view.results[0]
    return new
