# pyright: basic
"""The example of a pass of one's own does what it says."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.test import TestOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

import mlgraph
from mlgraph.dialects import ivy
from mlgraph.errors import UnsupportedOpError

pytestmark = pytest.mark.quick

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_pass.py"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    assert "ivy.rsqrt" in printed
    assert "ivy.divide" not in printed
    assert "ivy.sqrt" not in printed
    assert float(printed.split()[-1]) < 1e-6


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_the_pass_on_other_sizes_and_targets(to: str) -> None:
    example = runpy.run_path(str(EXAMPLE))
    random = np.random.default_rng(1)
    x = random.normal(size=(2, 3)).astype(np.float32)
    graph = mlgraph.compile(example["normalize"], to=to, args=(x,), passes=[example["UseRsqrt"]()])
    assert "ivy.rsqrt" in str(graph.ir("ivy"))
    other = random.normal(size=(7, 5)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(graph(other)), example["normalize"](other), rtol=1e-5)


class LeaveAForeignOperation(ModulePass):
    name = "leave-a-foreign-operation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for tanh in [inner for inner in op.walk() if isinstance(inner, ivy.tanh.definition)]:
            Rewriter.replace_op(tanh, TestOp(tanh.operands, [result.type for result in tanh.results]))


@pytest.mark.parametrize("to", ["jax", "numpy"])
def test_an_operation_that_no_pass_lowers_is_named(to: str) -> None:
    with pytest.raises(UnsupportedOpError, match=f"target {to} has no lowering for test.op"):
        mlgraph.compile(np.tanh, to=to, args=(np.ones(3, np.float32),), passes=[LeaveAForeignOperation()])
