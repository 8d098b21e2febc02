"""The steps of the CTC loss, which `frontend.torch.ctc` leaves whole."""

from math import inf

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i64, tensor
from mlgraph.dialects.ivy.control import ScanOp, YieldOp
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, shape_of
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import size_of
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.registry import RULES


def alignments(out: Out, start: SSAValue, scores: SSAValue, skips: SSAValue, lengths: SSAValue) -> SSAValue:
    """Return the logarithm of the sum over all ways to stand at each place, after as many steps as each row has.

    A step goes on from its own place, from that before, or past it where `skips` says so.
    """
    steps = sizes.subtract(size_of(scores, 0), 1)
    if steps == 0:
        return start
    rest = sliced(scores, 0, 1, 2**63 - 1)
    element: TensorType = tensor(shape_of(scores)[1:], dtype(scores))
    body = Block(arg_types=[element, tensor((), i64), element])
    with building(body):
        alpha, step, score = body.args
        moved = ivy.add(summed(alpha, shifted(alpha, 1), past(alpha, skips)), score)
        going = ivy.expand_dims(ivy.less(step, lengths), (1,))
        insert(YieldOp(ivy.where(going, moved, alpha), ivy.add(step, literal(1, i64))))
    return insert(ScanOp(sizes.value(steps), (start, literal(1, i64)), (rest,), body, [])).outputs[0]


RULES.add("mlgraph.ctc_alignments.default", alignments)


def shifted(x: SSAValue, by: int) -> SSAValue:
    """Each row moved on by some places, the first ones impossible."""
    return ivy.pad(x, (0, by), (0, -by), number(x, -inf))


def past(alpha: SSAValue, skips: SSAValue) -> SSAValue:
    return ivy.where(skips, shifted(alpha, 2), number(alpha, -inf))


def summed(*logarithms: SSAValue) -> SSAValue:
    """Return the logarithm of the sum; minus infinity where all are, which have no difference."""
    a, b, c = logarithms
    most = ivy.maximum(a, ivy.maximum(b, c))
    base = ivy.where(ivy.equal(most, number(most, -inf)), number(most, 0), most)
    total = ivy.add(ivy.exp(ivy.subtract(a, base)), ivy.exp(ivy.subtract(b, base)))
    return ivy.add(ivy.log(ivy.add(total, ivy.exp(ivy.subtract(c, base)))), base)
