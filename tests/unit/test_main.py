"""The command line."""

import numpy as np
import pytest

import mlgraph
from mlgraph.__main__ import argument, main
from mlgraph.errors import InputError

pytestmark = pytest.mark.quick

FUNCTION = """
import numpy as np

def scaled(x, y, scale=1.0):
    return np.tanh(x @ y) * scale
"""

MODULES = {
    "raises": "raise ValueError('not today')",
    "leaves": "import sys; sys.exit(3)",
    "imports": "import nowhere",
    "garbled": "def f(:",
}
"""Modules that cannot be imported."""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "written_here.py").write_text(FUNCTION)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv):
    return main(["compile", "written_here:scaled", "--to", "numpy", "--input", "f32[2,3]", "--input", "f32[3]", *argv])


def test_compile_prints_the_source(here, capsys):
    assert run("--input", "2.5") == 0
    printed = capsys.readouterr().out
    assert "def main(x, y):" in printed
    assert "2.5" in printed


def test_compile_prints_a_stage_and_writes_a_picture(here, capsys):
    assert run("--stage", "ivy", "--show", "graph.svg") == 0
    assert "ivy.tanh" in capsys.readouterr().out
    assert (here / "graph.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["compile", "written_here:missing"], "is not there"),
        (["compile", "written_here:scale"], "did you mean 'scaled'?"),
        (["compile", "written_here:scaled.inside"], "is not there"),
        (["compile", "written_here:np.pi"], "float is not callable"),
        (["compile", "written_here"], "names no function"),
        (["compile", "written_here.py:scaled"], "write written_here:scaled"),
        (["compile", "nowhere:f"], "No module named 'nowhere'"),
        (["compile", "raises:f"], "raises ValueError: not today; at "),
        (["compile", "leaves:f"], "raises SystemExit: 3"),
        (["compile", "imports:f"], "No module named 'nowhere'"),
        (["compile", "garbled:f"], "raises SyntaxError"),
        (["compile", ":f"], "Empty module name"),
        (["compile", "written_here:scaled"], "'x'"),
        (["compile", "written_here:scaled", *(["--input", "f32[3]"] * 4)], "does not take 4 arguments"),
        (["compile", "written_here:scaled", "--to", "caffe"], "caffe"),
        (["compile", "written_here:scaled", "--to", "pytorch"], "did you mean 'torch'?"),
        (["compile", "written_here:scaled", "--input", "f33[2]"], "f33"),
        (["compile", "written_here:scaled", "--input", "f32[2 3]"], "f32[2 3]"),
        (["compile", "written_here:scaled", "--input", "f32[-1]"], "f32[-1]"),
        (["compile", "written_here:scaled", "--input", "f32[9999999999999]"], "too large"),
        (["compile", "written_here:scaled", "--input", "[" * 5000], "neither an array nor a value"),
        (["demo", "--to", "jaxx"], "did you mean 'jax'?"),
        (["demo", "--out", "raises.py"], "raises.py cannot be written"),
    ],
)
def test_slips_are_told_in_one_line(here, capsys, argv, message):
    for name, text in MODULES.items():
        (here / f"{name}.py").write_text(text)
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("mlgraph: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--stage", "ivi"], "did you mean 'ivy'?"),
        (["--stage", "hlo"], "there are ivy, "),
        (["--show", "graph.pdf"], "end the name in .svg or .html"),
        (["--show", "written_here.py/graph.svg"], "cannot be written"),
    ],
)
def test_slips_after_the_capture_are_told_in_one_line(here, capsys, argv, message):
    assert run(*argv) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "argv", [[], ["compil"], ["compile"], ["compile", "a:b", "--input"], ["compile", "a:b", "--target", "jax"]]
)
def test_wrong_options_are_told_in_one_line(capsys, argv):
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert "--help" in error
    assert error.count("\n") == 1


def test_errors_of_the_function_are_told_whole(here, capsys):
    assert main(["compile", "written_here:scaled", "--to", "numpy", "--input", "f32[2,3]", "--input", "f32[7]"]) == 1
    error = capsys.readouterr().err
    assert "  at: " in error
    assert "Traceback" not in error


def test_errors_of_mlgraph_itself_are_told_without_a_traceback(here, capsys, monkeypatch):
    def breaks(*args, **flags):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("mlgraph.compile", breaks)
    assert run() == 1
    assert "internal error, ZeroDivisionError: by zero" in capsys.readouterr().err
    monkeypatch.setenv("MLGRAPH_TRACEBACK", "full")
    with pytest.raises(ZeroDivisionError):
        run()


def test_arguments():
    assert argument("bf16[2]").dtype.name == "bfloat16"
    assert argument("i64[2, 3]").shape == (2, 3)
    assert argument("f32[]").shape == ()
    assert argument("(1, 2)") == (1, 2)
    np.testing.assert_array_equal(argument("f32[4]"), argument("f32[4]"))
    with pytest.raises(InputError):
        argument("four")


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"mlgraph {mlgraph.__version__}\n"


def test_support_and_help(capsys):
    assert main(["support"]) == 0
    assert "elementwise" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "mlgraph demo" in capsys.readouterr().out
