"""Errors of tracing, said in terms of the user's code."""

import re
from typing import Any, cast

import tensorflow as tf

from mlgraph.errors import CaptureError, DataDependentControlFlowError
from mlgraph.frontend.locations import user_line

VALUE_NEEDED = (
    "as a Python `bool`|Iterating over a symbolic|interpreted as an integer|indices must be|int\\(\\)|float\\(\\)"
)
"""The messages of Python and tensorflow when code needs the value of a symbolic tensor."""


OperatorNotAllowed: type[Exception] = cast(Any, tf).errors.OperatorNotAllowedInGraphError


class ElementsReadError(DataDependentControlFlowError, CaptureError):
    """Python reads the elements of a symbolic tensor."""

    id = CaptureError.id


def translate_error(error: Exception) -> Exception:
    """Return the error to raise for one of tracing: tensorflow's complaints of symbolic tensors become ours."""
    text = str(error)
    if isinstance(error, OperatorNotAllowed) or (is_symbolic(text) and re.search(VALUE_NEEDED, text)):
        return DataDependentControlFlowError(
            "Python needs the value of a tensor",
            where=user_line(error),
            why="`if`, `while`, `for`, `int()`, `range()` and indexing of lists run while the function is traced",
            fix="use tf.where, tf.cond, tf.while_loop or tf.map_fn, or pass the value as a Python argument",
        )
    if is_symbolic(text):
        kind = ElementsReadError if "has no attribute 'numpy'" in text else CaptureError
        return kind(
            "Python or numpy needs the value of a tensor",
            where=user_line(error),
            why=text.partition("\n")[0],
            fix="use the tensorflow function of the same name",
        )
    return error


def is_symbolic(text: str) -> bool:
    """Return whether a message complains of a tensor that has no value while tracing."""
    return "symbolic" in text.lower()
