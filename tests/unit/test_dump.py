# pyright: basic
"""Dumps of the IR: numbered files, by argument and by environment, and what is left of a pass that fails."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from xdsl.parser import Parser
from xdsl.passes import ModulePass

import mlgraph
from mlgraph.dialects.context import context
from mlgraph.dialects.ivy import add
from mlgraph.errors import InputError, PassError
from mlgraph.transforms.canonicalize import CanonicalizePass

pytestmark = pytest.mark.quick

X = np.arange(6.0, dtype=np.float32).reshape(2, 3)
STAGES = ["ivy", "stateful", "generator", "constant", "kernel", "numpy"]


def function(x):
    return np.tanh(x * 1) + np.ones(3, np.float32) * 2


def names(folder):
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def compiled(**flags):
    return mlgraph.compile(function, to="numpy", args=(X,), **flags)


def test_nothing_is_written_unasked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLGRAPH_DUMP_IR", raising=False)
    monkeypatch.setenv("MLGRAPH_DUMP_DIR", str(tmp_path / "dump"))
    compiled()
    assert names(tmp_path) == []


def test_stages(tmp_path):
    graph = compiled(dump_ir="stage", dump_dir=str(tmp_path))
    folder = tmp_path / "function"
    assert names(folder) == [f"{i:02}-{stage}.mlir" for i, stage in enumerate(STAGES)]
    for file, stage in zip(names(folder), graph.stages, strict=True):
        module = Parser(context(), (folder / file).read_text()).parse_module()
        module.verify()
        assert str(module) == str(graph.ir(stage))
    assert Path(__file__).name in (folder / "00-ivy.mlir").read_text()


def test_every_pass(tmp_path):
    compiled(dump_ir="pass", dump_dir=str(tmp_path), passes=[CanonicalizePass()])
    found = names(tmp_path / "function")
    assert [name[:2] for name in found] == [f"{i:02}" for i in range(len(found))]
    passes = [re.sub(r"^\d\d-|\.mlir$", "", name) for name in found]
    assert passes[:5] == ["ivy-fold-constants", "ivy-canonicalize", "ivy-cse", "ivy-canonicalize", "ivy-dce"]
    assert {name.partition("-")[0] for name in passes} == set(STAGES)
    assert "numpy-lower-ivy" in passes
    for name in found:
        Parser(context(), (tmp_path / "function" / name).read_text()).parse_module().verify()


def test_each_stage_of_each_kernel(tmp_path):
    compiled(dump_ir="stage", dump_dir=str(tmp_path))
    folder = tmp_path / "function" / "kernels"
    assert names(folder) == [
        f"kernel_0-{stage}" for stage in ("0-fused.mlir", "1-expanded.mlir", "2-llvm.mlir", "3.ll")
    ]
    fused, expanded, lowered, llvm = ((folder / name).read_text() for name in names(folder))
    assert "math.tanh" in fused
    assert "math.tanh" not in expanded
    assert "llvm.func @kernel_0" in lowered
    assert "define internal void" in llvm
    for text in (fused, expanded, lowered):
        Parser(context(), text).parse_module().verify()


def test_passes_that_changed_something(tmp_path):
    compiled(dump_ir="pass", dump_dir=str(tmp_path / "pass"))
    compiled(dump_ir="changed", dump_dir=str(tmp_path / "changed"))
    every, changed = (
        [(folder / name).read_text() for name in names(folder)]
        for folder in (tmp_path / "pass" / "function", tmp_path / "changed" / "function")
    )
    assert 1 < len(changed) < len(every)
    assert all(a != b for a, b in pairwise(changed))
    assert changed[-1] == every[-1]
    assert changed == [text for i, text in enumerate(every) if i == 0 or text != every[i - 1]]


@pytest.mark.parametrize("mode", ["stage", "changed", "pass"])
def test_the_environment_asks_too(tmp_path, monkeypatch, mode):
    compiled(dump_ir=mode, dump_dir=str(tmp_path / "argument"))
    monkeypatch.setenv("MLGRAPH_DUMP_IR", mode)
    monkeypatch.setenv("MLGRAPH_DUMP_DIR", str(tmp_path / "environment"))
    compiled()
    assert names(tmp_path / "environment" / "function") == names(tmp_path / "argument" / "function")


def test_arguments_win_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MLGRAPH_DUMP_IR", "pass")
    monkeypatch.setenv("MLGRAPH_DUMP_DIR", str(tmp_path / "environment"))
    compiled(dump_ir="stage", dump_dir=str(tmp_path / "argument"))
    assert len(names(tmp_path / "argument" / "function")) == len(STAGES)
    assert not (tmp_path / "environment").exists()


@pytest.mark.parametrize("asked", ["argument", "environment"])
def test_wrong_mode_lists_the_good_ones(tmp_path, monkeypatch, asked):
    if asked == "environment":
        monkeypatch.setenv("MLGRAPH_DUMP_IR", "everything")
    with pytest.raises(InputError, match=r"'everything'[^$]*stage, changed, pass"):
        compiled(dump_ir="everything" if asked == "argument" else None, dump_dir=str(tmp_path))


def test_names_that_are_no_file_names(tmp_path):
    graph = mlgraph.compile(lambda x: x + 1, to="numpy", dump_ir="stage", dump_dir=str(tmp_path))
    graph(X)
    (folder,) = tmp_path.iterdir()
    assert re.fullmatch(r"\w+", folder.name)
    assert len(names(folder)) == len(STAGES)


# Passes that fail


@dataclass(frozen=True)
class Raises(ModulePass):
    """Fail half-way."""

    name = "raises"
    level: int = 3

    def apply(self, ctx, op):
        raise ZeroDivisionError("no such luck")


@dataclass(frozen=True)
class Breaks(ModulePass):
    """Leave a value in use whose type does not fit."""

    name = "breaks"

    def apply(self, ctx, op):
        for inner in op.walk():
            if isinstance(inner, add.definition):
                inner.properties.clear()
                inner.operands = [inner.operands[0]]


def failing(new, tmp_path, **flags):
    with pytest.raises(PassError) as caught:
        compiled(passes=[new], **flags)
    return caught.value


def test_failing_pass_leaves_its_ir_and_a_command(tmp_path):
    error = failing(Raises(level=4), tmp_path, dump_ir="stage", dump_dir=str(tmp_path))
    assert (error.stage, error.pass_spec) == ("ivy", "raises{level=4}")
    assert "no such luck" in str(error)
    file = tmp_path / "function" / "failed.mlir"
    assert file.read_text() == error.ir
    assert "ivy.tanh" in error.ir
    assert Path(__file__).name in error.ir
    assert f"mlgraph-opt {file} -p 'raises{{level=4}}'" in str(error)
    assert isinstance(error.__cause__.__cause__, ZeroDivisionError)


def test_failing_pass_leaves_its_ir_without_a_dump(monkeypatch, tmp_path):
    monkeypatch.delenv("MLGRAPH_DUMP_IR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    error = failing(Raises(), tmp_path)
    (folder,) = tmp_path.iterdir()
    assert (folder / "failed.mlir").read_text() == error.ir
    assert str(folder / "failed.mlir") in str(error)


def test_module_that_does_not_verify(tmp_path):
    error = failing(Breaks(), tmp_path, dump_ir="stage", dump_dir=str(tmp_path))
    assert error.stage == "ivy"
    assert (tmp_path / "function" / "failed.mlir").exists()


def rerun(error):
    """Run the command that an error tells, by the tool of this interpreter."""
    command = re.search(r"mlgraph-opt (.*)$", str(error), re.MULTILINE)
    assert command is not None
    tool = [sys.executable, "-c", "import sys; from mlgraph.opt import main; sys.exit(main())"]
    return subprocess.run([*tool, *shlex.split(command[1])], capture_output=True, text=True, timeout=120)


def test_the_command_runs(tmp_path, monkeypatch):
    """A pass that has a name in the tool, failing in memory alone: the command takes the IR and the pass."""

    def apply(self, ctx, op):
        raise RuntimeError("half-way")

    with monkeypatch.context() as patched:
        patched.setattr(CanonicalizePass, "apply", apply)
        error = failing(CanonicalizePass(), tmp_path, dump_ir="stage", dump_dir=str(tmp_path))
    done = rerun(error)
    assert done.returncode == 0, done.stderr
    assert "ivy.tanh" in done.stdout


def test_the_command_of_a_module_that_does_not_verify(tmp_path):
    done = rerun(failing(Breaks(), tmp_path, dump_ir="stage", dump_dir=str(tmp_path)))
    assert done.returncode == 1
    assert "ivy.add" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_next_compile_works(tmp_path):
    graph = mlgraph.compile(function, to="numpy", passes=[Raises()], dump_ir="stage", dump_dir=str(tmp_path))
    for _ in range(2):
        with pytest.raises(PassError):
            graph(X)
    assert graph.cache_info() == (0, 0)
    np.testing.assert_allclose(compiled()(X + 1), function(X + 1), rtol=1e-6)
