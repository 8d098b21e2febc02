"""Control flow of jax: functions of `jax.lax`, which want one shape of all branches and steps.

Where values decide on sizes or on numbers of Python's, or are checked, it is statements.
"""

from collections.abc import Callable, Mapping

from xdsl.ir import Operation

from mlgraph.dialects.backend import CallOp
from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, has_check, is_dynamic, yielded
from mlgraph.targets.control import Lines, Printer, arguments, function, indented, targets_of, tuple_of, values
from mlgraph.targets.control.statements import for_statement, if_statement, raise_statement, while_statement

READS_VALUES = ("jax.Array.item", "jax.numpy.argwhere")
"""Functions whose result's shape, or Python number, depends on values, which traced functions do not have."""


def is_eager(op: Operation) -> bool:
    """Return whether `op` cannot be a function of `jax.lax`, whose regions are traced."""
    calls = (inner.callee.data for inner in op.walk() if isinstance(inner, CallOp))
    return is_dynamic(op) or has_check(op) or any(callee in READS_VALUES for callee in calls)


def cond(p: Printer, op: IfOp) -> Lines:
    if is_eager(op):
        yield from if_statement(p, op)
        return
    then, lines = function(p, "then", "", op.then.block, [])
    yield from lines
    otherwise, lines = function(p, "otherwise", "", op.otherwise.block, [])
    yield from lines
    names = [p.name(result) for result in op.outputs]
    yield f"{targets_of(names)} = {p.path('jax.lax.cond')}({p.value(op.condition)}, {then}, {otherwise})"


def while_loop(p: Printer, op: WhileOp) -> Lines:
    if is_eager(op):
        yield from while_statement(p, op)
        return
    state = p.fresh("state")
    blocks = op.condition.block, op.body.block
    unpack = [[f"{targets_of(arguments(p, block))} = {state}"] for block in blocks]
    lines = p.block(blocks[0])
    condition = p.fresh("condition")
    yield f"def {condition}({state}):"
    yield from indented([*unpack[0], *lines, f"return {p.value(yielded(blocks[0])[0])}"])
    body, nested = function(p, "body", state, blocks[1], unpack[1])
    yield from nested
    names = [p.name(result) for result in op.outputs]
    initial = tuple_of([p.value(v) for v in op.initial])
    yield f"{targets_of(names)} = {p.path('jax.lax.while_loop')}({condition}, {body}, {initial})"


def scan(p: Printer, op: ScanOp) -> Lines:
    if is_eager(op):
        yield from for_statement(p, op)
        return
    n, block = len(op.carry), op.body.block
    carry, xs, names = p.fresh("carry"), p.fresh("xs"), arguments(p, block)
    unpack = [f"{targets_of(part)} = {whole}" for part, whole in ((names[:n], carry), (names[n:], xs)) if part]
    lines = p.block(block)
    found = values(p, block)
    body = p.fresh("body")
    yield f"def {body}({carry}, {xs}):"
    yield from indented([*unpack, *lines, f"return {tuple_of(found[:n])}, {tuple_of(found[n:])}"])
    results = [p.name(result) for result in op.outputs]
    given = [tuple_of([p.value(v) for v in group]) for group in (op.carry, op.xs)]
    reverse = ", reverse=True" if op.reverse is not None else ""
    call = f"{p.path('jax.lax.scan')}({body}, {given[0]}, {given[1]}, length={p.value(op.length)}{reverse})"
    yield f"{tuple_of(results[:n])}, {tuple_of(results[n:])} = {call}"


PRINTERS: Mapping[type[Operation], Callable[..., Lines]] = {
    IfOp: cond,
    WhileOp: while_loop,
    ScanOp: scan,
    CheckOp: raise_statement,
}
