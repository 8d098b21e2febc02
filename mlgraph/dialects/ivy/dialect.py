"""The `ivy` dialect as xDSL loads it: its operations, with their canonicalization."""

from mlgraph.dialects.ivy import IVY, CheckOp, IfOp, ScanOp, WhileOp, YieldOp
from mlgraph.dialects.ivy import canonicalization as canonicalization

Ivy = IVY.dialect(IfOp, WhileOp, ScanOp, YieldOp, CheckOp)
