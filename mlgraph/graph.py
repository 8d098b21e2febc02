"""`Graph` and `LazyGraph`: what `compile` returns."""

# pyright: basic
import copy
import functools
import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mlgraph import signature as sig
from mlgraph.call import Call, spread, take_apart
from mlgraph.collector import collecting_rarely
from mlgraph.errors import NotCapturedError
from mlgraph.objects import callable_of, name_of, source_of, target_of
from mlgraph.specialisation import Specialisation
from mlgraph.state import NO_STATE, Plan, arrays_below
from mlgraph.targets.arrays import framework_of

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from mlgraph.targets.kernels import Kernel

T = TypeVar("T")

logger = logging.getLogger("mlgraph.recompiles")

_capture_lock = threading.RLock()
"""One capture at a time: the frameworks' tracers share state between threads."""
_capturing: ContextVar[str | None] = ContextVar("capturing", default=None)
"""The framework whose tracer runs now, in this thread."""


class CacheInfo(NamedTuple):
    """How often a graph was captured, and how many specialisations it holds."""

    captures: int
    specialisations: int


def _unconverted(code: T) -> T:
    """Mark a class or a method for TensorFlow's AutoGraph, which then runs it as it is inside `tf.function`."""
    setattr(code, "autograph_info__", {})  # noqa: B010
    return code


@_unconverted
class Graph:
    """A compiled function: a callable of arrays of `to`, with the signature of the function it was made from.

    It holds one specialisation for each structure, element type, rank and Python value that it was called with; sizes
    are free but for those that capture had to fix. A call that fits none captures anew, and one line of the logger
    `mlgraph.recompiles` says which argument changed.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> "Graph":
        """A graph has a class of its own, whose `__call__` is the generated check: no frame stands between."""
        return super().__new__(type(cls.__name__, (cls,), {"__module__": cls.__module__, "__doc__": cls.__doc__}))  # pyright: ignore[reportArgumentType]

    def __init__(
        self,
        function: Any,
        to: str | None,
        capture: Callable[["Graph", Call, str], Specialisation],
        plan: Plan = NO_STATE,
    ) -> None:
        self.function = function
        """The object that was compiled."""
        self.original, self.signature = callable_of(function)
        self.name = name_of(function)
        self.params: dict[str, Any] = {}
        """The weights by their `state_dict()` name, arrays of the target. Assign an item to change a weight."""
        self._to = to
        self._capture = capture
        self._plan = plan
        self._bind = sig.binder(self.name, self.signature)
        self._specialisations: list[Specialisation] = []
        self._captures = 0
        self._written_for: str | None = None
        self._attribute = self.name
        self.random: Any = None
        """The stream of random numbers, None for the target's own."""
        self._regenerate()
        functools.update_wrapper(self, function if hasattr(function, "__name__") else type(function), updated=())
        self.__signature__ = self.signature

    @property
    def to(self) -> str:
        """The target. Where `compile` was given none it is the framework of the first call's arrays."""
        if self._to is None:
            raise NotCapturedError(
                f"{self.name} has no target yet", fix="call the graph once, or say `to` when you compile it"
            )
        return self._to

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the specialisation that fits the arguments; capture one if there is none."""
        return self._miss(self._bind(*args, **kwargs))

    def __get__(self, instance: Any, owner: type | None = None) -> "Graph":
        """A compiled function in a class is a method: each instance gets a graph of its own, with its weights."""
        if instance is None or not isinstance(self.function, FunctionType):
            return self
        method = MethodType(self.function, instance)
        bound = LazyGraph(method, self._to, self._capture, self._plan.owned(method))
        if hasattr(instance, "__dict__"):
            vars(instance)[self._attribute] = bound
        return bound

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Capture for this call without running it."""
        self._fitting(self._call(self._bind(*args, **kwargs)))

    # What a capture made

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages that `ir` knows, in order."""
        return tuple(self._latest("stages").stages)

    def ir(self, stage: str | None = None) -> "ModuleOp":
        """A copy of the module after `stage` (the last one by default), of the newest specialisation.

        Raises `NotCapturedError` before the first call of a lazy graph, `KeyError` for a stage that there is not.
        """
        stages = self._latest("ir").stages
        if stage is not None and stage not in stages:
            raise KeyError(f"no stage is called {stage!r}, there are {', '.join(stages)}")
        return stages[list(stages)[-1] if stage is None else stage]

    @property
    def source(self) -> str:
        """The emitted Python of the newest specialisation."""
        return self._latest("source").source.text

    @property
    def kernels(self) -> "tuple[Kernel, ...]":
        """The fused loops of the newest specialisation; each has `source`, `llvm` and `asm`."""
        return tuple(self._latest("kernels").kernels)

    def cache_info(self) -> CacheInfo:
        """How often this graph captured, and how many specialisations it holds."""
        return CacheInfo(self._captures, len(self._specialisations))

    def timings(self) -> dict[str, float]:
        """Seconds of the newest capture: `tracer`, `capture` (raising), `transform` and `emit`."""
        return dict(self._latest("timings").seconds)

    @_unconverted
    def apply(self, params: dict[str, Any], *args: Any, rng: Any = None, **kwargs: Any) -> Any:
        """The pure function of weights and inputs: writes no state, and differentiates by the target's autodiff.

        New values of buffers, of inputs that the function writes in place and of other state come back as a second
        result, a dict, where there are such; an input has the name there that it has in `source`.
        `rng` is the target's own source of randomness (a `torch.Generator`, a jax key, a tensorflow seed, a numpy
        `Generator`).
        """
        call = self._call(self._bind(*args, **kwargs))
        return self._fitting(call).runner.pure(params, rng, call)

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Run the original beside the graph, on these inputs and on perturbed ones; nothing that either writes stays.

        Raises `CheckError` with the output that differs and by how much, `InputError` where random numbers are drawn.
        """
        call = self._call(self._bind(*args, **kwargs))
        self._check(call, self._fitting(call))

    def _check(self, call: Call, specialisation: Specialisation) -> None:
        from mlgraph.checking import check

        check(self, call, specialisation, self._source(call))

    def save(self, path: str | Path) -> Path:
        """Write this graph to the folder `path`, for `mlgraph.load`, and return it: IR text, arrays and JSON.

        Raises `NotCapturedError` before the first call, `UnsupportedOpError` for what has no place in a file.
        """
        from mlgraph.saving import save

        return save(self, path)

    def seed(self, n: int) -> None:
        """Start this graph's random numbers anew from `n`."""
        from mlgraph.targets.randomness import source

        self.random = source(self.to, n)

    def show(self, path: str | Path | None = None) -> Path:
        """Write a picture of the dataflow (`.svg`) or a page with the IR of every stage (`.html`), and return its path.

        Without a path, a page named after the function in the current directory.
        """
        from mlgraph.show import write

        return write(self, path or f"{self.name}.html")

    # Calls that fit no specialisation at first sight

    def _miss(self, values: tuple[Any, ...]) -> Any:
        """Run the specialisation that fits, captured now if there is none; inline a call that another capture makes."""
        call = self._call(values)
        if (tracing := _capturing.get()) is not None and any(framework_of(a) == tracing for a in call.arrays):
            positional, keyword = spread(self.signature, values)
            return self.original(*positional, **keyword)
        return self._fitting(call).runner.run_call(call)

    def _call(self, values: tuple[Any, ...]) -> Call:
        return take_apart(self.signature, values, self._plan)

    def _fitting(self, call: Call) -> Specialisation:
        """The specialisation for a call, captured now if there is none."""
        found = self._known(call)
        if found is not None:
            return found
        with _capture_lock:
            return self._known(call) or self._new(call)

    def _known(self, call: Call) -> Specialisation | None:
        parameters = list(self.signature.parameters)
        return next((s for s in self._specialisations if s.difference(call, parameters) is None), None)

    def _new(self, call: Call) -> Specialisation:
        if self._to is None:
            self._to = target_of(self.function, [*call.leaves, *arrays_below(call.roots)]) or "numpy"
        self._report(call)
        source = self._source(call)
        token, params = _capturing.set(source), dict(self.params)
        try:
            with collecting_rarely():
                specialisation = self._capture(self, call, source)
        except BaseException:
            self.params.clear()
            self.params.update(params)
            raise
        finally:
            _capturing.reset(token)
        self._written_for = source
        self._captures += 1
        self.add(specialisation)
        return specialisation

    def add(self, specialisation: Specialisation) -> None:
        """Hold one more specialisation, the newest."""
        self._specialisations.insert(0, specialisation)
        self._regenerate()

    def specialisations(self) -> tuple[Specialisation, ...]:
        """What this graph holds, the oldest first. Raises `NotCapturedError` where it holds nothing yet."""
        self._latest("specialisations")
        return tuple(reversed(self._specialisations))

    def _source(self, call: Call) -> str:
        """The framework that the function is written for."""
        if self._written_for is not None:
            return self._written_for
        return source_of(self.function, [*call.leaves, *arrays_below(call.roots)]) or self.to

    def _report(self, call: Call) -> None:
        """One line that names the argument and what changed, against the nearest specialisation."""
        parameters = list(self.signature.parameters)
        found = [s.difference(call, parameters) for s in self._specialisations]
        if found:
            nearest = max((d for d in found if d is not None), key=lambda d: d.depth)
            logger.warning("%s is captured anew: %s", self.name, nearest.text)

    def _regenerate(self) -> None:
        quick = [s for s in self._specialisations if s.state is None]
        entry = sig.generate(self.name, self.signature, self._to or "numpy", quick, self._miss)
        type(self).__call__ = staticmethod(entry)  # type: ignore[method-assign]

    def _latest(self, what: str) -> Specialisation:
        if not self._specialisations:
            raise NotCapturedError(
                f"`{what}` needs a capture, and {self.name} has not been called yet",
                fix="call the graph once, or give `args` to compile",
            )
        return self._specialisations[0]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Graph":
        """A graph of the copied function, not captured yet: a module and its compiled forward are copied together."""
        new = type(self).__base__.__new__(type(self).__base__)  # type: ignore[union-attr]
        memo[id(self)] = new
        vars(new).update(vars(self))
        new.function = copy.deepcopy(self.function, memo)
        new.original = rebound(self.original, self.function, new.function)
        new.params, new._specialisations, new._captures = {}, [], 0
        new._regenerate()
        return new

    def __reduce__(self) -> Any:
        raise TypeError("a graph cannot be pickled; save the function, or use graph.save and mlgraph.load")

    def __repr__(self) -> str:
        state = f"{len(self._specialisations)} specialisation(s)" if self._specialisations else "not captured yet"
        return f"<{type(self).__name__} of {self.name} to {self._to or 'the framework of its inputs'}, {state}>"

    def _repr_html_(self) -> str:
        from mlgraph.show import html

        return html(self)


class LazyGraph(Graph):
    """A graph that captures at its first call."""


def rebound(original: Any, old: Any, new: Any) -> Any:
    """`original`, which is `old` or a method of it, for `new`."""
    if original is old:
        return new
    return MethodType(original.__func__, new) if getattr(original, "__self__", None) is old else original
