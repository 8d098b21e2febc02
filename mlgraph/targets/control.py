"""The Python of `ivy.if`, `ivy.while` and `ivy.scan`: statements in torch and numpy, functions in jax, tensorflow.

Where values decide on sizes it is statements in jax too: its functions want one shape of all branches and steps.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from mlgraph.dialects.dtypes import element_type
from mlgraph.dialects.ivy.control import IfOp, ScanOp, WhileOp, is_dynamic, yielded

Lines: TypeAlias = Iterator[str]


class Printer(Protocol):
    """What of the printer of functions is needed here."""

    backend: str
    names: dict[SSAValue, str]

    def fresh(self, hint: str | None) -> str: ...
    def name(self, value: SSAValue) -> str: ...
    def value(self, value: SSAValue, atom: bool = False) -> str: ...
    def path(self, path: str) -> str: ...
    def dtype(self, dtype: Attribute) -> str: ...
    def block(self, block: Block) -> list[str]: ...


def is_control(op: Operation) -> bool:
    """Whether `op` is one that this module prints."""
    return isinstance(op, IfOp | WhileOp | ScanOp)


def control(p: Printer, op: Operation) -> Lines:
    """The lines of a control operation."""
    yield from _PRINTERS[p.backend, type(op)](p, op)


def indented(lines: Iterable[str]) -> Lines:
    return (f"    {line}" for line in lines)


def tuple_of(texts: Sequence[str]) -> str:
    """`(a, b)`, `(a,)` or `()`."""
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def targets_of(texts: Sequence[str]) -> str:
    """The left of an assignment from a tuple."""
    return ", ".join(texts) if len(texts) > 1 else tuple_of(texts)


def assigned(names: Sequence[str], values: Sequence[str]) -> Lines:
    """`a, b = x, y`, without those that are named already."""
    pairs = [(name, value) for name, value in zip(names, values, strict=True) if name != value]
    if pairs:
        yield f"{', '.join(name for name, _ in pairs)} = {', '.join(value for _, value in pairs)}"


def values(p: Printer, block: Block) -> list[str]:
    return [p.value(value) for value in yielded(block)]


# Statements


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
        yield f"    {p.name(argument)} = {p.value(x, atom=True)}[{step}{', ...' if p.backend == 'numpy' else ''}]"
    yield from indented(p.block(body))
    found = values(p, body)
    yield from (f"    {name}.append({value})" for name, value in zip(names[n:], found[n:], strict=True))
    yield from indented(assigned(names[:n], found[:n]))
    order = "[::-1]" if op.reverse is not None else ""
    yield from (f"{name} = {p.path(f'{p.backend}.stack')}({name}{order})" for name in names[n:])


# Functions


def function(
    p: Printer, hint: str, parameters: str, block: Block, unpacked: Sequence[str], result: str | None = None
) -> tuple[str, Lines]:
    """The name of a nested function, and its lines; the results of the block are returned as a tuple by default."""
    name = p.fresh(hint)
    lines = [*unpacked, *p.block(block)]
    lines.append(f"return {tuple_of(values(p, block)) if result is None else result}")
    return name, iter([f"def {name}({parameters}):", *indented(lines)])


def arguments(p: Printer, block: Block) -> list[str]:
    return [p.name(argument) for argument in block.args]


def jax_cond(p: Printer, op: IfOp) -> Lines:
    if is_dynamic(op):
        yield from if_statement(p, op)
        return
    then, lines = function(p, "then", "", op.then.block, [])
    yield from lines
    otherwise, lines = function(p, "otherwise", "", op.otherwise.block, [])
    yield from lines
    names = [p.name(result) for result in op.outputs]
    yield f"{targets_of(names)} = {p.path('jax.lax.cond')}({p.value(op.condition)}, {then}, {otherwise})"


def jax_while_loop(p: Printer, op: WhileOp) -> Lines:
    if is_dynamic(op):
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


def jax_scan(p: Printer, op: ScanOp) -> Lines:
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


def single(names: Sequence[str]) -> str:
    """tensorflow's `cond` takes a tuple of one apart."""
    return names[0] if len(names) == 1 else tuple_of(names)


def tensorflow_cond(p: Printer, op: IfOp) -> Lines:
    called: list[str] = []
    for hint, block in (("then", op.then.block), ("otherwise", op.otherwise.block)):
        lines = p.block(block)
        called.append(p.fresh(hint))
        yield f"def {called[-1]}():"
        yield from indented([*lines, f"return {single(values(p, block))}"])
    names = [p.name(result) for result in op.outputs]
    yield f"{single(names)} = {p.path('tensorflow.cond')}({p.value(op.condition)}, {', '.join(called)})"


def tensorflow_while_loop(p: Printer, op: WhileOp) -> Lines:
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


def tensorflow_scan(p: Printer, op: ScanOp) -> Lines:
    """A while loop that writes the stacks into arrays of tensors."""
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
    """An empty array of as many tensors as `type` has elements along its first axis."""
    assert isinstance(type, TensorType)
    shape = tuple_of(_sizes(type)[1:])  # pyright: ignore[reportUnknownArgumentType]
    return f"{p.path('tensorflow.TensorArray')}({p.dtype(element_type(type))}, size={length}, element_shape={shape})"  # pyright: ignore[reportUnknownArgumentType]


def shape_of(p: Printer, type: Attribute) -> str:
    """The shape of a type, as tensorflow writes one that may change."""
    assert isinstance(type, TensorType)
    return f"{p.path('tensorflow.TensorShape')}({tuple_of(_sizes(type))})"  # pyright: ignore[reportUnknownArgumentType]


def _sizes(type: "TensorType[Attribute]") -> list[str]:
    return ["None" if size < 0 else str(size) for size in type.get_shape()]


_PRINTERS: dict[tuple[str, type[Operation]], Callable[..., Lines]] = {
    ("torch", IfOp): if_statement,
    ("torch", WhileOp): while_statement,
    ("torch", ScanOp): for_statement,
    ("numpy", IfOp): if_statement,
    ("numpy", WhileOp): while_statement,
    ("numpy", ScanOp): for_statement,
    ("jax", IfOp): jax_cond,
    ("jax", WhileOp): jax_while_loop,
    ("jax", ScanOp): jax_scan,
    ("tensorflow", IfOp): tensorflow_cond,
    ("tensorflow", WhileOp): tensorflow_while_loop,
    ("tensorflow", ScanOp): tensorflow_scan,
}
