"""The compiler of a specialization: frontend, pipeline and target. It is the only module that knows all three."""

import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mlgraph.capture import capture, reachable_weights
from mlgraph.dialects.functions import main_of, update_type
from mlgraph.dialects.stateful import Slot
from mlgraph.errors import PassError, PrecisionWarning, UnsupportedOpError
from mlgraph.frameworks import PACKAGES, get
from mlgraph.frameworks.arrays import placed
from mlgraph.frameworks.imports import load
from mlgraph.frameworks.modules import weights_below
from mlgraph.frontend.locations import warn
from mlgraph.frontend.program import TRACED, OutputKind, Program
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
from mlgraph.targets.kernels import Kernel, Passes
from mlgraph.targets.staged import explained
from mlgraph.tools.dump import Dump
from mlgraph.transforms.differentiate_kernel import derivative
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.lower_kernel_to_llvm import lower_kernel
from mlgraph.transforms.narrow_halves import NarrowHalvesPass
from mlgraph.transforms.narrow_types import wide_values
from mlgraph.transforms.pipelines import Stages, default_pipeline

MAX_NAMED = 4
"""The number of values that a warning about 64-bit types names."""

KERNEL_PASSES = Passes(ExpandMathPass(), ExpandMathPass(common=True), NarrowHalvesPass(), lower_kernel, derivative)
"""The passes that compile a kernel."""

_counter = itertools.count()


@dataclass(frozen=True)
class Compiler:
    """The compiler of specializations. It changes neither the user's objects nor a graph."""

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
        found = capture(info, call, self.options)
        program, call = found.program, found.call
        seconds = {"tracer": program.tracer_seconds, "capture": time.perf_counter() - started - program.tracer_seconds}
        program, state, left = with_state(program, found.session, len(call.arrays))
        tree = OutputTree(found.result, [_returned(leaf, call.roots) for leaf in program.leaves])
        _check_outputs([*tree.leaves, *(leaf for leaf in left if not isinstance(leaf, Slot))])
        passed = _drop_unused(program, len(call.arrays))
        effects = Effects(state, left) if call.roots else None
        named = reachable_weights(info, call)
        modules = modules_guard(info, named, program)
        held = [value for _, value in named]
        layers = list(keras_layers(held))
        live = {*map(id, weights_below(held)), *map(id, held)}
        reads = [*([LayersGuard(layers)] if layers else []), *python_guards(found.reach, info.to, live)]
        outside = {path.text: array for path, array in found.reach.arrays}
        return self.lower(info, call, program, tree, passed, seconds, effects, reads, modules, outside)

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
        main = explained(main, stages.first, framework)
        seconds["emit"] = time.perf_counter() - started
        function = main_of(program.module)
        return Specialization(
            call=call.without_arrays(),
            guards=[
                *([] if modules is None else [modules]),
                *reads,
                *program_guards(info, call, program, None if effects is None else effects.state, narrow),
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
            reached=call.stateful.reached,
            source_framework=source,
            lifted=call.lifted,
            numbers=call.numbers,
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
