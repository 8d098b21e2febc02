"""A scan of elementwise steps as a loop on the scalars of one element: no array is written between its steps.

The state is arrays of one shape, and 0-d arrays that only they read, such as the number of the step.
"""

from collections.abc import Mapping, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, i64
from xdsl.ir import Attribute, Block, SSAValue

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import LiteralOp
from mlgraph.dialects.dtypes import element_type
from mlgraph.dialects.ivy.control import ScanOp, yielded
from mlgraph.dialects.ivy.types import shape_of
from mlgraph.dialects.kernel import scalar_type
from mlgraph.dialects.table import TableOp
from mlgraph.transforms.fuse_elementwise.elements import Element, literal_scalar, scalar_of
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible


def element_of_scan(op: ScanOp) -> Element:
    """Return what a scan does to one element. Raise `NotFusible` for scans that read or stack parts of arrays."""
    if op.xs or len(op.carry) != len(op.outputs):
        raise NotFusible("its steps read or give parts of arrays")
    if not isinstance(length := op.length.owner, arith.ConstantOp):
        raise NotFusible("the number of its steps is known only when it runs")
    space = _space(op)
    steps = _steps(op)
    if not (state := _needed_state(op)):
        raise NotFusible("nothing reads its results")
    initial = [op.carry[i] for i in state]
    arrays = list(dict.fromkeys([*_not_literal(initial), *_read_outside(op, steps, state)]))
    body = Block(arg_types=[_type(value) for value in arrays])
    outside: dict[SSAValue, SSAValue] = dict(zip(arrays, body.args, strict=True))
    assert isinstance(length.value, IntegerAttr)
    with building(body, op.location):
        start, step, end = (_index(n) for n in (0, 1, length.value.value.data))
        scalars = [_scalar(value, outside) for value in initial]
        inner = Block(arg_types=[i64, *(value.type for value in scalars)])
        loop = scf.ForOp(start, end, step, scalars, inner)
        _add_step(op, steps, state, inner, outside)
        insert(loop)
    results: dict[int, SSAValue] = dict(zip(state, loop.res, strict=True))
    return Element(arrays, body, [results.get(i, loop.res[0]) for i in range(len(op.outputs))], space)


def _steps(op: ScanOp) -> list[TableOp]:
    """Return the operations of a step but for constants. Raise `NotFusible` for others than those of the op table."""
    found: list[TableOp] = []
    for step in list(op.body.block.ops)[:-1]:
        if isinstance(step, TableOp) and step.OP.dialect == "ivy" and len(step.results) == 1:
            found.append(step)
        elif not isinstance(step, LiteralOp):
            raise NotFusible(f"{step.name} in its steps is no elementwise operation")
    return found


def _needed_state(op: ScanOp) -> list[int]:
    """Return the numbers of the state that results are read of, or that another needed one depends on."""
    numbers: dict[SSAValue, int] = {argument: i for i, argument in enumerate(op.body.block.args)}
    left = [yielded(op.body.block)[i] for i, result in enumerate(op.outputs) if result.uses.get_length()]
    found = {i for i, result in enumerate(op.outputs) if result.uses.get_length()}
    seen: set[SSAValue] = set()
    while left:
        value = left.pop()
        if value in seen:
            continue
        seen.add(value)
        if value in numbers:
            found.add(numbers[value])
            left.append(yielded(op.body.block)[numbers[value]])
        elif isinstance(value.owner, TableOp) and value.owner.parent is op.body.block:
            left += value.owner.operands
    return sorted(found)


def _space(op: ScanOp) -> tuple[int, ...]:
    """Return the sizes of the arrays that are the state."""
    shapes = {tuple(shape_of(result)) for result in op.outputs} - {()}
    if len(shapes) != 1:
        raise NotFusible("its state is arrays of several shapes" if shapes else "it has one element")
    if any(result.uses.get_length() for result in op.outputs if not shape_of(result)):
        raise NotFusible("a number of its state is read after it")
    return shapes.pop()


def _add_step(
    op: ScanOp, steps: Sequence[TableOp], state: Sequence[int], inner: Block, outside: Mapping[SSAValue, SSAValue]
) -> None:
    """Add the scalar operations of a step to the body of the loop."""
    arguments = [op.body.block.args[i] for i in state]
    values: dict[SSAValue, SSAValue] = {**outside, **dict(zip(arguments, inner.args[1:], strict=True))}
    for argument, scalar in zip(arguments, inner.args[1:], strict=True):
        scalar.name_hint = argument.name_hint
    with building(inner):
        for step in steps:
            if all(operand in values or isinstance(operand.owner, LiteralOp) for operand in step.operands):
                values[step.results[0]] = scalar_of(step, values)
        found = [_scalar(yielded(op.body.block)[i], values) for i in state]
        if [value.type for value in found] != [argument.type for argument in inner.args[1:]]:
            raise NotFusible("a step changes the type of its state")
        insert(scf.YieldOp(*found))


def _read_outside(op: ScanOp, steps: Sequence[TableOp], state: Sequence[int]) -> Sequence[SSAValue]:
    """Return the arrays from outside that the steps read."""
    inside = {*op.body.block.args, *(step.results[0] for step in steps)}
    read = [*(value for step in steps for value in step.operands), *(yielded(op.body.block)[i] for i in state)]
    return _not_literal([value for value in read if value not in inside])


def _scalar(value: SSAValue, known: Mapping[SSAValue, SSAValue]) -> SSAValue:
    """Return the scalar of a value that is known, or a number."""
    if value in known:
        return known[value]
    if not isinstance(value.owner, LiteralOp) or shape_of(value):
        raise NotFusible("its state begins as an array of constants")
    return literal_scalar(value.owner)


def _not_literal(values: Sequence[SSAValue]) -> list[SSAValue]:
    return [value for value in values if not isinstance(value.owner, LiteralOp)]


def _type(value: SSAValue) -> Attribute:
    if isinstance(value.type, IndexType):
        raise NotFusible("its steps read a size")
    try:
        return scalar_type(element_type(value.type))
    except ValueError as error:
        raise NotFusible(str(error)) from error


def _index(number: int) -> SSAValue:
    return insert(arith.ConstantOp(IntegerAttr(number, i64))).result
