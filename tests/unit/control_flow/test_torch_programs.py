# pyright: basic
"""Programs in torch whose control flow depends on values give on every target what they give in eager."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from control_flow import in_torch
from frameworks import to_numpy

import mlgraph

TARGETS = ("torch", "jax", "tensorflow", "numpy")

pytestmark = pytest.mark.filterwarnings("ignore")


def cases():
    """Yield each program to torch and one more target, and to all of them where slow tests run."""
    for i, (function, calls) in enumerate(in_torch.PROGRAMS):
        for j, target in enumerate(TARGETS):
            marks = [] if target == "torch" or j == 1 + i % 3 else [pytest.mark.slow]
            name = getattr(function, "__name__", type(function).__name__)
            yield pytest.param(function, calls, target, marks=marks, id=f"{name}-{i}-{target}")


@pytest.mark.parametrize(("function", "calls", "target"), list(cases()))
def test_torch(function, calls, target):
    eager, given = copy.deepcopy(function), copy.deepcopy(function)
    graph: Any = mlgraph.compile(given, to=target)
    for arguments in calls:
        ours, theirs = copy.deepcopy(arguments), copy.deepcopy(arguments)
        expected = eager(*theirs)
        check(graph(*ours), expected)
        check(ours, theirs)
    if target == "torch" and isinstance(eager, torch.nn.Module):
        check(tuple(given.state_dict().values()), tuple(eager.state_dict().values()))


def check(found, expected):
    """Check that two results agree, leaf by leaf."""
    if isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            check(one, other)
    else:
        expected = to_numpy(expected)
        found = to_numpy(found)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
