"""The markers of control flow that are no more than operations; the others make regions."""

from xdsl.ir import SSAValue

from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.registry import RULES


def hold(out: Out, x: SSAValue) -> SSAValue:
    return x


RULES.add("mlgraph.hold.default", hold)
