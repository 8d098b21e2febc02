"""The builders that all layers share."""

import pytest
from xdsl.ir import Block, SSAValue

from mlgraph.dialects import sizes
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import number_of
from mlgraph.dialects.dtypes import f32, tensor
from mlgraph.dialects.ivy.prelude import (
    matrix_transpose,
    move_axis,
    number,
    permuted,
    size_of,
    sizes_of,
    slice_axis,
)
from mlgraph.dialects.ivy.types import dtype, shape_of

pytestmark = pytest.mark.quick


@pytest.fixture(name="x")
def argument() -> SSAValue:
    return Block(arg_types=[tensor((2, 3, -1), f32)]).args[0]


def test_sizes_are_numbers_where_they_are_known(x: SSAValue) -> None:
    with building(Block()) as builder:
        two, three, free = sizes_of(x)
        assert (two, three) == (2, 3)
        assert isinstance(free, SSAValue)
        assert isinstance(size_of(x, -1), SSAValue)
        assert len(list(builder.insertion_point.block.ops)) == 2


def test_a_product_of_sizes_is_folded() -> None:
    assert sizes.product([2, 3, 4]) == 24
    assert sizes.product([]) == 1


def test_axes_are_moved(x: SSAValue) -> None:
    with building(Block()):
        assert shape_of(move_axis(x, 0, -1))[1:] == (shape_of(x)[2], 2)
        assert shape_of(matrix_transpose(x))[::2] == (2, 3)
        assert move_axis(x, 1, -2) is x
        assert permuted(x, (0, 1, 2)) is x


def test_a_slice_is_along_one_axis(x: SSAValue) -> None:
    with building(Block()):
        assert shape_of(slice_axis(x, -2, 1, 3))[:2] == (2, 2)
        assert shape_of(slice_axis(x, 0, 0, step=2))[:2] == (1, 3)


def test_a_number_has_the_type_of_an_array(x: SSAValue) -> None:
    with building(Block()):
        zero = number(x, 0.5)
    assert (dtype(zero), shape_of(zero), number_of(zero)) == (f32, (), 0.5)
