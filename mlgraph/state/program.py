"""The state of a captured program as operations: `stateful.get` and `stateful.set` in its ivy module."""

# pyright: basic
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xdsl.builder import Builder
from xdsl.dialects.func import ReturnOp
from xdsl.ir import SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import stateful
from mlgraph.dialects.building import building
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import Slot
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.program import Program, Result
from mlgraph.state.places import Place
from mlgraph.state.trace import State, Trace


def with_state(program: Program, trace: Trace, inputs: int) -> tuple[Program, State, list[Any]]:
    """Make operations of the arguments after the first `inputs`, and of the outputs that are the objects' new values.

    Gives the program, what it does to its objects, and each value that it leaves behind: its slot or the value itself.
    """
    outputs = len(program.outputs) - len(trace.places)
    block = main_of(program.module).body.block
    held = list(trace.arrays)
    state = trace.state([bool(block.args[inputs + i].uses.get_length()) for i in range(len(held))])
    state.overwritten = tuple(held[i - inputs] for i, _ in program.input_writes if i >= inputs)
    left = _write(program, state, held, inputs, outputs)
    _read(program, state, held, inputs)
    reads = [program.inputs[inputs + held.index(place)] for place in state.reads]
    found = replace(
        program,
        inputs=(*program.inputs[:inputs], *reads),
        outputs=program.outputs[:outputs],
        input_writes=tuple((i, j) for i, j in program.input_writes if i < inputs),
    )
    return _without_unused_results(found), state, left


def _read(program: Program, state: State, held: Sequence[Place], inputs: int) -> None:
    function = main_of(program.module)
    block = function.body.block
    with building(Builder(InsertPoint.at_start(block))):
        for place, argument in zip(held, block.args[inputs:], strict=True):
            if place in state.reads and argument.uses.get_length():
                value = stateful.get(place.slot(state.names), argument.type)
                value.name_hint = argument.name_hint
                argument.replace_all_uses_with(value)
    for argument in list(block.args[inputs:]):
        block.erase_arg(argument)
    update_type(function)


def _write(program: Program, state: State, held: Sequence[Place], inputs: int, outputs: int) -> list[Any]:
    last = _return(program)
    left: list[Any] = []
    slots: set[Slot] = set()

    def write(place: Place, value: SSAValue) -> Slot:
        slot = place.slot(state.names)
        if slot in slots:
            raise UnsupportedOpError(f"{slot} is written in place and then set", fix="do one or the other")
        slots.add(slot)
        location = value.owner.location if hasattr(value.owner, "location") else None  # pyright: ignore[reportAttributeAccessIssue]
        with building(Builder(InsertPoint.before(last)), location):
            stateful.set(slot, value)
        return slot

    for position, index in program.input_writes:
        if position >= inputs:
            write(held[position - inputs], last.operands[index])
    for place, leaf in zip(state.places, program.outputs[outputs:], strict=True):
        left.append(write(place, last.operands[leaf.index]) if isinstance(leaf, Result) else leaf)
    return left


def _return(program: Program) -> ReturnOp:
    last = main_of(program.module).body.block.last_op
    assert isinstance(last, ReturnOp)
    return last


def _without_unused_results(program: Program) -> Program:
    """Return only what the caller, a buffer or an input gets."""
    last = _return(program)
    kept = {leaf.index for leaf in program.outputs if isinstance(leaf, Result)}
    kept |= {index for _, index in (*program.writes, *program.input_writes)}
    order = sorted(kept)
    new = {old: i for i, old in enumerate(order)}
    last.operands = [last.operands[i] for i in order]
    update_type(main_of(program.module))
    return replace(
        program,
        outputs=[Result(new[leaf.index]) if isinstance(leaf, Result) else leaf for leaf in program.outputs],
        writes=tuple((name, new[i]) for name, i in program.writes),
        input_writes=tuple((position, new[i]) for position, i in program.input_writes),
    )
