"""The command line."""

import numpy as np
import pytest

from mlgraph.__main__ import argument, main
from mlgraph.errors import InputError

FUNCTION = """
import numpy as np

def scaled(x, y, scale=1.0):
    return np.tanh(x @ y) * scale
"""


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
        (["compile", "written_here"], "names no function"),
        (["compile", "written_here:scaled", "--to", "caffe"], "caffe"),
        (["compile", "written_here:scaled", "--input", "f33[2]"], "f33"),
    ],
)
def test_bad_arguments_are_told_without_a_traceback(here, capsys, argv, message):
    assert main(argv) == 1
    assert message in capsys.readouterr().err


def test_an_unknown_stage_lists_the_stages(here, capsys):
    assert run("--stage", "hlo") == 1
    assert "ivy" in capsys.readouterr().err


def test_arguments():
    assert argument("bf16[2]").dtype.name == "bfloat16"
    assert argument("i64[2, 3]").shape == (2, 3)
    assert argument("f32[]").shape == ()
    assert argument("(1, 2)") == (1, 2)
    np.testing.assert_array_equal(argument("f32[4]"), argument("f32[4]"))
    with pytest.raises(InputError):
        argument("four")


def test_support_and_help(capsys):
    assert main(["support"]) == 0
    assert "elementwise" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "mlgraph demo" in capsys.readouterr().out
