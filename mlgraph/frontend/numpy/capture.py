"""`capture` runs the user's function once on traced arrays, with its globals rebound to a numpy that knows them."""

# pyright: reportPrivateUsage=false
import dis
import inspect
import time
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, SSAValue

from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.functions import finish, function, update_type
from mlgraph.errors import MlgraphError, UnsupportedOpError
from mlgraph.frontend.control_flow.base import control_flow
from mlgraph.frontend.numpy import complex_ufuncs, creation_overrides, random, rules, ufunc_at, ufunc_methods
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.array_data import Storage
from mlgraph.frontend.numpy.control_flow import NumpyControlFlow
from mlgraph.frontend.numpy.memory import check_outside, layout_matters, take_apart, user_outputs
from mlgraph.frontend.numpy.object_proxy import unproxied
from mlgraph.frontend.numpy.path_reads import begin_path, run_eagerly
from mlgraph.frontend.numpy.polynomials import Symbol
from mlgraph.frontend.numpy.queries import is_array
from mlgraph.frontend.numpy.rebinding import with_traced_numpy
from mlgraph.frontend.numpy.sizes import Size, is_free, operand, symbol_size
from mlgraph.frontend.numpy.tracer import PRIVATE, NumpyTracer, element_type, outside_write, tracing
from mlgraph.frontend.numpy.wrapping import as_array
from mlgraph.frontend.program import TRACED, Input, Layout, OutputKind, OutputSpec, Program, Request

TABLES = (complex_ufuncs, creation_overrides, random, rules, ufunc_at, ufunc_methods)
"""The modules that fill the tables."""

CONVERSIONS = ("__array__", "__float__", "__int__", "__complex__", "__bool__", "__index__", "__len__")
"""The methods that numpy calls on an element to store."""
STORES = (dis.opmap["STORE_SUBSCR"], dis.opmap.get("STORE_SLICE", 0))


def capture(request: Request) -> Program:
    """Trace `request.function`."""
    try:
        return _capture(request)
    except MlgraphError:
        raise
    except Exception:
        if request.paths is not None:
            run_eagerly(request, request.paths)
        raise


def _capture(request: Request) -> Program:
    arrays = [np.asarray(a) for a in request.arrays]
    main = function("main", [_type(a, request.dynamic) for a in arrays], list(request.names))
    block = main.body.block
    trace = NumpyTracer(block)
    trace.generators += request.generators
    started = time.perf_counter()
    if request.paths is not None:
        begin_path(trace, request.paths, dict(zip(block.args, arrays)))
    with tracing(trace), control_flow(NumpyControlFlow()):
        inputs = [_input(trace, a, v, request.dynamic) for a, v in zip(arrays, block.args)]
        try:
            leaves = _call(request.function, inputs)
        except (UnsupportedOpError, ValueError, TypeError) as error:
            if _is_outside_write(error):
                raise outside_write() from error
            raise
        if trace.refused is not None:  # the user's code caught it
            raise trace.refused
        check_outside(leaves, request.outside)
        take_apart(leaves)
        observed = [x._observed for x in inputs]
        seconds = time.perf_counter() - started
        results: list[Any] = []
        outputs = [_output(leaf, results) for leaf in leaves]
        specs = user_outputs(leaves, outputs, inputs, request.outside)
        specs += _writes(inputs, results)
        if request.paths is not None:
            specs += [OutputSpec(OutputKind.TEST, i) for i in range(len(request.paths.tests))]
            results += request.paths.values
        matters = layout_matters(trace, leaves, inputs)
        layouts = [layout_of(array) if matters else None for array in arrays]
    finish(main, results)
    _resolve_sizes(trace, inputs, block)
    update_type(main)
    return Program(
        ModuleOp([main]),
        tuple(_demand(*each) for each in zip(inputs, block.args, observed, layouts)),
        outputs,
        tuple(specs),
        {s.name: (s.low or 0, s.high) for s in trace.symbols if s.fixed is None and s.same_as is None},
        streams=trace.streams,
        tracer_seconds=seconds,
    )


def _type(array: np.ndarray, dynamic: bool) -> Any:
    shape = tuple(-1 if dynamic and n > 1 else n for n in array.shape)
    return tensor(shape, element_type(array.dtype))


def _input(trace: NumpyTracer, array: np.ndarray, value: SSAValue, dynamic: bool) -> TracedArray:
    dims: list[Any] = []
    for axis, n in enumerate(array.shape):
        if not dynamic or n < 2:
            dims.append(n)
            continue
        symbol = Symbol(f"s{len(trace.symbols)}", value, axis, n)
        trace.symbols.append(symbol)
        dims.append(symbol_size(symbol))
    found = TracedArray(dims, array.dtype)
    found._storage = Storage(value)
    if not array.flags.c_contiguous:
        found._layout_proxy = array
    return found


def _call(user: Any, inputs: list[TracedArray]) -> list[Any]:
    if "adapt" in inspect.signature(user).parameters:
        return user(*inputs, adapt=with_traced_numpy)
    return with_traced_numpy(user)(*inputs)


def _is_outside_write(error: Exception) -> bool:
    """Return whether numpy failed to store a traced array in an array outside of the capture, as in `log[0][i] = x`."""
    trace = error.__traceback__
    while trace is not None:
        code, below = trace.tb_frame.f_code, trace.tb_next
        if not code.co_filename.startswith(PRIVATE) and (below is None or below.tb_frame.f_code.co_name in CONVERSIONS):
            return code.co_code[trace.tb_lasti] in STORES
        trace = below
    return False


def _output(leaf: Any, results: list[Any]) -> Any:
    """Return an output leaf; arrays and sizes become results of `@main`."""
    if type(leaf) is Size:
        if not is_free(leaf):
            return int(leaf)
        value = operand(leaf)
    elif is_array(leaf) and (type(leaf) is TracedArray or leaf.dtype.kind in "biufc"):
        value = as_array(leaf).value
    elif type(leaf) is TracedArray:
        value = leaf.value
    else:
        return unproxied(leaf)
    results.append(value)
    return TRACED


def _writes(inputs: list[TracedArray], results: list[Any]) -> tuple[OutputSpec, ...]:
    """Add the new values of the inputs that were written to, and return where they go."""
    written: list[OutputSpec] = []
    for i, x in enumerate(inputs):
        if not x._storage.version:
            continue
        results.append(x.value)
        written.append(OutputSpec(OutputKind.INPUT, i))
    return tuple(written)


def _resolve_sizes(trace: NumpyTracer, inputs: list[TracedArray], block: Block) -> None:
    """Refine the arguments' types by the sizes that the capture fixed."""
    for x, value in zip(inputs, block.args):
        shape = tuple(-1 if is_free(n) else int(n) for n in x.shape)
        value._type = tensor(shape, element_type(x.dtype))  # pyright: ignore[reportPrivateUsage]


def layout_of(array: np.ndarray) -> Layout:
    """Return how an array lies in memory."""
    return Layout.of(array.shape, [step // max(array.itemsize, 1) for step in array.strides])


def _demand(x: TracedArray, value: SSAValue, observed: bool, layout: Layout | None) -> Input:
    shape = tuple(_symbol(n) if is_free(n) else int(n) for n in x.shape)
    return Input(x.dtype.name, shape, used=observed or bool(value.uses.get_length()), layout=layout)


def _symbol(size: Any) -> str:
    ((symbol,),) = size.polynomial
    assert isinstance(symbol, Symbol)
    return symbol.name
