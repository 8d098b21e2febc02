"""A record of the inputs that functions of torch are given in a trace, and of what the functions raise."""

# pyright: basic
from collections.abc import Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks.torch import TORCH
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.torch.errors import as_kernels_raise
from mlgraph.frontend.torch.export_trace import ExportTrace
from mlgraph.frontend.torch.outside import tensors_in
from mlgraph.frontend.torch.scopes import (
    frame_outside_modes,
    is_users,
)

_Tensor: Any = torch.Tensor
REQUIRES_GRAD = _Tensor.requires_grad.__get__
SET_DATA = _Tensor.data.__set__
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
        for module in self.trace.modules:
            named = module.named_parameters(recurse=False, remove_duplicate=False)
            self.trace.frozen_asked += [(module, name) for name, weight in named if weight is x]
        if not isinstance(x, torch.nn.Parameter):
            self.trace.modes.note_gradients()
        return REQUIRES_GRAD(x)
