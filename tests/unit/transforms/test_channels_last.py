# pyright: basic
"""`channels-last` changes where channels stand, never a value."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from programs import by_numpy, operations, program
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import f32, i32, tensor
from mlgraph.dialects.ivy.channels_last import to_first, to_last
from mlgraph.transforms.channels_last import ChannelsLastPass
from mlgraph.transforms.lower_ivy import LowerIvyPass

IMAGE = tensor((-1, 4, -1, -1), f32)
WEIGHT, VECTOR = tensor((4, 4, 3, 3), f32), tensor((4,), f32)


def conv(x: Any, w: Any, stride: int = 1) -> Any:
    return ivy.conv(x, w, None, (stride, stride), (1, 1, 1, 1), (1, 1))


def norm(x: Any, v: Any) -> Any:
    return ivy.batch_norm(x, v, ivy.exp(v), v, None, 1e-3)


def pool(x: Any) -> Any:
    return ivy.max_pool(x, (3, 2), (2, 1), (1, 1, 0, 0), (1, 1))


def gate(x: Any) -> Any:
    """Each channel times a number of its own, worked out from all pixels."""
    return ivy.multiply(x, ivy.sigmoid(ivy.mean(x, (2, 3), True)))


def number(value: float) -> Any:
    return literal(value, f32)


def places() -> Any:
    return literal([2, 0, 0], i32)


def below_channels(v: Any) -> Any:
    return ivy.expand_dims(v, (1, 2))


ZEROS = (0, 0, 0, 0)
ROWS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "relu": lambda x, y, v: ivy.relu(x),
    "add": lambda x, y, v: ivy.add(x, conv(x, y)),
    "number": lambda x, y, v: ivy.maximum(number(0.1), x),
    "channels": lambda x, y, v: ivy.add(x, below_channels(v)),
    "rows": lambda x, y, v: ivy.add(x, ivy.reshape(ivy.sum(v), (1, 1, 1))),
    "norm": lambda x, y, v: norm(x, v),
    "gate": lambda x, y, v: gate(x),
    "max_pool": lambda x, y, v: pool(x),
    "sum_pool": lambda x, y, v: ivy.sum_pool(x, (2, 2), (2, 1), ZEROS),
    "transpose": lambda x, y, v: ivy.conv_transpose(x, y, v, (2, 2), (1, 0, 0, 1), (1, 0), (1, 1)),
    "concat": lambda x, y, v: ivy.concat((x, ivy.relu(x)), 1),
    "pad": lambda x, y, v: ivy.pad(x, (0, 1, 2, 0), (0, 0, 1, 3), number(2)),
    "pad_reflect": lambda x, y, v: ivy.pad_reflect(x, (0, 0, 2, 0), (0, 0, 1, 3)),
    "slice": lambda x, y, v: ivy.slice(x, (0, 1, 0, 2), (2**63 - 1, 3, 4, -1), (1, 1, 2, 1)),
    "softmax": lambda x, y, v: ivy.softmax(x, 1),
    "flip": lambda x, y, v: ivy.flip(x, (1, -1)),
    "take": lambda x, y, v: ivy.take(x, places(), -1),
    "sum": lambda x, y, v: ivy.sum(x, (1,)),
    "mean": lambda x, y, v: ivy.mean(x, (-1, -2)),
    "max": lambda x, y, v: ivy.max(x, (3,)),
    "std": lambda x, y, v: ivy.std(x, None, 1.0, True),
    "permute": lambda x, y, v: ivy.permute_dims(x, (0, 2, 3, 1)),
    "swap": lambda x, y, v: ivy.permute_dims(x, (1, 0, 3, 2)),
    "flatten": lambda x, y, v: ivy.reshape(ivy.mean(x, (2, 3), True), (-1, 4)),
    "squeeze": lambda x, y, v: ivy.squeeze(ivy.mean(x, (2, 3), True), (2, 3)),
    "reshape": lambda x, y, v: ivy.reshape(x, (ivy.dim(x, 0), -1)),
    "cumulative": lambda x, y, v: ivy.cumulative_sum(x, 2),
}


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng().normal(size=shape).astype(np.float32)


def turns(module: ModuleOp) -> int:
    """How many permutations of images stand in a module."""
    orders = (to_last(4), to_first(4))
    found = [op for op in operations(module) if op.name == "ivy.permute_dims"]
    return sum(op.arguments()["axes"] in orders for op in found)  # type: ignore[attr-defined]


def with_channels_last(module: ModuleOp) -> ModuleOp:
    copy = module.clone()
    ChannelsLastPass().apply(Context(), copy)
    copy.verify()
    return copy


def by_tensorflow(module: ModuleOp, *arguments: np.ndarray) -> list[np.ndarray]:
    import tensorflow as tf

    from mlgraph.targets.callable import emit

    copy = module.clone()
    LowerIvyPass("tensorflow").apply(Context(), copy)
    main = emit(copy, "tensorflow").load("<channels last>", tf.constant)
    found = main(*[tf.constant(a) for a in arguments])
    return [value.numpy() for value in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("name", ROWS)
def test_row_after_a_convolution(name: str):
    module = program(lambda x, w, v: ROWS[name](conv(x, w), w, v), (IMAGE, WEIGHT, VECTOR))
    turned = with_channels_last(module)
    arguments = draw(2, 4, 9, 8), draw(4, 4, 3, 3), draw(4)
    (wanted,), (found,), (lowered,) = (
        by_numpy(module, *arguments), by_numpy(turned, *arguments), by_tensorflow(turned, *arguments)
    )  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(lowered, wanted, rtol=1e-4, atol=1e-4)


def residual(x: Any, w: Any, v: Any) -> Any:
    """A residual network: a stem, a pool, two blocks of which one halves the image, and a head."""
    x = pool(ivy.relu(norm(conv(x, w, 2), v)))
    for stride in (1, 2):
        side = x if stride == 1 else norm(conv(x, w, stride), v)
        x = ivy.relu(ivy.add(norm(conv(ivy.relu(norm(conv(x, w, stride), v)), w), v), side))
    return ivy.reshape(ivy.mean(x, (2, 3), True), (-1, 4))


def test_residual_network_is_turned_once():
    module = program(residual, (IMAGE, WEIGHT, VECTOR))
    turned = with_channels_last(module)
    assert turns(turned) == 1
    arguments = draw(3, 4, 37, 21), draw(4, 4, 3, 3), draw(4)
    (wanted,), (found,) = by_numpy(module, *arguments), by_tensorflow(turned, *arguments)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


def test_image_in_and_out_is_turned_twice():
    module = program(lambda x, w, v: conv(gate(ivy.relu(conv(x, w))), w), (IMAGE, WEIGHT, VECTOR))
    assert turns(with_channels_last(module)) == 2


def test_one_input_of_two_convolutions_is_turned_once():
    module = program(lambda x, w, v: ivy.sum(ivy.add(conv(x, w), conv(x, w)), None), (IMAGE, WEIGHT, VECTOR))
    assert turns(with_channels_last(module)) == 1


def test_without_convolutions_nothing_moves():
    module = program(lambda x, w, v: (pool(x), norm(x, v)), (IMAGE, WEIGHT, VECTOR))
    before = str(module)
    assert str(with_channels_last(module)) == before


def test_large_image_from_elsewhere_is_not_turned_for_a_sum():
    module = program(lambda x, y, w: ivy.add(conv(x, w), y), (IMAGE, IMAGE, WEIGHT))
    turned = with_channels_last(module)
    assert turns(turned) == 2
    arguments = draw(2, 4, 6, 5), draw(2, 4, 6, 5), draw(4, 4, 3, 3)
    np.testing.assert_allclose(by_numpy(turned, *arguments)[0], by_numpy(module, *arguments)[0], rtol=1e-4, atol=1e-4)


def test_locations_are_kept():
    module = with_channels_last(program(residual, (IMAGE, WEIGHT, VECTOR)))
    assert all("program.py" in str(op.location) for op in operations(module))
