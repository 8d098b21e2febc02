"""The `ivy` dialect: framework-neutral array operations. Every frontend raises into it, every target lowers from it."""

# ruff: noqa: F403
from mlgraph.dialects.ivy.channels_last import *
from mlgraph.dialects.ivy.control import IfOp, ScanOp, WhileOp, YieldOp
from mlgraph.dialects.ivy.creation import *
from mlgraph.dialects.ivy.elementwise import *
from mlgraph.dialects.ivy.factorization import *
from mlgraph.dialects.ivy.fft import *
from mlgraph.dialects.ivy.indexing import *
from mlgraph.dialects.ivy.integers import bitwise_count as bitwise_count
from mlgraph.dialects.ivy.integers import gcd as gcd
from mlgraph.dialects.ivy.linalg import *
from mlgraph.dialects.ivy.manipulation import *
from mlgraph.dialects.ivy.nn import *
from mlgraph.dialects.ivy.reduction import *
from mlgraph.dialects.ivy.sorting import *
from mlgraph.dialects.ivy.special import *
from mlgraph.dialects.ivy.special_rare import *
from mlgraph.dialects.ivy.table import IVY

# isort: split
from mlgraph.dialects.ivy import canonicalization as canonicalization

Ivy = IVY.dialect(IfOp, WhileOp, ScanOp, YieldOp)
