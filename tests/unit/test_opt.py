# pyright: basic
"""`mlgraph-opt`: what it knows, what it prints, and that wrong IR is told in words."""

from pathlib import Path

import pytest
from xdsl.passes import get_pass_option_infos
from xdsl.universe import Universe

import mlgraph
from mlgraph.dialects.context import context
from mlgraph.opt import Slip, main
from mlgraph.universe import MLGRAPH

pytestmark = pytest.mark.quick

GOOD = """\
func.func @main(%x : tensor<?x3xf32>) -> tensor<?x3xf32> {
  %y = ivy.negative(%x) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %y : tensor<?x3xf32>
}
"""


def opt(tmp_path: Path, text: str, *args: str) -> int:
    file = tmp_path / "file.mlir"
    file.write_text(text)
    return main([str(file), *args])


def test_the_universe_is_complete() -> None:
    everything = Universe.get_multiverse()
    for name, get_pass in MLGRAPH.all_passes.items():
        assert get_pass().name == name
        assert get_pass().__doc__
        get_pass_option_infos(get_pass())
        assert name in everything.all_passes
    for name, get_dialect in MLGRAPH.all_dialects.items():
        assert get_dialect().name == name
        assert context().get_dialect(name) is get_dialect()
    for name, get_target in MLGRAPH.all_targets.items():
        assert get_target().name == name


def test_every_pass_file_is_registered() -> None:
    import mlgraph.transforms

    folder = Path(str(mlgraph.transforms.__file__)).parent
    text = {file.stem: file.read_text() for file in folder.glob("*.py")}
    text |= {file.parent.name: file.read_text() for file in folder.glob("*/__init__.py")}
    passes = {stem.replace("_", "-") for stem, source in text.items() if '\n    name = "' in source}
    assert passes == set(MLGRAPH.all_passes)


def test_passes_and_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert opt(tmp_path, GOOD, "-p", "canonicalize,lower-ivy{to=jax}", "-t", "python{to=jax}") == 0
    assert "y = jnp.negative(x)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ivy.negative", "ivy.negate", "Operation ivy.negate is not registered"),
        ("(%x) :", "(%x, %x) :", "ivy.negative takes 1 operands"),
        ("(%x) :", "(%z) :", "z"),
        ("-> tensor<?x3xf32>\n", "-> tensor<?x3xf64>\n", "previously used or defined with type tensor<?x3xf64>"),
        ("return %y", "return", "file.mlir:3:15"),
        ("}", "", "file.mlir:5:1"),
        (GOOD, "nonsense", "Operation nonsense is not registered"),
    ],
)
def test_what_is_wrong_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    assert opt(tmp_path, GOOD.replace(old, new)) == 1
    captured = capsys.readouterr()
    assert message.lower() in captured.err.lower()
    assert captured.err.startswith("mlgraph-opt: ")
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        ("lower-ivy{to=ivory}", "ivory"),
        ("lower-ivy", 'requires argument "to"'),
        ("fuse", "there is no pass 'fuse'"),
        ("canonicalise", "did you mean 'canonicalize'?"),
        ("dce{from=torch}", "from"),
        ("dce{", "pass-pipeline:1:5"),
        ("cse,,dce", "pass-pipeline:1:5"),
    ],
)
def test_a_wrong_pass_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], passes: str, message: str
) -> None:
    check_slip(opt(tmp_path, GOOD, "-p", passes), capsys, message)


def check_slip(status: int, capsys: pytest.CaptureFixture[str], message: str) -> None:
    captured = capsys.readouterr()
    assert status == 2
    assert message in captured.err
    assert captured.err.startswith("mlgraph-opt: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-t", "pyhton"], "invalid choice: 'pyhton'"),
        (["-t", "python"], 'requires argument "to"'),
        (["-t", "python{"], "pass-pipeline:1:8"),
        (["-o", "file.mlir/out.mlir"], "file.mlir/out.mlir"),
        (["--bogus"], "--bogus"),
        (["another.mlir"], "another.mlir"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    check_slip(opt(tmp_path, GOOD, *args), capsys, message)


def test_files_that_are_none_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_slip(main([str(tmp_path / "none.mlir")]), capsys, "none.mlir")
    check_slip(main([str(tmp_path)]), capsys, str(tmp_path))
    (tmp_path / "file.txt").write_text(GOOD)
    check_slip(main([str(tmp_path / "file.txt")]), capsys, "Unrecognized file extension 'txt'")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert f"mlgraph {mlgraph.__version__}, " in capsys.readouterr().out


def test_a_missing_lowering_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlgraph.dialects import ivy

    monkeypatch.delitem(ivy.negative.templates, "torch")
    assert opt(tmp_path, GOOD, "-p", "lower-ivy{to=torch}") == 1
    assert "target torch has no lowering for" in capsys.readouterr().err


def test_the_traceback_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLGRAPH_TRACEBACK", "full")
    with pytest.raises(Slip, match="there is no pass"):
        opt(tmp_path, GOOD, "-p", "fuse")


def test_the_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "mlgraph-opt file.mlir -p 'canonicalize,cse,fold-constants'" in capsys.readouterr().out
