# pyright: basic
"""Programs whose control flow depends on values give on every target what they give in their framework."""

import copy

import numpy as np
import pytest
from control_flow import in_numpy
from frameworks import to_numpy

import mlgraph

TARGETS = ("torch", "jax", "tensorflow", "numpy")


def cases():
    """Yield each program to numpy and one more target, and to all of them where slow tests run."""
    for i, (function, calls) in enumerate(in_numpy.PROGRAMS):
        for j, target in enumerate(TARGETS):
            marks = [] if target == "numpy" or j == i % 3 else [pytest.mark.slow]
            yield pytest.param(function, calls, target, marks=marks, id=f"{function.__name__}-{target}")


@pytest.mark.parametrize(("function", "calls", "target"), list(cases()))
def test_numpy(function, calls, target):
    graph = mlgraph.compile(function, to=target, x64=True)
    for arguments in calls:
        given, expected_given = copy.deepcopy(arguments), copy.deepcopy(arguments)
        calls_before = in_numpy.CALLS
        expected = function(*expected_given)
        calls_after, in_numpy.CALLS = in_numpy.CALLS, calls_before
        found = graph(*given)
        assert in_numpy.CALLS == calls_after
        check(found, expected)
        check(given, expected_given)


def check(found, expected):
    """Check that two results agree, leaf by leaf."""
    if isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            check(one, other)
    elif isinstance(expected, str):
        assert found == expected
    else:
        np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-9, atol=1e-12)
