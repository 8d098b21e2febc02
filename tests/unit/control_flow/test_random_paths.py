# pyright: basic
"""Random programs without source, which nothing can convert: every path gives what Python gives."""

import random
import warnings

import numpy as np
import pytest
from frameworks import to_numpy

import mlgraph
from mlgraph.errors import TooManyPathsError
from mlgraph.graph import trees

VARIABLES = ("a", "b", "x")


def statements(r: random.Random, depth: int) -> list[str]:
    """Return the lines of one to three statements."""
    return [line for _ in range(r.randint(1, 3)) for line in statement(r, depth)]


def statement(r: random.Random, depth: int) -> list[str]:
    """Return the lines of a statement; blocks are at most two deep."""
    v, w, c = r.choice(VARIABLES), r.choice(VARIABLES), round(r.uniform(-2, 2), 1)
    simple = [
        f"{v} = {v} + {w} * {c}",
        f"{v} *= {c}",
        f"{v} = {v} * {{True: 2.0, False: -1.0}}[bool({w}[0] > {c})]",
        f"{v} = {v} - {w}.mean()",
        f"out.append({v}[{r.randrange(3)}])",
        f"b = np.random.rand(3) - 0.5 + b * {c}",
        f"out += [e * 2 for e in {v} if e > {c}]",
    ]
    if depth == 2 or r.random() < 0.5:
        return [r.choice(simple)]
    inner = [f"    {line}" for line in statements(r, depth + 1)]
    other = [f"    {line}" for line in statements(r, depth + 1)]
    blocks = [
        [f"if {v}.sum() > {w}[1] + {c}:", *inner, "else:", *other],
        [f"while abs({v}).max() > 1.5:", f"    {v} = {v} / 3", f"    out.append({v}[0])"],
        ["try:", *inner, f"    if {v}[2] > {c}: raise KeyError", "except KeyError:", *other],
        [f"for e in {v}:", f"    if e > {c}: break", "else:", *inner],
        [f"if {v}.min() < -4: raise ValueError('too small')"],
    ]
    return r.choice(blocks)


def program(r: random.Random):
    lines = ["b, out = x * 0.5, []", *statements(r, 0), *statements(r, 0), "return a, b, out"]
    names = {"np": np}
    exec("def function(x, a):\n" + "\n".join(f"    {line}" for line in lines), names)
    return names["function"]


def outcome(function, seed, arrays):
    """Return what a call gives, draws after it and leaves in its arguments."""
    np.random.seed(seed)
    try:
        result = function(*arrays)
    except ValueError as error:
        result = str(error)
    return result, np.random.rand(), arrays


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(n, marks=pytest.mark.slow) for n in range(12, 300))])
def test_random_programs(seed):
    function, draws = program(random.Random(seed)), np.random.default_rng(seed)
    graph = mlgraph.compile(function, to="numpy")
    calls = [draws.normal(size=(2, 3)) * 2 for _ in range(4)]
    for number, arrays in enumerate(calls + calls):
        expected = outcome(function, number, [np.array(x) for x in arrays])
        with warnings.catch_warnings(action="ignore"):
            try:
                found = outcome(graph, number, [np.array(x) for x in arrays])
            except TooManyPathsError:
                return
        for a, b in zip(trees.flatten(found)[0], trees.flatten(expected)[0], strict=True):
            assert isinstance(b, str) is isinstance(a, str)
            if isinstance(b, str):
                assert a == b
            else:
                np.testing.assert_allclose(to_numpy(a), b, rtol=1e-9, atol=1e-12)
