# pyright: basic
"""What a newcomer mistypes is one error that says what to write instead, and what looks odd but is right works."""

import collections
import datetime
import decimal
import fractions
import functools
import pathlib
import sys
import threading
import types

import numpy as np
import pytest
import torch
from xdsl.passes import ModulePass

import mlgraph
from mlgraph.arguments import passes_of
from mlgraph.errors import FileError, InputError, MlgraphError, UnknownStageError, UnknownTargetError
from mlgraph.transforms.canonicalize import CanonicalizePass

X = np.arange(12, dtype=np.float32).reshape(4, 3)


def scaled(x, y=None):
    return x * 2


def compiled(**flags):
    return mlgraph.compile(scaled, **{"to": "numpy", "args": (X,), **flags})


def refused(message, **flags):
    """Both a compile and one that captures later refuse these flags."""
    with pytest.raises(InputError, match=message):
        compiled(**flags)
    with pytest.raises(InputError, match=message):
        mlgraph.compile(scaled, **{"to": "numpy", **flags})


# Example arguments


@pytest.mark.parametrize(
    ("args", "fix"),
    [
        (torch.tensor(X), r"args=\(x,\)"),
        (X, r"args=\(x,\)"),
        ("abc", r"args=\(x,\)"),
        (3, r"args=\(x,\)"),
        (torch.nn.Linear(3, 2), r"args=\(x,\)"),
        ({"x": X}, "kwargs="),
        ((x for x in [X]), r"args=tuple\(values\)"),
        ({1, 2}, r"args=tuple\(values\)"),
    ],
)
def test_args_that_are_no_tuple(args, fix):
    refused(fix, args=args)


@pytest.mark.parametrize("kwargs", [[X], torch.tensor(X), "abc", (("x", X),), {1: X}])
def test_kwargs_that_are_no_dict(kwargs):
    refused("kwargs=", args=None, kwargs=kwargs)


def test_args_and_kwargs_that_are_right():
    np.testing.assert_array_equal(compiled(args=[X])(X), X * 2)
    given = types.MappingProxyType({"x": X})
    np.testing.assert_array_equal(compiled(args=None, kwargs=given)(X), X * 2)


def test_what_is_compiled():
    with pytest.raises(InputError, match=r"args=\(x,\)"):
        mlgraph.compile(scaled, X, to="numpy")
    with pytest.raises(InputError, match="to='torch'"):
        mlgraph.compile("pytorch")


# Targets, passes and other flags


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        ("pytorch", "torch"),
        ("Torch", "torch"),
        (" torch", "torch"),
        ("tf", "tensorflow"),
        ("TensorFlow", "tensorflow"),
        ("np", "numpy"),
        ("jaxx", "jax"),
        (torch, "torch"),
        (np, "numpy"),
        (torch.Tensor, "torch"),
    ],
)
def test_targets_that_are_nearly_right(to, meant):
    for flags in ({"to": to}, {"to": to, "args": None}):
        with pytest.raises(UnknownTargetError, match=f"did you mean '{meant}'"):
            compiled(**flags)


@pytest.mark.parametrize("to", [["torch"], 3, {"torch": 1}, ("torch", "jax"), object()])
def test_targets_that_are_no_names(to):
    with pytest.raises(UnknownTargetError, match="choose one of torch, jax, tensorflow, numpy"):
        compiled(to=to)


class Counts(ModulePass):
    """A pass of the user's that notes its runs."""

    name = "counts"
    seen: list = []  # noqa: RUF012

    def apply(self, ctx, op):
        self.seen.append(sum(1 for _ in op.walk()))


def test_passes_by_name():
    def function(x):
        return np.tanh(x) + np.tanh(x)

    def operations(*passes):
        Counts.seen.clear()
        graph = mlgraph.compile(function, to="numpy", args=(X,), array_caching=False, passes=[*passes, Counts()])
        np.testing.assert_allclose(graph(X), function(X), rtol=1e-6)
        return Counts.seen[-1]

    assert operations("cse") == operations("canonicalize,cse") == operations() - 1
    assert operations("canonicalize") == operations(CanonicalizePass()) == operations()
    graph = compiled(passes=["lower-constant{to=numpy}", "lower-generator{to=numpy}"])
    np.testing.assert_array_equal(graph(X), X * 2)


def test_the_named_canonicalize_keeps_the_lines_of_the_code():
    assert passes_of(["canonicalize"]) == (CanonicalizePass(),)


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        (["canonicalise"], "did you mean 'canonicalize'"),
        (["fold_constants"], "did you mean 'fold-constants'"),
        (["no such thing"], "no such thing"),
        ([""], "names no pass"),
        (["dce{"], "dce"),
        (["lower-ivy"], 'requires argument "to"'),
        (["dce{a=1}"], "does not take these options"),
        ("canonicalize", r"write passes=\['canonicalize'\]"),
        ([CanonicalizePass], r"CanonicalizePass\(\)"),
        (CanonicalizePass(), "write passes="),
        (CanonicalizePass, "write passes="),
        ([3], "an int"),
        ([scaled], "a function"),
        (None, "NoneType"),
    ],
)
def test_passes_that_are_none(passes, message):
    refused(message, passes=passes)


@pytest.mark.parametrize(
    ("mode", "message"), [("all", "stage, changed, pass"), (True, "'stage'"), ("stages", "'stage'")]
)
def test_dump_modes_that_there_are_not(mode, message):
    refused(f"dump_ir is {mode!r}[^$]*{message}", dump_ir=mode)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"static_argnums": 5}, "scaled has 2 parameters"),
        ({"static_argnums": "x"}, "static_argnums=\\(0, 1\\)"),
        ({"static_argnums": 1.5}, "static_argnums=\\(0, 1\\)"),
        ({"static_argnums": True}, "static_argnums=\\(0, 1\\)"),
        ({"static_argnums": (0, "y")}, "static_argnums=\\(0, 1\\)"),
        ({"static_argnums": object()}, "an object"),
        ({"static_argnames": "z"}, "choose one of x, y"),
        ({"static_argnames": 1}, "static_argnames=\\('mode',\\)"),
        ({"static_argnames": [0]}, "static_argnames=\\('mode',\\)"),
        ({"fuse": "no"}, "write fuse=True or fuse=False"),
        ({"dynamic": X}, "dynamic is a ndarray"),
        ({"stateful": torch.nn.Linear(3, 2)}, r"write stateful=\[...\]"),
        ({"stateful": {"a": 1}}, r"write stateful=\[...\]"),
        ({"arg_stateful_idxs": 0}, r"write arg_stateful_idxs=\[...\]"),
        ({"kwarg_stateful_idxs": "x"}, r"write kwarg_stateful_idxs=\[...\]"),
    ],
)
def test_flags_that_are_wrong(flags, message):
    refused(message, **flags)


# Arguments of a call


class LikeAFrame:
    """Compares by element and has a length, as a table of pandas."""

    def __eq__(self, other):
        return X == 1

    __hash__ = None

    def __len__(self):
        return 3


Pair = collections.namedtuple("Pair", "a b")
ODD = [
    object(),
    int,
    sys,
    lambda: 1,
    {1, 2},
    frozenset([1]),
    b"ab",
    bytearray(b"ab"),
    decimal.Decimal("0.1"),
    fractions.Fraction(1, 3),
    datetime.datetime(2020, 1, 1),
    pathlib.Path("a"),
    threading.Lock(),
    functools.partial(scaled),
    iter([1]),
    (x for x in [1]),
    range(3),
    ...,
    memoryview(b"abc"),
    torch.float32,
    torch.Size([1, 2]),
    LikeAFrame(),
    types.SimpleNamespace(a=1),
    collections.OrderedDict(a=1),
    Pair(1, X),
    collections.deque([X]),
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_arguments_that_the_function_does_not_use(value):
    """They are Python values, or hold arrays: a graph takes them, at its first call and later."""
    for graph in (compiled(args=(X, value)), mlgraph.compile(scaled, to="numpy"), compiled()):
        for _ in range(2):
            np.testing.assert_array_equal(graph(X + 1, value), (X + 1) * 2)
    with pytest.raises(MlgraphError):
        mlgraph.compile(lambda x: x @ X, to="numpy")(value)


def test_an_open_file_as_an_argument():
    with open(__file__) as file:
        np.testing.assert_array_equal(compiled(args=(X, file))(X, file), X * 2)


@pytest.mark.parametrize("kind", [list, dict])
def test_arguments_that_hold_themselves(kind):
    value = kind()
    value.append(value) if kind is list else value.update(a=value)
    for call in (lambda: compiled(args=(X, value)), lambda: compiled()(X, value)):
        with pytest.raises(InputError, match="holds itself"):
            call()
    with pytest.raises(MlgraphError, match="holds itself"):
        mlgraph.compile(lambda x: (x, value), to="numpy", args=(X,))


def test_an_error_inside_a_library_names_no_line_of_generated_code():
    with pytest.raises(MlgraphError, match="Linear cannot be captured") as caught:
        mlgraph.compile(torch.nn.Linear(3, 2), to="numpy", args=("text",))
    assert caught.value.where == ""


# What a graph is asked


def test_stages_that_there_are_not():
    graph = compiled()
    with pytest.raises(UnknownStageError, match="did you mean 'numpy'"):
        graph.ir("numpyy")
    with pytest.raises(KeyError) as caught:
        graph.ir("ivi")
    assert ", there are ivy, " in str(caught.value)
    assert str(caught.value).endswith("\n  fix: did you mean 'ivy'?")


@pytest.mark.parametrize("seed", ["a", 1.5, None, X])
@pytest.mark.parametrize("to", ["numpy", "torch"])
def test_seeds_that_are_none(seed, to):
    with pytest.raises(InputError, match="takes no seed"):
        compiled(to=to).seed(seed)


def test_pages_make_their_folders(tmp_path):
    graph = compiled()
    for name in ("graph.html", "graph.svg"):
        path = graph.show(tmp_path / "a" / "b" / name)
        assert "<svg" in path.read_text()
    (tmp_path / "taken").write_text("")
    (tmp_path / "folder.html").mkdir()
    for path in (tmp_path / "taken" / "graph.html", tmp_path / "folder.html"):
        with pytest.raises(FileError, match="cannot be written") as caught:
            graph.show(path)
        assert isinstance(caught.value, OSError)
    with pytest.raises(InputError, match="a path is a string"):
        graph.show(3)


def test_dumps_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        compiled(dump_ir="stage", dump_dir=str(tmp_path / "taken"))
    with pytest.raises(InputError, match="a path is a string"):
        compiled(dump_ir="stage", dump_dir=3)
