"""The operations that mark where regions of control flow begin and end in the flat graph of a trace.

    branch(%c) ... otherwise() ... %y = join(%c, [%a], [%b])

Between `branch` and `otherwise` the graph holds the nodes of the first branch, and up to `join` those of the second. A
loop is `loop`, the nodes of its condition, `step`, those of its body, `repeat`; a loop of a known length is `scan`, its
body, `stack`. After `abandon` the innermost open one is closed, and was no part of the program.

torch takes all of them for calls with an effect, so that they stay, in their order. `region_importer.py` reads them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import statically_known_true
from torch.fx.node import has_side_effect

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.locations import current_line
from mlgraph.frontend.torch._private import free_size
from mlgraph.frontend.torch.leaves import is_known

library: Any = torch.library
MARKERS: set[Any] = set()
"""The overloads of all markers."""


def marker(schema: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a marker; the decorated function gives its results for fake tensors."""

    def register(fake: Callable[..., Any]) -> Any:
        name = schema.partition("(")[0]
        library.define(f"mlgraph::{name}", schema.removeprefix(name))
        library.register_fake(f"mlgraph::{name}", fake)
        if "Tensor" in schema.partition("->")[2]:
            library.register_autograd(f"mlgraph::{name}", _no_backward)
        overload = getattr(torch.ops.mlgraph, name).default
        has_side_effect(overload)
        MARKERS.add(overload)
        return overload

    return register


def _no_backward(*_: Any) -> NoReturn:
    raise UnsupportedOpError(
        "the function takes gradients through a branch or loop that depends on values",
        where=current_line(),
        why="the branch that runs is not known while the function is traced",
        fix="take gradients of the graph",
    )


@marker("branch(Tensor condition) -> ()")
def branch(condition: Tensor) -> None: ...


@marker("otherwise() -> ()")
def otherwise() -> None: ...


@marker("join(Tensor condition, Tensor?[] then, Tensor?[] otherwise, ScalarType[] dtypes) -> Tensor[]")
def join(
    condition: Tensor, then: Sequence[Tensor | None], otherwise: Sequence[Tensor | None], dtypes: Sequence[torch.dtype]
) -> list[Tensor]:
    """Return the values of the branch that runs; a branch without a value gives any."""
    return [_joined(*leaf) for leaf in zip(then, otherwise, dtypes, strict=True)]


@marker("loop(Tensor[] initial, int[] free) -> Tensor[]")
def loop(initial: Sequence[Tensor], free: Sequence[int]) -> list[Tensor]:
    """Return the state that the condition is given; `free` are pairs of a leaf and an axis whose size may change."""
    return _with_free_sizes(initial, free)


@marker("step(Tensor condition, Tensor[] state, int[] free) -> Tensor[]")
def step(condition: Tensor, state: Sequence[Tensor], free: Sequence[int]) -> list[Tensor]:
    """Return the state that the body is given."""
    return _with_free_sizes(state, free)


@marker("repeat(Tensor[] state, Tensor[] next, int[] free) -> Tensor[]")
def repeat(state: Sequence[Tensor], next: Sequence[Tensor], free: Sequence[int]) -> list[Tensor]:
    """Return the state after the last step; `state` is what the condition was given."""
    return _with_free_sizes(state, free)


@marker("scan(SymInt length, Tensor number, Tensor[] initial) -> Tensor[]")
def scan(length: int, number: Tensor, initial: Sequence[Tensor]) -> list[Tensor]:
    """Return the number of the step, 0 at first, and the carry that the body is given."""
    return _with_free_sizes([number, *initial], ())


@marker("stack(SymInt length, Tensor[] carry, Tensor[] next, Tensor[] elements) -> Tensor[]")
def stack(length: Any, carry: Sequence[Tensor], next: Sequence[Tensor], elements: Sequence[Tensor]) -> list[Tensor]:
    """Return the carry after the last step, and the elements of all steps along a new first axis."""
    return _with_free_sizes(carry, ()) + [x.new_empty((length, *x.shape)) for x in elements]


@marker("abandon() -> ()")
def abandon() -> None: ...


@marker("hold(Tensor x) -> Tensor")
def hold(x: Tensor) -> Tensor:
    """Return the value that `x` has here; it may be written into later."""
    return x.new_empty(x.shape)


@marker("check(Tensor condition, str error, str message) -> ()")
def check(condition: Tensor, error: str, message: str) -> None: ...


def _joined(a: Tensor | None, b: Tensor | None, dtype: torch.dtype) -> Tensor:
    given = b if a is None else a
    assert given is not None
    if a is None or b is None:
        return given.new_empty([n if is_known(n) else free_size() for n in given.shape], dtype=dtype)
    like = a if b.device.type == "cpu" else b
    sizes = zip(a.shape, b.shape, strict=True)
    return like.new_empty([m if statically_known_true(m == n) else free_size() for m, n in sizes], dtype=dtype)


def _with_free_sizes(tensors: Sequence[Tensor], free: Sequence[int]) -> list[Tensor]:
    axes = set(zip(free[::2], free[1::2]))
    shapes = [[free_size() if (i, a) in axes else n for a, n in enumerate(x.shape)] for i, x in enumerate(tensors)]
    return [x.new_empty(shape) for x, shape in zip(tensors, shapes, strict=True)]
