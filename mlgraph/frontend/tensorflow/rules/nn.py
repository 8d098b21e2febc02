"""Neural networks, without windows."""

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import product
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.rules.helpers import to
from mlgraph.frontend.tensorflow.rules.registry import rule


@rule("Softmax")
def softmax(x: Value) -> Value:
    return ivy.softmax(x, rank(x) - 1)


@rule("LogSoftmax")
def log_softmax(x: Value) -> Value:
    return ivy.log_softmax(x, rank(x) - 1)


@rule("BiasAdd")
def bias_add(x: Value, bias: Value, *, data_format: str) -> Value:
    if data_format.startswith("NC"):
        bias = ivy.reshape(bias, (-1, *(1,) * (rank(x) - 2)))
    return ivy.add(x, bias)


@rule("BiasAddGrad")
def bias_add_grad(dy: Value, *, data_format: str) -> Value:
    channels = 1 if data_format.startswith("NC") else rank(dy) - 1
    return ivy.sum(dy, tuple(i for i in range(rank(dy)) if i != channels))


@rule("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", ignores="U")
def fused_batch_norm(
    x: Value, scale: Value, offset: Value, mean: Value, variance: Value, *,
    epsilon: float, exponential_avg_factor: float, data_format: str, is_training: bool, node: object,
    importer: FuncGraphImporter,
) -> tuple[Value, ...]:  # fmt: skip
    """In training the batch's own moments normalize, and are given out; the variance that is given out is unbiased."""
    channels = 1 if data_format.startswith("NC") else rank(x) - 1
    shape = tuple(-1 if i == channels else 1 for i in range(rank(x)))
    wide = to(x, dtype(scale))
    over = tuple(i for i in range(rank(x)) if i != channels)
    old = mean, variance
    if is_training:
        mean, variance = moments(wide, over)
    factor = ivy.multiply(ivy.rsqrt(ivy.add(variance, number(variance, epsilon))), scale)
    centered = ivy.subtract(wide, ivy.reshape(mean, shape))
    y = ivy.add(ivy.multiply(centered, ivy.reshape(factor, shape)), ivy.reshape(offset, shape))
    outputs = len(node.op.outputs)  # type: ignore[attr-defined]
    if not is_training:
        return (to(y, dtype(x)), mean, variance, mean, variance, mean)[:outputs]
    count = product([importer.dim(x, a) for a in over])
    rest = to(sizes.maximum(sizes.subtract(count, 1), 1), i64)
    unbiased = ivy.multiply(variance, ivy.divide(to(count, dtype(variance)), ivy.cast(rest, dtype(variance))))
    given = [averaged(new, before, exponential_avg_factor) for new, before in zip((mean, unbiased), old, strict=True)]
    return (to(y, dtype(x)), *given, mean, variance, mean)[:outputs]


def averaged(new: Value, old: Value, factor: float) -> Value:
    if factor == 1:
        return new
    return ivy.add(ivy.multiply(new, number(new, factor)), ivy.multiply(old, number(old, 1 - factor)))


def moments(x: Value, axes: tuple[int, ...]) -> tuple[Value, Value]:
    """Return the mean and the biased variance."""
    mean = ivy.mean(x, axes, True)
    variance = ivy.mean(ivy.square(ivy.subtract(x, mean)), axes)
    return ivy.squeeze(mean, axes), variance


@rule("SparseSoftmaxCrossEntropyWithLogits")
def sparse_cross_entropy(features: Value, labels: Value, *, importer: FuncGraphImporter) -> tuple[Value, Value]:
    """The loss of each row, and its gradient."""
    log_p = ivy.log_softmax(features, 1)
    chosen = ivy.take_along_axis(log_p, ivy.expand_dims(to(labels, i64), (1,)), 1)
    places = ivy.reshape(ivy.iota((importer.dim(features, 1),), i64), (1, -1))
    hit = ivy.equal(ivy.expand_dims(to(labels, i64), (1,)), places)
    return ivy.negative(ivy.squeeze(chosen, (1,))), ivy.subtract(ivy.exp(log_p), to(hit, dtype(features)))


@rule("SoftmaxCrossEntropyWithLogits")
def cross_entropy(features: Value, labels: Value) -> tuple[Value, Value]:
    """The loss of each row, and its gradient; a label of 0 counts nothing, whatever its logit."""
    log_p = ivy.log_softmax(features, 1)
    each = ivy.multiply(labels, log_p)
    each = ivy.where(ivy.equal(labels, number(labels, 0)), number(each, 0), each)
    return ivy.negative(ivy.sum(each, (1,))), ivy.subtract(ivy.exp(log_p), labels)


@rule("LRN")
def local_response_normalization(
    x: Value, *, depth_radius: int, bias: float, alpha: float, beta: float, importer: FuncGraphImporter
) -> Value:
    """`x / (bias + alpha * s)**beta` with the sum s of squares over neighboring channels."""
    shape = importer.shape(x)
    rows = ivy.reshape(ivy.square(x), (product(shape[:-1]), 1, shape[-1]))
    near = ivy.sum_pool(rows, (2 * depth_radius + 1,), (1,), (depth_radius, depth_radius))
    norm = ivy.add(number(x, bias), ivy.multiply(number(x, alpha), ivy.reshape(near, shape)))
    return ivy.multiply(x, ivy.pow(norm, number(x, -beta)))
