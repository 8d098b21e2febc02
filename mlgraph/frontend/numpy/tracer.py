"""The capture in progress: where operations are inserted, from which user line, and which real arrays it uses."""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import numpy as np
from xdsl.dialects.builtin import LocationAttr, UnknownLoc
from xdsl.ir import Block, SSAValue

from mlgraph.dialects.building import building, located
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.dtypes import BY_NAME, DType
from mlgraph.errors import CaptureError, MlgraphError, OutsideWriteError, UnsupportedOpError
from mlgraph.frontend.control_flow.paths import Evaluate, PathRecorder
from mlgraph.frontend.locations import at

R = TypeVar("R")
E = TypeVar("E", bound=MlgraphError)

_current: ContextVar["NumpyTracer | None"] = ContextVar("numpy_trace", default=None)
_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_NUMPY = os.path.dirname(os.path.abspath(str(np.__file__)))
PRIVATE = tuple(path + os.sep for path in (_OURS, _NUMPY, os.path.join(os.path.dirname(_NUMPY), "scipy")))


class NumpyTracer:
    """One capture."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.symbols: list[Any] = []
        """Free dimensions of the inputs."""
        self.sizes: dict[Any, SSAValue] = {}
        """Sizes that have been computed, by expression."""
        self.storages: dict[int, Any] = {}
        """Real arrays that a traced value was written to, by identity."""
        self.captured: dict[int, np.ndarray[Any, Any]] = {}
        """Real arrays of the user, which no traced value can be written to."""
        self.shared: dict[tuple[Any, ...], Any] = {}
        """Values that are worth computing once, by what they are."""
        self.generators: list[tuple[str, Any, Callable[[], Any]]] = []
        """Random generators of the user's: a name, the generator, and what reads it again."""
        self.streams: dict[str, Callable[[], Any]] = {}
        """The generators that the program draws from, by name."""
        self.own: list[Any] = []
        """Generators that the function seeds itself."""
        self.layout_asked = False
        """True if the function asked an array for its strides or flags."""
        self.view_or_copy: list[Any] = []
        """The arrays of which a view or a copy was taken, depending on how they lie in memory, and what was taken."""
        self.writes = False
        """True if the function writes into an array."""
        self.paths: PathRecorder | None = None
        """Records what Python reads of traced values; None if that is an error."""
        self.evaluate: Evaluate | None = None
        """Evaluates a value for the example inputs, where a path is traced."""
        self.refused: MlgraphError | None = None
        """The first error of a read that cannot be traced: the user's code may have caught it."""
        self.regions: list[Any] = []
        """The regions of control flow that are being traced, the innermost last."""
        self.made: dict[int, tuple[Any, int]] = {}
        """Real arrays that the function made, by identity, and the number of regions in which it made them."""
        self._constants: dict[tuple[str, tuple[int, ...]], list[tuple[np.ndarray[Any, Any], SSAValue]]] = {}
        self._count = 0
        self._locations: dict[tuple[str, int], LocationAttr] = {}

    def constant(self, array: "np.ndarray[Any, Any]") -> SSAValue:
        """Return `array` as a constant; equal arrays share one."""
        key = (array.dtype.str, array.shape)
        for known, value in self._constants.setdefault(key, []):
            if np.array_equal(known, array, equal_nan=array.dtype.kind in "fc") and _same_zeros(known, array):
                return value
        copy = np.array(array, order="C")
        copy.flags.writeable = False
        with building(self.block) if self.regions else nullcontext():  # a value of a region cannot be used after it
            value = array_constant(f"constant_{self._count}", copy)
        self._count += 1
        self._constants[key].append((copy, value))
        return value

    def location(self) -> LocationAttr:
        """Return the innermost line outside of mlgraph, numpy and scipy."""
        frame = user_frame()
        if frame is None:
            return UnknownLoc()
        key = (frame.f_code.co_filename, frame.f_lineno)
        if key not in self._locations:
            self._locations[key] = at(*key)
        return self._locations[key]


def _same_zeros(a: "np.ndarray[Any, Any]", b: "np.ndarray[Any, Any]") -> bool:
    """Return whether the zeros of equal arrays have the same signs."""
    return a.dtype.kind not in "fc" or np.array_equal(np.signbit(a.real), np.signbit(b.real))


@contextmanager
def tracing(trace: NumpyTracer) -> Generator[NumpyTracer, None, None]:
    """Capture the numpy calls in the body of the `with` statement by `trace`."""
    token = _current.set(trace)
    try:
        with building(trace.block):
            yield trace
    finally:
        _current.reset(token)


@contextmanager
def region(block: Block) -> Generator[None, None, None]:
    """Insert operations into the region of an operation; their values are not reused outside."""
    trace = current()
    values = trace.shared, trace.sizes, trace._constants  # pyright: ignore[reportPrivateUsage]
    trace.shared = {
        key: [*cast("list[Any]", each)] if type(each) is list else each for key, each in trace.shared.items()
    }
    trace.sizes = dict(trace.sizes)
    trace._constants = {key: list(found) for key, found in trace._constants.items()}  # pyright: ignore[reportPrivateUsage]
    try:
        with building(block):
            yield
    finally:
        trace.shared, trace.sizes, trace._constants = values  # pyright: ignore[reportPrivateUsage]


def active() -> bool:
    """Return whether a capture is in progress in this thread."""
    return _current.get() is not None


def current() -> NumpyTracer:
    """Return the capture in progress."""
    trace = _current.get()
    if trace is None:
        raise CaptureError(
            "an array of a capture is used after the capture",
            where=user_line(),
            why="it stands for a value of the graph and holds no data",
            fix="return it from the function instead of keeping it elsewhere",
        )
    return trace


def emit(op: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Build an operation, located at the user's line."""
    with located(current().location()):
        return op(*args, **kwargs)


def constant(array: Any) -> SSAValue:
    """Return a real array, or number, as a constant of the graph."""
    trace = current()
    with located(trace.location()):
        return trace.constant(np.asarray(array))


def user_frame() -> Any:
    """Return the innermost frame outside of mlgraph, numpy and scipy."""
    frame: Any = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_code.co_filename.startswith(PRIVATE):
        frame = frame.f_back
    return frame


def user_line() -> str:
    """Return `file:line` of the user's code that is running."""
    frame = user_frame()
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def unsupported(name: str, why: str = "", fix: str = "") -> UnsupportedOpError:
    """Return the error for a numpy function, or a use of one, that cannot be captured."""
    error = UnsupportedOpError.of_source("numpy", {(name, user_line()): 1})
    if why or fix:
        error = UnsupportedOpError(f"{name} cannot be captured", where=user_line(), why=why, fix=fix)
        error.operations = {name}
    return error


def outside_write(*owners: Any) -> OutsideWriteError:
    """Return the error for a write to the memory of arrays that are neither arguments nor made in the function."""
    return OutsideWriteError.of(
        "writing to an array from outside of the function cannot be captured",
        user_line(),
        "array",
        "pass the array as an argument, name the object that holds it in `stateful`, or write to a copy",
        owners,
    )


def outside_view(*owners: Any) -> OutsideWriteError:
    """Return the error for a result that is a part of arrays which are neither arguments nor made in the function."""
    return OutsideWriteError.of(
        "a result is a view of an array from outside of the function, which a graph cannot return",
        user_line(),
        "array",
        "pass the array as an argument, name the object that holds it in `stateful`, or return a copy",
        owners,
    )


def refused(error: E) -> E:
    """Return an error of a read that cannot be traced; the capture fails with it even if the user's code catches it."""
    trace = _current.get()
    if trace is not None and trace.refused is None:
        trace.refused = error
    return error


def elements_read() -> UnsupportedOpError:
    """Return the error for compiled code that reads the elements of an array."""
    return refused(
        unsupported(
            "reading the elements of an array",
            why="compiled code (np.array, np.asarray, a C extension) asked for the data of a traced array",
            fix="call numpy functions that take the array itself, as np.stack for np.array and x for np.asarray(x)",
        )
    )


def element_type(dtype: "np.dtype[Any]") -> DType:
    """Return the element type of the IR for a numpy dtype."""
    found = BY_NAME.get(dtype.name)
    if found is None or not dtype.isnative:
        raise unsupported(
            f"dtype {dtype}", why="the IR has no such element type", fix=f"use one of {', '.join(BY_NAME)}"
        )
    return found
