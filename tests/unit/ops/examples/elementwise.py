# pyright: basic
"""Examples of elementwise rows: a row without a line here has the default."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.special

from .example import (
    EDGES,
    EVERY,
    FLOATS,
    HALF_PRECISION,
    SIGNED,
    UNSIGNED,
    Example,
    Number,
    Operand,
    between,
    condition,
    dtype_named,
    example,
    scalar,
    uniform,
    values,
)

Draw: TypeAlias = Callable[..., Operand]


@dataclass(frozen=True)
class Elementwise:
    """The examples of an elementwise row: broadcast, on edge values, 0-d, empty, and beside literals."""

    reference: Callable[..., Any] | None = None
    draw: tuple[Draw, ...] = (uniform,)
    """How to draw each operand in turn, the last one for the rest."""
    edges: tuple[float, ...] = EDGES
    tolerance: float = 1.0
    narrow: bool = False

    def examples(self, names: list[str]) -> Iterator[Example]:
        draw = [self.draw[min(i, len(self.draw) - 1)] for i in range(len(names))]
        shapes = ((2, 3),) if len(names) == 1 else ((2, 1, 3), (4, 1), (3,))

        def made(label: str, operands: Iterable[Any], dtypes: tuple[str, ...] = ()) -> Example:
            arguments = dict(zip(names, operands, strict=True))
            return Example(arguments, self.reference, dtypes, self.tolerance, label, self.narrow)

        grid = np.meshgrid(*[np.array(self.edges)] * len(names), indexing="ij")
        yield made("", (one(*shape) for one, shape in zip(draw, shapes[: len(draw)], strict=True)), EVERY)
        yield made("edges", (values(*g.ravel()) for g in grid), FLOATS)
        yield made("0d", (one() for one in draw), ("float32", "int32", "bool"))
        yield made("empty", (one(0, 3) for one in draw), ("float32", "int32", "bool"))
        if len(names) == 2:
            first, second = draw
            yield made("number-first", (Number(first()), second(2, 3)), EVERY)
            yield made("number-second", (first(2, 3), Number(second())), EVERY)


def nonzero(*shape: int) -> Operand:
    """Numbers other than 0."""

    def draw(random: np.random.Generator, dtype: str) -> np.ndarray:
        array = uniform(*shape, low=-7, high=7)(random, dtype)
        return np.where(array == 0, np.ones_like(array), array)

    return draw


wide = between(-100, 100)

ELEMENTWISE: dict[str, Elementwise] = {
    "stop_gradient": Elementwise(lambda x: x),
    "optimization_barrier": Elementwise(lambda x: x),
    "complex": Elementwise(lambda x1, x2: x1 + 1j * x2, edges=(0.0, 1.0, -2.5)),
    "floor_divide": Elementwise(draw=(wide, nonzero)),
    "remainder": Elementwise(draw=(wide, nonzero)),
    "fmod": Elementwise(draw=(wide, nonzero)),
    "pow": Elementwise(draw=(between(0.1, 3), between(0, 4))),
    "bitwise_left_shift": Elementwise(draw=(wide, between(0, 6))),
    "bitwise_right_shift": Elementwise(draw=(wide, between(0, 6))),
    "nextafter": Elementwise(narrow=True),
    "rsqrt": Elementwise(lambda x: 1 / np.sqrt(x)),
    "log": Elementwise(draw=(between(0.1, 9),)),
    "log2": Elementwise(draw=(between(0.1, 9),)),
    "log10": Elementwise(draw=(between(0.1, 9),)),
    "log1p": Elementwise(draw=(between(-0.9, 9),)),
    "asin": Elementwise(draw=(between(-0.9, 0.9),)),
    "acos": Elementwise(draw=(between(-0.9, 0.9),)),
    "atanh": Elementwise(draw=(between(-0.9, 0.9),)),
    "acosh": Elementwise(draw=(between(1.1, 9),)),
    "erf": Elementwise(scipy.special.erf),
    "erfc": Elementwise(scipy.special.erfc),
    "erfinv": Elementwise(scipy.special.erfinv, (between(-0.99, 0.99),), tolerance=4),
    "lgamma": Elementwise(lambda x: np.where(np.isinf(x), np.inf, scipy.special.gammaln(x)), tolerance=8),
    "digamma": Elementwise(scipy.special.digamma, (between(0.1, 5),), tolerance=8),
}
"""Elementwise rows whose examples are not the default."""


def cast(dtype: str, operand: Operand, dtypes: tuple[str, ...]) -> Example:
    return example(
        lambda x, dtype: x.astype(dtype_named(dtype)), x=operand, dtype=dtype, dtypes=dtypes, label=f"edges-to-{dtype}"
    )


EXAMPLES: dict[str, list[Example]] = {
    "where": [
        example(condition=condition(2, 1), x1=uniform(2, 3), x2=uniform(4, 1, 1)),
        example(condition=condition(), x1=uniform(2, 3), x2=uniform(4, 1, 1)),
        example(condition=condition(2, 3), x1=uniform(2, 3), x2=Number(uniform()), dtypes=EVERY, label="number-second"),
        example(condition=condition(2, 3), x1=Number(uniform()), x2=uniform(2, 3), dtypes=EVERY, label="number-first"),
        example(condition=condition(2, 3), x1=Number(uniform()), x2=Number(uniform()), dtypes=EVERY, label="numbers"),
    ],
    "cast": [
        *[
            example(
                lambda x, dtype: x.astype(dtype_named(dtype)),
                x=between(0, 100)(2, 3),
                dtype=dtype,
                dtypes=EVERY,
                label=f"to-{dtype}",
            )
            for dtype in EVERY
        ],
        cast("bool", values(0.0, -0.0, np.nan, 0.25, np.inf, -1), FLOATS),
        *[cast(dtype, values(-2.5, 2.5, -0.99, 3.99, -0.0), FLOATS) for dtype in SIGNED],
        *[cast(dtype, values(-300, -1, 200, 300, 70000), ("int32", "int64")) for dtype in (*SIGNED, *UNSIGNED)],
        *[cast(dtype, values(0.1, 1e-8, 65000, -np.inf, np.nan), ("float32", "float64")) for dtype in HALF_PRECISION],
        cast("float32", values(2**24 + 1, 2**62 + 1), ("int64",)),
        cast("float64", values(True, False), ("bool",)),
    ],
    "saturating_cast": [
        example(
            lambda x, dtype: np.array([0, 127, -128, 127, -128, -2, 0], np.int8),
            x=values(np.nan, np.inf, -np.inf, 300.5, -129, -2.5, 0.99),
            dtype="int8",
            dtypes=FLOATS,
        ),
        example(
            lambda x, dtype: np.array([0, 2**63 - 1, -(2**63), 2**63 - 1, -(2**63), -2, 0], np.int64),
            x=values(np.nan, np.inf, -np.inf, 2.0**63, -(2.0**64), -2.5, 0.99),
            dtype="int64",
            dtypes=("bfloat16", "float32", "float64"),
        ),
        example(
            lambda x, dtype: np.array([0, 2**32 - 1, 0, 2**32 - 1, 0, 0, 2**31], np.uint32),
            x=values(np.nan, np.inf, -np.inf, 2.0**32, -129, -0.5, 2.0**31),
            dtype="uint32",
            dtypes=("bfloat16", "float32", "float64"),
        ),
    ],
    "clip": [
        example(lambda x, a, b: np.minimum(np.maximum(x, a), b), x=uniform(2, 3), low=uniform(3), high=uniform(2, 1)),
        example(
            lambda x, a, b: np.minimum(np.maximum(x, a), b),
            x=uniform(2, 3),
            low=Number(scalar(2)),
            high=Number(scalar(1)),
            dtypes=EVERY,
        ),
        example(
            lambda x, a, b: np.minimum(np.maximum(x, a), b), x=uniform(5), low=Number(scalar(np.nan)), high=uniform()
        ),
        example(
            lambda x, a, b: np.minimum(np.maximum(x, a), b), x=values(np.nan, 1, 2), low=uniform(), high=values(np.nan)
        ),
    ],
}
"""Elementwise rows with parameters, or with operands of different types."""
