"""`lower-kernel-to-llvm`: a kernel becomes a function of the `llvm` dialect.

    llvm.func @kernel_0(%plan: !llvm.ptr, %begin: i64, %end: i64, %x: !llvm.ptr, ..., %y: !llvm.ptr)

walks the iterations from `begin` to `end`, and reads sizes and strides from `plan`: no shape is part of the code. What
is part of it, the `Access`, is how many loops there are and how each array is walked by the innermost one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import element_type, i1, i8, i64
from mlgraph.dialects.kernel import ANY, Access, FusedOp, YieldOp, scalar_type
from mlgraph.transforms.lower_kernel_to_llvm.scalars import build, llvm_type, lower_scalar, number

POINTER = llvm.LLVMPointerType()
NOT_EQUAL = IntegerAttr(llvm.ICmpPredicateFlag.NE.to_int(), i64)
LESS = IntegerAttr(llvm.ICmpPredicateFlag.SLT.to_int(), i64)


@dataclass(frozen=True)
class LowerKernelToLLVMPass(ModulePass):
    """Put a function of the `llvm` dialect beside those that use kernels, for each kernel, for arrays without gaps."""

    name = "lower-kernel-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {inner.symbol: inner for inner in op.walk() if isinstance(inner, FusedOp)}
        for symbol, fused in kernels.items():
            arrays = len(fused.operands) + len(fused.results)
            op.body.block.add_op(lower_kernel(fused, Access.flat(arrays), f"{symbol}_loop"))


def lower_kernel(fused: FusedOp, access: Access, name: str) -> llvm.FuncOp:
    """The loops of a kernel as a function, whose results never overlap its operands."""
    arrays = [*fused.operands, *fused.results]
    types: list[Attribute] = [POINTER, i64, i64, *[POINTER] * len(arrays)]
    entry = Block(arg_types=types)
    for argument, hint in zip(entry.args, ["plan", "begin", "end"]):
        argument.name_hint = hint
    loop = _Loop(fused, access, entry.args)
    blocks = loop.nest(entry) if access.outer else loop.flat(entry)
    noalias = DictionaryAttr({"llvm.noalias": UnitAttr()})
    given = len(types) - len(fused.results)
    attributes = [DictionaryAttr({})] * given + [noalias] * len(fused.results)
    return llvm.FuncOp(
        name,
        llvm.LLVMFunctionType(types),
        llvm.LinkageAttr("external"),
        body=Region(blocks),
        other_props={"arg_attrs": ArrayAttr(attributes)},
    )


class _Loop:
    """Builds the blocks of one kernel.

    A plan is 64-bit integers: the iterations of the innermost loop and the sizes of the others from outside in, then
    for each array its strides in bytes, from outside in.
    """

    def __init__(self, fused: FusedOp, access: Access, arguments: Sequence[SSAValue]) -> None:
        self.fused = fused
        self.access = access
        self.plan, self.begin, self.end, *self.pointers = arguments
        self.types = [element_type(v.type) for v in (*fused.operands, *fused.results)]
        self.inputs = len(fused.operands)

    def flat(self, entry: Block) -> list[Block]:
        """One loop from `begin` to `end`."""
        body, done = Block(arg_types=[i64]), Block()
        with building(entry):
            steps = self.steps()
            _branch_if_less(self.begin, self.end, body, [self.begin], done)
        with building(body):
            self.iteration(body.args[0], self.pointers, steps)
            following = build(llvm.AddOp(body.args[0], number(1, i64)))
            _branch_if_less(following, self.end, body, [following], done)
        with building(done):
            _return()
        return [entry, body, done]

    def nest(self, entry: Block) -> list[Block]:
        """A loop over all outer iterations, each of which finds its place in every array, around the innermost."""
        outer, body, latch, done = Block(arg_types=[i64]), Block(arg_types=[i64]), Block(), Block()
        with building(entry):
            steps = self.steps()
            count = self.planned(0)
            sizes = [self.planned(1 + axis) for axis in range(self.access.outer)]
            strides = [[self.stride(array, axis) for axis in range(self.access.outer)] for array in self.arrays]
            _branch_if_less(self.begin, self.end, outer, [self.begin], done)
        with building(outer):
            pointers = self.places(outer.args[0], sizes, strides)
            _jump(body, number(0, i64))
        with building(body):
            self.iteration(body.args[0], pointers, steps)
            following = build(llvm.AddOp(body.args[0], number(1, i64)))
            _branch_if_less(following, count, body, [following], latch)
        with building(latch):
            following = build(llvm.AddOp(outer.args[0], number(1, i64)))
            _branch_if_less(following, self.end, outer, [following], done)
        with building(done):
            _return()
        return [entry, outer, body, latch, done]

    @property
    def arrays(self) -> range:
        return range(len(self.types))

    def places(
        self, number_: SSAValue, sizes: Sequence[SSAValue], strides: Sequence[Sequence[SSAValue]]
    ) -> list[SSAValue]:
        """Where each array begins in the outer iteration of this number."""
        indices: list[SSAValue] = []
        rest = number_
        for size in reversed(sizes[1:]):
            indices.insert(0, build(llvm.URemOp(rest, size)))
            rest = build(llvm.UDivOp(rest, size))
        indices.insert(0, rest)
        found: list[SSAValue] = []
        for pointer, steps in zip(self.pointers, strides):
            for index, step in zip(indices, steps):
                pointer = _offset(pointer, build(llvm.MulOp(index, step)), i8)
            found.append(pointer)
        return found

    def planned(self, place: int) -> SSAValue:
        """A number of the plan."""
        address = llvm.GEPOp(self.plan, [place], i64)
        return build(llvm.LoadOp(build(address), i64, 8))

    def stride(self, array: int, axis: int) -> SSAValue:
        return self.planned(1 + self.access.outer + array * (self.access.outer + 1) + axis)

    def steps(self) -> list[SSAValue | None]:
        """The stride of the innermost loop for each array where it is not part of the code."""
        return [self.stride(i, self.access.outer) if self.access.inner[i] == ANY else None for i in self.arrays]

    def iteration(self, i: SSAValue, pointers: Sequence[SSAValue], steps: Sequence[SSAValue | None]) -> None:
        """Read an element of each operand, run the kernel's body on them, and write an element of each result."""
        addresses = [self.address(array, pointers[array], i, steps[array]) for array in self.arrays]
        values: dict[SSAValue, SSAValue] = {}
        for argument, type, address in zip(self.fused.body.block.args, self.types, addresses):
            values[argument] = _load(address, type)
        for op in self.fused.body.block.ops:
            if isinstance(op, YieldOp):
                for value, type, address in zip(op.values, self.types[self.inputs :], addresses[self.inputs :]):
                    _store(values[value], address, type)
            else:
                found = lower_scalar(op, [values[operand] for operand in op.operands])
                found.name_hint = op.results[0].name_hint
                values[op.results[0]] = found

    def address(self, array: int, pointer: SSAValue, i: SSAValue, step: SSAValue | None) -> SSAValue:
        match self.access.inner[array]:
            case "zero":
                return pointer
            case "unit":
                return _offset(pointer, i, _stored(self.types[array]))
            case _:
                assert step is not None
                return _offset(pointer, build(llvm.MulOp(i, step)), i8)


def _stored(type: Attribute) -> Attribute:
    """How an element lies in memory: a bool takes a byte."""
    return i8 if type == i1 else llvm_type(scalar_type(type))


def itemsize(type: Attribute) -> int:
    """The bytes of an element in memory."""
    return cast(Any, _stored(type)).size


def _load(address: SSAValue, type: Attribute) -> SSAValue:
    """Arrays need not be aligned."""
    value = build(llvm.LoadOp(address, _stored(type), 1))
    return build(llvm.ICmpOp(value, number(0, i8), NOT_EQUAL)) if type == i1 else value


def _store(value: SSAValue, address: SSAValue, type: Attribute) -> None:
    insert(llvm.StoreOp(build(llvm.ZExtOp(value, i8)) if type == i1 else value, address, 1))


def _offset(pointer: SSAValue, index: SSAValue, type: Attribute) -> SSAValue:
    return build(llvm.GEPOp(pointer, [llvm.GEP_USE_SSA_VAL], type, ssa_indices=[index], inbounds=True))


def _jump(to: Block, *values: SSAValue) -> None:
    insert(llvm.BrOp(to, *values))


def _branch_if_less(x1: SSAValue, x2: SSAValue, then: Block, values: Sequence[SSAValue], otherwise: Block) -> None:
    insert(llvm.CondBrOp(build(llvm.ICmpOp(x1, x2, LESS)), then, values, otherwise, []))


def _return() -> None:
    insert(llvm.ReturnOp())
