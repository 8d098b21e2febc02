"""What is missing beside the framework of a target is named, with the command that installs it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.quick

PROGRAM = """
import sys
for name in {missing}:
    sys.modules[name] = None
import numpy as np, torch, mlgraph
from mlgraph.errors import MissingPackageError, UnknownTargetError

x = torch.rand(4, 3)
gelu = mlgraph.compile(torch.nn.GELU(), args=(x,))
torch.testing.assert_close(gelu(x), torch.nn.functional.gelu(x))
for function in (torch.nn.GELU(), lambda x: torch.logsumexp(x, 0), lambda x: x + torch.lgamma(torch.ones(20)).sum()):
    try:
        mlgraph.compile(function, to="numpy", args=(x,))
    except MissingPackageError as error:
        assert "scipy" in error.what, error
        assert error.fix == "pip install 'mlgraph[numpy]'", error
        assert isinstance(error, ImportError)
    else:
        raise AssertionError("scipy was there")
linear = torch.nn.Linear(3, 2)
graph = mlgraph.compile(linear, to="numpy", args=(x,))
np.testing.assert_allclose(graph(x), linear(x).detach(), atol=1e-5)
for target in ("jax", "tensorflow"):
    try:
        mlgraph.compile(linear, to=target, args=(x,))
    except UnknownTargetError as error:
        assert error.fix == f"pip install 'mlgraph[{{target}}]'", error
    else:
        raise AssertionError(f"{{target}} was there")
from mlgraph.__main__ import main
assert main(["demo", "--to", "torch", "--out", {out!r}]) == 2
print("done")
"""
OTHERS = ["scipy", "jax", "jaxlib", "flax", "tensorflow", "keras", "triton", "transformers", "ivy", "skimage"]


def test_torch_alone(tmp_path):
    code = PROGRAM.format(missing=OTHERS, out=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.endswith("done\n"), done.stderr
    assert "mlgraph: the demo needs a package" in done.stderr
    assert "pip install 'mlgraph[examples]'" in done.stderr
