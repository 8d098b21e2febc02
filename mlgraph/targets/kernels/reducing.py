"""The loops of kernels that reduce results: in one piece, in pieces of rows, or in pieces of each row.

In the last case each piece stores its totals, and they are combined here, always in the same order.
"""

import ctypes
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple, cast

import numpy as np

from mlgraph.targets.kernels.loops import MIN_THREAD_WORK, Launch, Loops, pieces_of
from mlgraph.targets.loop_nest import LoopNest, Shape

MIN_PARALLEL_ROWS = 32
"""The least number of rows of which pieces are whole rows."""

MAX_ROW_PARTS = 16
"""In how many pieces rows are done at most."""

FLOAT32_TOTALS = ("float16", "bfloat16")
"""Types whose totals are float32."""

COMBINE: dict[str, Any] = {
    "sum": np.add,
    "max": np.maximum,
    "min": np.minimum,
    "any": np.logical_or,
    "all": np.logical_and,
}
"""The functions that combine totals, but for sums of floats."""


class Reduced(NamedTuple):
    """A result that is reduced."""

    kind: str
    dtype: "np.dtype[Any]"

    @property
    def exact(self) -> bool:
        """True if its total is one number; that of a sum of floats is two, the sum and its rounding error."""
        return self.kind not in ("sum", "mean") or self.dtype.kind in "iu"

    def totals(self, pieces: int, rows: int) -> "np.ndarray[Any, Any]":
        """Allocate the totals of pieces of rows."""
        if not self.exact:
            return np.empty((pieces, rows, 2))
        return np.empty((pieces, rows), np.float32 if self.dtype.name in FLOAT32_TOTALS else self.dtype)

    def combined(self, totals: "np.ndarray[Any, Any]", count: int) -> "np.ndarray[Any, Any]":
        """Combine the totals of pieces to the elements of rows of so many elements."""
        if self.exact:
            return COMBINE[self.kind].reduce(totals, axis=0, dtype=totals.dtype).astype(self.dtype)
        with np.errstate(all="ignore"):
            total, lost = totals[0].T
            for block, more in (piece.T for piece in totals[1:]):
                after = total + block
                added = after - total
                lost = lost + ((total - (after - added)) + (block - added)) + more
                total = after
            found = cast(Any, np.where(np.isnan(lost), total, total + lost))
            found = found / count if self.kind == "mean" else found
            return (found.astype(np.float32) if self.dtype.name in FLOAT32_TOTALS else found).astype(self.dtype)


class ReducingLoops(Loops):
    """A loop nest with its code, for a kernel that reduces results of some `kinds` and types, "" for whole ones."""

    def __init__(
        self,
        nest: LoopNest,
        call: Callable[..., Any],
        itemsizes: Sequence[int],
        weight: int,
        kinds: Sequence[str],
        dtypes: Sequence["np.dtype[Any]"],
    ) -> None:
        results = enumerate(zip(kinds, dtypes, strict=True), len(itemsizes) - len(kinds))
        self.reduced = {array: Reduced(kind, dtype) for array, (kind, dtype) in results if kind}
        self.rows = prod(nest.sizes[: -nest.reduced])
        self.elements = prod(nest.sizes[-nest.reduced :])
        self.partial = False
        super().__init__(nest, call, itemsizes, weight)

    def pieces(self, work: int) -> list[list[int]]:
        """Return the plan of each piece.

        Where rows are few, these are of their lines, or of the loop of all of a row.
        """
        *outer, inner = self.nest.sizes
        sizes = {"rows": self.rows, "lines": self.elements // inner, "inner": inner}
        over = next((name for name, size in sizes.items() if size >= MIN_PARALLEL_ROWS), "rows")
        wanted = pieces_of(work) if over == "rows" else max(1, min(MAX_ROW_PARTS, work // MIN_THREAD_WORK))
        count = min(wanted, sizes[over])
        self.partial = over != "rows" and count > 1
        strides = [self._stored(k, steps) for k, steps in enumerate(self.nest.strides)]
        found: list[list[int]] = []
        for piece in range(count):
            part = {name: (0, size) for name, size in sizes.items()}
            part[over] = (sizes[over] * piece // count, sizes[over] * (piece + 1) // count)
            first, last = part["inner"]
            loops = [last, *outer, *(step for steps in strides for step in steps)]
            behind = [first, *part["lines"], int(self.partial), self.elements, 0]
            found.append([*part["rows"], *loops, *behind])
        return found

    @property
    def share(self) -> bool:
        """Pieces of rows have totals of their own."""
        return not self.partial

    def _stored(self, array: int, strides: Shape) -> Shape:
        """The strides of an array, or those of the totals that are stored in its place."""
        if not self.partial or array not in self.reduced:
            return strides
        totals = self.reduced[array].totals(1, 1)
        kept = self.nest.sizes[: -self.nest.reduced]
        steps = [totals.nbytes * prod(kept[axis + 1 :]) for axis in range(len(kept))]
        return (*steps, *[0] * self.nest.reduced)

    def launch(self, like: int = -1) -> Launch | None:
        """Return a single launch, where the shape is that of each result."""
        found = super().launch(like)
        return found and found._replace(shape=tuple(result.shape for result in self.nest.results))

    def run(self, arguments: Sequence[Any]) -> None:
        """Run every piece, and combine the totals of pieces of rows."""
        if not self.partial:
            super().run(arguments)
            return
        pieces = len(self.addresses)
        totals = {array: reduced.totals(pieces, self.rows) for array, reduced in self.reduced.items()}
        given = [list(arguments) for _ in range(pieces)]
        for array, memory in totals.items():
            for own, part in zip(given, memory):
                own[array] = part.ctypes.data if isinstance(arguments[array], int) else part
        self.run_pieces(given)
        for array, reduced in self.reduced.items():
            found = np.ascontiguousarray(reduced.combined(totals[array], self.elements))
            result = arguments[array]
            ctypes.memmove(result if isinstance(result, int) else result.ctypes.data, found.ctypes.data, found.nbytes)
