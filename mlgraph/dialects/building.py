"""The place where new operations go, and the user line that they come from.

A `ContextVar`, not xDSL's `ImplicitBuilder`, because captures may run in several threads at once.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from xdsl.builder import Builder
from xdsl.dialects.builtin import LocationAttr, UnknownLoc
from xdsl.ir import Block, Operation
from xdsl.rewriter import InsertPoint

_builder: ContextVar[Builder] = ContextVar("builder")
_location: ContextVar[LocationAttr] = ContextVar("location", default=UnknownLoc())  # noqa: B039, it is immutable

OperationT = TypeVar("OperationT", bound=Operation)


@contextmanager
def building(builder: Builder | Block, location: LocationAttr | None = None) -> Generator[Builder]:
    """Insert operations built inside at `builder` (or at the end of a block), with `location`."""
    if isinstance(builder, Block):
        builder = Builder(InsertPoint.at_end(builder))
    token = _builder.set(builder)
    try:
        if location is None:
            yield builder
        else:
            with located(location):
                yield builder
    finally:
        _builder.reset(token)


@contextmanager
def located(location: LocationAttr) -> Generator[None]:
    """Give operations built inside `location`."""
    token = _location.set(location)
    try:
        yield
    finally:
        _location.reset(token)


def insert(op: OperationT) -> OperationT:
    """Insert `op` where the innermost `building` says."""
    op.location = _location.get()
    _builder.get().insert(op)
    return op
