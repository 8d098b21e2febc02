"""Records which inputs of a capture were asked for their shape or type.

Such a read need not leave anything in a trace, but a later call must find the same.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class ShapeAccessRecorder:
    """Notes, while it is entered, the numbers of the inputs that `record_access` is told of."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.numbers = {id(x): i for i, x in enumerate(inputs)}
        self.found: set[int] = set()

    def __enter__(self) -> set[int]:
        self.token = _recorder.set(self)
        return self.found

    def __exit__(self, *error: object) -> None:
        _recorder.reset(self.token)


_recorder: ContextVar[ShapeAccessRecorder | None] = ContextVar("recorder", default=None)


def record_access(x: Any) -> None:
    """Record that an array was asked for its shape or type."""
    recorder = _recorder.get()
    if recorder is not None and id(x) in recorder.numbers:
        recorder.found.add(recorder.numbers[id(x)])


@contextmanager
def unrecorded() -> Generator[None]:
    """Let reads inside count for nothing: they are the compiler's own."""
    token = _recorder.set(None)
    try:
        yield
    finally:
        _recorder.reset(token)
