"""Mixtures of experts: torch's grouped matrix product, and that of the `transformers` library where torch has none."""

from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.ivy.types import rank
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import static, to
from mlgraph.frontend.torch.rules.registry import RULES, rule


@rule("_grouped_mm.default")
def grouped_mm(
    out: Out, x: SSAValue, weight: SSAValue, stops: Any = None, bias: Any = None, out_dtype: Any = None
) -> SSAValue:
    if stops is None and rank(x) == rank(weight) == 3:
        return to(ivy.matmul(x, weight), out.dtype)
    if stops is None or bias is not None or (rank(x), rank(weight)) != (2, 3):
        raise UnsupportedOpError("a grouped matrix product of other than a matrix and a stack of matrices")
    static(weight, 0)
    return to(ivy.grouped_matmul(x, weight, stops), out.dtype)


RULES.add("transformers.grouped_mm_fallback.default", grouped_mm)
