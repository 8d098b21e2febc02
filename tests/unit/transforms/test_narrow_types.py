# pyright: basic
"""`narrow-types` leaves no 64-bit element type, and no number that 32 bits do not hold."""

from typing import Any

import numpy as np
import pytest
from programs import by_numpy, operations, parsed, program
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import c128, f32, f64, i1, i32, i64, tensor, ui64
from mlgraph.dialects.functions import main_of
from mlgraph.errors import InputError
from mlgraph.transforms.narrow_types import NARROW, NarrowTypesPass

pytestmark = pytest.mark.quick

WIDE = {"int64", "uint64", "float64", "complex128"}


def narrowed(module: ModuleOp) -> ModuleOp:
    copy = module.clone()
    NarrowTypesPass().apply(Context(), copy)
    copy.verify()
    return copy


def wide_values(module: ModuleOp) -> list[str]:
    """The operations that give a 64-bit array."""
    return [
        op.name
        for op in operations(module)
        for value in op.results
        if isinstance(value.type, TensorType) and value.type.element_type in NARROW
    ]


def mixed(x: Any, n: Any, u: Any, z: Any) -> Any:
    y = ivy.add(ivy.multiply(x, literal([0.25, 1.0, -2.0], f64)), ivy.cast(n, f64))
    places = ivy.argsort(y, 1, i64)
    ones = ivy.full((2, 3), 1, i64)
    return (
        ivy.take_along_axis(y, places, 1),
        ivy.add(ivy.add(n, ones), ivy.arange(0.0, 3.0, 1.0, i64)),
        ivy.add(u, literal(7, ui64)),
        ivy.abs(ivy.multiply(z, literal(2 - 1j, c128))),
    )


def test_every_type_is_narrow_and_values_agree():
    types = [tensor((-1, 3), d) for d in (f64, i64, ui64, c128)]
    module = program(mixed, types)
    small = narrowed(module)
    assert not wide_values(small)
    assert not WIDE & set(str(main_of(small).function_type).split("x"))
    random = np.random.default_rng()
    x, z = random.normal(size=(2, 3)), random.normal(size=(2, 3)) + 1j
    n, u = random.integers(-9, 9, (2, 3)), random.integers(0, 9, (2, 3)).astype(np.uint64)
    wanted = by_numpy(module, x, n, u, z)
    found = by_numpy(small, x.astype(np.float32), n.astype(np.int32), u.astype(np.uint32), z.astype(np.complex64))
    assert [a.dtype.name for a in found] == ["float32", "int32", "uint32", "float32"]
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_row_of_int64_is_cast():
    module = narrowed(program(lambda x: ivy.add(ivy.nonzero(x), literal(1, i64)), [tensor((-1, -1), i1)]))
    assert wide_values(module) == ["ivy.nonzero"]
    mask = np.random.default_rng().random((4, 5)) < 0.5
    (found,) = by_numpy(module, mask)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.argwhere(mask) + 1)


def test_regions_are_narrowed():
    module = parsed("""
    func.func @main(%p: tensor<i1>, %x: tensor<?xf64>) -> tensor<?xf64> {
      %y = ivy.if %p : tensor<i1> -> (tensor<?xf64>) {
        %two = constant.literal dense<2.0> : tensor<f64>
        %a = ivy.multiply(%x, %two) : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
        ivy.yield %a : tensor<?xf64>
      } else {
        ivy.yield %x : tensor<?xf64>
      }
      func.return %y : tensor<?xf64>
    }
    """)
    assert "f64" not in str(narrowed(module))


@pytest.mark.parametrize(
    ("value", "dtype"), [(2**31, i64), (-(2**40), i64), (2**32, ui64), (1e300, f64), (1e300 * 1j, c128)]
)
def test_literal_that_does_not_fit(value: Any, dtype: Any):
    module = program(lambda x: ivy.add(x, literal(value, dtype)), [tensor((-1,), dtype)])
    with pytest.raises(InputError, match=r"does not fit into .*32|complex64") as caught:
        narrowed(module)
    assert "program.py:1" in str(caught.value)


def test_parameter_that_does_not_fit():
    module = program(lambda: ivy.full((2,), 2**40, i64), [])
    with pytest.raises(InputError, match=str(2**40)):
        narrowed(module)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 2.0**127])
def test_literal_that_fits(value: float):
    module = narrowed(program(lambda x: ivy.add(x, literal(value, f64)), [tensor((-1,), f64)]))
    assert not wide_values(module)


def test_narrow_program_is_left_alone():
    module = program(lambda x, n: (ivy.exp(x), ivy.add(n, literal(2, i32))), [tensor((-1,), f32), tensor((3,), i32)])
    assert str(narrowed(module)) == str(module)
