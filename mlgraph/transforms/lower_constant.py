"""`lower-constant{to=...}`: weights become items of the `params` argument of `@main`.

Literals and captured arrays stay: the target prints them as globals beside the function.
"""

import re
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from mlgraph.dialects.backend import ValueType, backend
from mlgraph.dialects.constant import ParameterOp
from mlgraph.dialects.functions import functions, insert_argument
from mlgraph.transforms.rewriting import replace
from mlgraph.transforms.target_pass import TargetPass


def identifier(name: str) -> str:
    """Turn a name such as `0.weight` into one that a value may have."""
    cleaned = re.sub(r"\W", "_", name)
    return cleaned if cleaned[:1].isidentifier() else f"p_{cleaned}"


@dataclass(frozen=True)
class LowerConstantPass(TargetPass):
    """Turn `constant.parameter` into `params["name"]`."""

    name = "lower-constant"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self.lower(function)

    def lower(self, function: FuncOp) -> None:
        """Replace the reads of weights in one function."""
        reads = [op for op in function.walk() if isinstance(op, ParameterOp)]
        if not reads:
            return
        params = insert_argument(function, 0, ValueType(), "params")
        for read in reads:
            name = read.value.data.name
            read.result.name_hint = read.result.name_hint or identifier(name)
            replace(read, lambda name=name: backend(self.to).call("operator.getitem", (params, name), {}))
