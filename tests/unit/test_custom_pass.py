# pyright: basic
"""The example of a pass of one's own does what it says."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import mlgraph

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
