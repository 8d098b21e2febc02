"""Reads of arrays by Python on one path: each is a test of the graph, and Python gets what an eager run gives."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from mlgraph.frontend.control_flow.eager_reads import (
    ELEMENTS,
    NUMBER,
    TRUTH,
    EagerReads,
    Unread,
    as_read,
    methods_replaced,
)
from mlgraph.frontend.control_flow.paths import PathRecorder, decision_of, thawed
from mlgraph.frontend.jax._private import ArrayImpl, Tracer
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.program import Request

READS = {
    "__bool__": TRUTH,
    "tolist": ELEMENTS,
    **dict.fromkeys(("item", "__int__", "__float__", "__complex__", "__index__"), NUMBER),
}
"""Methods by which Python reads an array, and what they read."""
CLASSES: Sequence[Any] = (ArrayImpl, Tracer)


def reads_of_example(request: Request, paths: PathRecorder) -> EagerReads:
    """Return what Python reads when the function runs on the example inputs."""
    reads = EagerReads()

    def read(x: Any, name: str) -> Any:
        value = _primal(x)
        if isinstance(value, ArrayImpl) and _is_readable(value, name):
            reads.note(READS[name], decision_of(np.asarray(_value(value, name))))
        raise Unread

    with methods_replaced(CLASSES, tuple(READS), read), paths.eagerly():
        request.function(*request.arrays)
    return reads


@contextmanager
def reads_as_tests(paths: PathRecorder | None, reads: EagerReads, arrays: Sequence[Any]) -> Generator[None, None, None]:
    """Make what Python reads of arrays of the trace of `arrays` tests; `reads` are those of the example."""
    if paths is None:
        yield
        return
    traces = {id(_trace_of(x)) for x in arrays}

    def read(x: Any, name: str) -> Any:
        value = _primal(x)
        if not _is_readable(value, name) or (isinstance(value, Tracer) and id(_trace_of(value)) not in traces):
            raise Unread
        what, place = READS[name], len(paths.tests)
        found = paths.read(_value(value, name), what, current_line(), lambda: reads.decision(what, place))
        return thawed(found) if name == "tolist" else as_read(name, found)

    with methods_replaced(CLASSES, tuple(READS), read):
        yield
    reads.check()


def _trace_of(x: Any) -> Any:
    """Return the trace that an array belongs to."""
    return getattr(x, "_trace", None)


def _primal(x: Any) -> Any:
    """Return the array of a trace whose derivatives are taken."""
    while hasattr(x, "primal"):
        x = x.primal
    return x


def _is_readable(x: Any, name: str) -> bool:
    """Return whether Python reads an array: others raise, as those of several elements do."""
    is_key = jax.dtypes.issubdtype(x.dtype, jax.dtypes.extended)  # pyright: ignore[reportPrivateImportUsage]
    return not is_key and (name == "tolist" or x.size == 1)


def _value(x: Any, name: str) -> Any:
    """Return what decides on the path."""
    if name == "tolist":
        return x
    scalar = x.reshape(())
    return scalar != 0 if name == "__bool__" and x.dtype != bool else scalar
