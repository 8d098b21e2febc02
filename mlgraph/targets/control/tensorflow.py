"""Control flow of tensorflow: functions whose loops carry tensors and arrays of tensors."""

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Operation

from mlgraph.dialects.dtypes import element_type
from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, yielded
from mlgraph.targets.control import Lines, Printer, arguments, function, indented, targets_of, tuple_of, values
from mlgraph.targets.control.statements import raise_statement


def single(names: Sequence[str]) -> str:
    """Unpack a tuple of one as tensorflow's `cond` does."""
    return names[0] if len(names) == 1 else tuple_of(names)


def cond(p: Printer, op: IfOp) -> Lines:
    called: list[str] = []
    for hint, block in (("then", op.then.block), ("otherwise", op.otherwise.block)):
        lines = p.block(block)
        called.append(p.fresh(hint))
        yield f"def {called[-1]}():"
        yield from indented([*lines, f"return {single(values(p, block))}"])
    names = [p.name(result) for result in op.outputs]
    yield f"{single(names)} = {p.path('tensorflow.cond')}({p.value(op.condition)}, {', '.join(called)})"


def while_loop(p: Printer, op: WhileOp) -> Lines:
    blocks = op.condition.block, op.body.block
    lines = p.block(blocks[0])
    condition = p.fresh("condition")
    yield f"def {condition}({', '.join(arguments(p, blocks[0]))}):"
    yield from indented([*lines, f"return {p.value(yielded(blocks[0])[0])}"])
    body, nested = function(p, "body", ", ".join(arguments(p, blocks[1])), blocks[1], [])
    yield from nested
    names = [p.name(result) for result in op.outputs]
    initial = tuple_of([p.value(v) for v in op.initial])
    shapes = f", shape_invariants={tuple_of([shape_of(p, v.type) for v in op.outputs])}" if op.dynamic else ""
    yield f"{targets_of(names)} = {p.path('tensorflow.while_loop')}({condition}, {body}, {initial}{shapes})"


def scan(p: Printer, op: ScanOp) -> Lines:
    """Yield a while loop that writes the stacks into arrays of tensors."""
    n, block, step, length = len(op.carry), op.body.block, p.fresh("step"), p.value(op.length, atom=True)
    names = arguments(p, block)
    stacks = op.outputs[n:]
    arrays = [p.fresh("stack") for _ in stacks]
    parameters = ", ".join([step, *names[:n], *arrays])
    condition, body = p.fresh("condition"), p.fresh("body")
    yield f"def {condition}({parameters}):"
    yield f"    return {p.path('tensorflow.less')}({step}, {length})"
    yield f"def {body}({parameters}):"
    place = step if op.reverse is None else p.fresh("place")
    if op.reverse is not None:
        yield f"    {place} = {length} - 1 - {step}"
    for argument, x in zip(names[n:], op.xs, strict=True):
        yield f"    {argument} = {p.value(x, atom=True)}[{place}]"
    yield from indented(p.block(block))
    found = values(p, block)
    written = [f"{array}.write({place}, {value})" for array, value in zip(arrays, found[n:], strict=True)]
    yield f"    return {', '.join([f'{step} + 1', *found[:n], *written])}"
    results = [p.name(result) for result in op.outputs]
    zero = f"{p.path('tensorflow.constant')}(0, dtype={p.path('tensorflow.int32')})"
    empty = [array_of_tensors(p, result.type, length) for result in stacks]
    initial = tuple_of([zero, *[p.value(v) for v in op.carry], *empty])
    call = f"{p.path('tensorflow.while_loop')}({condition}, {body}, {initial})"
    yield f"{', '.join(['_', *results[:n], *arrays])} = {call}"
    yield from (f"{result} = {array}.stack()" for result, array in zip(results[n:], arrays, strict=True))


def array_of_tensors(p: Printer, type: Attribute, length: str) -> str:
    """Spell an empty array of as many tensors as `type` has elements along its first axis."""
    assert isinstance(type, TensorType)
    shape = tuple_of(_sizes(type)[1:])  # pyright: ignore[reportUnknownArgumentType]
    return f"{p.path('tensorflow.TensorArray')}({p.dtype(element_type(type))}, size={length}, element_shape={shape})"  # pyright: ignore[reportUnknownArgumentType]


def shape_of(p: Printer, type: Attribute) -> str:
    """Spell the shape of a type, as tensorflow writes one that may change."""
    assert isinstance(type, TensorType)
    return f"{p.path('tensorflow.TensorShape')}({tuple_of(_sizes(type))})"  # pyright: ignore[reportUnknownArgumentType]


def _sizes(type: "TensorType[Attribute]") -> list[str]:
    return ["None" if size < 0 else str(size) for size in type.get_shape()]


PRINTERS: Mapping[type[Operation], Callable[..., Lines]] = {
    IfOp: cond,
    WhileOp: while_loop,
    ScanOp: scan,
    CheckOp: raise_statement,
}
