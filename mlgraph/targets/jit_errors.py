"""The errors of `jax.jit` for programs that it cannot run, in terms of the user's code."""

import functools
from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from mlgraph.dialects import ivy
from mlgraph.dialects.table import TableOp
from mlgraph.errors import DataDependentControlFlowError, line_of
from mlgraph.frameworks import Framework

DEPENDENT = (ivy.nonzero, ivy.to_size, ivy.item)
"""Operations whose result's shape, or Python number, depends on values."""


def translate_jit_errors(main: Callable[..., Any], module: ModuleOp, framework: Framework) -> Callable[..., Any]:
    """Wrap `main`, emitted from the ivy `module`: a tracer's error of missing values becomes one of mlgraph's."""
    missing = framework.missing_value_error()
    if missing is None:
        return main
    found = [op for op in module.walk() if isinstance(op, TableOp) and op.OP in DEPENDENT]
    if not found:
        return main

    @functools.wraps(main)
    def called(*arguments: Any) -> Any:
        try:
            return main(*arguments)
        except missing as error:
            raise DataDependentControlFlowError(
                "a shape or a number of Python's depends on the values of arrays, which jax.jit does not have",
                where=next((line for line in map(line_of, found) if line), ""),
                fix="call the graph outside jax.jit, or choose with where(mask, x, other) in the place of x[mask], "
                "and with a size that is known, as nonzero_static(x, size=n), in the place of nonzero",
            ) from error

    return called
