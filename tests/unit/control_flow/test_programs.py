# pyright: basic
"""Programs whose control flow depends on values give on every target what they give in their framework."""

import copy
from importlib import import_module

import numpy as np
import pytest
from frameworks import to_framework, to_numpy, wide_types

import mlgraph

SOURCES = ("numpy", "jax", "tensorflow")
TARGETS = ("torch", "jax", "tensorflow", "numpy")
FEW = {"numpy": ("numpy", "torch"), "jax": ("numpy",), "tensorflow": ("numpy",)}
"""The targets of every program of a framework; of the other targets, each program has one in turn."""


def cases(source):
    """Return each program of a framework with a target; most pairs are slow tests."""
    found = []
    names = [name for name in import_module(f"control_flow.in_{source}").PROGRAMS]
    for i, (function, _) in enumerate(names):
        for j, target in enumerate(TARGETS):
            quick = target == FEW[source][0] or (j == i % 4 and i % 2 == 0)
            name = f"{function.__name__}-{target}"
            found.append(pytest.param(i, target, marks=() if quick else pytest.mark.slow, id=name))
    return found


@pytest.mark.parametrize(("i", "target"), cases("numpy"))
def test_numpy(i, target):
    run("numpy", i, target)


@pytest.mark.parametrize(("i", "target"), cases("jax"))
def test_jax(i, target):
    with wide_types("jax"):
        run("jax", i, target)


@pytest.mark.parametrize(("i", "target"), cases("tensorflow"))
def test_tensorflow(i, target):
    run("tensorflow", i, target)


def run(source, i, target):
    """Check all calls of a program, and that control flow of the graph serves them without paths."""
    programs = import_module(f"control_flow.in_{source}")
    function, calls = programs.PROGRAMS[i]
    programs.CALLS = 0  # another target may have left an array of its own
    graph = mlgraph.compile(function, to=target, x64=True, max_paths=0)
    for arguments in calls:
        given = [to_framework(source, each) for each in arguments]
        expected_given = copy.deepcopy(given) if source == "numpy" else given
        before = getattr(programs, "CALLS", 0)
        expected = function(*expected_given)
        after, programs.CALLS = programs.CALLS, before
        found = graph(*given)
        assert after == programs.CALLS
        check(found, expected)
        check(given, expected_given)


def check(found, expected):
    """Check that two results agree, leaf by leaf."""
    if isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            check(one, other)
    elif isinstance(expected, str):
        assert found == expected
    else:
        np.testing.assert_allclose(to_numpy(found), to_numpy(expected), rtol=1e-6, atol=1e-9)
