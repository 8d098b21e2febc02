"""Control flow as Python's own statements."""

from collections.abc import Callable, Mapping

from xdsl.ir import Operation

from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, yielded
from mlgraph.targets.control import Lines, Printer, assigned, indented, values


def if_statement(p: Printer, op: IfOp) -> Lines:
    names = [p.name(result) for result in op.outputs]
    for head, block in ((f"if {p.value(op.condition)}:", op.then.block), ("else:", op.otherwise.block)):
        lines = p.block(block)
        lines += assigned(names, values(p, block))
        yield head
        yield from indented(lines or ["pass"])


def while_statement(p: Printer, op: WhileOp) -> Lines:
    names = [p.name(result) for result in op.outputs]
    for block in (op.condition.block, op.body.block):
        p.names.update(zip(block.args, names, strict=True))
    yield from assigned(names, [p.value(v) for v in op.initial])
    yield "while True:"
    yield from indented(p.block(op.condition.block))
    yield f"    if not {p.value(yielded(op.condition.block)[0], atom=True)}:"
    yield "        break"
    yield from indented(p.block(op.body.block))
    yield from indented(assigned(names, values(p, op.body.block)))


def for_statement(p: Printer, op: ScanOp) -> Lines:
    n = len(op.carry)
    names = [p.name(result) for result in op.outputs]
    body, step, steps = op.body.block, p.fresh("step"), f"range({p.value(op.length)})"
    p.names.update(zip(body.args[:n], names[:n], strict=True))
    yield from assigned(names[:n], [p.value(v) for v in op.carry])
    yield from (f"{name} = []" for name in names[n:])
    yield f"for {step} in {f'reversed({steps})' if op.reverse is not None else steps}:"
    for argument, x in zip(body.args[n:], op.xs, strict=True):
        yield f"    {p.name(argument)} = {p.value(x, atom=True)}[{step}{', ...' if p.framework.has_scalars else ''}]"
    yield from indented(p.block(body))
    found = values(p, body)
    yield from (f"    {name}.append({value})" for name, value in zip(names[n:], found[n:], strict=True))
    yield from indented(assigned(names[:n], found[:n]))
    order = "[::-1]" if op.reverse is not None else ""
    yield from (f"{name} = {p.path(p.framework.stack)}({name}{order})" for name in names[n:])


def raise_statement(p: Printer, op: CheckOp) -> Lines:
    message = repr(op.message.data) if op.message.data else ""
    yield f"if not {p.value(op.condition, atom=True)}:"
    yield f"    raise {op.error.data}({message})"


PRINTERS: Mapping[type[Operation], Callable[..., Lines]] = {
    IfOp: if_statement,
    WhileOp: while_statement,
    ScanOp: for_statement,
    CheckOp: raise_statement,
}
