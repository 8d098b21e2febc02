"""`functionalize-state`: state becomes arguments and results of its function.

    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %c = stateful.get <"args[0]", "count"> : tensor<f32>
      ...
      stateful.set <"args[0]", "count">, %n : tensor<f32>

becomes

    func.func @main(%x: tensor<2xf32>, %count: tensor<f32> {stateful.slot = #stateful.slot<"args[0]", "count">})
        -> (tensor<2xf32>, tensor<f32> {stateful.slot = #stateful.slot<"args[0]", "count">})

What is read before it is written comes after the other arguments, what is written after the other results, both in the
order of their first access. `read_slots` and `written_slots` of the dialect tell which is which.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from mlgraph.dialects.functions import add_result, functions, insert_argument
from mlgraph.dialects.stateful import SLOT, GetOp, SetOp, Slot, SlotAttr
from mlgraph.errors import UnsupportedOpError, line_of


@dataclass(frozen=True)
class FunctionalizeStatePass(ModulePass):
    """Turn `stateful.get` and `stateful.set` into arguments and results."""

    name = "functionalize-state"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            functionalize(function)


def functionalize(function: FuncOp) -> None:
    """Rewrite the accesses of one function."""
    current: dict[Slot, SSAValue] = {}
    written: set[Slot] = set()
    for op in [op for op in function.walk() if isinstance(op, GetOp | SetOp)]:
        slot = op.slot.data
        if isinstance(op, SetOp):
            refuse_nested(op, function)
            current[slot] = op.value
            written.add(slot)
        else:
            if slot not in current:
                current[slot] = argument_of(function, op)
            op.result.replace_all_uses_with(current[slot])
        op.detach()
        op.erase()
    for slot in (slot for slot in current if slot in written):
        add_result(function, current[slot], of_slot(slot))


def argument_of(function: FuncOp, read: GetOp) -> SSAValue:
    """Add a last argument for what `read` gives, and return it."""
    slot = read.slot.data
    name = read.result.name_hint or (slot.name if isinstance(slot.name, str) else f"item_{slot.name}")
    place = len(function.body.block.args)
    return insert_argument(function, place, read.result.type, name, of_slot(slot))


def of_slot(slot: Slot) -> DictionaryAttr:
    """Return the attributes that name a slot."""
    return DictionaryAttr({SLOT: SlotAttr(slot)})


def refuse_nested(op: SetOp, function: FuncOp) -> None:
    """Raise where a write happens in only some runs of a region: it has no value at the end."""
    if op.parent is not function.body.block:
        raise UnsupportedOpError(
            f"{op.slot.data} is written inside a loop or branch",
            where=line_of(op),
            why="state is an argument and a result of the compiled function",
            fix="carry the new value out of the loop or branch, and write it there",
        )
