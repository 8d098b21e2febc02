"""The facts that the importer has about a tensor of the graph and its operation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias, cast

import numpy as np
import tensorflow as tf
from xdsl.ir import Attribute, Operation, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import BY_NAME, DType, tensor
from mlgraph.dialects.ivy.size_sources import resolve_size
from mlgraph.dialects.table import TableOp
from mlgraph.errors import UnsupportedOpError

Axis: TypeAlias = tuple[SSAValue, int]
"""An axis of a value."""
Elements: TypeAlias = np.ndarray[Any, Any]
"""The elements of a small tensor: numbers, or objects among which are sizes of type `index`."""


@dataclass(eq=False)
class Traced:
    """A tensor of the graph: what its value is in the IR, and its elements where they are numbers or sizes.

    Either is made when it is first asked for. A resource stands for the variable of that name, a variant for a Python
    object.
    """

    dtype: DType | None
    value: SSAValue | None = None
    elements: Elements | None = None
    parts: tuple[Any, ...] | None = None
    """The elements of a vector, of which some are 0-d tensors."""
    node: "Node | None" = None
    """The function that computes the elements if all operands are numbers."""
    index: int = 0
    thing: Any = None
    """The state behind a resource, the list behind a variant."""
    varies: bool = False
    """True if it depends on a variable."""
    missing: bool = False
    """True if it depends on an operation without a rule."""


@dataclass(eq=False)
class Node:
    """An operation of the graph, with what its inputs became."""

    op: Any
    inputs: list[Traced]
    types: list[Attribute | None] = field(init=False)
    """The type of each result as far as tensorflow knows it; None where that is not even its rank."""

    def __post_init__(self) -> None:
        self.types = [type_of(output) for output in self.op.outputs]

    @property
    def name(self) -> str:
        return self.op.type

    @property
    def dtype(self) -> DType:
        """The element type of the first result."""
        return dtype_of(self.op.outputs[0].dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first result, with -1 where tensorflow does not know a size."""
        return static_shape(self.op.outputs[0].shape)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The attributes that say something: not those that the inputs imply, nor tensorflow's own."""
        named = {name for name in self.op.node_def.attr if not name.startswith("_")}
        return frozenset(named - implied_attributes(self.op.type, self.op.op_def))

    def attribute(self, name: str) -> Any:
        """Return an attribute in Python's terms: element types of the IR, tuples, strings."""
        return _plain(self.op.get_attr(name))

    def groups(self) -> list[Traced | list[Traced]]:
        """Return the inputs by the arguments of the operation: one tensor, or a list of them."""
        found: list[Traced | list[Traced]] = []
        rest = iter(self.inputs)
        for argument in self.op.op_def.input_arg:
            if argument.number_attr:
                found.append([next(rest) for _ in range(self.op.get_attr(argument.number_attr))])
            elif argument.type_list_attr:
                found.append([next(rest) for _ in self.op.get_attr(argument.type_list_attr)])
            else:
                found.append(next(rest))
        return found


@lru_cache(maxsize=2048)
def _implied(name: str, arguments: tuple[tuple[str, str, str], ...]) -> frozenset[str]:
    return frozenset(attribute for argument in arguments for attribute in argument if attribute)


def implied_attributes(name: str, op_def: Any) -> frozenset[str]:
    """Return the attributes that the number and types of the inputs settle."""
    return _implied(name, tuple((a.type_attr, a.number_attr, a.type_list_attr) for a in op_def.input_arg))


def _plain(value: Any) -> Any:
    match value:
        case tf.DType():
            return dtype_of(value)
        case bytes():
            return value.decode()
        case list():
            return tuple(map(_plain, cast(Any, value)))
        case _:
            return value


def dtype_of(dtype: Any) -> DType:
    """Return the element type of a tensorflow dtype."""
    name = dtype.base_dtype.name
    if name not in BY_NAME:
        raise UnsupportedOpError(
            f"element type {name} has no place in the IR", fix="compile the part of the program without it"
        )
    return BY_NAME[name]


def static_shape(shape: Any) -> tuple[int, ...]:
    """Return a `TensorShape` of known rank, with -1 for a free size."""
    return tuple(-1 if n is None else n for n in shape.as_list())


def type_of(output: Any) -> Attribute | None:
    """Return the type of a tensor of the graph, None for an unknown rank or an element type that the IR lacks."""
    if output.dtype.base_dtype.name not in BY_NAME or output.shape.rank is None:
        return None
    return tensor(static_shape(output.shape), dtype_of(output.dtype))


def as_elements(items: Any) -> Elements:
    """Return an array of objects, 0-d for a lone object."""
    if isinstance(items, np.ndarray):
        return cast(Elements, items).astype(object)
    array = np.empty((), dtype=object)
    array[()] = items
    return array


def vector(items: Sequence[Any]) -> Elements:
    """Return a vector of objects."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def has_sizes(elements: Elements) -> bool:
    """Return whether a size of type `index` is among the elements."""
    return elements.dtype == object and any(isinstance(item, SSAValue) for item in elements.flat)


def sources_of(size: "int | SSAValue | Axis") -> Iterator[Axis]:
    """Yield the axes of values that a size is computed from."""
    waiting: list[Any] = [size]
    while waiting:
        match waiting.pop():
            case (x, axis):
                yield x, axis
            case SSAValue(owner=TableOp(OP=row) as op) if row is ivy.dim:
                waiting.append(resolve_size(op.operands[0], op.arguments()["axis"]))
            case SSAValue(owner=Operation() as op) if op.dialect_name() == "arith":
                waiting += op.operands
            case _:
                pass
