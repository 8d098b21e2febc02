"""The memory that returned tensors share, and the part of it that depends on the layout of the inputs."""

# pyright: basic
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.overrides import TorchFunctionMode

from mlgraph.frontend.locations import current_line
from mlgraph.frontend.program import Memory, identities
from mlgraph.frontend.torch._private import FakeTensor, OpOverload
from mlgraph.frontend.torch.scopes import frame_outside_modes, is_users

LAYOUT_QUERIES = frozenset(
    (
        Tensor.is_contiguous,
        Tensor.stride,
        Tensor.storage_offset,
        Tensor.data_ptr,
        Tensor.dim_order,
    )
)
"""Functions whose answer is the layout of a tensor."""
VIEW_OR_COPY = frozenset(
    (
        Tensor.contiguous,
        Tensor.reshape,
        Tensor.reshape_as,
        Tensor.flatten,
        Tensor.ravel,
        Tensor.view,
        Tensor.view_as,
        Tensor.as_strided,
        torch.reshape,
        torch.flatten,
        torch.ravel,
        torch.as_strided,
        torch.view_as_complex,
    )
)
"""Functions that give a view of their argument or a copy, or fail, depending on its layout."""


@dataclass
class LayoutUse:
    """The tensors that were asked for their layout, or went through a function that depends on it."""

    asked: bool = False
    offset: str | None = None
    """The user's line that asks where a tensor begins in its storage, or counts from there."""
    storages: set[int] = field(default_factory=set)


class LayoutRecorder(TorchFunctionMode):
    """Record in a `LayoutUse` what the function asks of layouts."""

    def __init__(self, use: LayoutUse) -> None:
        super().__init__()
        self.use = use

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if _counts_from_storage(func, args, kwargs) and is_users(frame_outside_modes()):
            self.use.offset = current_line()
        if func in LAYOUT_QUERIES:
            self.use.asked = True
        elif func in VIEW_OR_COPY or (func is Tensor.to and kwargs and "memory_format" in kwargs):
            self.use.storages |= {found for x in (args[0], result) if (found := storage_of(x)) is not None}
        return result


def _counts_from_storage(func: Any, args: Any, kwargs: Any) -> bool:
    strided = func in (Tensor.as_strided, torch.as_strided)
    return func is Tensor.storage_offset or (strided and (len(args) > 3 or "storage_offset" in (kwargs or {})))


class EagerMemory(TorchFunctionMode):
    """Let results share memory as in eager where operations of a trace do not: idle dropouts give their argument."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.dropout, torch.nn.functional.dropout) and (x := idle_dropout(*args, **kwargs)) is not None:
            return x
        result = func(*args, **kwargs)
        return result.clone() if func is torch.channel_shuffle and storage_of(result) == storage_of(args[0]) else result


def idle_dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, train: bool | None = None
) -> Tensor | None:
    """Return the argument of a dropout that leaves everything, which is its result; None for another."""
    is_training = training if train is None else train
    return input if 0 <= p <= 1 and not (p and is_training) else None


def storage_of(x: Any) -> int | None:
    """Return the identity of the memory of a tensor, None for what has none."""
    if not isinstance(x, Tensor) or x.layout != torch.strided:
        return None
    try:
        return x.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):  # a subclass without memory of its own
        return None


def parameters_below(modules: Mapping[str, torch.nn.Module]) -> dict[int, str]:
    """Return the name of the parameter or buffer that each memory belongs to."""
    found: dict[int, str] = {}
    for prefix, module in modules.items():
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            if (storage := storage_of(tensor)) is not None:
                found.setdefault(storage, ".".join(part for part in (prefix, name) if part))
    return found


def lifted(tensors: Sequence[tuple[str, Tensor]], leaves: Sequence[Any]) -> dict[int, str]:
    """Return the name of the tensor that each memory of a trace stands for, where it may be that of a leaf.

    Tensors that a function reaches by variables have others in their places in a trace.
    """
    views = [leaf for leaf in leaves if isinstance(leaf, FakeTensor) and leaf._is_view()]
    if not views:
        return {}
    converter = views[0].fake_mode.fake_tensor_converter.meta_converter
    numbers: Any = converter.describer.lookup_storage
    found = [(name, numbers.get(tensor.untyped_storage())) for name, tensor in tensors]
    inside = converter.storage_memo
    return {inside[number]._cdata: name for name, number in found if number in inside}


@dataclass(frozen=True)
class Shared:
    """The memory that each output leaf shares, by the leaf's number."""

    aliases: Mapping[int, frozenset[Memory]]
    same: Mapping[int, Memory]

    @classmethod
    def of(
        cls,
        leaves: Sequence[Any],
        inputs: Sequence[Tensor],
        parameters: Mapping[int, str],
        outside: Sequence[tuple[str, Any]],
    ) -> "Shared":
        """Compare the memory of the leaves with that of inputs, parameters and earlier leaves."""
        owners = {storage: {Memory("parameter", name)} for storage, name in parameters.items()}
        for i, x in enumerate(inputs):
            owners.setdefault(storage_of(x) or 0, set()).add(Memory("input", i))
        aliases: dict[int, frozenset[Memory]] = {}
        for i, leaf in enumerate(leaves):
            if (storage := storage_of(leaf)) is not None:
                known = owners.setdefault(storage, set())
                aliases[i] = frozenset(known)
                known.add(Memory("output", i))
        return cls(aliases, identities(leaves, inputs, outside))


def depends_on_layout(use: LayoutUse, outside: Collection[int], leaves: Sequence[Any]) -> bool:
    """Return whether another layout of the inputs could change what memory results share, or was asked for.

    `outside` is the memory of inputs and weights. A copy in the place of a view shows where a result would be a view of
    one of them, or of another result.
    """
    found = [storage for leaf in leaves if (storage := storage_of(leaf)) is not None]
    several = {storage for storage in found if found.count(storage) > 1}
    return use.asked or bool(use.storages & {*found} and use.storages & ({*outside} | several))


def hidden_views(exported: ExportedProgram) -> set[str]:
    """Return the operations of a trace whose results are views of an argument, while their schemas deny it.

    Composite operations do so, such as `type_as` and `einsum`. A write through such a view is lost unless they are
    taken apart.
    """
    nodes = [node for node in exported.graph.nodes if isinstance(node.target, OpOverload)]
    return {str(node.target) for node in nodes if _denies_views(node.target) and _is_view(node)}


def _denies_views(op: OpOverload) -> bool:
    return not op._schema.is_mutable and all(result.alias_info is None for result in op._schema.returns)


def _is_view(node: torch.fx.Node) -> bool:
    given = {storage_of(argument.meta.get("val")) for argument in node.all_input_nodes} - {None}
    return storage_of(node.meta.get("val")) in given


class WritesThroughWindows(Exception):
    """The function writes into windows that `unfold` gives: torch would put zeros between them."""


class StridedWindows(TorchFunctionMode):
    """Trace `unfold` as `as_strided`, through which writes leave what lies between the windows."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return windows(*args, **(kwargs or {})) if func is Tensor.unfold else func(*args, **(kwargs or {}))


def windows(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Return what `x.unfold` does."""
    axis = dimension % x.dim()
    count = (x.shape[axis] - size) // step + 1
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :], size)
    strides = (*x.stride()[:axis], x.stride(axis) * step, *x.stride()[axis + 1 :], x.stride(axis))
    return x.as_strided(shape, strides, x.storage_offset())


def check_windows(exported: ExportedProgram) -> None:
    """Raise `WritesThroughWindows` where a trace writes through `unfold`."""
    for node in exported.graph.nodes:
        if isinstance(node.target, OpOverload) and node.target._schema.is_mutable and _through_unfold(node.args[0]):
            raise WritesThroughWindows


def _through_unfold(node: Any) -> bool:
    while isinstance(node, torch.fx.Node) and isinstance(node.target, OpOverload):
        if str(node.target) == "aten.unfold.default":
            return True
        if node.target._schema.is_mutable or not node.target._schema.returns[0].alias_info:
            return False
        node = node.args[0]
    return False
