"""Ids of traced arrays that a function uses as keys, which are refused if they remain in an object.

    moments[id(weight)] = gradient

During a trace other arrays stand for the inputs and weights. No later call could find an item under the id of such an
array. This is an error if the item remains after the trace, and harmless otherwise.
"""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks import framework_of
from mlgraph.graph.effects.code_names import names_in

STANDING = ("FakeTensor", "FunctionalTensor")
"""The classes of torch's traced tensors; the arrays of other frameworks cannot be keys."""


class TracedId(int):
    """The id of an array that exists only during a trace."""


@contextmanager
def traced_ids(functions: Iterable[FunctionType], known: Collection[int]) -> Generator[None]:
    """Make `id` return a `TracedId` in these functions for arrays other than `known`, which are the user's."""

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
    """Raise `UnsupportedOpError` if a key or value that remains in `text` exists only during the trace."""
    if isinstance(value, TracedId) or type(value).__name__ in STANDING:
        raise UnsupportedOpError(
            f"the function files something in {text} under an array, or under its id",
            why="a call of the graph has other arrays than the capture, and would not find it",
            fix="file it under a name or a number",
        )
