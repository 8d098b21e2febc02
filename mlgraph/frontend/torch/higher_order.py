"""torch's own control flow: `torch.cond`, `while_loop`, `scan` and `map`, whose operators take functions.

torch would compile each call of them; in a trace their functions are traced as regions. `associative_scan` is made of
other operations as it is.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.control_flow.base import ControlFlow, active
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.torch._private import higher_order_module, pytree


def control_flow() -> ControlFlow:
    found = active()
    assert found is not None, "outside of a trace"
    return found


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Sequence[Any] = ()) -> Any:
    structures: list[Any] = []

    def branch(function: Callable[..., Any]) -> list[Any]:
        found, structure = pytree.tree_flatten(function(*operands))
        structures.append(structure)
        return found

    results = control_flow().if_(pred, lambda: branch(true_fn), lambda: branch(false_fn))
    if structures[0] != structures[1]:
        raise UnsupportedOpError("the branches of torch.cond return different structures", where=current_line())
    return pytree.tree_unflatten(results, structures[0])


def while_loop(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried: Sequence[Any], additional: Sequence[Any]
) -> tuple[Any, ...]:
    def body(state: list[Any]) -> list[Any]:
        return pytree.tree_leaves(body_fn(*state, *additional))

    return tuple(control_flow().while_(lambda state: cond_fn(*state, *additional), body, carried))


def scan(
    combine_fn: Callable[..., Any], init: Sequence[Any], xs: Sequence[Tensor], additional_inputs: Sequence[Any] = ()
) -> tuple[Any, Any]:
    structures: list[Any] = []

    def step(i: Any, carry: list[Any]) -> tuple[list[Any], list[Any]]:
        pairs = [pytree.tree_flatten(part) for part in combine_fn(*carry, *(x[i] for x in xs), *additional_inputs)]
        structures[:] = [structure for _, structure in pairs]
        (following, _), (values, _) = pairs
        return following, values

    found = control_flow().scan(xs[0].shape[0], step, init)
    carry, stacks = map(pytree.tree_unflatten, found, structures)
    return carry, stacks


def map_impl(f: Callable[..., Any], xs: Sequence[Tensor], pos_args: Sequence[Any]) -> Any:
    structures: list[Any] = []

    def step(i: Any, _: list[Any]) -> tuple[list[Any], list[Any]]:
        values, structure = pytree.tree_flatten(f(*(x[i] for x in xs), *pos_args))
        structures[:] = [structure]
        return [], values

    return pytree.tree_unflatten(control_flow().scan(xs[0].shape[0], step, [])[1], structures[0])


def compiled_and_called(function: Callable[..., Any], args: Sequence[Any], kwargs: Any = None) -> Any:
    """Call a function that torch would compile first."""
    return function(*args, **(kwargs or {}))


REPLACED: dict[str, dict[str, Callable[..., Any]]] = {
    "cond": {"cond_op": cond},
    "while_loop": {"while_loop_op": while_loop},
    "scan": {"scan_op": scan},
    "map": {"map_impl": map_impl},
    "utils": {"_hop_compile_and_call": compiled_and_called},
}
"""The functions in the place of torch's, by module and variable."""


@contextmanager
def control_flow_of_torch() -> Generator[None]:
    """Have torch's functions of control flow trace regions inside."""
    modules = {name: higher_order_module(name) for name in REPLACED}
    before = {name: {key: modules[name][key] for key in functions} for name, functions in REPLACED.items()}
    for name, functions in REPLACED.items():
        modules[name].update(functions)
    try:
        yield
    finally:
        for name, functions in before.items():
            modules[name].update(functions)
