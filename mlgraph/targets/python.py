"""`-t python{to=...}`: the Python source of a module of backend calls."""

from dataclasses import dataclass
from typing import IO, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from mlgraph.targets.callable import emit


@dataclass(frozen=True)
class PythonTarget(Target):
    """Print what `compile` would run. Captured arrays are read from `arrays`, by name."""

    name = "python"

    to: Literal["torch", "jax", "tensorflow", "numpy"]

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write(emit(module, self.to).text)
