"""Python literals as they stand in IR text: numbers, strings, lists, tuples, slices, element types and operands.

    -1   1.0e-05   inf   "same"   true   none   [1, 2]   (0, 1)   slice(0, none, 2)   complex(0.0, 1.0)   float32
    %x   @torch.inf

One grammar serves the parameters of ivy operations and the arguments of backend calls.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias, Union, cast

from xdsl.ir import Attribute
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer

from mlgraph.dialects.dtypes import BY_NAME, NAME_OF


@dataclass(frozen=True)
class Operand:
    """Stands for the i-th operand of an operation wherever it occurs in its arguments."""

    index: int


@dataclass(frozen=True)
class List:
    """A list; tuples are Python's."""

    items: tuple["Literal", ...]


@dataclass(frozen=True)
class Slice:
    """`start:stop:step` inside an index."""

    start: "Literal"
    stop: "Literal"
    step: "Literal"


@dataclass(frozen=True)
class Name:
    """A public name of a library that is not called, as `torch.inf`."""

    path: str


@dataclass(frozen=True)
class Rest:
    """`...` inside an index."""


Literal: TypeAlias = Union[  # noqa: UP007, it names itself
    bool, int, float, complex, str, tuple["Literal", ...], List, Slice, Name, Rest, Operand, Attribute, None
]
"""The literals of the grammar; an Attribute is an element type."""


def with_operands(value: Literal, index: Callable[[int], int]) -> Literal:
    """Return `value` with other indices of its operands."""
    match value:
        case Operand(old):
            return Operand(index(old))
        case List(items):
            return List(tuple(with_operands(item, index) for item in items))
        case tuple():
            return tuple(with_operands(item, index) for item in value)
        case Slice(start, stop, step):
            return Slice(*(with_operands(part, index) for part in (start, stop, step)))
        case _:
            return value


def float_text(value: float) -> str:
    """Print `value` so that MLIR's lexer reads the same float back."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "minus_inf"
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    return text if "." in mantissa else f"{mantissa}.0{exponent}{power}"


def print_literal(printer: Printer, value: Literal, print_operand: Callable[[int], object]) -> None:
    """Print `value`; operands are printed by `print_operand`, which is given their index."""

    def several(items: tuple[Literal, ...]) -> None:
        printer.print_list(items, lambda item: print_literal(printer, item, print_operand))

    match value:
        case Operand(index):
            print_operand(index)
        case str():
            printer.print_string_literal(value)
        case Slice(start, stop, step):
            printer.print_string("slice(")
            several((start, stop, step))
            printer.print_string(")")
        case List(items):
            printer.print_string("[")
            several(items)
            printer.print_string("]")
        case tuple():
            printer.print_string("(")
            several(value)
            printer.print_string(",)" if len(value) == 1 else ")")
        case _:
            printer.print_string(_word(value))


def _word(value: Literal) -> str:
    """The text of a literal that has no parts."""
    match value:
        case None | bool():
            return "none" if value is None else str(value).lower()
        case int():
            return str(value)
        case float():
            return float_text(value)
        case complex():
            return f"complex({float_text(value.real)}, {float_text(value.imag)})"
        case Name(path):
            return f"@{path}"
        case Rest():
            return "rest"
        case _:
            return NAME_OF[cast(Attribute, value)]


_KEYWORDS: dict[str, Literal] = {
    "none": None,
    "true": True,
    "false": False,
    "inf": math.inf,
    "minus_inf": -math.inf,
    "nan": math.nan,
    "rest": Rest(),
    **BY_NAME,
}


def parse_argument(parser: AttrParser, operands: list[UnresolvedOperand]) -> tuple[str | None, Literal] | None:
    """Parse `literal` or `name = literal`, None where neither begins. Operands are appended to `operands`."""
    if (word := parser.parse_optional_identifier()) is None:
        value = _parse_optional_literal(parser, operands)
        return None if isinstance(value, _Nothing) else (None, value)
    if parser.parse_optional_punctuation("=") is not None:
        return word, parse_literal(parser, operands)
    return None, _parse_word(parser, word, operands)


def parse_literal(parser: AttrParser, operands: list[UnresolvedOperand]) -> Literal:
    """Parse the next literal; an operand is appended to `operands` and becomes its index."""
    if (word := parser.parse_optional_identifier()) is not None:
        return _parse_word(parser, word, operands)
    value = _parse_optional_literal(parser, operands)
    if isinstance(value, _Nothing):
        parser.raise_error("expected a literal or an operand")
    return value


class _Nothing:
    """No literal begins here; None is a literal itself."""


def _parse_word(parser: AttrParser, word: str, operands: list[UnresolvedOperand]) -> Literal:
    if word in _KEYWORDS:
        return _KEYWORDS[word]
    if word not in ("slice", "complex"):
        parser.raise_error(f"'{word}' is no literal")
    parser.parse_punctuation("(")
    items = _parse_items(parser, operands, ")")
    return Slice(*items) if word == "slice" else complex(*cast(tuple[float, float], items))


def _parse_optional_literal(parser: AttrParser, operands: list[UnresolvedOperand]) -> Literal | _Nothing:
    if isinstance(parser, Parser) and (operand := parser.parse_optional_unresolved_operand()) is not None:
        operands.append(operand)
        return Operand(len(operands) - 1)
    if (text := parser.parse_optional_str_literal()) is not None:
        return text
    if parser.parse_optional_punctuation("[") is not None:
        return List(_parse_items(parser, operands, "]"))
    if parser.parse_optional_punctuation("(") is not None:
        return _parse_items(parser, operands, ")")
    if (symbol := parser.parse_optional_symbol_name()) is not None:
        return Name(symbol.data)
    number = parser.parse_optional_number()
    return _Nothing() if number is None else number


def _parse_items(parser: AttrParser, operands: list[UnresolvedOperand], end: OneOf[")", "]"]) -> tuple[Literal, ...]:
    items: list[Literal] = []
    while parser.parse_optional_punctuation(end) is None:
        items.append(parse_literal(parser, operands))
        if parser.parse_optional_punctuation(",") is None:
            parser.parse_punctuation(end)
            break
    return tuple(items)
