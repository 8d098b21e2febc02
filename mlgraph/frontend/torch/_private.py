# pyright: basic
"""The one door to the internals of torch: its private modules, and names of them that it does not promise.

Checked against torch 2.13. Beside these the frontend reads private attributes of objects that it is given:
`OpOverload._schema`, `Module._parameters`, `Module._buffers`, `ShapeEnv._maybe_evaluate_static`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from traceback import FrameSummary, StackSummary
from typing import Any, NamedTuple

import torch
import torch._inductor.config
from torch._decomp import decomposition_table
from torch._dynamo.exc import UserError
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch._ops import OpOverload
from torch._subclasses import FakeTensor
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
    unset_fake_temporarily,
)
from torch.export import ExportedProgram
from torch.export.exported_program import _decompose_exported_program as decompose_exported_program
from torch.export.exported_program import _split_decomp_table_to_cia_and_python_decomp as split_table
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.fx.proxy import TracerBase
from torch.nn.utils import parametrize
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes as disable_current_modes

__all__ = [
    "REFERENCES",
    "SYMBOLIC",
    "DataDependentOutputException",
    "DecompositionTable",
    "DisableTorchFunction",
    "DynamicOutputShapeException",
    "FakeTensor",
    "OpOverload",
    "UnsupportedOperatorException",
    "UserError",
    "check",
    "decompose",
    "decomposition_table",
    "disable_current_modes",
    "every_decomposition",
    "free_size",
    "get_proxy_mode",
    "higher_order_module",
    "is_composite",
    "keep_frames",
    "keep_unused_draws",
    "pytree",
    "registered_decompositions",
    "schema_of",
    "sym_ite",
    "sym_max",
    "sym_sqrt",
    "temporarily_clear_interpreter_stack",
    "unchecked_distributions",
    "without_cached_weights",
]

DisableTorchFunction = torch._C.DisableTorchFunction
sym_sqrt = torch._sym_sqrt  # pyright: ignore[reportAttributeAccessIssue]
check: Any = torch._check
sym_ite: Any = torch.sym_ite  # pyright: ignore[reportAttributeAccessIssue]
sym_max: Any = torch.sym_max
SYMBOLIC: dict[type, Any] = {int: torch.sym_int, float: torch.sym_float}
"""The functions that convert numbers, traced or not, to classes of Python's."""


def schema_of(target: Any) -> Any:
    """Return the schema of an op, None for any other target of a node."""
    return target._schema if isinstance(target, OpOverload) else None


def free_size() -> Any:
    """Return a size that only a call can tell, inside of what gives the results of an op for fake tensors."""
    return torch.library.get_ctx().new_dynamic_size()


REFERENCES = ("torch._refs", "torch._prims")
"""The modules in which torch has its operators in Python."""


def every_decomposition() -> Mapping[Any, Any]:
    """Return the decompositions of torch, those of its references included."""
    import torch._refs  # noqa: F401, it registers them

    return decomposition_table


def registered_decompositions() -> tuple[Any, ...]:
    """Return what changes when an operation that decomposes is registered, or is no longer."""
    composite = torch._C._dispatch_get_registrations_for_dispatch_key("CompositeImplicitAutograd")
    return len(every_decomposition()), *composite


class DecompositionTable(NamedTuple):
    """A table for `decompose`, as torch splits it: that takes longer than to trace a small function."""

    composite: dict[Any, Any]
    """Composite operations that are kept whole, or decomposed by other code than their kernel's."""
    others: dict[Any, Any]

    @classmethod
    def of(cls, table: Mapping[Any, Any]) -> "DecompositionTable":
        """Split a table for `ExportedProgram.run_decompositions`."""
        composite, others = split_table(dict(table))
        overridden = {op: function for op, function in composite.items() if not isinstance(function, partial)}
        return cls(overridden, others)  # a `partial` calls the kernel of its operation


def decompose(exported: ExportedProgram, table: DecompositionTable) -> ExportedProgram:
    """Return what `ExportedProgram.run_decompositions` would, given a table that is split already."""
    with unset_fake_temporarily():
        return decompose_exported_program(
            exported,
            cia_to_decomp=table.composite,
            python_decomp_table=dict(table.others),
            joint_loss_index=None,
            decompose_custom_triton_ops=False,
        )


def keep_unused_draws() -> AbstractContextManager[Any]:
    """Let decompositions keep random draws without uses: they move the generator on."""
    return torch._inductor.config.patch(fallback_random=True)


def higher_order_module(name: str) -> dict[str, Any]:
    """Return the variables of a module in which torch has control flow: `cond`, `while_loop`, ..., or `utils`."""
    return vars(import_module(f"torch._higher_order_ops.{name}"))


def is_composite(op: OpOverload) -> bool:
    """Return whether an op is written in terms of others, and so has no kernel of its own."""
    return op.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd)


@contextmanager
def unchecked_distributions() -> Iterator[None]:
    """Let distributions take their arguments for valid, as a trace cannot look at values."""
    before = torch.distributions.Distribution._validate_args
    torch.distributions.Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        torch.distributions.Distribution.set_default_validate_args(before)


@contextmanager
def without_cached_weights() -> Iterator[None]:
    """Have parametrizations compute their weights inside: a cached one would be no part of the trace, or outlive it."""
    enabled, cache = parametrize._cache_enabled, parametrize._cache
    parametrize._cache_enabled, parametrize._cache = 0, {}
    try:
        yield
    finally:
        parametrize._cache_enabled, parametrize._cache = enabled, cache


@contextmanager
def keep_frames(keeps: Callable[[FrameSummary], bool]) -> Iterator[None]:
    """Let torch remember those frames for a node of which `keeps` says so."""
    original = TracerBase._filter_traceback_frames

    def kept(tracer: TracerBase, frames: StackSummary) -> StackSummary:
        return StackSummary.from_list([frame for frame in frames if keeps(frame)])

    TracerBase._filter_traceback_frames = kept  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        TracerBase._filter_traceback_frames = original
