# pyright: basic
"""Every error has an id and says what, where, why and what to do."""

import inspect
import re

import numpy as np
import pytest

from mlgraph import errors
from mlgraph.frameworks.arrays import convert
from mlgraph.tools.dump import read

pytestmark = pytest.mark.quick

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.MlgraphError) and value is not errors.MlgraphError
]


def test_ids_are_unique_and_well_formed():
    ids = [cls.id for cls in CLASSES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"MLG\d{4}", one) for one in ids)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_message_holds_every_part(cls):
    error = cls("it broke", where="model.py:3", why="it was old", fix="buy another")
    assert str(error) == f"[{cls.id}] it broke\n  at: model.py:3\n  why: it was old\n  fix: buy another"
    assert (error.what, error.where, error.why, error.fix) == ("it broke", "model.py:3", "it was old", "buy another")
    assert str(cls("it broke")) == f"[{cls.id}] it broke"
    assert inspect.getdoc(cls)


def test_each_is_also_what_python_would_raise():
    assert issubclass(errors.UnknownTargetError, ValueError)
    assert issubclass(errors.UnsupportedOpError, NotImplementedError)
    assert issubclass(errors.InputError, TypeError)
    assert issubclass(errors.IRError, ValueError)


def test_unsupported_operations_are_listed_with_counts_and_lines():
    error = errors.UnsupportedOpError.of_source("torch", {("aten.a", "m.py:1"): 2, ("aten.b", ""): 1})
    assert error.operations == {"aten.a", "aten.b"}
    assert "aten.a x 2  at m.py:1" in str(error)
    assert "aten.b x 1" in str(error)


def test_user_line_is_the_innermost_of_the_users():
    from mlgraph.frontend.locations import is_library, user_line

    def fails():
        import numpy as np

        np.linalg.inv("no")  # the line to find

    with pytest.raises(Exception) as caught:  # noqa: PT011
        fails()
    line = inspect.getsourcelines(fails)[1] + 3
    assert user_line(caught.value) == f"{__file__}:{line}"
    assert not is_library(__file__)
    assert is_library(errors.__file__)
    assert not is_library("<stdin>")
    assert is_library("<frozen importlib>")


def test_user_line_of_a_cycle_of_causes():
    from mlgraph.frontend.locations import user_line

    error = ValueError()
    error.__cause__ = error
    assert user_line(error) == ""


@pytest.mark.parametrize(
    ("body", "message", "line"),
    [
        ("  this is no IR", "not registered", ":2:"),
        ("  %y = ivy.sum(%x, axis = [5]) : (tensor<2xf32>) -> tensor<2xf32>", "axis 5 is out of range", ""),
        ("  %y = ivy.exp(%x) : (tensor<2xf32>) -> tensor<3xf32>", "ivy.exp", ""),
    ],
    ids=["does not parse", "wrong parameter", "wrong type"],
)
def test_ir_file_that_is_not_valid(body, message, line, tmp_path):
    path = tmp_path / "bad.mlir"
    path.write_text(f"func.func @main(%x: tensor<2xf32>) {{\n{body}\n  func.return\n}}\n")
    with pytest.raises(errors.IRError, match=message) as caught:
        read(path)
    assert caught.value.where.startswith(f"{path}{line}")


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_array_that_a_framework_cannot_hold(framework):
    with pytest.raises(errors.InputError, match=framework):
        convert(np.array([object()]), framework)
