"""An analysis of numpy's functions: some give a scalar instead of an array without axes."""

from functools import cache

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from mlgraph.dialects.backend import CallOp

REDUCTIONS = frozenset(
    f"numpy.{name}" for name in "all any argmax argmin dot inner matmul max mean min prod std sum var vdot".split()
)
"""Functions that give scalars where their results have no axes, as all ufuncs do."""
ARRAYS = frozenset(
    f"numpy.{name}" for name in "asarray broadcast_to copy full ndarray.view ones reshape squeeze where zeros".split()
)
"""Functions that give arrays always."""


def is_scalar(value: SSAValue) -> bool | None:
    """Return whether a value without axes is a scalar when it is computed by numpy; None where that is not known."""
    op = value.owner
    if not isinstance(op, CallOp):
        return None
    callee = op.callee.data
    if callee == "operator.getitem":
        return _gives_element(op)
    if callee in ARRAYS:
        return False
    return True if callee in REDUCTIONS or _is_ufunc(callee) else None


def _gives_element(op: CallOp) -> bool | None:
    """Return whether `array[key]` is an element: an array with an ellipsis in the key; any item of a tuple."""
    key = op.arguments.data.positional[1]
    items = key if isinstance(key, tuple) else (key,)
    return True if isinstance(op.inputs[0].type, TensorType) and Ellipsis not in items else None


@cache
def _is_ufunc(callee: str) -> bool:
    module, _, name = callee.rpartition(".")
    return module == np.__name__ and isinstance(getattr(np, name, None), np.ufunc)
