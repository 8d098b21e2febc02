"""Normalisations of ATen: over the batch, a group of channels, or the last axes."""

# pyright: basic
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import bf16, f16, f32
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.frontend.torch.raising import Out
from mlgraph.frontend.torch.table.rule import number, product, rule, sizes_of, to


@rule("batch_norm.default")
def batch_norm(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool,
    momentum: float, eps: float, cudnn_enabled: bool = False,
) -> SSAValue:  # fmt: skip
    if training or running_mean is None:
        return trained_norm(x, weight, bias, eps)[0]
    return ivy.batch_norm(x, running_mean, running_var, weight, bias, eps)


@rule("_native_batch_norm_legit_no_training.default")
def batch_norm_evaluating(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: Any, running_var: Any, momentum: float, eps: float
) -> Any:
    result = ivy.batch_norm(x, running_mean, running_var, weight, bias, eps)
    return result, nothing(out, 1), nothing(out, 2)


def nothing(out: Out, i: int) -> SSAValue:
    """The statistics that torch saves where there is nothing to save."""
    return ivy.full((0,), 0, out.dtype_at(i))


@rule("_native_batch_norm_legit_functional.default")
def batch_norm_training(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: SSAValue, running_var: SSAValue, training: bool,
    momentum: float, eps: float,
) -> Any:  # fmt: skip
    if not training:
        result = ivy.batch_norm(x, running_mean, running_var, weight, bias, eps)
        return result, nothing(out, 1), nothing(out, 2), running_mean, running_var
    result, mean, variance = trained_norm(x, weight, bias, eps)
    count = to(product([n for i, n in enumerate(sizes_of(x)) if i != 1]), dtype(running_var))
    unbiased = ivy.multiply(variance, ivy.divide(count, ivy.subtract(count, number(count, 1))))
    saved = to(mean, out.dtype_at(1)), to(inverse_deviation(variance, eps), out.dtype_at(2))
    return result, *saved, moved(running_mean, mean, momentum), moved(running_var, unbiased, momentum)


def inverse_deviation(variance: SSAValue, eps: float) -> SSAValue:
    return ivy.rsqrt(ivy.add(variance, number(variance, eps)))


def moved(old: SSAValue, new: SSAValue, momentum: float) -> SSAValue:
    new = to(new, dtype(old))
    return ivy.add(ivy.multiply(old, number(old, 1 - momentum)), ivy.multiply(new, number(old, momentum)))


@rule("_native_batch_norm_legit.no_stats")
def batch_norm_no_stats(
    out: Out, x: SSAValue, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Any:
    result, mean, variance = trained_norm(x, weight, bias, eps)
    return result, to(mean, out.dtype_at(1)), to(inverse_deviation(variance, eps), out.dtype_at(2))


def trained_norm(x: SSAValue, weight: Any, bias: Any, eps: float) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Normalised by the batch's own mean and biased variance."""
    over = (0, *range(2, rank(x)))
    mean, variance = ivy.mean(x, over), ivy.var(x, over, 0.0)
    # In steps: torch's own batch_norm takes statistics for constants, through which no gradient flows.
    return ivy.batch_norm.function(x, mean, variance, weight, bias, eps), mean, variance


@rule("layer_norm.default")
def layer_norm(
    out: Out,
    x: SSAValue,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> SSAValue:
    if weight is None:
        weight = ivy.full(tuple(normalized_shape), 1.0, dtype(x))
    return ivy.layer_norm(x, weight, bias, eps)


@rule("native_layer_norm.default")
def native_layer_norm(out: Out, x: SSAValue, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    over = tuple(range(rank(x) - len(normalized_shape), rank(x)))
    return layer_norm(out, x, normalized_shape, weight, bias, eps), *statistics(out, x, over, eps)


def statistics(out: Out, x: SSAValue, over: tuple[int, ...], eps: float, keepdims: bool = True) -> Any:
    """The mean and the inverse of the deviation over some axes, in which torch's norms are computed."""
    wide = to(x, f32) if dtype(x) in (f16, bf16) else x
    mean, variance = ivy.mean(wide, over, keepdims), ivy.var(wide, over, 0.0, keepdims)
    return to(mean, out.dtype_at(1)), to(inverse_deviation(variance, eps), out.dtype_at(2))


@rule("group_norm.default")
def group_norm(
    out: Out,
    x: SSAValue,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> SSAValue:
    n, c, *spatial = sizes_of(x)
    grouped = ivy.reshape(x, (n, num_groups, -1))
    mean, variance = ivy.mean(grouped, (2,), True), ivy.var(grouped, (2,), 0.0, True)
    normal = ivy.multiply(ivy.subtract(grouped, mean), ivy.rsqrt(ivy.add(variance, number(x, eps))))
    result = ivy.reshape(normal, (n, c, *spatial))
    shape = (1, -1, *(1,) * len(spatial))
    result = result if weight is None else ivy.multiply(result, ivy.reshape(weight, shape))
    return result if bias is None else ivy.add(result, ivy.reshape(bias, shape))


@rule("native_group_norm.default")
def native_group_norm(
    out: Out, x: SSAValue, weight: Any, bias: Any, n: Any, c: Any, hxw: Any, group: int, eps: float
) -> Any:
    grouped = ivy.reshape(x, (n, group, -1))
    return group_norm(out, x, group, weight, bias, eps), *statistics(out, grouped, (2,), eps, keepdims=False)
