"""The `constant` dialect: arrays that a program captured.

    %two = constant.literal dense<2.0> : tensor<f32>
    %mask = constant.array <"mask"> : tensor<512x512xi1>
    %w = constant.parameter <"fc.weight"> : tensor<?x4xf32>

The data of the last two lies beside the module: the attribute holds the array, its text only the name.
"""

from dataclasses import dataclass
from math import isfinite, prod
from typing import Any, ClassVar, cast

import numpy as np
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    TensorType,
)
from xdsl.ir import Attribute, Data, Dialect, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParamAttrConstraint,
    VarConstraint,
    irdl_attr_definition,
    irdl_op_definition,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure

from mlgraph.dialects.building import insert
from mlgraph.dialects.dtypes import dtype_of, element_type, type_of_array
from mlgraph.dialects.literals import List, Literal, parse_literal, print_literal

LITERAL_SIZE = 16
"""Arrays of up to so many elements are written out in the IR."""


MOST_ELEMENTS = 2**20
"""The most elements that are read from the IR, where one number may be the value of all."""


@dataclass(frozen=True)
class Captured:
    """An array of any framework under a name; equal only to itself."""

    name: str
    array: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Captured) and self.name == other.name and self.array is other.array

    def __hash__(self) -> int:
        return hash((self.name, id(self.array)))


@irdl_attr_definition
class CapturedAttr(Data[Captured]):
    """The name of a captured array, and the array itself when the module was not read from text."""

    name = "constant.captured"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Captured:
        with parser.in_angle_brackets():
            return Captured(parser.parse_str_literal())

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.data.name)


@irdl_op_definition
class LiteralOp(IRDLOperation):
    """A small array whose elements stand in the IR.

    Its text is exact, unlike that of MLIR's dense attribute, which xDSL reads wrongly for what is not finite:
    `dense<[0.1, inf, minus_inf, nan]>`, `dense<complex(0.0, 1.0)>`; one element is written where all are equal.
    """

    T: ClassVar = VarConstraint("T", AnyAttr())

    name = "constant.literal"
    value = prop_def(ParamAttrConstraint(DenseIntOrFPElementsAttr, (T, AnyAttr())))
    result = result_def(T)
    traits = traits_def(ConstantLike(), Pure())

    def __init__(self, value: DenseIntOrFPElementsAttr):
        super().__init__(result_types=[value.type], properties={"value": value})

    def print(self, printer: Printer) -> None:
        array = array_of(self.result)
        assert array is not None
        printer.print_string(" dense<")
        print_literal(printer, elements_of(array), lambda _: None)
        printer.print_string(">")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.value.type)

    @classmethod
    def parse(cls, parser: Parser) -> "LiteralOp":
        parser.parse_keyword("dense")
        parser.parse_punctuation("<")
        position = parser.pos
        value = parse_literal(parser, [])
        end = parser.pos
        parser.parse_punctuation(">")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        try:
            op = cls(dense(array_from(value, type)))
        except (TypeError, ValueError, OverflowError, KeyError) as error:
            parser.raise_error(f"no elements of {type}: {error}", position, end)
        op.attributes.update(attributes)
        return op


def elements_of(array: "np.ndarray[Any, Any]") -> Literal:
    """Return the elements as nested lists of Python numbers, or as one number where all have the same bits."""
    numbers = np.empty(array.shape, object)
    for place, element in np.ndenumerate(array):
        numbers[place] = number_from(element)
    flat = array.reshape(-1)
    if array.size > 0 and flat.tobytes() == flat[:1].tobytes() * array.size:
        return numbers.reshape(-1)[0]
    return _as_list(numbers.tolist())


def _as_list(value: Any) -> Literal:
    return List(tuple(map(_as_list, cast(list[Any], value)))) if isinstance(value, list) else value


def array_from(value: Literal, type: Attribute) -> "np.ndarray[Any, Any]":
    """Return the array of `type` with these elements. Raise `TypeError` for an element of another kind."""
    if not isinstance(type, TensorType):
        raise TypeError("expected a tensor type")
    dtype = dtype_of(element_type(type))  # pyright: ignore[reportUnknownArgumentType]
    if prod(type.get_shape()) > MOST_ELEMENTS:
        raise ValueError(f"more than {MOST_ELEMENTS} elements do not stand in the IR")
    if isinstance(value, List):
        array = np.asarray(_elements(value, dtype), dtype).reshape(type.get_shape())
    else:
        array = np.full(type.get_shape(), _elements(value, dtype), dtype)
    return array


_KINDS: dict[str, tuple[type, ...]] = {"b": (bool,), "i": (int,), "u": (int,), "c": (complex, float)}


def _elements(value: Literal, dtype: "np.dtype[Any]") -> Any:
    if isinstance(value, List):
        return [_elements(item, dtype) for item in value.items]
    if type(value) not in _KINDS.get(dtype.kind, (float,)):
        raise TypeError(f"{value!r} is no {dtype}")
    return value


class _CapturedOp(IRDLOperation):
    """An array that the program took from the function."""

    value = prop_def(CapturedAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: Captured, type: Attribute):
        super().__init__(result_types=[type], properties={"value": CapturedAttr(value)})


@irdl_op_definition
class ArrayOp(_CapturedOp):
    """A captured array that never changes."""

    name = "constant.array"


@irdl_op_definition
class ParameterOp(_CapturedOp):
    """A weight: an argument of the pure function, never folded."""

    name = "constant.parameter"


def literal(value: Any, dtype: Attribute) -> SSAValue:
    """Build a small constant of element type `dtype` from a number, nested lists or a numpy array."""
    return insert(LiteralOp(dense(np.asarray(value).astype(dtype_of(dtype))))).result


def dense(array: "np.ndarray[Any, Any]") -> "DenseIntOrFPElementsAttr[Any]":
    """Convert a numpy array to an attribute."""
    return DenseIntOrFPElementsAttr(type_of_array(array), BytesAttr(array.tobytes()))


def array_constant(name: str, array: np.ndarray[Any, Any]) -> SSAValue:
    """Build a constant that holds a numpy array: written out when small, else captured by name."""
    if array.size <= LITERAL_SIZE and array.size > 0:
        return literal(array, type_of_array(array).element_type)
    return insert(ArrayOp(Captured(name, array), type_of_array(array))).result


def parameter(name: str, array: Any, type: Attribute) -> SSAValue:
    """Build a read of the weight `name`."""
    return insert(ParameterOp(Captured(name, array), type)).result


def array_of(value: SSAValue) -> "np.ndarray[Any, Any] | None":
    """Return the elements of a literal, None for any other value."""
    if not isinstance(op := value.owner, LiteralOp):
        return None
    type = op.value.type
    flat = np.frombuffer(op.value.data.data, dtype_of(type.element_type))
    return flat.reshape(type.get_shape())


def number_of(value: SSAValue) -> "bool | int | float | complex | None":
    """Return the Python number that a 0-d literal holds, None for any other value."""
    if not isinstance(op := value.owner, LiteralOp) or op.value.type.get_shape():
        return None
    array = array_of(value)
    assert array is not None
    return number_from(array)


def number_from(element: Any) -> bool | int | float | complex:
    """Return the Python number of one element.

    A float is the shortest decimal that rounds to the element, 0.1, not 0.10000000149011612, but for the largest, whose
    shortest decimal is out of range. That is the number in the source code: torch multiplies float16
    and bfloat16 by numbers in float32.
    """
    if element.dtype.name == "bfloat16":
        return _shortest(element)
    if element.dtype in (np.float16, np.float32):
        shortest = float(str(element))
        return shortest if abs(shortest) <= float(np.finfo(element.dtype).max) else element.item()
    return element.item()


def _shortest(element: Any) -> float:
    """The shortest decimal that rounds to a float of few bits."""
    exact = float(element)
    decimals = (float(f"{exact:.{digits}g}") for digits in range(1, 5))
    return next((x for x in decimals if element.dtype.type(x) == element and isfinite(x)), exact)


Constant = Dialect("constant", [LiteralOp, ArrayOp, ParameterOp], [CapturedAttr])
