"""tensorflow's lists of tensors, which loops fill, as arrays with one more axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.ir import Block

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import DType, compatible, i1, i64, tensor
from mlgraph.dialects.ivy.control import WhileOp
from mlgraph.dialects.ivy.prelude import number, slice_axis
from mlgraph.dialects.ivy.size_sources import ELEMENTWISE, resolve_size
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size, product
from mlgraph.dialects.table import TableOp
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Elements, Traced, as_elements, vector
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.helpers import filled, padded, to
from mlgraph.frontend.tensorflow.rules.registry import rule


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

    def resized(self, length: Size) -> "TensorList":
        """Return this list cut to `length`, or with zeros after its last element."""
        if self.value is None or length is self.length or length == self.length:
            return TensorList(length, self.dtype, self.value)
        more = sizes.subtract(length, self.length)
        return TensorList(length, self.dtype, padded(self.value, 0, 0, more, False if self.dtype == i1 else 0))

    def holding(self, item: Value, importer: FuncGraphImporter) -> "TensorList":
        """Return this list as one of elements of the shape of `item`; raise `Unsupported` where it has others."""
        if self.value is None:
            return self.of_zeros(importer.shape(item))
        sizes = [(resolve_size(self.value, axis + 1), resolve_size(item, axis)) for axis in range(rank(item))]
        if rank(item) + 1 != rank(self.value) or any(come_apart(m, n) and not may_be(m, n) for m, n in sizes):
            raise Unsupported("a list of tensors of several shapes")
        return self

    def item_sizes(self, importer: FuncGraphImporter) -> list[Any]:
        """Return the sizes of an element, where they come from."""
        return [resolve_size(self.filled(), axis) for axis in range(1, rank(self.filled()))]


def come_apart(m: Any, n: Any) -> bool:
    """Return whether sizes are read in several places; what the state of a loop and a broadcast have is not known."""
    return m != n and not any(of_broadcast(size) or of_state(size) for size in (m, n))


def may_be(size: Any, n: Any) -> bool:
    """Return whether the size of an argument, which each call checks, may be the number that a list has."""
    return isinstance(size, int) and of_argument(n)


def of_broadcast(size: Any) -> bool:
    """Return whether each of several operands may decide on a size."""
    return isinstance(size, tuple) and isinstance(op := cast(Any, size)[0].owner, TableOp) and op.OP in ELEMENTWISE


def of_argument(size: Any) -> bool:
    """Return whether a size is that of an argument, of the program or of a region."""
    return isinstance(size, tuple) and isinstance(cast(Any, size)[0].owner, Block)


def of_state(size: Any) -> bool:
    """Return whether a size is that of the state of a loop."""
    return of_argument(size) and isinstance(size[0].owner.parent_op(), WhileOp | None)


def listed(found: TensorList) -> Traced:
    return Traced(None, thing=found)


@rule("TensorListFromTensor", ignores="shape_type")
def from_tensor(x: Value, element_shape: Traced, *, importer: FuncGraphImporter) -> Traced:
    return listed(TensorList(importer.dim(x, 0), dtype(x), x))


@rule("TensorListReserve", ignores="shape_type")
def reserve(element_shape: Traced, count: Size, *, element_dtype: DType, importer: FuncGraphImporter) -> Traced:
    empty = TensorList(count, element_dtype)
    shape = given_shape(importer, element_shape)
    return listed(empty if shape is None else empty.of_zeros(shape))


def given_shape(importer: FuncGraphImporter, element_shape: Traced) -> Sizes | None:
    """Return the shape of a list's elements, None where it is not said."""
    sizes = importer.sizes(element_shape)
    known = importer.elements(element_shape)
    return None if known is None or known.ndim == 0 or -1 in sizes else sizes


@rule("EmptyTensorList", ignores="shape_type")
def empty_list(element_shape: Traced, most: int, *, element_dtype: DType, importer: FuncGraphImporter) -> Traced:
    if most != -1:
        raise Unsupported("with a greatest number of elements")
    return reserve(element_shape, 0, element_dtype=element_dtype, importer=importer)


@rule("TensorListGetItem")
def get_item(
    items: Traced, index: Traced, element_shape: Traced, *, element_dtype: DType, importer: FuncGraphImporter
) -> Value:
    found = shaped(items, element_shape, importer)
    return ivy.take(found.filled(), place(importer, index, found.length), 0)


def shaped(items: Traced, element_shape: Traced, importer: FuncGraphImporter) -> TensorList:
    """Return the list; where nothing was written it holds zeros of the shape that the operation gives."""
    found, shape = items.thing, given_shape(importer, element_shape)
    return found if found.value is not None or shape is None else found.of_zeros(shape)


def place(importer: FuncGraphImporter, index: Traced, length: Size) -> Value:
    """Return the index of an element. tensorflow has none below 0: such become one past the end."""
    value = importer.value(index)
    if (known := importer.known_numbers(index)) is None:
        return ivy.where(ivy.less(value, number(value, 0)), to(length, dtype(value)), value)
    if isinstance(length, int) and not ((known >= 0) & (known < length)).all():
        raise ValueError(f"no element {known.tolist()} in a list of {length}")
    return value


@rule("TensorListSetItem")
def set_item(
    items: Traced, index: Traced, item: Value, *, importer: FuncGraphImporter, resize_if_index_out_of_bounds: bool
) -> Traced:
    found = items.thing.holding(item, importer)
    if resize_if_index_out_of_bounds:
        needed = sizes.add(importer.sizes(index)[0], 1)
        found = found.resized(sizes.maximum(found.length, needed))
    value = written(found, place(importer, index, found.length), item)
    return listed(TensorList(found.length, found.dtype, value))


def written(items: TensorList, index: Value, item: Value) -> Value:
    """Return the elements of a list with `item` at `index`, or at each index in turn."""
    if number_of(index) is None:
        return ivy.index_put(items.filled(), (index,), item, (0,))
    starts = [to(index, i64), *(to(0, i64) for _ in range(rank(item)))]
    return ivy.dynamic_update_slice(items.filled(), ivy.expand_dims(item, (0,)), starts)


@rule("TensorListPushBack")
def push_back(items: Traced, item: Value, *, element_dtype: DType, importer: FuncGraphImporter) -> Traced:
    found = items.thing.holding(item, importer)
    value = ivy.concat((found.filled(), ivy.expand_dims(item, (0,))), 0)
    return listed(TensorList(sizes.add(found.length, 1), found.dtype, value))


@rule("TensorListPopBack")
def pop_back(
    items: Traced, element_shape: Traced, *, element_dtype: DType, importer: FuncGraphImporter
) -> tuple[Traced, Value]:
    found = shaped(items, element_shape, importer)
    if found.length == 0:
        raise ValueError("no element is left in a list of 0")
    last = sizes.subtract(found.length, 1)
    item = ivy.take(found.filled(), to(last, i64), 0)
    return listed(TensorList(last, found.dtype, slice_axis(found.filled(), 0, 0, last))), item


@rule("TensorListResize")
def resize(items: Traced, size: Size) -> Traced:
    return listed(items.thing.resized(size))


@rule("TensorListConcatLists")
def concat_lists(first: Traced, second: Traced, *, element_dtype: DType, importer: FuncGraphImporter) -> Traced:
    a, b = first.thing, second.thing
    if a.value is None and b.value is None:
        return listed(TensorList(sizes.add(a.length, b.length), element_dtype))
    a, b = (
        one.of_zeros(importer.shape(other.value)[1:]) if one.value is None else one for one, other in ((a, b), (b, a))
    )
    if not compatible(*(tensor(shape_of(one.value)[1:], one.dtype) for one in (a, b))):
        raise Unsupported("a list of tensors of several shapes")
    return listed(TensorList(sizes.add(a.length, b.length), element_dtype, ivy.concat((a.value, b.value), 0)))


@rule("TensorListStack", ignores="num_elements")
def stack(items: Traced, element_shape: Traced, *, element_dtype: DType, importer: FuncGraphImporter) -> Value:
    return shaped(items, element_shape, importer).filled()


@rule("TensorListConcatV2", "TensorListConcat", ignores="shape_type")
def concat(
    items: Traced, element_shape: Traced, *leading: Traced, element_dtype: DType, importer: FuncGraphImporter
) -> tuple[Value, Value]:
    """Return the elements along their first axis, and how many each has there."""
    found = items.thing.filled()
    n, each, *rest = importer.shape(found)
    lengths = ivy.broadcast_to(to(each, i64), (n,))
    return ivy.reshape(found, (product((n, each)), *rest)), lengths


@rule("TensorListSplit", ignores="shape_type")
def split(
    x: Value, element_shape: Traced, lengths: Traced, *, element_dtype: DType, importer: FuncGraphImporter
) -> Traced:
    items = importer.items(lengths)
    if not items or any(n is not items[0] and n != items[0] for n in items):
        raise Unsupported("a list of tensors of several shapes")
    each = importer.sizes(lengths)[0]
    value = ivy.reshape(x, (len(items), each, *importer.shape(x)[1:]))
    return listed(TensorList(len(items), dtype(x), value))


@rule("TensorListGather")
def gather(
    items: Traced, indices: Traced, element_shape: Traced, *, element_dtype: DType, importer: FuncGraphImporter
) -> Value:
    found = shaped(items, element_shape, importer)
    return ivy.take(found.filled(), place(importer, indices, found.length), 0)


@rule("TensorListScatterIntoExistingList")
def scatter_into(
    items: Traced, x: Value, indices: Traced, *, element_dtype: DType, importer: FuncGraphImporter
) -> Traced:
    found = items.thing
    if found.value is None:
        found = found.of_zeros(importer.shape(x)[1:])
    elif not compatible(x.type, tensor((-1, *shape_of(found.value)[1:]), found.dtype)):
        raise Unsupported("a list of tensors of several shapes")
    found = found.resized(sizes.maximum(found.length, past(importer, indices)))
    value = ivy.index_put(found.filled(), (place(importer, indices, found.length),), x, (0,))
    return listed(TensorList(found.length, found.dtype, value))


def past(importer: FuncGraphImporter, indices: Traced) -> Size:
    """Return one more than the greatest index."""
    if (known := importer.known_numbers(indices)) is not None:
        return max((int(n) + 1 for n in known.flat), default=0)
    return sizes.add(ivy.to_size(ivy.max(importer.value(indices), (0,))), 1)


@rule("TensorListScatterV2", "TensorListScatter", ignores="shape_type")
def scatter(
    x: Value, indices: Traced, element_shape: Traced, *count: Traced, element_dtype: DType, importer: FuncGraphImporter
) -> Traced:
    length = importer.sizes(count[0])[0] if count else -1
    empty = TensorList(0 if length == -1 else length, element_dtype)
    return scatter_into(listed(empty), x, indices, element_dtype=element_dtype, importer=importer)


@rule("TensorListLength")
def length(items: Traced) -> Elements:
    return as_elements(items.thing.length)


@rule("TensorListElementShape", ignores="shape_type")
def element_shape_of(items: Traced, *, importer: FuncGraphImporter) -> Elements:
    return vector(importer.shape(items.thing.filled())[1:])
