# pyright: basic
"""The pipeline of `compile`: its order, its callbacks, its errors, and that every operation keeps its line."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from programs import HERE, names, operations, parsed, program
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.passes import ModulePass

from mlgraph.dialects import constant, generator, ivy, sizes, stateful
from mlgraph.dialects.constant import literal, parameter
from mlgraph.dialects.dtypes import f32, f64, i64, tensor
from mlgraph.dialects.functions import main_of
from mlgraph.dialects.stateful import Slot
from mlgraph.errors import PassError, UnsupportedOpError
from mlgraph.transforms.pipelines import Pipeline, Stage, Stages, default_pipeline

pytestmark = pytest.mark.quick

BACKENDS = ("torch", "jax", "tensorflow", "numpy")
MATRIX = tensor((-1, 3), f32)


@dataclass(frozen=True)
class Nothing(ModulePass):
    """Changes nothing."""

    name = "nothing"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pass


@dataclass(frozen=True)
class Failing(ModulePass):
    name = "failing"

    times: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise ZeroDivisionError("no pass at all")


@dataclass(frozen=True)
class Breaking(ModulePass):
    """Leaves a module that does not verify."""

    name = "breaking"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        negative = next(inner for inner in op.walk() if inner.name == "ivy.negative")
        negative.results[0]._type = tensor((5,), f64)


@dataclass(frozen=True)
class OtherAxis(ModulePass):
    """Sums over another axis than the type of the result says."""

    name = "other-axis"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        total = next(inner for inner in op.walk() if inner.name == "ivy.sum")
        total.properties["axis"] = ivy.sum.by_name["axis"].kind.encode((1,))


@dataclass(frozen=True)
class WithoutEnd(ModulePass):
    """Takes the end of `main` away."""

    name = "without-end"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        end = main_of(op).body.block.last_op
        assert end is not None
        end.detach()


def spec(pipeline: Pipeline) -> list[str]:
    return [f"{stage}/{step.name}" for stage, step in pipeline]


def test_the_default_order() -> None:
    expected = "ivy/fold-constants ivy/canonicalize ivy/cse ivy/masks-to-where ivy/dce"
    expected += (
        " stateful/functionalize-state generator/lower-generator constant/lower-constant jax/lower-ivy jax/cse jax/dce"
    )
    assert spec(default_pipeline("jax")) == expected.split()


def test_options_of_compile() -> None:
    pipeline = default_pipeline("torch", array_caching=False, include_generators=False, passes=[Nothing()])
    first = "ivy/bake-generators ivy/canonicalize ivy/nothing ivy/dce stateful/functionalize-state"
    assert spec(pipeline)[:5] == first.split()


def test_insertion_gives_a_new_pipeline() -> None:
    old = default_pipeline("numpy")
    new = old.insert_before("lower-ivy", Nothing()).insert_after("ivy", Nothing()).insert_after("cse", Nothing())
    assert spec(old) == [name for name in spec(new) if not name.endswith("/nothing")]
    assert spec(new).index("numpy/nothing") == spec(new).index("numpy/lower-ivy") - 1
    assert spec(new)[2:5] == ["ivy/cse", "ivy/nothing", "ivy/nothing"]


def test_insertion_beside_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"no stage or pass is called 'fuse', there are ivy, stateful, .*lower-ivy"):
        default_pipeline("numpy").insert_before("fuse", Nothing())


def test_callbacks_see_every_pass_and_stage() -> None:
    seen: list[str] = []
    default_pipeline("numpy").run(
        program(ivy.negative, [MATRIX]),
        on_pass=lambda stage, step, module: seen.append(f"{stage}/{step.name}"),
        on_stage=lambda stage, module: seen.append(stage),
    )
    passes = spec(default_pipeline("numpy"))
    assert [name for name in seen if "/" in name] == passes
    assert [name for name in seen if "/" not in name] == ["ivy", "stateful", "generator", "constant", "numpy"]
    assert seen.index("ivy") == 3


def test_a_stage_is_the_same_when_it_is_made_again() -> None:
    module, pipeline = program(everything, [MATRIX]), default_pipeline("numpy", fuse=True)
    seen: dict[str, ModuleOp] = {}
    pipeline.run(module, on_stage=lambda stage, module: seen.setdefault(stage, module.clone()))
    stages = Stages(pipeline, seen["ivy"], module)
    assert list(stages) == ["ivy", "stateful", "generator", "constant", "kernel", "numpy"]
    for name, expected in seen.items():
        assert str(stages[name]) == str(expected)


def test_who_changes_a_stage_changes_a_copy() -> None:
    module, pipeline = program(everything, [MATRIX]), default_pipeline("numpy")
    stages = Stages(pipeline, module.clone(), module)
    for name in stages:
        before = str(stages[name])
        mine = stages[name]
        main_of(mine).detach()
        assert str(stages[name]) == before != str(mine)


def test_a_block_that_loses_its_end_is_noticed_though_nothing_in_it_changed() -> None:
    module = program(ivy.negative, [MATRIX])
    with pytest.raises(PassError, match="not valid at stage stateful"):
        default_pipeline("torch").insert_after("stateful", WithoutEnd()).run(module)


def test_a_change_of_a_property_alone_is_one() -> None:
    module = program(lambda x: ivy.sum(x, (0,)), [tensor((4, 3), f32)])
    with pytest.raises(PassError, match="not valid at stage stateful"):
        default_pipeline("torch").insert_after("stateful", OtherAxis()).run(module)


def test_the_text_is_what_the_tool_takes() -> None:
    from xdsl.passes import PassPipeline
    from xdsl.universe import Universe

    text = str(default_pipeline("jax"))
    again = PassPipeline.parse_spec(Universe.get_multiverse().all_passes, text)
    assert [step.name for step in again.passes] == [step.name for _, step in default_pipeline("jax")]


def test_a_failing_pass() -> None:
    pipeline = default_pipeline("torch", passes=[Failing(3)])
    with pytest.raises(PassError, match=r"pass failing\{times=3\} failed at stage ivy: no pass at all") as caught:
        pipeline.run(program(ivy.negative, [MATRIX]))
    assert (caught.value.stage, caught.value.pass_spec) == ("ivy", "failing{times=3}")
    assert names(parsed(caught.value.ir)) == ["ivy.negative"]
    assert 'loc("program.py":1:2)' in caught.value.ir
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_module_that_does_not_verify() -> None:
    with pytest.raises(PassError, match=r"the module is not valid at stage ivy: .*tensor<5xf64>") as caught:
        default_pipeline("torch", passes=[Breaking()]).run(program(ivy.negative, [MATRIX]))
    assert caught.value.pass_spec == ""


def test_what_is_raised_on_purpose_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ivy.negative.templates, "torch")
    with pytest.raises(UnsupportedOpError, match=r"ivy.negative[^$]*program.py:1"):
        default_pipeline("torch").run(program(ivy.negative, [MATRIX]))


def everything(x: Any) -> Any:
    """Every kind of operation that a frontend emits."""
    n = ivy.dim(x, 0)
    weight = parameter("fc.weight", np.ones((4, 3), np.float32), tensor((4, 3), f32))
    mask = constant.array_constant("mask", np.ones((40, 3), np.float32))
    y = ivy.gelu(ivy.linear(ivy.pow(x, literal(3, f32)), weight))
    y = ivy.softmax(ivy.layer_norm(y, ivy.full((4,), 1.0, f32), None, 1e-5), -1)
    y = ivy.reshape(y, (sizes.multiply(n, 2), 2))
    keep = generator.bernoulli(literal(0.5, f32), (sizes.multiply(n, 2), 2))
    y = ivy.where(keep, y, literal(0, f32))
    slot = Slot("model", "count")
    count = stateful.get(slot, tensor((), i64))
    stateful.set(slot, ivy.add(count, literal(1, i64)))
    return y, ivy.sum(mask, (0,)), ivy.concat([x, x], 0), ivy.var(x, (0,), 1.0)


@pytest.mark.parametrize("to", BACKENDS)
@pytest.mark.parametrize(
    "options", [{}, {"array_caching": False}, {"array_caching": False, "include_generators": True}]
)
def test_no_operation_loses_its_line(to: Any, options: dict[str, bool]) -> None:
    module = program(everything, [MATRIX])

    def check(stage: str, module: ModuleOp) -> None:
        lost = [op.name for op in operations(module) if op.location != HERE]
        assert not lost, f"{lost} after {stage}"

    default_pipeline(to, **options).run(module, on_stage=check)
    assert not any(isinstance(op.location, UnknownLoc) for op in operations(module))
    assert not any(name.startswith(("ivy.", "stateful.", "generator.")) for name in names(module))


def test_constants_stay_as_they_were_without_caching() -> None:
    """Figure 3 of the document: two constants, add, pow."""

    def body(x: Any) -> Any:
        return ivy.pow(x, ivy.add(literal([2], i64), literal([2], i64)))

    def at_ivy(array_caching: bool) -> list[str]:
        module = program(body, [tensor((-1,), i64)])
        stages: dict[str, list[str]] = {}
        pipeline = default_pipeline("torch", array_caching)
        pipeline.run(module, on_stage=lambda stage, module: stages.update({stage: names(module)}))
        return stages["ivy"]

    assert at_ivy(False) == ["constant.literal", "constant.literal", "ivy.add", "ivy.pow"]
    assert at_ivy(True) == ["constant.literal", "ivy.pow"]


def test_a_pipeline_of_ones_own() -> None:
    module = program(lambda x: ivy.negative(ivy.negative(x)), [MATRIX])
    Pipeline((Stage("mine", (Nothing(),)),)).run(module)
    assert names(module) == ["ivy.negative"] * 2


def test_arguments_come_in_a_known_order() -> None:
    module = program(everything, [MATRIX])
    default_pipeline("jax").run(module)
    hints = [a.name_hint for a in main_of(module).body.block.args]
    assert hints == ["params", "rng", "x0", "count"]
