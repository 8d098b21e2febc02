"""Reads of arrays by Python on one path: each is a test of the graph, and Python gets what the example gives.

The function first runs as it is on the example inputs, and what Python reads is noted in order. A trace runs the same
lines, and so reads the same arrays in the same order.
"""

# pyright: basic
import contextlib
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frontend.control_flow.paths import Decision, PathRecorder, decision_of, thawed
from mlgraph.frontend.jax._private import ArrayImpl, Tracer
from mlgraph.frontend.locations import current_line, is_library
from mlgraph.frontend.program import Request

TRUTH, NUMBER, ELEMENTS = "the truth of an array", "the number in an array", "the elements of an array"
READS = {"__bool__": TRUTH, "item": NUMBER, "tolist": ELEMENTS}
READS |= dict.fromkeys(("__int__", "__float__", "__complex__", "__index__"), NUMBER)
"""Methods by which Python reads an array, and what they read."""
CONVERTERS: dict[str, Callable[[Any], Any]] = {"__int__": int, "__float__": float, "__complex__": complex}

Read = Callable[[Any, str], Any]


class _Unread(Exception):
    """Raised for an array that jax itself is to answer for."""


def noted_reads(request: Request) -> list[tuple[str, Decision]]:
    """Return what Python reads when the function runs on the example inputs, in order."""
    noted: list[tuple[str, Decision]] = []

    def read(x: Any, name: str) -> Any:
        value = _primal(x)
        if isinstance(value, ArrayImpl) and _is_readable(value, name):
            noted.append((READS[name], _decision(_value(value, name))))
        raise _Unread

    with _reading(read), contextlib.suppress(Exception):  # the trace raises it too, at the user's line
        request.function(*request.arrays)
    return noted


@contextlib.contextmanager
def reads_as_tests(
    paths: PathRecorder | None, noted: Sequence[tuple[str, Decision]], arrays: Sequence[Any]
) -> Generator[None, None, None]:
    """Make what Python reads of arrays of the trace of `arrays` tests; `noted` is what it reads for the example."""
    if paths is None:
        yield
        return
    outer = {id(x._trace) for x in arrays if isinstance(x, Tracer)}

    def read(x: Any, name: str) -> Any:
        value = _primal(x)
        if not _is_readable(value, name) or (isinstance(value, Tracer) and id(value._trace) not in outer):
            raise _Unread
        what, place = READS[name], len(paths.tests)
        found = paths.read(_value(value, name), what, current_line(), lambda: _noted(noted, what, place))
        return thawed(found) if name == "tolist" else CONVERTERS.get(name, lambda number: number)(found)

    with _reading(read):
        yield


def _noted(noted: Sequence[tuple[str, Decision]], what: str, place: int) -> Decision:
    if place < len(noted) and noted[place][0] == what:
        return noted[place][1]
    raise DataDependentControlFlowError(
        f"the Python code needs {what}, which it does not read when it is not traced",
        where=current_line(),
        why="jax takes another way there while it is traced",
        fix="use jnp.where, jax.lax.cond, jax.lax.while_loop or jax.lax.fori_loop",
    )


@contextlib.contextmanager
def _reading(read: Read) -> Generator[None, None, None]:
    """Let `read` answer for arrays that the user's code reads in this thread; where it raises `_Unread`, jax does."""
    thread = threading.get_ident()

    def patched(name: str, original: Any) -> Any:
        def method(self: Any, *args: Any) -> Any:
            if args or threading.get_ident() != thread or is_library(sys._getframe(1).f_code.co_filename):
                return original(self, *args)
            try:
                return read(self, name)
            except _Unread:
                return original(self, *args)

        return method

    originals = [(cls, name, cls.__dict__[name]) for cls in (ArrayImpl, Tracer) for name in READS]
    for cls, name, original in originals:
        setattr(cls, name, patched(name, original))
    try:
        yield
    finally:
        for cls, name, original in originals:
            setattr(cls, name, original)


def _primal(x: Any) -> Any:
    """Return the array of a trace whose derivatives are taken."""
    while hasattr(x, "primal"):
        x = x.primal
    return x


def _is_readable(x: Any, name: str) -> bool:
    """Return whether Python reads an array: others raise, as those of several elements do."""
    return not jax.dtypes.issubdtype(x.dtype, jax.dtypes.extended) and (name == "tolist" or x.size == 1)


def _value(x: Any, name: str) -> Any:
    """Return what decides on the path."""
    if name == "tolist":
        return x
    scalar = jnp.reshape(x, ())
    return scalar != 0 if name == "__bool__" and x.dtype != bool else scalar


def _decision(x: Any) -> Decision:
    return decision_of(np.asarray(x))
