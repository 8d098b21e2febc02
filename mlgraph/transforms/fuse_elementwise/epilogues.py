"""Reductions that end a kernel: what they are, and over how many of the last axes."""

from dataclasses import dataclass
from typing import Any

from xdsl.ir import Operation, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import element_type
from mlgraph.dialects.ivy.types import normal_axes, shape_of
from mlgraph.dialects.kernel import reduces
from mlgraph.dialects.table import Op, TableOp
from mlgraph.transforms.fuse_elementwise.scalars import NotFusible

KINDS: dict[Op[..., Any], str] = {
    ivy.sum: "sum",
    ivy.mean: "mean",
    ivy.max: "max",
    ivy.min: "min",
    ivy.any: "any",
    ivy.all: "all",
}
"""The kind of reduction in a kernel, by operation."""


@dataclass(frozen=True)
class ReductionEpilogue:
    """A reduction at the end of a kernel."""

    operand: SSAValue
    kind: str
    axes: int
    """The number of axes that it is over, the last ones."""


def epilogue_of(op: Operation) -> ReductionEpilogue | None:
    """Return the reduction that `op` is, None for another operation. Raise `NotFusible` where no kernel reduces so."""
    if not isinstance(op, TableOp) or op.OP not in KINDS:
        return None
    (operand,) = op.operands
    kind, rank = KINDS[op.OP], len(shape_of(operand))
    if not reduces(kind, element_type(operand.type)):
        raise NotFusible("kernels do not reduce this element type")
    axes = sorted(normal_axes(op.arguments()["axis"], rank))
    if not axes or axes != list(range(rank - len(axes), rank)):
        raise NotFusible("it reduces other axes than the last ones")
    return ReductionEpilogue(operand, kind, len(axes))
