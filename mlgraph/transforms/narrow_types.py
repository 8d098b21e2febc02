"""`narrow-types`: 64-bit element types become 32-bit ones, as jax has them unless told otherwise.

    %n = ivy.cast(%x, dtype = int64) : (tensor<?xf64>) -> tensor<?xi64>

becomes

    %n = ivy.cast(%x, dtype = int32) : (tensor<?xf32>) -> tensor<?xi32>

A literal that does not fit raises `InputError`. Captured arrays keep their data: what loads them checks its range.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import BytesAttr, DenseIntOrFPElementsAttr, ModuleOp, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import LiteralOp, array_of
from mlgraph.dialects.dtypes import NAME_OF, DType, c64, c128, dtype_of, f32, f64, i32, i64, ui32, ui64
from mlgraph.dialects.functions import functions, update_type
from mlgraph.dialects.ivy.types import dtype
from mlgraph.dialects.parameters import DTypeKind, FloatKind, ScalarKind
from mlgraph.dialects.table import TableOp
from mlgraph.errors import InputError, line_of

NARROW: dict[Attribute, DType] = {i64: i32, ui64: ui32, f64: f32, c128: c64}


@dataclass(frozen=True)
class NarrowTypesPass(ModulePass):
    """Replace int64, uint64, float64 and complex128 by their 32-bit counterparts everywhere."""

    name = "narrow-types"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in op.walk():
            narrow(inner)
        for function in functions(op):
            update_type(function)


def wide_values(module: ModuleOp) -> list[str]:
    """Return the names of the values in `module` that are used and that the pass narrows, with their element types."""
    results = [value for op in module.walk() for value in op.results]
    arguments = [value for op in module.walk() for region in op.regions for b in region.blocks for value in b.args]
    wide = {
        f"{value.name_hint} ({NAME_OF[dtype(value)]})": None
        for value in (*arguments, *results)
        if value.name_hint and isinstance(value.type, TensorType) and dtype(value) in NARROW
        if value.uses.get_length()
    }
    return list(wide)


WIDE = (ivy.nonzero,)
"""Operations that give 64-bit integers whatever they are given."""


def narrow(op: Operation) -> None:
    """Narrow what `op` says of itself: its results, its blocks' arguments, its parameters, its data."""
    if isinstance(op, LiteralOp):
        narrow_literal(op)
    if isinstance(op, TableOp) and op.OP in WIDE:
        cast_results(op)
        return
    if isinstance(op, TableOp):
        narrow_parameters(op)
    for result in op.results:
        narrow_value(result)
    for region in op.regions:
        for block in region.blocks:
            for argument in block.args:
                narrow_value(argument)


def narrow_parameters(op: TableOp) -> None:
    """Narrow the element types that `op` names, and check the numbers that it says in them."""
    for parameter in op.OP.parameters:
        old = op.properties.get(parameter.name)
        if isinstance(parameter.kind, DTypeKind) and old in NARROW:
            op.properties[parameter.name] = NARROW[old]
            numbers = [p for p in op.OP.parameters if isinstance(p.kind, FloatKind | ScalarKind)]
            for number in numbers:
                checked(np.asarray(op.arguments()[number.name]), NARROW[old], op)


def cast_results(op: TableOp) -> None:
    """Cast the results of an operation that cannot give others; its uses read the casts."""
    for result in op.results:
        narrowed = ivy.cast.build({"x": result, "dtype": NARROW[dtype(result)]}, [narrow_type(result.type)])
        narrowed.location = op.location
        Rewriter.insert_op(narrowed, InsertPoint.after(op))
        result.replace_uses_with_if(narrowed.results[0], lambda use, cast=narrowed: use.operation is not cast)


def narrow_value(value: SSAValue) -> None:
    """Give a value its narrow type."""
    value._type = narrow_type(value.type)  # pyright: ignore[reportPrivateUsage]


def narrow_type(type: Attribute) -> Attribute:
    """Return `type` with a 32-bit element type."""
    if not isinstance(type, TensorType):
        return type
    old = cast("TensorType[Attribute]", type)
    new = NARROW.get(old.element_type)
    return old if new is None else TensorType(new, old.get_shape())


def narrow_literal(op: LiteralOp) -> None:
    """Narrow the elements of a literal. Raise `InputError` where one does not fit."""
    type = op.value.type
    if type.element_type not in NARROW:
        return
    small = checked(array_of(op.result), NARROW[type.element_type], op)
    op.properties["value"] = DenseIntOrFPElementsAttr(narrow_type(type), BytesAttr(small.tobytes()))  # pyright: ignore[reportArgumentType]


def checked(array: Any, dtype: DType, op: Operation) -> "np.ndarray[Any, Any]":
    """Cast `array` to a narrow element type. Raise an error that names it where it does not fit."""
    target = dtype_of(dtype)
    with np.errstate(all="ignore"):
        small = array.astype(target)
        whole = target.kind in "iu"
        fits = small.astype(array.dtype) == array if whole else np.isfinite(small) | ~np.isfinite(array)
    if not np.all(fits):
        raise InputError(
            f"the constant {array.tolist()} does not fit into {target}",
            where=line_of(op),
            why="jax runs without 64-bit types",
            fix="compile with x64=True or set jax_enable_x64",
        )
    return small
