# pyright: basic
"""The functions that `expand-math` rewrites: their machine code, exact values, and inputs that try them."""

import math as python
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
from mpmath import mp
from xdsl.dialects import math
from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Block, Operation

from mlgraph.dialects import scalar
from mlgraph.dialects.dtypes import tensor
from mlgraph.dialects.kernel import FusedOp, YieldOp
from mlgraph.driver import KERNEL_PASSES
from mlgraph.targets.kernels import Kernel

DTYPES = (np.float32, np.float64)
TYPES = {np.float32: f32, np.float64: f64}
PRECISION = 140
"""The bits of exact values."""


@dataclass(frozen=True)
class Function:
    """A function of one or two floats."""

    op: type[Operation]
    exact: Callable[..., Any]
    """Its value for numbers of mpmath; nan or complex where it has none."""
    numpy: Callable[..., Any]
    """Its value for arrays of float64, whose infinities, zeros and nans are C99's."""
    spans: tuple[tuple[float, float], ...] = ((-10.0, 10.0),)
    """Where inputs are drawn from, beside the whole range of the type; for each operand."""
    near: tuple[float, ...] = ()
    """Where the expansion goes over from one formula to another, or the function to 0 or infinity."""
    limit: float = 2.0
    """The greatest error in units in the last place."""


def each(function: Callable[[float], float]) -> Callable[..., Any]:
    return np.vectorize(function, otypes=[float])


def asinh(x: Any) -> Any:
    a = abs(x)
    return mpmath.sign(x) * mpmath.log1p(a + a * a / (1 + mpmath.sqrt(1 + a * a)))


def acosh(x: Any) -> Any:
    return mpmath.log1p(x - 1 + mpmath.sqrt((x - 1) * (x + 1))) if x >= 1 else mp.nan


def atanh(x: Any) -> Any:
    return mpmath.log1p(2 * x / (1 - x)) / 2 if abs(x) < 1 else mp.nan


def power(x: Any, y: Any) -> Any:
    """Powers whose result is far out of range are not computed."""
    if x == 0 or abs(y * mpmath.log(abs(x))) > 2000:
        return mp.nan
    return mpmath.power(x, y)


def erfc(x: Any) -> Any:
    return mpmath.erfc(x) if abs(x) < 100 else mp.nan


def logistic(x: np.ndarray) -> np.ndarray:
    e = np.exp(-abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


EDGES = (88.7228, -87.3365, -103.972, 709.7827, -708.396, -745.133)
"""Where exp becomes infinite, denormal and 0."""
ANGLES = tuple(n * python.pi / 4 for n in (*range(1, 9), 22, 355, 104348, 2**20, 2**31, 2**39))
LARGE_ANGLES = (2.0**40, 2.0**48, 2.0**71, 2.0**94, 2.0**117, 16367173 * 2.0**72, 6381956970095103 * 2.0**797)
"""The last two are the closest to multiples of pi / 2 that floats come."""
SQUARE_ROOTS = (2**-0.5, 2**0.5, 1.0)
TURNS: Any = {"spans": ((-100.0, 100.0),), "near": (*ANGLES, *LARGE_ANGLES)}

FUNCTIONS = {
    "exp": Function(math.ExpOp, mpmath.exp, np.exp, ((-750, 720),), EDGES),
    "exp2": Function(math.Exp2Op, lambda x: mpmath.power(2, x), np.exp2, ((-1080, 1030),), (-150, -126, 128, 1024)),
    "expm1": Function(math.ExpM1Op, mpmath.expm1, np.expm1, ((-40, 100),), (*EDGES, 0.35, -0.35, -17, -38)),
    "sigmoid": Function(scalar.SigmoidOp, lambda x: 1 / (1 + mpmath.exp(-x)), logistic, ((-110, 40),), EDGES),
    "log": Function(math.LogOp, mpmath.log, np.log, ((0, 4),), SQUARE_ROOTS),
    "log1p": Function(math.Log1pOp, mpmath.log1p, np.log1p, ((-1, 4),), (-0.3, 0.41, -1, 2.0**27, 2.0**56)),
    "log2": Function(math.Log2Op, lambda x: mpmath.log(x) / mpmath.log(2), np.log2, ((0, 4),), SQUARE_ROOTS),
    "log10": Function(math.Log10Op, mpmath.log10, np.log10, ((0, 4),), (*SQUARE_ROOTS, 10, 1e10)),
    "sin": Function(math.SinOp, mpmath.sin, np.sin, **TURNS),
    "cos": Function(math.CosOp, mpmath.cos, np.cos, **TURNS),
    "tan": Function(math.TanOp, mpmath.tan, np.tan, **TURNS, limit=4),
    "asin": Function(math.AsinOp, mpmath.asin, np.arcsin, ((-1, 1),), (0.5, 1)),
    "acos": Function(math.AcosOp, mpmath.acos, np.arccos, ((-1, 1),), (0.5, -0.5, 1, -1)),
    "atan": Function(math.AtanOp, mpmath.atan, np.arctan, ((-8, 8),), (0.5, 1, 2.4)),
    "atan2": Function(math.Atan2Op, mpmath.atan2, np.arctan2, ((-9, 9), (-9, 9)), (2.0**125, 2.0**1021)),
    "sinh": Function(math.SinhOp, mpmath.sinh, np.sinh, ((-12, 12),), (1, 89.4159, 710.4758)),
    "cosh": Function(math.CoshOp, mpmath.cosh, np.cosh, ((-12, 12),), (1, 89.4159, 710.4758)),
    "tanh": Function(math.TanhOp, mpmath.tanh, np.tanh, ((-20, 20),), (0.35, 9, 19)),
    "asinh": Function(math.AsinhOp, asinh, np.arcsinh, ((-8, 8),), (0.36, 2.0**60)),
    "acosh": Function(math.AcoshOp, acosh, np.arccosh, ((1, 5),), (1, 2.0**60)),
    "atanh": Function(math.AtanhOp, atanh, np.arctanh, ((-1, 1),), (0.17, 0.5, 1)),
    "erf": Function(math.ErfOp, mpmath.erf, each(python.erf), ((-6, 6),), (1, 4, 6)),
    "erfc": Function(scalar.ErfcOp, erfc, each(python.erfc), ((-6, 28),), (0.5, -1, 10.05, 26.54, 27.22), limit=4),
    "powf": Function(math.PowFOp, power, np.power, ((0, 9), (-40, 40)), (1, 2, 3)),
    "cbrt": Function(math.CbrtOp, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), np.cbrt, near=(1, 2, 4, 8)),
    "rsqrt": Function(math.RsqrtOp, lambda x: 1 / mpmath.sqrt(x), lambda x: 1 / np.sqrt(x), ((0, 9),)),
}


def fused(name: str, dtype: Any) -> FusedOp:
    """A kernel that is one function."""
    function = FUNCTIONS[name]
    count, type = len(function.spans), TYPES[dtype]
    body = Block(arg_types=[type] * count)
    op = function.op(*body.args)  # type: ignore[call-arg]
    body.add_ops([op, YieldOp(*op.results)])
    arrays = [tensor((-1,), type)] * count
    return FusedOp(name, Block(arg_types=arrays).args, arrays[:1], body)


@cache
def kernel(name: str, dtype: Any) -> Kernel:
    """The machine code of a function."""
    return Kernel(fused(name, dtype), "numpy", KERNEL_PASSES)


def compiled(name: str, dtype: Any) -> Callable[..., Any]:
    """A function over vectors of one type."""

    def unfused(x):
        raise AssertionError("the kernel did not run")

    def unfused2(x, y):
        raise AssertionError("the kernel did not run")

    return kernel(name, dtype).over(unfused if len(FUNCTIONS[name].spans) == 1 else unfused2)


def inputs(name: str, dtype: Any, count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Finite numbers but 0: all bit patterns, the span, powers of 2, and those next to where formulas change."""
    function = FUNCTIONS[name]
    info = np.finfo(dtype)
    powers = np.ldexp(dtype(1), np.arange(info.minexp - info.nmant, info.maxexp)).astype(dtype)
    near = np.array(function.near, float)
    near = near[abs(near) < float(info.max)].astype(dtype)
    close = (near.view(f"i{dtype().itemsize}")[:, None] + np.arange(-3, 4)).view(dtype).reshape(-1)
    found = []
    for low, high in function.spans:
        bits = random.integers(0, 256, count * dtype().itemsize, np.uint8).view(dtype)
        span = random.uniform(low, high, count).astype(dtype)
        small = span * np.exp2(random.uniform(-30, 0, count)).astype(dtype)
        one = np.concatenate([bits, span, small, powers, -powers, close, -close])
        found.append(one[np.isfinite(one) & (one != 0)])
    size = min(map(len, found))
    return [found[0][:size], *(random.permutation(x)[:size] for x in found[1:])]


def errors(name: str, got: np.ndarray, *arguments: np.ndarray) -> np.ndarray:
    """How far results are from the exact ones, in units in the last place; nan where the function is not real."""
    info = np.finfo(got.dtype)
    exact = FUNCTIONS[name].exact
    found = np.full(len(got), np.nan)
    with mp.workprec(PRECISION):
        for i, (value, *numbers) in enumerate(zip(got.tolist(), *(a.tolist() for a in arguments))):
            try:
                wanted = exact(*map(mpmath.mpf, numbers))
            except (ValueError, ZeroDivisionError):
                continue
            if isinstance(wanted, mpmath.mpf) and mpmath.isfinite(wanted):
                found[i] = _error(value, wanted, info)
    return found


def _error(value: float, wanted: Any, info: Any) -> float:
    """An infinity counts as the number after the greatest."""
    if value != value:
        return python.inf
    most = mpmath.ldexp(1, int(info.maxexp))
    wanted = max(min(wanted, most), -most)
    value = mpmath.mpf(value) if abs(value) < python.inf else most * python.copysign(1, value)
    exponent = min(max(mpmath.frexp(wanted)[1] - 1, int(info.minexp)), int(info.maxexp) - 1)
    return float(abs(value - wanted) / mpmath.ldexp(1, exponent - int(info.nmant)))
