"""`expand-math`: functions like exp and sin become straight-line arithmetic.

LLVM vectorizes a loop of it, where a call to `expf` leaves the loop scalar. After the pass nothing is left of the
`math` dialect but fma, sqrt, rounding and signs, each of which is one instruction; no call, branch or table.
Errors are in docs/accuracy.md: at most 2 units in the last place, 4 for tan and for erfc beyond 1 / 2. The coefficients
of polynomials are those that `tools/fit_polynomials.py` prints under their names.
"""

from dataclasses import dataclass
from functools import partial

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32, f64
from xdsl.passes import ModulePass

from mlgraph.transforms.expand_math import (
    error_function,  # pyright: ignore[reportUnusedImport]  # noqa: F401, fills the table
    exponential,  # pyright: ignore[reportUnusedImport]  # noqa: F401
    hyperbolic,  # pyright: ignore[reportUnusedImport]  # noqa: F401
    inverse_trigonometric,  # pyright: ignore[reportUnusedImport]  # noqa: F401
    logarithm,  # pyright: ignore[reportUnusedImport]  # noqa: F401
    power,  # pyright: ignore[reportUnusedImport]  # noqa: F401
    trigonometric,  # pyright: ignore[reportUnusedImport]  # noqa: F401
)
from mlgraph.transforms.expand_math.real import expand
from mlgraph.transforms.expand_math.table import EXPANSIONS
from mlgraph.transforms.rewriting import replace


@dataclass(frozen=True)
class ExpandMathPass(ModulePass):
    """Rewrite functions of float32 and float64 scalars into arithmetic.

    With `common` it is less work, and wrong for rare operands, such as large angles; `kernel.rare` tells where it is.
    """

    name = "expand-math"

    common: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()):
            function = EXPANSIONS.get(type(inner))
            if function is not None and inner.operands[0].type in (f32, f64):
                replace(inner, partial(expand, function, self.common, *inner.operands))
