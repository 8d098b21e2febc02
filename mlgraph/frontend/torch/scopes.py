"""Context managers for a trace of torch: nothing is printed, cached, left in modules, or shown as a symbol."""

# pyright: basic
import contextlib
import functools
import logging
import os
import sys
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch
from torch.fx.experimental import proxy_tensor
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend import control_flow
from mlgraph.frontend.locations import current_line, is_library, libraries
from mlgraph.frontend.torch._private import keep_frames
from mlgraph.frontend.torch.errors import data_dependent

STDLIB = sysconfig.get_path("stdlib")
OPERATORS = os.path.dirname(str(control_flow.__file__))
"""The folder of what converted code calls in the place of its statements."""


@contextlib.contextmanager
def same_attributes(modules: Sequence[torch.nn.Module]) -> Generator[None]:
    """Have modules keep the lists and dicts that they hold: export leaves copies in their places."""
    before = [(module, dict(vars(module))) for module in modules]
    try:
        yield
    finally:
        for module, held in before:
            vars(module).clear()
            vars(module).update(held)


@contextlib.contextmanager
def assigned_buffers(modules: Sequence[torch.nn.Module]) -> Generator[None]:
    """Make a write into the buffer of every `module.buffer = value` inside, for export sees nothing else."""
    before = [(module, dict(module._buffers)) for module in modules]
    try:
        yield
        for module, buffers in before:
            for name, old in buffers.items():
                new = module._buffers.get(name)
                if old is not None and new is not None and new is not old:
                    if (new.shape, new.dtype) != (old.shape, old.dtype):
                        raise UnsupportedOpError(f"the forward gives buffer {name} another shape or element type")
                    old.copy_(new)
    finally:
        for module, buffers in before:
            module._buffers.clear()
            module._buffers.update(buffers)


@contextlib.contextmanager
def quiet(hear: Callable[[warnings.WarningMessage], None]) -> Generator[None]:
    """Keep torch's warnings and log lines about its own tracing from the user; `hear` is told each warning."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("torch")]
    handlers = {handler for logger in (logging.root, *loggers) for handler in logger.handlers}
    thread = threading.get_ident()

    def silent(record: logging.LogRecord) -> bool:
        return record.thread != thread or not record.name.startswith("torch")

    for handler in handlers:
        handler.addFilter(silent)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            hear(warning)
    finally:
        for handler in handlers:
            handler.removeFilter(silent)


def users_lines() -> contextlib.AbstractContextManager[None]:
    """Let torch remember every line of the user's code for a node; of itself it keeps those in a `forward` alone."""
    return keep_frames(lambda frame: frame.name == "forward" or not is_library(frame.filename))


@contextlib.contextmanager
def without_memory_formats() -> Generator[None]:
    """Let torch note no memory format for a node: it is not read, and it is found by questions about sizes."""
    names: dict[str, Any] = proxy_tensor.__dict__
    original = names["_extract_tensor_metadata"]
    names["_extract_tensor_metadata"] = functools.partial(original, include_contiguity=False)
    try:
        yield
    finally:
        names["_extract_tensor_metadata"] = original


@contextlib.contextmanager
def decisions_noted(caught: list[Exception]) -> Generator[None]:
    """Note where Python needs a number that depends on values, for the user's code may catch the error."""
    kinds = (torch.SymInt, torch.SymFloat, torch.SymBool)
    reads = ("__bool__", "__int__", "__index__", "__float__")
    originals = [(cls, name, cls.__dict__[name]) for cls in kinds for name in reads if name in cls.__dict__]

    def noting(original: Any) -> Any:
        @functools.wraps(original)
        def read(self: Any) -> Any:
            try:
                return original(self)
            except GuardOnDataDependentSymNode as error:
                if is_users(_outside_operators(sys._getframe(1))):  # torch's own code tries, and goes on without
                    caught.append(error)
                raise

        return read

    for cls, name, original in originals:
        setattr(cls, name, noting(original))
    try:
        yield
    finally:
        for cls, name, original in originals:
            setattr(cls, name, original)


def _outside_operators(frame: Any) -> Any:
    """Return the frame that called the operators of converted code, where `frame` is one of theirs."""
    while frame.f_code.co_filename.startswith(OPERATORS):
        frame = frame.f_back
    return frame


@contextlib.contextmanager
def sizes_as_numbers() -> Generator[None]:
    """Let the user's own code print and hash a free size as the number that it is, which fixes it.

    torch shows the name of a symbol, as in `f"block{n}"`, and refuses to hash it, as in `table[n]`. For `isinstance`
    in the user's code it is an `int` too.
    """
    kinds = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}
    originals = [(cls, name, cls.__dict__[name]) for cls in kinds for name in ("__repr__", "__hash__")]

    def as_number(original: Any, convert: Any, do: Any) -> Any:
        def converted(self: Any) -> Any:
            users = is_users(sys._getframe(1))
            if users and do is hash and not self.node.has_hint():
                raise data_dependent(current_line())
            return do(convert(self)) if users and self.node.has_hint() else original(self)

        return converted

    def attribute(self: Any, name: str) -> Any:
        if name != "__class__":
            return object.__getattribute__(self, name)
        frame = sys._getframe(1)
        caller = frame.f_back if frame.f_code.co_name == "__instancecheck__" else frame  # of `numbers.Integral`
        return kinds[type(self)] if is_users(caller) else type(self)

    for cls, name, original in originals:
        setattr(cls, name, as_number(original, kinds[cls], repr if name == "__repr__" else hash))
    for cls in kinds:
        cls.__getattribute__ = attribute
    try:
        yield
    finally:
        for cls in kinds:
            del cls.__getattribute__
        for cls, name, original in originals:
            setattr(cls, name, original)


def frame_outside_modes() -> Any:
    """Return the frame that called a function of torch, behind those of modes."""
    frame: Any = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    while frame.f_code.co_name == "__torch_function__":
        frame = frame.f_back
    return frame


def is_users(frame: Any) -> bool:
    """Return True for the user's own code: Python's library, and code that it generates for torch, is none."""
    return is_users_file(frame.f_code.co_filename, str(frame.f_globals.get("__name__")))


@functools.lru_cache(maxsize=4096)
def is_users_file(filename: str, module: str) -> bool:
    """Return True for a file of the user's, whose module has this name."""
    pythons = filename.startswith(STDLIB) and "-packages" not in filename
    return not (pythons or is_library(filename) or module.partition(".")[0] in (*libraries(), "sympy"))


@contextlib.contextmanager
def watching_functions(note: Callable[[], None]) -> Generator[None]:
    """Call `note` for each `torch.autograd.Function` of the user's own, as no backward of theirs is traced.

    Where gradients count, such a function is refused.
    """
    original = torch.autograd.Function.__dict__["apply"]
    thread, gradients = threading.get_ident(), torch.is_grad_enabled()

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() == thread and not is_library(cls.forward.__code__.co_filename):
            note()
            if gradients:
                raise UnsupportedOpError(
                    f"{cls.__name__} is a torch.autograd.Function with a backward of its own",
                    where=_caller(),
                    why="the backward of a graph comes from the operations of the forward",
                    fix="call the graph under torch.no_grad(), or write the function with differentiable operations",
                )
        return original.__get__(None, cls)(*args, **kwargs)

    torch.autograd.Function.apply = classmethod(apply)  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.autograd.Function.apply = original


def _caller() -> str:
    """Return the innermost line of the user's that runs now."""
    frames = [f for f in traceback.extract_stack() if not is_library(f.filename)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
