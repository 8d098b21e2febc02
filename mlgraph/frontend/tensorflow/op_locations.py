"""The user's lines behind the operations of a graph."""

from typing import Any

from xdsl.dialects.builtin import LocationAttr, UnknownLoc

from mlgraph.frontend.locations import at, is_library


def location_of(op: Any) -> LocationAttr:
    """Return the innermost of the user's lines that built an operation of a graph."""
    for frame in reversed(op.traceback):
        if not is_library(frame.filename):
            return at(frame.filename, frame.lineno)
    return UnknownLoc()
