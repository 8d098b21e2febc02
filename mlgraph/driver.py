"""The compiler of a specialization: frontend, pipeline and target. It is the only module that knows all three."""

import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from mlgraph.capture import Capture, capture, reachable_weights
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import SetOp, Slot
from mlgraph.errors import PassError, PrecisionWarning, UnsupportedOpError
from mlgraph.frameworks import PACKAGES, get
from mlgraph.frameworks.arrays import placed
from mlgraph.frameworks.imports import load
from mlgraph.frameworks.modules import weights_below
from mlgraph.frontend.control_flow.paths import Decision
from mlgraph.frontend.locations import warn
from mlgraph.frontend.program import TRACED, OutputKind, Program
from mlgraph.graph import trees
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.effects.to_ir import with_state
from mlgraph.graph.executable import Effects, Executable, OutputTree, Returned
from mlgraph.graph.function_info import FunctionInfo
from mlgraph.graph.guards import Guard
from mlgraph.graph.guards.keras_layers import LayersGuard, keras_layers
from mlgraph.graph.guards.program_guards import modules_guard, program_guards
from mlgraph.graph.guards.python import python_guards
from mlgraph.graph.guards.torch_modules import ModulesGuard
from mlgraph.graph.specialization import Specialization
from mlgraph.options import CompileOptions
from mlgraph.targets.callable import emit
from mlgraph.targets.jit_errors import translate_jit_errors
from mlgraph.targets.kernels import Kernel, Passes
from mlgraph.tools.dump import Dump
from mlgraph.transforms.differentiate_kernel import derivative
from mlgraph.transforms.evaluate import evaluator
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.lower_kernel_to_llvm import lower_kernel
from mlgraph.transforms.narrow_to_half import NarrowToHalfPass
from mlgraph.transforms.narrow_types import wide_values
from mlgraph.transforms.pipelines import Stages, default_pipeline

MAX_NAMED = 4
"""The number of values that a warning about 64-bit types names."""

KERNEL_PASSES = Passes(ExpandMathPass(), ExpandMathPass(common=True), NarrowToHalfPass(), lower_kernel, derivative)
"""The passes that compile a kernel."""

_counter = itertools.count()


@dataclass(frozen=True, kw_only=True)
class CapturedProgram:
    """A program at the ivy stage, with what a specialization needs besides."""

    program: Program
    tree: OutputTree
    passed: tuple[int, ...]
    """The indices of the arrays of a call that `main` takes."""
    source: str
    """The framework from which the program was captured."""
    effects: Effects | None = None
    reads: Sequence[Guard] = ()
    """The guards of values that the function reads without being given them."""
    modules: ModulesGuard | None = None
    outside: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Arrays that the function reaches by variables, with a Python expression for each."""


@dataclass(frozen=True)
class Compiler:
    """The compiler of specializations. It changes neither the user's objects nor a graph."""

    options: CompileOptions

    @property
    def verify(self) -> bool:
        """Return whether the original is run beside each new specialization."""
        return self.options.verify

    @property
    def max_paths(self) -> int:
        """Return the number of paths that calls of one signature may take."""
        return self.options.max_paths

    def specialize(self, info: FunctionInfo, call: BoundCall, decisions: Sequence[Decision] = ()) -> Specialization:
        """Capture the function for a call, run the pipeline and load the emitted source.

        `decisions` are what Python reads of values first, on the path that the call takes.
        """
        for framework in (info.source, info.to):
            load(get(framework).packages[0])
        started = time.perf_counter()
        found = capture(info, call, self.options, evaluator, decisions)
        tracer = found.program.tracer_seconds
        seconds = {"tracer": tracer, "capture": time.perf_counter() - started - tracer}
        return self.lower(info, found.call, _with_guards(info, found), seconds)

    def lower(
        self, info: FunctionInfo, call: BoundCall, captured: CapturedProgram, seconds: dict[str, float]
    ) -> Specialization:
        """Run the pipeline on a captured program and load the emitted source; add the seconds of each to `seconds`."""
        program, options, framework = captured.program, self.options, get(info.to)
        started = time.perf_counter()
        stages, dump = _run_pipeline(info, call, captured, options)
        seconds["transform"] = time.perf_counter() - started
        started = time.perf_counter()
        emitted = emit(program.module, info.to, program.device)
        is_wide = framework.is_narrow and bool(options.x64)
        with framework.wide_types() if is_wide else nullcontext():
            kernels = {name: Kernel(op, info.to, KERNEL_PASSES) for name, op in emitted.kernels.items()}
            dump.kernels(kernels.values())
            place = functools.partial(placed, framework=info.to, device=program.device)
            main = emitted.load(f"<mlgraph {info.name} {next(_counter)}>", place, kernels)
        if options.return_backend_compiled_fn:
            main = framework.compiled(main)
        main = translate_jit_errors(main, stages.first, framework)
        seconds["emit"] = time.perf_counter() - started

        def first_tests(count: int) -> Executable:
            plain = Compiler(replace(options, passes=(), dump_ir=None))
            return plain.lower(info, call, _tests_alone(captured, stages.first, count), {}).executable

        state = None if captured.effects is None else captured.effects.state
        narrow = not framework.is_wide(options.x64)
        modules = [] if captured.modules is None else [captured.modules]
        return Specialization(
            call=call.without_arrays(),
            guards=[*modules, *captured.reads, *program_guards(info, call, program, state, narrow)],
            parameters=program.parameters,
            modules=captured.modules,
            executable=Executable(
                to=info.to,
                main=main,
                function=main_of(program.module),
                program=program,
                tree=captured.tree,
                passed=captured.passed,
                wide=is_wide,
                effects=captured.effects,
                outside=captured.outside,
                first_tests=functools.cache(first_tests) if program.tests else None,
            ),
            source=emitted,
            stages=stages,
            seconds=seconds,
            kernels=list(kernels.values()),
            reached=call.stateful.reached,
            source_framework=captured.source,
            lifted=call.lifted,
            numbers=call.numbers,
        )


def _tests_alone(captured: CapturedProgram, ivy: ModuleOp, count: int) -> CapturedProgram:
    """Return a program that computes the first tests of another, `ivy` after its first stage, and nothing else."""
    module = ivy.clone()
    main = main_of(module)
    last = main.body.block.last_op
    assert last is not None
    own = [spec for spec in captured.program.outputs if spec.kind is not OutputKind.OBJECT]
    pairs = [(value, spec) for value, spec in zip(last.operands, own, strict=True) if spec.kind is OutputKind.TEST]
    for op in [op for op in main.walk() if isinstance(op, SetOp)]:
        op.detach()
        op.erase()
    last.operands = [value for value, _ in pairs[:count]]
    update_type(main)
    outputs = tuple(spec for _, spec in pairs[:count])
    tests = captured.program.tests[:count]
    program = replace(captured.program, module=module, leaves=[], outputs=outputs, tests=tests, raises=None)
    return replace(captured, program=program, tree=OutputTree(trees.flatten(())[1], []))


def _with_guards(info: FunctionInfo, found: Capture) -> CapturedProgram:
    """Return a captured program with its state as operations, and with the guards of what the function reaches."""
    call = found.call
    program, state, left = with_state(found.program, found.session, len(call.arrays))
    tree = OutputTree(found.result, [_returned(leaf, call.roots) for leaf in program.leaves])
    _check_outputs([*tree.leaves, *(leaf for leaf in left if not isinstance(leaf, Slot))])
    named = reachable_weights(info, call)
    held = [value for _, value in named]
    passed = _drop_unused(program, len(call.arrays))
    modules = modules_guard(info, named, program)
    layers = list(keras_layers(held))
    live = {*map(id, weights_below(held)), *map(id, held)}
    return CapturedProgram(
        program=program,
        tree=tree,
        passed=passed,
        source=info.source,
        effects=Effects(state, left) if call.roots else None,
        reads=[*([LayersGuard(layers)] if layers else []), *python_guards(found.reach, info.to, live)],
        modules=modules,
        outside={path.text: array for path, array in found.reach.arrays},
    )


def _check_outputs(leaves: Sequence[Any]) -> None:
    """Raise `UnsupportedOpError` for an object of an unknown class.

    It may hold traced arrays, and must not be taken for a constant.
    """
    values = (bool, int, float, complex, str, bytes, type(None), type(...), type, range, slice, Enum)
    plain = (*values, type(TRACED), Returned)
    for leaf in leaves:
        if not isinstance(leaf, plain) and type(leaf).__module__.partition(".")[0] not in (*PACKAGES, "ml_dtypes"):
            raise UnsupportedOpError(
                f"the function returns an object of class {type(leaf).__name__}",
                why="mlgraph cannot see the arrays inside it",
                fix="return a tuple, list, dict, dataclass or named tuple of arrays",
            )


def _run_pipeline(
    info: FunctionInfo, call: BoundCall, captured: CapturedProgram, options: CompileOptions
) -> tuple[Stages, Dump]:
    """Lower the program in place. Return its stages, and the dump that holds them."""
    to, program = info.to, captured.program
    dump = Dump.open(info.name, options.dump_ir, options.dump_dir)
    narrow = not get(to).is_wide(options.x64)
    is_lifted = bool(call.lifted or call.numbers)
    if narrow and not is_lifted and (names := wide_values(program.module)):
        _warn_narrow(info.name, names)
    pipeline = default_pipeline(
        to,
        array_caching=options.array_caching,
        include_generators=options.include_generators,
        passes=options.passes,
        narrow=narrow,
        fuse=options.kernels(to),
        fast_math=options.fast_math,
        inputs=captured.passed,
        outputs=program.outputs,
        exact=captured.source == to,
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
    listed = ", ".join(values[:MAX_NAMED]) + (f" and {len(values) - MAX_NAMED} more" if len(values) > MAX_NAMED else "")
    warn(
        f"jax runs without 64-bit types: in {name} {listed} become 32-bit; compile with x64=True to keep them",
        PrecisionWarning,
    )


def _returned(leaf: Any, roots: Sequence[Any]) -> Any:
    """Return `Returned` for a stateful object of the call, which comes back as the caller's own."""
    return next((Returned(i) for i, root in enumerate(roots) if root is leaf), leaf)


def _drop_unused(program: Program, inputs: int) -> tuple[int, ...]:
    """Erase the arguments of `main` that it neither uses nor writes; return the indices of the others."""
    main = main_of(program.module)
    written = program.targets(OutputKind.INPUT)
    arguments = list(main.body.block.args)[:inputs]
    passed = [i for i, a in enumerate(arguments) if a.uses.get_length() or i in written]
    for i, argument in enumerate(arguments):
        if i not in passed:
            main.body.block.erase_arg(argument)
    update_type(main)
    return tuple(passed)
