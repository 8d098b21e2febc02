# pyright: basic
"""Saved graphs come back as they were, on any target, and nothing of a file is run."""

import collections
import dataclasses
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

import mlgraph
from mlgraph.errors import (
    CaptureError,
    FileError,
    InputError,
    IRError,
    NotCapturedError,
    UnknownTargetError,
    UnsupportedOpError,
)
from mlgraph.serialize.arrays import read
from tests.unit.saved_files import parts_of, rewrite, rewrite_json, zipped

SAVED = Path(__file__).parent / "saved"

X = torch.rand(4, 3)
TARGETS = ["torch", "jax", "tensorflow", "numpy"]


def function(x, scale=2.0, *, names=("a", "b")):
    table = torch.linspace(0, 1, 60).reshape(20, 3)
    return {"sum": ((x * scale).sum() * table).sum(0), "rest": [x.shape[0], names[0], None, float("inf")]}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A file of two specializations."""
    graph = mlgraph.compile(function, to="torch", args=(X,))
    graph(X, 3.0)
    return graph.save(tmp_path_factory.mktemp("saved") / "graph").read_bytes()


@pytest.fixture
def saved(tmp_path, content):
    (tmp_path / "graph").write_bytes(content)
    return tmp_path / "graph"


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
        mlgraph.load(saved)(X, 7)


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


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_draws_of_the_users_own_generator(tmp_path, to):
    """A loaded graph draws from its own stream."""
    generator = torch.Generator()
    graph = mlgraph.compile(lambda x: x + torch.rand(3, generator=generator), to=to, args=(X,))
    loaded = mlgraph.load(graph.save(tmp_path))
    loaded.seed(1)
    first, second = np.asarray(loaded(X)), np.asarray(loaded(X))
    loaded.seed(1)
    np.testing.assert_array_equal(np.asarray(loaded(X)), first)
    assert not np.array_equal(first, second)
    assert ((first - X.numpy() >= 0) & (first - X.numpy() <= 1)).all()


def test_bfloat16_and_random_numbers(tmp_path):
    table = torch.rand(100).bfloat16()
    graph = mlgraph.compile(lambda x: (x + table, torch.rand(3)), to="torch", args=(X[0, :1].bfloat16(),))
    loaded = mlgraph.load(graph.save(tmp_path))
    torch.testing.assert_close(loaded(X[0, :1].bfloat16())[0], X[0, :1].bfloat16() + table)
    loaded.seed(1)
    first = loaded(X[0, :1].bfloat16())[1]
    loaded.seed(1)
    torch.testing.assert_close(loaded(X[0, :1].bfloat16())[1], first)


# Results of other classes


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Answer:
    mean: object
    parts: object


class Batch(collections.UserDict):
    pass


def many_classes(x):
    parts = {"k": collections.OrderedDict(z=x * 2, n=3), 5: torch.max(x, 0)}
    return Point(x + 1, Answer(x.mean(), parts)), x.shape


@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_results_of_classes(tmp_path, to):
    """Named tuples come back as such, other objects as records; both can be saved again."""
    graph = mlgraph.compile(many_classes, to=to, args=(X,))
    for _ in range(2):
        graph = mlgraph.load(graph.save(tmp_path))
        x = torch.rand(5, 3)
        found, size = graph(x)
        expected, _ = many_classes(x)
        assert type(found).__name__ == "Point"
        assert found._fields == ("x", "y")
        assert size == (5, 3)
        (moved, answer) = found
        np.testing.assert_allclose(np.asarray(moved), x + 1)
        np.testing.assert_allclose(np.asarray(answer.mean), x.mean(), rtol=1e-6)
        assert list(answer) == ["mean", "parts"]
        assert answer["mean"] is answer.mean is answer[0]
        assert type(answer.parts["k"]) is collections.OrderedDict
        assert answer.parts["k"]["n"] == 3
        np.testing.assert_array_equal(np.asarray(answer.parts[5].indices), expected.y.parts[5].indices)
        with pytest.raises(AttributeError, match="no 'median'"):
            _ = answer.median


def test_outputs_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    model = transformers.BertModel(config).eval()
    words = torch.tensor([[1, 2, 3], [4, 5, 6]])
    with torch.no_grad():
        graph = mlgraph.load(mlgraph.compile(model, to="numpy", args=(words,)).save(tmp_path))
        expected = model(words)
    found = graph(words)
    for name in ("last_hidden_state", "pooler_output"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
        assert getattr(found, name) is found[name]
    assert found[0] is found.last_hidden_state


def test_size_guards_hold_in_a_loaded_graph(tmp_path):
    graph = mlgraph.compile(lambda x: x * 2 if x.shape[0] % 2 else x + 1, to="numpy", args=(X,))
    loaded = mlgraph.load(graph.save(tmp_path))
    np.testing.assert_allclose(loaded(torch.ones(6, 3)), np.full((6, 3), 2))
    with pytest.raises(CaptureError, match="no specialization"):
        loaded(torch.ones(5, 3))


def test_what_has_no_place_in_a_file(tmp_path):
    class Counter:
        total = 0

    with pytest.raises(NotCapturedError):
        mlgraph.compile(function, to="torch").save(tmp_path)
    for given, args in (
        (lambda x: {(1, 2): x}, (X,)),
        (lambda point: point.x, (Point(X, X),)),
        (lambda state, x: x, (Counter(), X)),
        (lambda x, mode: x, (X, torch.float32)),
    ):
        with pytest.raises(UnsupportedOpError):
            mlgraph.compile(given, to="torch", args=args).save(tmp_path)
    assert list(tmp_path.iterdir()) == []


# The file


def test_the_file(tmp_path):
    """One zip of stored parts, the same bytes for the same graph; its arrays are safetensors."""
    model = torch.nn.Linear(3, 2)
    graph = mlgraph.compile(model, to="numpy", args=(X,))
    path = graph.save(tmp_path / "a" / "b" / "model.mlgraph")
    assert path == tmp_path / "a" / "b" / "model.mlgraph"
    assert [p.name for p in path.parent.iterdir()] == ["model.mlgraph"]
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["graph.json", "0.mlir", "arrays.safetensors"]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        found = safetensors.numpy.load(archive.read("arrays.safetensors"))
    np.testing.assert_array_equal(found["params/weight"], model.weight.detach())
    content = path.read_bytes()
    assert graph.save(tmp_path / "again").read_bytes() == content
    assert graph.save(str(path)).read_bytes() == content
    in_folder = graph.save(tmp_path)
    assert in_folder == tmp_path / "Linear.mlgraph"
    assert in_folder.read_bytes() == content
    np.testing.assert_allclose(mlgraph.load(in_folder.parent)(X), model(X).detach(), rtol=1e-5)


@pytest.mark.parametrize(
    "dtype", ["float64", "float16", "bfloat16", "complex64", "complex128", "int8", "int64", "bool"]
)
def test_every_element_type_is_kept(tmp_path, dtype):
    table = (torch.arange(40).reshape(20, 2) % 3).to(getattr(torch, dtype))
    graph = mlgraph.compile(lambda x: (table[x], table[:0]), to="torch", args=(torch.tensor([1, 2]),))
    rows, empty = mlgraph.load(graph.save(tmp_path))(torch.tensor([3, 5, 7]))
    assert rows.dtype == empty.dtype == table.dtype
    assert torch.equal(rows, table[[3, 5, 7]])
    assert empty.shape == (0, 2)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    graph = mlgraph.compile(torch.nn.Linear(3, 2), to="numpy", args=(X,))
    path = graph.save(tmp_path / "graph")
    content = path.read_bytes()

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        graph.save(path)
    assert path.read_bytes() == content
    with pytest.raises(FileError):
        graph.save(path / "below")
    assert list(tmp_path.iterdir()) == [path]


# Older versions


class Model(torch.nn.Module):
    """What the graphs in the folder `saved` were made from: weights, a buffer, a table, and a written input."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("calls", torch.zeros(()))
        self.table = torch.arange(20, dtype=torch.float32)

    def forward(self, x, scale=2.0):
        self.calls += 1
        y = x * self.weight * scale
        x.mul_(2)
        return {"y": y, "again": y, "rest": [x.shape[0], None, (y.sum() * self.table).sum()]}


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("to", ["torch", "numpy"])
def test_folders_of_older_versions_load(version, to, tmp_path):
    model, graph = Model(), mlgraph.load(SAVED / f"version_{version}", to)
    for size in (4, 7):
        x = torch.rand(size, 3)
        given = x.clone() if to == "torch" else x.numpy().copy()
        found, expected = graph(given), model(x)
        for name in ("y", "again"):
            np.testing.assert_allclose(np.asarray(found[name]), expected[name].detach(), rtol=1e-6)
        assert found["rest"][:2] == [size, None]
        np.testing.assert_allclose(np.asarray(found["rest"][2]), expected["rest"][2].detach(), rtol=1e-5)
        np.testing.assert_array_equal(np.asarray(given), x)
    assert graph.params["calls"] == 2
    again = mlgraph.load(graph.save(tmp_path))
    np.testing.assert_allclose(np.asarray(again(given)["y"]), model(x)["y"].detach(), rtol=1e-6)


# Files that were changed


BAD = {
    "version": lambda about: about.update(version=1),
    "no version": lambda about: about.pop("version"),
    "no signature": lambda about: about.pop("signature"),
    "name of a parameter": lambda about: about["signature"][0].update(name="x, y=print('run')"),
    "keyword as a name": lambda about: about["signature"][0].update(name="class", kind="POSITIONAL_ONLY"),
    "two spellings of a name": lambda about: about["signature"].append(
        {"name": "\N{MATHEMATICAL BOLD SMALL X}", "kind": "KEYWORD_ONLY"}
    ),
    "name of generated code": lambda about: about["signature"][0].update(name="__miss"),
    "kind of a parameter": lambda about: about["signature"][0].update(kind="__class__"),
    "size": lambda about: about["specializations"][0]["inputs"][0].__setitem__(1, ["print()", 3]),
    "size of no factor": lambda about: about["specializations"][0]["inputs"][0].__setitem__(1, ["0*s0", 3]),
    "other rank": lambda about: about["specializations"][0]["inputs"][0].__setitem__(1, ["s0"]),
    "element type": lambda about: about["specializations"][0]["inputs"][0].__setitem__(0, "object"),
    "other element type": lambda about: about["specializations"][0]["inputs"][0].__setitem__(0, "float64"),
    "input that is not used": lambda about: about["specializations"][0]["inputs"][0].__setitem__(2, False),
    "symbol": lambda about: about["specializations"][0].update(bounds={"print()": [0, None]}),
    "size guard": lambda about: about["specializations"][0].update(size_guards=["__import__('os')"]),
    "division by nothing": lambda about: about["specializations"][0].update(size_guards=["1 % 0 == 0"]),
    "passed twice": lambda about: about["specializations"][0].update(passed=[0, 0]),
    "passed from nowhere": lambda about: about["specializations"][0].update(passed=[7]),
    "leaves": lambda about: about["specializations"][0]["leaves"].pop(),
    "outputs": lambda about: about["specializations"][0]["outputs"].pop(),
    "output twice": lambda about: about["specializations"][0]["outputs"].append({"kind": "user output", "target": 0}),
    "output to nowhere": lambda about: about["specializations"][0]["outputs"][0].update(target=9),
    "buffer that is not there": lambda about: about["specializations"][0]["outputs"][0].update(
        kind="buffer", target="w"
    ),
    "object": lambda about: about["specializations"][0]["outputs"][0].update(kind="object"),
    "tree": lambda about: about["specializations"][0].update(result=["os.system", []]),
    "deep tree": lambda about: about["specializations"][0].update(result=deep(200)),
    "array": lambda about: about["arrays"].clear(),
    "other array": lambda about: about["arrays"].update({"0/0": ["float32", [3, 20]]}),
    "large array": lambda about: about["arrays"].update({"0/0": ["float32", [2**62, 2**62]]}),
    "target": lambda about: about.update(to="os"),
    "no name": lambda about: about.update(name=None),
    "no text": lambda about: about.update(name="a\0b"),
    "more": lambda about: about["specializations"].append(about["specializations"][0]),
}


def deep(count):
    tree = None
    for _ in range(count):
        tree = ["list", [tree]]
    return tree


@pytest.mark.parametrize("what", BAD)
def test_file_that_was_tampered_with(saved, what, capsys):
    rewrite_json(saved, BAD[what])
    with pytest.raises(IRError) as caught:
        mlgraph.load(saved)
    assert str(saved) in caught.value.where
    assert "run" not in capsys.readouterr().out


def test_name_of_a_graph_is_only_a_name(saved, capsys):
    rewrite_json(saved, lambda about: about.update(name="f(): print('run')\ndef g"))
    np.testing.assert_allclose(mlgraph.load(saved)(X)["sum"], function(X)["sum"], rtol=1e-6)
    assert "run" not in capsys.readouterr().out


def test_name_of_a_graph_leads_to_no_other_folder(saved, tmp_path, monkeypatch):
    rewrite_json(saved, lambda about: about.update(name="../../out"))
    graph = mlgraph.load(saved)
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert graph.save(folder) == folder / "out.mlgraph"
    assert graph.show().resolve() == folder / "out.html"


def test_arrays_are_aligned_and_can_be_written(tmp_path):
    flags, table = torch.tensor([True, False, True] * 7), torch.rand(21, dtype=torch.float64)
    path = mlgraph.compile(lambda x: torch.where(flags, table, x.sum().double()), to="numpy", args=(X,)).save(tmp_path)
    parts = parts_of(path)
    about = json.loads(parts["graph.json"])
    for array in read(parts["arrays.safetensors"], about["arrays"]).values():
        assert array.flags.aligned
        assert array.flags.writeable


MAIN = "func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {{\n  {}\n  func.return %x : tensor<?x3xf32>\n}}\n{}"
TEXTS = {
    "a call of a library": (
        MAIN.format('%0 = torch.call @os.system("true") : () -> tensor<?x3xf32>', ""),
        r"torch\.call",
    ),
    "a module to import": (
        MAIN.format(
            "%0 = generator.native @torch.rand(3, generator = @antigravity.geohash) : () -> tensor<3xf32> {\n"
            "    %1 = generator.uniform(shape = [3], dtype = float32) : () -> tensor<3xf32>\n"
            "    ivy.yield %1 : tensor<3xf32>\n  }",
            "",
        ),
        "names no @antigravity.geohash",
    ),
    "another function": (MAIN.format("", 'func.func @"x(): print(1)"() {\n  func.return\n}'), "one function"),
    "no main": (MAIN.format("", "").replace("@main", "@other"), "one function"),
    "nested modules": ("builtin.module {" * 5000, "inside one another"),
    "nested literals": (MAIN.format("%0 = constant.literal dense<" + "[" * 5000, ""), "inside one another"),
    "a large literal": (MAIN.format("%0 = constant.literal dense<1.0> : tensor<99999999999xf32>", ""), "more than"),
    "a large attribute": (
        MAIN.format('%0 = "constant.literal"() {value = dense<1.0> : tensor<99999999999xf32>} : () -> tensor<f32>', ""),
        "more than",
    ),
    "a large type": (
        MAIN.format(
            "%0 = constant.literal dense<1.0> : tensor<f32>\n"
            "%1 = ivy.broadcast_to(%0, shape = [9999999, 9999999]) : (tensor<f32>) -> tensor<9999999x9999999xf32>",
            "",
        ),
        "too large",
    ),
    "an array that is not there": (MAIN.format('%0 = constant.array <"none"> : tensor<20x3xf32>', ""), "not there"),
    "an array of another shape": (MAIN.format('%0 = constant.array <"0/0"> : tensor<21x3xf32>', ""), "is no tensor"),
    "a weight that is not there": (MAIN.format('%0 = constant.parameter <"none"> : tensor<3xf32>', ""), "not there"),
    "no text": ("\udc80", "utf-8"),
    "nothing": ("", "parse"),
    "an empty module": ("builtin.module {\n}", "one function"),
}


@pytest.mark.parametrize("what", TEXTS)
def test_ir_that_is_not_of_a_graph(saved, what):
    text, message = TEXTS[what]
    rewrite(saved, lambda parts: parts.update({"0.mlir": text.encode("utf-8", "surrogateescape")}))
    with pytest.raises(IRError, match=message):
        mlgraph.load(saved)


def test_a_line_of_the_code_is_only_a_comment(saved, capsys):
    """The emitted source names the lines of the user's code, which the file says."""

    def change(parts):
        text = parts["0.mlir"].decode()
        assert "test_serialize.py" in text
        parts["0.mlir"] = text.replace("test_serialize.py", "a\\nprint(\\22run\\22)#").encode()

    rewrite(saved, change)
    graph = mlgraph.load(saved)
    np.testing.assert_allclose(graph(X)["sum"], function(X)["sum"], rtol=1e-6)
    assert "run" not in capsys.readouterr().out


def many(parts):
    parts["more"] = b""


def header(change):
    """A change of the header of the arrays."""

    def changed(parts):
        content = parts["arrays.safetensors"]
        size = int.from_bytes(content[:8], "little")
        about = json.loads(content[8 : 8 + size])
        change(about)
        text = json.dumps(about).encode()
        parts["arrays.safetensors"] = len(text).to_bytes(8, "little") + text + content[8 + size :]

    return changed


PARTS = {
    "no arrays": lambda parts: parts.pop("arrays.safetensors"),
    "no IR": lambda parts: parts.pop("0.mlir"),
    "another part": lambda parts: parts.update(more=b""),
    "a part outside": lambda parts: parts.update({"../0.mlir": parts.pop("0.mlir")}),
    "JSON that is none": lambda parts: parts.update({"graph.json": b"{"}),
    "JSON of another kind": lambda parts: parts.update({"graph.json": b"[5]"}),
    "deep JSON": lambda parts: parts.update({"graph.json": b"[" * 100000}),
    "long number": lambda parts: parts.update({"graph.json": b"9" * 100000}),
    "text that is none": lambda parts: parts.update({"graph.json": b"\xff"}),
    "long header": lambda parts: parts.update({"arrays.safetensors": b"\xff" * 8 + b"{}"}),
    "short arrays": lambda parts: parts.update({"arrays.safetensors": parts["arrays.safetensors"][:-1]}),
    "long arrays": lambda parts: parts.update({"arrays.safetensors": parts["arrays.safetensors"] + b"\0"}),
    "array behind the end": header(lambda about: about["0/0"].update(data_offsets=[0, 2**60])),
    "array before the start": header(lambda about: about["0/0"].update(data_offsets=[-240, 0])),
    "arrays on each other": header(lambda about: about.update(other=about["0/0"])),
    "array of another name": header(lambda about: about.update(other=about.pop("0/0"))),
}


@pytest.mark.parametrize("what", PARTS)
def test_parts_that_are_wrong(saved, what):
    rewrite(saved, PARTS[what])
    with pytest.raises(IRError):
        mlgraph.load(saved)


def test_archives_that_save_does_not_write(saved, tmp_path):
    parts = parts_of(saved)
    files = {
        "compressed": zipped({**parts, "0.mlir": parts["0.mlir"] + b" " * 10**6}, compression=zipfile.ZIP_DEFLATED),
        "truncated": saved.read_bytes()[:-30],
        "flipped": saved.read_bytes().replace(b"ivy.sum", b"ivy.max", 1),
        "empty": b"",
        "text": b"hello",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("graph.json", parts["graph.json"])
    files["twice"] = stream.getvalue()
    for what, content in files.items():
        path = tmp_path / what
        path.write_bytes(content)
        with pytest.raises(IRError):
            mlgraph.load(path)


def test_where_nothing_was_saved(tmp_path):
    for path in (tmp_path, tmp_path / "none", "/dev/zero"):
        with pytest.raises(IRError, match=r"no graph was saved|is no file"):
            mlgraph.load(path)
    with pytest.raises(InputError, match="a path is"):
        mlgraph.load(3)


def test_static_sizes_are_those_of_the_ir(tmp_path):
    path = mlgraph.compile(torch.nn.Linear(3, 2), to="numpy", args=(X,)).save(tmp_path)
    rewrite_json(path, lambda about: about["specializations"][0]["inputs"][0].__setitem__(1, ["s0", 4]))
    with pytest.raises(IRError, match="array 0 of a call is no tensor"):
        mlgraph.load(path)


def test_a_first_call_that_cannot_be_computed(tmp_path):
    """The IR is valid, but the array has another number of elements."""
    path = mlgraph.compile(lambda x: x * 2, to="numpy", args=(X,)).save(tmp_path / "graph")
    text = """func.func @main(%x: tensor<?x?xf32>) -> tensor<7x11xf32> {
      %y = ivy.reshape(%x, shape = [7, 11]) : (tensor<?x?xf32>) -> tensor<7x11xf32>
      func.return %y : tensor<7x11xf32>
    }"""
    rewrite(path, lambda parts: parts.update({"0.mlir": text.encode()}))
    graph = mlgraph.load(path)
    with pytest.raises(IRError, match="first call of a loaded graph raises ValueError"):
        graph(X)
    assert graph(torch.ones(11, 7)).shape == (7, 11)


def test_errors_of_later_calls_are_those_of_the_target(tmp_path):
    rows = torch.tensor([0, 1])
    graph = mlgraph.load(mlgraph.compile(lambda x, i: x[i], to="numpy", args=(X, rows)).save(tmp_path))
    np.testing.assert_array_equal(graph(X, rows), X[:2])
    with pytest.raises(IndexError):
        graph(X, rows + 9)


def test_wrong_target(saved):
    with pytest.raises(UnknownTargetError):
        mlgraph.load(saved, "pytorch")
