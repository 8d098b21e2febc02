"""The loops of a kernel that reduces results over its last axes, as blocks of the `llvm` dialect."""

from collections.abc import Iterator, Sequence

from xdsl.dialects import llvm
from xdsl.ir import Block, SSAValue

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.kernel import Access, FusedOp
from mlgraph.transforms.lower_kernel_to_llvm.loops import (
    NOT_EQUAL,
    Loop,
    branch_if_less,
    end_function,
    jump,
    offset,
    store,
)
from mlgraph.transforms.lower_kernel_to_llvm.reductions import Reduction, reduction
from mlgraph.transforms.lower_kernel_to_llvm.scalars import build, intrinsic, number

BLOCK = 256
"""The number of elements that are combined before they join the totals."""


class ReducingLoop(Loop):
    """Builds the blocks of a kernel whose rows, the iterations that `begin` and `end` count, become an element each.

    A row consists of lines, the iterations of the other loops around the innermost one, each of which is read in
    blocks. Behind the strides a plan holds the beginning of the innermost loop, the beginning and end of lines, a flag
    (1 if these are a part of each row: then totals are stored instead of results), the elements of a row, and a zero.
    """

    def __init__(self, fused: FusedOp, access: Access, arguments: Sequence[SSAValue]) -> None:
        super().__init__(fused, access, arguments)
        kinds = enumerate(fused.kinds, self.inputs)
        self.reductions = {array: reduction(kind, self.types[array]) for array, kind in kinds if kind}

    def blocks(self, entry: Block) -> list[Block]:
        """Return all blocks, of which `entry` is the first."""
        reductions = self.reductions.values()
        totals = [type for r in reductions for type in r.total_types]
        row, line, block = Block(arg_types=[i64]), Block(arg_types=[i64, *totals]), Block(arg_types=[i64, *totals])
        body = Block(arg_types=[i64, *(r.type for r in reductions)])
        block_end, line_end, row_end, part, whole, latch, done = (Block() for _ in range(7))
        split = self.access.outer - self.access.lines
        with building(entry):
            steps, count = self.inner_strides(), self.load_plan(0)
            first, first_line, last_line, partial, elements, zero = map(self.load_extra, range(6))
            rows, lines = self.outer_loops(range(split)), self.outer_loops(range(split, self.access.outer))
            branch_if_less(self.begin, self.end, row, [self.begin], done)
        with building(row):
            row_places = self.addresses_in(self.pointers, row.args[0], rows)
            jump(line, first_line, *(total for r in reductions for total in r.totals()))
        with building(line):
            places = self.addresses_in(row_places, line.args[0], lines)
            jump(block, first, *line.args[1:])
        with building(block):
            end = intrinsic("llvm.smin", i64, build(llvm.AddOp(block.args[0], number(BLOCK, i64))), count)
            jump(body, block.args[0], *(r.start() for r in reductions))
        with building(body):
            found = self.combined(body, places, steps, zero)
            following = build(llvm.AddOp(body.args[0], number(1, i64)))
            branch_if_less(following, end, body, [following, *found], block_end)
        with building(block_end):
            after = self.totals_after(block.args[1:], found)
            branch_if_less(end, count, block, [end, *after], line_end)
        with building(line_end):
            following = build(llvm.AddOp(line.args[0], number(1, i64)))
            branch_if_less(following, last_line, line, [following, *after], row_end)
        with building(row_end):
            insert(llvm.CondBrOp(build(llvm.ICmpOp(partial, number(0, i64), NOT_EQUAL)), part, [], whole, []))
        with building(part):
            self.store_totals(row_places, after)
            jump(latch)
        with building(whole):
            self.store_results(row_places, after, elements)
            jump(latch)
        with building(latch):
            following = build(llvm.AddOp(row.args[0], number(1, i64)))
            branch_if_less(following, self.end, row, [following], done)
        with building(done):
            end_function()
        return [entry, row, line, block, body, block_end, line_end, row_end, part, whole, latch, done]

    def load_extra(self, place: int) -> SSAValue:
        """Load a number of the plan behind the strides."""
        return self.load_plan((len(self.types) + 1) * (self.access.outer + 1) + place)

    def combined(
        self, body: Block, places: Sequence[SSAValue], steps: Sequence[SSAValue | None], zero: SSAValue
    ) -> list[SSAValue]:
        """Run the kernel's body on an element of each operand, write whole results, and combine the others."""
        i, *so_far = body.args
        addresses = [self.address(array, places[array], i, steps[array]) for array in self.arrays]
        running = iter(so_far)
        found: list[SSAValue] = []
        for array, value in enumerate(self.compute(addresses)[0], self.inputs):
            if array in self.reductions:
                found.append(self.reductions[array].with_element(next(running), value, zero))
            else:
                store(value, addresses[array], self.types[array])
        return found

    def totals_after(self, totals: Sequence[SSAValue], blocks: Sequence[SSAValue]) -> list[SSAValue]:
        """Return the totals of every reduction after one more block."""
        found: list[SSAValue] = []
        for (_, r, own), block in zip(self.by_reduction(totals), blocks, strict=True):
            found += r.with_block(own, block)
        return found

    def by_reduction(self, totals: Sequence[SSAValue]) -> Iterator[tuple[int, Reduction, Sequence[SSAValue]]]:
        """Yield the number of each reduced result, its reduction, and its own part of the totals."""
        begin = 0
        for array, r in self.reductions.items():
            end = begin + len(r.total_types)
            yield array, r, totals[begin:end]
            begin = end

    def store_totals(self, places: Sequence[SSAValue], totals: Sequence[SSAValue]) -> None:
        """Write the totals of a part of a row, for who combines parts."""
        for array, _, own in self.by_reduction(totals):
            for n, total in enumerate(own):
                store(total, offset(places[array], number(n, i64), total.type), total.type)

    def store_results(self, places: Sequence[SSAValue], totals: Sequence[SSAValue], count: SSAValue) -> None:
        """Write the elements that a row becomes."""
        for array, r, own in self.by_reduction(totals):
            store(r.result(own, count), places[array], self.types[array])
