"""The loops of a kernel whose body contains loops of its own, as blocks of the `llvm` dialect.

LLVM vectorizes innermost loops alone. So elements are taken in strips, and each part of the body, and each step of a
loop in it, is an innermost loop over a strip. What one part computes and another reads is kept in buffers on the stack,
which stay in the nearest cache. Numbers that are the same for all elements, as that of a step, are computed once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import llvm, scf
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.kernel import Access, FusedOp, step_count, weight
from mlgraph.transforms.lower_kernel_to_llvm.loops import (
    Loop,
    branch_if_less,
    end_function,
    load,
    offset,
    store,
    stored_type,
)
from mlgraph.transforms.lower_kernel_to_llvm.scalars import build, intrinsic, lower_scalar, number

STRIP = 256
"""The elements of a strip."""

MAX_STEPS_TOGETHER = 2
"""The most steps of a loop that each element takes at a time, between which its state stays in registers.

After a single step LLVM makes a masked store of `select(condition, new, old)`, which takes six times as long.
"""

MAX_WEIGHT_TOGETHER = 160
"""The most instructions of steps that are taken at a time."""

Step: TypeAlias = Callable[[Block, SSAValue, Sequence[SSAValue]], tuple[Block, Sequence[SSAValue]]]
"""From an open block, the number of an iteration and the carried values to the block then open and the next values."""


@dataclass(frozen=True)
class Strip:
    """The elements from `start` on, `size` of them, of arrays at these addresses."""

    pointers: Sequence[SSAValue]
    steps: Sequence[SSAValue | None]
    start: SSAValue
    size: SSAValue


class SteppingLoop(Loop):
    """Builds the blocks of one kernel. `at` is always a block that has no end yet."""

    def __init__(self, fused: FusedOp, access: Access, arguments: Sequence[SSAValue]) -> None:
        super().__init__(fused, access, arguments)
        self.body = fused.body.block
        self.operands: dict[SSAValue, int] = {argument: i for i, argument in enumerate(self.body.args)}
        self.same = uniform_values(fused)
        """The values that are the same for all elements."""
        self.uniform: dict[SSAValue, SSAValue] = {}
        self.buffers: dict[SSAValue, SSAValue] = {}
        self.made: list[Block] = []

    def blocks(self, entry: Block) -> list[Block]:
        """Return all blocks, of which `entry` is the first."""
        self.made = [entry]
        with building(entry):
            steps = self.inner_strides()
            self._allocate()
        if self.access.outer:
            at = self._rows(entry, steps)
        else:
            at = self._strips(entry, self.pointers, steps, self.begin, self.end)
        with building(at):
            end_function()
        return self.made

    def _rows(self, at: Block, steps: Sequence[SSAValue | None]) -> Block:
        with building(at):
            count = self.load_plan(0)
            around = self.outer_loops(range(self.access.outer))
            zero = number(0, i64)

        def row(at: Block, i: SSAValue, carried: Sequence[SSAValue]) -> tuple[Block, Sequence[SSAValue]]:
            with building(at):
                pointers = self.addresses_in(self.pointers, i, around)
            return self._strips(at, pointers, steps, zero, count), ()

        return self.counted(at, self.begin, self.end, (), row)[0]

    def _strips(
        self,
        at: Block,
        pointers: Sequence[SSAValue],
        steps: Sequence[SSAValue | None],
        begin: SSAValue,
        end: SSAValue,
    ) -> Block:
        def strip(at: Block, start: SSAValue, carried: Sequence[SSAValue]) -> tuple[Block, Sequence[SSAValue]]:
            with building(at):
                size = intrinsic("llvm.smin", i64, build(llvm.SubOp(end, start)), number(STRIP, i64))
            return self._parts(at, Strip(pointers, steps, start, size)), ()

        return self.counted(at, begin, end, (), strip, STRIP)[0]

    def _parts(self, at: Block, strip: Strip) -> Block:
        """Run the body on a strip: loops of its own, and what is between them."""
        ops: list[Operation] = []
        for op in self.body.ops:
            if isinstance(op, scf.ForOp):
                initial = [(buffer, value) for buffer, value in zip(op.res, op.iter_args) if buffer not in self.same]
                at = self._part(at, strip, ops, initial)
                at = self._loop(at, strip, op)
                ops = []
            else:
                ops.append(op)
        return self._part(at, strip, ops[:-1], (), ops[-1].operands)

    def _part(
        self,
        at: Block,
        strip: Strip,
        ops: Sequence[Operation],
        initial: Sequence[tuple[SSAValue, SSAValue]] = (),
        results: Sequence[SSAValue] = (),
    ) -> Block:
        """Run straight-line operations on a strip; `initial` are the initial values of a loop's results."""
        with building(at):
            self._compute_uniform(ops, strip)
        own = [op for op in ops if op.results[0] not in self.same]
        held = [(value, value) for op in own for value in op.results if value in self.buffers]
        kept = [*held, *initial]
        if not kept and not results:
            return at

        def element(at: Block, i: SSAValue, carried: Sequence[SSAValue]) -> tuple[Block, Sequence[SSAValue]]:
            with building(at):
                values = _Values(self, strip, i)
                for op in own:
                    values.compute(op)
                for buffered, value in kept:
                    values.keep(buffered, values[value])
                for array, value in enumerate(results, self.inputs):
                    store(values[value], values.address(array), self.types[array])
            return at, ()

        return self.counted(at, number_in(at, 0), strip.size, (), element)[0]

    def _loop(self, at: Block, strip: Strip, loop: scf.ForOp) -> Block:
        """Run a loop of the body: a few steps at a time on the whole strip, then the steps that are left."""
        state = State(loop, self.same)
        for result, argument in state.buffered:
            self.buffers[argument] = self.buffers[result]
        steps = step_count(loop)
        together = max(1, min(MAX_STEPS_TOGETHER, MAX_WEIGHT_TOGETHER // weight(loop.body.block)))
        rounds = steps - steps % together
        shared: Sequence[SSAValue] = [self.uniform[value] for value in state.shared_initial]
        for begin, end, count in ((0, rounds, together), (rounds, steps, 1)):
            if begin < end:
                at, shared = self._steps(at, strip, state, shared, (begin, end, count))
        self.uniform |= zip(state.shared_results, shared, strict=True)
        return at

    def _steps(
        self, at: Block, strip: Strip, state: "State", shared: Sequence[SSAValue], steps: tuple[int, int, int]
    ) -> tuple[Block, Sequence[SSAValue]]:
        """Run the steps from one to another, `count` at a time; return the uniform state after them."""
        begin, end, count = steps

        def step(at: Block, i: SSAValue, carried: Sequence[SSAValue]) -> tuple[Block, Sequence[SSAValue]]:
            uniform: list[dict[SSAValue, SSAValue]] = []
            with building(at):
                for k in range(count):
                    self.uniform[state.index] = build(llvm.AddOp(i, number(k, i64))) if k else i
                    self.uniform |= zip(state.shared_arguments, carried, strict=True)
                    self._compute_uniform(state.ops, strip)
                    carried = list(map(self.uniform.__getitem__, state.shared_yielded))
                    uniform.append(dict(self.uniform))
            return self._steps_of_elements(at, strip, state, uniform), carried

        with building(at):
            bounds = number(begin, i64), number(end, i64)
        return self.counted(at, *bounds, shared, step, count)

    def _steps_of_elements(
        self, at: Block, strip: Strip, state: "State", uniform: Sequence[dict[SSAValue, SSAValue]]
    ) -> Block:
        own = [op for op in state.ops if op.results[0] not in self.same]

        def element(at: Block, i: SSAValue, carried: Sequence[SSAValue]) -> tuple[Block, Sequence[SSAValue]]:
            with building(at):
                values = _Values(self, strip, i)
                for shared in uniform:
                    values.uniform = shared
                    for op in own:
                        values.compute(op)
                    values.known |= {argument: values[value] for argument, value in state.own}
                for argument, _ in state.own:
                    values.keep(argument, values[argument])
            return at, ()

        return self.counted(at, number_in(at, 0), strip.size, (), element)[0]

    def counted(
        self,
        at: Block,
        begin: SSAValue,
        end: SSAValue,
        initial: Sequence[SSAValue],
        step: Step,
        by: int = 1,
    ) -> tuple[Block, Sequence[SSAValue]]:
        """Build a loop from `begin` to `end`; return the block after it, and what is carried there."""
        types = [value.type for value in initial]
        inside, after = Block(arg_types=[i64, *types]), Block(arg_types=types)
        self.made.append(inside)
        with building(at):
            branch_if_less(begin, end, inside, [begin, *initial], after, initial)
        last, carried = step(inside, inside.args[0], inside.args[1:])
        with building(last):
            following = build(llvm.AddOp(inside.args[0], number(by, i64)))
            branch_if_less(following, end, inside, [following, *carried], after, carried)
        self.made.append(after)
        return after, after.args

    def _allocate(self) -> None:
        """Allocate a buffer for each value that one part of the body computes and another reads."""
        size = number(STRIP, i64)
        part: dict[SSAValue, int] = {}
        count = 0
        for op in self.body.ops:
            if isinstance(op, scf.ForOp):
                count += 1
            part |= dict.fromkeys(op.results, -1 if isinstance(op, scf.ForOp) else count)
            for inner in op.walk():
                place = -2 if isinstance(op, scf.ForOp) and inner is not op else count - isinstance(op, scf.ForOp)
                for value in inner.operands:
                    if value in part and part[value] != place:
                        self._allocate_buffer(value, size)
        for op in self.body.ops:
            if isinstance(op, scf.ForOp):
                for result in op.res:
                    self._allocate_buffer(result, size)

    def _allocate_buffer(self, value: SSAValue, size: SSAValue) -> None:
        if value not in self.buffers and value not in self.same:
            self.buffers[value] = build(llvm.AllocaOp(size, stored_type(value.type)))

    def _compute_uniform(self, ops: Sequence[Operation], strip: Strip) -> None:
        """Compute what is the same for all elements, numbers that arrays of no axes hold among it."""
        for argument, array in self.operands.items():
            if argument in self.same and argument not in self.uniform:
                self.uniform[argument] = load(strip.pointers[array], self.types[array])
        for op in ops:
            if op.results[0] in self.same:
                self.uniform[op.results[0]] = lower_scalar(op, [self.uniform[value] for value in op.operands])


class State:
    """The state of a loop: what is the same for all elements, and what each has of its own."""

    def __init__(self, loop: scf.ForOp, same: set[SSAValue]) -> None:
        *self.ops, last = loop.body.block.ops
        self.index = loop.body.block.args[0]
        arguments: Sequence[SSAValue] = loop.body.block.args[1:]
        rows = list(zip(loop.res, arguments, loop.iter_args, last.operands, strict=True))
        shared = [row for row in rows if row[0] in same]
        self.shared_results = [result for result, *_ in shared]
        self.shared_arguments: list[SSAValue] = [argument for _, argument, *_ in shared]
        self.shared_initial = [value for _, _, value, _ in shared]
        self.shared_yielded = [value for *_, value in shared]
        self.buffered = [(result, argument) for result, argument, *_ in rows if result not in same]
        self.own = [(argument, value) for result, argument, _, value in rows if result not in same]


class _Values:
    """The scalars of one element of a strip: computed, or read from buffers and operands when they are first needed."""

    def __init__(self, loop: SteppingLoop, strip: Strip, i: SSAValue) -> None:
        self.loop, self.strip, self.i = loop, strip, i
        self.place = build(llvm.AddOp(strip.start, i))
        self.known: dict[SSAValue, SSAValue] = {}
        self.uniform = loop.uniform

    def __getitem__(self, value: SSAValue) -> SSAValue:
        if value in self.loop.same:
            return self.uniform[value]
        if value not in self.known:
            self.known[value] = self._read(value)
        return self.known[value]

    def compute(self, op: Operation) -> None:
        """Compute an operation."""
        found = lower_scalar(op, [self[value] for value in op.operands])
        found.name_hint = op.results[0].name_hint
        self.known[op.results[0]] = found

    def keep(self, buffered: SSAValue, value: SSAValue) -> None:
        """Store the element of the value that has a buffer."""
        type = buffered.type
        store(value, offset(self.loop.buffers[buffered], self.i, stored_type(type)), type)

    def address(self, array: int) -> SSAValue:
        """Return the address of the element in an array."""
        return self.loop.address(array, self.strip.pointers[array], self.place, self.strip.steps[array])

    def _read(self, value: SSAValue) -> SSAValue:
        if value in self.loop.buffers:
            return load(offset(self.loop.buffers[value], self.i, stored_type(value.type)), value.type)
        array = self.loop.operands[value]
        return load(self.address(array), self.loop.types[array])


def uniform_values(fused: FusedOp) -> set[SSAValue]:
    """Return the values of a kernel that are the same for all elements."""
    ranks = {a: len(_shape(type)) for a, type in zip(fused.body.block.args, fused.operand_types, strict=True)}
    found: set[SSAValue] = {argument for argument, rank in ranks.items() if not rank}
    for op in fused.body.block.ops:
        if isinstance(op, scf.ForOp):
            _add_uniform_state(op, found)
        elif op.results:
            _add_uniform(op, found)
    return found


def _add_uniform(op: Operation, found: set[SSAValue]) -> None:
    if all(value in found for value in op.operands):
        found.update(op.results)


def _add_uniform_state(loop: scf.ForOp, found: set[SSAValue]) -> None:
    """Add the state of a loop that begins uniform, and that no step changes to another."""
    *ops, last = loop.body.block.ops
    arguments: Sequence[BlockArgument] = loop.body.block.args[1:]
    same = {i for i, value in enumerate(loop.iter_args) if value in found}
    while True:
        inside = {*found, loop.body.block.args[0], *(arguments[i] for i in same)}
        for op in ops:
            _add_uniform(op, inside)
        left = {i for i in same if last.operands[i] in inside}
        if left == same:
            break
        same = left
    found |= inside
    found.update(loop.res[i] for i in same)


def _shape(type: Attribute) -> tuple[int, ...]:
    assert isinstance(type, TensorType)
    return type.get_shape()


def number_in(at: Block, value: int) -> SSAValue:
    """Build a number at the end of a block."""
    with building(at):
        return number(value, i64)
