# pyright: basic
"""How tests of the numpy frontend capture a function and compare it with numpy."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import harness
import numpy as np

from mlgraph.frontend.numpy import capture
from mlgraph.frontend.program import OutputKind, Program
from mlgraph.transforms.lower_generator import LowerGeneratorPass


def leaves(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, tuple | list) else [value]


def traced(function: Callable[..., Any], *arrays: Any, **options: Any) -> Program:
    """The verified program of a function."""
    flat = lambda *xs: leaves(function(*xs))  # noqa: E731
    return harness.captured(capture, flat, [np.array(a) for a in arrays], **options)


def loaded(program: Program) -> Callable[..., Any]:
    """A function from arrays to the output leaves, and the new values of inputs that are written."""
    main = harness.lowered(program.module, "numpy", LowerGeneratorPass("numpy")).load("<test>", lambda array: array)

    def run(*arrays: Any) -> Any:
        results = harness.results(main(*[np.array(a) for a in arrays]))
        outputs = harness.leaves(program, results)
        written = {s.target: r for s, r in zip(program.outputs, results) if s.kind is OutputKind.INPUT}
        return SimpleNamespace(outputs=outputs, written=written)

    return run


def agree(actual: Any, expected: Any) -> None:
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


def check(function: Callable[..., Any], *groups: Any) -> Program:
    """Capture on the first group of inputs; compare results, and inputs afterwards, on all."""
    program = traced(function, *groups[0])
    run = loaded(program)
    for arrays in groups:
        inputs = [np.array(a) for a in arrays]
        expected = leaves(function(*inputs))
        found = run(*arrays)
        assert len(found.outputs) == len(expected)
        for a, b in zip(found.outputs, expected):
            agree(a, b)
        for i, (before, after) in enumerate(zip(arrays, inputs)):
            agree(found.written.get(i, before), after)
    return program


def draw(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=shape) for shape in shapes]


def is_free(program: Program) -> bool:
    """Whether every size of the inputs is free."""
    return all(isinstance(n, str) for i in program.inputs for n in i.shape)
