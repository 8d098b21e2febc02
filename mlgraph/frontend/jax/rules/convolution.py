"""`conv_general_dilated`."""

from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import FLOATS
from mlgraph.dialects.ivy.prelude import number, permuted, sizes_of
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation, element_type
from mlgraph.frontend.jax.rules.elementwise import converted
from mlgraph.frontend.jax.rules.manipulation import spread
from mlgraph.frontend.jax.rules.registry import rule
from mlgraph.frontend.jax.rules.windows import places, window_count


@rule("conv_general_dilated")
def conv_general_dilated(
    e: Equation,
    x: SSAValue,
    weight: SSAValue,
    *,
    window_strides: Any,
    padding: Any,
    lhs_dilation: Any,
    rhs_dilation: Any,
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    preferred_element_type: Any,
) -> SSAValue:
    """Images become N, C, ... and kernels O, I, ...; what `ivy.conv` cannot say is done to the image before."""
    sums = e.dtype if preferred_element_type is None else element_type(preferred_element_type)
    image = permuted(converted(x, sums), dimension_numbers.lhs_spec)
    kernel = permuted(converted(weight, sums), dimension_numbers.rhs_spec)
    if batch_group_count > 1:
        image = batch_groups_as_features(image, batch_group_count)
    image, padding = prepared(e, image, padding, lhs_dilation)
    groups = feature_group_count * batch_group_count
    result = convolved(image, kernel, tuple(window_strides), padding, tuple(rhs_dilation), groups)
    order = dimension_numbers.out_spec
    return converted(permuted(result, sorted(range(len(order)), key=order.__getitem__)), e.dtype)


def batch_groups_as_features(x: SSAValue, groups: int) -> SSAValue:
    """N, C, ... as N / groups, groups * C, ..."""
    shape = sizes_of(x)
    batch = sizes.floor_divide(shape[0], groups)
    apart = ivy.reshape(x, (groups, batch, *shape[1:]))
    apart = ivy.permute_dims(apart, (1, 0, *range(2, rank(apart))))
    return ivy.reshape(apart, (batch, sizes.multiply(groups, shape[1]), *shape[2:]))


def prepared(e: Equation, image: SSAValue, padding: Any, dilation: Any) -> tuple[SSAValue, tuple[int, ...]]:
    """Return the image with the padding that is no plain number, and the padding that is left."""
    zero = number(image, 0)
    for axis, step in enumerate(dilation):
        if step > 1:
            image = spread(image, zero, axis + 2, step - 1)
    pairs = [n for pair in padding for n in pair]
    if all(is_known(n) and int(n) >= 0 for n in pairs):
        return image, tuple(int(n) for n in pairs)
    found = e.sizes(pairs)
    low: tuple[Size, ...] = (0, 0, *found[::2])
    high: tuple[Size, ...] = (0, 0, *found[1::2])
    return ivy.pad(image, low, high, zero), (0,) * len(pairs)


def convolved(
    image: SSAValue,
    kernel: SSAValue,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> SSAValue:
    """Return `ivy.conv` for floats; without a spatial axis, one of size 1 is put in."""
    if dtype(image) not in FLOATS:
        return as_product(image, kernel, stride, padding, dilation, groups)
    if rank(image) > 2:
        return ivy.conv(image, kernel, None, tuple(stride), tuple(padding), tuple(dilation), groups)
    wide, window = ivy.expand_dims(image, (2,)), ivy.expand_dims(kernel, (2,))
    return ivy.squeeze(ivy.conv(wide, window, None, (1,), (0, 0), (1,), groups), (2,))


def as_product(
    image: SSAValue,
    kernel: SSAValue,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> SSAValue:
    """Return the convolution as sums of products over windows that are read one axis after the other."""
    spatial = len(stride)
    image = ivy.pad(image, (0, 0, *padding[::2]), (0, 0, *padding[1::2]), number(image, 0))
    for i in range(spatial):
        size, window = sizes_of(image)[2 + 2 * i], sizes_of(kernel)[2 + i]
        count = window_count(size, window, stride[i], dilation[i])
        image = ivy.take(image, places(count, stride[i], window, dilation[i]), 2 + 2 * i)
    shape = sizes_of(image)
    weights = sizes_of(kernel)
    image = ivy.reshape(image, (shape[0], groups, weights[1], *shape[2:]))
    kernel = ivy.reshape(kernel, (groups, sizes.floor_divide(weights[0], groups), *weights[1:]))
    inner1 = (2, *(4 + 2 * i for i in range(spatial)))
    inner2 = (2, *(3 + i for i in range(spatial)))
    product = ivy.dot_general(image, kernel, inner1, inner2, (1,), (0,))
    last = rank(product) - 1
    product = ivy.permute_dims(product, (1, 0, last, *range(2, last)))
    return ivy.reshape(product, (shape[0], weights[0], *(shape[2 + 2 * i] for i in range(spatial))))
