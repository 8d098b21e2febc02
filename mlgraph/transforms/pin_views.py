"""`pin-views`: a result that is a view of another result, or of what is written in place, stays one.

    def main(x):                               def main(x):
        x = full(x.shape, 0)                       x = full(x.shape, 0)
        return x[1:], x        becomes             pinned = optimization_barrier(x)
                                                   return pinned[1:], pinned

Canonicalization may take a part of an array of zeros for a smaller array of zeros, and the real part of `complex(a, b)`
for `a`. That is right for values, but a view shares memory, so the views of results are taken of an array that nothing
is known of. What the function computes from the array does not change.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import ArrayOp, LiteralOp
from mlgraph.dialects.functions import functions
from mlgraph.dialects.outputs import OutputKind, OutputSpec
from mlgraph.dialects.stateful import SetOp
from mlgraph.dialects.table import Op, TableOp
from mlgraph.transforms.view_chains import rebuild, views_between, views_of

VIEWS: frozenset[Op[..., Any]] = frozenset({
    ivy.slice, ivy.flip, ivy.squeeze, ivy.expand_dims, ivy.permute_dims, ivy.reshape, ivy.broadcast_to, ivy.real,
    ivy.imag, ivy.conj, ivy.bitcast, ivy.windows,
})  # fmt: skip
"""Operations that every library which has views gives as views of their first operand."""


@dataclass(frozen=True)
class PinViewsPass(ModulePass):
    """Take the views among the results of `@main` of arrays that other passes leave as they are."""

    name = "pin-views"

    outputs: tuple[OutputSpec, ...] = field(default=(), init=False)
    """The destination of each result of `@main`."""

    @classmethod
    def of(cls, outputs: Sequence[OutputSpec]) -> "PinViewsPass":
        """Return the pass for a program with these results."""
        found = cls()
        object.__setattr__(found, "outputs", tuple(outputs))
        return found

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        main = next((f for f in functions(op) if f.sym_name.data == "main"), None)
        if main is not None and self.outputs:
            _pin(main, self.outputs)


def _pin(main: FuncOp, outputs: Sequence[OutputSpec]) -> None:
    last = main.body.block.last_op
    assert isinstance(last, ReturnOp)
    own = [spec for spec in outputs if spec.kind is not OutputKind.OBJECT]
    unwritten = (OutputKind.USER_OUTPUT, OutputKind.TEST)
    written = {value for spec, value in zip(own, last.operands, strict=True) if spec.kind not in unwritten}
    written |= {op.value for op in main.body.block.ops if isinstance(op, SetOp)}
    memory = {memory for spec in outputs for memory in spec.aliases}
    shares = [spec.kind is OutputKind.USER_OUTPUT and bool(spec.aliases or spec.memory in memory) for spec in own]
    bases = {i: _base(last.operands[i], written) for i, one in enumerate(shares) if one}
    count = Counter([*written, *bases.values()])
    pinned: dict[SSAValue, SSAValue] = {}
    results = list(last.operands)
    for i, base in bases.items():
        if isinstance(base.owner, TableOp | LiteralOp | ArrayOp) and count[base] > 1:
            results[i] = _rebuilt(results[i], base, pinned, last)
    last.operands = results


def _is_view(op: Operation) -> bool:
    """Return whether an operation gives a view of its first operand."""
    return isinstance(op, TableOp) and op.OP in VIEWS


def _base(value: SSAValue, written: Collection[SSAValue]) -> SSAValue:
    """Return the array that a value is a view of: one that is written in place, or the first."""
    for op in views_of(value, _is_view):
        if value in written:
            break
        value = op.operands[0]
    return value


def _rebuilt(value: SSAValue, base: SSAValue, pinned: dict[SSAValue, SSAValue], last: Operation) -> SSAValue:
    """Return a view of `base` as the same view of an array of the same values that nothing is known of."""
    block = last.parent
    assert block is not None
    with building(Builder(InsertPoint.before(last)), last.location):
        if base not in pinned:
            pinned[base] = ivy.optimization_barrier(base)
    views = views_between(base, value, _is_view)
    return rebuild(views, pinned[base], lambda view: block.insert_op_before(view, last))
