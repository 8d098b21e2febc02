"""The kinds of parameters of operations, and how each is stored.

| annotation | stored as |
|---|---|
| `Value`, `Value \\| None`, `Values` | one operand, at most one, any number |
| `bool`, `int`, `float`, `str` | a builtin attribute |
| `Ints` | `array<i64: ...>` |
| `Scalar` | an integer, float or bool attribute, or an array of two floats for a complex number |
| `DType` | the element type |
| `Shape` | `array<i64: ...>` with a sentinel where an `index` operand stands |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import Parameter as Signature
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeAlias, Union, cast, get_args, get_origin

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, DenseArrayBase, FloatAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects.dtypes import DType, f64, i1, i64

Value: TypeAlias = SSAValue
Values: TypeAlias = Sequence[SSAValue]
Type: TypeAlias = Attribute
Ints: TypeAlias = tuple[int, ...]
Scalar: TypeAlias = bool | int | float | complex
Shape: TypeAlias = Sequence[int | SSAValue]

DYNAMIC = DYNAMIC_INDEX


class Kind:
    """A kind of annotation: how its values are normalized, stored and read back."""

    arity: ClassVar[str | None] = None
    """"one" or "many" when it holds operands."""
    stored: ClassVar[bool] = True
    """True if it holds a property."""

    def normalize(self, value: Any) -> Any:
        return value

    def operands(self, value: Any) -> Any:
        return value

    def encode(self, value: Any) -> Attribute:
        raise NotImplementedError

    def decode(self, attribute: Attribute | None, operands: tuple[SSAValue, ...], parameter: "Parameter") -> Any:
        return parameter.default_value if attribute is None else self.read(attribute)

    def read(self, attribute: Any) -> Any:
        return attribute.data


class OperandKind(Kind):
    arity = "one"
    stored = False

    def decode(self, attribute: Attribute | None, operands: tuple[SSAValue, ...], parameter: "Parameter") -> Any:
        return operands[0] if operands else None


class OperandsKind(Kind):
    arity = "many"
    stored = False

    def normalize(self, value: Any) -> Any:
        return tuple(value)

    def decode(self, attribute: Attribute | None, operands: tuple[SSAValue, ...], parameter: "Parameter") -> Any:
        return operands


class BoolKind(Kind):
    def encode(self, value: bool) -> Attribute:
        return IntegerAttr(int(value), i1)

    def read(self, attribute: Any) -> bool:
        return bool(attribute.value.data)


class IntKind(Kind):
    def normalize(self, value: Any) -> Any:
        return None if value is None else int(value)

    def encode(self, value: int) -> Attribute:
        return IntegerAttr(value, i64)

    def read(self, attribute: Any) -> int:
        return attribute.value.data


class FloatKind(Kind):
    def normalize(self, value: Any) -> Any:
        return None if value is None else float(value)

    def encode(self, value: float) -> Attribute:
        return FloatAttr(value, f64)

    def read(self, attribute: Any) -> float:
        return attribute.value.data


class StrKind(Kind):
    def encode(self, value: str) -> Attribute:
        return StringAttr(value)


class IntsKind(Kind):
    def normalize(self, value: Any) -> Any:
        return None if value is None else tuple(int(item) for item in value)

    def encode(self, value: tuple[int, ...]) -> Attribute:
        return DenseArrayBase.from_list(i64, value)

    def read(self, attribute: Any) -> tuple[int, ...]:
        return attribute.get_values()


class ScalarKind(Kind):
    def encode(self, value: Any) -> Attribute:
        match value:
            case bool():
                return IntegerAttr(int(value), i1)
            case int():
                return IntegerAttr(value, i64)
            case complex():
                return ArrayAttr([FloatAttr(value.real, f64), FloatAttr(value.imag, f64)])
            case _:
                return FloatAttr(float(value), f64)

    def read(self, attribute: Any) -> Any:
        if isinstance(attribute, ArrayAttr):
            real, imag = cast(Any, attribute).data
            return complex(real.value.data, imag.value.data)
        value = attribute.value.data
        return bool(value) if attribute.type == i1 else value


class DTypeKind(Kind):
    def encode(self, value: DType) -> Attribute:
        return value

    def read(self, attribute: Any) -> Any:
        return attribute


class ShapeKind(Kind):
    arity = "many"

    def normalize(self, value: Any) -> Any:
        return None if value is None else tuple(n if isinstance(n, SSAValue) else int(n) for n in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    def operands(self, value: Any) -> Any:
        return [n for n in value or () if isinstance(n, SSAValue)]

    def encode(self, value: Any) -> Attribute:
        return DenseArrayBase.from_list(i64, [DYNAMIC if isinstance(n, SSAValue) else n for n in value])

    def decode(self, attribute: Any, operands: tuple[SSAValue, ...], parameter: "Parameter") -> Any:
        if attribute is None:
            return parameter.default_value
        dynamic = iter(operands)
        return tuple(next(dynamic) if n == DYNAMIC else n for n in attribute.get_values())


OPERAND = OperandKind()
KINDS: dict[Any, Kind] = {
    Value: OPERAND,
    Values: OperandsKind(),
    bool: BoolKind(),
    int: IntKind(),
    float: FloatKind(),
    str: StrKind(),
    Ints: IntsKind(),
    Scalar: ScalarKind(),
    DType: DTypeKind(),
    Shape: ShapeKind(),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    kind: Kind
    optional: bool
    default: Any

    @property
    def required(self) -> bool:
        return self.default is Signature.empty

    @property
    def default_value(self) -> Any:
        return None if self.required else self.default

    def is_default(self, value: Any) -> bool:
        """Return whether `value` is the default; 0.0 and -0.0 are not the same."""
        if self.required or value != self.default:
            return False
        return not isinstance(value, float) or repr(value) == repr(float(self.default))


def read_parameter(name: str, annotation: Any, default: Any) -> Parameter:
    """Return the parameter that an annotation declares."""
    optional = False
    if annotation not in KINDS and get_origin(annotation) in (Union, UnionType):
        rest = [a for a in get_args(annotation) if a is not NoneType]
        optional = len(rest) < len(get_args(annotation))
        annotation = Union[tuple(rest)]  # noqa: UP007, as many as there are
    if get_origin(annotation) is not None and annotation not in KINDS and isinstance(get_args(annotation)[0], str):
        annotation = str
    if annotation not in KINDS:
        raise TypeError(f"parameter '{name}': no kind for {annotation}; the kinds are {', '.join(map(str, KINDS))}")
    return Parameter(name, KINDS[annotation], optional, default)
