"""Errors of tracing, said in terms of the user's code."""

import traceback
from pathlib import Path

import jax

from mlgraph.errors import CaptureError, DataDependentControlFlowError

_LIBRARIES = (str(Path(jax.__file__).parent), str(Path(__file__).parents[2]))


def user_line(error: BaseException) -> str:
    """Return `file:line` of the innermost frame outside jax and mlgraph, or ""."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_LIBRARIES)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def translate_error(error: Exception) -> Exception:
    """Return the error to raise for one of tracing: jax's own become ours, the user's stay."""
    where = user_line(error)
    match error:
        case jax.errors.NonConcreteBooleanIndexError():
            return DataDependentControlFlowError(
                "an array is indexed with a mask, so that its shape depends on values",
                where=where,
                fix="use jnp.where(mask, x, other), or jnp.nonzero(mask, size=...)",
            )
        case jax.errors.TracerArrayConversionError():
            return CaptureError(
                "a traced array was handed to numpy",
                where=where,
                why="numpy needs the values, which are not there while tracing",
                fix="use the jax.numpy function of the same name",
            )
        case jax.errors.ConcretizationTypeError() | jax.errors.TracerIntegerConversionError():
            return DataDependentControlFlowError(
                "Python needs the value of an array",
                where=where,
                why="`if`, `while`, `int()`, `range()` and indexing of lists run while the function is traced",
                fix="use jnp.where, jax.lax.cond, jax.lax.while_loop or jax.lax.fori_loop",
            )
        case _:
            return error
