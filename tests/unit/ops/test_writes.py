# pyright: basic
"""numpy writes into copies: no pass may merge two of them, and no write may reach an input."""

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import f32, tensor
from mlgraph.dialects.functions import finish, function
from mlgraph.targets.callable import emit
from mlgraph.transforms.lower_ivy import LowerIvyPass

pytestmark = pytest.mark.quick


def test_two_updates_of_one_array():
    main = function("main", [tensor((4,), f32), tensor((2,), f32), tensor((1, 1, 2), f32)], ["x", "update", "image"])
    x, update, image = main.body.block.args
    with building(main.body.block):
        first = ivy.slice_update(x, update, (0,), (2,), (1,))
        second = ivy.slice_update(x, update, (2,), (4,), (1,))
        kernel = ivy.reshape(update, (1, 1, 2))
        spread = [(2,), (0, 0), (0,), (1,), 1]
        third = ivy.conv_transpose(image, kernel, None, *spread)
        fourth = ivy.conv_transpose(ivy.negative(image), kernel, None, *spread)
    finish(main, [first, second, third, fourth])
    module = ModuleOp([main])
    for each in (LowerIvyPass("numpy"), CommonSubexpressionElimination(), DeadCodeElimination()):
        each.apply(Context(), module)
    arrays = [np.array(a, np.float32) for a in ([1, 2, 3, 4], [8, 9], [[[5, 6]]])]
    kept = [a.copy() for a in arrays]
    a, b, c, d = emit(module, "numpy").load("<two updates>", np.asarray)(*arrays)
    np.testing.assert_array_equal(a, [8, 9, 3, 4])
    np.testing.assert_array_equal(b, [1, 2, 8, 9])
    np.testing.assert_array_equal(c, [[[40, 45, 48, 54]]])
    np.testing.assert_array_equal(d, -c)
    for array, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, before)
