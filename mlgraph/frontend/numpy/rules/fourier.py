"""Discrete Fourier transforms."""

from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh
from mlgraph.frontend.numpy.dtypes import real_type
from mlgraph.frontend.numpy.normalize import ArrayLike, UfuncOut, implements, normal_axis
from mlgraph.frontend.numpy.sizes import Dim, operand, product, simple
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, cast


def sized(x: TracedArray, n: Any, axis: int) -> Any:
    """Return `x` cut off, or filled up with zeros, to size n along an axis."""
    size = x.shape[axis]
    if n is None or simple(n) is size or n == size:
        return x
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    if n < size:
        return x[(slice(None),) * axis + (slice(None, n),)]
    return np.pad(x, [(0, n - size) if i == axis else (0, 0) for i in range(x.ndim)])


def scale(n: Dim, norm: Any, forward: bool) -> Any:
    """Return the factor of the operation's result: operations divide by n in the inverse alone."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f'Invalid norm value {norm}; should be "backward","ortho" or "forward".')
    if norm in (None, "backward"):
        return None
    if norm == "ortho":
        return 1.0 / np.sqrt(n) if forward else np.sqrt(n)
    return 1.0 / n if forward else n


def scaled(value: Any, dims: Any, dtype: np.dtype, factor: Any) -> Any:
    """Return the result of a row times a factor."""
    found = fresh(value, dims, dtype)
    if factor is None:
        return found
    real = real_type(dtype)
    return np.multiply(found, as_array(factor).astype(real))


def complex_type(x: TracedArray) -> np.dtype:
    """Return the element type in which a transform works."""
    single = x.dtype.kind in "fc" and x.dtype.name not in ("float64", "complex128")
    return np.dtype(np.complex64 if single else np.complex128)


def transform(op: Any, inverse: bool) -> Any:
    """Return a transform along one axis."""

    def call(a: ArrayLike, n: Any = None, axis: int = -1, norm: Any = None, out: UfuncOut = None) -> Any:
        return several(op, inverse, a, (n,), (normal_axis(axis, a.ndim),), norm)

    return call


def transforms(op: Any, inverse: bool, default: Any) -> Any:
    """Return a transform along several axes."""

    def call(a: ArrayLike, s: Any = None, axes: Any = default, norm: Any = None, out: UfuncOut = None) -> Any:
        sizes, along = sizes_and_axes(a, s, axes)
        return several(op, inverse, a, sizes, along, norm) if along else cast(a, complex_type(a))

    return call


def sizes_and_axes(x: TracedArray, s: Any, axes: Any) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Return the sizes (None where they stay) and axes of a transform along several axes."""
    if axes is None:
        axes = range(x.ndim) if s is None else range(-len(s), 0)
    along = tuple(normal_axis(axis, x.ndim) for axis in axes)
    if len(set(along)) != len(along):
        raise unsupported("a Fourier transform over one axis twice")
    sizes = (None,) * len(along) if s is None else tuple(None if n == -1 else n for n in s)
    if len(sizes) != len(along):
        raise ValueError("Shape and axes have different lengths.")
    return sizes, along


def several(op: Any, inverse: bool, x: TracedArray, sizes: Any, axes: tuple[int, ...], norm: Any) -> Any:
    """Transform complex numbers."""
    x = cast(x, complex_type(x))
    for axis, n in zip(axes, sizes):
        x = sized(x, n, axis)
    count = product([x.shape[axis] for axis in axes])
    return scaled(emit(op, x.value, axes), x.shape, x.dtype, scale(count, norm, not inverse))


implements(np.fft.fft)(transform(ivy.fftn, inverse=False))
implements(np.fft.ifft)(transform(ivy.ifftn, inverse=True))
implements(np.fft.fftn)(transforms(ivy.fftn, inverse=False, default=None))
implements(np.fft.ifftn)(transforms(ivy.ifftn, inverse=True, default=None))
implements(np.fft.fft2)(transforms(ivy.fftn, inverse=False, default=(-2, -1)))


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    return np.fft.ifftn(a, s, axes, norm)  # numpy writes no `out` here


def real_transform(x: TracedArray, sizes: Any, axes: tuple[int, ...], norm: Any) -> Any:
    """Transform real numbers to the non-negative frequencies of the last of `axes`."""
    if x.dtype.kind == "c":
        raise TypeError("a real transform of complex numbers")
    x = cast(x, np.dtype(np.float32 if complex_type(x) == np.complex64 else np.float64))
    for axis, n in zip(axes, sizes):
        x = sized(x, n, axis)
    count = product([x.shape[axis] for axis in axes])
    last = axes[-1]
    dims = (*x.shape[:last], simple(x.shape[last] // 2 + 1), *x.shape[last + 1 :])
    return scaled(emit(ivy.rfftn, x.value, axes), dims, complex_type(x), scale(count, norm, True))


@implements(np.fft.rfft)
def rfft(a: ArrayLike, n: Any = None, axis: int = -1, norm: Any = None, out: UfuncOut = None) -> Any:
    return real_transform(a, (n,), (normal_axis(axis, a.ndim),), norm)


@implements(np.fft.rfftn)
def rfftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: Any = None, out: UfuncOut = None) -> Any:
    return real_transform(a, *sizes_and_axes(a, s, axes), norm)


def inverse_real(x: TracedArray, sizes: Any, axes: tuple[int, ...], norm: Any) -> Any:
    """Transform the non-negative frequencies of the last of `axes` to real numbers."""
    x = cast(x, complex_type(x))
    last = axes[-1]
    size = simple((x.shape[last] - 1) * 2 if sizes[-1] is None else sizes[-1])
    if size < 1:
        raise ValueError(f"Invalid number of FFT data points ({size}) specified.")
    for axis, n in zip(axes, (*sizes[:-1], size // 2 + 1)):
        x = sized(x, n, axis)
    dims = (*x.shape[:last], size, *x.shape[last + 1 :])
    count = product([*(x.shape[axis] for axis in axes[:-1]), size])
    value = emit(ivy.irfftn, x.value, axes, (operand(size),))
    return scaled(value, dims, real_type(x.dtype), scale(count, norm, False))


@implements(np.fft.irfft)
def irfft(a: ArrayLike, n: Any = None, axis: int = -1, norm: Any = None, out: UfuncOut = None) -> Any:
    return inverse_real(a, (n,), (normal_axis(axis, a.ndim),), norm)


@implements(np.fft.irfftn)
def irfftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: Any = None, out: UfuncOut = None) -> Any:
    return inverse_real(a, *sizes_and_axes(a, s, axes), norm)
