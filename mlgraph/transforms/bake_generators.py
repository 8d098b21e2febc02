"""`bake-generators`: random numbers are drawn once, now, and stay as constants.

    %r = generator.uniform(shape = [2], dtype = float32) : () -> tensor<2xf32>

becomes

    %r = constant.literal dense<[0.12, 0.86]> : tensor<2xf32>

A draw whose shape or parameters depend on an input has no value before a call, and raises.
"""

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from mlgraph.dialects.functions import functions
from mlgraph.dialects.table import TableOp
from mlgraph.errors import CaptureError, line_of
from mlgraph.transforms.evaluate import Evaluator, needed_for
from mlgraph.transforms.fold_constants import Constants
from mlgraph.transforms.lower_generator import call_natives, draws_in


@dataclass(frozen=True)
class BakeGeneratorsPass(ModulePass):
    """Draw every random number once. `seed` makes the draws repeatable."""

    name = "bake-generators"

    seed: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rng = np.random.default_rng(self.seed)
        constants = Constants(op)
        for function in functions(op):
            call_natives(function, to="")
            bake(function, rng, constants)


def bake(function: FuncOp, rng: "np.random.Generator", constants: Constants) -> None:
    """Draw the random numbers of one function, in order."""
    draws = dict.fromkeys(draws_in(function))
    needed = needed_for(operand for draw in draws for operand in draw.operands)
    evaluator = Evaluator()
    for op in function.walk():
        if op in needed:
            evaluator.evaluate(op)
        elif isinstance(op, TableOp) and op in draws and not evaluator.evaluate(op, rng):
            refuse(op, evaluator)
    for draw in draws:
        constants.replace(draw.results[0], evaluator.known[draw.results[0]])
        draw.detach()
        draw.erase()


def refuse(draw: TableOp, evaluator: Evaluator) -> None:
    """Raise where a draw cannot be evaluated now."""
    unknown = [v.name_hint or "a value" for v in draw.operands if v not in evaluator.known]
    why = f"its operands {', '.join(unknown)} depend on an input" if unknown else "numpy cannot draw it"
    raise CaptureError(
        f"{draw.name} cannot be drawn at capture",
        where=line_of(draw),
        why=why,
        fix="compile with include_generators=True, or fix the shape and the parameters",
    )
