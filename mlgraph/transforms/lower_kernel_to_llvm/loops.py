"""The loops of a kernel as blocks of the `llvm` dialect."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Block, SSAValue

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import element_type, i1, i8, i32, i64
from mlgraph.dialects.kernel import ANY, Access, FusedOp, RareOp, scalar_type
from mlgraph.transforms.lower_kernel_to_llvm.scalars import build, llvm_type, lower_scalar, number

NOT_EQUAL = IntegerAttr(llvm.ICmpPredicateFlag.NE.to_int(), i64)
LESS = IntegerAttr(llvm.ICmpPredicateFlag.SLT.to_int(), i64)


@dataclass(frozen=True)
class OuterLoops:
    """Loops around the innermost one: their sizes, and the strides of each array."""

    sizes: Sequence[SSAValue]
    strides: Sequence[Sequence[SSAValue]]


class Loop:
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

    @property
    def rare_types(self) -> list[Attribute]:
        """The type of the function's result, which says whether an element was rare; none where the body marks none."""
        return [i32] if any(isinstance(op, RareOp) for op in self.fused.body.block.ops) else []

    def blocks(self, entry: Block) -> list[Block]:
        """Return all blocks, of which `entry` is the first."""
        return self.loop_nest(entry) if self.access.outer else self.flat_loop(entry)

    def flat_loop(self, entry: Block) -> list[Block]:
        """Build one loop from `begin` to `end`."""
        body, done = Block(arg_types=[i64, *self.rare_types]), Block(arg_types=self.rare_types)
        with building(entry):
            steps = self.inner_strides()
            none = [number(0, type) for type in self.rare_types]
            branch_if_less(self.begin, self.end, body, [self.begin, *none], done, none)
        with building(body):
            i, *rare = body.args
            rare = self.iteration(i, self.pointers, steps, rare)
            following = build(llvm.AddOp(i, number(1, i64)))
            branch_if_less(following, self.end, body, [following, *rare], done, rare)
        with building(done):
            end_function(*done.args)
        return [entry, body, done]

    def loop_nest(self, entry: Block) -> list[Block]:
        """Build a loop over all outer iterations around the innermost one; each computes its address in every array."""
        outer, body = Block(arg_types=[i64, *self.rare_types]), Block(arg_types=[i64, *self.rare_types])
        latch, done = Block(), Block(arg_types=self.rare_types)
        with building(entry):
            steps = self.inner_strides()
            count = self.load_plan(0)
            around = self.outer_loops(range(self.access.outer))
            none = [number(0, type) for type in self.rare_types]
            branch_if_less(self.begin, self.end, outer, [self.begin, *none], done, none)
        with building(outer):
            row, *before = outer.args
            pointers = self.addresses_in(self.pointers, row, around)
            jump(body, number(0, i64), *before)
        with building(body):
            i, *rare = body.args
            rare = self.iteration(i, pointers, steps, rare)
            following = build(llvm.AddOp(i, number(1, i64)))
            branch_if_less(following, count, body, [following, *rare], latch)
        with building(latch):
            following = build(llvm.AddOp(row, number(1, i64)))
            branch_if_less(following, self.end, outer, [following, *rare], done, rare)
        with building(done):
            end_function(*done.args)
        return [entry, outer, body, latch, done]

    @property
    def arrays(self) -> range:
        return range(len(self.types))

    def outer_loops(self, axes: Sequence[int]) -> "OuterLoops":
        """Build some of the loops around the innermost one, from outside in."""
        sizes = [self.load_plan(1 + axis) for axis in axes]
        return OuterLoops(sizes, [[self.stride(array, axis) for axis in axes] for array in self.arrays])

    def addresses_in(self, pointers: Sequence[SSAValue], number_: SSAValue, around: "OuterLoops") -> Sequence[SSAValue]:
        """Return the address of each array in the iteration of this number of some loops, from that before them."""
        if not around.sizes:
            return pointers
        indices: list[SSAValue] = []
        rest = number_
        for size in reversed(around.sizes[1:]):
            indices.insert(0, build(llvm.URemOp(rest, size)))
            rest = build(llvm.UDivOp(rest, size))
        indices.insert(0, rest)
        found: list[SSAValue] = []
        for pointer, steps in zip(pointers, around.strides):
            for index, step in zip(indices, steps):
                pointer = offset(pointer, build(llvm.MulOp(index, step)), i8)
            found.append(pointer)
        return found

    def load_plan(self, place: int) -> SSAValue:
        """Load a number of the plan."""
        address = llvm.GEPOp(self.plan, [place], i64)
        return build(llvm.LoadOp(build(address), i64, 8))

    def stride(self, array: int, axis: int) -> SSAValue:
        """Load the stride of an array along an axis, in bytes."""
        return self.load_plan(1 + self.access.outer + array * (self.access.outer + 1) + axis)

    def inner_strides(self) -> list[SSAValue | None]:
        """Load the stride of the innermost loop for each array where it is not part of the code."""
        return [self.stride(i, self.access.outer) if self.access.inner[i] == ANY else None for i in self.arrays]

    def iteration(
        self,
        i: SSAValue,
        pointers: Sequence[SSAValue],
        steps: Sequence[SSAValue | None],
        rare: Sequence[SSAValue],
    ) -> list[SSAValue]:
        """Read an element of each operand, run the kernel's body on them, and write an element of each result.

        Return `rare`, to which is added whether this element is.
        """
        addresses = [self.address(array, pointers[array], i, steps[array]) for array in self.arrays]
        values, conditions = self.compute(addresses)
        for condition in conditions:
            rare = [build(llvm.OrOp(rare[0], build(llvm.ZExtOp(condition, i32))))]
        for value, type, address in zip(values, self.types[self.inputs :], addresses[self.inputs :], strict=True):
            store(value, address, type)
        return list(rare)

    def compute(self, addresses: Sequence[SSAValue]) -> tuple[list[SSAValue], list[SSAValue]]:
        """Return the values that the body yields for elements at these addresses, and when they are rare."""
        values: dict[SSAValue, SSAValue] = {}
        for argument, type, address in zip(self.fused.body.block.args, self.types, addresses):
            values[argument] = load(address, type)
        conditions: list[SSAValue] = []
        *ops, last = self.fused.body.block.ops
        for op in ops:
            if isinstance(op, RareOp):
                conditions.append(values[op.condition])
                continue
            found = lower_scalar(op, [values[operand] for operand in op.operands])
            found.name_hint = op.results[0].name_hint
            values[op.results[0]] = found
        return [values[value] for value in last.operands], conditions

    def address(self, array: int, pointer: SSAValue, i: SSAValue, step: SSAValue | None) -> SSAValue:
        """Return the address of an array's element in iteration `i` of the innermost loop."""
        match self.access.inner[array]:
            case "zero":
                return pointer
            case "unit":
                return offset(pointer, i, stored_type(self.types[array]))
            case _:
                assert step is not None
                return offset(pointer, build(llvm.MulOp(i, step)), i8)


def stored_type(type: Attribute) -> Attribute:
    """Return the type of an element in memory: a bool takes a byte."""
    return i8 if type == i1 else llvm_type(scalar_type(type))


def load(address: SSAValue, type: Attribute) -> SSAValue:
    """Read an element; arrays need not be aligned."""
    value = build(llvm.LoadOp(address, stored_type(type), 1))
    return build(llvm.ICmpOp(value, number(0, i8), NOT_EQUAL)) if type == i1 else value


def store(value: SSAValue, address: SSAValue, type: Attribute) -> None:
    """Write an element; arrays need not be aligned."""
    insert(llvm.StoreOp(build(llvm.ZExtOp(value, i8)) if type == i1 else value, address, 1))


def offset(pointer: SSAValue, index: SSAValue, type: Attribute) -> SSAValue:
    """Return the address so many elements of a type behind another."""
    return build(llvm.GEPOp(pointer, [llvm.GEP_USE_SSA_VAL], type, ssa_indices=[index], inbounds=True))


def jump(to: Block, *values: SSAValue) -> None:
    """End a block with a jump."""
    insert(llvm.BrOp(to, *values))


def branch_if_less(
    x1: SSAValue,
    x2: SSAValue,
    then: Block,
    values: Sequence[SSAValue],
    otherwise: Block,
    others: Sequence[SSAValue] = (),
) -> None:
    """End a block with a branch."""
    insert(llvm.CondBrOp(build(llvm.ICmpOp(x1, x2, LESS)), then, values, otherwise, others))


def end_function(*result: SSAValue) -> None:
    """End the last block with a return."""
    insert(llvm.ReturnOp(*result))
