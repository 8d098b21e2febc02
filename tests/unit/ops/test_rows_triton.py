# pyright: basic
"""Every elementwise row as a Triton kernel, in Triton's interpreter, against numpy in float64."""

import os
import zlib

import pytest
from frameworks import to_framework
from remembered import remembered
from test_rows import CASES, Case, Program, check
from triton_interpreter import interpreter, needs_triton, run
from xdsl.ir import BlockArgument, SSAValue

from mlgraph.dialects.kernel import FusedOp, YieldOp
from mlgraph.targets.kernels.triton import TritonKernel
from mlgraph.transforms.fuse_elementwise.elements import element_of
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible

pytestmark = [needs_triton, pytest.mark.kernels]

__all__ = ["interpreter"]


def kernel_of(program: Program) -> tuple[FusedOp, list[int]] | None:
    """The row of a program as a kernel, with the numbers of its operands; None where it is not fused."""
    result = program.results[0]
    if not isinstance(result, SSAValue) or isinstance(result, BlockArgument):
        return None
    try:
        element = element_of(result.owner)
    except NotFusible:
        return None
    element.body.add_op(YieldOp(*element.results))
    fused = FusedOp("kernel_0", element.operands, [result.type], element.body)
    return fused, [value.index for value in element.operands]


def is_fused(case: Case) -> bool:
    return kernel_of(Program(case.row, case.draw())) is not None


def chosen() -> list[Case]:
    """Every row in float32 and a part of the rest; `MLGRAPH_TEST_ALL=1` runs everything, in about two minutes."""
    every = bool(os.environ.get("MLGRAPH_TEST_ALL"))
    real = [case for case in CASES if not case.dtype.startswith("complex")]
    kept = [case for case in real if every or case.dtype == "float32" or zlib.crc32(str(case).encode()) % 8 == 0]
    fused = remembered("every_fused" if every else "fused", lambda: map(str, filter(is_fused, kept)))
    return [case for case in kept if str(case) in fused]


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize("case", chosen(), ids=str)
def test_row(case: Case) -> None:
    arguments = case.draw()
    program = Program(case.row, arguments)
    found = kernel_of(program)
    assert found is not None
    operands = [to_framework("torch", program.inputs[index]) for index in found[1]]
    results = run(TritonKernel(found[0]), operands)
    if results is None:
        assert not all(x.ndim and x.numel() for x in operands)
    else:
        check(case, arguments, program, results[0])
