# pyright: basic
"""Saved graphs come back as they were, on any target, and nothing of a file is run."""

import collections
import json
import shutil

import numpy as np
import pytest
import torch

import mlgraph
from mlgraph.errors import CaptureError, IRError, NotCapturedError, UnknownTargetError, UnsupportedOpError

X = torch.rand(4, 3)
TARGETS = ["torch", "jax", "tensorflow", "numpy"]


def function(x, scale=2.0, *, names=("a", "b")):
    table = torch.linspace(0, 1, 60).reshape(20, 3)
    return {"sum": ((x * scale).sum() * table).sum(0), "rest": [x.shape[0], names[0], None, float("inf")]}


@pytest.fixture
def saved(tmp_path):
    graph = mlgraph.compile(function, to="torch", args=(X,))
    graph(X, 3.0)
    return graph.save(tmp_path / "graph")


@pytest.mark.parametrize("to", [None, *TARGETS])
def test_loaded_graph_gives_the_same(saved, to):
    graph = mlgraph.load(saved, to)
    assert graph.to == (to or "torch")
    for x, scale in ((X, 2.0), (torch.rand(9, 3), 3.0)):
        found, expected = graph(x, scale), function(x, scale)
        np.testing.assert_allclose(np.asarray(found["sum"]), expected["sum"], rtol=1e-5)
        assert found["rest"] == expected["rest"]
    assert graph.cache_info() == (0, 2)
    with pytest.raises(TypeError, match=r"function\(\) missing 1 required positional argument: 'x'"):
        graph()
    with pytest.raises(TypeError, match="unexpected keyword"):
        graph(X, other=3)


def test_call_that_fits_no_saved_specialization(saved):
    with pytest.raises(CaptureError, match="no specialization"):
        mlgraph.load(saved)(X, 7.0)


@pytest.mark.parametrize("to", TARGETS)
def test_weights_and_buffers(tmp_path, to):
    module = torch.nn.Sequential(torch.nn.Linear(3, 30), torch.nn.BatchNorm1d(30))
    twin = torch.nn.Sequential(torch.nn.Linear(3, 30), torch.nn.BatchNorm1d(30))
    twin.load_state_dict(module.state_dict())
    graph = mlgraph.load(mlgraph.compile(module, to="jax", args=(X,)).save(tmp_path), to)
    for _ in range(2):
        np.testing.assert_allclose(np.asarray(graph(X)), twin(X).detach(), atol=1e-4)
    assert set(graph.params) == set(twin.state_dict())
    np.testing.assert_allclose(np.asarray(graph.params["1.running_mean"]), twin[1].running_mean, rtol=1e-4, atol=1e-6)


def test_bfloat16_and_random_numbers(tmp_path):
    table = torch.rand(100).bfloat16()
    graph = mlgraph.compile(lambda x: (x + table, torch.rand(3)), to="torch", args=(X[0, :1].bfloat16(),))
    loaded = mlgraph.load(graph.save(tmp_path))
    torch.testing.assert_close(loaded(X[0, :1].bfloat16())[0], X[0, :1].bfloat16() + table)
    loaded.seed(1)
    first = loaded(X[0, :1].bfloat16())[1]
    loaded.seed(1)
    torch.testing.assert_close(loaded(X[0, :1].bfloat16())[1], first)


Point = collections.namedtuple("Point", "x y")


def test_what_has_no_place_in_a_file(tmp_path):
    class Counter:
        total = 0

    with pytest.raises(NotCapturedError):
        mlgraph.compile(function, to="torch").save(tmp_path)
    for given, args in (
        (lambda x: Point(x, x), (X,)),
        (lambda state, x: x, (Counter(), X)),
        (lambda x, mode: x, (X, torch.float32)),
    ):
        with pytest.raises(UnsupportedOpError):
            mlgraph.compile(given, to="torch", args=args).save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def changed(saved, change):
    about = json.loads((saved / "graph.json").read_text())
    change(about)
    (saved / "graph.json").write_text(json.dumps(about))


BAD = {
    "version": lambda about: about.update(version=1),
    "no version": lambda about: about.pop("version"),
    "no signature": lambda about: about.pop("signature"),
    "name of a parameter": lambda about: about["signature"][0].update(name="x, y=print('run')"),
    "kind of a parameter": lambda about: about["signature"][0].update(kind="__class__"),
    "size": lambda about: about["specializations"][0]["inputs"][0].__setitem__(1, ["print()", 3]),
    "element type": lambda about: about["specializations"][0]["inputs"][0].__setitem__(0, "object"),
    "tree": lambda about: about["specializations"][0].update(result=["os.system", []]),
    "array": lambda about: about["arrays"].clear(),
}


@pytest.mark.parametrize("what", BAD)
def test_file_that_was_tampered_with(saved, what, capsys):
    changed(saved, BAD[what])
    with pytest.raises(IRError):
        mlgraph.load(saved)
    assert "run" not in capsys.readouterr().out


def test_name_of_a_graph_is_only_a_name(saved, capsys):
    changed(saved, lambda about: about.update(name="f(): print('run')\ndef g"))
    np.testing.assert_allclose(mlgraph.load(saved)(X)["sum"], function(X)["sum"], rtol=1e-6)
    assert "run" not in capsys.readouterr().out


def test_call_of_a_library_is_refused(saved):
    text = (
        "func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {\n"
        '  %0 = torch.call @os.system("true") : () -> tensor<?x3xf32>\n'
        "  func.return %0 : tensor<?x3xf32>\n}\n"
    )
    (saved / "0.mlir").write_text(text)
    with pytest.raises(IRError, match=r"torch\.call"):
        mlgraph.load(saved)


def test_ir_that_does_not_parse_and_folders_that_hold_nothing(saved, tmp_path):
    (saved / "0.mlir").write_text("nonsense")
    with pytest.raises(IRError, match="parse"):
        mlgraph.load(saved)
    shutil.rmtree(saved)
    with pytest.raises(IRError, match="no graph was saved"):
        mlgraph.load(saved)
    with pytest.raises(IRError, match="no graph was saved"):
        mlgraph.load(tmp_path)


def test_wrong_target(saved):
    with pytest.raises(UnknownTargetError):
        mlgraph.load(saved, "pytorch")
