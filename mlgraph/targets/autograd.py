"""Kernels that torch's autograd records: the gradient of a launch is the launch of a derivative, and so is its own.

What torch says of the operations that a kernel stands for decides which results have a gradient and which operands get
one: it is asked once, with one element of each operand.
"""

# pyright: basic
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeAlias

from xdsl.ir import BlockArgument

from mlgraph.dialects.dtypes import NAME_OF, element_type
from mlgraph.dialects.kernel import FusedOp, trimmed

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


@dataclass(frozen=True)
class Part:
    """What a kernel has a gradient of: results and operands by number."""

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
    _parts: dict[tuple[bool, ...], Part | None] = field(default_factory=dict)
    """By which operands need a gradient; None where torch has none, and the operations themselves must say so."""
    _gradients: dict[Part, "Gradient"] = field(default_factory=dict)

    def __call__(self, *tensors: Any) -> Any:
        import torch

        if torch._C._are_functorch_transforms_active():
            return self.unfused(*tensors)
        needs = tuple(x.requires_grad for x in tensors)
        if needs not in self._parts:
            self._parts[needs] = self._part(tensors)
        part = self._parts[needs]
        if part is None:
            return self.unfused(*tensors)
        if not part.of:
            return self.launch(*tensors)
        return _launch().apply(self, part, *tensors)

    def gradient(self, part: Part) -> "Gradient":
        """The gradient of a part, made when it is first asked for."""
        if part not in self._gradients:
            self._gradients[part] = Gradient.of(self, part)
        return self._gradients[part]

    def _part(self, tensors: Sequence[Any]) -> Part | None:
        """What torch records of one element of each operand."""
        import torch

        ones = [x.detach()[(slice(0, 1),) * x.dim()].requires_grad_(x.requires_grad) for x in tensors]
        with torch.enable_grad():
            results = several(self.unfused(*ones))
        of = [i for i, result in enumerate(results) if result.requires_grad]
        wrt = [i for i, one in enumerate(ones) if one.requires_grad]
        if not of:
            return Part((), ())
        seeds = [torch.ones_like(results[i]) for i in of]
        try:
            found = torch.autograd.grad([results[i] for i in of], [ones[i] for i in wrt], seeds, allow_unused=True)
        except RuntimeError:
            return None
        return Part(tuple(of), tuple(i for i, g in zip(wrt, found, strict=True) if g is not None))


@cache
def _launch() -> Any:
    """The function of torch whose forward is a launch."""
    import torch

    class Launch(torch.autograd.Function):
        """A launch, of which the operands are saved that the gradient reads."""

        @staticmethod
        def forward(ctx: Any, recorded: Recorded, part: Part, *tensors: Any) -> Any:
            results = recorded.launch(*tensors)
            ctx.recorded, ctx.part = recorded, part
            ctx.likes = [(x.shape, x.dtype) for x in tensors]
            ctx.saved = [i for i in recorded.gradient(part).reads if i < len(tensors)]
            ctx.save_for_backward(*(tensors[i] for i in ctx.saved))
            ctx.mark_non_differentiable(*(x for i, x in enumerate(several(results)) if i not in part.of))
            ctx.set_materialize_grads(False)
            return results

        @staticmethod
        def backward(ctx: Any, *seeds: Any) -> Any:
            needs = ctx.needs_input_grad[2:]
            part = Part(
                tuple(i for i in ctx.part.of if seeds[i] is not None), tuple(i for i in ctx.part.wrt if needs[i])
            )
            if not part.of or not part.wrt:
                return (None,) * (2 + len(needs))
            gradient = ctx.recorded.gradient(part)
            given = dict(zip(ctx.saved, ctx.saved_tensors)) | {len(needs) + n: seeds[i] for n, i in enumerate(part.of)}
            found = dict(zip(part.wrt, gradient(*(given[i] for i in gradient.reads))))
            seed = seeds[part.of[0]]
            return (
                None,
                None,
                *(fitted(found[i], seed, *ctx.likes[i]) if i in found else None for i in range(len(needs))),
            )

    return Launch


def fitted(gradient: Any, seed: Any, shape: Any, dtype: Any) -> Any:
    """A gradient summed to the shape of its operand; zeros where it is None."""
    return seed.new_zeros(shape, dtype=dtype) if gradient is None else gradient.sum_to_size(shape)


@dataclass(frozen=True)
class Gradient:
    """The gradient of a part of a kernel."""

    launch: Function
    reads: Numbers
    """What it reads: operands of the kernel by number, and after them the gradients of its results."""
    taken: int
    """How many of these `launch` takes. The others are themselves the gradient of an operand."""
    places: tuple[int | None, ...]
    """Where the gradient by each operand is, counting what was read and then what was computed; None where it is 0."""

    @staticmethod
    def of(recorded: Recorded, part: Part) -> "Gradient":
        """Derive the gradient, without what it need not read, compute, or compute twice."""
        derivative = recorded.derive(recorded.kernel, part.wrt, part.of)
        body = derivative.body.block
        yielded = list(derivative.elements)
        computed = [v for v, reads in zip(yielded, derivative.reads) if reads and not isinstance(v, BlockArgument)]
        firsts = [yielded.index(v) for v in dict.fromkeys(computed)]
        kernel, taken = trimmed(derivative, firsts)
        passed = [v.index for v in yielded if isinstance(v, BlockArgument)]
        reads = list(dict.fromkeys([*taken, *passed]))
        places = {v: n for n, v in enumerate([*(body.args[i] for i in reads), *(yielded[i] for i in firsts)])}
        unfused = unfused_gradient(recorded, part, taken, firsts)
        launch = recorded.make(kernel, unfused) if firsts else nothing
        return Gradient(launch, tuple(reads), len(taken), tuple(map(places.get, yielded)))

    def __call__(self, *tensors: Any) -> list[Any]:
        """The gradient by each operand in the shape of the iteration space, None where it is 0."""
        found = (*tensors, *several(self.launch(*tensors[: self.taken])))
        return [None if place is None else found[place] for place in self.places]


def nothing(*tensors: Any) -> tuple[Any, ...]:
    """A launch without results."""
    return ()


def several(results: Any) -> tuple[Any, ...]:
    """The results of a function that gives one alone."""
    return results if isinstance(results, tuple) else (results,)


def unfused_gradient(recorded: Recorded, part: Part, reads: Sequence[int], wanted: Sequence[int]) -> Function:
    """What a gradient stands for, as torch computes it: those `wanted` of the part's, from what is numbered `reads`.

    What the gradient does not depend on is taken to be 1.
    """
    types = [NAME_OF[element_type(type)] for type in recorded.kernel.operand_types]

    def gradient(*tensors: Any) -> Any:
        import torch

        given = dict(zip(reads, tensors, strict=True))
        recording = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
        shape = torch.broadcast_shapes(*(x.shape for x in tensors))
        one = tensors[0].new_ones(())
        with torch.enable_grad():
            operands = [given.get(i, one.to(getattr(torch, name))).expand(shape) for i, name in enumerate(types)]
            operands = [x if recording else x.detach() for x in operands]
            leaves = [operands[i].requires_grad_(True) for i in part.wrt]
            results = several(recorded.unfused(*operands))
            sources = [results[i] for i in part.of]
            seeds = [given.get(len(types) + n, one.to(y.dtype)).expand(shape) for n, y in enumerate(sources)]
            found = torch.autograd.grad(sources, leaves, seeds, create_graph=recording, allow_unused=True)
        chosen = [torch.zeros_like(leaves[i]) if found[i] is None else found[i] for i in wanted]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)

    return gradient
