# pyright: basic
"""What the alias analysis takes for arrays of their own shares no memory with the operands, for every row."""

from typing import Any

import numpy as np
import pytest
import torch
from frameworks import to_framework
from test_rows import CASES, Case, Program

from mlgraph.analysis.aliases import Aliases, Root
from mlgraph.errors import UnsupportedOpError

ROWS = sorted({case.row for case in CASES})


def shares(result: Any, operand: Any) -> bool:
    if isinstance(result, torch.Tensor):
        return result.untyped_storage().data_ptr() == operand.untyped_storage().data_ptr() != 0
    return isinstance(result, np.ndarray) and np.shares_memory(result, operand)


def undetected(case: Case, backend: str) -> list[str]:
    """Return the results of a case that share the memory of an operand, which the analysis denies."""
    program = Program(case.row, case.draw())
    main = program.source(backend).load("<test>", lambda array: to_framework(backend, array))
    given = [to_framework(backend, np.array(array)) for array in program.inputs]
    found = main(*given)
    aliases = Aliases(program.main, backend)
    results = zip(program.main.body.block.last_op.operands, found if isinstance(found, tuple) else (found,))  # type: ignore[union-attr]
    arguments = list(zip(program.main.body.block.args, given))
    return [
        f"{case} gives a view of {argument.name_hint}"
        for value, result in results
        for argument, array in arguments
        if shares(result, array) and Root("argument", argument) not in aliases.roots(value)
    ]


@pytest.mark.parametrize("backend", ["torch", "numpy"])
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.filterwarnings("ignore")
def test_results_are_arrays_of_their_own_unless_the_analysis_says_so(row: str, backend: str) -> None:
    first = ("int64", "bool", "complex64")
    own = [case for case in CASES if case.row == row]
    cases = [case for case in own if case.dtype == "float32" or (case.number == 0 and case.dtype in first)]
    for case in cases:
        try:
            assert undetected(case, backend) == []
        except UnsupportedOpError:
            continue
