"""The operators of converted code, which mean what Python means, and control flow of the graph on traced values."""

from mlgraph.frontend.control_flow.branches import if_stmt
from mlgraph.frontend.control_flow.iteration import builtin
from mlgraph.frontend.control_flow.loops import for_stmt, while_stmt
from mlgraph.frontend.control_flow.truth import and_, and_or, compare, fails, if_exp, in_, ld, not_, not_in, or_, read

__all__ = [
    "and_", "and_or", "builtin", "compare", "fails", "for_stmt", "if_exp", "if_stmt", "in_", "ld", "not_", "not_in",
    "or_", "read", "while_stmt",
]  # fmt: skip
