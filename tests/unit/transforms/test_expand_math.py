# pyright: basic
"""`expand-math` gives functions that are right on their whole range, and that LLVM vectorises."""

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from scalar_functions import DTYPES, FUNCTIONS, compiled, errors, fused, inputs, kernel
from xdsl.context import Context

from mlgraph.targets.kernels import module_of, standalone
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.expand_math.table import EXPANSIONS

LEFT = {"fma", "sqrt", "floor", "ceil", "trunc", "roundeven", "copysign", "absf"}
"""What the `math` dialect may keep: operations that are one instruction."""
EDGES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 1e30, 2.0**24 - 1, np.inf)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
each_function = pytest.mark.parametrize("name", FUNCTIONS)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLGRAPH_CACHE_DIR", "")


def test_every_expansion_is_tried() -> None:
    assert {function.op for function in FUNCTIONS.values()} == set(EXPANSIONS)


@each_dtype
@each_function
def test_errors_are_small(name: str, dtype: Any) -> None:
    """On all magnitudes, next to where formulas change, and where results are denormal or barely finite."""
    arguments = inputs(name, dtype, 500, np.random.default_rng())
    found = errors(name, compiled(name, dtype)(*arguments), *arguments)
    assert np.isfinite(found).sum() > 500
    worst = int(np.nanargmax(found))
    assert found[worst] <= FUNCTIONS[name].limit, [a[worst] for a in arguments]


@each_dtype
@each_function
def test_zeros_infinities_and_nans_are_those_of_c99(name: str, dtype: Any) -> None:
    """And their signs; among the numbers are whole, odd and even ones, which pow tells apart."""
    info = np.finfo(dtype)
    numbers = [*EDGES, info.max, info.tiny, info.smallest_subnormal]
    values = np.array([*numbers, *(-n for n in numbers), np.nan], dtype)
    count = len(FUNCTIONS[name].spans)
    arguments = [np.array(column, dtype) for column in zip(*product(values, repeat=count))]
    with np.errstate(all="ignore"):
        wanted = FUNCTIONS[name].numpy(*(a.astype(float) for a in arguments)).astype(dtype)
    got = compiled(name, dtype)(*arguments)
    special = ~np.isfinite(wanted) | (wanted == 0)
    np.testing.assert_array_equal(got[special], wanted[special])
    signed = special & ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(got[signed]), np.signbit(wanted[signed]))
    assert np.isfinite(got[~special]).all()


@each_dtype
@each_function
def test_only_straight_line_arithmetic_is_left(name: str, dtype: Any) -> None:
    alone = standalone(fused(name, dtype))
    ExpandMathPass().apply(Context(), module_of(alone))
    for op in alone.body.block.ops:
        dialect, _, rest = op.name.partition(".")
        assert not op.regions
        assert dialect == "arith" or op.name == "kernel.yield" or (dialect == "math" and rest in LEFT)


@each_dtype
@each_function
def test_the_loop_calls_nothing_and_works_on_vectors(name: str, dtype: Any) -> None:
    """Only the loop itself, where it is not inlined, and Python's own interface are called."""
    code = kernel(name, dtype).asm
    named = re.findall(r"(?:\$|\b(?:call|bl)q?[ \t]+)([A-Za-z_]\w+)", code)
    assert all(symbol == "loop" or symbol.startswith("Py") for symbol in named), named
    assert re.search(r"(mul|add|sub|div|sqrt)\w*p[sd]\b.*%[xyz]mm|v\d+\.[24][sd]", code)


@pytest.mark.parametrize("size", [1, 3, 8, 37])
def test_the_rest_of_a_vector_is_as_the_whole(size: int) -> None:
    x = np.random.default_rng().normal(size=size).astype(np.float32)
    exp = compiled("exp", np.float32)
    np.testing.assert_array_equal(exp(x), np.array([exp(x[i : i + 1])[0] for i in range(size)]))
