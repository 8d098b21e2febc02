"""ATen ops that make tensors. Device, layout and pinning are not the IR's concern."""

# pyright: basic
from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import Any
from weakref import WeakKeyDictionary

import torch
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import COMPLEX, FLOATS, f64, i64
from mlgraph.dialects.sizes import product
from mlgraph.dialects.table import TableOp
from mlgraph.frontend.torch.importer import Out, is_size
from mlgraph.frontend.torch.rules.helpers import is_number, size_of, sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule

LIKE: WeakKeyDictionary[SSAValue, SSAValue] = WeakKeyDictionary()
"""The tensor whose strides a tensor of zeros has."""

FINEST = 1 << 20
"""The finest part of one whose multiples are counted by integers."""


@rule("full.default", "new_full.default")
def full(out: Out, *arguments: Any, **ignored: Any) -> SSAValue:
    size, value = arguments[-2:]
    return filled(out, size, value)


def filled(out: Out, size: Any, value: Any) -> SSAValue:
    if is_number(value):
        return ivy.full(size, typed(value, out), out.dtype)
    return ivy.broadcast_to(to(value, out.dtype), size)


def typed(value: Any, out: Out) -> Any:
    if out.dtype in COMPLEX:
        return complex(value)
    return float(value) if out.dtype in FLOATS else value


@rule("full_like.default")
def full_like(out: Out, x: SSAValue, value: Any, **ignored: Any) -> SSAValue:
    return filled(out, sizes_of(x), value)


@rule("zeros.default", "empty.memory_format", "new_zeros.default", "new_empty.default")
def zeros(out: Out, *arguments: Any, **ignored: Any) -> SSAValue:
    return filled(out, arguments[-1], 0)


@rule("empty_strided.default", "new_empty_strided.default", "empty_permuted.default")
def empty_strided(out: Out, *arguments: Any, **ignored: Any) -> SSAValue:
    return filled(out, arguments[-2], 0)


@rule("ones.default", "new_ones.default")
def ones(out: Out, *arguments: Any, **ignored: Any) -> SSAValue:
    return filled(out, arguments[-1], 1)


@rule("zeros_like.default", "empty_like.default")
def zeros_like(out: Out, x: SSAValue, *, memory_format: Any = None, **ignored: Any) -> SSAValue:
    found = filled(out, sizes_of(x), 0)
    if memory_format in (None, torch.preserve_format):
        LIKE[found] = x
    return found


@rule("ones_like.default")
def ones_like(out: Out, x: SSAValue, **ignored: Any) -> SSAValue:
    return filled(out, sizes_of(x), 1)


@rule("scalar_tensor.default")
def scalar_tensor(out: Out, value: Any, **ignored: Any) -> SSAValue:
    return to(value, out.dtype)


@rule("eye.default")
def eye(out: Out, n: Any, **ignored: Any) -> SSAValue:
    return ivy.eye((n,), (n,), out.dtype)


@rule("eye.m")
def eye_m(out: Out, n: Any, m: Any, **ignored: Any) -> SSAValue:
    return ivy.eye((n,), (m,), out.dtype)


@rule("arange.default")
def arange(out: Out, end: Any, **ignored: Any) -> SSAValue:
    return spaced(out, 0, end, 1)


@rule("arange.start")
def arange_start(out: Out, start: Any, end: Any, **ignored: Any) -> SSAValue:
    return spaced(out, start, end, 1)


@rule("arange.start_step")
def arange_step(out: Out, start: Any, end: Any, step: Any = 1, **ignored: Any) -> SSAValue:
    return spaced(out, start, end, step)


def spaced(out: Out, start: Any, end: Any, step: Any) -> SSAValue:
    """Return `start`, `start + step`, ... before `end`, computed in a wide type as torch does, then rounded once."""
    if is_number(start) and is_number(end) and is_number(step):
        return ivy.arange(float(start), float(end), float(step), out.dtype)
    count, wide = steps_between(start, end, step), f64 if out.dtype in FLOATS else i64
    counted = ivy.iota((count,), wide)
    stepped = counted if is_number(step) and step == 1 else ivy.multiply(counted, to(step, wide))
    return to(stepped if is_number(start) and start == 0 else ivy.add(stepped, to(start, wide)), out.dtype)


def steps_between(start: Any, end: Any, step: Any) -> sizes.Size:
    """Count the steps of a range: by integers where its numbers are parts of one, else by float64 as torch counts."""
    parts = [part(number) for number in (start, end, step)]
    unit = lcm(*(n.denominator for n in parts if isinstance(n, Fraction)))
    if unit > FINEST or None in parts:
        steps = ivy.divide(ivy.subtract(to(end, f64), to(start, f64)), to(step, f64))
        return ivy.to_size(to(ivy.ceil(steps), i64))
    first, last, stride = (int(n * unit) if isinstance(n, Fraction) else sizes.multiply(n, unit) for n in parts)
    back = isinstance(stride, int) and stride < 0
    return sizes.floor_divide(sizes.add(sizes.subtract(last, first), sizes.add(stride, 1 if back else -1)), stride)


def part(x: Any) -> Any:
    """Return a number as a fraction; a size, or a float made of one, as that size; None for what no integers make."""
    if is_number(x) or is_size(x):
        return Fraction(x) if is_number(x) else x
    match x.owner:
        case TableOp(OP=ivy.from_size) as op:
            return op.operands[0]
        case TableOp(OP=ivy.negative) as op:
            of = part(op.operands[0])
            return of if of is None else sizes.subtract(0, of)
        case _:
            return None


@rule("linspace.default")
def linspace(out: Out, start: Any, end: Any, steps: int, **ignored: Any) -> SSAValue:
    wide = out.dtype if out.dtype in COMPLEX else f64
    if steps < 2:
        return to(ivy.broadcast_to(to(start, wide), (steps,)), out.dtype)
    counted = ivy.iota((steps,), f64)
    step = ivy.divide(ivy.subtract(to(end, wide), to(start, wide)), to(steps - 1, wide))
    return to(ivy.add(to(start, wide), ivy.multiply(to(counted, wide), step)), out.dtype)


@rule("tril_indices.default")
def tril_indices(out: Out, row: int, col: int, offset: int = 0, **ignored: Any) -> SSAValue:
    return triangle(out, row, col, lambda i, j: j - i <= offset)


@rule("triu_indices.default")
def triu_indices(out: Out, row: int, col: int, offset: int = 0, **ignored: Any) -> SSAValue:
    return triangle(out, row, col, lambda i, j: j - i >= offset)


def triangle(out: Out, rows: int, columns: int, keep: Callable[[int, int], bool]) -> SSAValue:
    import numpy as np

    from mlgraph.dialects.constant import array_constant
    from mlgraph.dialects.dtypes import dtype_of

    places = [(i, j) for i in range(rows) for j in range(columns) if keep(i, j)]
    array = np.asarray(places, dtype=dtype_of(out.dtype)).reshape(-1, 2).T
    return array_constant("indices", np.ascontiguousarray(array))


@rule("sym_size.int", "size.int")
def sym_size(out: Out, x: SSAValue, dim: int) -> sizes.Size:
    return size_of(x, dim)


@rule("sym_numel.default")
def sym_numel(out: Out, x: SSAValue) -> sizes.Size:
    return product(sizes_of(x))


@rule("_assert_scalar.default", "_assert_tensor_metadata.default", "sym_constrain_range.default", "_assert_async.msg")
def asserted(out: Out, *ignored: Any, **more: Any) -> None:
    """An assertion of the trace on sizes and types, which the signature checks."""


@rule("sym_constrain_range_for_size.default")
def constrained(out: Out, *ignored: Any, **more: Any) -> None:
    """A range of a size, which the signature checks."""
