# pyright: basic
"""Every elementwise row as a kernel of its own, against numpy in float64 as `test_rows` has it."""

import os
import zlib

import pytest
from frameworks import to_framework
from test_rows import CASES, Case, Program, check
from xdsl.context import Context

from mlgraph.dialects.ivy import elementwise, nn
from mlgraph.driver import KERNEL_PASSES
from mlgraph.targets.kernels import Kernel
from mlgraph.tools.support import holes
from mlgraph.transforms.fuse_elementwise import FuseElementwisePass

pytestmark = pytest.mark.kernels

NOT_FUSED = {
    "complex": "kernels have no complex numbers",
    "conj": "kernels have no complex numbers",
    "imag": "kernels have no complex numbers",
    "real": "kernels have no complex numbers",
    "digamma": "no straight-line code is known",
    "erfinv": "no straight-line code is known",
    "lgamma": "no straight-line code is known",
    "hypot": "what does not overflow takes more than it saves",
    "nextafter": "nobody computes with it",
    "stop_gradient": "it is no computation",
    "optimization_barrier": "it is no computation",
}
"""Elementwise rows that no kernel runs, and why."""

ROWS = [row.name.partition(".")[2] for row in vars(elementwise).values() if hasattr(row, "templates")]
ACTIVATIONS = [nn.relu, nn.sigmoid, nn.silu, nn.gelu, nn.softplus, nn.elu, nn.hardtanh, nn.leaky_relu, nn.hardswish]
ROWS += [row.name.partition(".")[2] for row in ACTIVATIONS]
EVERYWHERE = ("float32", "float64", "int32")
"""Types that every row is run in; of the others each row gets a part."""


def fused(case: Case, backend: str) -> tuple[Program, dict, object]:
    program = Program(case.row, case.draw(), "all")
    FuseElementwisePass(single_ops=True).apply(Context(), program.module)
    program.module.verify()
    source = program.source(backend)
    kernels = {name: Kernel(op, backend, KERNEL_PASSES) for name, op in source.kernels.items()}
    return program, kernels, source.load(f"<kernel {case}>", lambda a: to_framework(backend, a), kernels)


def chosen() -> list:
    every = bool(os.environ.get("MLGRAPH_TEST_ALL"))
    return [
        pytest.param(backend, case, id=f"{backend}-{case}")
        for case in CASES
        for i, backend in enumerate(("numpy", "torch"))
        if case.row in ROWS and case.row not in NOT_FUSED and case.dtype not in ("complex64", "complex128")
        if not any(case.row in holes().get((backend, dtype), ()) for dtype in ("", case.dtype))
        if every
        or (backend == "numpy" and case.dtype in EVERYWHERE and case.number == 0)
        or zlib.crc32(str(case).encode()) % 6 == i
    ]


@pytest.mark.parametrize(("backend", "case"), chosen())
def test_row_as_a_kernel(backend: str, case: Case):
    program, kernels, main = fused(case, backend)
    found = main(*[to_framework(backend, array) for array in program.inputs])
    check(case, case.draw(), program, found)
    if not kernels:
        pytest.skip("the row is not fused in this type")


@pytest.mark.parametrize("row", [row for row in ROWS if row not in NOT_FUSED])
def test_row_is_fused(row: str):
    cases = [case for case in CASES if case.row == row]
    assert any(fused(case, "numpy")[1] for case in cases), f"{row} becomes no kernel in any element type"
