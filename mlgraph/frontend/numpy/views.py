"""Views: each step reads a part of an array, and gives the whole with another part.

Each step also gives the part of a layout proxy, a real array of the example's shape and strides that holds no data, by
which numpy itself tells whether a reshape is a view or a copy.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import f16, f32, i1, i64
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.ivy.types import dtype as dtype_of
from mlgraph.dialects.ivy.types import shape_of
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.sizes import Dim, operand, operands
from mlgraph.frontend.numpy.tracer import constant, element_type, emit, unsupported

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SUMMED_AS: dict[DType, DType] = {i1: i64, f16: f32}
"""Types that the einsum of some libraries does not take, and the types that replace them."""


def overlapping() -> Exception:
    """Return the error for a write to a view that has one element in several places."""
    return unsupported("a write to a view whose elements overlap", fix="write to the array that it is a view of")


class Step:
    """One way to take a view."""

    def get(self, whole: SSAValue) -> SSAValue:
        """Return the part."""
        raise NotImplementedError

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        """Return the whole with another part."""
        raise NotImplementedError

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the part of a layout proxy."""
        raise NotImplementedError


@dataclass
class Sliced(Step):
    """Basic indexing: slices with positive steps, then reversed axes, dropped axes and new ones."""

    starts: tuple[Dim, ...]
    stops: tuple[Dim, ...]
    steps: tuple[int, ...]
    flip: tuple[int, ...] = ()
    drop: tuple[int, ...] = ()
    add: tuple[int, ...] = ()
    whole: bool = False
    """True if the slices take everything."""
    example: Any = field(default=(), compare=False)

    def get(self, whole: SSAValue) -> SSAValue:
        if not self.whole:
            whole = emit(ivy.slice, whole, operands(self.starts), operands(self.stops), self.steps)
        if self.flip:
            whole = emit(ivy.flip, whole, self.flip)
        if self.drop:
            whole = emit(ivy.squeeze, whole, self.drop)
        return emit(ivy.expand_dims, whole, self.add) if self.add else whole

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        if self.add:
            part = emit(ivy.squeeze, part, self.add)
        if self.drop:
            part = emit(ivy.expand_dims, part, self.drop)
        if self.flip:
            part = emit(ivy.flip, part, self.flip)
        if self.whole:
            return part
        return emit(ivy.slice_update, whole, part, operands(self.starts), operands(self.stops), self.steps)

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return whole[(*self.example, ...)]


@dataclass
class Permuted(Step):
    """The axes in another order."""

    axes: tuple[int, ...]

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.permute_dims, whole, self.axes)

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        return emit(ivy.permute_dims, part, tuple(int(i) for i in np.argsort(self.axes)))

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return whole.transpose(self.axes)


@dataclass
class Reshaped(Step):
    """All elements under another shape."""

    old: tuple[Dim, ...]
    new: tuple[Dim, ...]
    example: np.ndarray[Any, Any]

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.reshape, whole, operands(self.new))

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        return emit(ivy.reshape, part, operands(self.old))

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self.example


@dataclass
class Part(Step):
    """The real or the imaginary part of a complex array."""

    imaginary: bool

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.imag if self.imaginary else ivy.real, whole)

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        parts = (emit(ivy.real, whole), part) if self.imaginary else (part, emit(ivy.imag, whole))
        return emit(ivy.complex, *parts)

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.imag(whole) if self.imaginary else np.real(whole)


@dataclass
class Bits(Step):
    """The bits as another type of the same width."""

    dtype: np.dtype[Any]

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.bitcast, whole, element_type(self.dtype))

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        return emit(ivy.bitcast, part, dtype_of(whole))

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return whole.view(self.dtype)


@dataclass
class Gathered(Step):
    """Elements at concrete places of a flat array: of a real array that was written to, or by strides."""

    places: np.ndarray[Any, Any]
    example: np.ndarray[Any, Any]

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.take, whole, constant(self.places), 0)

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        if np.unique(self.places).size != self.places.size:
            raise overlapping()
        return emit(ivy.index_put, whole, (constant(self.places),), part, (0,))

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self.example


@dataclass
class Strided(Gathered):
    """Elements of a flat array by strides that are not negative."""

    strides: tuple[int, ...]
    """In elements."""
    offset: int

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.as_strided, whole, self.places.shape, self.strides, self.offset)


@dataclass
class Diagonal(Step):
    """The diagonals of square matrices along the last two axes."""

    size: Dim

    def get(self, whole: SSAValue) -> SSAValue:
        dtype, letters = dtype_of(whole), LETTERS[: len(shape_of(whole)) - 1]
        if (wide := _SUMMED_AS.get(dtype)) is not None:
            whole = emit(ivy.cast, whole, wide)
        part = emit(ivy.einsum, (whole,), f"{letters}{letters[-1]}->{letters}")
        return part if wide is None else emit(ivy.cast, part, dtype)

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        n = len(shape_of(whole))
        places = emit(ivy.iota, (operand(self.size),), element_type(INT))
        return emit(ivy.index_put, whole, (places, places), part, (n - 2, n - 1))

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.einsum("...ii->...i", whole)


@dataclass
class Broadcast(Step):
    """The elements repeated along new leading axes and axes of size 1."""

    dims: tuple[Dim, ...]
    example: tuple[int, ...]

    def get(self, whole: SSAValue) -> SSAValue:
        return emit(ivy.broadcast_to, whole, operands(self.dims))

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        raise overlapping()

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.broadcast_to(whole, self.example)


@dataclass
class Windows(Step):
    """The windows that slide along an axis; their own axis comes next to it."""

    places: SSAValue
    axis: int
    size: int
    is_fixed: bool

    def get(self, whole: SSAValue) -> SSAValue:
        if not self.is_fixed:
            return emit(ivy.take, whole, self.places, self.axis)
        windows = emit(ivy.windows, whole, self.axis, self.size, 1)
        last = len(shape_of(windows)) - 1
        return emit(ivy.permute_dims, windows, (*range(self.axis + 1), last, *range(self.axis + 1, last)))

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        raise overlapping()

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        windows = np.lib.stride_tricks.sliding_window_view(whole, self.size, self.axis)
        return np.moveaxis(windows, -1, self.axis + 1)


class Whole(Step):
    """The array itself under another name, as `x.view()` gives it."""

    def get(self, whole: SSAValue) -> SSAValue:
        return whole

    def put(self, whole: SSAValue, part: SSAValue) -> SSAValue:
        return part

    def layout_proxy(self, whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return whole


def contiguous(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return a layout proxy in row-major order. It must never be read: its strides lead outside of its memory."""
    strides = [dtype.itemsize]
    for n in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(n, 1))
    return np.lib.stride_tricks.as_strided(np.empty(1, dtype), shape, strides[: len(shape)])
