# pyright: basic
"""tensorflow's lists of tensors, which loops fill, as arrays with one more axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import DType, i1, i64
from mlgraph.dialects.ivy.size_sources import size_of
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.tensorflow.nodes import Elements, Traced, Unsupported, as_elements
from mlgraph.frontend.tensorflow.raising import Raiser
from mlgraph.frontend.tensorflow.table.helpers import filled, to
from mlgraph.frontend.tensorflow.table.rule import Sizes, rule


@dataclass(frozen=True)
class TensorList:
    """A list of `length` tensors of one shape; `value` stacks them, None where that shape is not known yet."""

    length: Size
    dtype: DType
    value: Value | None = None

    def filled(self) -> Value:
        if self.value is None:
            raise Unsupported("a list of tensors whose shape is not known")
        return self.value

    def of_zeros(self, shape: Sequence[Size]) -> "TensorList":
        """This list with zeros of `shape` for its elements."""
        zero = False if self.dtype == i1 else 0
        return TensorList(self.length, self.dtype, filled((self.length, *shape), zero, self.dtype))

    def item_sizes(self, raiser: Raiser) -> list[Any]:
        """The sizes of an element, where they come from."""
        return [size_of(self.filled(), axis) for axis in range(1, rank(self.filled()))]


def listed(found: TensorList) -> Traced:
    return Traced(None, thing=found)


@rule("TensorListFromTensor", ignores="shape_type")
def from_tensor(x: Value, element_shape: Traced, *, raiser: Raiser) -> Traced:
    return listed(TensorList(raiser.dim(x, 0), dtype(x), x))


@rule("TensorListReserve", ignores="shape_type")
def reserve(element_shape: Traced, count: Size, *, element_dtype: DType, raiser: Raiser) -> Traced:
    empty = TensorList(count, element_dtype)
    shape = given_shape(raiser, element_shape)
    return listed(empty if shape is None else empty.of_zeros(shape))


def given_shape(raiser: Raiser, element_shape: Traced) -> Sizes | None:
    """The shape of a list's elements, None where it is not said."""
    sizes = raiser.sizes(element_shape)
    known = raiser.elements(element_shape)
    return None if known is None or known.ndim == 0 or -1 in sizes else sizes


@rule("TensorListGetItem")
def get_item(items: Traced, index: Value, element_shape: Traced, *, element_dtype: DType) -> Value:
    return ivy.take(items.thing.filled(), index, 0)


@rule("TensorListSetItem", ignores="resize_if_index_out_of_bounds")
def set_item(items: Traced, index: Value, item: Value, *, raiser: Raiser) -> Traced:
    found = items.thing if items.thing.value is not None else items.thing.of_zeros(raiser.shape(item))
    starts = [to(index, i64), *(to(0, i64) for _ in range(rank(item)))]
    value = ivy.dynamic_update_slice(found.filled(), ivy.expand_dims(item, (0,)), starts)
    return listed(TensorList(found.length, found.dtype, value))


@rule("TensorListStack", ignores="num_elements")
def stack(items: Traced, element_shape: Traced, *, element_dtype: DType, raiser: Raiser) -> Value:
    shape = given_shape(raiser, element_shape)
    found = items.thing
    return (found if found.value is not None or shape is None else found.of_zeros(shape)).filled()


@rule("TensorListGather")
def gather(items: Traced, indices: Value, element_shape: Traced, *, element_dtype: DType) -> Value:
    return ivy.take(items.thing.filled(), indices, 0)


@rule("TensorListLength")
def length(items: Traced) -> Elements:
    return as_elements(items.thing.length)
