"""Capture with `torch.export`: every dimension dynamic, composite ops that ivy has too kept whole."""

# pyright: basic
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import sympy
import torch
from torch.export import ExportedProgram, graph_signature
from torch.export.graph_signature import ConstantArgument, InputKind
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from xdsl.dialects.builtin import ModuleOp

from mlgraph.dialects.building import building
from mlgraph.dialects.constant import parameter
from mlgraph.dialects.functions import finish, function
from mlgraph.errors import CaptureError, MlgraphError, OutsideWriteError, UnsupportedOpError
from mlgraph.frontend.dynamic_sizes import Axis, DynamicSizes, StaticSizeRequired, fix_all, fix_all_but_first
from mlgraph.frontend.program import TRACED, Input, Layout, OutputKind, OutputSpec, Program, Request, Size
from mlgraph.frontend.torch._private import (
    DecompositionTable,
    OpOverload,
    every_decomposition,
    registered_decompositions,
)
from mlgraph.frontend.torch.export_module import ExportModule, TraceOptions
from mlgraph.frontend.torch.export_trace import ExportTrace
from mlgraph.frontend.torch.function_overrides import DECOMPOSED
from mlgraph.frontend.torch.generators import naming
from mlgraph.frontend.torch.importer import IGNORED, fixed, symbols_of, type_of
from mlgraph.frontend.torch.memory import WritesThroughWindows
from mlgraph.frontend.torch.modes import WithoutGradients
from mlgraph.frontend.torch.region_importer import importer_of
from mlgraph.frontend.torch.rules import RULES, SCALARS
from mlgraph.frontend.torch.scopes import quiet, users_lines
from mlgraph.frontend.torch.simple_sizes import SizesTooComplex
from mlgraph.frontend.torch.size_guards import SizeGuard, Unprintable, bounds, guards_of, shape_env_of
from mlgraph.frontend.torch.tracing import export, forget_weights


def capture(request: Request) -> Program:
    """Trace `request.function` and import the trace into an ivy module, with as many sizes free as can be.

    It is traced again without the sizes that rules must know, with the first axis of each input free where torch
    cannot handle the others, and at last with none, where Python takes no free size: `divmod(n, 2)`, `table[n]`.
    """
    try:
        return _with_options(request, TraceOptions())
    except WithoutGradients:
        return _with_options(request, TraceOptions(gradients=False))


def _with_options(request: Request, options: TraceOptions) -> Program:
    try:
        program, trace = _with_free_sizes(request, options)
    except WritesThroughWindows:
        options = replace(options, strided_windows=True)
        program, trace = _with_free_sizes(request, options)
    if trace.layout_matters and not all(array.is_contiguous() for array in request.arrays):
        program, trace = _with_free_sizes(request, replace(options, keep_layout=True))
    if trace.layout_matters:
        line = trace.layout_use.offset
        if line is not None and any(array.storage_offset() for array in request.arrays):
            raise UnsupportedOpError(
                "the function counts from where a tensor begins in its storage, and an argument begins later there",
                where=line,
                fix="pass a clone() of the argument",
            )
        layouts = (replace(layout_of(array), begins=line is not None) for array in request.arrays)
        program.inputs = tuple(replace(i, layout=layout) for i, layout in zip(program.inputs, layouts))
    return program


def _with_free_sizes(request: Request, options: TraceOptions) -> tuple[Program, ExportTrace]:
    gaps = options.keep_layout and any(layout_of(array).strides is not None for array in request.arrays)
    shapes = [array.shape for array in request.arrays]
    sizes = DynamicSizes(shapes, request.dynamic and not gaps, (fix_all_but_first, fix_all))
    while sizes.free:
        try:
            return _capture(request, sizes.axes, options)
        except StaticSizeRequired as error:
            if not sizes.fix_axes(error.sizes):
                break
        except SizesTooComplex:
            sizes.descend()
        except OutsideWriteError:
            raise
        except UnsupportedOpError:
            break
        except (MlgraphError, WritesThroughWindows):
            raise
        except Exception:
            break
    return _capture(request, frozenset(), options)


def _capture(request: Request, free: frozenset[Axis], options: TraceOptions) -> tuple[Program, ExportTrace]:
    root = ExportModule(request, options)
    started = time.perf_counter()
    with quiet(root.trace.hear), users_lines():
        exported = export(root, request, RULES, _decompositions, free)
    seconds = time.perf_counter() - started
    if root.trace.caught and free:  # torch notes no guard for the sizes at which a function raises
        raise StaticSizeRequired("sizes must be known", *free)
    with naming(root.trace.streams):
        program = _import(exported, root, request)
    forget_weights(exported)
    program.tracer_seconds = seconds
    program.streams = root.trace.streams.used
    return program, root.trace


def _decompositions(taken_apart: Iterable[str]) -> DecompositionTable:
    """Return what to take apart: `taken_apart`, and all that torch can but for what has a rule."""
    return _table(frozenset(taken_apart), registered_decompositions())


@lru_cache(maxsize=16)
def _table(taken_apart: frozenset[str], registered: tuple[Any, ...]) -> DecompositionTable:
    table = torch.export.default_decompositions()
    known = {str(op) for op in table}
    for op, decomposition in every_decomposition().items():
        if isinstance(op, OpOverload) and str(op) not in known and not str(op).startswith("prims"):
            table[op] = decomposition
    for op, decomposition in DECOMPOSED.items():
        table[op] = decomposition
    for op in list(table.keys()):
        if str(op) in RULES and str(op) not in taken_apart:
            table.pop(op, None)
    return DecompositionTable.of(table)


def _import(exported: ExportedProgram, root: ExportModule, request: Request) -> Program:
    signature = exported.graph_signature
    nodes = [node for node in exported.graph.nodes if node.op == "placeholder"]
    users = [n for n, spec in zip(nodes, signature.input_specs) if spec.kind == InputKind.USER_INPUT]
    main = function("main", [type_of(node.meta["val"]) for node in users], list(request.names))
    importer = importer_of(exported.graph_module)(exported.graph_module, RULES, SCALARS)
    parameters: dict[str, Any] = {}
    written = {*signature.buffers_to_mutate.values()}
    with building(main.body.block):
        arguments = iter(main.body.block.args)
        for node, spec in zip(nodes, signature.input_specs):
            if spec.kind == InputKind.USER_INPUT:
                importer.values[node] = next(arguments)
            elif spec.kind in (InputKind.PARAMETER, InputKind.BUFFER):
                name = root.name_of(str(spec.target))
                array = _lookup(root, exported, str(spec.target))
                if node.users or spec.kind == InputKind.PARAMETER or str(spec.target) in written:
                    parameters[name] = array
                importer.values[node] = parameter(name, array, type_of(node.meta["val"])) if node.users else None
            elif spec.kind == InputKind.TOKEN:
                importer.values[node] = IGNORED
            elif node.users:
                constant = exported.constants[str(spec.target)]
                if isinstance(constant, torch.Generator):
                    importer.values[node] = root.trace.streams.original(constant)
                    continue
                found = root.trace.owner_of(str(spec.target), constant)  # pyright: ignore[reportArgumentType]
                if found is None:
                    importer.values[node] = importer.constant(str(spec.target), constant)
                else:
                    parameters[found[0]] = found[1]
                    importer.values[node] = parameter(*found, type_of(node.meta["val"]))
        results = importer.run()
    if importer.to_fix:
        raise StaticSizeRequired("sizes must be known", *_axes(users, importer.to_fix))
    leaves = list(root.trace.static)
    specs = tuple(_outputs(exported, root, users, leaves))
    used = [bool(node.users) or i in root.trace.observed for i, node in enumerate(users)]
    inputs, equations = _inputs(users, request.arrays, used, root.trace)
    env = shape_env_of(exported)
    size_guards = () if env is None else _size_guards(env, users, equations)
    finish(main, [value for value, spec in zip(results, signature.output_specs, strict=True) if _is_result(spec)])
    return Program(
        ModuleOp([main]),
        _with_symbols_of(size_guards, inputs),
        leaves,
        specs,
        {} if env is None else bounds(env),
        parameters,
        guards=root.trace.guards(),
        size_guards=tuple(guard.text for guard in size_guards),
    )


def _axes(users: list[torch.fx.Node], symbols: set[sympy.Symbol]) -> frozenset[Axis]:
    """Return the axes of inputs whose sizes the symbols stand in."""
    sizes = [(i, axis, n) for i, node in enumerate(users) for axis, n in enumerate(node.meta["val"].shape)]
    return frozenset((i, axis) for i, axis, n in sizes if symbols_of(n) & symbols)


def _lookup(root: ExportModule, exported: ExportedProgram, target: str) -> Any:
    """Return the user's own tensor, not export's copy."""
    owner: Any = root
    for part in target.split("."):
        owner = getattr(owner, part)
    return owner


def _outputs(
    exported: ExportedProgram, root: ExportModule, users: list[Any], leaves: list[Any]
) -> Iterator[OutputSpec]:
    """Yield where each result of the trace goes; a traced leaf that turned out constant is put among `leaves`."""
    traced = iter([i for i, leaf in enumerate(leaves) if leaf is TRACED])
    tests = itertools.count()
    names = [node.name for node in users]
    kinds, shared = graph_signature.OutputKind, root.trace.shared
    for spec in exported.graph_signature.output_specs:
        match spec.kind:
            case kinds.TOKEN:
                pass
            case kinds.USER_OUTPUT:
                leaf = next(traced, None)
                if leaf is None:  # tests follow the leaves
                    yield OutputSpec(OutputKind.TEST, next(tests))
                elif isinstance(spec.arg, ConstantArgument):
                    leaves[leaf] = spec.arg.value
                else:
                    aliases, same = shared.aliases.get(leaf, frozenset()), shared.same.get(leaf)
                    yield OutputSpec(OutputKind.USER_OUTPUT, leaf, aliases, same)
            case kinds.BUFFER_MUTATION | kinds.PARAMETER_MUTATION:
                yield OutputSpec(OutputKind.BUFFER, root.name_of(str(spec.target)))
            case kinds.USER_INPUT_MUTATION:
                yield OutputSpec(OutputKind.INPUT, names.index(str(spec.target)))
            case _:
                raise CaptureError(
                    f"torch.export gives an output of kind {spec.kind.name}, which mlgraph does not know"
                )


def _is_result(spec: graph_signature.OutputSpec) -> bool:
    """Return whether an output of the trace is one of the program: not an effect's order, nor a constant."""
    return spec.kind != graph_signature.OutputKind.TOKEN and not isinstance(spec.arg, ConstantArgument)


def layout_of(array: torch.Tensor) -> Layout:
    """Return how a tensor lies in memory."""
    return Layout.of(array.shape, array.stride())


def _inputs(
    users: list[torch.fx.Node], arrays: Sequence[torch.Tensor], used: Sequence[bool], trace: ExportTrace
) -> tuple[list[Input], list[Any]]:
    """Return the inputs, and an equation for each size that is an expression of others and has a name of its own."""
    inputs: list[Input] = []
    equations: list[Any] = []
    for i, (node, array) in enumerate(zip(users, arrays)):
        shape: list[Size] = []
        for axis, n in enumerate(node.meta["val"].shape):
            size = fixed(n)
            if size is None and n.node.expr.is_Symbol:
                size = str(n.node.expr)
            elif size is None:
                size = f"size{i}_{axis}"
                equations.append(sympy.Eq(sympy.Symbol(size, integer=True), n.node.expr, evaluate=False))
            shape.append(size)
        gradient = trace.gradients[i] if i in trace.gradients_asked else None
        inputs.append(Input(str(array.dtype).removeprefix("torch."), tuple(shape), used[i], requires_grad=gradient))
    return inputs, equations


def _size_guards(env: ShapeEnv, users: list[torch.fx.Node], equations: Sequence[Any]) -> tuple[SizeGuard, ...]:
    """Return what the trace found out about sizes. Raise `StaticSizeRequired` where Python cannot tell if it holds."""
    try:
        return guards_of(env, equations)
    except Unprintable as error:
        raise StaticSizeRequired("sizes must be known", *_axes(users, error.symbols)) from error


def _with_symbols_of(size_guards: Sequence[SizeGuard], inputs: Sequence[Input]) -> tuple[Input, ...]:
    """Return the inputs; those that alone show a size that a guard needs count as used."""
    bound = {size for one in inputs if one.used for size in one.shape}
    missing = {symbol for guard in size_guards for symbol in guard.symbols} - bound
    return tuple(replace(one, used=one.used or not missing.isdisjoint(one.shape)) for one in inputs)
