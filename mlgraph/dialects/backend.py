"""The backend dialects, one a framework: calls of a library's public functions.

    %y = torch.call @torch.sum(%x, dim = (1,), keepdim = true) : (tensor<2x3xf32>) -> tensor<2x1xf32>

Functions of one library do not differ operationally, so each dialect has one operation that names its callee. Python's
own operators stand beside a library's functions: `operator.getitem` is `x[i]`, `operator.add` is `a + b` on sizes, and
`builtins.getattr` is `x.shape`.
"""

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from xdsl.dialects import get_all_dialects
from xdsl.dialects.builtin import StringAttr, UnitAttr
from xdsl.ir import Attribute, Data, Dialect, Operation, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind

from mlgraph.dialects.building import insert
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.context import DIALECTS
from mlgraph.dialects.dtypes import BY_NAME, element_type
from mlgraph.dialects.literals import (
    List,
    Literal,
    Name,
    Operand,
    Rest,
    Slice,
    parse_argument,
    print_literal,
    with_operands,
)
from mlgraph.frameworks import get

Argument: TypeAlias = Any
"""An argument of a callee: values, Python literals, and lists, tuples and slices of them."""


@irdl_attr_definition
class ValueType(ParametrizedAttribute, TypeAttribute):
    """A Python object of a backend whose type is not needed, such as a shape or a random key."""

    name = "backend.value"


@dataclass(frozen=True, eq=False)
class Arguments:
    """Positional and keyword arguments of a call, with `Operand(i)` for the i-th operand.

    Equal only if they read the same: Python takes 1, 1.0 and True for equal, and 0.0 and -0.0.
    """

    positional: tuple[Literal, ...]
    keyword: tuple[tuple[str, Literal], ...]

    @cached_property
    def text(self) -> str:
        return repr((self.positional, self.keyword))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arguments) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@irdl_attr_definition
class ArgumentsAttr(Data[Arguments]):
    """The arguments of a call: `#backend.arguments<#0, dim = (1,)>`."""

    name = "backend.arguments"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Arguments:
        with parser.in_angle_brackets():
            return parse_arguments(parser, [])

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_arguments(printer, self.data, lambda i: printer.print_string(f"operand<{i}>"))


class CallEffects(MemoryEffect):
    """A call is pure unless it says otherwise, as the draw of a random number does."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        if "effect" not in op.properties:
            return set()
        return {EffectInstance(MemoryEffectKind.READ), EffectInstance(MemoryEffectKind.WRITE)}


class CallOp(IRDLOperation, ABC):
    """A call of `callee`, a dotted public name, on operands and Python literals."""

    inputs = var_operand_def()
    outputs = var_result_def()
    callee = prop_def(StringAttr)
    arguments = prop_def(ArgumentsAttr)
    effect = opt_prop_def(UnitAttr)

    traits = traits_def(CallEffects())

    def __init__(
        self,
        callee: str,
        operands: Sequence[SSAValue],
        arguments: Arguments,
        results: Sequence[Attribute],
        effect: bool = False,
    ):
        super().__init__(
            operands=[operands],
            result_types=[results],
            properties={
                "callee": StringAttr(callee),
                "arguments": ArgumentsAttr(arguments),
                "effect": UnitAttr() if effect else None,
            },
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" effect" if self.effect is not None else "")
        printer.print_string(f" @{self.callee.data}(")
        print_arguments(printer, self.arguments.data, lambda i: printer.print_ssa_value(self.inputs[i]))
        printer.print_string(")")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)

    @classmethod
    def parse(cls, parser: Parser) -> "CallOp":
        effect = parser.parse_optional_keyword("effect") is not None
        callee = parser.parse_symbol_name().data
        operands: list[UnresolvedOperand] = []
        with parser.in_parens():
            arguments, operands = each_once(parse_arguments(parser, operands), operands)
        attributes = parser.parse_optional_attr_dict()
        position = parser.pos
        parser.parse_punctuation(":")
        types = parser.parse_function_type()
        values = parser.resolve_operands(operands, types.inputs.data, position)
        op = cls(callee, values, arguments, types.outputs.data, effect)
        op.attributes.update(attributes)
        return op


def print_arguments(printer: Printer, arguments: Arguments, print_operand: Callable[[int], object]) -> None:
    """Print the inside of the parentheses of a call."""
    items: list[tuple[str | None, Literal]] = [(None, value) for value in arguments.positional]
    items += arguments.keyword

    def one(item: tuple[str | None, Literal]) -> None:
        if item[0] is not None:
            printer.print_string(f"{item[0]} = ")
        print_literal(printer, item[1], print_operand)

    printer.print_list(items, one)


def each_once(arguments: Arguments, operands: list[UnresolvedOperand]) -> tuple[Arguments, list[UnresolvedOperand]]:
    """Merge operands that are the same value, however often the arguments name it."""
    names = [(operand.operand_name, operand.index) for operand in operands]
    first = {name: operand for name, operand in zip(reversed(names), reversed(operands), strict=True)}
    unique = {name: i for i, name in enumerate(dict.fromkeys(names))}

    def index(old: int) -> int:
        return unique[names[old]]

    positional = tuple(with_operands(value, index) for value in arguments.positional)
    keyword = tuple((name, with_operands(value, index)) for name, value in arguments.keyword)
    return Arguments(positional, keyword), [first[name] for name in unique]


def parse_arguments(parser: AttrParser, operands: list[UnresolvedOperand]) -> Arguments:
    """Parse the inside of the parentheses, up to the closing token."""
    positional: list[Literal] = []
    keyword: list[tuple[str, Literal]] = []

    def one() -> bool:
        value = parse_argument(parser, operands)
        if value is None:
            return False
        (positional.append(value[1]) if value[0] is None else keyword.append((value[0], value[1])))
        return True

    if one():
        while parser.parse_optional_punctuation(",") is not None:
            one()
    return Arguments(tuple(positional), tuple(keyword))


def encode(
    args: Sequence[Argument], kwargs: Mapping[str, Argument], numbers: Mapping[SSAValue, Any] = MappingProxyType({})
) -> tuple[Arguments, list[SSAValue]]:
    """Return the arguments of a call as literals, and the operands among them; `numbers` replace theirs."""
    operands: list[SSAValue] = []

    def one(value: Any) -> Literal:
        match value:
            case SSAValue():
                if value in numbers:
                    return numbers[value]
                operand = cast(SSAValue, value)
                if operand not in operands:
                    operands.append(operand)
                return Operand(operands.index(operand))
            case Callee(path=path):
                return Name(path)
            case list():
                return List(tuple(one(item) for item in cast(list[Any], value)))
            case tuple():
                return tuple(one(item) for item in cast(tuple[Any, ...], value))
            case slice():
                bounds = cast("slice[Any, Any, Any]", value)
                return Slice(one(bounds.start), one(bounds.stop), one(bounds.step))
            case _ if value is Ellipsis:
                return Rest()
            case _:
                return value

    return Arguments(tuple(map(one, args)), tuple((k, one(v)) for k, v in kwargs.items())), operands


@dataclass(frozen=True)
class Callee:
    """A public name of a backend: `torch.nn.functional.relu`. Calling it inside a rule builds the call op."""

    backend: "Backend"
    path: str

    def __getattr__(self, name: str) -> "Callee":
        return Callee(self.backend, f"{self.path}.{name}")

    def __call__(self, *args: Argument, **kwargs: Argument) -> SSAValue:
        return self.backend.call(self.path, args, kwargs)[0]

    def several(self, results: int, *args: Argument, **kwargs: Argument) -> tuple[SSAValue, ...]:
        """Call a function that returns a tuple of `results` values."""
        return self.backend.call(self.path, args, kwargs, results)


@dataclass(frozen=True)
class Backend:
    """A backend dialect and what must be known of its library to spell a call.

    `takes_numbers` are the functions that accept a Python number instead of an array, and for which arguments: scalar
    constants are written into the call there, as long as another argument gives the element type. Constants of the
    types `unwritten` are not: the library would widen the array beside such a number, or find it too large.
    """

    name: str
    op: type[CallOp]
    aliases: Mapping[str, str]
    takes_numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    unwritten: tuple[Attribute, ...] = ()

    def __getattr__(self, name: str) -> Callee:
        if name.startswith("__"):
            raise AttributeError(name)
        return Callee(self, self.aliases.get(name, f"{self.aliases[self.name]}.{name}"))

    def call(
        self,
        callee: str,
        args: Sequence[Argument],
        kwargs: Mapping[str, Argument],
        results: int = 1,
        effect: bool = False,
    ) -> tuple[SSAValue, ...]:
        """Build the call op; the type of its results is opaque until the operation that it lowers gives its own."""
        arguments, operands = encode(args, kwargs, self._numbers(callee, args))
        op = self.op(callee, operands, arguments, [ValueType()] * results, effect)
        return tuple(insert(op).results)

    def _numbers(self, callee: str, args: Sequence[Argument]) -> dict[SSAValue, Any]:
        """The operands among `args` to write as Python numbers."""
        places = self.takes_numbers.get(callee, ())
        values = [args[i] for i in places if i < len(args)]
        numbers = {value: number for value in values if (number := self._number(value)) is not None}
        types = {element_type(value.type) for value in numbers}
        rest = (element_type(a.type) for a in args if isinstance(a, SSAValue) and a not in numbers)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return numbers if any(type in types or isinstance(type, ValueType) for type in rest) else {}

    def _number(self, value: Argument) -> Any:
        if not isinstance(value, SSAValue) or element_type(value.type) in self.unwritten:  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            return None
        return number_of(value)  # pyright: ignore[reportUnknownArgumentType]


@cache
def backend(name: str) -> Backend:
    """Return the backend dialect of a framework.

    Raise `UnknownTargetError` where there is none of this name, `ValueError` where another dialect has the name.
    """
    framework = get(name)
    if name in DIALECTS or name in get_all_dialects():
        raise ValueError(f"the framework {name} has the name of another dialect")
    return Backend(
        framework.name,
        _call_op(framework.name),
        framework.modules,
        framework.takes_numbers,
        tuple(BY_NAME[dtype] for dtype in framework.unwritten),
    )


def _call_op(name: str) -> type[CallOp]:
    members = {"__doc__": f"A call of a public function of {name}.", "name": f"{name}.call", "__module__": __name__}
    return irdl_op_definition(type(f"{name.capitalize()}CallOp", (CallOp,), members))


@cache
def call_dialect(name: str) -> Dialect:
    """Return the dialect whose operation calls functions of a framework."""
    return Dialect(name, [backend(name).op])


BackendTypes = Dialect("backend", [], [ArgumentsAttr, ValueType])
