"""Special functions that few libraries have: a backend without one refuses the row."""

from xdsl.traits import Pure

from mlgraph.dialects.ivy.special import real_float
from mlgraph.dialects.ivy.table import op
from mlgraph.dialects.parameters import Type, Value


@op(
    Pure(),
    jax="jax.scipy.special.expi(x)",
    tensorflow="tf.math.special.expint(x)",
    numpy="scipy.special.expi(x)",
)
def expi(x: Value) -> Type:
    """The exponential integral: the integral of `exp(t) / t` from minus infinity to `x`."""
    return real_float(x)


@op(
    Pure(),
    jax="jax.scipy.special.dawsn(x)",
    tensorflow="tf.math.special.dawsn(x)",
    numpy="scipy.special.dawsn(x)",
)
def dawsn(x: Value) -> Type:
    """The Dawson's integral: `exp(-x**2)` times the integral of `exp(t**2)` from 0 to `x`."""
    return real_float(x)


@op(
    Pure(),
    jax="jax.scipy.special.spence(x)",
    tensorflow="tf.math.special.spence(x)",
    numpy="scipy.special.spence(x)",
)
def spence(x: Value) -> Type:
    """The Spence's integral, of `log(t) / (1 - t)` from 1 to `x`."""
    return real_float(x)


@op(
    Pure(),
    jax="jax.scipy.special.fresnel(x)[1]",
    tensorflow="tf.math.special.fresnel_cos(x)",
    numpy="scipy.special.fresnel(x)[1]",
)
def fresnel_cos(x: Value) -> Type:
    """The Fresnel integral of `cos(pi t**2 / 2)` from 0 to `x`."""
    return real_float(x)


@op(
    Pure(),
    jax="jax.scipy.special.fresnel(x)[0]",
    tensorflow="tf.math.special.fresnel_sin(x)",
    numpy="scipy.special.fresnel(x)[0]",
)
def fresnel_sin(x: Value) -> Type:
    """The Fresnel integral of `sin(pi t**2 / 2)` from 0 to `x`."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.bessel_j0(x)",
    tensorflow="tf.math.special.bessel_j0(x)",
    numpy="scipy.special.j0(x)",
)
def bessel_j0(x: Value) -> Type:
    """The Bessel function of the first kind and order 0."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.bessel_j1(x)",
    tensorflow="tf.math.special.bessel_j1(x)",
    numpy="scipy.special.j1(x)",
)
def bessel_j1(x: Value) -> Type:
    """The Bessel function of the first kind and order 1."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.bessel_y0(x)",
    tensorflow="tf.math.special.bessel_y0(x)",
    numpy="scipy.special.y0(x)",
)
def bessel_y0(x: Value) -> Type:
    """The Bessel function of the second kind and order 0."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.bessel_y1(x)",
    tensorflow="tf.math.special.bessel_y1(x)",
    numpy="scipy.special.y1(x)",
)
def bessel_y1(x: Value) -> Type:
    """The Bessel function of the second kind and order 1."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.scaled_modified_bessel_k0(x)",
    tensorflow="tf.math.special.bessel_k0e(x)",
    numpy="scipy.special.k0e(x)",
)
def bessel_k0e(x: Value) -> Type:
    """The modified Bessel function of the second kind and order 0, times `exp(x)`."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.scaled_modified_bessel_k1(x)",
    tensorflow="tf.math.special.bessel_k1e(x)",
    numpy="scipy.special.k1e(x)",
)
def bessel_k1e(x: Value) -> Type:
    """The modified Bessel function of the second kind and order 1, times `exp(x)`."""
    return real_float(x)
