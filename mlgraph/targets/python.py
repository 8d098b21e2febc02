"""`-t python{to=...}`: the Python source of a module of backend calls."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from mlgraph.frameworks import get
from mlgraph.targets.callable import emit


@dataclass(frozen=True)
class PythonTarget(Target):
    """Print what `compile` would run. Captured arrays are read from `arrays`, by name."""

    name = "python"

    to: str

    def __post_init__(self) -> None:
        get(self.to)

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write(emit(module, self.to).text)
