"""Fit the polynomials of `mlgraph/transforms/expand_math`, and print them as they stand in the code.

    python tools/fit_polynomials.py EXP_SINGLE      # prints one tuple and its greatest weighted error
    python tools/fit_polynomials.py                 # prints all
    python tools/fit_polynomials.py --check         # fails if a tuple in the code is not the one fitted here

A fit minimizes the greatest `abs(weight(x) * (p(x) - function(x)))` over its interval, by Remez's exchange algorithm
(Remez, 1934; Muller, *Elementary Functions*, 3rd edition, 2016, section 3.5) on a grid of Chebyshev points, in 60
digits. The coefficients are rounded to float32 or float64 one by one, the lowest order first; each time those that are
left are fitted again, so that they make up for the rounding (a simple form of Brisebarre and Chevillard, *Efficient
polynomial L-infinity approximations*, 2007). A weight turns the error of the polynomial into the relative error of the
function that is computed with it.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np

DIGITS = 60
POINTS_PER_TERM = 40
"""Grid points for each coefficient: between two of them the error is greater by less than a thousandth."""
MAX_EXCHANGES = 50
LEVELLED = 1e-6
"""The extrema of a best approximation are equal; the exchange stops where they are so nearly."""

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Fit:
    """A tuple of coefficients: what it approximates, where, and how its error counts."""

    name: str
    function: Function
    weight: Function
    interval: tuple[Function, Function]
    """The ends, computed when they are needed, in as many digits as the rest."""
    terms: int
    rounding: type[np.floating[Any]] = np.float64

    def coefficients(self) -> tuple[list[float], float]:
        """Return the rounded coefficients, the lowest order first, and the greatest weighted error."""
        with mp.workdps(DIGITS):
            points = self._grid()
            values = [self.function(x) for x in points]
            weights = [abs(self.weight(x)) for x in points]
            rounded: list[float] = []
            rest, scales = values, weights
            for terms in range(self.terms, 0, -1):
                lowest = self.rounding(float(minimax(points, rest, scales, terms)[0]))
                rounded.append(float(lowest))
                rest = [(value - rounded[-1]) / x for value, x in zip(rest, points)]
                scales = [scale * abs(x) for scale, x in zip(scales, points)]
            errors = (abs(mp.polyval(rounded[::-1], x) - f) * w for x, f, w in zip(points, values, weights))
            return rounded, float(max(errors))

    def _grid(self) -> list[Any]:
        """Return Chebyshev points of the interval: an even number, so that none is its middle, where 0 / 0 may be."""
        low, high = (end(mp.mpf(1)) for end in self.interval)
        last = POINTS_PER_TERM * self.terms | 1
        return [(low + high - (high - low) * mp.cos(mp.pi * i / last)) / 2 for i in range(last + 1)]


def minimax(points: Sequence[Any], values: Sequence[Any], weights: Sequence[Any], terms: int) -> list[Any]:
    """Return the coefficients, the lowest order first, of the best weighted approximation at Chebyshev points."""
    last = len(points) - 1
    reference = [round(last * i / terms) for i in range(terms + 1)]
    coefficients: list[Any] = []
    for _ in range(MAX_EXCHANGES):
        coefficients = equioscillating(points, values, weights, reference)
        errors = [(mp.polyval(coefficients[::-1], x) - f) * w for x, f, w in zip(points, values, weights)]
        reference = extrema(errors, terms + 1)
        heights = [abs(errors[i]) for i in reference]
        if max(heights) <= min(heights) * (1 + LEVELLED):
            break
    return coefficients


def equioscillating(
    points: Sequence[Any], values: Sequence[Any], weights: Sequence[Any], reference: Sequence[int]
) -> list[Any]:
    """Return the polynomial whose weighted errors at the reference are equal in size and alternate in sign."""
    terms = len(reference) - 1
    system = mp.matrix(terms + 1)
    for row, i in enumerate(reference):
        for order in range(terms):
            system[row, order] = weights[i] * points[i] ** order
        system[row, terms] = (-1) ** row
    return list(mp.lu_solve(system, mp.matrix([weights[i] * values[i] for i in reference])))[:terms]


def extrema(errors: Sequence[Any], count: int) -> list[int]:
    """Return the places of `count` extrema of alternating sign. Raise `ArithmeticError` where there are fewer."""
    found = [max(run, key=lambda i: abs(errors[i])) for run in runs_of_one_sign(errors)]
    while len(found) > count:
        least = min(range(len(found)), key=lambda k: abs(errors[found[k]]))
        if len(found) == count + 1 or least in (0, len(found) - 1):
            found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
        else:
            beside = min(least - 1, least + 1, key=lambda k: abs(errors[found[k]]))
            del found[min(least, beside) : max(least, beside) + 1]
    if len(found) < count:
        raise ArithmeticError(f"the error changes sign {len(found) - 1} times, not {count - 1}")
    return found


def runs_of_one_sign(errors: Sequence[Any]) -> Iterator[list[int]]:
    """Yield the indices of neighbors whose errors have one sign."""
    run = [0]
    for i in range(1, len(errors)):
        if (errors[i] > 0) != (errors[i - 1] > 0):
            yield run
            run = []
        run.append(i)
    yield run


def of_square(function: Function) -> Function:
    """Return a function of `x` as one of `x**2`."""
    return lambda z: function(mp.sqrt(z))


def up_to(bound: Function) -> tuple[Function, Function]:
    """Return the squares of the numbers from 0 to a bound; 0 itself would be 0 / 0."""
    return lambda one: (bound(one) / 2**12) ** 2, lambda one: bound(one) ** 2


def octave(one: Any) -> Any:
    """Return log(2) / 2, and what a rounded multiple of log(2) may be off."""
    return mp.log(2) / 2 * (one + one / 2**10)


def log_bound(one: Any) -> Any:
    """Return the greatest `s = f / (2 + f)` with `1 + f` up to sqrt(2), and what roundings may add to it."""
    return (mp.sqrt(2) - one) / (mp.sqrt(2) + one) * (one + one / 512)


def scaled_tail(x: Any) -> Any:
    """Return `(1 + 2 * x) * exp(x**2) * erfc(x)`."""
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def of_tail(t: Any) -> Any:
    """Return `x` for `t = (x - 4) / (x + 4)`."""
    return 4 * (1 + t) / (1 - t)


def to_tail(x: Any) -> Any:
    """Return `(x - 4) / (x + 4)`."""
    return (x - 4) / (x + 4)


def pair(
    stem: str,
    function: Function,
    weight: Function,
    interval: tuple[Function, Function],
    terms: tuple[int, int],
) -> tuple[Fit, Fit]:
    """Return the fits for float32 and for float64."""
    return (
        Fit(f"{stem}_SINGLE", function, weight, interval, terms[0], np.float32),
        Fit(f"{stem}_DOUBLE", function, weight, interval, terms[1]),
    )


SINE = (of_square(lambda r: (mp.sin(r) - r) / r**3), of_square(lambda r: r**3 / mp.sin(r)))
COSINE = (of_square(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4), of_square(lambda r: r**4 / mp.cos(r)))
DECAY = (lambda x: -mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x))
TAIL = (lambda t: scaled_tail(of_tail(t)), lambda t: 1 / scaled_tail(of_tail(t)))

FITS: dict[str, tuple[Fit, ...]] = {
    "exponential": pair(
        "EXP",
        lambda r: (mp.expm1(r) - r) / r**2,
        lambda r: r**2,
        (lambda one: -octave(one), octave),
        (5, 10),
    ),
    "trigonometric": (
        Fit("SIN_SINGLE", *SINE, up_to(lambda one: one * 0.82), 3, np.float32),
        Fit("SIN_DOUBLE", *SINE, up_to(lambda one: mp.pi / 4), 7),
        Fit("COS_SINGLE", *COSINE, up_to(lambda one: one * 0.82), 3, np.float32),
        Fit("COS_DOUBLE", *COSINE, up_to(lambda one: mp.pi / 4), 6),
    ),
    "logarithm": pair(
        "LOG",
        of_square(lambda s: (2 * mp.atanh(s) - 2 * s) / s**3),
        of_square(lambda s: s**2),
        up_to(log_bound),
        (3, 7),
    ),
    "hyperbolic": (
        *pair(
            "TANH",
            of_square(lambda h: (mp.tanh(h) - h) / h**3),
            of_square(lambda h: h**3 / mp.tanh(h)),
            up_to(octave),
            (4, 8),
        ),
        *pair(
            "SINH",
            of_square(lambda x: (mp.sinh(x) - x) / x**3),
            of_square(lambda x: x**3 / mp.sinh(x)),
            up_to(lambda one: one),
            (4, 7),
        ),
    ),
    "inverse_trigonometric": (
        *pair(
            "ASIN",
            of_square(lambda x: (mp.asin(x) - x) / x**3),
            of_square(lambda x: x**3 / mp.asin(x)),
            up_to(lambda one: one / 2),
            (6, 13),
        ),
        *pair(
            "ATAN",
            of_square(lambda x: (mp.atan(x) - x) / x**3),
            of_square(lambda x: x**3 / mp.atan(x)),
            up_to(lambda one: one / 2),
            (6, 13),
        ),
    ),
    "power": (
        Fit(
            "LOG_TAIL",
            of_square(lambda s: (2 * mp.atanh(s) - 2 * s - s**3 * 2 / 3) / s**5),
            of_square(lambda s: s**4),
            up_to(log_bound),
            7,
        ),
        Fit(
            "ROOT",
            lambda m: 1 / mp.cbrt(m),
            mp.cbrt,
            (lambda one: mp.sqrt(one / 2), lambda one: mp.sqrt(2 * one)),
            6,
        ),
    ),
    "error_function": (
        *pair(
            "ERF",
            of_square(lambda x: mp.erf(x) / x - 1),
            of_square(lambda x: x / mp.erf(x)),
            up_to(lambda one: one),
            (7, 12),
        ),
        Fit("LOG_SINGLE", *DECAY, (lambda one: one, lambda one: 4 * one), 7, np.float32),
        Fit("LOG_DOUBLE", *DECAY, (lambda one: one, lambda one: 6 * one), 17),
        Fit("TAIL_SINGLE", *TAIL, (lambda one: to_tail(one / 2), lambda one: to_tail(one * 10.1)), 12),
        Fit("TAIL_DOUBLE", *TAIL, (lambda one: to_tail(one / 2), lambda one: to_tail(one * 28)), 21),
    ),
}
"""The fits of each module of `expand_math`. Polynomials for float32 that are computed in float64 are rounded so."""


def in_code(module: str, name: str) -> tuple[float, ...]:
    """Return the tuple that `expand_math` has now."""
    return getattr(importlib.import_module(f"mlgraph.transforms.expand_math.{module}"), name)


def shown(fit: Fit, coefficients: Sequence[float]) -> str:
    """Return the tuple as Python, with as few digits as tell the numbers apart."""
    return f"{fit.name} = ({', '.join(map(str, map(fit.rounding, coefficients)))})"


def is_same(fit: Fit, module: str, coefficients: Sequence[float]) -> bool:
    """Return whether the tuple in the code has the same bits."""
    return [fit.rounding(c) for c in in_code(module, fit.name)] == [fit.rounding(c) for c in coefficients]


def main() -> int:
    """Print or check the tuples that the command line names, and return the exit status."""
    names = [f"{module}.{fit.name}" for module, fits in FITS.items() for fit in fits]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"a tuple or `module.tuple`: {', '.join(names)}")
    parser.add_argument("--check", action="store_true", help="compare with the code, bit for bit, and print less")
    options = parser.parse_args()
    wrong = 0
    for module, fits in FITS.items():
        for fit in fits:
            if options.names and not {fit.name, f"{module}.{fit.name}"} & set(options.names):
                continue
            coefficients, error = fit.coefficients()
            if not options.check:
                print(f"# {module}, error 2**{np.log2(error):.1f}\n{shown(fit, coefficients)}")
            elif not is_same(fit, module, coefficients):
                wrong += 1
                print(f"{module}.{fit.name} is not what is fitted here")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
