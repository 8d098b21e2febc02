"""`drop-unused-kernels`: the functions of kernels that nothing launches any more are removed.

Lowering finds some values out to be unused, as those that a write covers whole, and their kernels go with them.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from mlgraph.dialects.functions import functions
from mlgraph.dialects.kernel import FusedOp


@dataclass(frozen=True)
class DropUnusedKernelsPass(ModulePass):
    """Erase each private function that no `kernel.fused` names."""

    name = "drop-unused-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        launched = {inner.symbol for inner in op.walk() if isinstance(inner, FusedOp)}
        for function in list(functions(op)):
            if function.sym_visibility is not None and function.sym_name.data not in launched:
                function.detach()
                function.erase()
