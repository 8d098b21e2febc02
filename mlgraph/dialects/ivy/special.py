"""Special functions beyond those that every float library has, and the hash that random keys go through."""

from xdsl.traits import Pure

from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i64, ui32
from mlgraph.dialects.ivy.elementwise import (
    abs,
    add,
    bitwise_and,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    cast,
    copysign,
    pow,
)
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import broadcast_float, common, dtype, is_float
from mlgraph.dialects.parameters import Type, Value


def real_float(x: Value) -> Type:
    """Return the operand's own type, which must be a float type."""
    return real_floats(x)


def real_floats(*xs: Value) -> Type:
    """Return the broadcast of operands of one float type."""
    if not is_float(common(*xs)):
        raise ValueError("expected real floats; cast before the operation")
    return broadcast_float(*xs)


@composite(Pure(), jax="jnp.cbrt(x)", numpy="np.cbrt(x)")
def cbrt(x: Value) -> Value:
    """The real cube root."""
    return copysign(pow(abs(x), literal(1 / 3, dtype(x))), x)


@op(
    Pure(),
    torch="torch.special.i0e(x)",
    jax="jax.scipy.special.i0e(x)",
    tensorflow="tf.math.bessel_i0e(x)",
    numpy="scipy.special.i0e(x)",
)
def i0e(x: Value) -> Type:
    """The modified Bessel function of the first kind and order 0, times `exp(-abs(x))`."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.i1e(x)",
    jax="jax.scipy.special.i1e(x)",
    tensorflow="tf.math.bessel_i1e(x)",
    numpy="scipy.special.i1e(x)",
)
def i1e(x: Value) -> Type:
    """The modified Bessel function of the first kind and order 1, times `exp(-abs(x))`."""
    return real_float(x)


@op(
    Pure(),
    torch="torch.special.zeta(x1, x2)",
    jax="jax.scipy.special.zeta(x1, x2)",
    tensorflow="tf.math.zeta(x1, x2)",
    numpy="scipy.special.zeta(x1, x2)",
)
def zeta(x1: Value, x2: Value) -> Type:
    """Hurwitz' zeta function: the sum of `(k + x2)**-x1` over k from 0."""
    return real_floats(x1, x2)


@op(
    Pure(),
    torch="torch.special.gammainc(x1, x2)",
    jax="jax.scipy.special.gammainc(x1, x2)",
    tensorflow="tf.math.igamma(x1, x2)",
    numpy="scipy.special.gammainc(x1, x2)",
)
def gammainc(x1: Value, x2: Value) -> Type:
    """The lower incomplete gamma function of order `x1` at `x2`, as a share of the whole."""
    return real_floats(x1, x2)


@op(
    Pure(),
    torch="torch.special.gammaincc(x1, x2)",
    jax="jax.scipy.special.gammaincc(x1, x2)",
    tensorflow="tf.math.igammac(x1, x2)",
    numpy="scipy.special.gammaincc(x1, x2)",
)
def gammaincc(x1: Value, x2: Value) -> Type:
    """1 minus `gammainc`."""
    return real_floats(x1, x2)


@op(
    Pure(),
    jax="jax.scipy.special.betainc(x1, x2, x3)",
    tensorflow=(
        "tf.math.betainc(tf.add(x1, tf.zeros_like(tf.add(x2, x3))), tf.add(x2, tf.zeros_like(tf.add(x1, x3))),"
        " tf.add(x3, tf.zeros_like(tf.add(x1, x2))))"
    ),
    numpy="scipy.special.betainc(x1, x2, x3)",
)
def betainc(x1: Value, x2: Value, x3: Value) -> Type:
    """The incomplete beta function of `x1` and `x2` up to `x3`, as a share of the whole."""
    return real_floats(x1, x2, x3)


ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


@composite(Pure(), jax="jax.extend.random.threefry2x32_p.bind(key1, key2, x1, x2)")
def threefry2x32(key1: Value, key2: Value, x1: Value, x2: Value) -> tuple[Value, Value]:
    """The words `x1` and `x2` hashed under a key of two words (Salmon et al., "Parallel random numbers", 2011).

    All are uint32 and broadcast. Computed in int64, as sums of 32-bit words that are cut where bits move down.
    """
    if common(key1, key2, x1, x2) != ui32:
        raise ValueError("expected 32-bit words")
    word = literal(2**32 - 1, i64)
    first, second = cast(key1, i64), cast(key2, i64)
    keys = (first, second, bitwise_xor(bitwise_xor(first, second), literal(0x1BD11BDA, i64)))
    a, b = add(cast(x1, i64), keys[0]), bitwise_and(add(cast(x2, i64), keys[1]), word)
    for step in range(5):
        for bits in ROTATIONS[step % 2]:
            a = add(a, b)
            turned = bitwise_or(
                bitwise_left_shift(b, literal(bits, i64)), bitwise_right_shift(b, literal(32 - bits, i64))
            )
            b = bitwise_and(bitwise_xor(turned, a), word)
        a = add(a, keys[(step + 1) % 3])
        b = bitwise_and(add(b, add(keys[(step + 2) % 3], literal(step + 1, i64))), word)
    return cast(bitwise_and(a, word), ui32), cast(b, ui32)
