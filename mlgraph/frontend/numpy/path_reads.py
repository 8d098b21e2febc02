"""Reads of traced arrays by Python on one path: each is a test of the graph, and Python gets the example's value."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.errors import DataDependentControlFlowError
from mlgraph.frameworks.numpy import NUMPY
from mlgraph.frontend.control_flow.paths import LARGEST_READ, PathRecorder, decision_of, thawed
from mlgraph.frontend.numpy.polynomials import Polynomial
from mlgraph.frontend.numpy.sizes import Size, number_of, static
from mlgraph.frontend.numpy.tables import METHODS, hook
from mlgraph.frontend.numpy.tracer import NumpyTracer, constant, current, emit, refused, unsupported, user_line
from mlgraph.frontend.program import Request

if TYPE_CHECKING:
    from mlgraph.frontend.numpy.array import TracedArray

NAMES = {
    "its truth": "the truth of an array",
    "its hash": "the hash of an array",
    "it as an index or a size": "an array as an index or a size",
}


def begin_path(trace: NumpyTracer, paths: PathRecorder, given: Mapping[SSAValue, np.ndarray]) -> None:
    """Let a trace follow one path, that of these arguments where no decision is given."""
    trace.paths = paths
    trace.evaluate = None if paths.evaluator is None else paths.evaluator(given)


def run_eagerly(request: Request, paths: PathRecorder) -> None:
    """Run the function on copies of the example inputs, and note the error that it raises; draws are undone."""
    generators = [own for _, own, _ in request.generators if isinstance(own, NUMPY.generator_types())]
    restore = [NUMPY.stream_keeper(stream) for stream in (NUMPY.stream(None, True), *generators)]
    with paths.eagerly():
        request.function(*map(np.array, request.arrays))
    for one in restore:
        one()


@hook
def read_number(array: TracedArray, what: str) -> Any:
    """Return what Python reads of an array with one element; raise as numpy does for other arrays."""
    dims = static(array.shape)
    if math.prod(dims) != 1:
        return np.zeros(dims, array.dtype).__bool__()
    scalar = METHODS["reshape"](array, ())
    if what == "its truth" and array.dtype.kind != "b":
        return read(emit(ivy.not_equal, scalar.value, constant(np.zeros((), array.dtype))), NAMES[what])
    return read(scalar.value, NAMES.get(what, what))


@hook
def read_size_relation(polynomial: Polynomial, relation: str) -> bool:
    """Return whether a size that depends on data, less another, is "==", "<" or "<=" 0."""
    difference = number_of(Size(polynomial))
    found = difference == 0 if relation == "==" else difference < 0 if relation == "<" else difference <= 0
    return read_number(found, "a size that depends on data")


@hook
def read_elements(array: TracedArray) -> np.ndarray:
    """Return the elements of a small array; raise `UnsupportedOpError` for a large one."""
    dims = static(array.shape)
    if math.prod(dims) > LARGEST_READ:
        raise unsupported(
            f"reading {math.prod(dims)} elements of an array",
            why=f"what Python reads decides on a path, and mlgraph compares at most {LARGEST_READ} elements",
            fix="call numpy functions that take the array itself, as np.stack for np.array and x for np.asarray(x)",
        )
    found = read(METHODS["reshape"](array, dims).value, "the elements of an array")
    return np.array(thawed(found), array.dtype).reshape(dims)


def read(value: SSAValue, what: str) -> Any:
    """Return what Python reads of a value, for the example inputs or as it was decided."""
    trace = current()
    assert trace.paths is not None
    if value.owner is not trace.block and value.owner.parent is not trace.block:
        raise _unread(what, "only what all steps of a loop of the graph share can decide on a path")

    def example() -> Any:
        if trace.evaluate is None:
            raise _unread(what, "nothing evaluates it for the example inputs")
        try:
            return decision_of(np.asarray(trace.evaluate(value)))
        except Exception as error:
            raise _unread(what, f"it cannot be evaluated for the example inputs: {error}") from error

    return trace.paths.read(value, what, user_line(), example)


def _unread(what: str, why: str) -> DataDependentControlFlowError:
    return refused(
        DataDependentControlFlowError(
            f"the Python code needs {what}, but the array is known only when the graph runs",
            where=user_line(),
            why=why,
            fix="compute the value outside and pass it as a Python argument",
        )
    )
