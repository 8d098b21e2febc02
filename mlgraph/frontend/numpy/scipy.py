"""Functions of `scipy.special`, where scipy is in use: they are ufuncs as numpy's own are."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.tracer import emit, unsupported

SPECIAL: dict[str, Any] = {
    "betainc": ivy.betainc,
    "cbrt": ivy.cbrt,
    "dawsn": ivy.dawsn,
    "erf": ivy.erf,
    "erfc": ivy.erfc,
    "erfinv": ivy.erfinv,
    "exp2": ivy.exp2,
    "expi": ivy.expi,
    "expit": ivy.sigmoid,
    "expm1": ivy.expm1,
    "gammainc": ivy.gammainc,
    "gammaincc": ivy.gammaincc,
    "gammaln": ivy.lgamma,
    "i0e": ivy.i0e,
    "i1e": ivy.i1e,
    "j0": ivy.bessel_j0,
    "j1": ivy.bessel_j1,
    "log1p": ivy.log1p,
    "psi": ivy.digamma,
    "spence": ivy.spence,
    "y0": ivy.bessel_y0,
    "y1": ivy.bessel_y1,
}
"""Ufuncs that are operations, on real numbers."""


def special_rule(ufunc: np.ufunc) -> Callable[..., Any] | None:
    """Return the lowering of a ufunc of `scipy.special`, None for other ufuncs."""
    module = sys.modules.get("scipy.special")
    op = SPECIAL.get(ufunc.__name__)
    if module is None or op is None or getattr(module, ufunc.__name__, None) is not ufunc:
        return None
    return lambda *xs: emit(op, *xs)


def softmax(x: Any, axis: Any = None) -> Any:
    """Compute `scipy.special.softmax`."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Compute `scipy.special.log_softmax`."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """Compute `scipy.special.logsumexp` without weights or signs."""
    if b is not None or return_sign:
        raise unsupported("scipy.special.logsumexp with b or return_sign")
    return np.logaddexp.reduce(a, axis=axis, keepdims=keepdims)


FUNCTIONS: dict[str, Any] = {"softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp}
"""Functions that look up an array namespace, which traced arrays do not have."""
