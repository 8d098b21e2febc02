"""The function as a module that `torch.export` traces."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from mlgraph.errors import InputError, MlgraphError, UnsupportedOpError
from mlgraph.frontend.control_flow.base import control_flow
from mlgraph.frontend.control_flow.eager_reads import EagerReads
from mlgraph.frontend.program import TRACED, Request
from mlgraph.frontend.torch._private import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    UnsupportedOperatorException,
    unchecked_distributions,
    without_cached_weights,
)
from mlgraph.frontend.torch.access_recorder import AccessRecorder
from mlgraph.frontend.torch.control_flow import TorchControlFlow
from mlgraph.frontend.torch.errors import data_dependent
from mlgraph.frontend.torch.export_trace import ExportTrace
from mlgraph.frontend.torch.function_overrides import FunctionOverrides
from mlgraph.frontend.torch.generators import Streams, watching_generators
from mlgraph.frontend.torch.higher_order import control_flow_of_torch
from mlgraph.frontend.torch.memory import (
    EagerMemory,
    LayoutRecorder,
    Shared,
    StridedWindows,
    depends_on_layout,
    lifted,
    parameters_below,
    storage_of,
)
from mlgraph.frontend.torch.modes import Modes, watching_modes
from mlgraph.frontend.torch.outside import OutsideWrites
from mlgraph.frontend.torch.path_reads import PathReads, reads_of_example
from mlgraph.frontend.torch.scopes import (
    assigned_buffers,
)
from mlgraph.frontend.torch.simple_sizes import SimpleSizes, SizesTooComplex

OF_TRACES = (
    *(MlgraphError, SizesTooComplex, GuardOnDataDependentSymNode, UnsupportedOperatorException),
    *(DataDependentOutputException, DynamicOutputShapeException),
)
"""Errors of tracing, which the function itself does not raise: it must not catch them and go on."""


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
        yield control_flow(TorchControlFlow())
        yield control_flow_of_torch()
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


def _is_dynamic(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor | torch.SymInt | torch.SymFloat | torch.SymBool)
