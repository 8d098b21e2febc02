# pyright: basic
"""Examples of rows of images whose channels are the last axis: those of the rows with channels second, turned round."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from . import nn
from .example import Example, Operand


def last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1)


def first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


def turned(reference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *operands, **parameters: last(reference(first(x), *operands, **parameters))


def turned_operand(operand: Operand) -> Operand:
    return lambda random, dtype: np.ascontiguousarray(last(operand(random, dtype)))


def channels_last(example: Example) -> Example:
    assert example.reference is not None
    arguments = {**example.arguments, "x": turned_operand(example.arguments["x"])}
    return replace(example, arguments=arguments, reference=turned(example.reference))


ROWS = ("batch_norm", "conv", "conv_transpose", "max_pool", "sum_pool")
EXAMPLES = {f"{row}_channels_last": [channels_last(one) for one in nn.EXAMPLES[row]] for row in ROWS}
