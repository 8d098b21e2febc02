# pyright: basic
"""Capture with `tf.function`: as many sizes free as the function allows, variables by their path names."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import tensorflow as tf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, SSAValue
from xdsl.transforms.dead_code_elimination import region_dce

from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.functions import finish, function
from mlgraph.errors import CaptureError, UnsupportedOpError
from mlgraph.frontend.control_flow.base import control_flow
from mlgraph.frontend.control_flow.eager_reads import EagerReads
from mlgraph.frontend.dynamic_sizes import DynamicSizes, StaticSizeRequired, fix_all, fix_all_but_first, fix_last
from mlgraph.frontend.errors import raise_translated
from mlgraph.frontend.program import (
    TRACED,
    Input,
    Memory,
    OutputKind,
    OutputSpec,
    Program,
    Request,
    identities,
    user_outputs,
)
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.shape_access import ShapeAccessRecorder
from mlgraph.frontend.tensorflow.control_flow import TensorflowControlFlow
from mlgraph.frontend.tensorflow.errors import translate_error
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter, State
from mlgraph.frontend.tensorflow.nodes import Traced, dtype_of, sources_of
from mlgraph.frontend.tensorflow.numbers import TracedNumber
from mlgraph.frontend.tensorflow.path_reads import reads_as_tests, reads_of_example
from mlgraph.frontend.tensorflow.rules import ELEMENTS, RULES
from mlgraph.frontend.tensorflow.size_access_hooks import record_size_access
from mlgraph.frontend.tensorflow.variables import VariableNames, is_keras_variable, trainable_flags

Shapes: TypeAlias = tuple[tuple[int | None, ...], ...]
"""The shape of each input, None where a size is free."""


def capture(request: Request) -> Program:
    """Trace `request.function` and import the trace into an ivy module.

    Sizes are free where tensorflow's tracer, the user's code and the rules allow; an error of the user's own code comes
    out as it is.
    """
    ladder = (fix_last, fix_all_but_first, fix_all)
    sizes = DynamicSizes([tuple(array.shape) for array in request.arrays], request.dynamic, ladder)
    reads = EagerReads() if request.paths is None else reads_of_example(request, request.paths)
    while True:
        shapes = shapes_of(sizes)
        try:
            trace = TfTrace(request, shapes, reads)
            if not trace.accesses:
                return import_trace(trace, request, shapes)
            sizes.descend()
        except Refused as error:
            if not sizes.free:
                raise_translated(error.reason, translate_error)
            sizes.descend()
        except StaticSizeRequired as error:
            if not sizes.free:
                raise UnsupportedOpError(f"{error.what}, but depends on values of the inputs") from error
            if not sizes.fix_axes(inputs_among(error.sizes)):
                sizes.descend()
        except CaptureError:
            if not sizes.free:
                raise
            sizes.descend()


def shapes_of(sizes: DynamicSizes) -> Shapes:
    """Return the shape of each input, None where a size is free."""
    return tuple(tuple(None if isinstance(n, str) else n for n in shape) for shape in sizes.shapes)


class Refused(Exception):
    """Tracing failed."""

    def __init__(self, reason: Exception) -> None:
        self.reason = reason


def inputs_among(sizes: Iterable[Any]) -> set[tuple[int, int]]:
    """Return the axes of inputs that sizes are computed from."""
    axes = (axis for size in sizes for axis in sources_of(size))
    return {(x.index, axis) for x, axis in axes if isinstance(x, BlockArgument)}


class TfTrace:
    """The graph that tensorflow's tracer makes of a function, for inputs of the given shapes."""

    def __init__(self, request: Request, shapes: Shapes, reads: EagerReads) -> None:
        self.paths, self.reads = request.paths, reads
        self.outputs: list[Any] = []
        """The output leaves, with `TRACED` for each tensor."""
        self.same: Mapping[int, Memory] = {}
        """The leaves that are an input or an earlier leaf."""
        self.observed: set[int] = set()
        """The numbers of the inputs that the function does something with, be it a look at the shape."""
        specs = [tf.TensorSpec(shape, array.dtype) for shape, array in zip(shapes, request.arrays, strict=True)]
        free = any(None in shape for shape in shapes)
        started = time.perf_counter()
        with record_size_access() as accesses:
            try:
                function = tf.function(self.traced(request.function, accesses), autograph=False)
                found = function.get_concrete_function(*specs)
            except Exception as error:
                raise Refused(error) from error
        self.seconds = time.perf_counter() - started
        self.graph: Any = found.graph
        self.accesses = accesses if free else []

    def traced(self, function: Callable[..., list[Any]], accesses: list[str]) -> Callable[..., list[Any]]:
        """Return `function` with only the tensors among its leaves; it remembers the others."""

        def call(*arrays: Any) -> list[Any]:
            results: list[Any] = []
            self.outputs = []
            with (
                ShapeAccessRecorder(arrays) as self.observed,
                reads_as_tests(self.paths, self.reads),
                control_flow(TensorflowControlFlow()),
            ):
                leaves = [each.value if type(each) is TracedNumber else each for each in function(*arrays)]
            self.same = identities(leaves, arrays)
            for leaf in leaves:
                if isinstance(leaf, tf.TensorShape):
                    accesses.append("an output")
                tensor = tensor_behind(leaf)
                self.outputs.append(leaf if tensor is None else TRACED)
                results += [] if tensor is None else [tf.identity(tensor)]
            return results + ([] if self.paths is None else self.paths.values)

        return call


def tensor_behind(leaf: Any) -> Any:
    """Return the tensor or variable that an output leaf is, None for any other object."""
    parts = tf.nest.flatten([leaf], expand_composites=True)
    if isinstance(leaf, tf.TensorArray) or not (
        isinstance(leaf, tf.Variable) or (len(parts) == 1 and parts[0] is leaf)
    ):
        raise UnsupportedOpError(
            f"the function returns a {type(leaf).__name__}",
            why="it holds several tensors that only tensorflow knows how to read",
            fix="return its parts, or tf.convert_to_tensor of it",
        )
    if tf.is_tensor(leaf) or isinstance(leaf, tf.Variable):
        return leaf
    return leaf.value if is_keras_variable(leaf) else None


def import_trace(trace: TfTrace, request: Request, shapes: Shapes) -> Program:
    """Return the program of a trace."""
    graph = trace.graph
    types = [
        tensor(tuple(-1 if n is None else n for n in s), dtype_of(a.dtype)) for s, a in zip(shapes, request.arrays)
    ]
    main = function("main", types, list(request.names))
    names = VariableNames(request.target, request.named)
    state = State(main.body.block)
    importer = FuncGraphImporter(state, RULES, ELEMENTS)
    with building(main.body.block):
        arguments = [Traced(dtype_of(a.dtype), value) for a, value in zip(request.arrays, main.body.block.args)]
        captured = [capture_of(external, graph, names, state) for external, _ in graph.captures]
        outputs = importer.run(graph, [*arguments, *captured])
        importer.check_missing()
        results = [result_of(importer, output) for output in outputs]
        writes = tuple(OutputSpec(OutputKind.BUFFER, name) for name in state.current)
        tests = () if request.paths is None else tuple(range(len(request.paths.tests)))
        leaves, tested = results[: len(results) - len(tests)], results[len(results) - len(tests) :]
        results = [*leaves, *state.current.values(), *tested]
    finish(main, results)
    region_dce(main.body)
    return Program(
        ModuleOp([main]),
        tuple(inputs_of(request, shapes, main, trace.observed)),
        trace.outputs,
        (*user_outputs(trace.outputs, trace.same), *writes, *(OutputSpec(OutputKind.TEST, i) for i in tests)),
        {symbol: (2, None) for shape in named(shapes) for symbol in shape if isinstance(symbol, str)},
        {name: state.variables[name] for name in {**state.parameters, **state.current}},
        guards=guards_of(request),
        tracer_seconds=trace.seconds,
    )


def guards_of(request: Request) -> tuple[Callable[[], Any], ...]:
    """Return what else the trace depends on: keras's batch normalization asks whether it is trainable."""
    owner = getattr(request.target, "__self__", request.target)
    items = [owner, *(value for _, value in request.named)]
    return (lambda: trainable_flags(items),) if trainable_flags(items) else ()


def result_of(importer: FuncGraphImporter, output: Traced) -> SSAValue:
    try:
        return importer.value(output)
    except Unsupported as unsupported:
        raise UnsupportedOpError(
            f"the function returns {unsupported}", fix="return tensors of numbers"
        ) from unsupported


def capture_of(external: Any, graph: Any, names: VariableNames, state: State) -> Traced:
    """Return a tensor of the surroundings: a variable behind its handle, or an array."""
    if external.dtype != tf.resource:
        return Traced(dtype_of(external.dtype), elements=external.numpy())
    for variable in graph.variables:
        if variable.handle is external:
            name = names.of(variable)
            state.variables[name] = variable
            return Traced(None, thing=name)
    return Traced(None)


def named(shapes: Shapes) -> list[tuple[int | str, ...]]:
    """Return the shapes with a symbol for each free size."""
    symbols = (f"s{i}" for i in range(sum(len(shape) for shape in shapes)))
    return [tuple(next(symbols) if n is None else n for n in shape) for shape in shapes]


def inputs_of(request: Request, shapes: Shapes, main: FuncOp, observed: set[int]) -> Iterator[Input]:
    for i, (array, shape) in enumerate(zip(request.arrays, named(shapes), strict=True)):
        used = i in observed or bool(main.body.block.args[i].uses.get_length())
        yield Input(array.dtype.base_dtype.name, shape, used)
