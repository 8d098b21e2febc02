"""One elementwise operation as a block of scalars: an argument for each array that it reads, and a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import LiteralOp, array_of, number_from
from mlgraph.dialects.dtypes import HALF_PRECISION, dtype_of, element_type, f32, tensor
from mlgraph.dialects.ivy.types import shape_of
from mlgraph.dialects.kernel import scalar_type
from mlgraph.dialects.table import Op, TableOp
from mlgraph.transforms.fuse_elementwise import subgradients  # pyright: ignore[reportUnusedImport]  # noqa: F401, adds rules
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible, apply, constant, rounded, widened

SCALED = (ivy.multiply, ivy.divide)
"""Operations of float16 and bfloat16 that torch computes with float32 numbers; others round the number first."""

_whole: dict[Op[..., Any], str] = {}
"""Operations that are known to work on whole arrays, and why they are not fused."""


@dataclass
class Element:
    """The scalar operations that an operation does to one element."""

    operands: list[SSAValue]
    """The arrays that the arguments of `body` are elements of."""
    body: Block
    results: list[SSAValue]
    """The scalars in `body` that are the elements of the results."""
    space: tuple[int, ...]
    """The sizes of the results."""


def element_of(op: Operation) -> Element:
    """Return one element of `op`. Raise `NotFusible` for other operations, and for types that kernels have not."""
    if not isinstance(op, TableOp) or op.OP.dialect != "ivy" or len(op.results) != 1:
        raise NotFusible(f"{op.name} is no elementwise operation")
    if op.OP in _whole:
        raise NotFusible(_whole[op.OP])
    arrays = list(dict.fromkeys(v for v in op.operands if single_number(v, op) is None))
    if not arrays:
        raise NotFusible("it reads no array")
    try:
        types = [scalar_type(element_type(v.type)) for v in (*arrays, *op.results)]
    except ValueError as error:
        raise NotFusible(str(error)) from error
    body = Block(arg_types=types[:-1])
    with building(body, op.location):
        found = scalar_of(op, dict(zip(arrays, body.args)))
    if found.type != types[-1]:
        raise NotFusible(f"its scalar is {found.type}")
    return Element(arrays, body, [found], tuple(shape_of(op.results[0])))


def single_number(value: SSAValue, op: Operation) -> "bool | int | float | complex | None":
    """Return the number that an operand of one element holds, None where it is unknown or gives `op` its rank."""
    if not isinstance(value.owner, LiteralOp):
        return None
    array = array_of(value)
    assert array is not None
    ranks = [len(shape_of(v)) for v in op.operands if not isinstance(v.owner, LiteralOp) and _is_array(v)]
    return number_from(array.reshape(())) if array.size == 1 and array.ndim <= max(ranks, default=-1) else None


def _is_array(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType)


def scalar_of(op: TableOp, values: Mapping[SSAValue, SSAValue]) -> SSAValue:
    """Return the scalar of an operation whose arrays have the scalars `values`; other operands are single numbers."""
    arguments = op.arguments()
    operands = {name: cast(SSAValue, value) for name, value in arguments.items() if isinstance(value, SSAValue)}
    parameters = {name: value for name, value in arguments.items() if name not in operands and value is not None}
    if not operands or len(operands) != len(op.operands):
        raise _is_whole(op.OP)
    dtype = element_type(next(reversed(operands.values())).type)
    half = dtype in HALF_PRECISION and op.OP is not ivy.cast
    wide = f32 if half else dtype

    def one(value: SSAValue) -> SSAValue:
        if value in values:
            return widened(element_type(value.type), values[value]) if half else values[value]
        d, number = element_type(value.type), single_number(value, op)
        if half and d in HALF_PRECISION:
            return constant(number if op.OP in SCALED else dtype_of(d).type(number), f32)
        return constant(number, d)

    scalars = {name: one(value) for name, value in operands.items()}
    found = apply(op.OP, wide, list(scalars.values()), parameters)
    if found is None:
        found = _body(op, scalars, {**arguments, **operands}, half)
    return rounded(found, element_type(op.results[0].type)) if half else found


def _body(op: TableOp, scalars: Mapping[str, SSAValue], arguments: dict[str, Any], half: bool) -> SSAValue:
    """Return the scalar of a composite operation, from those of its body; half types are float32 throughout."""
    if not op.OP.composite:
        raise _is_whole(op.OP)
    arrays = Block(arg_types=[_widened_type(arguments[name].type, half) for name in scalars])
    given = {**arguments, **dict(zip(scalars, arrays.args))}
    with building(body := Block()):
        result = op.OP.function(**given)
    values: dict[SSAValue, SSAValue] = dict(zip(arrays.args, scalars.values()))
    try:
        for inner in body.ops:
            if isinstance(inner, LiteralOp):
                values[inner.result] = literal_scalar(inner)
            elif isinstance(inner, TableOp) and inner.OP.dialect == "ivy" and len(inner.results) == 1:
                values[inner.results[0]] = scalar_of(inner, values)
            else:
                raise _is_whole(op.OP)
    except NotFusible:
        if any(isinstance(inner, TableOp) and inner.OP in _whole for inner in body.ops):
            raise _is_whole(op.OP) from None
        raise
    return values[result]


def literal_scalar(op: LiteralOp) -> SSAValue:
    array = array_of(op.result)
    if array is None or array.size != 1:
        raise NotFusible("it holds an array of constants")
    return constant(number_from(array.reshape(())), element_type(op.result.type))


def _widened_type(type: Attribute, half: bool) -> Attribute:
    wide = half and element_type(type) in HALF_PRECISION
    return tensor(shape_of(type), f32) if wide else type


def _is_whole(row: Op[..., Any]) -> NotFusible:
    """Remember that `row` works on whole arrays."""
    reason = _whole.setdefault(row, f"{row.name} is no elementwise operation")
    return NotFusible(reason)
