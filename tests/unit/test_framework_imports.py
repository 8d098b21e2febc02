"""Frameworks before and after each other, in a process of their own: where they cannot live together it is aborted."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

COMPILE = """
import mlgraph, numpy
graph = mlgraph.compile(lambda x: x + 1, to="{to}", args=(numpy.ones(3, "float32"),))
assert numpy.asarray(graph(numpy.zeros(3, "float32"))).tolist() == [1, 1, 1]
"""
EXPORT = """
import torch
import mlgraph
graph = mlgraph.compile(torch.nn.Linear(3, 2), to="tensorflow", args=(torch.ones(1, 3),))
"""
STEPS = {
    "torch": "import torch",
    "jax": "import jax",
    "tensorflow": "import tensorflow",
    "export": EXPORT,
    "to tensorflow": COMPILE.format(to="tensorflow"),
    "to torch": COMPILE.format(to="torch"),
    "triton": "import triton",
    "loader": "from mlgraph.frameworks.imports import load; load('tensorflow'); load('torch')",
}
ABSENT = [name for name in ("torch", "jax", "tensorflow") if find_spec(name) is None]
TRITON = () if find_spec("triton") is None else ("triton",)
needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")


def run(*steps: str) -> None:
    """Take the steps in a new process, which must end well."""
    code = "\n".join(STEPS[step] for step in steps) + "\nprint('the end')"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' then '.join(steps)}: {done.returncode}\n{done.stderr[-2000:]}"
    assert done.stdout.endswith("the end\n")


@pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")
@pytest.mark.parametrize(
    "order",
    [
        ("torch", "jax", "tensorflow", "export", *TRITON),
        (*TRITON, "tensorflow", "jax", "torch", "export"),
        pytest.param(("tensorflow", "jax", "torch", "export"), marks=pytest.mark.slow),
    ],
    ids="-".join,
)
def test_order_of_frameworks(order: tuple[str, ...]) -> None:
    run(*order)


@needs_triton
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(("export", "triton"), marks=pytest.mark.slow),
        pytest.param(("tensorflow", "to torch", "triton"), marks=pytest.mark.slow),
        pytest.param(("torch", "tensorflow", "export", "triton"), marks=pytest.mark.slow),
        pytest.param(("to tensorflow", "tensorflow", "torch", "triton", "export"), marks=pytest.mark.slow),
        pytest.param(("triton", "tensorflow", "export"), marks=pytest.mark.slow),
        ("loader", "tensorflow", "triton"),
    ],
    ids="-".join,
)
def test_order_with_triton(order: tuple[str, ...]) -> None:
    run(*order)


@needs_triton
def test_without_the_loader_the_process_is_aborted() -> None:
    with pytest.raises(AssertionError, match="-6"):
        run("tensorflow", "triton")


def test_flags_of_the_linker_are_left_as_they_were() -> None:
    before = sys.getdlopenflags()
    from mlgraph.frameworks.imports import load, own_symbols_first

    with pytest.raises(KeyError), own_symbols_first():
        raise KeyError
    load("numpy")
    assert sys.getdlopenflags() == before


def test_import_of_mlgraph_loads_no_framework() -> None:
    code = "import sys, mlgraph; print(sorted({'torch', 'jax', 'tensorflow', 'triton'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
