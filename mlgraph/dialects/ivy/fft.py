"""Discrete Fourier transforms, without a factor forwards and divided by the number of elements backwards."""

from xdsl.traits import Pure

from mlgraph.dialects.dtypes import NAME_OF, DType, c64, c128, f32, f64, tensor
from mlgraph.dialects.ivy.table import op
from mlgraph.dialects.ivy.types import (
    UNKNOWN,
    dtype,
    is_complex,
    normal_axes,
    normal_axis,
    real_of,
    same,
    shape_of,
    sized,
)
from mlgraph.dialects.parameters import Ints, Shape, Type, Value

COMPLEX_OF: dict[DType, DType] = {f32: c64, f64: c128}


def transformed(x: Value, axes: Ints) -> Type:
    """Return the type of complex numbers transformed over `axes`."""
    if not is_complex(dtype(x)):
        raise ValueError(f"expected complex numbers, got {NAME_OF[dtype(x)]}")
    normal_axes(axes, len(shape_of(x)))
    return same(x)


def with_last(x: Value, axes: Ints, size: int, d: DType) -> Type:
    """Return `x` with another size along the last of `axes`."""
    shape = list(shape_of(x))
    normal_axes(axes, len(shape))
    shape[normal_axis(axes[-1], len(shape))] = size
    return tensor(tuple(shape), d)


@op(
    Pure(),
    torch="torch.fft.fftn(x, dim=axes)",
    jax="jnp.fft.fftn(x, axes=axes)",
    numpy="np.fft.fftn(x, axes=axes)",
)
def fftn(x: Value, axes: Ints) -> Type:
    """The transform of complex numbers over `axes`."""
    return transformed(x, axes)


@op(
    Pure(),
    torch="torch.fft.ifftn(x, dim=axes)",
    jax="jnp.fft.ifftn(x, axes=axes)",
    numpy="np.fft.ifftn(x, axes=axes)",
)
def ifftn(x: Value, axes: Ints) -> Type:
    """The inverse of `fftn`."""
    return transformed(x, axes)


@op(
    Pure(),
    torch="torch.fft.rfftn(x, dim=axes)",
    jax="jnp.fft.rfftn(x, axes=axes)",
    numpy="np.fft.rfftn(x, axes=axes)",
)
def rfftn(x: Value, axes: Ints) -> Type:
    """The transform of real numbers over `axes`: `n // 2 + 1` numbers along the last of them, which say it all."""
    if dtype(x) not in COMPLEX_OF:
        raise ValueError(f"expected float32 or float64, got {NAME_OF[dtype(x)]}")
    n = shape_of(x)[axes[-1]]
    return with_last(x, axes, UNKNOWN if n == UNKNOWN else n // 2 + 1, COMPLEX_OF[dtype(x)])


@op(
    Pure(),
    torch="torch.fft.irfft(x, n=size[0], dim=axes[0]) if len(axes) == 1"
    " else torch.fft.irfft(torch.fft.ifftn(x, dim=axes[:-1]), n=size[0], dim=axes[-1])",
    jax="jnp.fft.irfft(x, n=size[0], axis=axes[0]) if len(axes) == 1"
    " else jnp.fft.irfft(jnp.fft.ifftn(x, axes=axes[:-1]), n=size[0], axis=axes[-1])",
    numpy="np.fft.irfft(x, n=size[0], axis=axes[0]) if len(axes) == 1"
    " else np.fft.irfft(np.fft.ifftn(x, axes=axes[:-1]), n=size[0], axis=axes[-1])",
)
def irfftn(x: Value, axes: Ints, size: Shape) -> Type:
    """The inverse of `rfftn`; `size` is that of the result along the last of `axes`."""
    if not is_complex(dtype(x)):
        raise ValueError(f"expected complex numbers, got {NAME_OF[dtype(x)]}")
    return with_last(x, axes, sized(size)[0], real_of(dtype(x)))
