"""The data of a traced array: its sizes and element type, and where its elements are."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.frontend.numpy.sizes import Dim, simple
from mlgraph.frontend.numpy.tables import METHODS
from mlgraph.frontend.numpy.tracer import current, outside_write, unsupported


class Storage:
    """The value that an array shares with its views."""

    def __init__(self, value: SSAValue | None, build: Callable[[], SSAValue] | None = None) -> None:
        self._value, self._build = value, build
        self.version = 0
        self.depth = len(current().regions)
        """The number of regions of control flow around the place where it was made."""
        self.shared = False
        """True if it may be the memory of another array, depending on values."""
        self.outside: np.ndarray[Any, Any] | None = None
        """The array of the user's that it is, which no call of the graph could write to."""

    @property
    def value(self) -> SSAValue:
        if self._value is None:
            assert self._build is not None
            self._value = self._build()
            for region in current().regions[-1:]:
                region.built.append(self)
        return self._value

    def write(self, value: SSAValue) -> None:
        if self.outside is not None:
            raise outside_write(self.outside)
        if self.shared:
            raise unsupported(
                "a write to an array that shares memory with another on some paths",
                why="which arrays change depends on values",
                fix="write to a copy",
            )
        for region in current().regions:
            region.note_write(self)
        self._value = value
        self.version += 1
        current().writes = True


@dataclass(frozen=True)
class Example:
    """The elements of an array for the example inputs."""

    value: np.ndarray
    sizes: tuple[Dim, ...]
    """The sizes that the elements follow from."""
    version: int
    """The version of the array's storage: a write since then makes the example stale."""


class ArrayData:
    """The fields of a traced array, its shape and its element type, without its behavior."""

    def __init__(self, dims: Sequence[Dim], dtype: np.dtype, kind: type = np.ndarray) -> None:
        self._dims = tuple(dims)
        self._dtype = dtype
        self._kind = kind
        self._storage: Any = None
        self._parent: Any = None
        self._step: Any = None
        self._cache: tuple[int, SSAValue] | None = None
        self._layout_proxy: Any = None
        self._real: Any = None
        self._origin: tuple[Any, Any] | None = None
        """The concrete array and the key that a concrete view was taken by."""
        self._selection: Any = None
        self._example: Example | None = None
        """Its elements for the example inputs, where they follow from sizes alone."""
        self._read_only = False
        self._observed = False
        """True once its shape or type was read, which need leave nothing in the trace."""
        self._non_negative = False
        """True if the elements cannot be negative, for use as indices."""

    @property
    def shape(self) -> tuple[Dim, ...]:
        self._observed = True
        return tuple(map(simple, self._dims))

    @shape.setter
    def shape(self, shape: Any) -> None:
        found = METHODS["reshape"](self, shape, copy=False)
        before = copy.copy(self.__dict__)
        self.__dict__.update(found.__dict__)
        if found._parent is self:
            self._parent = type(self)((), self._dtype)
            self._parent.__dict__.update(before)

    @property
    def dtype(self) -> np.dtype:
        self._observed = True
        return self._dtype
