"""Functions of whole numbers."""

from xdsl.traits import Commutative, Pure

from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import INTEGERS, NAME_OF, dtype_of
from mlgraph.dialects.ivy.elementwise import (
    add,
    bitwise_and,
    bitwise_right_shift,
    multiply,
    subtract,
)
from mlgraph.dialects.ivy.table import composite, op
from mlgraph.dialects.ivy.types import broadcast, common, dtype
from mlgraph.dialects.parameters import Type, Value


def integers(*xs: Value) -> Type:
    """Return the broadcast of operands of one integer type."""
    if common(*xs) not in INTEGERS:
        raise ValueError(f"expected integers, got {NAME_OF[common(*xs)]}")
    return broadcast(*xs)


@op(
    Pure(), Commutative(),
    torch="torch.gcd(x1, x2)",
    jax="jnp.gcd(x1, x2)",
    tensorflow="tf.experimental.numpy.gcd(x1, x2)",
    numpy="np.gcd(x1, x2)",
)  # fmt: skip
def gcd(x1: Value, x2: Value) -> Type:
    """The greatest number that divides both, not negative; 0 of 0 and 0."""
    return integers(x1, x2)


@composite(Pure(), jax="lax.population_count(x)")
def bitwise_count(x: Value) -> Value:
    """The number of bits that are 1, in the type of `x`: pairs of bits, then fours, then bytes are added up."""
    integers(x)
    d = dtype(x)
    size = dtype_of(d).itemsize

    def mask(byte: int) -> Value:
        return literal(int.from_bytes(bytes([byte]) * size), d)

    def shift(value: Value, places: int) -> Value:
        return bitwise_right_shift(value, literal(places, d))

    pairs = subtract(x, bitwise_and(shift(x, 1), mask(0x55)))
    fours = add(bitwise_and(pairs, mask(0x33)), bitwise_and(shift(pairs, 2), mask(0x33)))
    bytes_ = bitwise_and(add(fours, shift(fours, 4)), mask(0x0F))
    return bytes_ if size == 1 else shift(multiply(bytes_, mask(0x01)), 8 * size - 8)
