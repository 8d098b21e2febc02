# pyright: basic
"""Control flow that depends on values, and the lists that loops read and write.

A branch or loop whose condition is known at capture is inlined. Variables that a region writes are among its results.
"""

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, Block, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.building import insert
from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.ivy.control import CheckOp, IfOp, WhileOp, YieldOp, yielded
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.size_sources import size_of
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, rank, shape_of
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size
from mlgraph.dialects.table import TableOp
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.control_flow import text_of
from mlgraph.frontend.tensorflow.importer import WRITES, FuncGraphImporter, called, function_of
from mlgraph.frontend.tensorflow.nodes import Traced, has_sizes, type_of
from mlgraph.frontend.tensorflow.rules.elements import wider
from mlgraph.frontend.tensorflow.rules.helpers import to_bool
from mlgraph.frontend.tensorflow.rules.lists import TensorList, of_broadcast
from mlgraph.frontend.tensorflow.rules.registry import rule

SHAPES = "output_shapes Tout"

# Branches


@rule("If", "StatelessIf", ignores=SHAPES)
def if_(
    condition: Traced, inputs: list[Traced], *, then_branch: Any, else_branch: Any, importer: FuncGraphImporter
) -> list[Traced]:
    graphs = [importer.function(branch.name) for branch in (then_branch, else_branch)]
    known = importer.elements(condition)
    if known is not None and not has_sizes(known):
        return importer.run(graphs[0 if known.item() else 1], inputs)
    then, otherwise = (lambda graph=graph: importer.run(graph, inputs) for graph in graphs)
    return chosen(importer, to_bool(importer.value(condition)), then, otherwise)


@rule("Assert", ignores="summarize")
def check(condition: Traced, data: list[Traced], *, importer: FuncGraphImporter) -> list[Traced]:
    """A check of control flow: assertions of the user's are not needed for any result."""
    _, error, message = (importer.elements(each) for each in data)
    insert(CheckOp(to_bool(importer.value(condition)), text_of(error), text_of(message)))
    return []


@rule("Case", "StatelessCase", ignores=SHAPES)
def case(index: Traced, inputs: list[Traced], *, branches: Any, importer: FuncGraphImporter) -> list[Traced]:
    """An index that names no branch means the last."""
    graphs = [importer.function(branch.name) for branch in branches]
    known = importer.elements(index)
    if known is not None and not has_sizes(known):
        wanted = int(known.item())
        return importer.run(graphs[wanted if 0 <= wanted < len(graphs) else -1], inputs)

    def from_branch(i: int) -> list[Traced]:
        if i == len(graphs) - 1:
            return importer.run(graphs[i], inputs)
        value = importer.value(index)
        here = ivy.equal(value, number(value, i))
        return chosen(importer, here, lambda: importer.run(graphs[i], inputs), lambda: from_branch(i + 1))

    return from_branch(0)


def chosen(
    importer: FuncGraphImporter,
    condition: Value,
    then: Callable[[], list[Traced]],
    otherwise: Callable[[], list[Traced]],
) -> list[Traced]:
    """Return what one of two branches gives, and import what it writes."""
    state, before = importer.state, dict(importer.state.current)
    blocks, outputs, written = [Block(), Block()], [], []
    for block, run in zip(blocks, (then, otherwise), strict=True):
        state.current = dict(before)
        with importer.region(block):
            outputs.append(run())
            written.append(state.current)
    state.current = before
    names = changed(before, *written)
    for block, branch, other in zip(blocks, outputs, reversed(outputs), strict=True):
        with importer.region(block):
            branch[:] = [filled_as(importer, blocks, *pair) for pair in zip(branch, other, strict=True)]
    for block, branch, current in zip(blocks, outputs, written, strict=True):
        with importer.region(block):
            values = [dense(importer, traced) for traced in branch]
            insert(YieldOp(*values, *(current.get(name) or state.read(name) for name in names)))
    pairs = list(zip(*map(yielded, blocks), strict=True))
    op = insert(IfOp(condition, *blocks, dynamic=any(differ(a, b) for a, b in pairs)))
    for result, (a, b) in zip(op.results, pairs, strict=True):
        result._type = joined(a.type, b.type)
    for name, value in zip(names, op.results[len(outputs[0]) :], strict=True):
        state.write(name, value)
    return [
        outside(importer, traced, value, resized=not same_length(traced, other))
        for traced, other, value in zip(*outputs, op.results)
    ]


def filled_as(importer: FuncGraphImporter, blocks: Sequence[Block], traced: Traced, other: Traced) -> Traced:
    """Return a list without elements as one of zeros of the shape that the other branch writes."""
    if not is_empty_list(traced) or not is_list(other):
        return traced
    sources = other.thing.item_sizes(importer)
    if any(isinstance(size, tuple) and any(inside(size[0], block) for block in blocks) for size in sources):
        raise Unsupported("a list that only one branch writes to, in a shape made there")
    shape = [importer.dim(*size) if isinstance(size, tuple) else size for size in sources]
    return Traced(None, thing=traced.thing.of_zeros(shape), varies=traced.varies)


def differ(a: Value, b: Value) -> bool:
    """Return whether two values may have other sizes; two broadcasts are taken as equal."""
    sizes = [(size_of(a, axis), size_of(b, axis)) for axis in range(rank(a))]
    return any(m != n and not (of_broadcast(m) and of_broadcast(n)) for m, n in sizes)


def same_length(a: Traced, b: Traced) -> bool:
    """Return whether two tensors are no lists, or lists of one length."""
    return not isinstance(a.thing, TensorList) or a.thing.length is b.thing.length or a.thing.length == b.thing.length


def changed(before: dict[str, SSAValue], *after: dict[str, SSAValue]) -> list[str]:
    """Return the variables that hold something else than before."""
    return list(dict.fromkeys(name for current in after for name in current if current[name] is not before.get(name)))


def joined(a: Attribute, b: Attribute) -> Attribute:
    """Return the type that two values have in common."""
    sizes = zip(shape_of(a), shape_of(b), strict=True)
    return tensor(tuple(m if m == n else -1 for m, n in sizes), dtype(a))


def dense(importer: FuncGraphImporter, traced: Traced) -> Value:
    """Return the value of a tensor, or of the elements of a list."""
    return traced.thing.filled() if isinstance(traced.thing, TensorList) else importer.value(traced)


def outside(importer: FuncGraphImporter, traced: Traced, value: Value, resized: bool = False) -> Traced:
    """Return what a region gives, after it; the length of a list that is `resized` in it is read there."""
    if isinstance(traced.thing, TensorList):
        length = importer.dim(value, 0) if resized else traced.thing.length
        return Traced(None, thing=TensorList(length, traced.thing.dtype, value), varies=traced.varies)
    return Traced(traced.dtype, value, varies=traced.varies)


# Loops


@rule("While", "StatelessWhile", ignores="output_shapes parallel_iterations")
def while_(inputs: list[Traced], *, cond: Any, body: Any, importer: FuncGraphImporter) -> list[Traced]:
    """Import a loop; what the body hands on unchanged is no state, and keeps what is known of it."""
    loop = Loop(importer, inputs, importer.function(cond.name), importer.function(body.name))
    loop.fill_lists()
    initial = loop.initial()
    types = loop.types(initial)
    condition = loop.region(
        types, lambda arguments: [to_bool(importer.value(importer.run(loop.condition, arguments)[0]))]
    )
    step = loop.region(types, lambda arguments: loop.state_of(importer.run(loop.body, arguments)))
    op = insert(WhileOp(initial, condition, step, dynamic=loop.resizes(initial, step)))
    return loop.results(list(op.results))


class Loop:
    """A loop's state: the inputs that its body changes, then the variables that it writes."""

    def __init__(self, importer: FuncGraphImporter, inputs: list[Traced], condition: Any, body: Any) -> None:
        self.importer, self.inputs = importer, list(inputs)
        self.condition, self.body = condition, body
        self.varying = [i for i in range(len(inputs)) if not handed_on(body, i)]
        self.names = list(dict.fromkeys(written(body, inputs)))
        self.growing = [
            i for i in self.varying if isinstance(inputs[i].thing, TensorList) and not keeps_length(body, i)
        ]

    def fill_lists(self) -> None:
        """Give lists without elements zeros of the shape that the body sets, which a trial run finds."""
        empty = [i for i in self.varying if is_empty_list(self.inputs[i])]
        if not empty:
            return
        importer = self.importer
        block = Block(arg_types=[self.type_of(i) for i in self.varying if i not in empty])
        arguments = list(block.args)
        unknown = block.insert_arg(IndexType(), len(arguments))
        trial = list(self.inputs)
        before, missing = dict(importer.state.current), importer.missing.copy()
        with importer.region(block):
            rest = iter(arguments)
            for i in self.varying:
                if i not in empty:
                    trial[i] = outside(importer, self.inputs[i], next(rest), i in self.growing)
                elif i in self.growing:
                    trial[i] = Traced(None, thing=TensorList(unknown, self.inputs[i].thing.dtype))
            found = importer.run(self.body, trial)
            shapes = {i: found[i].thing.item_sizes(importer) for i in empty if is_list(found[i])}
        importer.state.current, importer.missing = before, missing
        places: dict[SSAValue, Traced] = dict(
            zip(arguments, (self.inputs[i] for i in self.varying if i not in empty), strict=True)
        )
        sizes = {i: [self.size_outside(block, size, places) for size in shape] for i, shape in shapes.items()}
        for op in block.walk():
            op.drop_all_references()
        for i, shape in sizes.items():
            self.inputs[i] = Traced(None, thing=self.inputs[i].thing.of_zeros(shape))

    def size_outside(self, block: Block, size: Any, places: dict[SSAValue, Traced]) -> Size:
        """Return a size that the body knows, known before the loop."""
        if isinstance(size, int):
            return size
        if not isinstance(size, tuple):
            raise StaticSizeRequired("the shape of the elements of a list", size)
        x, axis = size
        if x in places:
            return self.importer.dim(dense(self.importer, places[x]), axis)
        if not inside(x, block):
            return self.importer.dim(x, axis)
        if not of_broadcast(size):
            raise StaticSizeRequired("the shape of the elements of a list", size)
        found: Size = 1
        for operand in x.owner.operands:
            local = axis - rank(x) + rank(operand)
            if local >= 0 and shape_of(operand)[local] != 1:
                found = wider(found, self.size_outside(block, size_of(operand, local), places))
        return found

    def type_of(self, i: int) -> Attribute:
        """Return the type of an input at every step: what tensorflow knows, or the shape of the list's elements."""
        thing = self.inputs[i].thing
        if isinstance(thing, TensorList):
            type = thing.filled().type
            return tensor((-1, *shape_of(type)[1:]), thing.dtype) if i in self.growing else type
        if (type := type_of(self.body.inputs[i])) is None:
            raise StaticSizeRequired("the rank of what a loop changes")
        return type

    def initial(self) -> list[Value]:
        state = self.importer.state
        return [*self.state_values(self.inputs), *map(state.read, self.names)]

    def types(self, initial: Sequence[Value]) -> list[Attribute]:
        return [*map(self.type_of, self.varying), *(value.type for value in initial[len(self.varying) :])]

    def state_values(self, tensors: Sequence[Traced]) -> list[Value]:
        return [dense(self.importer, tensors[i]) for i in self.varying]

    def state_of(self, outputs: Sequence[Traced]) -> list[Value]:
        """Return the state that a step gives."""
        return [*self.state_values(outputs), *map(self.importer.state.read, self.names)]

    def resizes(self, initial: Sequence[Value], step: Block) -> bool:
        """Return whether a step may give its state other sizes than it took."""
        states = zip(initial, step.args, yielded(step), strict=True)
        return any(resized(step, *state, axis) for state in states for axis in range(rank(state[0])))

    def region(self, types: Sequence[Attribute], run: Callable[[list[Traced]], list[Value]]) -> Block:
        """Return a region whose arguments are the state."""
        block = Block(arg_types=types)
        before = dict(self.importer.state.current)
        with self.importer.region(block):
            insert(YieldOp(*run(self.results(list(block.args)))))
        self.importer.state.current = before
        return block

    def results(self, values: Sequence[Value]) -> list[Traced]:
        """Return the inputs, with new values for those that change; variables hold the rest."""
        found = list(self.inputs)
        for i, value in zip(self.varying, values):
            found[i] = outside(self.importer, self.inputs[i], value, i in self.growing)
        for name, value in zip(self.names, values[len(self.varying) :], strict=True):
            self.importer.state.write(name, value)
        return found


def is_list(traced: Traced) -> bool:
    """Return whether `traced` is a list whose elements have a shape that is known."""
    return isinstance(traced.thing, TensorList) and traced.thing.value is not None


def is_empty_list(traced: Traced) -> bool:
    return isinstance(traced.thing, TensorList) and traced.thing.value is None


def inside(x: SSAValue, block: Block) -> bool:
    """Return whether a value is made in `block`, or in a region within."""
    owner: Any = x.owner
    while owner is not None:
        if owner is block:
            return True
        owner = owner.parent
    return False


def resized(step: Block, initial: Value, argument: Value, result: Value, axis: int) -> bool:
    """Return whether a loop changes a size of its state, as far as the operation that makes it says."""
    if shape_of(argument)[axis] != UNKNOWN:
        return False
    if shape_of(initial)[axis] != UNKNOWN:
        return True
    source = size_of(result, axis)
    if not isinstance(source, tuple):
        return source is not None
    return isinstance(source[0].owner, TableOp) and not of_broadcast(source) and inside(source[0], step)


def keeps_length(body: Any, i: int) -> bool:
    """Return whether the body of a loop only reads, and writes within, the list that is its i-th input."""
    tensor = body.outputs[i]
    while tensor.name != body.inputs[i].name:
        op = tensor.op
        if op.type in ("While", "StatelessWhile"):
            k = [output.name for output in op.outputs].index(tensor.name)
            if not keeps_length(function_of([body], op.get_attr("body").name), k):
                return False
            tensor = op.inputs[k]
        elif op.type == "Identity" or (op.type == "TensorListSetItem" and not grows(op)):
            tensor = op.inputs[0]
        else:
            return False
    return True


def grows(op: Any) -> bool:
    """Return whether a write past the end of a list makes it longer."""
    return op.get_attr("resize_if_index_out_of_bounds")


def handed_on(body: Any, i: int) -> bool:
    """Return whether the body of a loop gives its i-th input as it is."""
    tensor = body.outputs[i]
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor is body.inputs[i] or tensor.name == body.inputs[i].name


def written(graph: Any, inputs: Sequence[Traced]) -> list[str]:
    """Return the variables that a graph, or a function that it calls, writes."""
    names = {tensor.name: traced for tensor, traced in zip(graph.inputs, inputs, strict=True)}
    found: list[str] = []
    for op in graph.get_operations():
        if op.type in WRITES:
            found.append(names[op.inputs[0].name].thing)
        elif op.op_def.is_stateful and called(op):
            given = [names.get(tensor.name, Traced(None)) for tensor in op.inputs]
            skipped = 1 if op.type in ("If", "Case") else 0
            for name in called(op):
                found += written(function_of([graph], name), given[skipped:])
    return found
