"""The guards of a captured program."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks import get
from mlgraph.frameworks.modules import is_watched
from mlgraph.frontend.program import Program
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.effects import StateSpec
from mlgraph.graph.function_info import FunctionInfo
from mlgraph.graph.guards.arguments import StaticGuard, StructureGuard
from mlgraph.graph.guards.array_sources import ArgumentArray, HeldArray
from mlgraph.graph.guards.arrays import array_guards, narrow_name
from mlgraph.graph.guards.base import Guard
from mlgraph.graph.guards.environment import ValueGuard
from mlgraph.graph.guards.objects import ObjectsGuard
from mlgraph.graph.guards.torch_modules import ModulesGuard


def program_guards(
    info: FunctionInfo, call: BoundCall, program: Program, state: StateSpec | None, narrow: bool
) -> list[Guard]:
    """Return every condition under which a program is right for a call, those that decide first at the front.

    `narrow` says that the target has 32-bit types instead of 64-bit ones.
    """
    parameters = tuple(info.signature.parameters)
    accessors = call.accessors(parameters)
    guards: list[Guard] = [ValueGuard.of(read) for read in program.guards]
    guards.append(StructureGuard(call.without_arrays(), parameters, get(info.source).sorts_keys))
    leaves = enumerate(zip(call.without_arrays().leaves, call.is_array, accessors))
    guards += [StaticGuard(i, leaf, name) for i, (leaf, is_array, name) in leaves if not is_array]
    names = [f"argument {name}" for name, is_array in zip(accessors, call.is_array) if is_array]
    arrays: list[Any] = [ArgumentArray(i, name) for i, name in enumerate(names)]
    if state is not None:
        guards.append(ObjectsGuard(state))
        arrays += [HeldArray(state, path, path.text(state.names)) for path in state.reads]
    inputs = [replace(i, dtype=narrow_name(i.dtype)) if narrow else i for i in program.inputs]
    return guards + array_guards(list(zip(arrays, inputs, strict=True)), program.bounds, program.size_guards, narrow)


def modules_guard(info: FunctionInfo, named: Sequence[tuple[str, Any]], program: Program) -> ModulesGuard | None:
    """Return the guard of the torch modules that a function reaches, None if it reaches none.

    The hooks of a module whose forward is compiled run around the compiled one. Where a backward hook would have to
    run, a guard that gradients are off is added to `program`; raise `UnsupportedOpError` if they are on now.
    """
    if not any(is_watched(value) for _, value in named):
        return None
    own_hooks = info.function if info.original is not info.function else None
    takes_gradients = get(info.to).has_gradients
    guard = ModulesGuard(named, copies=not takes_gradients, without_hooks=own_hooks)
    if takes_gradients and (found := guard.backward_hook()) is not None:
        program.guards = (*program.guards, _gradients_are_off(found))
    return guard


def _gradients_are_off(hook: str) -> Callable[[], str | None]:
    """Return a check that gradients are off, for a function with a backward hook, which a graph does not run."""
    import torch

    if torch.is_grad_enabled():
        raise UnsupportedOpError(
            f"{hook}, and a graph would not run it",
            why="the backward of a graph comes from the operations of the forward",
            fix="remove the hook, put it on the module that is compiled, or call the graph under torch.no_grad()",
        )
    return lambda: f"gradients are enabled, and {hook}" if torch.is_grad_enabled() else None
