# pyright: basic
"""What cannot be compiled or called says what, where, why and what to do; and leaves everything as it was."""

import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch

import mlgraph
from mlgraph.errors import (
    CaptureError,
    DataDependentControlFlowError,
    InputError,
    MlgraphError,
    UnknownTargetError,
    UnsupportedOpError,
)
from mlgraph.opt import main

FRAMEWORKS = ["torch", "jax", "tensorflow", "numpy"]
HERE = Path(__file__).name
X = np.arange(6, dtype=np.float32).reshape(2, 3) - 2
MAKE = {"torch": torch.tensor, "jax": jnp.asarray, "tensorflow": tf.constant, "numpy": np.array}


def line_of(function, text):
    """`file:line` of the line of `function` that holds `text`."""
    code = getattr(function, "__func__", function).__code__
    lines = Path(code.co_filename).read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if i > code.co_firstlineno and text in line)
    return f"{HERE}:{number}"


def patched():
    """What a tracer might patch: the public names of the frameworks, and classes of arrays."""
    spaces = (
        torch,
        torch.Tensor,
        torch.nn.functional,
        torch.nn.Module,
        jnp,
        jax,
        jax.lax,
        tf,
        tf.math,
        np,
        np.linalg,
        np.random,
    )
    return {(space.__name__, name): id(value) for space in spaces for name, value in vars(space).items()}


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    """The parts of torch that load late, and wrap some of torch's functions when they do."""
    mlgraph.compile(torch.neg, to="numpy", args=(torch.tensor(X),))


@pytest.fixture(autouse=True)
def _nothing_stays_changed():
    """Globals and modes of the frameworks are the same before and after each test."""
    before = patched()
    yield
    after = patched()
    assert {name for name in before if after.get(name) != before[name]} == set()
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert tf.executing_eagerly()
    assert not isinstance(jnp.ones(3) + 1, jax.core.Tracer)
    assert type(np.add(X, 1)) is np.ndarray


def check_next_compile(source):
    """A compile after a failed one works."""
    graph = mlgraph.compile(lambda x: x * 2 + 1, to="numpy", args=(MAKE[source](X),))
    np.testing.assert_array_equal(graph(X), X * 2 + 1)


# Targets


@pytest.mark.parametrize("to", ["pytorch", "Torch", "", "mxnet"])
def test_wrong_target_lists_the_good_ones(to):
    with pytest.raises(UnknownTargetError, match=f"'{to}'[^$]*torch, jax, tensorflow, numpy"):
        mlgraph.compile(np.tanh, to=to, args=(X,))
    with pytest.raises(ValueError, match=f"'{to}'"):
        mlgraph.compile(to=to)


# Functions that raise


def raises(x):
    y = x + 1
    if y.ndim == 2:
        raise KeyError("my own message")
    return y


def calls_what_raises(x):
    return raises(x * 2) + 1


@pytest.mark.parametrize("source", FRAMEWORKS)
def test_function_that_raises(source):
    x = MAKE[source](X)
    with pytest.raises(CaptureError, match="KeyError") as caught:
        mlgraph.compile(calls_what_raises, to="numpy", args=(x,))
    error = caught.value
    assert "calls_what_raises" in error.what
    assert "my own message" in error.what
    assert error.where.endswith(line_of(raises, "my own message"))
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    assert any(isinstance(cause, KeyError) for cause in causes)
    check_next_compile(source)


@pytest.mark.parametrize("source", FRAMEWORKS)
def test_lazy_graph_that_raises_works_for_other_arguments(source):
    graph = mlgraph.compile(raises, to="numpy")
    with pytest.raises(CaptureError):
        graph(MAKE[source](X))
    assert graph.cache_info() == (0, 0)
    np.testing.assert_array_equal(graph(MAKE[source](X[0])), X[0] + 1)


class Fails(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)

    def forward(self, x):
        y = self.norm(x)
        raise RuntimeError("half-way")
        return y


@pytest.mark.parametrize("to", ["torch", "jax"])
@pytest.mark.parametrize("training", [True, False])
def test_module_that_raises(to, training):
    model = Fails().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    attributes = set(vars(model))
    with pytest.raises(CaptureError, match="half-way") as caught:
        mlgraph.compile(model, to=to, args=(torch.tensor(X),))
    assert caught.value.where.endswith(line_of(Fails.forward, "half-way"))
    assert model.training is training
    assert model.norm.training is training
    assert set(vars(model)) == attributes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(RuntimeError, match=r"^half-way$"):
        model(torch.tensor(X))


# Operations that are not supported


UNKNOWN = "fake_quantize_per_tensor_affine_cachemask"


ONES, ZEROS = torch.ones(3), torch.zeros(3, dtype=torch.int32)


def two_unknown(x):
    a = torch.fake_quantize_per_tensor_affine(x, 0.1, 3, -128, 127)
    b = torch.fake_quantize_per_channel_affine(x, ONES, ZEROS, 0, 0, 255)
    return a + b + torch.fake_quantize_per_channel_affine(x + 1, ONES, ZEROS, 0, 0, 255)


def test_all_unsupported_operations_at_once():
    with pytest.raises(UnsupportedOpError) as caught:
        mlgraph.compile(two_unknown, to="jax", args=(torch.rand(3, 3),))
    error = caught.value
    assert {name.split(".")[1] for name in error.operations} == {UNKNOWN, UNKNOWN.replace("tensor", "channel")}
    lines = [line for line in str(error).splitlines() if " x " in line]
    assert len(lines) == 3
    for text in ("a = torch", "b = torch", "return a"):
        assert any(" x 1 " in line and line.endswith(line_of(two_unknown, text)) for line in lines)
    assert isinstance(error, NotImplementedError)


def many_unknown(x):
    for _ in range(3):
        x = torch.fake_quantize_per_tensor_affine(x, 0.1, 3, -128, 127)
    return x


def test_unsupported_operations_are_counted():
    with pytest.raises(UnsupportedOpError, match=rf"{UNKNOWN}.* x 3 ") as caught:
        mlgraph.compile(many_unknown, to="numpy", args=(torch.rand(3, 3),))
    assert line_of(many_unknown, "fake_quantize") in str(caught.value)


def without_shapes(x):
    return torch.geqrf(x)[0]


def test_operation_that_torch_cannot_trace():
    with pytest.raises(UnsupportedOpError, match=r"geqrf.* x 1 ") as caught:
        mlgraph.compile(without_shapes, to="numpy", args=(torch.rand(3, 3),))
    assert str(caught.value).endswith("others")
    assert line_of(without_shapes, "geqrf") in str(caught.value)


# Control flow that depends on values


def torch_key(x):
    return {True: x, False: -x}[bool(x.sum() > 0)]


def torch_place(x):
    return ["a", "b"][int(x.sum())]


def jax_key(x):
    return {True: x, False: -x}[bool(jnp.sum(x) > 0)]


def jax_place(x):
    return [x, -x][int(jnp.argmax(x[0]))]


def tensorflow_key(x):
    return {True: x, False: -x}[bool(tf.reduce_sum(x) > 0)]


def tensorflow_for(x):
    return x * sum(range(tf.argmax(x[0])))


def numpy_key(x):
    return {True: x, False: -x}[np.sum(x) > 0]


def numpy_place(x):
    return ["a", "b"][int(x.sum())]


def nested_key(x):
    return numpy_key(x * 2)


@pytest.mark.parametrize(
    ("source", "function", "line", "advice"),
    [
        ("torch", torch_key, "return {", "torch.where"),
        ("torch", torch_place, "return [", ""),
        ("jax", jax_key, "return {", "jnp.where"),
        ("jax", jax_place, "int(jnp", "fori_loop"),
        ("tensorflow", tensorflow_key, "return {", "tf.where"),
        ("tensorflow", tensorflow_for, "range(tf", "tf.while_loop"),
        ("numpy", numpy_key, "return {", "argument"),
        ("numpy", numpy_place, "int(x", ""),
    ],
)
def test_control_flow_that_depends_on_values(source, function, line, advice):
    with pytest.raises(DataDependentControlFlowError) as caught:
        mlgraph.compile(function, to="numpy", args=(MAKE[source](X),), max_paths=0)
    assert caught.value.where.endswith(line_of(function, line))
    assert caught.value.fix
    assert advice in caught.value.fix
    check_next_compile(source)


def test_the_line_is_that_of_the_look_up_not_of_the_call():
    with pytest.raises(DataDependentControlFlowError) as caught:
        mlgraph.compile(nested_key, to="numpy", args=(X,), max_paths=0)
    assert caught.value.where.endswith(line_of(numpy_key, "return {"))


# Arguments


def two(first, second=None, *, scale=1.0):
    return first * scale if second is None else first + second * scale


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, r"two\(\) missing 1 required positional argument: 'first'"),
        ((X, X, X), {}, r"two\(\) takes from 1 to 2 positional arguments but 3 were given"),
        ((X,), {"first": X}, r"two\(\) got multiple values for argument 'first'"),
        ((X,), {"third": X}, r"two\(\) got an unexpected keyword argument 'third'"),
    ],
)
def test_missing_and_extra_arguments(args, kwargs, message):
    """The very words of Python, at compile time and at each call."""
    with pytest.raises(TypeError, match=message):
        two(*args, **kwargs)
    with pytest.raises(TypeError, match=message):
        mlgraph.compile(two, to="numpy", args=args, kwargs=kwargs)
    with pytest.raises(TypeError, match=message):
        mlgraph.compile(two, to="numpy")(*args, **kwargs)
    graph = mlgraph.compile(two, to="numpy", args=(X,))
    with pytest.raises(TypeError, match=message):
        graph(*args, **kwargs)


def test_missing_argument_of_a_module():
    graph = mlgraph.compile(torch.nn.Linear(3, 2), to="numpy", args=(torch.tensor(X),))
    with pytest.raises(TypeError, match="'input'"):
        graph()


class Plain:
    """A class that no framework knows."""

    def __mul__(self, other):
        raise TypeError("Plain times nothing")

    __rmul__ = __mul__


@pytest.mark.parametrize("source", FRAMEWORKS)
@pytest.mark.parametrize("wrong", [["a", "b"], "word", {"a": "b"}, Plain(), None])
def test_values_of_wrong_types(source, wrong):
    """They reach the function as they are, and what it says of them is told; later calls included."""
    x = MAKE[source](X)
    graph = mlgraph.compile(lambda x, y: x * y, to="numpy", args=(x, x))
    with pytest.raises(MlgraphError):
        mlgraph.compile(lambda x, y: x * y, to="numpy", args=(x, wrong))
    with pytest.raises(MlgraphError):
        graph(x, wrong)
    np.testing.assert_array_equal(graph(x, x), X * X)


@pytest.mark.parametrize("wrong", [np.array(["a", "b"]), np.array([object()]), np.array(["2020-01-01"], "M8[D]")])
@pytest.mark.parametrize("to", FRAMEWORKS)
def test_arrays_of_wrong_types(wrong, to):
    with pytest.raises(MlgraphError, match=re.escape(str(wrong.dtype))) as caught:
        mlgraph.compile(np.copy, to=to, args=(wrong,))
    assert "float32" in caught.value.fix
    graph = mlgraph.compile(lambda x: x + 1, to=to, args=(X,))
    with pytest.raises(MlgraphError, match=re.escape(str(wrong.dtype))):
        graph(wrong)
    np.testing.assert_array_equal(np.asarray(graph(X)), X + 1)


@pytest.mark.parametrize("wrong", [3, "torch", None, X, object()])
def test_what_cannot_be_called(wrong):
    with pytest.raises(InputError, match=f"{type(wrong).__name__} is not callable"):
        mlgraph.compile(wrong, to="numpy")


# A module in train mode, captured for jax


def training_model(dropout):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, *([torch.nn.Dropout(0.5)] if dropout else [])).train()


@pytest.mark.parametrize("dropout", [False, True])
def test_capture_in_train_mode_changes_nothing(dropout):
    model = training_model(dropout)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    mlgraph.compile(model, to="jax", args=(torch.rand(4, 3, generator=torch.Generator().manual_seed(0)),))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_batch_norm_in_train_mode():
    """Statistics of the batch, and running statistics that each call moves: those of the graph."""
    model, eager = training_model(False), training_model(False)
    graph = mlgraph.compile(model, to="jax", args=(torch.rand(4, 3),))
    for size in (4, 9, 5):
        x = torch.rand(size, 3)
        np.testing.assert_allclose(graph(x), eager(x).detach(), rtol=1e-4, atol=1e-5)
    for name, value in eager.state_dict().items():
        np.testing.assert_allclose(graph.params[name], value, rtol=1e-4, atol=1e-6)
    assert graph.cache_info().captures == 1


def test_dropout_in_train_mode():
    model = torch.nn.Dropout(0.25).train()
    graph = mlgraph.compile(model, to="jax", args=(torch.rand(4, 3),))
    ones = torch.ones(100, 100)
    first, second = np.asarray(graph(ones)), np.asarray(graph(ones))
    assert set(np.unique(first.round(5))) == {0, np.float32(4 / 3).round(5)}
    assert abs((first == 0).mean() - 0.25) < 0.03
    assert (first != second).any()
    model.eval()
    np.testing.assert_array_equal(graph(ones), ones)


# IR text


@pytest.mark.parametrize(
    "text",
    [
        "func.func @main(",
        "func.func @main() { ivy.no_such_row() : () -> () }",
        "func.func @main(%x : tensor<3xf32>) -> tensor<3xf64> {\n  func.return %x : tensor<3xf32>\n}",
        'func.func @main(%x : tensor<3xf32>) {\n  "ivy.add"(%x) : (tensor<3xf32>) -> tensor<3xf32>\n  func.return\n}',
        "\x00\xff",
    ],
)
def test_ir_file_that_is_wrong(tmp_path, capsys, text):
    file = tmp_path / "wrong.mlir"
    file.write_text(text)
    assert main([str(file)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("mlgraph-opt: ")
    assert "Traceback" not in printed.err


def test_ir_file_that_is_not_there(tmp_path):
    tool = "import sys; from mlgraph.opt import main; sys.exit(main())"
    command = [sys.executable, "-c", tool, str(tmp_path / "none.mlir")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "none.mlir" in done.stderr
    assert "Traceback" not in done.stderr
