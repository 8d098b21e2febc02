# pyright: basic
"""The derivatives of elementwise rows inside kernels: right at smooth points, twice, and torch's own at kinks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from frameworks import to_framework
from kernel_by_torch import ByTorch
from remembered import remembered
from test_rows import CASES, Case, Program
from xdsl.context import Context
from xdsl.dialects.builtin import TensorType

from mlgraph.dialects.functions import main_of
from mlgraph.dialects.kernel import FusedOp, YieldOp
from mlgraph.dialects.table import TableOp
from mlgraph.driver import KERNEL_PASSES
from mlgraph.targets import autograd
from mlgraph.targets.callable import emit
from mlgraph.targets.kernels import Kernel
from mlgraph.transforms.fuse_elementwise.elements import Element, element_of
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible
from mlgraph.transforms.lower_ivy import LowerIvyPass

pytestmark = pytest.mark.kernels

WITHOUT = {"spherical_bessel_j0"}
"""Rows for which torch has no derivative."""

POINTS = (0.0, -0.0, 1.0, -1.0, 0.5, 3.0, -3.0, 6.0, 20.0, np.inf, -np.inf, np.nan)

DIFFERENT = {
    "clip": lambda x, low, high: np.isnan(x) | np.isnan(low) | ((low == high) & (x < low)),
    "erfcx": lambda x: x == np.inf,
}
"""Points where the derivative is another than torch's: at nan, and where bounds are equal; 0 for torch's nan."""

ABOVE_ZERO = {"sqrt", "rsqrt"}
"""Rows whose examples have points at which they are nan."""


@dataclass
class Alone:
    """A row that becomes a kernel by itself, and the operations that it stands for."""

    kernel: ByTorch
    inputs: list[np.ndarray]

    def tensors(self, arrays: list[np.ndarray]) -> list[Any]:
        return [to_framework("torch", x).requires_grad_(x.dtype.kind == "f") for x in arrays]


def element(case: Case) -> tuple[Program, TableOp, Element]:
    program = Program(case.row, case.draw())
    (row,) = (op for op in main_of(program.module).body.block.ops if isinstance(op, TableOp))
    return program, row, element_of(row)


def alone(case: Case) -> Alone:
    program, row, found = element(case)
    assert list(found.operands) == list(main_of(program.module).body.block.args)
    found.body.add_op(YieldOp(*found.results))
    kernel = FusedOp("kernel_0", found.operands, [row.results[0].type], found.body)
    copy = kernel.clone()
    kernel.erase()
    LowerIvyPass(to="torch").apply(Context(), program.module)
    unfused: Callable[..., Any] = emit(program.module, "torch").load("<row>", lambda x: to_framework("torch", x), {})
    return Alone(ByTorch(copy, unfused), program.inputs)


def is_differentiable(case: Case) -> bool:
    """Whether a kernel may hold the row, and its result is of floats."""
    try:
        program, row, _ = element(case)
    except (NotFusible, ValueError):
        return False
    type = row.results[0].type
    assert isinstance(type, TensorType)
    return str(type.element_type) == "f64" and any(x.dtype.kind == "f" for x in program.inputs)


def differentiable_cases() -> list[Case]:
    """The first case of each row that a kernel may hold, if it has a float result."""
    first = [replace(case, dtype="float64") for case in CASES if case.number == 0 and case.dtype == "float32"]
    found = remembered("differentiable", lambda: (case.row for case in first if is_differentiable(case)))
    return [case for case in first if case.row in found]


ROWS = differentiable_cases()


def test_there_are_rows() -> None:
    assert {"add", "where", "pow", "gelu", "softplus", "clip"} <= {case.row for case in ROWS}


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.row)
def test_smooth_points(case: Case) -> None:
    row = alone(case)
    tensors = row.tensors([np.abs(x) + 0.1 for x in row.inputs] if case.row in ABOVE_ZERO else row.inputs)
    if case.row in WITHOUT:
        assert not row.kernel(*tensors).requires_grad
        return
    assert torch.autograd.gradcheck(row.kernel, tensors, fast_mode=True)
    assert torch.autograd.gradgradcheck(row.kernel, tensors, fast_mode=True)
    assert row.kernel.launches


@pytest.mark.parametrize("case", [case for case in ROWS if case.row not in WITHOUT], ids=lambda case: case.row)
def test_kinks(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradients that compiled kernels give are those of eager torch at every mixture of points that are special."""
    monkeypatch.setattr(autograd, "unfused_gradient", lambda *_: not_launched)
    row = alone(replace(case, dtype="float32"))
    compiled = Kernel(row.kernel.kernel, "torch", KERNEL_PASSES).over(row.kernel.unfused)
    floats = [i for i, x in enumerate(row.inputs) if x.dtype.kind == "f"]
    grid = iter(np.meshgrid(*[np.array(POINTS, np.float32)] * len(floats), indexing="ij"))
    count = len(POINTS) ** len(floats)
    random = np.random.default_rng()
    points = [next(grid).ravel() if i in floats else random.random(count) < 0.5 for i in range(len(row.inputs))]
    arrays = [x.reshape((1,) * (like.ndim - 1) + (count,)) for x, like in zip(points, row.inputs, strict=True)]
    weights = torch.from_numpy(random.uniform(0.5, 1.5, count).astype(np.float32))
    assert "Launch" in type(compiled(*row.tensors(arrays)).grad_fn).__name__
    found, wanted = (gradients(f, row.tensors(arrays), weights) for f in (compiled, row.kernel.unfused))
    with np.errstate(invalid="ignore"):
        skipped = DIFFERENT[case.row](*points) if case.row in DIFFERENT else np.zeros(count, bool)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a[~skipped], b[~skipped], rtol=1e-4, atol=1e-6)


def not_launched(*tensors: Any) -> Any:
    raise AssertionError("the gradient is no launch")


def gradients(function: Callable[..., Any], tensors: list[Any], weights: Any) -> list[np.ndarray]:
    leaves = [x for x in tensors if x.requires_grad]
    y = function(*tensors)
    found = torch.autograd.grad(y, leaves, weights.reshape(y.shape), allow_unused=True)
    return [np.zeros(weights.shape) if g is None else g.numpy().ravel() for g in found]
