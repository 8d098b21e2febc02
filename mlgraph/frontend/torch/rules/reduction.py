"""Reductions and scans of ATen. `sum` of integers accumulates in int64, as the trace's result type says."""

from collections.abc import Callable
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import i1, i64, ui8
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, is_complex, normal_axes, rank, shape_of
from mlgraph.errors import CaptureError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import axes, axis, to
from mlgraph.frontend.torch.rules.registry import rule


@rule("sum.default", "sum.dim_IntList")
def sum_(out: Out, x: SSAValue, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> SSAValue:
    return ivy.sum(to(x, out.dtype), axes(dim, rank(x)), keepdim)


@rule("mean.default", "mean.dim")
def mean(out: Out, x: SSAValue, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> SSAValue:
    return ivy.mean(to(x, out.dtype), axes(dim, rank(x)), keepdim)


@rule("prod.default")
def prod(out: Out, x: SSAValue, *, dtype: Any = None) -> SSAValue:
    return ivy.prod(to(x, out.dtype))


@rule("prod.dim_int")
def prod_dim(out: Out, x: SSAValue, dim: int, keepdim: bool = False, *, dtype: Any = None) -> SSAValue:
    return ivy.prod(to(x, out.dtype), axes(dim, rank(x)), keepdim)


@rule("amax.default")
def amax(out: Out, x: SSAValue, dim: Any = (), keepdim: bool = False) -> SSAValue:
    return largest(x, axes(dim, rank(x)), keepdim)


@rule("amin.default")
def amin(out: Out, x: SSAValue, dim: Any = (), keepdim: bool = False) -> SSAValue:
    return smallest(x, axes(dim, rank(x)), keepdim)


@rule("max.default")
def max_(out: Out, x: SSAValue) -> SSAValue:
    return largest(x, None, False)


@rule("min.default")
def min_(out: Out, x: SSAValue) -> SSAValue:
    return smallest(x, None, False)


def largest(x: SSAValue, over: Any, keepdim: bool) -> SSAValue:
    refuse_nothing(x, over)
    return ivy.any(x, over, keepdim) if dtype(x) == i1 else ivy.max(x, over, keepdim)


def refuse_nothing(x: SSAValue, over: Any) -> None:
    """Raise, as torch does, for an extreme of no elements; tensorflow has one."""
    if any(shape_of(x)[a] == 0 for a in normal_axes(over, rank(x))):
        raise CaptureError("the largest or smallest of no elements", why="torch raises for it too")


def smallest(x: SSAValue, over: Any, keepdim: bool) -> SSAValue:
    refuse_nothing(x, over)
    return ivy.all(x, over, keepdim) if dtype(x) == i1 else ivy.min(x, over, keepdim)


@rule("max.dim")
def max_dim(out: Out, x: SSAValue, dim: int, keepdim: bool = False) -> tuple[SSAValue, SSAValue]:
    return extreme(x, dim, keepdim, ivy.max_and_argmax)


@rule("min.dim")
def min_dim(out: Out, x: SSAValue, dim: int, keepdim: bool = False) -> tuple[SSAValue, SSAValue]:
    return extreme(x, dim, keepdim, ivy.min_and_argmin)


def extreme(x: SSAValue, dim: int, keepdim: bool, op: Callable[..., Any]) -> tuple[SSAValue, SSAValue]:
    if rank(x) == 0:
        return x, ivy.full((), 0, i64)
    value, index = op(to(x, ui8) if dtype(x) == i1 else x, axis(dim, rank(x)), i64, keepdim)
    return to(value, dtype(x)), index


@rule("argmax.default")
def argmax(out: Out, x: SSAValue, dim: int | None = None, keepdim: bool = False) -> SSAValue:
    return position(out, x, dim, keepdim, ivy.argmax)


@rule("argmin.default")
def argmin(out: Out, x: SSAValue, dim: int | None = None, keepdim: bool = False) -> SSAValue:
    return position(out, x, dim, keepdim, ivy.argmin)


def position(out: Out, x: SSAValue, dim: int | None, keepdim: bool, op: Callable[..., SSAValue]) -> SSAValue:
    x = to(x, i64) if dtype(x) == i1 else x
    if rank(x) == 0:
        return ivy.full((), 0, i64)
    if dim is not None:
        return op(x, axis(dim, rank(x)), i64, keepdim)
    flat = op(ivy.reshape(x, (-1,)), 0, i64)
    return ivy.reshape(flat, (1,) * rank(x)) if keepdim else flat


@rule("any.default", "any.dim", "any.dims")
def any_(out: Out, x: SSAValue, dim: Any = None, keepdim: bool = False) -> SSAValue:
    return to(ivy.any(to(x, i1), axes(dim, rank(x)), keepdim), out.dtype)


@rule("all.default", "all.dim", "all.dims")
def all_(out: Out, x: SSAValue, dim: Any = None, keepdim: bool = False) -> SSAValue:
    return to(ivy.all(to(x, i1), axes(dim, rank(x)), keepdim), out.dtype)


@rule("var.correction")
def var(out: Out, x: SSAValue, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> SSAValue:
    return ivy.var(x, axes(dim, rank(x)), 1.0 if correction is None else float(correction), keepdim)


@rule("std.correction")
def std(out: Out, x: SSAValue, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> SSAValue:
    return ivy.std(x, axes(dim, rank(x)), 1.0 if correction is None else float(correction), keepdim)


@rule("var_mean.correction")
def var_mean(out: Out, x: SSAValue, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Any:
    over = axes(dim, rank(x))
    return ivy.var(x, over, 1.0 if correction is None else float(correction), keepdim), ivy.mean(x, over, keepdim)


@rule("logsumexp.default")
def logsumexp(out: Out, x: SSAValue, dim: Any, keepdim: bool = False) -> SSAValue:
    x = to(x, out.dtype)
    if not rank(x):
        return with_principal_angle(x) if is_complex(out.dtype) else x
    return ivy.logsumexp(x, axes(dim, rank(x)) or tuple(range(rank(x))), keepdim)


def with_principal_angle(x: SSAValue) -> SSAValue:
    """The logarithm of `exp(x)`, which is complex: its imaginary part lies in [-pi, pi]."""
    angle = ivy.imag(x)
    return ivy.complex(ivy.real(x), ivy.atan2(ivy.sin(angle), ivy.cos(angle)))


@rule("cumsum.default")
def cumsum(out: Out, x: SSAValue, dim: int, *, dtype: Any = None) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.cumulative_sum(x, axis(dim, rank(x))) if rank(x) else x


@rule("cumprod.default")
def cumprod(out: Out, x: SSAValue, dim: int, *, dtype: Any = None) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.cumulative_prod(x, axis(dim, rank(x))) if rank(x) else x


@rule("logcumsumexp.default", "_logcumsumexp.default")
def logcumsumexp(out: Out, x: SSAValue, dim: int) -> SSAValue:
    return ivy.cumulative_logsumexp(x, axis(dim, rank(x))) if rank(x) else x


@rule("_softmax.default")
def inner_softmax(out: Out, x: SSAValue, dim: int, half_to_float: bool) -> SSAValue:
    return softmax(out, x, dim)


@rule("softmax.int")
def softmax(out: Out, x: SSAValue, dim: int, dtype: Any = None) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.softmax(x, axis(dim, rank(x))) if rank(x) else ivy.full((), 1.0, out.dtype)


@rule("_safe_softmax.default")
def safe_softmax(out: Out, x: SSAValue, dim: int, dtype: Any = None) -> SSAValue:
    """As `softmax`, but 0 where every score is minus infinity."""
    x = to(x, out.dtype)
    over = (axis(dim, rank(x)),)
    masked = ivy.all(ivy.equal(x, number(x, float("-inf"))), over, True)
    kept = ivy.softmax(ivy.where(masked, number(x, 0), x), over[0])
    return ivy.where(masked, number(x, 0), kept)


@rule("_log_softmax.default")
def inner_log_softmax(out: Out, x: SSAValue, dim: int, half_to_float: bool) -> SSAValue:
    return log_softmax(out, x, dim)


@rule("log_softmax.int")
def log_softmax(out: Out, x: SSAValue, dim: int, dtype: Any = None) -> SSAValue:
    x = to(x, out.dtype)
    return ivy.log_softmax(x, axis(dim, rank(x))) if rank(x) else ivy.full((), 0.0, out.dtype)
