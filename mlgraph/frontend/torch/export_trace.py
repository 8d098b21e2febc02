"""The record of a trace by `torch.export`, beside the exported program."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import torch

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.locations import is_library
from mlgraph.frontend.torch.generators import Streams
from mlgraph.frontend.torch.memory import (
    LayoutUse,
    Shared,
)
from mlgraph.frontend.torch.modes import Modes


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

    def note_function(self) -> None:
        """Note a `torch.autograd.Function` of the user's own."""
        self.without_backward = True

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
