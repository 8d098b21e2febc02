"""The `kernel` dialect: chains of elementwise operations as one loop.

    %y = kernel.fused @kernel_0(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32> {
    ^bb0(%x_1: f32, %b_1: f32):
      %0 = arith.addf %x_1, %b_1 : f32
      %1 = math.tanh %0 : f32
      kernel.yield %1 : f32
    }

The iteration space is the broadcast of the operands. The region maps an element of each operand to one of each result
by `arith`, `math` and `scalar` operations, and by `scf.for` loops of a known number of steps. Integers are signless
there, and bools are `i1`: what is unsigned is said by the operations. The function that the symbol names holds the
unfused operations, and runs where no kernel can: it is the kernel's meaning.

Results may be reduced over the last axes of the iteration space, which are as many for all of them. Here `%e` is whole,
and `%s` the sum of its rows:

    %e, %s = kernel.fused @kernel_0(%x) reducing ["", "sum"] over 1
        : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?xf32>) {

A reduced result has the axes that are left, or has those reduced with a size of 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, math, scf
from xdsl.dialects.builtin import I64, ArrayAttr, IntegerAttr, IntegerType, StringAttr, SymbolRefAttr, TensorType, i64
from xdsl.ir import Attribute, Block, Dialect, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from mlgraph.dialects.dtypes import COMPLEX, FLOATS, element_type, i1, tensor, width_of

FUNCTION_WEIGHT = 24
"""The instructions of a transcendental function, about."""

INSTRUCTIONS = (
    math.AbsFOp,
    math.CeilOp,
    math.CopySignOp,
    math.FloorOp,
    math.FmaOp,
    math.RoundEvenOp,
    math.SqrtOp,
    math.TruncOp,
)
"""The operations that processors have an instruction for."""

REDUCTIONS = ("sum", "mean", "max", "min", "any", "all")
"""The reductions. Sums of integers wrap, means are of floats, and `any` and `all` are of bools."""

UNIT, ZERO, ANY = "unit", "zero", "any"
"""The stride of an array in the innermost loop: one element, none, or one that the plan holds."""


@dataclass(frozen=True)
class Access:
    """The part of a plan that the code depends on."""

    inner: tuple[str, ...]
    """The access to each operand and result in the innermost loop."""
    outer: int = 0
    """The number of loops around it. `begin` and `end` count the iterations of these, or of the only loop."""
    lines: int = 0
    """The number of inner loops around it that are over reduced axes: `begin` and `end` do not count these."""

    @staticmethod
    def natural(fused: "FusedOp") -> "Access":
        """Return the access to arrays without gaps whose unknown sizes are not 1."""
        if not fused.axes:
            return Access((UNIT,) * (len(fused.operands) + len(fused.results)))
        operands = [ZERO if _shape(type)[-1:] in ((), (1,)) else UNIT for type in fused.operand_types]
        results = [ZERO if kind else UNIT for kind in fused.kinds]
        return Access((*operands, *results), int(len(fused.space) > fused.axes))


@irdl_op_definition
class YieldOp(IRDLOperation):
    """An element of each result of a kernel."""

    name = "kernel.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "($values^ `:` type($values))? attr-dict"

    def __init__(self, *values: SSAValue):
        super().__init__(operands=[values])


@irdl_op_definition
class RareOp(IRDLOperation):
    """Tells whether an element is one that the body computes wrongly: such are rare, and left to another body."""

    name = "kernel.rare"
    condition = operand_def(i1)
    assembly_format = "$condition attr-dict"

    def __init__(self, condition: SSAValue):
        super().__init__(operands=[condition])


@irdl_op_definition
class FusedOp(IRDLOperation):
    """One loop over the broadcast of its operands."""

    name = "kernel.fused"
    function = prop_def(SymbolRefAttr)
    reductions = opt_prop_def(ArrayAttr[StringAttr])
    trailing = opt_prop_def(IntegerAttr[I64])
    inputs = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    body = region_def("single_block")
    traits = traits_def(Pure())
    assembly_format = (
        "$function `(` $inputs `)` (`reducing` $reductions^ `over` $trailing)? attr-dict"
        " `:` functional-type($inputs, $outputs) $body"
    )

    def __init__(
        self,
        function: str,
        inputs: Sequence[SSAValue],
        outputs: Sequence[Attribute],
        body: Block,
        kinds: Sequence[str] = (),
        axes: int = 0,
    ):
        reduces = any(kinds)
        super().__init__(
            operands=[inputs],
            result_types=[outputs],
            properties={
                "function": SymbolRefAttr(function),
                "reductions": ArrayAttr(map(StringAttr, kinds)) if reduces else None,
                "trailing": IntegerAttr(axes, i64) if reduces else None,
            },
            regions=[Region(body)],
        )

    @property
    def symbol(self) -> str:
        """The name of the kernel, and of its unfused function."""
        return self.function.root_reference.data

    @property
    def kinds(self) -> tuple[str, ...]:
        """The reduction of each result, "" for one that is whole."""
        return ("",) * len(self.results) if self.reductions is None else tuple(kind.data for kind in self.reductions)

    @property
    def axes(self) -> int:
        """The number of last axes of the iteration space that are reduced."""
        return 0 if self.trailing is None else self.trailing.value.data

    @property
    def space(self) -> tuple[int, ...]:
        """The sizes of the iteration space."""
        shapes = [_shape(type) for type in self.operand_types]
        rank = max(map(len, shapes), default=0)
        padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
        return tuple(max(sizes, key=lambda n: (n > 1 or n == 0, n < 0)) for sizes in zip(*padded))

    @property
    def elements(self) -> Sequence[SSAValue]:
        """The scalars inside that become elements of the results."""
        last = self.body.block.last_op
        assert isinstance(last, YieldOp)
        return last.values

    @property
    def reads(self) -> list[list[int]]:
        """The numbers of the operands that each result depends on."""
        sources: dict[SSAValue, frozenset[int]] = {x: frozenset((i,)) for i, x in enumerate(self.body.block.args)}
        for op in self.body.block.ops:
            read = [sources[x] for inner in op.walk() for x in inner.operands if x in sources]
            sources |= dict.fromkeys(op.results, frozenset[int]().union(*read))
        return [sorted(sources[value]) for value in self.elements]

    def verify_(self) -> None:
        last = self.body.block.last_op
        if not isinstance(last, YieldOp):
            raise VerifyException("kernel.fused: the region must end in kernel.yield")
        _check("an argument", [a.type for a in self.body.block.args], self.operand_types)
        _check("a result", [v.type for v in last.values], self.result_types)
        self._verify_reductions()
        for op in self.body.block.ops:
            if isinstance(op, scf.ForOp) and not isinstance(op.ub.owner, arith.ConstantOp):
                raise VerifyException("kernel.fused: the number of steps of a loop is a constant")

    def _verify_reductions(self) -> None:
        if (self.reductions is None) != (self.trailing is None):
            raise VerifyException("kernel.fused: reductions are over a number of axes")
        if self.reductions is None:
            return
        if len(self.kinds) != len(self.results) or not any(self.kinds) or not {*self.kinds} <= {"", *REDUCTIONS}:
            raise VerifyException(f"kernel.fused: each result has one of {', '.join(REDUCTIONS)}, or is whole")
        left = len(self.space) - self.axes
        if self.axes < 1 or left < 0:
            raise VerifyException(f"kernel.fused: {self.axes} of {len(self.space)} axes are reduced")
        for kind, type in zip(self.kinds, self.result_types):
            shape, dtype = _shape(type), element_type(type)
            if kind and (len(shape) < left or shape[left:] not in ((), (1,) * self.axes)):
                raise VerifyException(f"kernel.fused: {type} is not reduced over {self.axes} axes")
            if kind and not reduces(kind, dtype):
                raise VerifyException(f"kernel.fused: no {kind} of {dtype}")


def reduces(kind: str, dtype: Attribute) -> bool:
    """Return whether there is such a reduction of elements of a type."""
    if dtype == i1:
        return kind in ("any", "all")
    return kind in ("sum", "max", "min") or (kind == "mean" and dtype in FLOATS)


def scalar_type(dtype: Attribute) -> Attribute:
    """Return an element's type inside a kernel: integers are signless. Raise `ValueError` for complex numbers."""
    if dtype in COMPLEX:
        raise ValueError("kernels have no complex numbers")
    return IntegerType(width_of(dtype)) if isinstance(dtype, IntegerType) else dtype


def weight(body: Block) -> int:
    """Estimate the instructions of a processor that a body is compiled to."""
    return sum(FUNCTION_WEIGHT if _is_function(op) else 1 for op in body.walk())


def work(body: Block) -> int:
    """Estimate the instructions of a processor that one iteration takes: those of loops count for each step."""
    loops = [op for op in body.ops if isinstance(op, scf.ForOp)]
    return weight(body) + sum((step_count(loop) - 1) * weight(loop.body.block) for loop in loops)


def step_count(loop: scf.ForOp) -> int:
    """Return the number of steps of a loop of a kernel, which goes from 0 by 1."""
    count = loop.ub.owner
    assert isinstance(count, arith.ConstantOp)
    return cast("IntegerAttr[IntegerType]", count.value).value.data


def has_loops(kernel: "FusedOp") -> bool:
    """Return whether the body of a kernel contains loops of its own."""
    return any(isinstance(op, scf.ForOp) for op in kernel.body.block.ops)


def _is_function(op: Operation) -> bool:
    return op.name.partition(".")[0] in ("math", "scalar") and not isinstance(op, INSTRUCTIONS)


def drop_unused(body: Block) -> None:
    """Erase what no result of a kernel needs."""
    for op in reversed(list(body.ops)):
        if op.results and not any(result.uses.get_length() for result in op.results):
            op.detach()
            op.erase()


def elementwise(kernel: FusedOp) -> FusedOp:
    """Return a kernel with whole results instead of reduced ones, in no block; a kernel without those itself."""
    if not kernel.axes:
        return kernel
    region = kernel.body.clone()
    inputs = Block(arg_types=kernel.operand_types).args
    outputs = [tensor(kernel.space, element_type(type)) for type in kernel.result_types]
    made = FusedOp(kernel.symbol, inputs, outputs, region.detach_block(region.block))
    made.location = kernel.location
    return made


def trimmed(kernel: FusedOp, results: Sequence[int]) -> tuple[FusedOp, list[int]]:
    """Return a kernel of some of the results alone, in no block, and the numbers of the operands that it reads."""
    region = kernel.body.clone()
    body = region.detach_block(region.block)
    last = body.last_op
    assert isinstance(last, YieldOp)
    last.operands = [last.values[i] for i in results]
    drop_unused(body)
    read = [i for i, argument in enumerate(body.args) if argument.uses.get_length()]
    for argument in [a for i, a in enumerate(body.args) if i not in read]:
        body.erase_arg(argument)
    inputs = Block(arg_types=[kernel.operand_types[i] for i in read]).args
    kinds = [kernel.kinds[i] for i in results]
    made = FusedOp(kernel.symbol, inputs, [kernel.result_types[i] for i in results], body, kinds, kernel.axes)
    made.location = kernel.location
    return made, read


def _shape(type: Attribute) -> tuple[int, ...]:
    assert isinstance(type, TensorType)
    return type.get_shape()


def _check(what: str, found: Sequence[Attribute], arrays: Sequence[Attribute]) -> None:
    wanted = [scalar_type(element_type(array)) for array in arrays]
    if len(found) != len(wanted):
        raise VerifyException(f"kernel.fused: the region has {len(found)} of {len(wanted)} for {what}")
    for one, other in zip(found, wanted):
        if one != other:
            raise VerifyException(f"kernel.fused: {what} of the region is {one}, expected {other}")


Kernel = Dialect("kernel", [FusedOp, RareOp, YieldOp])
