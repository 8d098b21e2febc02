# pyright: basic
"""Kernels run scalar operation by scalar operation on whole torch tensors: slow, and easy to see through."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation

from mlgraph.dialects import scalar
from mlgraph.dialects.dtypes import NAME_OF
from mlgraph.dialects.kernel import FusedOp, YieldOp
from mlgraph.targets.autograd import Recorded
from mlgraph.transforms.differentiate_kernel import derivative

BY_TORCH: dict[type[Operation], Callable[..., Any]] = {
    arith.AddfOp: torch.add,
    arith.SubfOp: torch.sub,
    arith.MulfOp: torch.mul,
    arith.DivfOp: torch.div,
    arith.NegfOp: torch.neg,
    arith.MaximumfOp: torch.maximum,
    arith.MinimumfOp: torch.minimum,
    arith.SelectOp: torch.where,
    arith.AddiOp: torch.add,
    arith.SubiOp: torch.sub,
    arith.MuliOp: torch.mul,
    arith.AndIOp: torch.bitwise_and,
    arith.OrIOp: torch.bitwise_or,
    arith.XOrIOp: torch.bitwise_xor,
    math.AbsFOp: torch.abs,
    math.CopySignOp: torch.copysign,
    math.FloorOp: torch.floor,
    math.CeilOp: torch.ceil,
    math.TruncOp: torch.trunc,
    math.RoundEvenOp: torch.round,
    math.SqrtOp: torch.sqrt,
    math.RsqrtOp: torch.rsqrt,
    math.CbrtOp: lambda x: torch.copysign(x.abs() ** (1 / 3), x),
    math.PowFOp: torch.pow,
    math.ExpOp: torch.exp,
    math.Exp2Op: torch.exp2,
    math.ExpM1Op: torch.expm1,
    math.LogOp: torch.log,
    math.Log1pOp: torch.log1p,
    math.Log2Op: torch.log2,
    math.Log10Op: torch.log10,
    math.SinOp: torch.sin,
    math.CosOp: torch.cos,
    math.TanOp: torch.tan,
    math.AsinOp: torch.asin,
    math.AcosOp: torch.acos,
    math.AtanOp: torch.atan,
    math.Atan2Op: torch.atan2,
    math.SinhOp: torch.sinh,
    math.CoshOp: torch.cosh,
    math.TanhOp: torch.tanh,
    math.AsinhOp: torch.asinh,
    math.AcoshOp: torch.acosh,
    math.AtanhOp: torch.atanh,
    math.ErfOp: torch.erf,
    math.FmaOp: lambda a, b, c: torch.addcmul(c, a, b),
    scalar.ErfcOp: torch.erfc,
    scalar.SigmoidOp: torch.sigmoid,
}

CONVERSIONS = (
    *(arith.ExtFOp, arith.TruncFOp, arith.SIToFPOp, arith.UIToFPOp, arith.FPToSIOp),
    *(arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp),
)
"""Operations that torch's `to` stands for, if integers have a sign or are bools."""

FLOAT_PREDICATES: list[Callable[..., Any]] = [
    lambda a, b: torch.zeros_like(a, dtype=torch.bool),
    *(torch.eq, torch.gt, torch.ge, torch.lt, torch.le),
    lambda a, b: torch.lt(a, b) | torch.gt(a, b),
    lambda a, b: ~(a.isnan() | b.isnan()),
    lambda a, b: ~(torch.lt(a, b) | torch.gt(a, b)),
    *(lambda a, b: ~torch.le(a, b), lambda a, b: ~torch.lt(a, b)),
    *(lambda a, b: ~torch.ge(a, b), lambda a, b: ~torch.gt(a, b)),
    *(torch.ne, lambda a, b: a.isnan() | b.isnan()),
]
"""What `arith.cmpf` means, by the number of its predicate."""

INTEGER_PREDICATES = [torch.eq, torch.ne, torch.lt, torch.le, torch.gt, torch.ge]


def dtype_of(type: Any) -> torch.dtype:
    return getattr(torch, NAME_OF[type])


def evaluated(op: Operation, operands: list[Any]) -> Any:
    match op:
        case arith.ConstantOp():
            value = op.value.value.data
            value = bool(value) if op.result.type.bitwidth == 1 and isinstance(op.value, IntegerAttr) else value
            return torch.tensor(value, dtype=dtype_of(op.result.type))
        case arith.CmpfOp():
            return FLOAT_PREDICATES[op.predicate.value.data](*operands)
        case arith.CmpiOp():
            return INTEGER_PREDICATES[op.predicate.value.data](*operands)
        case arith.BitcastOp():
            return operands[0].view(dtype_of(op.result.type))
        case _ if isinstance(op, CONVERSIONS):
            return operands[0].to(dtype_of(op.results[0].type))
        case _:
            return BY_TORCH[type(op)](*operands)


def run(kernel: FusedOp, *tensors: Any) -> Any:
    """What a kernel makes of tensors."""
    shape = torch.broadcast_shapes(*(x.shape for x in tensors))
    values: dict[Any, Any] = dict(zip(kernel.body.block.args, tensors, strict=True))
    for op in kernel.body.block.ops:
        if not isinstance(op, YieldOp):
            values[op.results[0]] = evaluated(op, [values[x] for x in op.operands])
    results = tuple(values[x].expand(shape).clone() for x in kernel.elements)
    return results[0] if len(results) == 1 else results


@dataclass
class ByTorch:
    """A kernel as the run time makes it: launched, recorded, or replaced by the operations that it stands for."""

    kernel: FusedOp
    unfused: Callable[..., Any]
    launches: list[FusedOp] = field(default_factory=list)
    """Every kernel launched for it, its derivatives included."""

    def __post_init__(self) -> None:
        self.kernel.verify()

    @cached_property
    def recorded(self) -> Recorded:
        return Recorded(
            self.kernel, self.launch, self.unfused, derivative, lambda *made: ByTorch(*made, launches=self.launches)
        )

    def launch(self, *tensors: Any) -> Any:
        self.launches.append(self.kernel)
        with torch.no_grad():
            return run(self.kernel, *tensors)

    def __call__(self, *tensors: Any) -> Any:
        shape = torch.broadcast_shapes(*(x.shape for x in tensors))
        if not shape or 0 in shape or torch._C._are_functorch_transforms_active():
            return self.unfused(*tensors)
        if torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
            return self.recorded(*tensors)
        return self.launch(*tensors)
