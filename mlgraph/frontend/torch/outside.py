"""Writes into tensors that the function reaches without being given them.

Export runs a function of such tensors alone as it is, on the user's own memory, and refuses others in the end without
naming the tensor. Here both raise `OutsideWriteError` before anything is written, and the tensor becomes state.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch.overrides import TorchFunctionMode

from mlgraph.errors import OutsideWriteError
from mlgraph.frontend.locations import current_line

OF_THE_TENSOR = frozenset(("requires_grad_", "retain_grad", "share_memory_", "rename_", "__get__"))
"""Functions named as writes, or called as attributes, that leave the elements as they are."""
STORES = frozenset(("__setitem__", "__set__", "_foreach_copy_"))
FLAGS = ("inplace", "training", "train", "use_input_stats")
"""Arguments of functions that write into what they are given where these are true."""


class OutsideWrites(TorchFunctionMode):
    """Raises `OutsideWriteError` for a function that writes into a tensor which is no value of the trace."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if written := [x for x in written_by(func, args, kwargs) if type(x) in (torch.Tensor, torch.nn.Parameter)]:
            raise outside_write(*written)
        if not any(x is True for x in args) and not any(kwargs.get(flag) is True for flag in FLAGS):
            return func(*args, **kwargs)
        return _run_and_look(func, args, kwargs)


def written_by(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a function writes into by its name: its first argument, or `out`."""
    name = getattr(func, "__name__", "")
    yield from tensors_in([kwargs.get("out")])
    if name not in OF_THE_TENSOR and (name in STORES or (name.endswith("_") and not name.endswith("__"))):
        yield from tensors_in(args[:1])


def _run_and_look(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a function that may write, as `relu(x, inplace=True)` does; undo and raise where it wrote outside."""
    outside = [x for x in tensors_in((*args, *kwargs.values())) if type(x) is torch.Tensor and not x.is_inference()]
    before = [(x, x._version, x.detach().clone()) for x in outside]
    result = func(*args, **kwargs)
    if written := [(x, old) for x, version, old in before if x._version != version]:
        with torch.no_grad():
            for x, old in written:
                x.copy_(old)
        raise outside_write(*(x for x, _ in written))
    return result


def outside_write(*tensors: torch.Tensor) -> OutsideWriteError:
    """Return the error for a write into tensors of the user's; without any it may be into any that is reached."""
    return OutsideWriteError.of(
        "the function writes into a tensor that is neither its argument nor a buffer of a module",
        current_line(),
        "tensor",
        "pass it as an argument, register it as a buffer, or name the object that holds it in `stateful`",
        tensors,
    )


def tensors_in(arguments: Sequence[Any]) -> Iterator[Any]:
    """Yield what arguments are, and what lists and tuples among them hold."""
    for x in arguments:
        if isinstance(x, list | tuple):
            yield from tensors_in(cast("Sequence[Any]", x))
        else:
            yield x
