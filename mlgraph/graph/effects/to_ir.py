"""The conversion of a program's state to `stateful.get` and `stateful.set` in its ivy module."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xdsl.builder import Builder
from xdsl.dialects.builtin import LocationAttr
from xdsl.dialects.func import ReturnOp
from xdsl.ir import SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import stateful
from mlgraph.dialects.building import building
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import Slot
from mlgraph.frontend.program import Memory, OutputKind, OutputSpec, Program
from mlgraph.graph.effects.access_path import AccessPath
from mlgraph.graph.effects.session import ObjectSession, StateSpec


def with_state(program: Program, session: ObjectSession, inputs: int) -> tuple[Program, StateSpec, list[Any]]:
    """Convert the arguments after the first `inputs`, and the outputs that are new values of objects, to operations.

    Return the program, its reads and writes of state, and each new value: its slot, or the Python value itself.
    """
    leaves = len(program.leaves) - len(session.paths)
    block = main_of(program.module).body.block
    held = list(session.arrays)
    state = session.state([bool(block.args[inputs + i].uses.get_length()) for i in range(len(held))])
    written: list[int] = [i - inputs for i in program.targets(OutputKind.INPUT) if i >= inputs]
    state.overwritten = tuple(held[i] for i in written)
    slots = _slots_of_new(session, state)
    program.outputs = tuple(_renamed(spec, state, session, inputs, leaves, slots) for spec in program.outputs)
    left = _write(program, session, state, inputs, slots)
    _read(program, state, held, inputs)
    reads = [program.inputs[inputs + held.index(path)] for path in state.reads]
    return replace(program, inputs=(*program.inputs[:inputs], *reads), leaves=program.leaves[:leaves]), state, left


def _slots_of_new(session: ObjectSession, state: StateSpec) -> list[Slot]:
    """Return the slot of each new value.

    One path may have two slots: its array is written in place and then replaced by another, or a list is refilled and
    then replaced.
    """
    taken = {path.slot(state.names) for path in state.overwritten}
    slots: list[Slot] = []
    for path in session.paths:
        slot = path.slot(state.names)
        while slot in taken:
            slot = replace(slot, owner=f"new {slot.owner}")
        taken.add(slot)
        slots.append(slot)
    return slots


def _renamed(
    spec: OutputSpec, state: StateSpec, session: ObjectSession, inputs: int, leaves: int, slots: Sequence[Slot]
) -> OutputSpec:
    """Return `spec` with the memory of objects named by slot: arrays after the inputs, new values after the leaves."""
    held = list(session.arrays)

    def memory(one: Memory) -> Memory:
        if one.kind == "input" and one.key >= inputs:
            number: int = one.key - inputs
            return Memory("object", held[number].slot(state.names))
        if one.kind == "output" and one.key >= leaves:
            return Memory("new", slots[one.key - leaves])
        return one

    same = None if spec.same is None else memory(spec.same)
    return replace(spec, aliases=frozenset(map(memory, spec.aliases)), same=same)


def _read(program: Program, state: StateSpec, held: Sequence[AccessPath], inputs: int) -> None:
    function = main_of(program.module)
    block = function.body.block
    with building(Builder(InsertPoint.at_start(block))):
        for path, argument in zip(held, block.args[inputs:], strict=True):
            if path in state.reads and argument.uses.get_length():
                value = stateful.get(path.slot(state.names), argument.type)
                value.name_hint = argument.name_hint
                argument.replace_all_uses_with(value)
    for argument in list(block.args[inputs:]):
        block.erase_arg(argument)
    update_type(function)


def _write(program: Program, session: ObjectSession, state: StateSpec, inputs: int, slots: Sequence[Slot]) -> list[Any]:
    """Insert `stateful.set` for the slots of objects, and leave the other results to the return.

    The specs of objects follow those of the results; `functionalize-state` turns the slots into results again.
    """
    last = main_of(program.module).body.block.last_op
    assert isinstance(last, ReturnOp)
    held, leaves = list(session.arrays), len(program.leaves) - len(session.paths)
    left = list(program.leaves[leaves:])
    kept: list[tuple[SSAValue, OutputSpec]] = []
    objects: list[OutputSpec] = []
    for value, spec in zip(last.operands, program.outputs, strict=True):
        if spec.kind is OutputKind.INPUT and spec.target >= inputs:
            number: int = spec.target - inputs
            slot = _set(held[number].slot(state.names), value, last)
            spec = replace(spec, same=Memory("object", slot))
        elif spec.kind is OutputKind.USER_OUTPUT and spec.target >= leaves:
            i: int = spec.target - leaves
            slot = left[i] = _set(slots[i], value, last)
        else:
            kept.append((value, spec))
            continue
        objects.append(replace(spec, kind=OutputKind.OBJECT, target=slot))
    last.operands = [value for value, _ in kept]
    program.outputs = (*(spec for _, spec in kept), *objects)
    update_type(main_of(program.module))
    return left


def _set(slot: Slot, value: SSAValue, last: ReturnOp) -> Slot:
    """Insert `stateful.set` before the return, and return the slot."""
    location: LocationAttr | None = getattr(value.owner, "location", None)
    with building(Builder(InsertPoint.before(last)), location):
        stateful.set(slot, value)
    return slot
