# pyright: basic
"""`expand-math` gives functions that are right on their whole range, and that LLVM vectorises."""

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from scalar_functions import DTYPES, FUNCTIONS, compiled, errors, fused, inputs, kernel
from xdsl.context import Context

import mlgraph
from mlgraph.targets.kernels import module_of, standalone
from mlgraph.transforms.expand_math import ExpandMathPass
from mlgraph.transforms.expand_math.table import EXPANSIONS

pytestmark = pytest.mark.kernels

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


ANGLES = {np.float32: 2.0**15, np.float64: 2.0**40}
"""Up to where angles are common, by type."""


@each_dtype
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_errors_of_common_angles_are_small(name: str, dtype: Any) -> None:
    """Without a rare one among them the fast loop computes all: small ones, large ones, and next to turns of pi / 2."""
    random = np.random.default_rng()
    limit = ANGLES[dtype]
    turns = np.arange(1, 600) * (np.pi / 2)
    powers = 2.0 ** random.uniform(-30, np.log2(limit), 600)
    x = np.concatenate([random.uniform(-9, 9, 600), powers, -powers, turns, -turns, [0.0, -0.0, limit]]).astype(dtype)
    x = np.concatenate([x, np.nextafter(x, dtype(0))])
    x = x[abs(x) <= limit]
    found = errors(name, compiled(name, dtype)(x), x)
    assert np.nanmax(found) <= FUNCTIONS[name].limit, x[int(np.nanargmax(found))]


@each_dtype
@pytest.mark.parametrize("shape", [(5000,), (7, 900), (900, 7)])
def test_a_rare_angle_is_right_and_leaves_others_right(shape: tuple[int, ...], dtype: Any) -> None:
    x = np.random.default_rng().uniform(-9, 9, shape).astype(dtype)
    x.flat[[3, 2222, -1]] = 1e30, np.inf, -1e20
    y = np.ones(shape[-1:], dtype)
    sin = mlgraph.compile(lambda x, y: np.sin(x) * y, to="numpy", args=(x, y))
    with np.errstate(invalid="ignore"):
        wanted = np.sin(x.astype(np.longdouble)).astype(dtype)
    np.testing.assert_allclose(sin(x, y), wanted, *[4 * np.finfo(dtype).eps] * 2)
    np.testing.assert_allclose(sin(x[::-1], y), wanted[::-1], *[4 * np.finfo(dtype).eps] * 2)


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
    """Only the loops themselves, where they are not inlined, and Python's own interface are called."""
    code = kernel(name, dtype).asm
    named = re.findall(r"(?:\$|\b(?:call|bl)q?[ \t]+)([A-Za-z_]\w+)", code)
    loops = ("loop", "common", "exact", "team")
    assert all(symbol in loops or symbol.startswith("Py") for symbol in named), named
    assert re.search(r"(mul|add|sub|div|sqrt)\w*p[sd]\b.*%[xyz]mm|v\d+\.[24][sd]", code)


@each_dtype
def test_a_long_loop_computes_two_vectors_side_by_side(dtype: Any) -> None:
    """The one division of a sigmoid is there twice in its innermost loop."""
    blocks = re.split(r"^\S+:.*$", kernel("sigmoid", dtype).asm, flags=re.MULTILINE)
    divisions = [len(re.findall(r"div\w*p[sd]\b|fdiv[ \t]+v", block)) for block in blocks]
    assert max(divisions) == 2


@pytest.mark.parametrize("size", [1, 3, 8, 37])
def test_the_rest_of_a_vector_is_as_the_whole(size: int) -> None:
    x = np.random.default_rng().normal(size=size).astype(np.float32)
    exp = compiled("exp", np.float32)
    np.testing.assert_array_equal(exp(x), np.array([exp(x[i : i + 1])[0] for i in range(size)]))
