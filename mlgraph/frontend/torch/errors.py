"""Translation of the errors of torch's tracers for the user."""

import traceback

from mlgraph.errors import CaptureError, DataDependentControlFlowError, MlgraphError, UnsupportedOpError
from mlgraph.frontend.locations import user_line
from mlgraph.frontend.torch._private import REFERENCES, UnsupportedOperatorException
from mlgraph.frontend.torch.outside import outside_write


def translate_error(error: Exception) -> MlgraphError | None:
    """Return the error of mlgraph that an error of export means, None where it means nothing known."""
    text = str(error)
    if isinstance(error, UnsupportedOperatorException):
        return UnsupportedOpError.of_source("torch", {(str(error.func), user_line(error)): 1})
    if "is mutated in the forward method" in text:
        return outside_write()
    if "fake tensor in the exported program" in text:
        return UnsupportedOpError(
            "the function takes a tensor out of torch's sight, as x.data does",
            fix="use x.detach() in the place of x.data",
        )
    if "TensorWrapper" in text or "doesn't have storage" in text:
        return UnsupportedOpError(
            "the function uses torch.func.grad or one of its kin, which torch.export does not trace",
            fix="use torch.autograd.grad, or take torch.func.grad of the graph",
        )
    return None


def not_followed(error: Exception) -> CaptureError:
    return CaptureError("torch.export could not follow the function", where=user_line(error), why=str(error))


def data_dependent(error: BaseException | str) -> DataDependentControlFlowError:
    """Return the error for Python code that needs a value, at the line of an error of torch's or at a given line."""
    return DataDependentControlFlowError(
        "the Python code depends on the value of a tensor",
        where=error if isinstance(error, str) else user_line(error),
        why="a branch, loop or index that looks at values would be fixed to the traced one",
        fix="use torch.where or torch.cond, or compute the value outside and pass it as a Python argument",
    )


def as_kernels_raise(error: Exception) -> Exception:
    """Return an error of a function, of a class that the user's code may catch.

    torch's references in Python raise `ValueError` where its kernels raise `RuntimeError`, as for a view of what is not
    contiguous.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    module = str(frames[-1][0].f_globals.get("__name__"))
    if type(error) is not ValueError or not module.startswith(REFERENCES):
        return error
    return RuntimeError(*error.args).with_traceback(error.__traceback__)
