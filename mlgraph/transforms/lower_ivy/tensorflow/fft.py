"""Fourier transforms: tensorflow's work on the last axes."""

from collections.abc import Callable

from mlgraph.dialects import ivy
from mlgraph.dialects.backend import Callee
from mlgraph.dialects.ivy.types import normal_axes, rank
from mlgraph.dialects.parameters import Ints, Shape, Value
from mlgraph.dialects.table import Op
from mlgraph.transforms.lower_ivy.tensorflow.rule import TENSORFLOW, rule

signal = TENSORFLOW.tf.signal
FORWARDS = (signal.fft, signal.fft2d, signal.fft3d)
BACKWARDS = (signal.ifft, signal.ifft2d, signal.ifft3d)


def over(x: Value, axes: Ints, op: Op[[Value, Ints], Value], functions: tuple[Callee, ...]) -> Value:
    """Transform over the last axes at once, over any others one by one."""
    n = rank(x)
    wanted = normal_axes(axes, n)
    if len(axes) <= 3 and wanted == tuple(range(n - len(axes), n)):
        return functions[len(axes) - 1](x)
    if len(axes) == 1:
        return on_last(x, wanted[0], functions[0])
    for axis in wanted:
        x = op(x, (axis,))
    return x


def on_last(x: Value, axis: int, function: Callable[[Value], Value]) -> Value:
    """Apply `function` with one axis moved to the end, and move it back."""
    n = rank(x)
    if axis == n - 1:
        return function(x)
    there = (*(i for i in range(n) if i != axis), axis)
    back = tuple(there.index(i) for i in range(n))
    return TENSORFLOW.tf.transpose(function(ivy.permute_dims(x, there)), perm=back)


@rule(ivy.fftn)
def fftn(x: Value, axes: Ints) -> Value:
    return over(x, axes, ivy.fftn, FORWARDS)


@rule(ivy.ifftn)
def ifftn(x: Value, axes: Ints) -> Value:
    return over(x, axes, ivy.ifftn, BACKWARDS)


@rule(ivy.rfftn)
def rfftn(x: Value, axes: Ints) -> Value:
    last = normal_axes(axes, rank(x))[-1]
    if len(axes) > 1:
        return ivy.fftn(ivy.rfftn(x, axes[-1:]), axes[:-1])
    return on_last(x, last, signal.rfft)


@rule(ivy.irfftn)
def irfftn(x: Value, axes: Ints, size: Shape) -> Value:
    if len(axes) > 1:
        return ivy.irfftn(ivy.ifftn(x, axes[:-1]), axes[-1:], size)
    last = normal_axes(axes, rank(x))[-1]
    return on_last(x, last, lambda y: signal.irfft(y, fft_length=[size[0]]))
