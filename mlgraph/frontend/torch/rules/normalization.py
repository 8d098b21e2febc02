"""Normalisations of ATen. Those called native also give the statistics that a backward pass would read."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import HALF_PRECISION, f32, ui8
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.sizes import product
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import sizes_of, to
from mlgraph.frontend.torch.rules.registry import rule


def wide(x: SSAValue) -> SSAValue:
    """Halves as float32, in which torch computes their statistics."""
    return to(x, f32) if dtype(x) in HALF_PRECISION else x


def inverse_deviation(variance: SSAValue, eps: float) -> SSAValue:
    return ivy.rsqrt(ivy.add(variance, number(variance, eps)))


# Over the batch


@rule("batch_norm.default")
def batch_norm(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool,
    momentum: float, eps: float, cudnn_enabled: bool = False,
) -> SSAValue:  # fmt: skip
    if training or running_mean is None:
        return trained_norm(x, weight, bias, eps)[0]
    return evaluated_norm(x, weight, bias, running_mean, running_var, eps)


def evaluated_norm(x: SSAValue, weight: Any, bias: Any, mean: SSAValue, variance: SSAValue, eps: float) -> SSAValue:
    """Normalised by the running statistics, in their element type where that is the wider one."""
    d = dtype(x) if dtype(mean) == dtype(x) else f32
    given = [None if v is None else to(v, d) for v in (mean, variance, weight, bias)]
    return to(ivy.batch_norm(to(x, d), *given, eps), dtype(x))  # pyright: ignore[reportArgumentType, reportCallIssue]


def trained_norm(x: SSAValue, weight: Any, bias: Any, eps: float) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Normalised by the batch's own mean and biased variance."""
    over, values = (0, *range(2, rank(x))), wide(x)
    mean, variance = ivy.mean(values, over), ivy.var(values, over, 0.0)
    weight, bias = (None if v is None else to(v, dtype(values)) for v in (weight, bias))
    # In steps: torch's own batch_norm takes statistics for constants, through which no gradient flows.
    normal = ivy.batch_norm.function(values, mean, variance, weight, bias, eps)
    return to(normal, dtype(x)), mean, variance


@rule("_native_batch_norm_legit_no_training.default")
def batch_norm_evaluating(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: Any, running_var: Any, momentum: float, eps: float
) -> Any:
    result = evaluated_norm(x, weight, bias, running_mean, running_var, eps)
    return result, nothing(out, 1), nothing(out, 2)


def nothing(out: Out, i: int) -> SSAValue:
    """Return the empty statistics that torch gives where it computed none."""
    return ivy.full((0,), 0, out.dtype_at(i))


def batch_statistics(out: Out, mean: SSAValue, variance: SSAValue, eps: float) -> tuple[SSAValue, SSAValue]:
    return to(mean, out.dtype_at(1)), to(inverse_deviation(variance, eps), out.dtype_at(2))


@rule("_native_batch_norm_legit.no_stats")
def batch_norm_no_stats(
    out: Out, x: SSAValue, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Any:
    result, mean, variance = trained_norm(x, weight, bias, eps)
    return result, *batch_statistics(out, mean, variance, eps)


@rule("_native_batch_norm_legit_functional.default")
def batch_norm_functional(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: SSAValue, running_var: SSAValue, training: bool,
    momentum: float, eps: float,
) -> Any:  # fmt: skip
    """torch may give running statistics of halves in single precision."""
    running = to(running_mean, out.dtype_at(3)), to(running_var, out.dtype_at(4))
    return batch_norm_running(out, x, weight, bias, *running, training, momentum, eps)


def batch_norm_running(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: SSAValue, running_var: SSAValue, training: bool,
    momentum: float, eps: float,
) -> Any:  # fmt: skip
    if not training:
        given = batch_norm_evaluating(out, x, weight, bias, running_mean, running_var, momentum, eps)
        return *given, running_mean, running_var
    result, mean, variance = trained_norm(x, weight, bias, eps)
    count = to(product([n for i, n in enumerate(sizes_of(x)) if i != 1]), dtype(variance))
    unbiased = ivy.multiply(variance, ivy.divide(count, ivy.subtract(count, number(count, 1))))
    running = moved(running_mean, mean, momentum), moved(running_var, unbiased, momentum)
    return result, *batch_statistics(out, mean, variance, eps), *running


@rule("_batch_norm_with_update_functional.default")
def batch_norm_with_update(
    out: Out, x: SSAValue, weight: Any, bias: Any, running_mean: SSAValue, running_var: SSAValue, momentum: float,
    eps: float,
) -> Any:  # fmt: skip
    """The fourth result is what a GPU would reserve."""
    running = to(running_mean, out.dtype_at(4)), to(running_var, out.dtype_at(5))
    given = batch_norm_running(out, x, weight, bias, *running, True, momentum, eps)
    return *given[:3], ivy.full((0,), 0, ui8), *given[3:]


def moved(old: SSAValue, new: SSAValue, momentum: float) -> SSAValue:
    new = to(new, dtype(old))
    return ivy.add(ivy.multiply(old, number(old, 1 - momentum)), ivy.multiply(new, number(old, momentum)))


# Over the last axes, or over groups of channels


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
    return ivy.layer_norm(x, to(weight, dtype(x)), bias if bias is None else to(bias, dtype(x)), eps)


@rule("native_layer_norm.default")
def native_layer_norm(out: Out, x: SSAValue, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    over = tuple(range(rank(x) - len(normalized_shape), rank(x)))
    mean, variance = ivy.mean(wide(x), over, True), ivy.var(wide(x), over, 0.0, True)
    statistics = to(mean, out.dtype_at(1)), to(inverse_deviation(variance, eps), out.dtype_at(2))
    return layer_norm(out, x, normalized_shape, weight, bias, eps), *statistics


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
    return grouped_norm(x, num_groups, weight, bias, eps)[0]


def grouped_norm(x: SSAValue, groups: int, weight: Any, bias: Any, eps: float) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Return the result, and the mean and inverse deviation of each group, with an axis of size 1."""
    n, c, *spatial = sizes_of(x)
    grouped = ivy.reshape(wide(x), (n, groups, product([sizes.floor_divide(c, groups), *spatial])))
    mean, deviation = ivy.mean(grouped, (2,), True), inverse_deviation(ivy.var(grouped, (2,), 0.0, True), eps)
    result = ivy.reshape(ivy.multiply(ivy.subtract(grouped, mean), deviation), (n, c, *spatial))
    shape = (1, c, *(1,) * len(spatial))
    if weight is not None:
        result = ivy.multiply(result, ivy.reshape(to(weight, dtype(result)), shape))
    if bias is not None:
        result = ivy.add(result, ivy.reshape(to(bias, dtype(result)), shape))
    return to(result, dtype(x)), mean, deviation


@rule("native_group_norm.default")
def native_group_norm(
    out: Out, x: SSAValue, weight: Any, bias: Any, N: Any, C: Any, HxW: Any, group: int, eps: float
) -> Any:
    result, mean, deviation = grouped_norm(x, group, weight, bias, eps)
    statistics = [to(ivy.squeeze(v, (2,)), out.dtype_at(i)) for i, v in enumerate((mean, deviation), 1)]
    return result, *statistics
