"""From a call to a specialization: frontend, then pipeline, then target. The only module that knows all three."""

# pyright: basic
import functools
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from importlib import import_module
from typing import Any

from xdsl.passes import ModulePass

from mlgraph.bound_call import BoundCall, identifiers, spread, take_apart, unique
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import Slot
from mlgraph.dumping import Dump
from mlgraph.errors import (
    CaptureError,
    MlgraphError,
    OutsideWriteError,
    PassError,
    PrecisionWarning,
    UnsupportedOpError,
)
from mlgraph.executable import Effects, Executable, OutputTree, Returned
from mlgraph.frameworks import CPU, PACKAGES, get, of_module
from mlgraph.frameworks.arrays import concrete, convert, device_of, placed
from mlgraph.frameworks.loader import load
from mlgraph.frontend.locations import user_line, warn
from mlgraph.frontend.program import TRACED, Adapt, Memory, OutputKind, Program, Request
from mlgraph.function_info import FunctionInfo
from mlgraph.generators import generators_of
from mlgraph.guards import Guard
from mlgraph.guards.arguments import StaticGuard, StructureGuard
from mlgraph.guards.arrays import Argument, Held, array_guards, narrow_name
from mlgraph.guards.environment import ValueGuard
from mlgraph.guards.layers import LayersGuard, keras_layers
from mlgraph.guards.modules import ModulesGuard
from mlgraph.guards.objects import ObjectsGuard
from mlgraph.guards.python import python_guards
from mlgraph.objects import catches_errors, is_watched, weights_of
from mlgraph.specialization import Specialization
from mlgraph.state import Trace, flatten_result
from mlgraph.state.modules import unchanged
from mlgraph.state.program import with_state
from mlgraph.state.reach import Reach
from mlgraph.state.surroundings import Surroundings
from mlgraph.targets.callable import emit
from mlgraph.targets.jit_errors import translate_jit_errors
from mlgraph.targets.kernels import Kernel, Passes
from mlgraph.transforms.differentiate_kernel import derivative
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.lower_kernel_to_llvm import lower_kernel
from mlgraph.transforms.narrow_halves import NarrowHalvesPass
from mlgraph.transforms.narrow_types import wide_values
from mlgraph.transforms.pipelines import Stages, default_pipeline
from mlgraph.writes import check_separate

NAMED = 4
"""How many values a warning about 64-bit types names."""

KERNEL_PASSES = Passes(ExpandMathPass(), ExpandMathPass(common=True), NarrowHalvesPass(), lower_kernel, derivative)
"""What makes code of kernels."""

ROUNDS = 50
"""How often a function is traced for what it writes to: one round finds all of it but what other writes hide."""

_counter = itertools.count()


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """The flags of `compile` that a capture reads; `help(mlgraph.compile)` describes them."""

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
        """Return whether elementwise chains become kernels: jax, tensorflow and torch.compile have their own."""
        return self.fuse and get(to).kernels is not None and not self.return_backend_compiled_fn


@dataclass(frozen=True)
class Compiler:
    """Makes specializations. It changes nothing of the user's, nor of a graph."""

    options: CompileOptions

    @property
    def verify(self) -> bool:
        """Return whether the original is run beside each new specialization."""
        return self.options.verify

    def specialize(self, info: FunctionInfo, call: BoundCall) -> Specialization:
        """Capture the function for a call, run the pipeline and load the emitted source."""
        for framework in (info.source, info.to):
            load(get(framework).packages[0])
        started = time.perf_counter()
        program, call, trace, reach, specs = self._captured(info, call)
        seconds = {"tracer": program.tracer_seconds, "capture": time.perf_counter() - started - program.tracer_seconds}
        program, state, left = with_state(program, trace, len(call.arrays))
        tree = OutputTree(specs[-1], [_returned(leaf, call.roots) for leaf in program.leaves])
        _check_outputs([*tree.leaves, *(leaf for leaf in left if not isinstance(leaf, Slot))])
        passed = _drop_unused(program, len(call.arrays))
        effects = Effects(state, left) if call.roots else None
        named = _named(info, call)
        modules = _modules_guard(info, named, program)
        layers = list(keras_layers(value for _, value in named))
        reads = [*([LayersGuard(layers)] if layers else []), *python_guards(reach, info.to, _live(named))]
        outside = {path.text: array for path, array in reach.arrays}
        return self.lower(info, call, program, tree, passed, seconds, effects, reads, modules, outside)

    def _captured(self, info: FunctionInfo, call: BoundCall) -> tuple[Program, BoundCall, Trace, Reach, list[Any]]:
        """Trace until the function writes to nothing but stateful objects: what it wrote to is one in the next trace.

        Return the program, the call with these objects, their trace, all that the function reaches, and what `_import`
        adds to.
        """
        parameters = list(info.signature.parameters)
        named = _named(info, call)
        for _ in range(ROUNDS):
            trace = Trace(call.root_names(parameters), call.roots, (info.source, info.to), call.numbers)
            reach = Reach(info.function, [v for _, v in named], trace.containers, call.plan.variables)
            surroundings = Surroundings(reach, info.source)
            specs: list[Any] = []
            try:
                program = self._import(info, call, trace, named, specs, surroundings)
            except MlgraphError as error:
                if isinstance(error, OutsideWriteError):
                    surroundings.note_written(error.arrays)
                surroundings.check()
                if not surroundings.changed:
                    raise
            surroundings.check()
            if not surroundings.changed:
                return program, call, trace, reach, specs  # pyright: ignore[reportPossiblyUnboundVariable]
            call = call.reaching((*call.plan.reached, *surroundings.changed.values()))
        raise UnsupportedOpError(
            f"{info.name} writes to other objects each time that it is traced, last to {call.plan.reached[-1][0]}",
            fix="pass the objects as arguments, or return what is new",
        )

    def _import(
        self,
        info: FunctionInfo,
        call: BoundCall,
        trace: Trace,
        named: Sequence[tuple[str, Any]],
        specs: list[Any],
        surroundings: Surroundings,
    ) -> Program:
        """Trace the function with the frontend of its framework; add the structure of its result to `specs`."""
        inputs = len(call.arrays)
        modules = [value for _, value in named]

        def flat(*traced: Any, adapt: Adapt = lambda function: function) -> list[Any]:
            def function() -> Any:
                return _traced_call(info, call, adapt(info.original), traced[:inputs])

            with surroundings.undone(), unchanged(modules, call.roots, surroundings.changed):
                result, left = trace.run(traced[inputs:], function)
            leaves, spec = result
            specs.append(spec)
            return leaves + left

        given = (*call.arrays, *trace.arrays.values())
        arrays = [convert(concrete(a, info.source), info.source) for a in given]
        own = [name for name, flag in zip(call.accessors(list(info.signature.parameters)), call.is_array) if flag]
        names = identifiers([*own, *(place.text(trace.names) for place in trace.arrays)])
        options = self.options
        generators = generators_of(info.function, _static(info, call))
        dynamic = options.dynamic and (get(info.source).traces_errors or not catches_errors(info.function))
        outside = [(path.text, a) for path, a in surroundings.reach.arrays] if info.to == info.source else []
        request = Request(
            flat, arrays, names, info.function, named, generators, dynamic, options.include_generators, outside
        )
        program = _run_frontend(info.source, request, info.name)
        held = {Memory("object", place.text(trace.names)): array for place, array in trace.arrays.items()}
        memory = dict(zip([*(Memory("input", i) for i in range(inputs)), *held], given))
        written = {list(memory)[i]: given[i] for i in program.targets(OutputKind.INPUT)}
        check_separate(written, memory, dict(enumerate(names)))
        if get(info.to).has_devices:
            program.inputs = tuple(replace(i, device=device_of(a)) for i, a in zip(program.inputs, given, strict=True))
            program.device = _device(program)
        return program

    def lower(
        self,
        info: FunctionInfo,
        call: BoundCall,
        program: Program,
        tree: OutputTree,
        passed: tuple[int, ...],
        seconds: dict[str, float],
        effects: Effects | None = None,
        reads: Sequence[Guard] = (),
        modules: ModulesGuard | None = None,
        outside: Mapping[str, Any] | None = None,
        source: str | None = None,
    ) -> Specialization:
        """Run the pipeline on a program, whose `main` takes the arrays `passed`, and load the emitted source.

        `outside` are arrays that the function reaches by variables, under the Python that reaches them; `source` is the
        framework that the program was captured from, that of `info` by default.
        """
        to, options, framework = info.to, self.options, get(info.to)
        source, narrow = source or info.source, not framework.is_wide(options.x64)
        started = time.perf_counter()
        lifted = bool(call.lifted or call.numbers)
        stages, dump = _run_pipeline(info, program, passed, options, lifted, exact=source == to)
        seconds["transform"] = time.perf_counter() - started
        started = time.perf_counter()
        emitted = emit(program.module, to, program.device)
        wide = framework.is_narrow and bool(options.x64)
        place = functools.partial(placed, framework=to, device=program.device)
        with framework.wide_types() if wide else nullcontext():
            kernels = {name: Kernel(op, to, KERNEL_PASSES) for name, op in emitted.kernels.items()}
            dump.kernels(kernels.values())
            main = emitted.load(f"<mlgraph {info.name} {next(_counter)}>", place, kernels)
        if options.return_backend_compiled_fn:
            main = framework.compiled(main)
        main = translate_jit_errors(main, stages.first, framework)
        seconds["emit"] = time.perf_counter() - started
        function = main_of(program.module)
        return Specialization(
            call=call.without_arrays(),
            guards=[
                *([] if modules is None else [modules]),
                *reads,
                *_guards(info, call, program, effects, narrow),
            ],
            parameters=program.parameters,
            modules=modules,
            executable=Executable(
                to=to,
                main=main,
                function=function,
                program=program,
                tree=tree,
                passed=passed,
                wide=wide,
                effects=effects,
                outside=outside,
            ),
            source=emitted,
            stages=stages,
            seconds=seconds,
            kernels=list(kernels.values()),
            reached=call.plan.reached,
            source_framework=source,
            lifted=call.lifted,
            numbers=call.numbers,
        )


def _guards(
    info: FunctionInfo, call: BoundCall, program: Program, effects: Effects | None, narrow: bool
) -> list[Guard]:
    """Return every condition under which the program is right, those that decide first at the front."""
    parameters = tuple(info.signature.parameters)
    accessors = call.accessors(parameters)
    guards: list[Guard] = [ValueGuard.of(read) for read in program.guards]
    guards.append(StructureGuard(call.without_arrays(), parameters, get(info.source).sorts_keys))
    leaves = enumerate(zip(call.without_arrays().leaves, call.is_array, accessors))
    guards += [StaticGuard(i, leaf, name) for i, (leaf, is_array, name) in leaves if not is_array]
    names = [f"argument {name}" for name, is_array in zip(accessors, call.is_array) if is_array]
    arrays: list[Any] = [Argument(i, name) for i, name in enumerate(names)]
    if effects is not None:
        guards.append(ObjectsGuard(effects.state))
        arrays += [Held(effects.state, place, place.text(effects.state.names)) for place in effects.state.reads]
    inputs = [replace(i, dtype=narrow_name(i.dtype)) if narrow else i for i in program.inputs]
    return guards + array_guards(list(zip(arrays, inputs, strict=True)), program.bounds, program.size_guards, narrow)


def _modules_guard(info: FunctionInfo, named: Sequence[tuple[str, Any]], program: Program) -> ModulesGuard | None:
    """Return the guard of the torch modules that a function reaches, None where it reaches none.

    The hooks of a module whose forward is compiled run around the compiled one.
    """
    if not any(is_watched(value) for _, value in named):
        return None
    own_hooks = info.function if info.original is not info.function else None
    takes_gradients = get(info.to).has_gradients
    guard = ModulesGuard(named, copies=not takes_gradients, without_hooks=own_hooks)
    if takes_gradients and (found := guard.backward_hook()) is not None:
        program.guards = (*program.guards, _without_gradients(found))
    return guard


def _without_gradients(hook: str) -> Callable[[], str | None]:
    """Return what tells whether gradients are taken, for a function with a hook that a graph does not run then."""
    import torch

    if torch.is_grad_enabled():
        raise UnsupportedOpError(
            f"{hook}, and a graph would not run it",
            why="the backward of a graph comes from the operations of the forward",
            fix="remove the hook, put it on the module that is compiled, or call the graph under torch.no_grad()",
        )
    return lambda: f"gradients are enabled, and {hook}" if torch.is_grad_enabled() else None


def _static(info: FunctionInfo, call: BoundCall) -> list[tuple[str, Any]]:
    """Return the arguments that are no arrays, under the Python that reaches them."""
    accessors = call.accessors(list(info.signature.parameters))
    return list(zip([name for name, flag in zip(accessors, call.is_array) if not flag], call.static))


def _named(info: FunctionInfo, call: BoundCall) -> list[tuple[str, Any]]:
    """Return the modules and arrays that the function may use beside its inputs."""
    found = weights_of(info.function, _static(info, call))
    names = unique(name for name, _ in found)
    return [(name, value) for name, (_, value) in zip(names, found)]


def _live(named: Sequence[tuple[str, Any]]) -> set[int]:
    """Return the ids of these arrays, and of the weights and buffers of these modules of torch."""
    owners = ((of_module(value), value) for _, value in named)
    weights = [weight for owner, value in owners if owner is not None for weight in owner.weights(value)]
    return {*map(id, weights), *(id(value) for _, value in named)}


def _traced_call(
    info: FunctionInfo, call: BoundCall, original: Callable[..., Any], traced: Sequence[Any]
) -> tuple[list[Any], Any]:
    """Return the leaves of what the user's function returns for traced arrays, and their structure."""
    values = call.rebuild(traced)
    positional, keyword = spread(info.signature, values)
    result = flatten_result(original(*positional, **keyword), call.roots)
    after = take_apart(info.signature, values, call.plan)
    given = zip(traced, _array_leaves(call))
    if after.spec != call.spec or any(after.leaves[i] is not leaf for leaf, i in given if i not in call.lifted):
        raise UnsupportedOpError(
            f"{info.name} changes a list, dict or dataclass that it is given",
            why="a call of the graph would leave the caller's as it is",
            fix="change a copy, or name the argument in arg_stateful_idxs, as [[0]]",
        )
    return result


def _array_leaves(call: BoundCall) -> list[int]:
    """Return the numbers of the leaves that are arrays."""
    return [i for i, flag in enumerate(call.is_array) if flag]


def _run_frontend(source: str, request: Request, name: str) -> Program:
    """Capture with the frontend of `source`; every error is one of mlgraph's."""
    try:
        return import_module(get(source).frontend).capture(request)
    except MlgraphError:
        raise
    except Exception as error:
        where = user_line(error)
        what = f"{name} raises" if where else f"{name} cannot be captured:"
        raise CaptureError(f"{what} {type(error).__name__}: {error}", where=where) from error


def _check_outputs(leaves: Sequence[Any]) -> None:
    """Refuse an object of an unknown class, which may hold traced arrays: it must not pass for a constant."""
    values = (bool, int, float, complex, str, bytes, type(None), type(...), type, range, slice, Enum)
    plain = (*values, type(TRACED), Returned)
    for leaf in leaves:
        if not isinstance(leaf, plain) and type(leaf).__module__.partition(".")[0] not in (*PACKAGES, "ml_dtypes"):
            raise UnsupportedOpError(
                f"the function returns an object of class {type(leaf).__name__}",
                why="mlgraph cannot see the arrays inside it",
                fix="return a tuple, list, dict, dataclass or named tuple of arrays",
            )


def _device(program: Program) -> str:
    """Return where torch computes a program: on the GPU that an input or a weight is on."""
    found = [*(i.device for i in program.inputs if i.used), *map(device_of, program.parameters.values())]
    return next((device for device in found if device and device != CPU), CPU)


def _run_pipeline(
    info: FunctionInfo,
    program: Program,
    passed: Sequence[int],
    options: CompileOptions,
    lifted: bool,
    exact: bool,
) -> tuple[Stages, Dump]:
    """Lower the program in place. Return the stages, and where the dump of them goes.

    `exact` refuses results that would not share the memory that the function's own do.
    """
    to = info.to
    dump = Dump.open(info.name, options.dump_ir, options.dump_dir)
    narrow = not get(to).is_wide(options.x64)
    if narrow and not lifted and (names := wide_values(program.module)):
        _warn_narrow(info.name, names)
    pipeline = default_pipeline(
        to,
        array_caching=options.array_caching,
        include_generators=options.include_generators,
        passes=options.passes,
        narrow=narrow,
        fuse=options.kernels(to),
        fast_math=options.fast_math,
        inputs=passed,
        outputs=program.outputs,
        exact=exact,
    )
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
    """Return `Returned` for a stateful object of the call, which comes back as the caller's own."""
    return next((Returned(i) for i, root in enumerate(roots) if root is leaf), leaf)


def _drop_unused(program: Program, inputs: int) -> tuple[int, ...]:
    """Leave `main` only the arguments that it uses or writes; return their numbers."""
    main = main_of(program.module)
    written = program.targets(OutputKind.INPUT)
    arguments = list(main.body.block.args)[:inputs]
    passed = [i for i, a in enumerate(arguments) if a.uses.get_length() or i in written]
    for i, argument in enumerate(arguments):
        if i not in passed:
            main.body.block.erase_arg(argument)
    update_type(main)
    return tuple(passed)
