"""Reduction of a large float64 angle, with integers: `x * 2 / pi` modulo 4.

It is that of M. Payne and R. Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18, 1983.

x is `m * 2**e`. Digits of 2 / pi that give multiples of 4, those with a weight above `2**(2 - e)`, are skipped; of the
192 that follow, times m, the last 192 bits are the remainder. Words of 2 / pi are chosen by selects, not by a table.
"""

from dataclasses import dataclass
from fractions import Fraction

from mlgraph.transforms.expand_math.real import Int, Real, fma, nearest, two_product, two_sum, where, where_int

DIGITS = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0"
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4"
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d"
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d",
    16,
)
TWO_OVER_PI = Fraction(DIGITS, 2**1280)
HALF_PI = (1.5707963267948966, 6.123233995736766e-17)

LEADING_ZEROS = 16
"""Zeros before the digits, so that those of the least angle that comes here do not begin before the first word."""
WORDS = [DIGITS >> (1280 + LEADING_ZEROS - 64 * (i + 1)) & (2**64 - 1) for i in range(19)]
LOW_BITS = 2**32 - 1


@dataclass(frozen=True)
class Angle:
    """`quadrant * pi / 2 + r + rest`, the quadrant in the last two bits of an integer."""

    quadrant: Int
    r: Real
    rest: Real


def window(start: Int) -> tuple[Int, Int, Int]:
    """Return 192 digits of 2 / pi from a place below 1024."""
    words = [start.like(word) for word in WORDS]
    for step in (8, 4, 2, 1):
        late = (start & (step * 64)).differs(0)
        words = [where_int(late, words[i + step], words[i]) for i in range(step + 3)]
    left = start & 63
    right = left ^ 63
    first, second, third = ((words[i] << left) | ((words[i + 1] >> 1) >> right) for i in range(3))
    return first, second, third


def remainder(m: Int, digits: tuple[Int, Int, Int]) -> tuple[Int, Int, Int, Int]:
    """Return the first 128 of the last 192 bits of a product with a number below 2**53, as four integers of 32 bits.

    It is multiplied by halves of 32 bits; what carries from below 64 bits of the product is too little to matter.
    """
    high, low = m >> 32, m & LOW_BITS
    halves = [half for word in reversed(digits) for half in (word & LOW_BITS, word >> 32)]
    by_low = [low * half for half in halves[1:]]
    by_high = [high * half for half in halves[:5]]
    carry = m.like(0)
    places: list[Int] = []
    for i in range(4):
        total = (
            carry + (by_low[i] >> 32) + (by_low[i + 1] & LOW_BITS) + (by_high[i] >> 32) + (by_high[i + 1] & LOW_BITS)
        )
        places.append(total & LOW_BITS)
        carry = total >> 32
    return places[3], places[2], places[1], places[0]


def number(x: Int) -> Real:
    """Return an integer below 2**32 as a float64."""
    return (x | x.layout.bits(2.0**52)).real() - 2.0**52


def reduced_large(x: Real) -> Angle:
    """Reduce a float64 beyond 2**40 by a multiple of pi / 2; give nan where it is infinite."""
    bits = abs(x).bits()
    m = (bits & (2**52 - 1)) | 2**52
    exponent = (bits >> 52) - (1023 + 52)
    parts = remainder(m, window(exponent - 2 + LEADING_ZEROS))
    turn = x.like(2.0**-30).with_sign_of(x)
    whole, *rest = (number(part) * (turn * 2.0 ** (-32 * i)) for i, part in enumerate(parts))
    n, quadrant = nearest(whole)
    fraction, lost = two_sum(whole - n, rest[0])
    fraction, more = two_sum(fraction, rest[1])
    lost = lost + more + rest[2]
    r, low = two_product(fraction, HALF_PI[0])
    low = fma(lost, HALF_PI[0], fma(fraction, HALF_PI[1], low))
    return Angle(quadrant, where(abs(x) < float("inf"), r, x - x), low)
