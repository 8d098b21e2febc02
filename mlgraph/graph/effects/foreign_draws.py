"""Draws from random generators that are foreign to the function's framework, which a graph would repeat."""

import random
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks import get
from mlgraph.frameworks.numpy import ARRAYS
from mlgraph.graph.effects.reach import Reach

GENERATORS = (np.random.Generator, np.random.RandomState)


class ForeignDraws:
    """The states of foreign generators that a function reaches, before it was traced."""

    def __init__(self, reach: Reach, source: str) -> None:
        """Read the states; `source` is the function's framework, whose own generators the graph draws from."""
        found = {id(stream): (text, stream) for text, stream in _streams(reach)}
        own = get(source).generator_types()
        watched = [each for each in found.values() if not isinstance(each[1], own)]
        self._before = [(text, stream, _state(stream)) for text, stream in watched]
        self.drawn: list[str] = []
        """The generators that the trace drew from."""

    def undo(self) -> None:
        """Restore the states of the generators, and record those that changed."""
        self.drawn.clear()
        for text, stream, state in self._before:
            if not _same(_state(stream), state):
                self.drawn.append(text)
                _restore(stream, state)

    def check(self, source: str) -> None:
        """Raise `UnsupportedOpError` if the trace drew from one of them."""
        if self.drawn:
            raise UnsupportedOpError(
                f"the function draws random numbers from {', '.join(self.drawn)}",
                why="each call of the graph would repeat the numbers of its capture",
                fix=f"draw them outside and pass them as arguments, or draw them with {source}",
            )


def _streams(reach: Reach) -> Iterator[tuple[str, Any]]:
    yield "Python's random", getattr(random, "_inst")  # noqa: B009
    yield "np.random", getattr(np.random.mtrand, "_rand")  # noqa: B009
    for path, value in reach.leaves:
        if type(value) is random.Random or isinstance(value, GENERATORS):
            yield path.text, value


def _state(stream: Any) -> Any:
    if isinstance(stream, random.Random):
        return stream.getstate()
    return stream.bit_generator.state if isinstance(stream, np.random.Generator) else stream.get_state(legacy=False)


def _restore(stream: Any, state: Any) -> None:
    if isinstance(stream, random.Random):
        stream.setstate(state)
    elif isinstance(stream, np.random.Generator):
        stream.bit_generator.state = state
    else:
        stream.set_state(state)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return all(_same(value, b[key]) for key, value in cast(dict[Any, Any], a).items())
    return bool(np.array_equal(a, b)) if isinstance(a, ARRAYS) else a == b
