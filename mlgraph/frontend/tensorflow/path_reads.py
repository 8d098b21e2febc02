"""Reads of tensors by Python on one path: each is a test of the graph, and Python gets what an eager run gives."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import tensorflow

from mlgraph.frontend.control_flow.eager_reads import (
    ELEMENTS,
    NUMBER,
    TRUTH,
    EagerReads,
    Unread,
    as_read,
    methods_replaced,
)
from mlgraph.frontend.control_flow.paths import LARGEST_READ, PathRecorder, decision_of, thawed
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.program import Request
from mlgraph.frontend.tensorflow._private import EagerTensorBase, SymbolicTensor
from mlgraph.frontend.tensorflow.variables import paths as variables_below

tf = cast(Any, tensorflow)

READS = {
    "__bool__": TRUTH,
    "numpy": ELEMENTS,
    **dict.fromkeys(("__int__", "__float__", "__complex__", "__index__"), NUMBER),
}
"""Methods by which Python reads a tensor, and what they read."""


def reads_of_example(request: Request, paths: PathRecorder) -> EagerReads:
    """Return what Python reads when the function runs on the example inputs; variables keep their values."""
    reads = EagerReads()

    def read(x: Any, name: str) -> Any:
        if _is_readable(x, name):
            reads.note(READS[name], decision_of(np.asarray(_value(x, name))))
        raise Unread

    with _variables_kept(request), methods_replaced((EagerTensorBase,), tuple(READS), read), paths.eagerly():
        request.function(*request.arrays)
    return reads


@contextmanager
def reads_as_tests(paths: PathRecorder | None, reads: EagerReads) -> Generator[None, None, None]:
    """Make what Python reads of tensors of the graph that is being traced tests; `reads` are those of the example."""
    if paths is None:
        yield
        return
    graph = tf.compat.v1.get_default_graph()

    def read(x: Any, name: str) -> Any:
        if x.graph is not graph or not _is_readable(x, name):
            raise Unread
        what, place = READS[name], len(paths.tests)
        found = paths.read(_value(x, name), what, current_line(), lambda: reads.decision(what, place))
        if name == "numpy":
            return np.array(thawed(found), x.dtype.as_numpy_dtype)
        return as_read(name, found)

    with methods_replaced((SymbolicTensor,), tuple(READS), read):
        yield
    reads.check()


@contextmanager
def _variables_kept(request: Request) -> Generator[None, None, None]:
    """Restore the variables that the function may write."""
    kept = [(variable, variable.numpy()) for variable in _variables(request)]
    try:
        yield
    finally:
        for variable, value in kept:
            if not np.array_equal(variable.numpy(), value):
                variable.assign(value)


def _variables(request: Request) -> Iterator[Any]:
    owner = getattr(request.target, "__self__", request.target)
    for item in (owner, *(value for _, value in request.named)):
        for _, variable in variables_below(item):
            yield variable


def _is_readable(x: Any, name: str) -> bool:
    """Return whether Python reads a tensor: others raise, as those of several elements do."""
    size, kind = x.shape.num_elements(), x.dtype
    if size is None or size > (LARGEST_READ if name == "numpy" else 1):
        return False
    return bool(kind.is_bool or kind.is_floating or kind.is_integer or kind.is_complex)


def _value(x: Any, name: str) -> Any:
    """Return what decides on the path."""
    if name == "numpy":
        return x
    scalar = tf.reshape(x, ())
    return scalar != 0 if name == "__bool__" and not x.dtype.is_bool else scalar
