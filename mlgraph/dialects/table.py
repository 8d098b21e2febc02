"""The op table: a typed Python function becomes an operation.

    @op(Pure(), torch="torch.sum(x, dim=axis, keepdim=keepdims)", jax="jnp.sum(x, axis=axis, keepdims=keepdims)")
    def sum(x: Value, axis: Ints | None = None, keepdims: bool = False) -> Type:
        \"\"\"The sum of `x` over `axis`, or over every axis.\"\"\"
        return reduced(x, axis, keepdims)

The signature gives operands (`Value`, `Value | None`, `Values`) and parameters (everything else), the docstring the
meaning, the body the result type, the templates the call of each backend. What is declared is itself a function that
builds the operation: `ivy.sum(x, axis=(0,))` inserts `ivy.sum` where `building` says and returns its result. Its text
is a Python call as well:

    %y = ivy.sum(%x, axis = [0]) : (tensor<2x3xf32>) -> tensor<3xf32>
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast, get_type_hints, overload

from xdsl.ir import Attribute, Block, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import OpTrait
from xdsl.utils.exceptions import VerifyException

from mlgraph.dialects.building import building, insert
from mlgraph.dialects.canonical import TablePatterns
from mlgraph.dialects.constant import LiteralOp
from mlgraph.dialects.dtypes import compatible
from mlgraph.dialects.literals import List, Literal, Operand, parse_argument, print_literal
from mlgraph.dialects.parameters import OPERAND, Parameter, read_parameter
from mlgraph.dialects.templates import CallTemplate

P = ParamSpec("P")
R = TypeVar("R")

MAX_CACHED_TYPES = 1000
"""The number of result types that a composite operation caches."""


class TableOp(IRDLOperation):
    """The base of every operation of a table: how it reads its arguments, prints, parses and verifies."""

    OP: ClassVar["Op[Any, Any]"]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments as the declaration's function takes them: values, and parameters as Python objects."""
        return self.OP.decode(self)

    def verify_(self) -> None:
        try:
            inferred = self.OP.expected(self)
        except (ValueError, TypeError) as error:
            raise VerifyException(f"{self.name}: {error}") from error
        if len(inferred) != len(self.results):
            raise VerifyException(f"{self.name}: {len(self.results)} results, expected {len(inferred)}")
        for type, result in zip(inferred, self.results):
            if not compatible(type, result.type):
                raise VerifyException(f"{self.name}: result has type {result.type}, expected {type}")

    def print(self, printer: Printer) -> None:
        flat = list(self.operands)
        arguments = list(zip(self.OP.parameters, self.arguments().values(), strict=True))
        items = [(p, value) for p, value in arguments if not p.is_default(value)]
        operands = [p for p, _ in arguments if p.kind is OPERAND]
        given = [p for p, _ in items if p.kind is OPERAND]

        def one(item: tuple[Parameter, Any]) -> None:
            parameter, value = item
            in_order = parameter in given and operands.index(parameter) == given.index(parameter)
            if not in_order:
                printer.print_string(f"{parameter.name} = ")
            literal = _as_literal(value, flat)
            print_literal(printer, literal, lambda i: printer.print_ssa_value(flat[i]))

        with printer.in_parens():
            printer.print_list(items, one)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)

    @classmethod
    def parse(cls, parser: Parser) -> "TableOp":
        position = parser.pos
        found, unresolved = _parse_call(parser, cls.OP)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_function_type()
        order = cls.OP.operand_order(found)
        if len(order) != len(types.inputs.data):
            parser.raise_error(f"{len(order)} operands but {len(types.inputs.data)} types", position)
        named = [unresolved[i] for i in order]
        values = parser.resolve_operands(named, types.inputs.data, position)
        by_index = dict(zip(order, values))
        arguments = {name: _with_values(value, by_index) for name, value in found.items()}
        op = cls.OP.build(arguments, types.outputs.data)
        op.attributes.update(attributes)
        return cast(TableOp, op)


def _parse_call(parser: Parser, op: "Op[Any, Any]") -> tuple[dict[str, Literal], list[UnresolvedOperand]]:
    """`(%x, axis = [0])` as arguments by name; operands stand as their index."""
    found: dict[str, Literal] = {}
    unresolved: list[UnresolvedOperand] = []
    names = [p.name for p in op.parameters if p.kind is OPERAND]
    parser.parse_punctuation("(")
    while (argument := parse_argument(parser, unresolved)) is not None:
        name, value = argument
        if name is None:
            free = [n for n in names if n not in found]
            if not free:
                parser.raise_error(f"{op.name} takes {len(names)} operands")
            name = free[0]
        if name not in op.by_name:
            parser.raise_error(f"{op.name} has no parameter '{name}', it has {', '.join(op.by_name)}")
        found[name] = value
        if parser.parse_optional_punctuation(",") is None:
            break
    parser.parse_punctuation(")")
    for p in op.parameters:
        if p.required and p.name not in found:
            parser.raise_error(f"{op.name} misses '{p.name}'")
    return found, unresolved


def _as_literal(value: Any, flat: list[SSAValue]) -> Literal:
    match value:
        case SSAValue():
            return Operand(flat.index(value))  # pyright: ignore[reportUnknownArgumentType]
        case list() | tuple():
            return List(tuple(_as_literal(item, flat) for item in cast(Sequence[Any], value)))
        case _:
            return value


def _with_values(value: Literal, values: Mapping[int, SSAValue]) -> Any:
    match value:
        case Operand(index):
            return values[index]
        case List(items) | tuple(items):
            return tuple(_with_values(item, values) for item in items)
        case _:
            return value


@dataclass(eq=False)
class Op(Generic[P, R]):
    """The declaration of an operation; calling it builds one."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    traits: tuple[OpTrait, ...]
    templates: dict[str, CallTemplate]
    composite: bool
    results: int
    patterns: list[Callable[..., Any]] = field(default_factory=list[Callable[..., Any]], init=False)
    """Canonicalization patterns, in the order in which they are tried."""
    definition: type[TableOp] = field(init=False)
    verified: dict[Any, tuple[Attribute, ...]] = field(default_factory=dict[Any, tuple[Attribute, ...]], init=False)
    """The result types of operations that were verified, by what decides on them."""

    def __post_init__(self) -> None:
        self.definition = _define(self)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return inspect.getdoc(self.function) or ""

    @property
    def dialect(self) -> str:
        return self.name.partition(".")[0]

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        return {p.name: p for p in self.parameters}

    @cached_property
    def groups(self) -> tuple[Parameter, ...]:
        """The parameters that hold operands, in the order of the operands."""
        return tuple(p for p in self.parameters if p.kind.arity is not None)

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = {p.name: p.kind.normalize(bound.arguments[p.name]) for p in self.parameters}
        op = insert(self.build(arguments, self.infer(**arguments)))
        return cast(R, op.results[0] if self.results == 1 else tuple(op.results))

    def expected(self, op: TableOp) -> tuple[Attribute, ...]:
        """Return the result types that an operation must have.

        Those of a composite are cached: its body builds operations.
        """
        if not self.composite:
            return self.infer(**self.decode(op))
        literals = (v.owner.value if isinstance(v.owner, LiteralOp) else None for v in op.operands)
        key = (op.operand_types, *literals, frozenset(op.properties.items()))
        if key not in self.verified:
            if len(self.verified) >= MAX_CACHED_TYPES:
                self.verified.clear()
            self.verified[key] = self.infer(**self.decode(op))
        return self.verified[key]

    def infer(self, **arguments: Any) -> tuple[Attribute, ...]:
        """Return the result types for these arguments."""
        if self.composite:
            with building(body := Block()):
                found = self.function(**arguments)
            body.drop_all_references()  # else the operands would count these uses
            values = cast("tuple[SSAValue, ...]", found if isinstance(found, tuple) else (found,))
            return tuple(value.type for value in values)
        found = self.function(**arguments)
        return cast("tuple[Attribute, ...]", found if isinstance(found, tuple) else (found,))

    def build(self, arguments: Mapping[str, Any], types: Sequence[Attribute]) -> Operation:
        """Build the operation without inserting it."""
        operands: list[Any] = []
        properties: dict[str, Attribute] = {}
        for p in self.parameters:
            value = arguments.get(p.name, p.default)
            if p.kind.arity is not None:
                operands.append(p.kind.operands(value))
            if p.kind.stored and value is not None:
                properties[p.name] = p.kind.encode(value)
        return self.definition(operands=operands, result_types=list(types), properties=properties)

    def decode(self, op: Operation) -> dict[str, Any]:
        """Return the arguments of an operation by name."""
        segments = self._segments(op)
        arguments: dict[str, Any] = {}
        for p in self.parameters:
            operands = next(segments) if p.kind.arity is not None else ()
            arguments[p.name] = p.kind.decode(op.properties.get(p.name), operands, p)
        return arguments

    def _segments(self, op: Operation) -> Iterator[tuple[SSAValue, ...]]:
        operands = tuple(op.operands)
        flexible = [p for p in self.groups if p.kind.arity != "one" or p.optional]
        if len(flexible) > 1:
            sizes = list(cast(Any, op.properties["operandSegmentSizes"]).get_values())
        else:
            rest = len(operands) - (len(self.groups) - len(flexible))
            sizes = [rest if p in flexible else 1 for p in self.groups]
        start = 0
        for size in sizes:
            yield operands[start : start + size]
            start += size

    def operand_order(self, found: Mapping[str, Literal]) -> list[int]:
        """Return the text's operand indices in the order of the operation's operands."""
        order: list[int] = []

        def collect(value: Literal) -> None:
            if isinstance(value, Operand):
                order.append(value.index)
            elif isinstance(value, List | tuple):
                for item in value.items if isinstance(value, List) else value:
                    collect(item)

        for p in self.groups:
            collect(found.get(p.name))
        return order


def _define(op: Op[Any, Any]) -> type[TableOp]:
    """Return the xDSL operation class of a declaration."""
    members: dict[str, Any] = {
        "name": op.name,
        "__doc__": op.__doc__,
        "traits": traits_def(*op.traits, TablePatterns()),
    }
    flexible = 0
    for p in op.parameters:
        if hasattr(Operation, p.name) or hasattr(TableOp, p.name):
            raise TypeError(f"{op.name}: '{p.name}' is taken by xDSL, choose another parameter name")
        if p.kind.stored:
            members[p.name] = opt_prop_def(Attribute)
        if p.kind.arity is None:
            continue
        single = p.kind.arity == "one"
        flexible += not single or p.optional
        definition = (opt_operand_def() if p.optional else operand_def()) if single else var_operand_def()
        members[f"{p.name}_sizes" if p.kind.stored else p.name] = definition
    for i in range(op.results):
        members[f"result{i}" if op.results > 1 else "result"] = result_def()
    if flexible > 1:
        members["irdl_options"] = (AttrSizedOperandSegments(as_property=True),)
    name = "".join(part.capitalize() for part in op.name.split(".")[1].split("_")) + "Op"
    row = type(name, (TableOp,), {**members, "__module__": op.function.__module__})
    definition = irdl_op_definition(cast(type[TableOp], row))
    definition.OP = op
    return definition


@dataclass
class Table:
    """The operations of a dialect, in the order of their declaration."""

    name: str
    rows: dict[str, Op[..., Any]] = field(default_factory=dict[str, Op[..., Any]])

    def op(self, *traits: OpTrait, **templates: str) -> "_Decorator":
        """Declare an operation whose body gives the result type."""
        return _Decorator(self, traits, templates, composite=False)

    def composite(self, *traits: OpTrait, **templates: str) -> "_Composite":
        """Declare an operation whose body builds it from others; a backend without a call template runs the body."""
        return _Composite(self, traits, templates, composite=True)

    def dialect(self, *others: type[Operation]) -> Dialect:
        """Return the dialect of the table's operations and of others."""
        return Dialect(self.name, [*(row.definition for row in self.rows.values()), *others])


@dataclass
class _Declaration:
    table: Table
    traits: tuple[OpTrait, ...]
    templates: dict[str, str]
    composite: bool

    def declare(self, function: Callable[..., Any]) -> Op[..., Any]:
        hints = get_type_hints(function)
        parameters = tuple(
            read_parameter(p.name, hints[p.name], p.default) for p in inspect.signature(function).parameters.values()
        )
        names = {p.name for p in parameters}
        templates = {backend: CallTemplate.parse(text, names, backend) for backend, text in self.templates.items()}
        returned = hints["return"]
        results = len(returned.__args__) if getattr(returned, "__origin__", None) is tuple else 1
        name = function.__name__.rstrip("_")
        row: Op[..., Any] = Op(
            f"{self.table.name}.{name}", function, parameters, self.traits, templates, self.composite, results
        )
        if name in self.table.rows:
            raise TypeError(f"{row.name} is declared twice")
        self.table.rows[name] = row
        return row


class _Decorator(_Declaration):
    @overload
    def __call__(self, function: Callable[P, tuple[Attribute, Attribute]]) -> Op[P, tuple[SSAValue, SSAValue]]: ...
    @overload
    def __call__(
        self, function: Callable[P, tuple[Attribute, Attribute, Attribute]]
    ) -> Op[P, tuple[SSAValue, SSAValue, SSAValue]]: ...
    @overload
    def __call__(self, function: Callable[P, tuple[Attribute, ...]]) -> Op[P, tuple[SSAValue, ...]]: ...
    @overload
    def __call__(self, function: Callable[P, Attribute]) -> Op[P, SSAValue]: ...
    def __call__(self, function: Callable[..., Any]) -> Op[..., Any]:
        return self.declare(function)


class _Composite(_Declaration):
    def __call__(self, function: Callable[P, R]) -> Op[P, R]:
        return cast(Op[P, R], self.declare(function))
