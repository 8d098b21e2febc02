"""The `stateful` dialect: reads and writes of Python objects that outlive a call.

    %count = stateful.get <"args[0]", "count"> : tensor<i64>
    stateful.set <"args[0]", "count">, %next : tensor<i64>

A slot is an attribute of an object, or an item: `<"args[0]", item "key">`. Reads and writes are effects in order: no
pass drops a write, or moves a read over one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Data, Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect

from mlgraph.dialects.building import insert

SLOT = "stateful.slot"
"""The attribute that names the slot of a function's argument or result."""


@dataclass(frozen=True)
class Slot:
    """A place that holds state: the attribute `name` of an object, or its item."""

    owner: str
    """The path to the object, as `args[0].cache`. One object has one path."""
    name: str | int
    item: bool = False
    """True for `owner[name]`, False for `owner.name`."""

    def __str__(self) -> str:
        return f"{self.owner}[{self.name!r}]" if self.item else f"{self.owner}.{self.name}"


@irdl_attr_definition
class SlotAttr(Data[Slot]):
    """A slot: `#stateful.slot<"args[0]", "count">`, or `#stateful.slot<"args[0]", item 0>`."""

    name = "stateful.slot"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Slot:
        with parser.in_angle_brackets():
            owner = parser.parse_str_literal()
            parser.parse_punctuation(",")
            item = parser.parse_optional_keyword("item") is not None
            name = parser.parse_optional_str_literal()
            if name is None and not item:
                parser.raise_error("an attribute has a name")
            return Slot(owner, parser.parse_integer() if name is None else name, item)

    def print_parameter(self, printer: Printer) -> None:
        slot = self.data
        with printer.in_angle_brackets():
            printer.print_string_literal(slot.owner)
            printer.print_string(", item " if slot.item else ", ")
            printer.print_string_literal(slot.name) if isinstance(slot.name, str) else printer.print_int(slot.name)


@irdl_op_definition
class GetOp(IRDLOperation):
    """The array that a slot holds now.

    %count = stateful.get <"args[0]", "count"> : tensor<i64>
    """

    name = "stateful.get"
    slot = prop_def(SlotAttr)
    result = result_def()
    traits = traits_def(MemoryReadEffect())
    assembly_format = "$slot attr-dict `:` type($result)"

    def __init__(self, slot: Slot, type: Attribute):
        super().__init__(result_types=[type], properties={"slot": SlotAttr(slot)})


@irdl_op_definition
class SetOp(IRDLOperation):
    """Put an array into a slot.

    stateful.set <"args[0]", "count">, %next : tensor<i64>
    """

    name = "stateful.set"
    slot = prop_def(SlotAttr)
    value = operand_def()
    traits = traits_def(MemoryWriteEffect())
    assembly_format = "$slot `,` $value attr-dict `:` type($value)"

    def __init__(self, slot: Slot, value: SSAValue):
        super().__init__(operands=[value], properties={"slot": SlotAttr(slot)})


def get(slot: Slot, type: Attribute) -> SSAValue:
    """Read a slot."""
    return insert(GetOp(slot, type)).result


def set(slot: Slot, value: SSAValue) -> None:
    """Write a slot."""
    insert(SetOp(slot, value))


def read_slots(function: FuncOp) -> dict[int, Slot]:
    """Return the slots of the state that a function reads, by the number of the argument."""
    return dict(_slots(function.arg_attrs))


def written_slots(function: FuncOp) -> dict[int, Slot]:
    """Return the slots of the state that a function writes, by the number of the result."""
    return dict(_slots(function.res_attrs))


def _slots(attributes: ArrayAttr[DictionaryAttr] | None) -> Iterator[tuple[int, Slot]]:
    for i, one in enumerate(attributes or ()):
        if isinstance(slot := one.data.get(SLOT), SlotAttr):
            yield i, slot.data


Stateful = Dialect("stateful", [GetOp, SetOp], [SlotAttr])
