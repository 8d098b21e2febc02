"""Rules for operations whose bodies have other subgradients than torch gives them, so that torch's are used everywhere.

At a kink `arith.select` gives the whole gradient to the branch that it takes, where `arith.maximumf` halves it between
equals. A branch not taken gets a gradient of 0, which an infinite derivative inside would make nan: what it computes is
therefore that of a harmless number.
"""

from math import isnan as is_nan
from math import nan

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr
from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import FLOATS, DType, f64
from mlgraph.transforms.fuse_elementwise.scalars import build, constant, isinf, isnan, rule, select


@rule(ivy.relu)
def relu(d: DType, x: SSAValue) -> SSAValue | None:
    """No gradient at 0."""
    zero = constant(0, d)
    return select(build(arith.CmpfOp, x, zero, "ole"), zero, x) if d in FLOATS else None


@rule(ivy.clip)
def clip(d: DType, x: SSAValue, low: SSAValue, high: SSAValue) -> SSAValue | None:
    """The whole gradient at a bound, and none of nan.

    Where the bounds are equal `low` has that of what is below, for which torch gives none.
    """
    if d not in FLOATS:
        return None
    raised = select(build(arith.CmpfOp, x, low, "olt"), low, x)
    held = select(build(arith.CmpfOp, raised, high, "ogt"), high, raised)
    for value in (x, *(bound for bound in (low, high) if not _is_number(bound))):
        held = select(isnan(d, value), constant(nan, d), held)
    return held


def _is_number(x: SSAValue) -> bool:
    """Return whether a float is known, and not nan."""
    value = x.owner.value if isinstance(x.owner, arith.ConstantOp) else None
    return isinstance(value, FloatAttr) and not is_nan(value.value.data)


@rule(ivy.elu)
def elu(d: DType, x: SSAValue, alpha: float) -> SSAValue:
    """`alpha` is the gradient at 0. The second derivative there is that from below, where torch gives none."""
    zero = constant(0, d)
    below = build(arith.CmpfOp, x, zero, "ole")
    bent = build(math.ExpM1Op, select(below, x, zero))
    return select(below, build(arith.MulfOp, constant(alpha, d), bent), x)


@rule(ivy.softplus)
def softplus(d: DType, x: SSAValue) -> SSAValue:
    """Without an absolute value, which has no second derivative at 0. Far above 0 it is `x` to the last bit."""
    zero = constant(0, d)
    above = build(arith.CmpfOp, x, constant(40 if d == f64 else 20, d), "ogt")
    return select(above, x, build(math.Log1pOp, build(math.ExpOp, select(above, zero, x))))


@rule(ivy.hardswish)
def hardswish(d: DType, x: SSAValue) -> SSAValue:
    """No gradient at -3, and 1 at 3."""
    zero, three, six = (constant(n, d) for n in (0, 3, 6))
    below = build(arith.CmpfOp, x, constant(-3, d), "ole")
    inside = build(arith.CmpfOp, build(math.AbsFOp, x), three, "olt")
    bent = select(inside, x, zero)
    bent = build(arith.DivfOp, build(arith.MulfOp, bent, build(arith.AddfOp, bent, three)), six)
    return select(below, build(arith.MulfOp, x, zero), select(inside, bent, x))


@rule(ivy.logaddexp)
def logaddexp(d: DType, x1: SSAValue, x2: SSAValue) -> SSAValue:
    """Without an absolute value, which has no second derivative where the two are equal."""
    first = build(arith.CmpfOp, x1, x2, "ogt")
    most, least = select(first, x1, x2), select(first, x2, x1)
    rest = build(math.Log1pOp, build(math.ExpOp, build(arith.SubfOp, least, most)))
    same = build(arith.AndIOp, isinf(d, x1), build(arith.CmpfOp, x1, x2, "oeq"))
    return select(same, x1, build(arith.AddfOp, most, rest))
