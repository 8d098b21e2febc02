"""What a function tells arrays apart by: their ids, and themselves as keys of a dict.

    moments[id(weight)] = gradient

While a function is traced other arrays stand for its inputs and weights. What it files under one of those no later call
would find: that is refused where it is left behind, and harms nobody where it is not.
"""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks import framework_of
from mlgraph.graph.effects.code_names import names_in

STANDING = ("FakeTensor", "FunctionalTensor")
"""The classes of the tensors that torch traces with: other frameworks' arrays are no keys."""


class TracedId(int):
    """The id of an array that exists while a function is traced."""


@contextmanager
def traced_ids(functions: Iterable[FunctionType], known: Collection[int]) -> Generator[None]:
    """Have `id` tell these functions an `TracedId` of every array but the `known` ones, which are the user's own."""

    def identity(value: Any, /) -> int:
        found = id(value)
        return TracedId(found) if framework_of(value) is not None and found not in known else found

    asking = [f.__globals__ for f in functions if "id" in names_in(f.__code__).globals]
    spaces = {id(space): space for space in asking if "id" not in space}
    for space in spaces.values():
        space["id"] = identity
    try:
        yield
    finally:
        for space in spaces.values():
            if space.get("id") is identity:
                del space["id"]


def check_left(value: Any, text: str) -> None:
    """Raise `UnsupportedOpError` where a key or a value that `text` is left to hold is of a trace alone."""
    if isinstance(value, TracedId) or type(value).__name__ in STANDING:
        raise UnsupportedOpError(
            f"the function files something in {text} under an array, or under its id",
            why="a call of the graph has other arrays than the capture, and would not find it",
            fix="file it under a name or a number",
        )
