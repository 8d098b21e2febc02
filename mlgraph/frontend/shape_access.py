"""Which inputs of a capture were asked for their shape or type: neither need leave anything in a trace."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Looks:
    """Notes, while it is entered, the numbers of the inputs that `note_look` is told of."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.numbers = {id(x): i for i, x in enumerate(inputs)}
        self.found: set[int] = set()

    def __enter__(self) -> set[int]:
        self.token = _looks.set(self)
        return self.found

    def __exit__(self, *error: object) -> None:
        _looks.reset(self.token)


_looks: ContextVar[Looks | None] = ContextVar("looks", default=None)


def note_look(x: Any) -> None:
    """Somebody asks an array for its shape or type."""
    looks = _looks.get()
    if looks is not None and id(x) in looks.numbers:
        looks.found.add(looks.numbers[id(x)])


@contextmanager
def unnoticed() -> Generator[None]:
    """Let looks inside count for nothing: they are the compiler's own."""
    token = _looks.set(None)
    try:
        yield
    finally:
        _looks.reset(token)
