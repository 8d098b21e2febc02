# pyright: basic
"""What depends on no input is evaluated once; the types come out as the rows say."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from programs import HERE, by_numpy, names, operations, program
from xdsl.context import Context

from mlgraph.dialects import constant, ivy
from mlgraph.dialects.constant import ArrayOp, array_of, literal, parameter
from mlgraph.dialects.dtypes import bf16, c64, f16, f32, f64, i1, i32, i64, tensor, type_of_array, ui8
from mlgraph.transforms import fold_constants
from mlgraph.transforms.evaluate import resolve
from mlgraph.transforms.fold_constants import FoldConstantsPass

pytestmark = pytest.mark.quick


def folded(body: Any, *types: Any) -> Any:
    module = program(body, types)
    FoldConstantsPass().apply(Context(), module)
    module.verify()
    return module


def constants(module: Any) -> list[np.ndarray]:
    held = (op for op in operations(module) if op.name in ("constant.literal", "constant.array"))
    return [op.value.data.array if isinstance(op, ArrayOp) else array_of(op.results[0]) for op in held]


@pytest.mark.parametrize("dtype", [f16, bf16, f32, f64, c64, i32, i64, ui8, i1])
def test_element_types_and_values(dtype: Any) -> None:
    module = folded(lambda: ivy.cast(ivy.full((3,), 1, i64), dtype))
    (found,) = constants(module)
    assert type_of_array(found) == tensor((3,), dtype)
    np.testing.assert_array_equal(found.astype(complex), 1)


def test_only_what_is_read_is_kept() -> None:
    def body(x: Any) -> Any:
        big = ivy.iota((1000,), f32)
        weights = ivy.exp(ivy.negative(big))
        return ivy.multiply(x, ivy.sum(weights)), weights

    module = folded(body, tensor((-1,), f32))
    assert sorted(len(a.reshape(-1)) for a in constants(module)) == [1, 1000]
    assert [n for n in names(module) if not n.startswith("constant.")] == ["ivy.multiply"]
    x = np.random.default_rng(0).normal(size=7).astype(np.float32)
    expected = np.exp(-np.arange(1000, dtype=np.float32))
    np.testing.assert_allclose(by_numpy(module, x)[0], x * expected.sum(), rtol=1e-5)


def test_names_are_readable_and_unique() -> None:
    def body() -> Any:
        first, second = ivy.iota((20,), i64), ivy.iota((30,), i64)
        first.name_hint = second.name_hint = "places"
        taken = parameter("places_1", np.zeros(2, np.float32), tensor((2,), f32))
        return first, second, taken

    arrays = [op for op in operations(folded(body)) if isinstance(op, ArrayOp)]
    assert [op.value.data.name for op in arrays] == ["places", "places_2"]
    assert {op.location for op in arrays} == {HERE}


def test_equal_arrays_are_held_once() -> None:
    arrays = constants(folded(lambda: (ivy.iota((99,), i64), ivy.iota((99,), i64))))
    assert arrays[0] is arrays[1]


def test_captured_arrays_take_part() -> None:
    mask = np.random.default_rng(1).normal(size=(40,)).astype(np.float32)

    def body(x: Any) -> Any:
        held = constant.array_constant("mask", mask)
        return ivy.add(x, ivy.negative(held))

    np.testing.assert_array_equal(constants(folded(body, tensor((40,), f32)))[-1], -mask)


class Unreadable:
    """An array of a framework that numpy cannot read."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("not here")


@pytest.mark.parametrize("array", [Unreadable(), None, np.zeros(40, np.float64)], ids=["unreadable", "absent", "other"])
def test_what_numpy_cannot_read_stays(array: Any) -> None:
    def body() -> Any:
        held = constant.insert(ArrayOp(constant.Captured("a", array), tensor((40,), f32))).result
        return ivy.negative(held)

    assert names(folded(body)) == ["constant.array", "ivy.negative"]


def test_what_has_no_numpy_lowering_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ivy.negative.templates, "numpy")
    assert names(folded(lambda: ivy.negative(literal(1, f32)))) == ["constant.literal", "ivy.negative"]


def test_what_raises_stays() -> None:
    module = folded(lambda: ivy.inv(literal([[0.0, 0.0], [0.0, 0.0]], f32)))
    assert names(module) == ["constant.literal", "ivy.inv"]


def test_the_operands_of_what_stays_are_folded() -> None:
    module = folded(lambda: ivy.inv(ivy.add(literal([[1.0, 1.0], [1.0, 1.0]], f32), literal(-1, f32))))
    assert names(module)[-2:] == ["constant.literal", "ivy.inv"]


def test_large_results_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold_constants, "MAX_BYTES", 100)
    assert names(folded(lambda: ivy.iota((13,), i64))) == ["ivy.iota"]
    assert names(folded(lambda: ivy.iota((12,), i64))) == ["constant.literal"]


def test_a_long_chain() -> None:
    def body() -> Any:
        x = literal(0, i64)
        for _ in range(3000):
            x = ivy.add(x, literal(1, i64))
        return x

    assert constants(folded(body))[-1] == 3000


@pytest.mark.parametrize(
    "path", ["os.system", "builtins.eval", "numpy._core.multiarray", "numpy.__builtins__", "subprocess.run"]
)
def test_only_public_names_of_a_few_libraries_are_called(path: str) -> None:
    with pytest.raises((NameError, KeyError)):
        resolve(path)


def test_half_types_are_those_of_ml_dtypes() -> None:
    (found,) = constants(folded(lambda: ivy.cast(ivy.full((2,), 1.5, f32), bf16)))
    assert found.dtype == ml_dtypes.bfloat16
