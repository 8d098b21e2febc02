"""The markers of control flow that are operations themselves; the others make regions."""

from xdsl.ir import SSAValue

from mlgraph.dialects.building import insert
from mlgraph.dialects.ivy.control import CheckOp
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.registry import RULES


def hold(out: Out, x: SSAValue) -> SSAValue:
    return x


def check(out: Out, condition: SSAValue, error: str, message: str) -> None:
    insert(CheckOp(condition, error, message))


RULES.add("mlgraph.hold.default", hold)
RULES.add("mlgraph.check.default", check)
