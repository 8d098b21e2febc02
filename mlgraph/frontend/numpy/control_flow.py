"""Control flow on traced values: `ivy.if`, `ivy.while` and `ivy.scan`, built while Python runs their blocks.

What a block writes to arrays from outside becomes a result of the operation, and is written to the arrays after it.
"""

# pyright: reportPrivateUsage=false
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.ir import Block, SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import insert, located
from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, YieldOp
from mlgraph.frontend.control_flow.base import AMBIGUOUS, NO_VALUE, ControlFlow, LeafMismatch
from mlgraph.frontend.control_flow.errors import as_builtin
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.array_data import Storage
from mlgraph.frontend.numpy.constructors import fresh, from_size, scalar
from mlgraph.frontend.numpy.object_proxy import unproxied
from mlgraph.frontend.numpy.operators import NUMBERS
from mlgraph.frontend.numpy.polynomials import DataDependentSize
from mlgraph.frontend.numpy.queries import is_concrete, owner_of, root_of
from mlgraph.frontend.numpy.size_examples import example_of
from mlgraph.frontend.numpy.sizes import Size, examples, is_free, operand, simple
from mlgraph.frontend.numpy.tracer import constant, current, element_type, emit, region
from mlgraph.frontend.numpy.wrapping import as_array, cast_value, same


class NumpyControlFlow(ControlFlow):
    """The control flow of one capture of numpy."""

    def is_traced(self, value: object) -> bool:
        if type(value) is TracedArray:
            return not is_concrete(value) and example_of(value) is None
        return type(value) is Size and value.hint is None

    def is_array(self, value: Any) -> bool:
        if type(value) in (TracedArray, Size):
            return True
        return type(value) is np.ndarray or isinstance(value, np.number | np.bool_)

    def is_mutable(self, value: object) -> bool:
        return type(value) is np.ndarray or (type(value) is TracedArray and value._kind is np.ndarray)

    def is_same(self, first: object, second: object) -> bool:
        if type(first) is Size and type(second) is Size:
            return same(first, second)
        return first is second

    def unwrapped(self, value: Any) -> Any:
        return unproxied(value)

    def number(self, value: Any, kind: type) -> Any:
        if kind is bool:
            return self._truth(value, bool)
        array = leaf(value)
        if array._dims:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        dtype = np.dtype({int: np.int64, float: np.float64, complex: np.complex128}[kind])
        return fresh(cast_value(array.value, array.dtype, dtype), (), dtype, kind)

    def not_(self, value: Any) -> Any:
        return fresh(emit(ivy.logical_not, self._truth(value).value), (), np.dtype(bool), bool)

    def _truth(self, value: Any, kind: type = np.generic) -> TracedArray:
        """Return whether the one element of an array is not zero."""
        array = leaf(value)
        if any(is_free(n) or n != 1 for n in array._dims):
            raise ValueError(AMBIGUOUS)
        found = array.value
        if array._dims:
            found = emit(ivy.squeeze, found, tuple(range(len(array._dims))))
        return fresh(cast_value(found, array.dtype, np.dtype(bool)), (), np.dtype(bool), kind)

    def length(self, array: Any) -> Any:
        if not array.shape:
            raise TypeError("iteration over a 0-d array")
        return array.shape[0]

    def if_(self, condition: Any, then: Callable[[], list[Any]], otherwise: Callable[[], list[Any]]) -> list[Any]:
        truth = self._truth(condition).value
        blocks = [Branch(), Branch()]
        with discarded_on_error(*blocks):
            found = [block.run(each) for block, each in zip(blocks, (then, otherwise))]
            types = {
                i: joined(i, kind_of(first), kind_of(second))
                for i, (first, second) in enumerate(zip(*found))
                if first is not second
            }
        written = [*dict.fromkeys([*blocks[0].written, *blocks[1].written])]
        for block, values in zip(blocks, found):
            with block.open():
                given = [kind.of(values[i], block) for i, kind in types.items() if kind is not None]
                stored = [block.written.get(each) or each.value for each in written]
                insert(YieldOp(*given, *stored))
        known = [kind for kind in types.values() if kind is not None]
        op = IfOp(truth, blocks[0].block, blocks[1].block, any(kind.is_dynamic for kind in known))
        results = list(_inserted(op).outputs)
        _write(written, results[len(known) :])
        shared = {i: share([found[0][i], found[1][i]]) for i in types}
        outputs = iter(results)
        merged = list(found[0])
        for i, kind in types.items():
            merged[i] = NO_VALUE if kind is None else kind.array(next(outputs), shared[i])
        return merged

    def while_(
        self, condition: Callable[[list[Any]], Any], body: Callable[[list[Any]], list[Any]], initial: Sequence[Any]
    ) -> list[Any]:
        loop = Loop(initial)
        step = loop.settle(body)
        test = Branch(step.block.arg_types)
        holds = test.run(lambda: (loop.enter(test), [self._truth(condition(loop.arguments(test)))])[1])
        with test.open():
            insert(YieldOp(holds[0].value))
        op = WhileOp(loop.start(), test.block, step.block, loop.is_dynamic)
        return loop.finish(_inserted(op).outputs)

    def scan(
        self, length: Any, body: Callable[[Any, list[Any]], tuple[list[Any], list[Any]]], initial: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        def step(state: list[Any]) -> list[Any]:
            following, values = body(state[0], state[1:])
            assert not values
            return [state[0] + 1, *following]

        loop = Loop([0, *initial])
        block = loop.settle(step).block
        op = ScanOp(_size(length), loop.start(), [], block, [])
        return loop.finish(_inserted(op).outputs)[1:], []

    def check(self, condition: Any, error: Exception) -> None:
        _inserted(CheckOp(self._truth(condition).value, *as_builtin(error)))


def _inserted(op: Any) -> Any:
    """Insert an operation, located at the user's line."""
    with located(current().location()):
        return insert(op)


def _size(length: Any) -> SSAValue:
    """Return a length as a value of type `index`."""
    if type(length) is TracedArray and not is_concrete(length):
        return emit(ivy.to_size, length.value)
    return sizes.value(operand(simple(length)))


def _write(storages: Sequence[Storage], values: Sequence[SSAValue]) -> None:
    for storage, value in zip(storages, values, strict=True):
        storage.write(value)


def leaf(value: Any) -> TracedArray:
    """Return a leaf as an array of the capture; numbers stay numbers."""
    if type(value) is TracedArray:
        return value
    if type(value) is Size:
        return from_size(value)
    if type(value) in NUMBERS:
        real = np.asarray(value)
        return fresh(constant(real), (), real.dtype, NUMBERS[NUMBERS.index(type(value))])
    return scalar(as_array(value)) if isinstance(value, np.generic) else as_array(value)


@dataclass(frozen=True)
class Kind:
    """The type of a leaf."""

    dims: tuple[Any, ...]
    """Sizes; None where it depends on the path."""
    dtype: np.dtype[Any]
    kind: type
    """`np.ndarray`, `np.generic`, or a class of Python numbers."""

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    @property
    def is_dynamic(self) -> bool:
        return None in self.dims

    def __str__(self) -> str:
        if self.is_number:
            return f"a Python {self.kind.__name__}"
        shown = examples(tuple(1 if n is None else n for n in self.dims))
        return f"{self.dtype.name}[{', '.join(map(str, shown or self.dims))}]"

    @property
    def type(self) -> Any:
        shape = tuple(-1 if n is None or is_free(n) else int(n) for n in self.dims)
        return tensor(shape, element_type(self.dtype))

    def of(self, value: Any, branch: "Branch | None" = None) -> SSAValue:
        """Return the value of a leaf in this type, at the end of `branch`; zeros for one without a value."""
        if value is NO_VALUE:
            shape = tuple(1 if n is None else operand(n) for n in self.dims)
            return emit(ivy.full, shape, 0, element_type(self.dtype))
        array = leaf(value)
        last = branch.last.get(id(value)) if branch is not None else None
        return cast_value(last or array.value, array.dtype, self.dtype)

    def array(self, value: SSAValue, shared: bool = False) -> TracedArray:
        """Return a value as an array of this type; `shared` if it may be the memory of another array."""
        value._type = self.type
        dims = tuple(_measured(value, axis) if n is None else n for axis, n in enumerate(self.dims))
        found = fresh(value, dims, self.dtype, self.kind)
        found._storage.shared = shared and self.kind is np.ndarray
        return found


def _measured(value: SSAValue, axis: int) -> Size:
    """Return a size of a value that depends on data."""

    def measure() -> SSAValue:
        return emit(ivy.dim, value, axis)

    def count() -> TracedArray:
        return fresh(emit(ivy.from_size, (measure(),), element_type(np.dtype(np.int64))), (), np.dtype(np.int64))

    return Size({(DataDependentSize(measure, count),): 1})


def kind_of(value: Any) -> Kind | None:
    """Return the type of a leaf, None for one without a value."""
    if value is NO_VALUE:
        return None
    array = leaf(value)
    return Kind(tuple(map(simple, array._dims)), array.dtype, array._kind)


def joined(index: int, first: Kind | None, second: Kind | None) -> Kind | None:
    """Return the type that both paths give a leaf; raise `LeafMismatch` if there is none."""
    if first is None or second is None:
        return first or second
    if len(first.dims) == len(second.dims):
        dims = tuple(n if _is_one_size(n, m) else None for n, m in zip(first.dims, second.dims))
        if first.is_number and second.is_number:
            both = first, second
            kind = max((each.kind for each in both), key=NUMBERS.index)
            return Kind(dims, next(each.dtype for each in both if each.kind is kind), kind)
        if first.is_number or second.is_number:
            weak, strong = (first, second) if first.is_number else (second, first)
            if np.result_type(strong.dtype, weak.kind(0)) == strong.dtype:
                return Kind(dims, strong.dtype, strong.kind)
        elif first.dtype == second.dtype:
            return Kind(dims, first.dtype, first.kind if first.kind is second.kind else np.generic)
    raise LeafMismatch(index, str(first), str(second))


def _is_one_size(n: Any, m: Any) -> bool:
    return n is m or (n is not None and m is not None and same(n, m))


def is_shared(value: Any) -> bool:
    """Return whether a leaf is an array that exists outside of the block, which has just been traced."""
    if type(value) is not TracedArray or value._kind is not np.ndarray:
        return False
    if value._real is not None:
        return current().made.get(id(owner_of(value._real)), (None, 0))[1] <= len(current().regions)
    storage = root_of(value)._storage
    return storage.shared or storage.depth <= len(current().regions)


def share(values: Sequence[Any]) -> bool:
    """Return whether one of several leaves is shared; neither it nor what it is made of may be written to then."""
    found = [value for value in values if is_shared(value)]
    for value in found:
        if value._real is None:
            root_of(value)._storage.shared = True
    return bool(found)


class Branch:
    """A region while it is traced."""

    def __init__(self, types: Sequence[Any] = ()) -> None:
        self.block = Block(arg_types=types)
        self.written: dict[Storage, SSAValue] = {}
        """The last values of storages from outside that the block writes to."""
        self.cached: list[TracedArray] = []
        """Views whose value was computed in the block."""
        self.built: list[Storage] = []
        """Storages whose value was first needed in the block."""
        self.last: dict[int, SSAValue] = {}
        """The values that arrays from outside have at the end of the block, by identity."""
        self._before: dict[Storage, tuple[Any, int]] = {}

    def note_write(self, storage: Storage) -> None:
        """Note the value of a storage before the block writes to it."""
        if storage.depth <= self._depth and storage not in self._before:
            self._before[storage] = storage._value if storage not in self.built else None, storage.version

    @contextmanager
    def open(self) -> Generator[None, None, None]:
        """Insert operations into the block."""
        regions = current().regions
        self._depth = len(regions)
        regions.append(self)
        try:
            with region(self.block):
                yield
        finally:
            regions.pop()
            self._forget()

    def _forget(self) -> None:
        """Forget the values of the block that outside of it cannot be used."""
        for array in self.cached:
            array._cache = None
        for storage in self.built:
            if storage not in self._before:
                storage._value = None
        self.cached, self.built = [], []

    def close(self) -> None:
        """Return the storages from outside to their values before the block."""
        for storage, (value, version) in self._before.items():
            self.written[storage] = storage.value
            storage._value, storage.version = value, version
        self._before = {}
        self._forget()

    def run(self, block: Callable[[], list[Any]]) -> list[Any]:
        """Return the leaves of a block traced into the region."""
        try:
            with self.open():
                found = block()
                for each in found:
                    if type(each) is TracedArray and not is_concrete(each):
                        self.last[id(each)] = each.value
                self.kept = found  # as long as their identities are keys
                return found
        finally:
            self.close()

    def discard(self) -> None:
        """Drop the operations of the block."""
        for op in self.block.ops:
            op.drop_all_references()


@contextmanager
def discarded_on_error(*branches: Branch) -> Generator[None, None, None]:
    """Leave nothing of `branches` in the trace if the body of the `with` statement raises."""
    try:
        yield
    except BaseException:
        for branch in branches:
            branch.discard()
        raise


def _is_twice(value: Any, values: Sequence[Any]) -> bool:
    """Return whether two leaves are one memory."""
    if type(value) is not TracedArray or value._kind is not np.ndarray or value._real is not None:
        return False
    root = root_of(value)
    return sum(type(each) is TracedArray and each._real is None and root_of(each) is root for each in values) > 1


class Loop:
    """The state of a loop: leaves, then the storages that its steps write to."""

    def __init__(self, initial: Sequence[Any]) -> None:
        self._initial = list(initial)
        self._kinds = [kind_of(value) for value in initial]
        self._storages: list[Storage] = []
        self._shared = [is_shared(value) for value in initial]

    @property
    def is_dynamic(self) -> bool:
        return any(kind.is_dynamic for kind in self._kinds if kind is not None)

    def _types(self) -> list[Any]:
        return [kind.type for kind in self._kinds if kind is not None] + [each.value.type for each in self._storages]

    def arguments(self, branch: Branch) -> list[Any]:
        """Return the state at the start of a step."""
        arguments = iter(branch.block.args)
        return [
            NO_VALUE if kind is None else kind.array(next(arguments), shared)
            for kind, shared in zip(self._kinds, self._shared)
        ]

    def enter(self, branch: Branch) -> None:
        """Let the storages hold what they hold at the start of a step."""
        for storage, argument in zip(reversed(self._storages), reversed(branch.block.args)):
            storage.write(argument)

    def settle(self, body: Callable[[list[Any]], list[Any]]) -> Branch:
        """Return a step as a region, once the types of its state are those that it gives."""
        while True:
            branch = Branch(self._types())
            with discarded_on_error(branch):
                found = branch.run(lambda branch=branch: self._step(branch, body))
                kinds = [joined(i, a, kind_of(b)) for i, (a, b) in enumerate(zip(self._kinds, found))]
            new = [each for each in branch.written if each not in self._storages]
            shared = [a or is_shared(b) or _is_twice(b, found) for a, b in zip(self._shared, found)]
            if kinds == self._kinds and not new and shared == self._shared:
                self._yield(branch, found)
                return branch
            branch.discard()
            self._kinds, self._shared = kinds, shared
            self._storages += new

    def _step(self, branch: Branch, body: Callable[[list[Any]], list[Any]]) -> list[Any]:
        self.enter(branch)
        return body(self.arguments(branch))

    def _yield(self, branch: Branch, found: list[Any]) -> None:
        with branch.open():
            given = [kind.of(value, branch) for kind, value in zip(self._kinds, found) if kind is not None]
            insert(YieldOp(*given, *(branch.written[each] for each in self._storages)))

    def start(self) -> list[SSAValue]:
        """Return the values of the state before the loop."""
        given = [kind.of(value) for kind, value in zip(self._kinds, self._initial) if kind is not None]
        return [*given, *(each.value for each in self._storages)]

    def finish(self, results: Sequence[SSAValue]) -> list[Any]:
        """Return the state after the loop, with the storages written."""
        known = sum(kind is not None for kind in self._kinds)
        share(self._initial)
        _write(self._storages, results[known:])
        outputs = iter(results)
        return [
            NO_VALUE if kind is None else kind.array(next(outputs), shared)
            for kind, shared in zip(self._kinds, self._shared)
        ]
