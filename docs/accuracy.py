"""Writes docs/accuracy.md: the errors of the functions in kernels, and how much work they are.

`python docs/accuracy.py`; it takes about a minute. The inputs and exact values are those of the tests.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
COUNT = 5000
ABOUT = """# Accuracy of kernels

Written by `python docs/accuracy.py`. Functions inside kernels for the CPU are arithmetic that mlgraph writes out (the
pass `expand-math`), not calls of a library. **Error** is the greatest found, in units in the last place of the result,
against mpmath with 140 bits, over about {points} inputs for each type: random bit patterns of the whole range, the
range where the function does most, every power of two, and the neighbours of every number where a formula changes. A
result rightly rounded has an error of at most 0.5. Zeros, infinities and nans are C99's, as are the signs of zeros.
**Operations** counts arithmetic and selects, constants apart; a processor with vectors does each once for 4 to 16
elements.

| function | error, float32 | error, float64 | operations, float32 | operations, float64 |
|---|---|---|---|---|
"""


def error(name: str, dtype: Any) -> tuple[float, int]:
    """The greatest error of a function, and of how many inputs."""
    from scalar_functions import compiled, errors, inputs

    arguments = inputs(name, dtype, COUNT, np.random.default_rng(0))
    found = errors(name, compiled(name, dtype)(*arguments), *arguments)
    return float(np.nanmax(found)), int(np.isfinite(found).sum())


def operations(name: str, dtype: Any) -> int:
    """The operations of an expansion but for constants and the end of the kernel."""
    from scalar_functions import fused
    from xdsl.context import Context
    from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

    from mlgraph.targets.kernels import module_of, standalone
    from mlgraph.transforms.expand_math import ExpandMathPass

    alone = standalone(fused(name, dtype))
    module = module_of(alone)
    for each in (ExpandMathPass(), CommonSubexpressionElimination()):
        each.apply(Context(), module)
    return sum(op.name != "arith.constant" for op in alone.body.block.ops) - 1


def page() -> str:
    """docs/accuracy.md."""
    from scalar_functions import DTYPES, FUNCTIONS

    lines: list[str] = []
    least = sys.maxsize
    for name in FUNCTIONS:
        measured = [error(name, dtype) for dtype in DTYPES]
        least = min(least, *(count for _, count in measured))
        sizes = [operations(name, dtype) for dtype in DTYPES]
        shown = [*(f"{value:.2f}" for value, _ in measured), *map(str, sizes)]
        lines.append(f"| {name.removesuffix('f') if name == 'powf' else name} | {' | '.join(shown)} |")
    return ABOUT.format(points=f"{least // 1000},000") + "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.environ["MLGRAPH_CACHE_DIR"] = ""
    sys.path.insert(0, str(ROOT / "tests" / "unit" / "transforms"))
    (ROOT / "docs" / "accuracy.md").write_text(page())
