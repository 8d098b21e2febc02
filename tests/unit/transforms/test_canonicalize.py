# pyright: basic
"""Canonicalisation changes no bit of any answer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from programs import HERE, by_numpy, names, operations, program
from xdsl.context import Context
from xdsl.transforms.canonicalize import CanonicalizePass as StockCanonicalizePass

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.constant import literal
from mlgraph.dialects.context import context
from mlgraph.dialects.dtypes import DType, bf16, c64, dtype_of, f16, f32, f64, i1, i8, i32, i64, tensor, ui8
from mlgraph.transforms.canonicalize import CanonicalizePass

pytestmark = pytest.mark.quick

FLOAT = (f16, bf16, f32, f64)
WHOLE = (i8, i32, i64, ui8)


def awkward(dtype: DType) -> np.ndarray:
    """Values at which algebra goes wrong: signed zeros, NaN, infinities, denormals, the ends of the range."""
    numpy = dtype_of(dtype)
    if dtype == i1:
        return np.array([[True, False, True]])
    if dtype in WHOLE:
        ends = np.iinfo(numpy)
        return np.array([[0, 1, 2, ends.min, ends.max, ends.max - 1]], numpy)
    values = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.5, -2.5, 1e-40, 3e-5, 65504.0]
    return np.array([values], numpy)


def one(x: Any, value: float = 1) -> Any:
    return literal(value, ivy.types.dtype(x))


KEPT: dict[str, tuple[Callable[..., Any], tuple[DType, ...]]] = {
    "x + 0": (lambda x: ivy.add(x, one(x, 0)), (*FLOAT, *WHOLE, i1)),
    "0 + x": (lambda x: ivy.add(one(x, 0), x), (*FLOAT, *WHOLE)),
    "x + -0.0": (lambda x: ivy.add(x, one(x, -0.0)), FLOAT),
    "-0.0 + x": (lambda x: ivy.add(one(x, -0.0), x), FLOAT),
    "x - 0": (lambda x: ivy.subtract(x, one(x, 0)), (*FLOAT, *WHOLE)),
    "x - -0.0": (lambda x: ivy.subtract(x, one(x, -0.0)), FLOAT),
    "0 - x": (lambda x: ivy.subtract(one(x, 0), x), (*FLOAT, *WHOLE)),
    "x * 1": (lambda x: ivy.multiply(x, one(x)), (*FLOAT, *WHOLE)),
    "x * 0": (lambda x: ivy.multiply(x, one(x, 0)), (*FLOAT, *WHOLE)),
    "x / 1": (lambda x: ivy.divide(x, one(x)), FLOAT),
    "x // 1": (lambda x: ivy.floor_divide(x, one(x)), (*FLOAT, *WHOLE)),
    "x ** 1": (lambda x: ivy.pow(x, one(x)), (*FLOAT, *WHOLE)),
    "x ** 0.5": (lambda x: ivy.pow(x, one(x, 0.5)), (f32, f64)),
    "x + -x": (lambda x: ivy.add(x, ivy.negative(x)), (*FLOAT, *WHOLE)),
    "-x + x": (lambda x: ivy.add(ivy.negative(x), x), (*FLOAT, *WHOLE)),
    "x - -x": (lambda x: ivy.subtract(x, ivy.negative(x)), (*FLOAT, *WHOLE)),
    "--x": (lambda x: ivy.negative(ivy.negative(x)), (*FLOAT, *WHOLE)),
    "abs(-x)": (lambda x: ivy.abs(ivy.negative(x)), (*FLOAT, *WHOLE)),
    "abs(abs(x))": (lambda x: ivy.abs(ivy.abs(x)), (*FLOAT, *WHOLE)),
    "not not x": (lambda x: ivy.logical_not(ivy.logical_not(x)), (i1,)),
    "~~x": (lambda x: ivy.bitwise_invert(ivy.bitwise_invert(x)), (*WHOLE, i1)),
    "x and true": (lambda x: ivy.logical_and(x, one(x, True)), (i1,)),
    "x and false": (lambda x: ivy.logical_and(x, one(x, False)), (i1,)),
    "false or x": (lambda x: ivy.logical_or(one(x, False), x), (i1,)),
    "x xor false": (lambda x: ivy.logical_xor(x, one(x, False)), (i1,)),
    "where(true, x, -x)": (lambda x: ivy.where(literal(True, i1), x, ivy.negative(x)), (*FLOAT, *WHOLE)),
    "where([false], -x, x)": (lambda x: ivy.where(literal([False], i1), ivy.negative(x), x), FLOAT),
    "where(not c, x, -x)": (lambda x: ivy.where(ivy.logical_not(ivy.isnan(x)), x, ivy.negative(x)), FLOAT),
    "own cast": (lambda x: ivy.cast(x, ivy.types.dtype(x)), (*FLOAT, *WHOLE, i1)),
    "cast to f64 and f32": (lambda x: ivy.cast(ivy.cast(x, f64), f32), FLOAT),
    "cast to f16 and f64": (lambda x: ivy.cast(ivy.cast(x, f16), f64), FLOAT),
    "cast to i64 and ui8": (lambda x: ivy.cast(ivy.cast(x, i64), ui8), WHOLE),
    "cast to i8 and i64": (lambda x: ivy.cast(ivy.cast(x, i8), i64), WHOLE),
    "cast to f32 and i64": (lambda x: ivy.cast(ivy.cast(x, f32), i64), (i8, ui8, i1)),
    "conj(x)": (lambda x: ivy.conj(x), (*FLOAT, *WHOLE)),
}


def bits(array: Any) -> bytes:
    array = np.asarray(array)
    unit = array.view(np.uint8 if array.dtype == bool else f"u{array.dtype.itemsize}") if array.ndim else array
    nan = np.isnan(array) if array.dtype.kind in "fV" else np.zeros(array.shape, bool)
    return np.where(nan, 0, unit).tobytes() + nan.tobytes()  # which NaN it is, no backend promises


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name, (_, dtypes) in KEPT.items() for dtype in dtypes], ids=str
)
@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_bit_is_kept(name: str, dtype: DType, dynamic: bool) -> None:
    x = awkward(dtype)
    module = program(KEPT[name][0], [tensor((1, -1) if dynamic else x.shape, dtype)])
    before = by_numpy(module, x)
    CanonicalizePass().apply(context(), module)
    module.verify()
    after = by_numpy(module, x)
    assert [np.asarray(a).dtype for a in after] == [np.asarray(b).dtype for b in before]
    assert [bits(a) for a in after] == [bits(b) for b in before]


@pytest.mark.parametrize("power", [2, 3])
@pytest.mark.parametrize("dtype", [f32, f64, i32])
def test_small_powers_are_products(power: int, dtype: DType) -> None:
    module = program(lambda x: ivy.pow(x, one(x, power)), [tensor((-1,), dtype)])
    CanonicalizePass().apply(context(), module)
    assert names(module) == ["ivy.multiply"] * (power - 1)
    x = np.random.default_rng(power).uniform(-9, 9, 50).astype(dtype_of(dtype))
    np.testing.assert_allclose(by_numpy(module, x)[0], x.astype(float) ** power, rtol=1e-6)


def test_the_power_of_a_complex_stays() -> None:
    module = program(lambda x: ivy.pow(x, one(x, 2)), [tensor((3,), c64)])
    CanonicalizePass().apply(context(), module)
    assert "ivy.pow" in names(module)


def test_what_broadcasts_is_no_neutral_element() -> None:
    ones = np.ones((4, 1), np.float32)
    module = program(lambda x: ivy.multiply(x, literal(ones, f32)), [tensor((-1, 3), f32)])
    CanonicalizePass().apply(context(), module)
    assert by_numpy(module, np.ones((1, 3), np.float32))[0].shape == (4, 3)


def test_a_size_does_not_keep_values_alive() -> None:
    def body(x: Any) -> Any:
        y = ivy.exp(ivy.matmul(x, ivy.permute_dims(x, (1, 0))))
        rows = ivy.dim(ivy.expand_dims(ivy.sum(y, (1,)), (0,)), 1)
        return ivy.iota((sizes.multiply(rows, ivy.dim(x, 1)),), i64)

    module = program(body, [tensor((-1, 5), f32)])
    CanonicalizePass().apply(context(), module)
    assert names(module) == ["ivy.dim", "arith.constant", "arith.muli", "ivy.iota"]
    assert by_numpy(module, np.ones((4, 5), np.float32))[0].tolist() == list(range(20))


def test_broadcasts_between_equal_sizes_go() -> None:
    def body(x: Any, b: Any) -> Any:
        y = ivy.relu(x)
        return ivy.add(y, ivy.broadcast_to(b, (ivy.dim(x, 0), 3)))

    module = program(body, [tensor((-1, 3), f32), tensor((3,), f32)])
    CanonicalizePass().apply(context(), module)
    assert names(module) == ["ivy.relu", "ivy.add"]


@pytest.mark.parametrize("canonicalize", [CanonicalizePass, StockCanonicalizePass])
def test_locations_are_kept(canonicalize: Any) -> None:
    module = program(lambda x: ivy.pow(x, one(x, 3)), [tensor((2,), f32)])
    canonicalize().apply(context(), module)
    assert [op.location for op in operations(module)] == [HERE, HERE]


def test_what_xdsl_folds_keeps_its_location() -> None:
    def body(x: Any) -> Any:
        two = sizes.value(2)
        return ivy.iota((sizes.add(sizes.multiply(two, sizes.value(3)), ivy.dim(x, 0)),), i64)

    module = program(body, [tensor((-1,), f32)])
    CanonicalizePass().apply(context(), module)
    assert {op.location for op in operations(module)} == {HERE}
    assert names(module).count("arith.constant") == 1


def test_a_long_chain_takes_few_visits() -> None:
    """Linear work, counted in pattern calls instead of seconds."""
    calls = 0

    def counted(x1: Any, x2: Any) -> None:
        nonlocal calls
        calls += 1

    def chain(length: int) -> int:
        nonlocal calls
        calls = 0

        def body(x: Any) -> Any:
            for _ in range(length):
                x = ivy.add(x, literal(2, f32))
            return x

        ivy.add.patterns.append(counted)
        try:
            CanonicalizePass().apply(Context(), program(body, [tensor((-1,), f32)]))
        finally:
            ivy.add.patterns.remove(counted)
        return calls

    assert chain(400) <= 4 * chain(100)
