# pyright: basic
"""Every row computes where its operands are: on torch's `meta`, whose tensors have no values and mix with no other."""

import pytest
import torch
from frameworks import to_framework
from test_rows import CASES, Case, Program

from mlgraph.tools.support import holes

READ_VALUES = ("dynamic_slice", "grouped_matmul", "item", "nonzero", "to_size")
"""Rows that look at values, which `meta` has not."""


def chosen() -> list[Case]:
    """The first example of each row, in the first type that it takes."""
    first = {case.row: case for case in reversed(CASES)}
    return [case for row, case in first.items() if row not in (*READ_VALUES, *holes()["torch", ""])]


@pytest.mark.parametrize("case", chosen(), ids=str)
def test_row(case: Case):
    program = Program(case.row, case.draw(), "none" if "torch" in case.example.sized else "all")
    main = program.source("torch", "meta").load("<meta>", lambda x: to_framework("torch", x).to("meta"))
    found = main(*(to_framework("torch", x).to("meta") for x in program.inputs))
    tensors = [x for x in (found if isinstance(found, tuple) else (found,)) if isinstance(x, torch.Tensor)]
    assert all(x.device.type == "meta" for x in tensors)
