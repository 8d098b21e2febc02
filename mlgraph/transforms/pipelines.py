"""The passes between a captured program and a module of backend calls, in order and by stage.

    ivy          pin-views (where results share memory), bake-generators if asked for, fold-constants, canonicalize,
                 cse, the user's own passes
    stateful     functionalize-state
    generator    lower-generator
    constant     lower-constant
    kernel       fuse-elementwise (torch and numpy, unless told not to)
    torch, ...   channels-last (tensorflow alone), lower-ivy, cse, dce, drop-unused-kernels (where there are kernels)

A stage ends where the module has a meaning of its own: it is verified there, and a dump of it is worth reading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from mlgraph.dialects.context import context
from mlgraph.dialects.functions import text_of
from mlgraph.dialects.outputs import OutputSpec
from mlgraph.errors import MlgraphError, PassError
from mlgraph.frameworks import get
from mlgraph.transforms.bake_generators import BakeGeneratorsPass
from mlgraph.transforms.canonicalize import CanonicalizePass
from mlgraph.transforms.channels_last import ChannelsLastPass
from mlgraph.transforms.drop_unused_kernels import DropUnusedKernelsPass
from mlgraph.transforms.fold_constants import FoldConstantsPass
from mlgraph.transforms.functionalize_state import FunctionalizeStatePass
from mlgraph.transforms.fuse_elementwise import FuseElementwisePass
from mlgraph.transforms.lower_constant import LowerConstantPass
from mlgraph.transforms.lower_generator import LowerGeneratorPass
from mlgraph.transforms.lower_ivy import LowerIvyPass
from mlgraph.transforms.masks_to_where import MasksToWherePass
from mlgraph.transforms.narrow_types import NarrowTypesPass
from mlgraph.transforms.pin_views import PinViewsPass
from mlgraph.transforms.separate_results import SeparateResultsPass

OnPass: TypeAlias = Callable[[str, ModulePass, ModuleOp], object]
"""Called after each pass with the stage's name, the pass and the module."""
OnStage: TypeAlias = Callable[[str, ModuleOp], object]
"""Called after each stage, when the module has been verified, with the stage's name and the module."""


@dataclass(frozen=True)
class Stage:
    """Passes under a name."""

    name: str
    passes: tuple[ModulePass, ...]

    def insert(self, index: int, new: ModulePass) -> "Stage":
        """Return the stage with a pass before the one at `index`."""
        return Stage(self.name, (*self.passes[:index], new, *self.passes[index:]))


@dataclass(frozen=True)
class Pipeline:
    """Stages in order. A pipeline never changes: `insert_before` and `insert_after` give a new one."""

    stages: tuple[Stage, ...]

    def insert_before(self, name: str, new: ModulePass) -> "Pipeline":
        """Return this pipeline with `new` before the first pass, or at the start of the stage, called `name`."""
        return self._insert(name, new, 0)

    def insert_after(self, name: str, new: ModulePass) -> "Pipeline":
        """Return this pipeline with `new` after the first pass, or at the end of the stage, called `name`."""
        return self._insert(name, new, 1)

    def run(self, module: ModuleOp, on_pass: OnPass | None = None, on_stage: OnStage | None = None) -> None:
        """Run every pass on `module`, and verify after each stage what it changed.

        An error that mlgraph raises on purpose passes through; any other becomes a `PassError` that holds the stage,
        the pass's spec and the text of the IR as the pass left it.
        """
        ctx = context()
        before: dict[Operation, Any] = {}
        for stage in self.stages:
            for step in stage.passes:
                _guarded(stage.name, str(step.spec()), module, lambda step=step: step.apply(ctx, module))
                if on_pass is not None:
                    on_pass(stage.name, step, module)
            after = _contents(module)
            changed = _with_owners(op for op, contents in after.items() if before.get(op) != contents)
            _guarded(stage.name, "", module, lambda changed=changed: _verify(changed))
            if on_stage is not None:
                on_stage(stage.name, module)
            before = after

    def __iter__(self) -> Iterator[tuple[str, ModulePass]]:
        """Each pass, with the name of its stage."""
        return ((stage.name, step) for stage in self.stages for step in stage.passes)

    def __str__(self) -> str:
        """Return the text that `mlgraph-opt -p` takes."""
        return ",".join(str(step.spec()) for _, step in self)

    def _insert(self, name: str, new: ModulePass, offset: int) -> "Pipeline":
        stages = list(self.stages)
        for i, stage in enumerate(stages):
            names = [step.name for step in stage.passes]
            if name == stage.name or name in names:
                index = names.index(name) + offset if name in names else offset * len(names)
                stages[i] = stage.insert(index, new)
                return Pipeline(tuple(stages))
        known = [*(stage.name for stage in stages), *(step.name for _, step in self)]
        raise ValueError(f"no stage or pass is called {name!r}, there are {', '.join(known)}")


class Stages(Mapping[str, ModuleOp]):
    """The module after each stage of a pipeline, a copy for each who asks.

    The first and the last are kept. One between them is made again from the first, after which no pass draws numbers or
    is the user's own.
    """

    def __init__(self, pipeline: Pipeline, first: ModuleOp, last: ModuleOp) -> None:
        self.first, self.last = first, last
        self._stages = pipeline.stages

    def __getitem__(self, name: str) -> ModuleOp:
        if name not in self:
            raise KeyError(name)
        index = list(self).index(name)
        if index == len(self) - 1:
            return self.last.clone()
        module = self.first.clone()
        Pipeline(self._stages[1 : index + 1]).run(module)
        return module

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        return (stage.name for stage in self._stages)

    def __len__(self) -> int:
        return len(self._stages)


def default_pipeline(
    to: str,
    array_caching: bool = True,
    include_generators: bool = True,
    passes: Iterable[ModulePass] = (),
    narrow: bool = False,
    fuse: bool = False,
    fast_math: bool = False,
    inputs: Sequence[int] = (),
    outputs: Sequence[OutputSpec] = (),
    exact: bool = False,
) -> Pipeline:
    """Return the pipeline of `compile`, from an ivy module to calls of backend `to`.

    `array_caching` evaluates what depends on no input; without it, constants stay as the user wrote them, equal ones
    included. `include_generators=False` draws random numbers once, now. `passes` are the user's own. `narrow` makes
    64-bit types 32-bit ones, for jax without the others. `fuse` makes kernels of elementwise chains. `exact` refuses
    results that would not share the memory that `outputs` say.
    """
    cse, dce, own = CommonSubexpressionElimination(), DeadCodeElimination(), tuple(passes)
    framework = get(to)
    has_views = framework.has_views and any(spec.aliases for spec in outputs)
    ivy: list[ModulePass] = [PinViewsPass.of(outputs)] if has_views else []
    ivy += [] if include_generators else [BakeGeneratorsPass()]
    ivy += [FoldConstantsPass(), CanonicalizePass(), cse] if array_caching else [CanonicalizePass()]
    ivy += [*own, dce] if own else []
    ivy += [MasksToWherePass(), dce] if framework.prefers_masks_by_where else []
    ivy += [NarrowTypesPass()] if narrow else []
    layout = (ChannelsLastPass(),) if framework.prefers_channels_last else ()
    separate = (SeparateResultsPass.of(to, inputs, outputs, exact), dce) if framework.has_views else ()
    kernel = (Stage("kernel", (FuseElementwisePass(fast_math),)),) if fuse else ()
    unused = (DropUnusedKernelsPass(),) if fuse else ()
    return Pipeline(
        (
            Stage("ivy", tuple(ivy)),
            Stage("stateful", (FunctionalizeStatePass(),)),
            Stage("generator", (LowerGeneratorPass(to),)),
            Stage("constant", (LowerConstantPass(to),)),
            *kernel,
            Stage(to, (*layout, LowerIvyPass(to), cse, dce, *unused, *separate)),
        )
    )


def _contents(module: ModuleOp) -> dict[Operation, Any]:
    """All that a pass may change of each operation, to learn by comparison whether one did."""
    return {op: _content(op) for op in module.walk()}


def _content(op: Operation) -> tuple[Any, ...]:
    operands = tuple(op.operands)
    types = [value.type for value in (*operands, *op.results)]
    return operands, types, dict(op.properties), dict(op.attributes), *_blocks(op)


def _blocks(op: Operation) -> Iterator[Any]:
    """The blocks of an operation, with what they are given and how they end."""
    for region in op.regions:
        for block in region.blocks:
            yield block, block.arg_types, block.last_op


def _with_owners(changed: Iterable[Operation]) -> list[Operation]:
    """Operations and those that hold them: what these are may hang on what is inside."""
    found: dict[Operation, None] = {}
    for op in changed:
        owner: Operation | None = op
        while owner is not None and owner not in found:
            found[owner] = None
            owner = owner.parent_op()
    return list(found)


def _verify(changed: Iterable[Operation]) -> None:
    """Verify operations, and that their blocks end well, but nothing else that is inside them."""
    for op in changed:
        op.verify(verify_nested_ops=False)
        for region in op.regions:
            for block in region.blocks:
                if block.last_op is None:
                    block.verify()
                else:
                    block.last_op.verify(verify_nested_ops=False)


def _guarded(stage: str, spec: str, module: ModuleOp, action: Callable[[], object]) -> None:
    """Run `action`; raise what it raises as a `PassError`, unless it was raised on purpose."""
    try:
        action()
    except MlgraphError as error:
        _forget_notes(error)
        raise
    except Exception as error:
        _forget_notes(error)
        what = f"pass {spec} failed" if spec else "the module is not valid"
        failure = PassError(f"{what} at stage {stage}: {error}", fix="look at `error.ir`, the IR that it failed on")
        failure.stage, failure.pass_spec, failure.ir = stage, spec, text_of(module)
        raise failure from error


def _forget_notes(error: BaseException) -> None:
    """xDSL notes the whole module on an error that a pattern raises."""
    if getattr(error, "__notes__", None):
        del error.__notes__
