"""Tracing with `torch.export`: how a module is exported, and when the trace is decomposed."""

# pyright: basic
import contextlib
import operator
import re
from collections.abc import Callable, Container, Iterable
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

import mlgraph.frontend.torch.ctc
import mlgraph.frontend.torch.least_squares
import mlgraph.frontend.torch.size_tensors  # noqa: F401, these declare what stands for what export does not follow
from mlgraph.errors import InputError
from mlgraph.frontend.dynamic_sizes import Axis
from mlgraph.frontend.program import Request
from mlgraph.frontend.torch._private import (
    DecompositionTable,
    OpOverload,
    UserError,
    decompose,
    keep_unused_draws,
    temporarily_clear_interpreter_stack,
)
from mlgraph.frontend.torch.errors import data_dependent, not_followed, translate_error
from mlgraph.frontend.torch.export_module import ExportModule
from mlgraph.frontend.torch.markers import MARKERS
from mlgraph.frontend.torch.memory import (
    check_windows,
    hidden_views,
)
from mlgraph.frontend.torch.region_checks import check_regions
from mlgraph.frontend.torch.regions import inline_regions
from mlgraph.frontend.torch.scopes import (
    decisions_noted,
    same_attributes,
    sizes_as_numbers,
    watching_functions,
    without_memory_formats,
)
from mlgraph.frontend.torch.simple_sizes import SizesTooComplex, dimensions
from mlgraph.frontend.torch.writes import rewrite_writes

FREE_SIZE = re.compile(r"\bs\d+\b")
"""The form of torch's names for free sizes; an error that names one is about a fact that torch cannot decide."""


def export(
    root: ExportModule,
    request: Request,
    known: Container[str],
    decompositions: Callable[[Iterable[str]], DecompositionTable],
    free: frozenset[Axis],
) -> ExportedProgram:
    """Return the trace of `root` with the sizes of the axes `free` open.

    Where it holds anything but `known` operations it is taken apart, for which torch traces it once more.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(same_attributes(root.trace.modules))
        stack.enter_context(watching_functions(root.trace.note_function))
        stack.enter_context(without_memory_formats())
        stack.enter_context(sizes_as_numbers())
        stack.enter_context(decisions_noted(root.trace.caught))
        stack.enter_context(temporarily_clear_interpreter_stack())
        stack.enter_context(torch.set_grad_enabled(root.options.gradients))
        arrays = tuple(example(array, root.options.keep_layout) for array in request.arrays)
        dynamic = dimensions(arrays, free) if free else None
        try:
            exported = _export(root, arrays, dynamic)
            if root.trace.caught:
                erase_failed(exported)
            exported = inline_regions(exported)
            check_regions(exported)
            root.trace.writes = any(map(_is_write, exported.graph.nodes))
            check_windows(exported)
            taken_apart = hidden_views(exported) if root.trace.writes else set[str]()
            rewrite_writes(exported)
            if not taken_apart and is_known(exported, known):
                return exported
            with keep_unused_draws():
                return decompose(exported, decompositions(taken_apart))
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
        (str(node.target) in known or node.target in MARKERS) and not _writes(node)
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


def forget_weights(exported: ExportedProgram) -> None:
    """Have torch's tracer let go of the user's weights: it keeps weak references, which `swap_tensors` refuses."""
    values = [node.meta.get("val") for node in exported.graph.nodes]
    modes = {id(mode): mode for value in values if (mode := getattr(value, "fake_mode", None)) is not None}
    for mode in modes.values():
        describer = mode.fake_tensor_converter.meta_converter.describer
        describer.lookup_tensor.clear()
        describer.lookup_storage.clear()
