"""Kernels that torch's autograd records: the gradient of a launch is the launch of a derivative, and so is its own.

torch decides which results have a gradient and which operands get one: the unfused operations are recorded once, on one
element of each operand.

The gradient of the elements that a sum or mean reduces is that of the result, the same for all: the kernel whose
results are whole is differentiated. Kernels with a gradient of a maximum or minimum, which depends on its position, and
kernels with loops of their own run unfused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from math import prod
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from xdsl.ir import BlockArgument

from mlgraph.dialects.dtypes import NAME_OF, element_type
from mlgraph.dialects.kernel import FusedOp, has_loops, trimmed

Function: TypeAlias = Callable[..., Any]
"""From tensors to a tensor, or to a tuple of several."""
Numbers: TypeAlias = tuple[int, ...]
"""Of operands, or of results."""


class Derive(Protocol):
    """The derivative of a kernel by some operands, given the gradients of some results."""

    def __call__(self, kernel: FusedOp, wrt: Sequence[int], of: Sequence[int]) -> FusedOp: ...


class Make(Protocol):
    """A function that launches a kernel, records it where torch asks for that, and runs `unfused` where none can."""

    def __call__(self, kernel: FusedOp, unfused: Function) -> Function: ...


class Part(NamedTuple):
    """The part of a kernel that has a gradient: results and operands by number."""

    of: Numbers
    wrt: Numbers


@dataclass
class Recorded:
    """Launches of a kernel that autograd records, for operands of which one needs a gradient."""

    kernel: FusedOp
    launch: Function
    """The launch itself, of which nothing is recorded."""
    unfused: Function
    derive: Derive
    make: Make
    _launches: dict[tuple[bool, ...], Function] = field(default_factory=dict[tuple[bool, ...], Function])
    """The function to call, by which operands need a gradient."""
    _gradients: dict[Part, "Gradient"] = field(default_factory=dict[Part, "Gradient"])

    def __call__(self, *tensors: Any) -> Any:
        import torch

        if torch._C._are_functorch_transforms_active():  # pyright: ignore[reportPrivateUsage]
            return self.unfused(*tensors)
        needs = tuple([x.requires_grad for x in tensors])
        launch = self._launches.get(needs)
        if launch is None:
            launch = self._launches[needs] = self._launch(tensors)
        return launch(*tensors)

    def gradient(self, part: Part) -> "Gradient":
        """Return the gradient of a part; it is derived when it is first asked for."""
        if part not in self._gradients:
            self._gradients[part] = Gradient.of(self, part)
        return self._gradients[part]

    def _launch(self, tensors: Sequence[Any]) -> Function:
        """Return the function to call for these operands, of which some need a gradient."""
        import torch

        part = self._part(tensors)
        if part is None:
            return self.unfused
        if not part.of:
            return torch.no_grad()(self.launch)
        return partial(_function().apply, self, self.gradient(part))

    def expand_gradient(self, result: int, gradient: Any, shape: Sequence[int]) -> Any:
        """Spread a result's gradient over an iteration space: the gradient of each element that was reduced to it."""
        if not self.kernel.kinds[result]:
            return gradient
        kept = len(shape) - self.kernel.axes
        if self.kernel.kinds[result] == "mean":
            gradient = gradient / prod(shape[kept:])
        return gradient.reshape(*shape[:kept], *[1] * self.kernel.axes).expand(shape)

    def collapse_gradient(self, result: int, gradient: Any, shape: Sequence[int]) -> Any:
        """Undo `expand_gradient` for a result of this shape."""
        if not self.kernel.kinds[result]:
            return gradient
        axes = self.kernel.axes
        if self.kernel.kinds[result] == "mean":
            gradient = gradient * prod(gradient.shape[gradient.dim() - axes :])
        return gradient[(..., *[slice(0, 1)] * axes)].reshape(shape)

    def _part(self, tensors: Sequence[Any]) -> Part | None:
        """Return the part of which torch records one element of each operand; None where no kernel is the gradient."""
        import torch

        ones = [x.detach()[(slice(0, 1),) * x.dim()].requires_grad_(x.requires_grad) for x in tensors]
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(identity, identity):
            results = as_tuple(self.unfused(*ones))
        of = [i for i, result in enumerate(results) if result.requires_grad]
        if has_loops(self.kernel) or any(self.kernel.kinds[i] in ("max", "min") for i in of):
            return None
        wrt = [i for i, one in enumerate(ones) if one.requires_grad]
        if not of:
            return Part((), ())
        seeds = [torch.ones_like(results[i]) for i in of]
        try:
            found = gradients([results[i] for i in of], [ones[i] for i in wrt], seeds)
        except RuntimeError:
            return None
        return Part(tuple(of), tuple(i for i, g in zip(wrt, found, strict=True) if g is not None))


@cache
def _function() -> Any:
    """The function of torch whose forward is a launch."""
    import torch

    class Launch(torch.autograd.Function):
        """A launch, of which the operands are saved that the gradient reads."""

        @staticmethod
        def forward(ctx: Any, recorded: Recorded, gradient: Gradient, *tensors: Any) -> Any:
            results = recorded.launch(*tensors)
            ctx.recorded, ctx.gradient = recorded, gradient
            ctx.shapes = [x.shape for x in tensors]
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*[tensors[i] for i in gradient.saved])
            if gradient.constant:
                ctx.mark_non_differentiable(*[results[i] for i in gradient.constant])
            return results

        @staticmethod
        def backward(ctx: Any, *seeds: Any) -> Any:
            of, wrt = ctx.gradient.part
            needs = ctx.needs_input_grad[2:]
            part = Part(tuple([i for i in of if seeds[i] is not None]), tuple([i for i in wrt if needs[i]]))
            by_operand: list[Any] = [None] * len(needs)
            if part.of and part.wrt:
                space = broadcast_shape(ctx.shapes)
                given = [*by_operand, *[ctx.recorded.expand_gradient(i, seeds[i], space) for i in part.of]]
                for i, x in zip(ctx.gradient.saved, ctx.saved_tensors):
                    given[i] = x
                for i, g in zip(part.wrt, ctx.recorded.gradient(part)(given)):
                    by_operand[i] = g if g.shape == ctx.shapes[i] else g.sum_to_size(ctx.shapes[i])
            return None, None, *by_operand

    return Launch


@dataclass(frozen=True)
class Gradient:
    """The gradient of a part of a kernel."""

    part: Part
    launch: Function
    reads: Numbers
    """The arguments of `launch`: operands of the kernel by number, and after them the gradients of results."""
    places: tuple[int | None, ...]
    """The place of the gradient by each operand, counting on with the results of `launch`; None where it is 0."""
    dtypes: tuple[str, ...]
    """The element type of each."""
    saved: Numbers
    """The operands of the kernel that it reads."""
    constant: Numbers
    """The results of the kernel that it is not of."""

    @staticmethod
    def of(recorded: Recorded, part: Part) -> "Gradient":
        """Return Derive the gradient, without what it need not read, compute, or compute twice."""
        derivative = recorded.derive(recorded.kernel, part.wrt, part.of)
        yielded = list(derivative.elements)
        computed = [v for v, reads in zip(yielded, derivative.reads) if reads and not isinstance(v, BlockArgument)]
        firsts = [yielded.index(v) for v in dict.fromkeys(computed)]
        kernel, reads = trimmed(derivative, firsts)
        places: dict[Any, int] = {v: v.index for v in yielded if isinstance(v, BlockArgument)}
        places |= {yielded[i]: len(derivative.operands) + n for n, i in enumerate(firsts)}
        count = len(recorded.kernel.operands)
        return Gradient(
            part,
            recorded.make(kernel, unfused_gradient(recorded, part, reads, firsts)) if firsts else no_results,
            tuple(reads),
            tuple(map(places.get, yielded)),
            tuple(NAME_OF[element_type(type)] for type in derivative.result_types),
            tuple(i for i in reads if i < count),
            tuple(i for i in range(len(recorded.kernel.results)) if i not in part.of),
        )

    def __call__(self, given: Sequence[Any]) -> list[Any]:
        """The gradient by each operand in the shape of the iteration space; `given` are all that it may read."""
        found = (*given, *as_tuple(self.launch(*[given[i] for i in self.reads])))
        seed = given[-1]
        return [
            zeros_like(seed, dtype) if place is None else found[place] for place, dtype in zip(self.places, self.dtypes)
        ]


def zeros_like(x: Any, dtype: str) -> Any:
    """Return Zeros in the shape of a tensor."""
    import torch

    return torch.zeros_like(x, dtype=getattr(torch, dtype))


def no_results(*tensors: Any) -> tuple[Any, ...]:
    """Return no results, as a launch of a gradient that is 0."""
    return ()


def identity(x: Any) -> Any:
    """Hide a tensor that torch saves from the hooks of a checkpoint, which expect those of launches alone."""
    return x


def as_tuple(results: Any) -> tuple[Any, ...]:
    """Return results as a tuple, also a single one."""
    return cast("tuple[Any, ...]", results) if isinstance(results, tuple) else (results,)


def broadcast_shape(shapes: Iterable[Any]) -> Any:
    """Return the shape of tensors of these shapes broadcast against each other."""
    import torch

    return cast(Any, torch).broadcast_shapes(*shapes)


def gradients(results: Sequence[Any], by: Sequence[Any], seeds: Sequence[Any], again: bool = False) -> Sequence[Any]:
    """Return the gradient by each tensor, None where it is 0; torch can differentiate it `again`."""
    import torch

    return torch.autograd.grad(results, by, seeds, create_graph=again, allow_unused=True)


def unfused_gradient(recorded: Recorded, part: Part, reads: Sequence[int], wanted: Sequence[int]) -> Function:
    """Return the fallback of a gradient: torch computes those `wanted` of the part's, from operands numbered `reads`.

    What the gradient does not depend on is taken to be 1.
    """
    types = [NAME_OF[element_type(type)] for type in recorded.kernel.operand_types]

    def gradient(*tensors: Any) -> Any:
        import torch

        given = dict(zip(reads, tensors, strict=True))
        recording = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
        shape = broadcast_shape(x.shape for x in tensors)
        one = torch.ones((), dtype=tensors[0].dtype, device=tensors[0].device)  # in no batch, as tensors may be
        with torch.enable_grad():
            operands = [given.get(i, one.to(getattr(torch, name))).expand(shape) for i, name in enumerate(types)]
            operands = [x.detach() if x.requires_grad and not recording else x for x in operands]
            leaves = [operands[i].requires_grad_(True) for i in part.wrt]
            results = as_tuple(recorded.unfused(*operands))
            sources = [results[i] for i in part.of]
            whole = [given.get(len(types) + n, one.to(y.dtype)).expand(shape) for n, y in enumerate(sources)]
            seeds = [recorded.collapse_gradient(i, g, y.shape) for i, g, y in zip(part.of, whole, sources)]
            found = gradients(sources, leaves, seeds, again=recording)
        chosen = [torch.zeros_like(leaves[i]) if found[i] is None else found[i] for i in wanted]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)

    return gradient
