"""The capture of a function: it is traced by its framework's frontend until it writes to stateful objects alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from mlgraph.errors import (
    CaptureError,
    DataDependentControlFlowError,
    MlgraphError,
    OutsideWriteError,
    UnsupportedOpError,
)
from mlgraph.frameworks import CPU, get
from mlgraph.frameworks.arrays import concrete, convert, device_of
from mlgraph.frameworks.inspection import catches_errors
from mlgraph.frontend.control_flow.conversions import Conversions
from mlgraph.frontend.control_flow.paths import Decision, Evaluate, PathRecorder
from mlgraph.frontend.locations import user_line
from mlgraph.frontend.program import Adapt, Memory, OutputKind, Program, Request
from mlgraph.graph.bound_call import BoundCall, flatten_call, identifiers, to_args_kwargs, unique
from mlgraph.graph.effects import ObjectSession, flatten_result
from mlgraph.graph.effects.generators import generators_of
from mlgraph.graph.effects.module_attributes import attributes_restored
from mlgraph.graph.effects.reach import Reach
from mlgraph.graph.effects.reach_walk import reach_of
from mlgraph.graph.effects.snapshot import Snapshot
from mlgraph.graph.effects.weights import weights_of
from mlgraph.graph.function_info import FunctionInfo
from mlgraph.graph.writes import check_separate
from mlgraph.options import CompileOptions

MAX_ROUNDS = 50
"""The most traces of a function: one finds all that the function writes to, except what other writes hide."""


@dataclass(frozen=True, kw_only=True)
class Capture:
    """A traced function, and what was recorded while it was traced."""

    program: Program
    call: BoundCall
    """The call, with all objects that the function writes to among its stateful ones."""
    session: ObjectSession
    reach: Reach
    result: Any
    """The structure of what the function returns."""


def capture(
    info: FunctionInfo,
    call: BoundCall,
    options: CompileOptions,
    evaluator: Callable[[Mapping[Any, Any]], Evaluate] | None = None,
    decisions: Sequence[Decision] = (),
) -> Capture:
    """Trace a function; where Python must know values that it can't, trace the one path of the call.

    That path begins with `decisions`, and goes on as `evaluator` finds for the example inputs. Raise
    `UnsupportedOpError` if the function writes to other objects in each trace, or any error of the frontend.
    """
    if decisions:
        return _capture_path(info, call, options, PathRecorder(decisions, evaluator))
    try:
        return _capture(info, call, options)
    except DataDependentControlFlowError as error:
        refused = error.__cause__ if isinstance(error.__cause__, UnsupportedOpError) else error
        if call.lifted or call.numbers or not options.max_paths:  # a number that decides is no input
            raise refused from refused.__cause__
    try:
        return _capture_path(info, call, options, PathRecorder((), evaluator))
    except DataDependentControlFlowError:
        raise refused from refused.__cause__


def _capture_path(info: FunctionInfo, call: BoundCall, options: CompileOptions, paths: PathRecorder) -> Capture:
    """Trace one path of a function, to its end or to the line that raises an error of the user's."""
    try:
        return _capture(info, call, options, paths)
    except CaptureError as error:
        if paths.eager_error is None or type(paths.eager_error) is not type(error.__cause__):
            raise
        paths.raises = paths.eager_error
    return _capture(info, call, options, paths)


def _capture(
    info: FunctionInfo, call: BoundCall, options: CompileOptions, paths: PathRecorder | None = None
) -> Capture:
    """Trace a function until it writes to stateful objects alone: what it wrote to is one in the next round."""
    named = reachable_weights(info, call)
    conversions = Conversions()
    refused: DataDependentControlFlowError | None = None
    for _ in range(MAX_ROUNDS):
        one = _Round(info, call, options, named, paths)
        try:
            with conversions.applied():
                program = one.trace()
        except DataDependentControlFlowError as error:
            refused = error
            number_decides = bool(call.lifted or call.numbers)  # it is no input then
            if paths is not None or number_decides or not conversions.extend(error):
                raise conversions.explained(error) from error.__cause__
            continue
        except (CaptureError, UnsupportedOpError) as error:
            if refused is None:
                raise
            raise refused from error  # the converted code fails, and the code itself may not
        if program is not None:
            return Capture(program=program, call=call, session=one.session, reach=one.reach, result=one.result)
        call = call.reaching((*call.stateful.reached, *one.snapshot.changed.values()))
    raise UnsupportedOpError(
        f"{info.name} writes to other objects each time that it is traced, last to {call.stateful.reached[-1][0]}",
        fix="pass the objects as arguments, or return what is new",
    )


class _Round:
    """One trace of a function, with the stateful objects that are known so far."""

    def __init__(
        self,
        info: FunctionInfo,
        call: BoundCall,
        options: CompileOptions,
        named: Sequence[tuple[str, Any]],
        paths: PathRecorder | None,
    ) -> None:
        """`named` are the modules and arrays that the function may use beside its inputs."""
        self.info, self.call, self.options, self.named, self.paths = info, call, options, named, paths
        names = call.root_names(list(info.signature.parameters))
        self.session = ObjectSession(names, call.roots, (info.source, info.to), call.numbers)
        modules = [value for _, value in named]
        self.reach = reach_of(info.function, modules, self.session.containers, call.stateful.variables)
        self.snapshot = Snapshot(self.reach, info.source)
        self.result: Any = None
        """The structure of the last result: a frontend may call the function several times."""

    def trace(self) -> Program | None:
        """Return the program; None if the function wrote to other objects, which `snapshot.changed` then holds."""
        program = None
        try:
            program = self._import()
        except MlgraphError as error:
            if isinstance(error, OutsideWriteError):
                self.snapshot.note_written(error.arrays)
            self.snapshot.check()
            if not self.snapshot.changed:
                raise
        self.snapshot.check()
        return None if self.snapshot.changed else program

    def _import(self) -> Program:
        """Return the function as a program: the frontend's, with devices, once its writes are found to be separate."""
        info, call, session = self.info, self.call, self.session
        given = (*call.arrays, *session.arrays.values())
        names = self._names()
        program = _run_frontend(info.source, self._request(given, names), info.name)
        inputs = len(call.arrays)
        held = {Memory("object", path.text(session.names)): array for path, array in session.arrays.items()}
        memory: dict[Memory, Any] = dict(zip([*(Memory("input", i) for i in range(inputs)), *held], given))
        written: dict[Memory, Any] = {list(memory)[i]: given[i] for i in program.targets(OutputKind.INPUT)}
        check_separate(written, memory, dict(enumerate(names)))
        if self.paths is not None:
            program.tests, program.raises = tuple(self.paths.tests), self.paths.raises
        if get(info.to).has_devices:
            program.inputs = tuple(replace(i, device=device_of(a)) for i, a in zip(program.inputs, given, strict=True))
            program.device = _device(program)
        return program

    def _names(self) -> list[str]:
        """Return a readable name for each input, then for each array of a stateful object."""
        accessors = self.call.accessors(list(self.info.signature.parameters))
        own = [name for name, flag in zip(accessors, self.call.is_array) if flag]
        return identifiers([*own, *(path.text(self.session.names) for path in self.session.arrays)])

    def _request(self, given: Sequence[Any], names: Sequence[str]) -> Request:
        info, options = self.info, self.options
        sizes_are_free = get(info.source).traces_errors or not catches_errors(info.function)
        outside = [(path.text, array) for path, array in self.reach.arrays] if info.to == info.source else []
        return Request(
            function=self._flat_function(),
            arrays=[convert(concrete(array, info.source), info.source) for array in given],
            names=names,
            target=info.function,
            named=self.named,
            generators=generators_of(info.function, static_arguments(info, self.call)),
            dynamic=options.dynamic and sizes_are_free,
            include_generators=options.include_generators,
            outside=outside,
            paths=self.paths,
        )

    def _flat_function(self) -> Callable[..., list[Any]]:
        """Return the function from traced arrays to the leaves of its result, then the new values in objects."""
        info, call, paths = self.info, self.call, self.paths
        inputs = len(call.arrays)
        modules = [value for _, value in self.named]

        def flat(*traced: Any, adapt: Adapt = lambda function: function) -> list[Any]:
            def function() -> Any:
                if paths is None:
                    return _traced_call(info, call, adapt(info.original), traced[:inputs])
                paths.begin()
                try:
                    return _traced_call(info, call, adapt(info.original), traced[:inputs])
                except Exception as error:
                    if type(error) is not type(paths.raises):
                        raise
                    return flatten_result(None, call.roots)

            with self.snapshot.undone(), attributes_restored(modules, call.roots, self.snapshot.changed):
                (leaves, self.result), left = self.session.run(traced[inputs:], function)
            return leaves + left

        return flat


def static_arguments(info: FunctionInfo, call: BoundCall) -> list[tuple[str, Any]]:
    """Return the arguments that are no arrays, under the Python that reaches them."""
    accessors = call.accessors(list(info.signature.parameters))
    return list(zip([name for name, flag in zip(accessors, call.is_array) if not flag], call.static))


def reachable_weights(info: FunctionInfo, call: BoundCall) -> list[tuple[str, Any]]:
    """Return the modules and arrays that the function may use beside its inputs, under unique names."""
    found = weights_of(info.function, static_arguments(info, call))
    names = unique(name for name, _ in found)
    return [(name, value) for name, (_, value) in zip(names, found)]


def _traced_call(
    info: FunctionInfo, call: BoundCall, original: Callable[..., Any], traced: Sequence[Any]
) -> tuple[list[Any], Any]:
    """Return the leaves of what the user's function returns for traced arrays, and their structure."""
    values = call.rebuild(traced)
    positional, keyword = to_args_kwargs(info.signature, values)
    result = flatten_result(original(*positional, **keyword), call.roots)
    after = flatten_call(info.signature, values, call.stateful)
    given = zip(traced, (i for i, flag in enumerate(call.is_array) if flag))
    if after.spec != call.spec or any(after.leaves[i] is not leaf for leaf, i in given if i not in call.lifted):
        raise UnsupportedOpError(
            f"{info.name} changes a list, dict or dataclass that it is given",
            why="a call of the graph would leave the caller's as it is",
            fix="change a copy, or name the argument in arg_stateful_idxs, as [[0]]",
        )
    return result


def _run_frontend(source: str, request: Request, name: str) -> Program:
    """Capture with the frontend of `source`; raise a `CaptureError` for any error that is not mlgraph's."""
    try:
        return import_module(get(source).frontend).capture(request)
    except MlgraphError:
        raise
    except Exception as error:
        where = user_line(error)
        what = f"{name} raises" if where else f"{name} cannot be captured:"
        raise CaptureError(f"{what} {type(error).__name__}: {error}", where=where) from error


def _device(program: Program) -> str:
    """Return where torch computes a program: on the GPU that an input or a weight is on, else on the CPU."""
    found = [*(i.device for i in program.inputs if i.used), *map(device_of, program.parameters.values())]
    return next((device for device in found if device and device != CPU), CPU)
