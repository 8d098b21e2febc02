# pyright: basic
"""Draws of every backend: their types, ranges and moments, and that no two are the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from programs import names, program
from xdsl.context import Context
from xdsl.ir import Block

from mlgraph.dialects import generator, ivy
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import array_of, literal, number_of
from mlgraph.dialects.dtypes import NAME_OF, bf16, f16, f32, f64, i1, i8, i32, i64, tensor, ui8, ui16
from mlgraph.dialects.functions import main_of
from mlgraph.dialects.ivy.control import IfOp, WhileOp, YieldOp
from mlgraph.errors import CaptureError, UnsupportedOpError
from mlgraph.targets.callable import emit
from mlgraph.transforms.bake_generators import BakeGeneratorsPass
from mlgraph.transforms.lower_generator import LowerGeneratorPass
from mlgraph.transforms.lower_ivy import LowerIvyPass

BACKENDS = ("torch", "jax", "tensorflow", "numpy")
MANY = 20_000


def rng_of(backend: str, seed: int) -> Any:
    if backend == "torch":
        import torch

        return torch.Generator().manual_seed(seed)
    if backend == "jax":
        import jax

        return jax.random.key(seed)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.constant([seed, 0], tf.int32)
    return np.random.default_rng(seed)


def lowered(body: Callable[..., Any], backend: str, *types: Any) -> Any:
    module = program(body, types)
    LowerGeneratorPass(backend).apply(Context(), module)
    module.verify()
    return module


def draws(
    body: Callable[..., Any], backend: str, seed: int = 0, inputs: tuple[Any, ...] = (), types: Any = ()
) -> list[Any]:
    module = lowered(body, backend, *types)
    LowerIvyPass(backend).apply(Context(), module)
    main = emit(module, backend).load("<draws>", lambda array: array)
    if backend == "jax":
        import jax

        with jax.enable_x64(True):
            found = main(rng_of(backend, seed), *inputs)
    else:
        found = main(rng_of(backend, seed), *inputs)
    return list(found) if isinstance(found, tuple) else [found]


def as_numpy(array: Any) -> np.ndarray:
    return np.asarray(array.float() if str(getattr(array, "dtype", "")) == "torch.bfloat16" else array).astype(
        np.float64
    )


def dtype_name(array: Any) -> str:
    dtype = array.dtype
    return str(getattr(dtype, "name", dtype)).removeprefix("torch.")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [f16, bf16, f32, f64], ids=str)
def test_uniform(backend: str, dtype: Any) -> None:
    unit, wide = draws(
        lambda: (generator.uniform((MANY,), dtype), generator.uniform((MANY,), dtype, -2.0, 6.0)), backend
    )
    assert dtype_name(unit) == dtype_name(wide) == NAME_OF[dtype]
    unit, wide = as_numpy(unit), as_numpy(wide)
    assert unit.min() >= 0
    assert unit.max() < 1
    assert wide.min() >= -2
    assert wide.max() <= 6
    np.testing.assert_allclose([unit.mean(), unit.var()], [1 / 2, 1 / 12], atol=0.01)
    np.testing.assert_allclose([wide.mean(), wide.var()], [2, 64 / 12], atol=0.15)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [f16, bf16, f32, f64], ids=str)
def test_normal(backend: str, dtype: Any) -> None:
    (found,) = draws(lambda: generator.normal((MANY,), dtype), backend)
    assert dtype_name(found) == NAME_OF[dtype]
    found = as_numpy(found)
    np.testing.assert_allclose([found.mean(), found.std(), (found**3).mean()], [0, 1, 0], atol=0.1)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(i8, -128, 128), (ui8, 0, 256), (ui16, 5, 65536), (i32, -5, 5), (i64, 0, 2**40)],
    ids=lambda value: str(value),
)
def test_randint(backend: str, dtype: Any, low: int, high: int) -> None:
    (found,) = draws(lambda: generator.randint((MANY,), low, high, dtype), backend)
    assert dtype_name(found) == NAME_OF[dtype]
    found = as_numpy(found)
    assert found.min() >= low
    assert found.max() < high
    spread = high - low
    assert found.min() < low + spread / 100 + 1
    assert found.max() > high - spread / 100 - 2
    np.testing.assert_allclose(found.mean(), (low + high - 1) / 2, atol=spread / 100)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bernoulli(backend: str) -> None:
    p = np.array([0.0, 0.1, 0.9, 1.0], np.float32)
    (found,) = draws(lambda: generator.bernoulli(literal(p, f32), (MANY, 4)), backend)
    assert dtype_name(found).startswith("bool")
    means = as_numpy(found).mean(0)
    assert means[0] == 0
    assert means[3] == 1
    np.testing.assert_allclose(means, p, atol=0.02)


@pytest.mark.parametrize("backend", BACKENDS)
def test_other_distributions(backend: str) -> None:
    def body() -> Any:
        rate = ivy.full((MANY,), 2.5, f32)
        return generator.exponential((MANY,), f32), generator.gumbel((MANY,), f32), generator.poisson(rate)

    exponential, gumbel, poisson = map(as_numpy, draws(body, backend))
    np.testing.assert_allclose([exponential.mean(), exponential.var()], [1, 1], atol=0.1)
    np.testing.assert_allclose([gumbel.mean(), gumbel.var()], [np.euler_gamma, np.pi**2 / 6], atol=0.1)
    np.testing.assert_allclose([poisson.mean(), poisson.var()], [2.5, 2.5], atol=0.15)
    assert exponential.min() >= 0
    assert (poisson == poisson.round()).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_permutation(backend: str) -> None:
    (found,) = draws(lambda: generator.permutation((100,), i64), backend)
    assert dtype_name(found) == "int64"
    assert sorted(as_numpy(found)) == list(range(100))
    assert list(as_numpy(found)) != list(range(100))


@pytest.mark.parametrize("backend", BACKENDS)
def test_draws_differ_and_seeds_repeat(backend: str) -> None:
    def body() -> Any:
        return tuple(generator.normal((50,), f32) for _ in range(3))

    first = [as_numpy(a) for a in draws(body, backend, seed=1)]
    again = [as_numpy(a) for a in draws(body, backend, seed=1)]
    other = [as_numpy(a) for a in draws(body, backend, seed=2)]
    np.testing.assert_array_equal(first, again)
    assert len({tuple(a) for a in (*first, *other)}) == 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_shape_of_the_input(backend: str) -> None:
    def body(x: Any) -> Any:
        return generator.uniform((ivy.dim(x, 0), 3), f32)

    x = np.zeros((7, 2), np.float32)
    if backend == "torch":
        import torch

        x = torch.from_numpy(x)
    (found,) = draws(body, backend, inputs=(x,), types=(tensor((-1, 2), f32),))
    assert tuple(found.shape) == (7, 3)


def test_rng_comes_first_and_only_where_there_are_draws() -> None:
    drawn = main_of(lowered(lambda x: generator.normal((2,), f32), "jax", tensor((2,), f32)))
    still = main_of(lowered(ivy.negative, "jax", tensor((2,), f32)))
    assert [a.name_hint for a in drawn.body.block.args] == ["rng", "x0"]
    assert [a.name_hint for a in still.body.block.args] == ["x0"]


def branching(p: Any) -> Any:
    """A draw in each branch, and one after."""
    blocks = []
    for _ in range(2):
        with building(block := Block()) as builder:
            builder.insert(YieldOp(generator.normal((2,), f32)))
        blocks.append(block)
    return insert(IfOp(p, *blocks)).results[0], generator.normal((2,), f32)


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_draws_in_branches_have_keys_of_their_own(backend: str) -> None:
    module = lowered(branching, backend, tensor((), i1))
    main = main_of(module)
    calls = [op for op in main.walk() if op.name.endswith(".call")]
    keys = [next(v for v in op.operands) for op in calls if "normal" in op.callee.data]
    assert len(set(keys)) == 3
    assert all(op.parent is main.body.block for op in calls if "split" in op.callee.data)


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_a_draw_in_a_loop_raises_where_keys_are_split(backend: str) -> None:
    def body(x: Any) -> Any:
        condition, turn = Block(arg_types=[x.type]), Block(arg_types=[x.type])
        with building(condition) as builder:
            builder.insert(YieldOp(ivy.less(condition.args[0], literal(9, f32))))
        with building(turn) as builder:
            builder.insert(YieldOp(ivy.add(turn.args[0], generator.uniform((), f32))))
        return insert(WhileOp([x], condition, turn)).results[0]

    with pytest.raises(UnsupportedOpError, match=r"generator\.uniform inside a loop"):
        lowered(body, backend, tensor((), f32))


# Draws at capture


def baked(body: Callable[..., Any], *types: Any, seed: int = 0) -> Any:
    module = program(body, types)
    BakeGeneratorsPass(seed).apply(Context(), module)
    module.verify()
    return module


def test_baked_draws_are_constants() -> None:
    def body() -> Any:
        return generator.uniform((), f32), generator.uniform((), f32), generator.permutation((40,), i32)

    module = baked(body)
    assert names(module) == ["constant.literal", "constant.literal", "constant.array"]
    first, second, _ = main_of(module).body.block.last_op.operands
    assert number_of(first) != number_of(second)


def test_baked_parameters_may_be_computed() -> None:
    module = baked(lambda: generator.bernoulli(ivy.multiply(literal(0.5, f32), literal(2.0, f32)), (3,)))
    (found,) = main_of(module).body.block.last_op.operands
    assert array_of(found).tolist() == [True] * 3


@pytest.mark.parametrize("include_size", [True, False])
def test_baking_what_depends_on_an_input_raises(include_size: bool) -> None:
    def shape(x: Any) -> Any:
        return generator.uniform((ivy.dim(x, 0),), f32)

    def parameter(x: Any) -> Any:
        return generator.bernoulli(ivy.negative(x), (3,))

    body, types = (shape, tensor((-1,), f32)) if include_size else (parameter, tensor((3,), f32))
    name = "uniform" if include_size else "bernoulli"
    with pytest.raises(CaptureError, match=rf"generator.{name} cannot be drawn at capture\n  at: program.py:1"):
        baked(body, types)
