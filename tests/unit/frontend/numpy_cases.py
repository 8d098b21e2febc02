# pyright: basic
"""How tests of the numpy frontend capture a function and compare it with numpy."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from xdsl.context import Context

from mlgraph.frontend.numpy import capture
from mlgraph.frontend.program import TRACED, OutputKind, Program, Request
from mlgraph.targets.callable import emit
from mlgraph.transforms.lower_generator import LowerGeneratorPass
from mlgraph.transforms.lower_ivy import LowerIvyPass


def leaves(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, tuple | list) else [value]


def traced(function: Callable[..., Any], *arrays: Any, **options: Any) -> Program:
    """The verified program of a function."""
    names = [f"x{i}" for i in range(len(arrays))]
    program = capture(Request(lambda *xs: leaves(function(*xs)), [np.array(a) for a in arrays], names, **options))
    program.module.verify()
    return program


def loaded(program: Program) -> Callable[..., Any]:
    """A function from arrays to the output leaves, and the new values of inputs that are written."""
    LowerGeneratorPass("numpy").apply(Context(), program.module)
    LowerIvyPass("numpy").apply(Context(), program.module)
    main = emit(program.module, "numpy").load("<test>", lambda array: array)

    def run(*arrays: Any) -> Any:
        found = main(*[np.array(a) for a in arrays])
        results = found if isinstance(found, tuple) else (found,)
        traced = iter(results)
        outputs = [next(traced) if leaf is TRACED else leaf for leaf in program.leaves]
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
