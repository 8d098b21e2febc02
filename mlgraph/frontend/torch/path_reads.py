"""Reads of tensors by Python on one path: each is a test of the graph, and Python gets what an eager run gives."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mlgraph.frameworks.torch import TORCH
from mlgraph.frontend.control_flow.eager_reads import EagerReads
from mlgraph.frontend.control_flow.paths import Decision, PathRecorder, decision_of
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.program import Request
from mlgraph.frontend.torch.function_overrides import FunctionOverrides
from mlgraph.frontend.torch.outside import FLAGS, tensors_in, written_by

TRUTH = (Tensor.__bool__, Tensor.is_nonzero, torch.is_nonzero)
NUMBERS = (Tensor.item, Tensor.__int__, Tensor.__float__, Tensor.__complex__, Tensor.__index__)
LIST = getattr(Tensor, "tolist")  # noqa: B009, its type is not known in full
READS: dict[Any, str] = {
    **dict.fromkeys(TRUTH, "the truth of a tensor"),
    **dict.fromkeys(NUMBERS, "the number in a tensor"),
    Tensor.__contains__: "whether a tensor holds a number",
}
"""Methods by which Python reads a tensor, and what they read."""
CONVERTERS: dict[Any, Any] = {Tensor.__int__: int, Tensor.__float__: float, Tensor.__complex__: complex}


class PathReads(TorchFunctionMode):
    """Makes what Python reads of traced tensors tests; `reads` are those of the example inputs."""

    def __init__(self, paths: PathRecorder, reads: EagerReads) -> None:
        super().__init__()
        self.paths, self.reads = paths, reads

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in READS or not _is_readable(func, args[0]):
            return func(*args, **(kwargs or {}))
        value = args[0].detach()
        if func is Tensor.__contains__:
            value = (value == args[1]).any()
        elif func in TRUTH:
            value = value.reshape(()) if value.dtype is torch.bool else value.reshape(()) != 0
        else:
            value = value.reshape(())
        what, place = READS[func], len(self.paths.tests)
        found = self.paths.read(value.clone(), what, current_line(), lambda: self.reads.decision(what, place))
        return CONVERTERS[func](found) if func in CONVERTERS else found


class ReadsNoted(TorchFunctionMode):
    """Notes what Python reads of tensors, and what the function writes into tensors that it is not given."""

    def __init__(self, kept: "Kept") -> None:
        super().__init__()
        self.reads = EagerReads()
        self.kept = kept

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        self.kept.before(func, args, kwargs)
        result = func(*args, **kwargs)
        if func is LIST:  # a traced tensor gives its elements one by one
            self.reads.note(READS[Tensor.item], *decisions_of(args[0]))
        elif func in READS and _is_readable(func, args[0]):
            self.reads.note(READS[func], decisions_of(args[0])[0] if func in NUMBERS else result)
        return result


class Kept:
    """Copies of the user's own tensors, made before a function writes into them."""

    def __init__(self, tensors: Iterator[Tensor]) -> None:
        self.storages = {tensor.untyped_storage().data_ptr() for tensor in tensors if tensor.layout == torch.strided}
        self.copies: dict[int, tuple[Tensor, Tensor]] = {}

    def before(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Copy what a call may write into."""
        may_write = any(x is True for x in args) or any(kwargs.get(flag) is True for flag in FLAGS)
        given = tensors_in((*args, *kwargs.values())) if may_write else written_by(func, args, kwargs)
        for x in [x for x in given if isinstance(x, Tensor) and x.layout == torch.strided]:
            if x.untyped_storage().data_ptr() in self.storages and id(x) not in self.copies:
                self.copies[id(x)] = x, x.detach().clone()

    def restore(self) -> None:
        """Put the elements back."""
        with torch.no_grad():
            for x, copy in reversed(self.copies.values()):
                if not torch.equal(x, copy):
                    x.copy_(copy)


def reads_of_example(request: Request, paths: PathRecorder, gradients: bool) -> EagerReads:
    """Return what Python reads when the function runs on copies of the example inputs, in order.

    The user's tensors, modules and random generators are as before then, also where the function raises.
    """
    modules = [module for _, module in request.named if isinstance(module, torch.nn.Module)]
    weights = [w for one in modules for inner in one.modules() for _, w in TORCH.weights(inner) if w is not None]
    own = [x for x in (*weights, *(value for _, value in (*request.named, *request.outside))) if isinstance(x, Tensor)]
    kept = Kept(iter(own))
    mode = ReadsNoted(kept)
    generators = [own for _, own, _ in request.generators if isinstance(own, torch.Generator)]
    with _streams_restored([None, *generators]), torch.set_grad_enabled(gradients):
        try:
            with paths.eagerly(), mode, FunctionOverrides():
                request.function(*map(_copied, request.arrays))
        finally:
            kept.restore()
    return mode.reads


@contextlib.contextmanager
def _streams_restored(streams: Sequence[torch.Generator | None]) -> Generator[None, None, None]:
    restore: list[Callable[[], None]] = [TORCH.stream_keeper(stream) for stream in streams]
    try:
        yield
    finally:
        for one in restore:
            one()


def _copied(array: Tensor) -> Tensor:
    return array.detach().clone().requires_grad_(array.requires_grad and array.is_leaf)


def _is_readable(func: Any, x: Any) -> bool:
    """Return whether Python reads a tensor; others raise, as those of several elements do."""
    return isinstance(x, Tensor) and (func is Tensor.__contains__ or bool(x.numel() == 1))


def decisions_of(x: Tensor) -> Sequence[Decision]:
    """Return the elements of a tensor: `int(x)` of a float is a test of the float."""
    return decision_of(TORCH.as_numpy(x).reshape(-1))
