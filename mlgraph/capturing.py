"""From a call to a specialisation: frontend, then pipeline, then target. The only module that knows all three."""

# pyright: basic
import functools
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from importlib import import_module
from typing import Any

from xdsl.passes import ModulePass

from mlgraph.call import Call, identifiers, spread, take_apart, unique
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import Slot
from mlgraph.dumping import Dump
from mlgraph.errors import CaptureError, MlgraphError, PassError, PrecisionWarning, UnsupportedOpError
from mlgraph.frontend.locations import user_line, warn
from mlgraph.frontend.program import Adapt, Program, Request, Result
from mlgraph.graph import Graph
from mlgraph.guards import guard_of
from mlgraph.loader import load
from mlgraph.objects import ROOTS, weights_of
from mlgraph.running import Effects, Runner
from mlgraph.specialisation import Outputs, Returned, Specialisation, narrow_name
from mlgraph.state import Trace, flatten_result
from mlgraph.state.modules import unchanged
from mlgraph.state.program import with_state
from mlgraph.targets.arrays import CPU, concrete, convert, device_of, framework_of, placed, wide_types
from mlgraph.targets.callable import emit
from mlgraph.targets.kernels import Kernel, Passes
from mlgraph.targets.staged import explained
from mlgraph.transforms.differentiate_kernel import derivative
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.lower_kernel_to_llvm import lower_kernel
from mlgraph.transforms.narrow_halves import NarrowHalvesPass
from mlgraph.transforms.narrow_types import wide_values
from mlgraph.transforms.pipelines import Stages, default_pipeline

NAMED = 4
"""How many values a warning about 64-bit types names."""

KERNEL_PASSES = Passes(ExpandMathPass(), ExpandMathPass(common=True), NarrowHalvesPass(), lower_kernel, derivative)
"""What makes code of kernels."""

_counter = itertools.count()


@dataclass(frozen=True)
class Options:
    """The flags of `compile` that a capture reads."""

    to: str | None
    array_caching: bool = True
    include_generators: bool = True
    return_backend_compiled_fn: bool = False
    static_argnums: Any = None
    static_argnames: Any = None
    passes: tuple[ModulePass, ...] = ()
    dynamic: bool = True
    dump_ir: str | None = None
    dump_dir: str | None = None
    verify: bool = False
    fuse: bool = True
    fast_math: bool = False
    x64: bool | None = None

    def kernels(self, to: str) -> bool:
        """Whether elementwise chains become kernels: jax and tensorflow, and compilers of torch, have their own."""
        return self.fuse and to in ("torch", "numpy") and not self.return_backend_compiled_fn


def capture(graph: Graph, call: Call, source: str, options: Options) -> Specialisation:
    """Capture `graph.function` for a call, run the pipeline and load the emitted source."""
    for framework in (source, graph.to):
        load(framework)
    parameters = list(graph.signature.parameters)
    trace = Trace(call.root_names(parameters), call.roots, (source, graph.to))
    given = (*call.arrays, *trace.arrays.values())
    arrays = [convert(concrete(a, source), source) for a in given]
    inputs = len(call.arrays)
    specs: list[Any] = []
    named = _named(graph, call, parameters)

    def flat(*traced: Any, adapt: Adapt = lambda function: function) -> list[Any]:
        original = adapt(graph.original)
        with unchanged((value for _, value in named), call.roots):
            result, left = trace.run(traced[inputs:], lambda: _traced_call(graph, call, original, traced[:inputs]))
        leaves, spec = result
        specs.append(spec)
        return leaves + left

    own = [name for name, flag in zip(call.accessors(parameters), call.is_array) if flag]
    held = [place.text(trace.names) for place in trace.arrays]
    names = identifiers([*own, *held])
    request = Request(flat, arrays, names, graph.function, named, options.dynamic, options.include_generators)
    started = time.perf_counter()
    program = _run_frontend(source, request, graph.name)
    if graph.to == "torch":
        program.inputs = tuple(replace(i, device=device_of(a)) for i, a in zip(program.inputs, given, strict=True))
        program.device = _device(program)
    if (watch := guard_of(graph.function, (value for _, value in named))) is not None:
        program.guards = (*program.guards, watch)
    seconds = {"tracer": program.tracer_seconds, "capture": time.perf_counter() - started - program.tracer_seconds}
    specialisation = _build(graph, call, program, trace, specs[-1], options, seconds)
    if options.verify:
        from mlgraph.checking import check

        check(graph, call, specialisation, source)
    return specialisation


def _named(graph: Graph, call: Call, parameters: Sequence[str]) -> list[tuple[str, Any]]:
    """Modules and arrays that the function may use beside its inputs."""
    static = [name for name, flag in zip(call.accessors(parameters), call.is_array) if not flag]
    found = weights_of(graph.function, zip(static, call.static))
    names = unique(name for name, _ in found)
    return [(name, value) for name, (_, value) in zip(names, found)]


def _traced_call(
    graph: Graph, call: Call, original: Callable[..., Any], traced: Sequence[Any]
) -> tuple[list[Any], Any]:
    """The leaves of what the user's function returns for traced arrays, and their structure."""
    values = call.rebuild(traced)
    positional, keyword = spread(graph.signature, values)
    result = flatten_result(original(*positional, **keyword), call.roots)
    after = take_apart(graph.signature, values, call.plan)
    if after.spec != call.spec or any(a is not b for a, b in zip(after.arrays, traced)):
        raise UnsupportedOpError(
            f"{graph.name} changes a list, dict or dataclass that it is given",
            why="a call of the graph would leave the caller's as it is",
            fix="change a copy, or name the argument in arg_stateful_idxs, as [[0]]",
        )
    return result


def _run_frontend(source: str, request: Request, name: str) -> Program:
    """Capture with the frontend of `source`; every error is one of mlgraph's."""
    try:
        return import_module(f"mlgraph.frontend.{source}").capture(request)
    except MlgraphError:
        raise
    except Exception as error:
        where = user_line(error)
        what = f"{name} raises" if where else f"the {source} frontend fails with"
        raise CaptureError(f"{what} {type(error).__name__}: {error}", where=where) from error


def _check_outputs(leaves: Sequence[Any]) -> None:
    """An object of a class that nobody knows may hold traced arrays: it must not pass for a constant."""
    values = (bool, int, float, complex, str, bytes, type(None), type(...), type, range, slice, Enum)
    plain = (*values, Result, Returned)
    for leaf in leaves:
        if not isinstance(leaf, plain) and type(leaf).__module__.partition(".")[0] not in (*ROOTS, "ml_dtypes"):
            raise UnsupportedOpError(
                f"the function returns an object of class {type(leaf).__name__}",
                why="mlgraph cannot see the arrays inside it",
                fix="return a tuple, list, dict, dataclass or named tuple of arrays",
            )


def _build(
    graph: Graph, call: Call, program: Program, trace: Trace, spec: Any, options: Options, seconds: dict[str, float]
) -> Specialisation:
    program, state, left = with_state(program, trace, len(call.arrays))
    outputs = Outputs(spec, [_returned(leaf, call.roots) for leaf in program.outputs])
    _check_outputs([*outputs.leaves, *(leaf for leaf in left if not isinstance(leaf, Slot))])
    passed = _drop_unused(program, len(call.arrays))
    effects = Effects(state, left) if call.roots else None
    return lower(graph, call, program, outputs, passed, options, seconds, effects)


def lower(
    graph: Graph,
    call: Call,
    program: Program,
    outputs: Outputs,
    passed: tuple[int, ...],
    options: Options,
    seconds: dict[str, float],
    effects: Effects | None = None,
) -> Specialisation:
    """Run the pipeline on a program, whose `main` takes the arrays `passed`, and load the emitted source."""
    to = graph.to
    started = time.perf_counter()
    stages, dump = _run_pipeline(graph, program, options)
    seconds["transform"] = time.perf_counter() - started
    started = time.perf_counter()
    emitted = emit(program.module, to, program.device)
    wide = to == "jax" and bool(options.x64)
    scope = wide_types if wide else nullcontext
    place = functools.partial(placed, framework=to, device=program.device)
    with scope():
        kernels = {name: Kernel(op, to, KERNEL_PASSES) for name, op in emitted.kernels.items()}
        dump.kernels(kernels.values())
        main = emitted.load(f"<mlgraph {graph.name} {next(_counter)}>", place, kernels)
    main = _backend_compiled(main, to, options)
    if to == "jax":
        main = explained(main, stages.first)
    seconds["emit"] = time.perf_counter() - started
    with scope():
        for name, array in program.parameters.items():
            graph.params.setdefault(name, array if framework_of(array) == to else place(array))
    runner = Runner(graph, main, main_of(program.module), program, outputs, passed, wide, effects)
    narrow = to == "jax" and not _x64(options)
    inputs = tuple(replace(i, dtype=narrow_name(i.dtype)) if narrow else i for i in program.inputs)
    guards = [(guard, guard()) for guard in program.guards]
    kept = call.without_arrays()
    return Specialisation(
        kept,
        inputs,
        program.bounds,
        guards,
        emitted,
        stages,
        seconds,
        runner.choose(),
        runner,
        passed,
        None if effects is None else effects.state,
        narrow,
        list(kernels.values()),
    )


def _device(program: Program) -> str:
    """Where torch computes a program: on the GPU that an input or a weight is on."""
    found = [*(i.device for i in program.inputs if i.used), *map(device_of, program.parameters.values())]
    return next((device for device in found if device and device != CPU), CPU)


def _run_pipeline(graph: Graph, program: Program, options: Options) -> tuple[Stages, Dump]:
    """Lower the program in place. The stages, and where the dump of them goes."""
    to: Any = graph.to
    dump = Dump.open(graph.name, options.dump_ir, options.dump_dir)
    narrow = to == "jax" and not _x64(options)
    if narrow and (names := wide_values(program.module)):
        _warn_narrow(graph.name, names)
    fuse = options.kernels(to)
    flags = (options.array_caching, options.include_generators, options.passes, narrow, fuse, options.fast_math)
    pipeline = default_pipeline(to, *flags)

    copies: list[Any] = []

    def on_stage(name: str, module: Any) -> None:
        if not copies:
            copies.append(module.clone())
        dump.stage(name, module)

    try:
        pipeline.run(program.module, dump.after_pass, on_stage)
    except PassError as error:
        raise dump.failed(error) from error
    return Stages(pipeline, copies[0], program.module), dump


def _warn_narrow(name: str, values: Sequence[str]) -> None:
    listed = ", ".join(values[:NAMED]) + (f" and {len(values) - NAMED} more" if len(values) > NAMED else "")
    warn(
        f"jax runs without 64-bit types: in {name} {listed} become 32-bit; compile with x64=True to keep them",
        PrecisionWarning,
    )


def _returned(leaf: Any, roots: Sequence[Any]) -> Any:
    """A stateful object that the function returns is the caller's own."""
    return next((Returned(i) for i, root in enumerate(roots) if root is leaf), leaf)


def _drop_unused(program: Program, inputs: int) -> tuple[int, ...]:
    """Leave `main` only the arguments that it uses or writes; their numbers."""
    main = main_of(program.module)
    written = {position for position, _ in program.input_writes}
    arguments = list(main.body.block.args)[:inputs]
    passed = [i for i, a in enumerate(arguments) if a.uses.get_length() or i in written]
    for i, argument in enumerate(arguments):
        if i not in passed:
            main.body.block.erase_arg(argument)
    update_type(main)
    return tuple(passed)


def _x64(options: Options) -> bool:
    import jax

    return bool(jax.config.jax_enable_x64) if options.x64 is None else options.x64  # pyright: ignore[reportAttributeAccessIssue]


def _backend_compiled(main: Callable[..., Any], to: str, options: Options) -> Callable[..., Any]:
    if not options.return_backend_compiled_fn:
        return main
    match to:
        case "torch":
            import torch

            return torch.compile(main)
        case "jax":
            import jax

            return jax.jit(main)
        case "tensorflow":
            import tensorflow as tf

            return tf.function(main, autograph=False)
        case _:
            import warnings

            warnings.warn("numpy has no compiler of its own: return_backend_compiled_fn does nothing", stacklevel=2)
            return main
