# pyright: basic
"""Helpers of many tests: they capture a function without `compile`, run a program, and compare results."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from frameworks import to_numpy
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from mlgraph.frontend.program import TRACED, Program, Request
from mlgraph.targets.callable import Source, emit
from mlgraph.transforms.lower_ivy import LowerIvyPass


def captured(capture: Callable[[Request], Program], function: Any, arrays: Sequence[Any], **options: Any) -> Program:
    """Return the program, verified, that the frontend `capture` makes of a function from arrays to a list of leaves."""
    names = [f"x{i}" for i in range(len(arrays))]
    program = capture(Request(function, list(arrays), names, **options))
    program.module.verify()
    return program


def lowered(module: ModuleOp, to: str, *passes: ModulePass) -> Source:
    """Return the source that a copy of an ivy module becomes for `to`, after `passes`."""
    copy = module.clone()
    for each in (*passes, LowerIvyPass(to)):  # type: ignore[arg-type]
        each.apply(Context(), copy)
    return emit(copy, to)


def results(found: Any) -> list[Any]:
    """Return what `main` gave, one value or several, as a list."""
    return list(found) if isinstance(found, tuple | list) else [found]


def leaves(program: Program, results: Iterable[Any]) -> list[Any]:
    """Return the output leaves of a call: those that were traced are among the results of `main`, in order."""
    traced = iter(results)
    return [next(traced) if leaf is TRACED else leaf for leaf in program.leaves]


def same(found: Any, expected: Any, rtol: float = 1e-6, atol: float = 0.0) -> None:
    """Check that two arrays of any frameworks have the same elements, up to rounding."""
    np.testing.assert_allclose(to_numpy(found), to_numpy(expected), rtol=rtol, atol=atol)


def agree(found: Iterable[Any], expected: Iterable[Any], rtol: float = 1e-6, atol: float = 0.0) -> None:
    """Check that two sequences hold as many arrays, each the same as the other's."""
    for a, b in zip(found, expected, strict=True):
        same(a, b, rtol, atol)
