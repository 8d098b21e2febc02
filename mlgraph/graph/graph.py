"""`Graph` and `LazyGraph`: what `compile` returns."""

import copy
import functools
import logging
import operator
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path as FilePath
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, overload

from typing_extensions import ParamSpec

from mlgraph.errors import (
    CaptureError,
    InputError,
    MlgraphError,
    NotCapturedError,
    TooManyPathsError,
    UnknownStageError,
    nearest,
)
from mlgraph.frameworks import framework_of, get, neutral
from mlgraph.frameworks.arrays import convert, has_unknown_sizes
from mlgraph.frameworks.detect import source_of, target_of
from mlgraph.frontend.control_flow.paths import Decision, PathTest
from mlgraph.graph.bound_call import BoundCall, flatten_call, to_args_kwargs
from mlgraph.graph.effects import NO_STATE, StatefulArguments, arrays_below
from mlgraph.graph.executable import GraphState
from mlgraph.graph.function_info import FunctionInfo, callable_of, name_of
from mlgraph.graph.gc_pause import infrequent_gc
from mlgraph.graph.guards.codegen import binder, generate
from mlgraph.graph.module_patching import is_forward
from mlgraph.graph.paths import OtherPath, Path, RaisingPath
from mlgraph.graph.specialization import Specialization

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from mlgraph.targets.kernels import Kernel

T = TypeVar("T")
P = ParamSpec("P", default=...)

logger = logging.getLogger("mlgraph.recompiles")

_capture_lock = threading.RLock()
"""The lock that allows one capture at a time, since the frameworks' tracers share state between threads."""
_capturing: ContextVar[str | None] = ContextVar("capturing", default=None)
"""The framework whose tracer is running in this thread."""


class CacheInfo(NamedTuple):
    """The number of captures of a graph, and of specializations that it holds."""

    captures: int
    specializations: int


class Specializer(Protocol):
    """A compiler of specializations: `driver.Compiler`, or its substitute in a loaded graph."""

    @property
    def verify(self) -> bool:
        """Return whether the original is run beside each new specialization."""
        ...

    @property
    def max_paths(self) -> int:
        """Return the number of paths that calls of one signature may take."""
        ...

    def specialize(self, info: FunctionInfo, call: BoundCall, decisions: Sequence[Decision] = ()) -> Specialization:
        """Return a specialization for a call, and change neither the user's objects nor the graph.

        `decisions` are what Python reads of values first, where another path found it.
        """
        ...


def _unconverted(code: T) -> T:
    """Exempt a class or a method from TensorFlow's AutoGraph, which then runs it unchanged inside `tf.function`."""
    setattr(code, "autograph_info__", {})  # noqa: B010
    return code


@_unconverted
class Graph(Generic[P]):
    """A compiled function: a callable with the parameters `P` of the function it was made from, and arrays of `to`.

    It holds one specialization for each structure, element type, rank and Python value that it was called with. Sizes
    are dynamic, except those that the capture had to fix. A call that fits no specialization triggers a new capture,
    and the logger `mlgraph.recompiles` says which argument changed.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> "Graph":
        """Return a graph with a class of its own, whose `__call__` is the generated function without another frame."""
        return super().__new__(type(cls.__name__, (cls,), {"__module__": cls.__module__, "__doc__": cls.__doc__}))  # pyright: ignore[reportArgumentType]

    def __init__(
        self,
        function: Any,
        to: str | None,
        compiler: Specializer,
        stateful: StatefulArguments = NO_STATE,
    ) -> None:
        self.function = function
        """The object that was compiled."""
        self.original, self.signature = callable_of(function)
        self.name = name_of(function)
        self._state = GraphState()
        self._to = to
        self._compiler = compiler
        self._stateful = stateful
        self._bind = binder(self.name, self.signature)
        self._specializations: list[Specialization] = []
        self._captures = 0
        self._last_path: Specialization | None = None
        """The path that the last call took, of the specializations that are for one path."""
        self._in_a_row = 0
        """The number of calls in a row that took it."""
        self._quick_path: Specialization | None = None
        """The path that the generated entry function tries."""
        self._patience = 3
        """The number of calls in a row after which it tries another, twice as many each time."""
        self._fixed: list[Any] = []
        """Keys of lifted numbers whose values the function depends on."""
        self._written_for: str | None = None
        self._attribute = self.name
        self._of_classes: dict[type, Graph] = {}
        self._regenerate()
        named: Any = function if hasattr(function, "__name__") else function.__class__
        functools.update_wrapper(self, named, updated=())
        self.__signature__ = self.signature

    @property
    def params(self) -> dict[str, Any]:
        """The weights by their `state_dict()` name, arrays of the target. Assign an item to change a weight."""
        if self._specializations:
            self._refresh_weights(self._specializations[0])
        return self._state.params

    @property
    def to(self) -> str:
        """The target; if `compile` was given none, the framework of the first call's arrays."""
        if self._to is None:
            raise NotCapturedError(
                f"{self.name} has no target yet", fix="call the graph once, or say `to` when you compile it"
            )
        return self._to

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, *args: Any, rng: Any, **kwargs: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the specialization that fits the arguments; capture one if there is none."""
        return self._call_slowly(self._bind(*args, **kwargs))

    def __get__(self, instance: Any, owner: type | None = None) -> "Graph":
        """Return the bound graph of a compiled method: each instance has a graph of its own, with its weights.

        So has each class of a class method.
        """
        if instance is None or not isinstance(self.function, FunctionType):
            return self
        if isinstance(instance, type) and instance in self._of_classes:
            return self._of_classes[instance]
        method = MethodType(self.function, instance)
        bound = LazyGraph(method, self._to, self._compiler, self._stateful.owned(method))
        if isinstance(instance, type):
            self._of_classes[instance] = bound
        elif hasattr(instance, "__dict__"):
            vars(instance)[self._attribute] = bound
        return bound

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Capture for this call without running it."""
        self._find_or_capture(self._call(self._bind(*args, **kwargs)))

    # The newest specialization

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages that `ir` knows, in order."""
        return tuple(self._latest("stages").stages)

    def ir(self, stage: str | None = None) -> "ModuleOp":
        """Return a copy of the newest specialization's module after `stage`, by default the last.

        Raise `NotCapturedError` before the first call of a lazy graph, and `UnknownStageError` (a `KeyError`) for an
        unknown stage.
        """
        stages = self._latest("ir").stages
        if stage is not None and stage not in stages:
            what = f"no stage is called {stage!r}, there are {', '.join(stages)}"
            raise UnknownStageError(what, fix=nearest(stage, stages))
        return stages[list(stages)[-1] if stage is None else stage]

    @property
    def source(self) -> str:
        """The emitted Python of the newest specialization."""
        return self._latest("source").source.text

    @property
    def kernels(self) -> "tuple[Kernel, ...]":
        """The fused loops of the newest specialization; each has `source`, `llvm` and `asm`."""
        return tuple(self._latest("kernels").kernels)

    def cache_info(self) -> CacheInfo:
        """Return the number of captures of this graph, and of specializations that it holds."""
        return CacheInfo(self._captures, len(self._specializations))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The captured paths through a function whose control flow depends on values, oldest first.

        It's empty for a function that is captured as a whole. `str` of a path lists what Python read on it, and where.
        """
        found = [s.executable.program for s in reversed(self._specializations) if s.tests]
        return tuple(Path(program.tests, program.raises) for program in found)

    def timings(self) -> dict[str, float]:
        """Return the seconds of the newest capture by step: `tracer`, `capture` (import), `transform` and `emit`."""
        return dict(self._latest("timings").seconds)

    @_unconverted
    def apply(self, params: dict[str, Any], *args: Any, rng: Any = None, **kwargs: Any) -> Any:
        """Return the result as a pure function of weights and inputs, which the target's autodiff can differentiate.

        State is not written. If the function has new values of buffers, of inputs that it writes in place or of other
        state, they are returned as a second result, a dict; an input has the name that it has in `source`.
        `rng` is a source of random numbers of the target (a `torch.Generator`, a jax key, a tensorflow seed, a numpy
        `Generator`) or an integer seed; a call of the graph takes it too, as in `graph(x, rng=key)`.
        """
        call = self._call(self._bind(*args, **kwargs))
        try:
            return self._on_path(call, lambda found, trusted: found.pure(params, rng, call, trusted))
        except RaisingPath as path:
            return self._raise(path, call)

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Compare the graph with the original, on these inputs and on perturbed ones; undo all writes of either.

        Raise `CheckError` with the output that differs and by how much, `InputError` if random numbers are drawn.
        """
        from mlgraph.tools.check import check

        call = self._call(self._bind(*args, **kwargs))
        self._on_path(call, lambda found, trusted: check(self.info(call), call, found, self.params, trusted))

    def save(self, path: str | FilePath) -> FilePath:
        """Write this graph to one file, for `mlgraph.load`, and return its path.

        Missing parent folders are created. If `path` is an existing folder, the file in it is named after the function,
        `name.mlgraph`. The file is a zip of IR text, arrays and JSON; it replaces an existing file only when it is
        complete. Raise `NotCapturedError` before the first call, `UnsupportedOpError` for what a file cannot hold
        (stateful objects, arguments of the user's own classes), `FileError` if the file cannot be written.
        """
        from mlgraph.serialize.save import save

        return save(self, path)

    def seed(self, n: int) -> None:
        """Seed this graph's random numbers with `n`. Raise `InputError` if the target does not accept the seed."""
        to = self.to
        try:
            self._state.random = get(to).source(operator.index(n))
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise InputError(f"{to} takes no seed {n!r}: {error}", fix="give a small positive integer") from error

    def show(self, path: str | FilePath | None = None) -> FilePath:
        """Write a picture of the dataflow (`.svg`) or a page with the IR of every stage (`.html`), and return its path.

        Without a path, the page is named after the function and written to the current directory.
        """
        from mlgraph.tools.show import write

        return write(self, path or FilePath(f"{self.name}.html").name)

    # Calls that the generated function passes on

    def _call_slowly(self, values: tuple[Any, ...]) -> Any:
        """Run the specialization that fits, after a capture if there is none.

        The original function runs instead if the call comes from another capture, or from `tf.function` with unknown
        sizes.
        """
        call = self._call(values)
        if self._is_traced(call):
            positional, keyword = to_args_kwargs(self.signature, values)
            return self.original(*positional, **keyword)
        try:
            return self._on_path(call, lambda found, trusted: found.run(self._state, call, trusted))
        except RaisingPath as path:
            return self._raise(path, call)

    def _on_path(self, call: BoundCall, run: Callable[[Specialization, int], T]) -> T:
        """Return what `run` returns for the specialization that fits a call, on the path that the call takes.

        `run` is given a specialization and how many of its tests are known to hold. The last path is tried first. Where
        a test fails, the path with the same decisions up to there is tried, or captured if it is new.
        """
        decisions: tuple[Decision, ...] = ()
        test = None
        while True:
            try:
                found = self._find_or_capture(call, decisions, test)
                result = run(found, len(decisions))
            except OtherPath as other:
                decisions, test = other.decisions, other.test
                continue
            if found.tests:
                self._note_path(found)
            return result

    def _note_path(self, path: Specialization) -> None:
        """Note that a call took a path; the generated entry function tries one that several took in a row."""
        if path is not self._last_path:
            self._last_path, self._in_a_row = path, 0
        self._in_a_row += 1
        if self._in_a_row >= self._patience and path.is_quick and path is not self._quick_path:
            with _capture_lock:
                self._quick_path, self._patience = path, 2 * self._patience
                self._regenerate()

    def _raise(self, path: RaisingPath, call: BoundCall) -> Any:
        """Run the original function, which raises an error on the path of a call."""
        info = self.info(call)
        values = call.rebuild([convert(array, info.source) for array in call.arrays])
        positional, keyword = to_args_kwargs(self.signature, values)
        self.original(*positional, **keyword)
        raise CaptureError(
            f"{self.name} raises {type(path.error).__name__}: {path.error} at capture alone"
        ) from path.error

    def _is_traced(self, call: BoundCall) -> bool:
        """Return whether the call comes from a tracer that must see the function's own operations."""
        tracing = _capturing.get()
        if tracing is not None and any(framework_of(a) == tracing for a in call.arrays):
            return True
        to = self._to
        unknown = to is not None and get(to).has_tensor_sizes and any(map(has_unknown_sizes, call.arrays))
        return unknown and self.info(call).source == to

    def _run_with_rng(self, rng: Any, values: tuple[Any, ...]) -> Any:
        """Run the specialization that fits, with random numbers from `rng` instead of the graph's own stream."""
        call = self._call(values)
        state = replace(self._state, given=rng)

        def run(found: Specialization, trusted: int) -> Any:
            if not found.executable.draws and not found.tests:
                raise InputError(f"{self.name} draws no random numbers", fix="leave out rng")
            return found.run(state, call, trusted)

        try:
            return self._on_path(call, run)
        except RaisingPath as path:
            return self._raise(path, call)

    def _call(self, values: tuple[Any, ...]) -> BoundCall:
        call = flatten_call(self.signature, values, self._stateful)
        source = self._source(call)
        return call.with_sorted_keys() if source is not None and get(source).sorts_keys else call

    def _find_or_capture(
        self, call: BoundCall, decisions: Sequence[Decision] = (), test: PathTest | None = None
    ) -> Specialization:
        """Return the specialization for a call of these first decisions, after a capture if there is none.

        The last decision is what `test` of another path found.
        """
        found = self._find(call, decisions)
        if found is None:
            with _capture_lock:
                found = self._find(call, decisions) or self._capture(call, decisions, test)
        self._refresh_weights(found)
        return found

    def _find(self, call: BoundCall, decisions: Sequence[Decision] = ()) -> Specialization | None:
        """Return a specialization that fits a call and these first decisions, the last path before others."""
        last = self._last_path
        known = self._specializations if last is None else (last, *self._specializations)
        return next((s for s in known if s.agrees(decisions) and s.failure(call) is None), None)

    def _refresh_weights(self, specialization: Specialization, is_new: bool = False) -> None:
        """Adopt the weights that the function's modules hold now."""
        modules = specialization.modules
        if modules is not None and modules.is_same():
            return
        new = specialization.new_weights(self._state)
        if new:
            replaced = [name for name in new if name in self._state.params]
            if replaced and self._written_for != self._to and not is_new:
                logger.warning("%s takes new weights: %s was replaced", self.name, replaced[0])
            self._state.take(new, specialization.placed(new))
            for other in self._specializations:
                if other.modules is not None:
                    other.modules.forget()
        if modules is not None:
            modules.renew()

    def _capture(
        self, call: BoundCall, decisions: Sequence[Decision] = (), test: PathTest | None = None
    ) -> Specialization:
        if self._to is None:
            self._to = target_of(self.function, [*call.leaves, *arrays_below(call.roots)]) or neutral().name
        if test is None:
            self._log_recompile(call)
        else:
            self._log_path(call, test, decisions[-1])
        if self._specializations:  # what the function writes to is known
            call = call.reaching(self._specializations[0].reached)
        info = self.info(call)
        token = _capturing.set(info.source)
        try:
            with infrequent_gc():
                lifted = self._capture_lifted(info, call) if test is None else None
                specialization = lifted or self._compiler.specialize(info, call, decisions)
                if self._compiler.verify:
                    self._verify(info, call, specialization, len(decisions))
        finally:
            _capturing.reset(token)
        self._written_for = info.source
        self._captures += 1
        self.add(specialization)
        return specialization

    def _capture_lifted(self, info: FunctionInfo, call: BoundCall) -> Specialization | None:
        """Return a specialization whose inputs include the numbers that differ; None if their values decide."""
        for known in self._specializations:
            if (lifted := known.lifting(call)) is None or (
                key := (lifted.spec, lifted.lifted, lifted.numbers)
            ) in self._fixed:
                continue
            try:
                return self._compiler.specialize(info, lifted)
            except MlgraphError:
                self._fixed.append(key)
        return None

    def _verify(self, info: FunctionInfo, call: BoundCall, specialization: Specialization, trusted: int) -> None:
        from mlgraph.tools.check import check

        new = specialization.placed(specialization.new_weights(self._state))
        check(info, call, specialization, {**self._state.params, **new}, trusted)

    def add(self, specialization: Specialization) -> None:
        """Add a specialization as the newest, with its new weights."""
        for name in self._forget_changed(specialization):
            self._state.params.pop(name, None)
        self._specializations.insert(0, specialization)
        self._refresh_weights(specialization, is_new=True)
        self._regenerate()

    def _forget_changed(self, specialization: Specialization) -> set[str]:
        """Drop specializations that hold other arrays or elements under the names of a new one; return these names."""
        known, new = self._state.versions, specialization.versions()
        changed = {name for name in new if name in known and new[name] != known[name]}
        kept = [s for s in self._specializations if not changed & s.versions().keys()]
        if changed:
            self._last_path = self._quick_path = None
        self._specializations[:] = kept
        known.update(new)
        return changed

    def specializations(self) -> tuple[Specialization, ...]:
        """Return the specializations, oldest first. Raise `NotCapturedError` if there is none yet."""
        self._latest("specializations")
        return tuple(reversed(self._specializations))

    def info(self, call: BoundCall | None = None) -> FunctionInfo:
        """Return the function with its frameworks; the first call determines the one for which it is written."""
        source = self._source(call)
        return FunctionInfo(
            function=self.function,
            original=self.original,
            signature=self.signature,
            name=self.name,
            source=source or self.to,
            to=self.to,
        )

    def _source(self, call: BoundCall | None = None) -> str | None:
        """Return the framework for which the function is written, None if it is not known."""
        if self._written_for is not None or call is None:
            return self._written_for
        return source_of(self.function, [*call.leaves, *arrays_below(call.roots)])

    def _log_recompile(self, call: BoundCall) -> None:
        """Log which argument changed, compared with the nearest specialization."""
        found = [s.failure(call) for s in self._specializations]
        if found:
            nearest = max((d for d in found if d is not None), key=lambda d: d.depth)
            logger.warning("%s is captured anew: %s", self.name, nearest.text)

    def _log_path(self, call: BoundCall, test: PathTest, found: Decision) -> None:
        """Log that a call takes a new path. Raise `TooManyPathsError` if there are `max_paths` for it already."""
        known = sum(1 for s in self._specializations if s.tests and s.failure(call) is None)
        if known >= self._compiler.max_paths:
            raise TooManyPathsError(
                f"calls of {self.name} take more than {known} paths; here {test.what} is {found!r}",
                where=test.line,
                why="each value that Python reads of an array makes a path of its own",
                fix="compute with arrays there, pass the value as an argument, or give compile a larger max_paths",
            )
        logger.warning("%s takes another path: %s, now %r", self.name, test, found)

    def _regenerate(self) -> None:
        known = [s for s in self._specializations if not s.tests or s is self._quick_path]
        quick = [s.entry(self._state) for s in known if s.is_quick]
        draws = not self._specializations or any(s.executable.draws for s in self._specializations)
        draw = self._run_with_rng if draws else None
        target = neutral() if self._to is None else get(self._to)
        entry = generate(self.name, self.signature, target, quick, self._call_slowly, draw)
        type(self).__call__ = staticmethod(entry)  # type: ignore[method-assign]

    def _latest(self, what: str) -> Specialization:
        if not self._specializations:
            raise NotCapturedError(
                f"`{what}` needs a capture, and {self.name} has not been called yet",
                fix="call the graph once, or give `args` to compile",
            )
        return self._specializations[0]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Graph":
        """Return a graph of the copied function, without specializations. Its module is copied with it."""
        cls: Any = type(self).__base__
        new: Graph = cls.__new__(cls)
        memo[id(self)] = new
        vars(new).update(vars(self))
        new.function = copy.deepcopy(self.function, memo)
        new.original = rebound(self.original, self.function, new.function)
        new._state, new._specializations, new._captures = GraphState(), [], 0
        new._last_path = new._quick_path = None
        new._regenerate()
        return new

    def __copy__(self) -> "Graph":
        """Return a graph of the same function without specializations."""
        return copy.deepcopy(self, {id(self.function): self.function})

    def __reduce__(self) -> Any:
        if is_forward(self, self.function):
            return getattr, (self.function, self.original.__name__)  # a module is pickled without its compiled forward
        raise TypeError("a graph cannot be pickled; save the function, or use graph.save and mlgraph.load")

    def __repr__(self) -> str:
        state = f"{len(self._specializations)} specialization(s)" if self._specializations else "not captured yet"
        return f"<{type(self).__name__} of {self.name} to {self._to or 'the framework of its inputs'}, {state}>"

    def _repr_html_(self) -> str:
        from mlgraph.tools.show import html

        return html(self)


class LazyGraph(Graph[P]):
    """A graph that captures at its first call."""


def rebound(original: Any, old: Any, new: Any) -> Any:
    """Return `original`, which is `old` or a method of `old`, for `new`."""
    if original is old:
        return new
    return MethodType(original.__func__, new) if getattr(original, "__self__", None) is old else original
