"""Tracing with `torch.export`: the function as a module, whatever it does to gradients included."""

# pyright: basic
import contextlib
import operator
import re
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.overrides import TorchFunctionMode

import mlgraph.frontend.torch.ctc
import mlgraph.frontend.torch.least_squares  # noqa: F401, these declare what stands for what export does not follow
from mlgraph.errors import InputError, MlgraphError, UnsupportedOpError
from mlgraph.frameworks.torch import TORCH
from mlgraph.frontend.control_flow.eager_reads import EagerReads
from mlgraph.frontend.dynamic_sizes import Axis
from mlgraph.frontend.locations import current_line, is_library
from mlgraph.frontend.program import TRACED, Request
from mlgraph.frontend.torch._private import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    OpOverload,
    UnsupportedOperatorException,
    UserError,
    keep_unused_draws,
    temporarily_clear_interpreter_stack,
    unchecked_distributions,
    without_cached_weights,
)
from mlgraph.frontend.torch.errors import as_kernels_raise, data_dependent, not_followed, translate_error
from mlgraph.frontend.torch.function_overrides import FunctionOverrides
from mlgraph.frontend.torch.generators import Streams, watching_generators
from mlgraph.frontend.torch.memory import (
    EagerMemory,
    LayoutRecorder,
    LayoutUse,
    Shared,
    StridedWindows,
    check_windows,
    depends_on_layout,
    hidden_views,
    lifted,
    parameters_below,
    storage_of,
)
from mlgraph.frontend.torch.modes import Modes, watching_modes
from mlgraph.frontend.torch.outside import OutsideWrites, tensors_in
from mlgraph.frontend.torch.path_reads import PathReads, reads_of_example
from mlgraph.frontend.torch.regions import inline_regions
from mlgraph.frontend.torch.scopes import (
    assigned_buffers,
    decisions_noted,
    frame_outside_modes,
    is_users,
    same_attributes,
    sizes_as_numbers,
    watching_functions,
    without_memory_formats,
)
from mlgraph.frontend.torch.simple_sizes import SimpleSizes, SizesTooComplex, dimensions
from mlgraph.frontend.torch.writes import rewrite_writes

FREE_SIZE = re.compile(r"\bs\d+\b")
"""The form of torch's names for free sizes; an error that names one is about a fact that torch cannot decide."""


OF_TRACES = (
    *(MlgraphError, SizesTooComplex, GuardOnDataDependentSymNode, UnsupportedOperatorException),
    *(DataDependentOutputException, DynamicOutputShapeException),
)
"""Errors of tracing, which the function itself does not raise: it must not catch them and go on."""


class ExportTrace:
    """Records what a trace leaves behind. Not attributes of the module itself: export puts those back as they were."""

    def __init__(self, function: Any, streams: Streams, modes: Modes) -> None:
        self.function = function
        self.modes = modes
        self.streams = streams
        self.static: list[Any] = []
        self.names: dict[str, str] = {}
        """The name that export gives to a module or tensor, and the user's."""
        self.tensors: list[tuple[str, torch.Tensor]] = []
        """Tensors that the function may reach without being given them."""
        self.with_gradients: set[str] = set()
        """The names that export gives to constants that require grad."""
        self.modules: list[torch.nn.Module] = []
        """The modules that the function reaches."""
        self.observed: set[int] = set()
        """The numbers of the inputs that the function does something with, be it a look at the shape."""
        self.gradients: list[bool] = []
        """For each input, True if torch takes gradients for it."""
        self.gradients_asked: set[int] = set()
        """The numbers of the inputs of which the user's code asks this."""
        self.frozen_asked: list[tuple[torch.nn.Module, str]] = []
        """The weights of which it asks this: their modules, and their names there."""
        self.caught: list[Exception] = []
        """The errors that functions of torch raised and the user's function caught."""
        self.layout_use = LayoutUse()
        self.shared = Shared({}, {})
        """The memory that the output leaves share."""
        self.writes = False
        """True if the function writes into a tensor."""
        self.reaches_results = False
        """True if another layout of the inputs could change the memory that results share."""
        self.without_backward = False
        """True if the trace contains a function without its own backward, so that no gradients may be taken."""

    def hear(self, warning: warnings.WarningMessage) -> None:
        """Note what a warning tells about the trace, and pass it on if it is about the user's own code."""
        if found := re.match("A model attribute `(.*)` requires gradient", str(warning.message)):
            self.with_gradients.add(found[1])
        elif re.match("The tensor attributes? .*_flat_weights", str(warning.message)):
            return  # recurrent layers list their weights again in each call
        elif not is_library(warning.filename) and not issubclass(warning.category, FutureWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)

    @property
    def layout_matters(self) -> bool:
        """Return whether another layout of the inputs could change values or what memory results share."""
        use = self.layout_use
        return self.reaches_results or (self.writes and bool(use.storages)) or use.offset is not None

    def guards(self) -> tuple[Callable[[], Any], ...]:
        """Return what a call must find as the trace did: modes of torch that the function asks of, and its weights."""

        def gradients() -> bool:
            """gradients are enabled, and the function has a torch.autograd.Function of its own"""
            return torch.is_grad_enabled()

        def frozen() -> Any:
            """the same weights require gradients"""
            return tuple(getattr(module, name).requires_grad for module, name in self.frozen_asked)

        given = (*((gradients,) if self.without_backward else ()), *((frozen,) if self.frozen_asked else ()))
        return (*given, *self.modes.asked.values())

    def owner_of(self, name: str, constant: torch.Tensor) -> tuple[str, torch.Tensor] | None:
        """Return the user's name for a tensor that export lifted, and the tensor itself, which may still change."""
        for known, tensor in self.tensors:
            same = tensor.data_ptr() == constant.data_ptr() and tensor.dtype == constant.dtype
            if same and tensor.shape == constant.shape and tensor.stride() == constant.stride():
                return known, tensor
        if name in self.with_gradients:
            raise UnsupportedOpError(
                "the function uses a tensor that requires grad, reached in a way that mlgraph does not follow",
                fix="pass it as an argument, or register it as a parameter of a module",
            )
        return None


@dataclass(frozen=True)
class TraceOptions:
    """The options of a trace."""

    keep_layout: bool = False
    """True if example inputs have the layout in memory of the caller's."""
    strided_windows: bool = False
    """True if `unfold` is traced as `as_strided`."""
    gradients: bool = True
    """True if gradients are enabled in the trace, as in most, so that a graph has them whatever the caller does."""


class ExportModule(torch.nn.Module):
    """The function as a module that owns what the user's object reaches, so that weights keep their names."""

    def __init__(self, request: Request, options: TraceOptions) -> None:
        super().__init__()
        self.paths = request.paths
        self.reads = (
            EagerReads() if request.paths is None else reads_of_example(request, request.paths, options.gradients)
        )
        check_initialized(request.named)
        self.options = options
        self.outside = request.outside
        self.training = all(module.training for _, module in request.named if isinstance(module, torch.nn.Module))
        modes = Modes(options.gradients == torch.is_grad_enabled())
        self.trace = ExportTrace(request.function, Streams(request.generators), modes)
        self.trace.gradients = [array.requires_grad for array in request.arrays]
        for i, (name, value) in enumerate(request.named):
            self.trace.names[f"m{i}"] = name
            if isinstance(value, torch.nn.Module):
                self.add_module(f"m{i}", value)
            elif isinstance(value, torch.Tensor):
                self.trace.tensors.append((name, value))
        self.trace.modules = [module for module in self.modules() if module is not self]

    def forward(self, *arrays: torch.Tensor) -> list[Any]:
        try:
            with contextlib.ExitStack() as stack:
                for scope in self.scopes(arrays):
                    stack.enter_context(scope)
                leaves = self.trace.function(*arrays)
            for error in self.trace.caught:
                if isinstance(error, OF_TRACES):
                    raise error
        except GuardOnDataDependentSymNode as error:
            raise data_dependent(error) from error
        check_attributes(leaves, arrays)
        self.note_memory(leaves, arrays)
        self.trace.static = [TRACED if _is_dynamic(leaf) else leaf for leaf in leaves]
        tests = [] if self.paths is None else self.paths.values
        return [*(leaf for leaf in leaves if _is_dynamic(leaf)), *tests]

    def scopes(self, arrays: Sequence[torch.Tensor]) -> Iterator[contextlib.AbstractContextManager[Any]]:
        """Yield the context managers that the function runs under."""
        trace = self.trace
        yield watching_generators(trace.streams)
        yield watching_modes(trace.modes)
        yield unchecked_distributions()
        yield assigned_buffers(trace.modules)
        yield without_cached_weights()
        if self.paths is not None:
            yield PathReads(self.paths, self.reads)
        yield SimpleSizes()
        yield FunctionOverrides()
        yield AccessRecorder(arrays, trace)
        yield OutsideWrites()
        yield LayoutRecorder(trace.layout_use)
        yield EagerMemory()
        if self.options.strided_windows:
            yield StridedWindows()

    def note_memory(self, leaves: Sequence[Any], inputs: Sequence[torch.Tensor]) -> None:
        """Note what memory the leaves share."""
        trace = self.trace
        modules = {trace.names[name]: module for name, module in self.named_children()}
        parameters = parameters_below(modules) | lifted(trace.tensors, leaves)
        trace.shared = Shared.of(leaves, inputs, parameters, self.outside)
        outside = {storage for x in inputs if (storage := storage_of(x)) is not None} | parameters.keys()
        trace.reaches_results = depends_on_layout(trace.layout_use, outside, leaves)

    def name_of(self, target: str) -> str:
        """Return the `state_dict()` name of a weight that export calls `m0.fc.weight`."""
        head, _, rest = target.partition(".")
        return ".".join(part for part in (self.trace.names[head], rest) if part)


OF_FAKE_TENSORS = frozenset(("fake_device", "fake_mode", "constant", "pytype", "dispatch_keys", "real_tensor"))
"""The attributes that each tensor of a trace has."""


def check_attributes(leaves: Sequence[Any], inputs: Sequence[Any]) -> None:
    """Refuse attributes of tensors that the function sets: those of a graph's would not have them."""
    for tensor in (*leaves, *inputs):
        if not isinstance(tensor, FakeTensor):
            continue
        if names := [name for name in vars(tensor) if not name.startswith("_") and name not in OF_FAKE_TENSORS]:
            raise UnsupportedOpError(
                f"the function sets the attribute {names[0]} of a tensor",
                why="the tensors of a graph are others, and have no attributes of the user's",
                fix="return the value beside the tensor",
            )


def check_initialized(named: Sequence[tuple[str, Any]]) -> None:
    """Raise `InputError` for modules whose first call will say what shapes their weights have."""
    for _, module in named:
        if isinstance(module, torch.nn.Module) and any(map(torch.nn.parameter.is_lazy, module.parameters())):
            raise InputError(
                f"{type(module).__name__} has weights of no shape yet, which its first call gives them",
                fix="call the module once before it is compiled",
            )


def forget_weights(exported: ExportedProgram) -> None:
    """Have torch's tracer let go of the user's weights: it keeps weak references, which `swap_tensors` refuses."""
    values = [node.meta.get("val") for node in exported.graph.nodes]
    modes = {id(mode): mode for value in values if (mode := getattr(value, "fake_mode", None)) is not None}
    for mode in modes.values():
        describer = mode.fake_tensor_converter.meta_converter.describer
        describer.lookup_tensor.clear()
        describer.lookup_storage.clear()


class AccessRecorder(TorchFunctionMode):
    """Notes which inputs any function is given, and what functions raise: neither leaves anything in the trace."""

    def __init__(self, inputs: Sequence[torch.Tensor], trace: ExportTrace) -> None:
        super().__init__()
        self.numbers = {id(x): i for i, x in enumerate(inputs)}
        self.trace = trace

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = list(tensors_in((*args, *kwargs.values())))
        self.trace.observed |= {self.numbers[id(x)] for x in given if id(x) in self.numbers}
        self.trace.streams.note(given)
        if func == REQUIRES_GRAD and is_users(frame_outside_modes()):
            return self._requires_grad(args[0])
        if func == SET_DATA and str(args[0].shape) != str(args[1].shape):
            raise _other_shape("data")
        changes = getattr(func, "__name__", "") in RESHAPING and bool(args) and self._is_kept(args[0])
        before = _shape_and_strides(args[0]) if changes else ""
        try:
            result = func(*args, **kwargs)
            if changes and _shape_and_strides(args[0]) != before:
                raise _other_shape(func.__name__)
            self.trace.modes.note_default_dtype(given, result)
            return result
        except Exception as error:
            self.trace.caught.append(as_kernels_raise(error))
            raise self.trace.caught[-1]  # noqa: B904, it is the same error

    def _is_kept(self, x: Any) -> bool:
        """Return whether a tensor is an argument, or a weight or buffer of a module: it outlives the call."""
        weights = (weight for module in self.trace.modules for _, weight in TORCH.weights(module))
        return id(x) in self.numbers or any(weight is x for weight in weights)

    def _requires_grad(self, x: torch.Tensor) -> bool:
        """Answer for the caller's array, which the traced one need not be like."""
        number = self.numbers.get(id(x))
        if number is not None:
            self.trace.gradients_asked.add(number)
            return self.trace.gradients[number]
        weights = ((module, name, w) for module in self.trace.modules for name, w in module._parameters.items())
        self.trace.frozen_asked += [(module, name) for module, name, weight in weights if weight is x]
        if not isinstance(x, torch.nn.Parameter):
            self.trace.modes.note_gradients()
        return REQUIRES_GRAD(x)


REQUIRES_GRAD = torch.Tensor.requires_grad.__get__  # pyright: ignore[reportAttributeAccessIssue]


SET_DATA = torch.Tensor.data.__set__  # pyright: ignore[reportAttributeAccessIssue]
RESHAPING = frozenset(
    "as_strided_ resize_ resize_as_ set_ squeeze_ swapaxes_ swapdims_ t_ transpose_ unsqueeze_".split()
)
"""Functions that may give the tensor itself another shape."""


def _shape_and_strides(x: torch.Tensor) -> str:
    """Return both as text: to compare free sizes would fix them."""
    return f"{x.shape} {x.stride()}"


def _other_shape(name: str) -> UnsupportedOpError:
    return UnsupportedOpError(
        f"{name} gives a tensor another shape or other strides in place",
        where=current_line(),
        why="a graph writes new values into tensors, and leaves them as they lie",
        fix="use the function that gives a new tensor, as x.t() in the place of x.t_()",
    )


def _is_dynamic(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor | torch.SymInt | torch.SymFloat | torch.SymBool)


def export(
    root: ExportModule,
    request: Request,
    known: Container[str],
    decompositions: Callable[[Container[str]], Any],
    free: frozenset[Axis],
) -> ExportedProgram:
    """Return the trace of `root` with the sizes of the axes `free` open.

    Where it holds anything but `known` operations it is taken apart, for which torch traces it once more.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(same_attributes(root.trace.modules))
        stack.enter_context(watching_functions(root.trace))
        stack.enter_context(without_memory_formats())
        stack.enter_context(sizes_as_numbers())
        stack.enter_context(decisions_noted(root.trace))
        stack.enter_context(temporarily_clear_interpreter_stack())
        stack.enter_context(torch.set_grad_enabled(root.options.gradients))
        arrays = tuple(example(array, root.options.keep_layout) for array in request.arrays)
        dynamic = dimensions(arrays, free) if free else None
        try:
            exported = _export(root, arrays, dynamic)
            if root.trace.caught:
                erase_failed(exported)
            exported = inline_regions(exported)
            root.trace.writes = any(map(_is_write, exported.graph.nodes))
            check_windows(exported)
            taken_apart = hidden_views(exported) if root.trace.writes else set[str]()
            rewrite_writes(exported)
            if not taken_apart and is_known(exported, known):
                return exported
            with keep_unused_draws():
                return exported.run_decompositions(decompositions(taken_apart))
        except (RuntimeError, NotImplementedError) as error:
            if free and FREE_SIZE.search(str(error)):
                raise SizesTooComplex from error
            if (why := translate_error(error)) is None:
                raise
            raise why from error


def erase_failed(exported: ExportedProgram) -> None:
    """Erase the calls that raised in the trace; the function caught the errors and went on without the results."""
    for node in list(exported.graph.nodes):
        gives = isinstance(node.target, OpOverload) and node.target._schema.returns
        if gives and node.meta.get("val") is None and not node.users:
            exported.graph.erase_node(node)


def is_known(exported: ExportedProgram, known: Container[str]) -> bool:
    """Return whether a trace can be imported as it is: nothing in it writes, and what gives tensors is known.

    Tensors of the trace itself, which a function may hold on to, are left to torch, which tells of them.
    """
    held = [value for value in exported.constants.values() if isinstance(value, torch.Tensor)]
    nodes = [node for node in exported.graph.nodes if node.op == "call_function"]
    return all(type(value) is torch.Tensor for value in held) and all(
        str(node.target) in known and not _writes(node)
        if isinstance(node.target, OpOverload)
        else node.target is operator.getitem or isinstance(node.meta.get("val"), SIZE)
        for node in nodes
    )


SIZE = (bool, int, float, torch.SymBool, torch.SymInt, torch.SymFloat)


def _is_write(node: torch.fx.Node) -> bool:
    return isinstance(node.target, OpOverload) and node.target._schema.is_mutable


def _writes(node: torch.fx.Node) -> bool:
    """Return whether a node changes its arguments: in training norms change their statistics, and no schema says so."""
    schema: Any = node.target._schema  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
    given = dict(zip((a.name for a in schema.arguments), node.args)) | node.kwargs
    return schema.is_mutable or any(given.get(name) is True for name in ("training", "train", "use_input_stats"))


def example(array: torch.Tensor, keep_layout: bool) -> torch.Tensor:
    """Return an array like `array`, row-major unless its layout is kept.

    It shares no memory with any other: export takes arrays that do for one. Where autograd computed the array, it may
    be written into, unlike a leaf: then no gradients are taken for its like.
    """
    if array.layout != torch.strided or array.is_quantized or type(array) not in (torch.Tensor, torch.nn.Parameter):
        raise InputError(f"an input is a {type(array).__name__} of layout {array.layout}", fix="pass a dense tensor")
    empty = torch.empty(array.shape, dtype=array.dtype, device=array.device)
    new = (
        torch.empty_strided(array.shape, array.stride(), dtype=array.dtype, device=array.device)
        if keep_layout
        else empty
    )
    return new.requires_grad_(array.requires_grad and array.is_leaf)


def _export(root: ExportModule, arrays: tuple[torch.Tensor, ...], dynamic: Any) -> ExportedProgram:
    shapes = None if dynamic is None else (dynamic,)
    try:
        return torch.export.export(root, arrays, dynamic_shapes=shapes, strict=False)
    except GuardOnDataDependentSymNode as error:
        raise data_dependent(error) from error
    except UserError as error:
        if dynamic is None or "data-dependent" in str(error):
            raise data_dependent(error) if "data-dependent" in str(error) else not_followed(error) from error
        return _export(root, arrays, None)
