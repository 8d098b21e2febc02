# pyright: basic
"""What the table says is there: the functions that templates call, docstrings, the parameters of rules."""

import inspect
from importlib import import_module

import pytest

from mlgraph.dialects.ivy import IVY
from mlgraph.frameworks import names
from mlgraph.transforms.lower_ivy import callees
from mlgraph.transforms.lower_ivy.rules import rules_of

CALLEES = [(backend, path) for backend in names() for path in sorted(callees(backend))]
RULES = [(backend, row) for backend in names() for row in rules_of(backend)]


def resolve(path: str) -> object:
    """What a dotted name stands for; raises AttributeError where the library has no such name."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise AttributeError(path)


@pytest.mark.parametrize(("backend", "path"), CALLEES)
def test_callee_is_there(backend: str, path: str):
    assert resolve(path) is not None


@pytest.mark.parametrize("path", ["torch.no_such_function", "no_such_library.function", "numpy.linalg.no_such"])
def test_resolve_finds_nothing_else(path: str):
    with pytest.raises(AttributeError):
        resolve(path)


@pytest.mark.quick
@pytest.mark.parametrize("row", IVY.rows)
def test_row_has_docstring(row: str):
    assert IVY.rows[row].__doc__.strip().endswith((".", ":", "`")), f"{row} does not say what it means"


@pytest.mark.quick
@pytest.mark.parametrize(("backend", "row"), RULES, ids=lambda value: getattr(value, "name", value))
def test_rule_takes_what_its_row_takes(backend: str, row):
    names = list(inspect.signature(rules_of(backend)[row]).parameters)
    assert names == list(row.by_name)


@pytest.mark.quick
@pytest.mark.parametrize("backend", names())
def test_widened_and_refused_rows_are_disjoint(backend: str):
    rules = rules_of(backend)
    assert not rules.refused & rules.wide.keys()
