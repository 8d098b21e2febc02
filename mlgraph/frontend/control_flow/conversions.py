"""The functions of one capture that run converted code, because an error of the capture passed through them."""

from collections.abc import Generator
from contextlib import contextmanager
from types import FunctionType

from mlgraph.errors import DataDependentControlFlowError


class Conversions:
    """Functions that are converted, and the reasons why others are not."""

    def __init__(self) -> None:
        self._functions: dict[FunctionType, None] = {}
        self._reasons: dict[str, str] = {}

    def extend(self, error: BaseException) -> bool:
        """Add the functions on the traceback of an error; return whether one is new."""
        from mlgraph.frontend.control_flow.conversion import converted_code_of, functions_of
        from mlgraph.frontend.control_flow.jumps import Unconvertible

        before = len(self._functions)
        for function in functions_of(error):
            try:
                converted_code_of(function)
            except Unconvertible as reason:
                self._reasons[function.__qualname__] = str(reason)
            else:
                self._functions.setdefault(function)
        return len(self._functions) > before

    @contextmanager
    def applied(self) -> Generator[None, None, None]:
        """Let the functions run their converted code in the body of the `with` statement."""
        if not self._functions:
            yield
            return
        from mlgraph.frontend.control_flow.conversion import converted_code

        with converted_code(self._functions):
            yield

    def explained(self, error: DataDependentControlFlowError) -> DataDependentControlFlowError:
        """Return the error with the reasons why functions on its way are not converted."""
        if not self._reasons:
            return error
        reasons = "; ".join(f"{name} cannot be converted: {reason}" for name, reason in self._reasons.items())
        return DataDependentControlFlowError(
            error.what, where=error.where, why=f"{error.why}; {reasons}" if error.why else reasons, fix=error.fix
        )
